"""Live pages: a change is sent at once, a quiet page beats, and nothing is sent twice (B20)."""

from collections.abc import Awaitable, Callable

from redrabbit.services.errors import StoreTrouble
from redrabbit.services.queries.board import BoardPage
from redrabbit.web.access import AccessRules
from redrabbit.web.api.events import _after, _position
from redrabbit.web.live import SharedBoard, changes
from redrabbit.web.site import Site
from tests.fakes import JumpClock
from tests.showcase_story import BEGIN, Showcase
from tests.web.conftest import Visitor


async def a_site() -> tuple[Site, Showcase, JumpClock]:
    clock = JumpClock(BEGIN)
    showcase = Showcase(clock)
    await showcase.open()
    return Site(service=showcase.service, clock=clock, rules=AccessRules()), showcase, clock


def saying(texts: list[str]) -> Callable[[], Awaitable[str]]:
    """Return a renderer that says one text after the other, then the last for ever."""

    async def render() -> str:
        return texts.pop(0) if len(texts) > 1 else texts[0]

    return render


async def test_a_page_is_sent_only_when_it_reads_differently() -> None:
    site, _, _ = await a_site()
    stream = changes(site, saying(["one", "one", "two", "two", "two", "three"]))
    sent = [(await anext(stream)).raw_data for _ in range(3)]
    assert sent == ["one", "two", "three"]


async def test_a_quiet_page_beats_every_three_seconds() -> None:
    site, _, clock = await a_site()
    stream = changes(site, saying(["same"]))
    assert (await anext(stream)).raw_data == "same"
    for _ in range(3):
        before = clock.now()
        assert (await anext(stream)).event == "beat"
        assert 2.5 <= (clock.now() - before).total_seconds() <= 4.5


async def test_a_commit_is_noticed_before_the_countdown_moves() -> None:
    site, showcase, clock = await a_site()

    async def render() -> str:
        return str(showcase.service.version())

    stream = changes(site, render)
    await anext(stream)
    await showcase.begin("line1-op20")
    before = clock.now()
    await anext(stream)
    assert (clock.now() - before).total_seconds() <= 0.5


async def test_one_reading_of_the_board_serves_all_who_watch_it() -> None:
    site, _, clock = await a_site()
    board = SharedBoard(site)
    first: BoardPage = await board.content()
    assert await board.content() is first
    clock.jump(1.0)
    assert await board.content() is not first


async def test_a_clock_that_is_set_back_holds_up_neither_board_nor_beat() -> None:
    """R46: an hour is set back, and the board of before would be told for an hour."""
    site, _, clock = await a_site()
    board = SharedBoard(site)
    first = await board.content()
    stream = changes(site, saying(["same"]))
    assert (await anext(stream)).raw_data == "same"
    clock.jump(-3600.0)
    before = clock.now()
    assert await board.content() is not first
    assert (await anext(stream)).event == "beat"
    assert (clock.now() - before).total_seconds() <= 4.5


async def test_a_database_in_trouble_ends_no_stream() -> None:
    site, _, clock = await a_site()
    troubles = [StoreTrouble("away"), StoreTrouble("still away")]

    async def render() -> str:
        if troubles:
            raise troubles.pop()
        return "back"

    assert (await anext(changes(site, render))).raw_data == "back"
    assert (clock.now() - BEGIN).total_seconds() >= 6


def test_no_stream_begins_for_an_unknown_station(onlooker: Visitor) -> None:
    assert onlooker.client.get("/live/stations/op99").status_code == 404


async def test_a_client_that_was_cut_off_gets_every_entry_since() -> None:
    site, showcase, _ = await a_site()
    size = showcase.ask(lambda reader: reader.head().size)
    await showcase.begin("line1-op20")
    assert await _position(site, "0") == 1
    assert await _position(site, None) == size + 1
    assert await _position(site, "no number") == size + 1
    assert [entry.index for entry in await _after(site, size)] == [size]

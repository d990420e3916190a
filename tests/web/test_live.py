"""Live pages: a change is sent at once, a quiet page beats, and nothing is sent twice (B20)."""

from collections.abc import Awaitable, Callable

from redrabbit.services.errors import StoreTrouble
from redrabbit.services.queries.board import BoardPage
from redrabbit.web.access import AccessRules
from redrabbit.web.api.events import _after, _position
from redrabbit.web.live import SharedBoard, changes
from redrabbit.web.site import Site
from tests.fakes import JumpClock
from tests.showcase import NOW
from tests.showcase_records import run_in_state
from tests.showcase_service import ShowcaseService
from tests.web.conftest import Visitor


def a_site() -> tuple[Site, ShowcaseService, JumpClock]:
    clock = JumpClock(NOW)
    service = ShowcaseService(clock, records=[])
    return Site(service=service, clock=clock, rules=AccessRules()), service, clock


def saying(texts: list[str]) -> Callable[[], Awaitable[str]]:
    """Return a renderer that says one text after the other, then the last for ever."""

    async def render() -> str:
        return texts.pop(0) if len(texts) > 1 else texts[0]

    return render


async def test_a_page_is_sent_only_when_it_reads_differently() -> None:
    site, _, _ = a_site()
    stream = changes(site, saying(["one", "one", "two", "two", "two", "three"]))
    sent = [(await anext(stream)).raw_data for _ in range(3)]
    assert sent == ["one", "two", "three"]


async def test_a_quiet_page_beats_every_three_seconds() -> None:
    site, _, clock = a_site()
    stream = changes(site, saying(["same"]))
    assert (await anext(stream)).raw_data == "same"
    for _ in range(3):
        before = clock.now()
        assert (await anext(stream)).event == "beat"
        assert 2.5 <= (clock.now() - before).total_seconds() <= 4.5


async def test_a_commit_is_noticed_before_the_countdown_moves() -> None:
    site, service, clock = a_site()

    async def render() -> str:
        return str(service.version())

    stream = changes(site, render)
    await anext(stream)
    service.put(*run_in_state("awaiting_part"))
    before = clock.now()
    await anext(stream)
    assert (clock.now() - before).total_seconds() <= 0.5


async def test_one_reading_of_the_board_serves_all_who_watch_it() -> None:
    site, _, clock = a_site()
    board = SharedBoard(site)
    first: BoardPage = await board.content()
    assert await board.content() is first
    clock.jump(1.0)
    assert await board.content() is not first


async def test_a_database_in_trouble_ends_no_stream() -> None:
    site, _, clock = a_site()
    troubles = [StoreTrouble("away"), StoreTrouble("still away")]

    async def render() -> str:
        if troubles:
            raise troubles.pop()
        return "back"

    assert (await anext(changes(site, render))).raw_data == "back"
    assert (clock.now() - NOW).total_seconds() >= 6


def test_no_stream_begins_for_an_unknown_station(onlooker: Visitor) -> None:
    assert onlooker.client.get("/live/stations/op99").status_code == 404


async def test_a_client_that_was_cut_off_gets_every_entry_since() -> None:
    site, service, _ = a_site()
    service.put(*run_in_state("awaiting_part"))
    assert await _position(site, "0") == 1
    assert await _position(site, None) == 2
    assert await _position(site, "no number") == 2
    assert [entry.index for entry in await _after(site, 1)] == [1]

"""Live pages over the real service: each viewer is told what the page itself would say (B20)."""

import asyncio
from contextlib import aclosing
from random import Random

import pytest
from starlette.requests import Request
from starlette.types import Message

from redrabbit.web.access import FORM_COOKIE, AccessRules
from redrabbit.web.api.events import AT_A_TIME, LedgerFeed, _position
from redrabbit.web.app import create_app
from redrabbit.web.live import board_events, live_board, live_station, station_events
from redrabbit.web.live_page import PageTurns
from redrabbit.web.pages.station import station_content
from redrabbit.web.rendering import fragment
from redrabbit.web.site import Site
from redrabbit.web.streaming import BACK_AFTER_MS, PING
from tests.fakes import JumpClock
from tests.people import sign_in_at
from tests.showcase_story import BEGIN, Showcase, told
from tests.web.conftest import Visitor


async def a_site(*, with_story: bool = False) -> tuple[Site, Showcase, JumpClock]:
    clock = JumpClock(BEGIN)
    showcase = Showcase(clock)
    await (told(showcase) if with_story else showcase.open())
    site = Site(
        service=showcase.service,
        clock=clock,
        rules=AccessRules(),
        sign_in=sign_in_at(showcase.agent),
    )
    return site, showcase, clock


def asking(path: str, language: str, **cookies: str) -> Request:
    """Return a browser's request for a page."""
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    headers = [(b"cookie", cookie.encode()), (b"host", b"127.0.0.1")]
    return Request(
        {
            "type": "http",
            "method": "GET",
            "path": path,
            "query_string": f"lang={language}".encode(),
            "headers": headers,
            "scheme": "http",
            "server": ("127.0.0.1", 8080),
        }
    )


def said(event: bytes) -> str:
    """Return what an event carries."""
    return "\n".join(line.removeprefix("data: ") for line in event.decode().strip("\n").split("\n"))


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("badge", ["", "2207", "%3Cb%3E%26%22O%27Neill%22%3C%2Fb%3E"])
async def test_a_viewer_is_told_what_the_page_itself_would_say(language: str, badge: str) -> None:
    """With its own name and tokens, though the page is made once for all who watch it."""
    site, _, clock = await a_site(with_story=True)
    turns = PageTurns(clock)
    for station in site.service.plant.stations:
        cookies = {FORM_COOKIE: f"nonce-{station.id}"} | ({"rr_badge": badge} if badge else {})
        request = asking(f"/stations/{station.id}", language, **cookies)
        page = live_station(site, turns, station.id)
        async with aclosing(station_events(site, request, page, Random(1))) as events:
            await anext(events)
            streamed = said(await anext(events))
        shown = page_as_asked_for(site, request, await station_content(site, station.id))
        assert without_clock(streamed) == without_clock(shown)
        assert site.visit(request).nonce == f"nonce-{station.id}"


def page_as_asked_for(site: Site, request: Request, content: object) -> str:
    entries = getattr(content, "entries", 0)
    return fragment(site.visit(request), "station_live.html", content, entries=entries)


def without_clock(html: str) -> list[str]:
    """Return a page without what differs from second to second."""
    return [line.strip() for line in html.splitlines() if "data-clock" not in line and line.strip()]


async def test_whoever_is_cut_off_is_told_to_come_back_soon_and_not_with_all_others() -> None:
    site, _, clock = await a_site()
    chance, found = Random(7), set()
    page = live_board(site, PageTurns(clock))
    for _ in range(20):
        async with aclosing(board_events(site, asking("/", "en"), page, chance)) as events:
            name, _, after_ms = (await anext(events)).decode().partition(": ")
        assert name == "retry"
        assert BACK_AFTER_MS[0] <= int(after_ms) <= BACK_AFTER_MS[1]
        found.add(after_ms)
    assert len(found) > 10


async def test_the_board_is_made_once_for_all_and_a_commit_is_noticed_at_once() -> None:
    site, showcase, clock = await a_site()
    page = live_board(site, PageTurns(clock))
    async with (
        aclosing(board_events(site, asking("/", "en"), page, Random(1))) as one,
        aclosing(board_events(site, asking("/", "en"), page, Random(2))) as other,
    ):
        for each in (one, other):
            await anext(each)
        board, same_board = await asyncio.gather(anext(one), anext(other))
        assert board is same_board
        await showcase.begin("line1-op20")
        while "running" not in said(await anext(one)):
            assert (clock.now() - BEGIN).total_seconds() < 3600


@pytest.mark.parametrize("path", ["/live/board", "/live/stations/line1-op20", "/api/v1/events"])
async def test_a_stream_says_something_and_ends_with_its_reader(path: str) -> None:
    site, _, clock = await a_site()
    app = create_app(site.service, clock=clock, sign_in=site.sign_in)
    scope = asking(path, "en").scope
    scope["client"] = ("127.0.0.1", 50000)
    scope["headers"].append((b"last-event-id", b"0"))
    sent: list[Message] = []
    is_gone = asyncio.Event()

    async def receive() -> Message:
        await is_gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)
        if b"data: " in message.get("body", b""):
            is_gone.set()

    async with asyncio.timeout(10):
        await app(scope, receive, send)
    headers = dict(sent[0]["headers"])
    assert (sent[0]["status"], headers[b"content-type"]) == (
        200,
        b"text/event-stream; charset=utf-8",
    )
    assert asyncio.all_tasks() == {asyncio.current_task()}


def test_no_stream_begins_for_an_unknown_station(onlooker: Visitor) -> None:
    assert onlooker.client.get("/live/stations/op99").status_code == 404


async def test_a_client_that_was_cut_off_gets_every_entry_since() -> None:
    site, showcase, _ = await a_site()
    size = showcase.ask(lambda reader: reader.head().size)
    await showcase.begin("line1-op20")
    assert await _position(site, "0") == 1
    assert await _position(site, None) == size + 1
    assert await _position(site, "no number") == size + 1
    async with aclosing(LedgerFeed(site).follow(size)) as events:
        assert f"id: {size}\n" in (await anext(events)).decode()


async def test_the_ledger_is_followed_without_a_gap_in_batches() -> None:
    site, showcase, _ = await a_site(with_story=True)
    size = showcase.ask(lambda reader: reader.head().size)
    assert size > 2 * AT_A_TIME
    told_ids: list[int] = []
    feed = LedgerFeed(site)
    async with aclosing(feed.follow(0)) as events:
        while len(told_ids) < size:
            batch = await anext(events)
            ids = [int(line[4:]) for line in batch.decode().split("\n") if line[:4] == "id: "]
            assert 0 < len(ids) <= AT_A_TIME
            told_ids += ids
        await showcase.begin("line1-op20")
        assert f"id: {size}\n" in (await anext(events)).decode()
    assert told_ids == list(range(size))
    assert feed.kept == 0


async def test_a_quiet_ledger_pings() -> None:
    site, showcase, clock = await a_site()
    size = showcase.ask(lambda reader: reader.head().size)
    async with aclosing(LedgerFeed(site).follow(size)) as events:
        for _ in range(3):
            before = clock.now()
            assert await anext(events) == PING
            assert 14 <= (clock.now() - before).total_seconds() <= 16


async def test_many_clients_at_the_same_place_cost_one_reading_and_the_same_bytes() -> None:
    site, _, _ = await a_site(with_story=True)
    feed = LedgerFeed(site)
    clients = [feed.follow(0) for _ in range(200)]
    first = await asyncio.gather(*(anext(each) for each in clients))
    assert all(each is first[0] for each in first)
    assert feed.kept <= 8
    for each in clients:
        await each.aclose()

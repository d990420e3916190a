"""Pages that stay true by themselves: server-sent events that carry the page's changed part.

A stream sends the fragment whenever it reads differently, and a beat in between, so that a page
can tell a quiet plant from a dead server (B20, B30). Without JavaScript pages show what was true
when they were asked for. However many watch a page, it is made once for all (`live_page`, D47).
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from random import Random

from fastapi import APIRouter, Depends
from starlette.requests import Request

from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import StationId
from redrabbit.services.queries.board import BoardPage
from redrabbit.services.queries.station import StationPage
from redrabbit.web.live_page import LivePage, PageTurns, Sight
from redrabbit.web.pages.board import board_content
from redrabbit.web.pages.station import station_content
from redrabbit.web.rendering import for_viewer, fragment_for_all, viewer
from redrabbit.web.signed_out import while_allowed
from redrabbit.web.site import Site
from redrabbit.web.streaming import BEAT, EventStream, back_after


def live_router(site: Site) -> APIRouter:
    """Return the streams of the live pages."""
    router = APIRouter(include_in_schema=False)
    turns = PageTurns(site.clock)
    chance = Random()  # noqa: S311  because it only spreads reconnects in time
    board = live_board(site, turns)
    stations: dict[str, LivePage[StationPage]] = {}

    @router.get("/live/board", response_class=EventStream, status_code=200)
    async def board_stream(request: Request) -> EventStream:
        return EventStream(board_events(site, request, board, chance))

    async def known(station_id: str) -> None:
        if station_id not in {station.id for station in site.service.plant.stations}:
            raise Refusal("no_such_station", station=station_id)

    @router.get(
        "/live/stations/{station_id}",
        response_class=EventStream,
        status_code=200,
        dependencies=[Depends(known)],
    )
    async def station_stream(request: Request, station_id: str) -> EventStream:
        if station_id not in stations:
            stations[station_id] = live_station(site, turns, station_id)
        events = station_events(site, request, stations[station_id], chance)
        return EventStream(while_allowed(site, request, events))

    return router


def live_board(site: Site, turns: PageTurns) -> LivePage[BoardPage]:
    """Return the board for all who watch it.

    Readings alone change little on it: a commit is noticed at once, they when it is made anew.
    """

    def render(content: BoardPage, sight: Sight) -> str:
        return _fragment(site, "board_live.html", content, "/", sight)

    return LivePage(
        turns,
        site.clock,
        version=site.service.commits,
        read=lambda: board_content(site),
        render=render,
        is_urgent=lambda _content: True,
    )


def live_station(site: Site, turns: PageTurns, station_id: str) -> LivePage[StationPage]:
    """Return a station's page for all who watch it; while a run is under way, somebody waits for it."""

    def render(content: StationPage, sight: Sight) -> str:
        return _fragment(site, "station_live.html", content, f"/stations/{station_id}", sight)

    return LivePage(
        turns,
        site.clock,
        version=lambda: site.service.version(StationId(station_id)),
        read=lambda: station_content(site, station_id),
        render=render,
        is_urgent=lambda content: content.run is not None,
    )


def _fragment(site: Site, template: str, content: object, path: str, sight: Sight) -> str:
    return fragment_for_all(
        site.service,
        template,
        content,
        path=path,
        language=sight.language,
        is_stated=sight.is_stated,
        is_signed_in=sight.is_signed_in,
        at_station=sight.at_station,
        now=site.clock.now(),
    )


async def board_events(
    site: Site, request: Request, page: LivePage[BoardPage], chance: Random
) -> AsyncGenerator[bytes, None]:
    """Yield the board, the same for everybody of one language."""
    sight = Sight(site.visit(request).language, is_stated=False)
    yield back_after(chance)
    async with aclosing(page.watch(sight)) as watched:
        async for shown in watched:
            yield shown.event if shown is not None else BEAT


async def station_events(
    site: Site, request: Request, page: LivePage[StationPage], chance: Random
) -> AsyncGenerator[bytes, None]:
    """Yield a station's page with the name and the form tokens of this browser."""
    visit = site.visit(request)
    one = viewer(visit, 0)
    sight = Sight(
        visit.language,
        is_stated=bool(one.stated),
        is_signed_in=bool(one.signed_in),
        at_station=one.at_station,
    )
    yield back_after(chance)
    async with aclosing(page.watch(sight)) as watched:
        async for shown in watched:
            if shown is None:
                yield BEAT
            else:
                yield for_viewer(shown.event, viewer(visit, shown.content.entries))

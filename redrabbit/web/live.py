"""Pages that stay true by themselves: server-sent events that carry the page's changed part.

A stream sends the fragment whenever it reads differently, and a beat in between, so that a page
can tell a quiet plant from a dead server (B20, B30). Without JavaScript pages show what was true
when they were asked for.
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

from fastapi import APIRouter, Depends
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.requests import Request

from redrabbit.domain.errors import Refusal
from redrabbit.services.errors import StoreTrouble
from redrabbit.services.queries.board import BoardPage
from redrabbit.web.pages.board import board_content
from redrabbit.web.pages.station import station_content
from redrabbit.web.rendering import fragment
from redrabbit.web.site import Site

log = logging.getLogger("redrabbit.web")

LOOK_EVERY_S: Final = 0.25
"""How soon a change is noticed."""
RENDER_EVERY_S: Final = 1.0
"""How often a page is made anew without a change, for its countdowns."""
BEAT_EVERY_S: Final = 3.0
BOARD_KEPT: Final = timedelta(seconds=0.8)
"""How long one reading of the board serves all who watch it (B30)."""


class SharedBoard:
    """The board read once for everybody who watches it."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._read_at: datetime | None = None
        self._content: BoardPage | None = None

    async def content(self) -> BoardPage:
        """Return the board, at most `BOARD_KEPT` old."""
        now = self._site.clock.now()
        if self._content is None or self._read_at is None or apart(now, self._read_at) > BOARD_KEPT:
            self._content, self._read_at = await board_content(self._site), now
        return self._content


def apart(one: datetime, other: datetime) -> timedelta:
    """Return how far apart two instants are, whichever came first: the clock may be set back (R46)."""
    return abs(one - other)


def live_router(site: Site) -> APIRouter:
    """Return the streams of the live pages."""
    router = APIRouter(include_in_schema=False)
    board = SharedBoard(site)

    @router.get("/live/board", response_class=EventSourceResponse)
    async def live_board(request: Request) -> AsyncIterator[ServerSentEvent]:
        async def render() -> str:
            return fragment(site.visit(request), "board_live.html", await board.content())

        async for event in changes(site, render):
            yield event

    async def known(station_id: str) -> None:
        if station_id not in {station.id for station in site.service.plant.stations}:
            raise Refusal("no_such_station", station=station_id)

    @router.get(
        "/live/stations/{station_id}",
        response_class=EventSourceResponse,
        dependencies=[Depends(known)],
    )
    async def live_station(request: Request, station_id: str) -> AsyncIterator[ServerSentEvent]:
        async def render() -> str:
            content = await station_content(site, station_id)
            return fragment(
                site.visit(request), "station_live.html", content, entries=content.entries
            )

        async for event in changes(site, render):
            yield event

    return router


async def changes(
    site: Site, render: Callable[[], Awaitable[str]]
) -> AsyncIterator[ServerSentEvent]:
    """Yield the fragment whenever it reads differently, and a beat when it has not for a while."""
    shown = ""
    said_at = site.clock.now()
    while True:
        version, rendered_at = site.service.version(), site.clock.now()
        try:
            html = await render()
        except StoreTrouble as trouble:  # silence tells the page; the next try may succeed
            log.warning("live page not refreshed: %s", trouble)
            await site.clock.sleep(BEAT_EVERY_S)
            continue
        if html != shown:
            shown, said_at = html, rendered_at
            yield ServerSentEvent(raw_data=html)
        elif apart(rendered_at, said_at).total_seconds() >= BEAT_EVERY_S:
            said_at = rendered_at
            yield ServerSentEvent(event="beat", raw_data=".")
        await _until_changed(site, version, rendered_at)


async def _until_changed(site: Site, version: int, since: datetime) -> None:
    """Wait for a change, but not longer than a countdown may stand still."""
    await site.clock.sleep(LOOK_EVERY_S)
    while (
        site.service.version() == version
        and apart(site.clock.now(), since).total_seconds() < RENDER_EVERY_S
    ):
        await site.clock.sleep(LOOK_EVERY_S)

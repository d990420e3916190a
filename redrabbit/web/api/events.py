"""Server-sent events: each ledger entry as it is committed, so a client never has to poll.

`Last-Event-ID` is the index of the last entry seen: a client that was cut off misses nothing. What
many clients want at the same place of the ledger is read and written out once for all of them, and no
client ever has more than one batch in memory (D47).
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Header, Request
from fastapi.sse import format_sse_event

from redrabbit.services.errors import StoreTrouble
from redrabbit.services.ports import Reader
from redrabbit.services.queries.people import Names, names_in
from redrabbit.web.api.ledger import entry_model
from redrabbit.web.api.problems import Answers, refuses
from redrabbit.web.signed_out import while_allowed
from redrabbit.web.site import Site
from redrabbit.web.streaming import PING, Bell, EventStream
from redrabbit.web.values import LARGEST_NUMBER, number_from

log = logging.getLogger("redrabbit.web")

LOOK_EVERY_S: Final = 0.2
AT_A_TIME: Final = 50
PING_EVERY_LOOKS: Final = 75
"""15 s without an entry: whoever stands between is told that the stream lives."""
READ_AT_ONCE: Final = 2
"""Catching up takes half of the readers at most: pages and obligations are read by the others."""
KEPT: Final = 8
"""Batches kept for clients at the same place; an entry has some kilobytes."""


STREAM: Final[Answers] = {
    200: {
        "content": {
            EventStream.media_type: {
                "itemSchema": {
                    "type": "object",
                    "properties": {
                        "data": {"type": "string"},
                        "event": {"type": "string"},
                        "id": {"type": "string"},
                    },
                }
            }
        }
    }
}
"""What OpenAPI 3.2 says of a stream."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some entries as they are sent."""

    events: bytes
    next: int
    is_full: bool
    """There may be more to catch up with."""


class LedgerFeed:
    """The ledger for all who follow it."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._bell = Bell(site.clock)
        self._reading = asyncio.Semaphore(READ_AT_ONCE)
        self._batches: OrderedDict[tuple[int, int], asyncio.Task[Batch]] = OrderedDict()
        self._version = -1
        self._pings = 0
        self._followers = 0
        self._looking: asyncio.Task[None] | None = None

    async def follow(self, position: int) -> AsyncGenerator[bytes, None]:
        """Yield all entries from a position on, as they come, and pings in between.

        Ends where an entry can't be read: whoever follows asks again, and is told why.
        """
        self._begin()
        version, pings, has_more = -1, self._pings, True
        try:
            while True:
                if has_more or version != self._version:
                    version = self._version
                    batch = await self._after(position, version)
                    position, has_more = batch.next, batch.is_full
                    if batch.events:
                        pings = self._pings
                        yield batch.events
                elif pings != self._pings:
                    pings = self._pings
                    yield PING
                else:
                    await self._bell.heard()
        except StoreTrouble as trouble:
            log.warning("a client no longer follows: %s", trouble)
        finally:
            self._end()

    @property
    def kept(self) -> int:
        """How many batches are in memory for those who come to the same place."""
        return len(self._batches)

    def _begin(self) -> None:
        self._followers += 1
        if self._looking is None:
            self._version = self._site.service.version()
            self._looking = asyncio.create_task(self._look(), name="ledger feed")

    def _end(self) -> None:
        self._followers -= 1
        if self._followers == 0 and self._looking is not None:
            self._looking.cancel()
            self._looking = None
            self._batches.clear()

    async def _look(self) -> None:
        """Ring whenever there may be news, and for pings."""
        quiet_looks = 0
        while True:
            version = self._site.service.version()
            quiet_looks += 1
            if version != self._version:
                self._version, quiet_looks = version, 0
                await self._bell.ring()
            elif quiet_looks % PING_EVERY_LOOKS == 0:
                self._pings += 1
                await self._bell.ring()
            await self._site.clock.sleep(LOOK_EVERY_S)

    async def _after(self, position: int, version: int) -> Batch:
        """Return the entries from a position on, read once for all who are at the same place."""
        place = (position, version)
        if place not in self._batches:
            self._batches[place] = asyncio.create_task(self._read(position), name="ledger batch")
            while len(self._batches) > KEPT:
                self._batches.popitem(last=False)
        return await asyncio.shield(self._batches[place])

    async def _read(self, position: int) -> Batch:
        async with self._reading:
            return await self._site.service.read(lambda reader: _batch(reader, position))


def events_router(site: Site) -> APIRouter:
    """Return the stream of ledger entries."""
    router = APIRouter(tags=["events"])
    feed = LedgerFeed(site)

    @router.get(
        "/events",
        response_class=EventStream,
        status_code=200,
        responses=STREAM,
        openapi_extra=refuses("too_many_streams", "too_many_streams_of_client"),
    )
    async def stream_events(
        request: Request,
        last_event_id: Annotated[str | None, Header(max_length=20)] = None,
    ) -> EventStream:
        """Stream every ledger entry from now on, or from `Last-Event-ID` on."""
        events = feed.follow(await _position(site, last_event_id))
        return EventStream(while_allowed(site, request, events))

    return router


async def _position(site: Site, last_event_id: str | None) -> int:
    """Return the index of the next entry to send; what can't be read means from now on."""
    known = number_from(last_event_id or "")
    if known is not None:
        return min(known + 1, LARGEST_NUMBER)
    return (await site.service.read(lambda reader: reader.head())).size


def _batch(reader: Reader, position: int) -> Batch:
    found = reader.entries(position, AT_A_TIME)
    names = names_in(reader) if found else Names()
    events = [
        format_sse_event(
            event=entry.type,
            data_str=entry_model(entry, names).model_dump_json(),
            id=str(entry.index),
        )
        for entry in found
    ]
    return Batch(
        events=b"".join(events),
        next=found[-1].index + 1 if found else position,
        is_full=len(found) == AT_A_TIME,
    )

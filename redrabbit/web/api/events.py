"""Server-sent events: each ledger entry as it is committed, so a client never has to poll.

`Last-Event-ID` is the index of the last entry seen: a client that was cut off misses nothing.
"""

from collections.abc import AsyncIterator
from typing import Annotated, Final

from fastapi import APIRouter, Header
from fastapi.sse import EventSourceResponse, ServerSentEvent

from redrabbit.services.ports import Reader
from redrabbit.web.api.ledger import entry_model
from redrabbit.web.api.ledger_models import LedgerEntry
from redrabbit.web.api.problems import ALWAYS, FOR_LISTS
from redrabbit.web.site import Site
from redrabbit.web.values import LARGEST_NUMBER, number_from

LOOK_EVERY_S: Final = 0.2
AT_A_TIME: Final = 100


def events_router(site: Site) -> APIRouter:
    """Return the stream of ledger entries."""
    router = APIRouter(tags=["events"], responses=ALWAYS | FOR_LISTS)

    @router.get("/events", response_class=EventSourceResponse)
    async def stream_events(
        last_event_id: Annotated[str | None, Header(max_length=20)] = None,
    ) -> AsyncIterator[ServerSentEvent]:
        """Stream every ledger entry from now on, or from `Last-Event-ID` on."""
        position = await _position(site, last_event_id)
        version = -1
        while True:
            if site.service.version() != version:
                version = site.service.version()
                found = await _after(site, position)
                for entry in found:
                    position = entry.index + 1
                    yield ServerSentEvent(data=entry, event=entry.type, id=str(entry.index))
                if len(found) == AT_A_TIME:
                    version = -1  # there is more to catch up with
                    continue
            await site.clock.sleep(LOOK_EVERY_S)

    return router


async def _position(site: Site, last_event_id: str | None) -> int:
    """Return the index of the next entry to send; what can't be read means from now on."""
    known = number_from(last_event_id or "")
    if known is not None:
        return min(known + 1, LARGEST_NUMBER)
    return (await site.service.read(lambda reader: reader.head())).size


async def _after(site: Site, position: int) -> list[LedgerEntry]:
    def query(reader: Reader) -> list[LedgerEntry]:
        names = reader.names()
        return [entry_model(entry, names) for entry in reader.entries(position, AT_A_TIME)]

    return await site.service.read(query)

"""Streams of server-sent events: the bytes on the wire, and a bell that wakes who waits for news.

Source: WHATWG HTML, 9.2 (server-sent events).
"""

import asyncio
from collections.abc import AsyncGenerator
from random import Random
from typing import Final

from fastapi.sse import format_sse_event
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from redrabbit.base.clock import Clock

WOKEN_AT_A_TIME: Final = 8
"""Writing to one viewer takes a fraction of a millisecond, and polls wait while it is done."""
BACK_AFTER_MS: Final = (1500, 3000)
"""When a browser asks again for a stream that was cut off: soon, and not all browsers at once."""

BEAT: Final = format_sse_event(event="beat", data_str=".")
"""Tells a quiet plant from a dead service."""
PING: Final = b": ping\n\n"
"""Tells the same to programs, which see no event of it."""


class EventStream(StreamingResponse):
    """A stream that lets go of what it holds at once when its reader goes away."""

    media_type = "text/event-stream"

    def __init__(self, events: AsyncGenerator[bytes, None]) -> None:
        super().__init__(events, headers={"cache-control": "no-cache", "x-accel-buffering": "no"})
        self._events = events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send events until they end or nobody reads any more."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._events.aclose()


def back_after(chance: Random) -> bytes:
    """Return what tells a browser when to ask again after it was cut off."""
    return format_sse_event(retry=chance.randint(*BACK_AFTER_MS))


class Bell:
    """Wakes all who wait, a few in each turn of the event loop, so that no ring holds up a poll."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: list[asyncio.Future[None]] = []

    async def heard(self) -> None:
        """Wait for the next ring."""
        ring: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(ring)
        await ring

    async def ring(self) -> None:
        """Wake all who wait now."""
        waiting, self._waiting = self._waiting, []
        for place, ring in enumerate(waiting, 1):
            if not ring.done():  # who went away has cancelled it
                ring.set_result(None)
            if place % WOKEN_AT_A_TIME == 0:
                await self._clock.sleep(0)

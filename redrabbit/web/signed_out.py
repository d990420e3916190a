"""Streams end for who may not read them any more: signed out, disabled, without the role, or a screen that was taken away (decision 0039)."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from fastapi.sse import format_sse_event
from starlette.requests import Request

from redrabbit.services.errors import StoreTrouble
from redrabbit.web.live_page import BEAT_EVERY_S
from redrabbit.web.reading_rights import may_read
from redrabbit.web.site import Site
from redrabbit.web.visitor import asker_at

SIGNED_OUT: Final = format_sse_event(event="signed-out", data_str=".")


async def while_allowed(
    site: Site, request: Request, events: AsyncGenerator[bytes, None]
) -> AsyncGenerator[bytes, None]:
    """Yield events for as long as who asked for them is who they were and may read them; looked at once a beat, then told."""
    asker, looked_s = asker_at(request), site.clock.steady_s()
    async with aclosing(events):
        async for event in events:
            if site.clock.steady_s() - looked_s >= BEAT_EVERY_S:
                looked_s = site.clock.steady_s()
                try:
                    now = await site.sign_in.still(asker)
                    if now is None or not may_read(request, now):
                        yield SIGNED_OUT
                        return
                except (
                    StoreTrouble
                ):  # nobody can be asked now: who comes again goes on where they were
                    return
            yield event

"""Looks that are taken again each second for as long as the service runs, whatever the database says meanwhile."""

import logging
from collections.abc import Awaitable, Callable
from typing import Final

from redrabbit.base.clock import Clock
from redrabbit.services.errors import StoreTrouble

LOOK_S: Final = 1.0

log = logging.getLogger("redrabbit.alarms")


async def look_again(step: Callable[[], Awaitable[None]], clock: Clock, failed: str) -> None:
    """Take a step each second until cancelled; trouble with the database is logged once, until a step succeeds."""
    is_told = False
    while True:
        try:
            await step()
            is_told = False
        except StoreTrouble as trouble:
            if not is_told:
                log.error(failed, extra={"reason": str(trouble)})  # noqa: TRY400  because trouble is no bug: no traceback
            is_told = True
        await clock.sleep(LOOK_S)

"""Keeping tasks alive: one that dies is restarted, counted and shown (B20)."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable

from redrabbit.base.clock import Clock

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
"""Between two restarts of a task that keeps dying."""

log = logging.getLogger("redrabbit.tasks")


class Supervisor:
    """Runs named tasks until it is cancelled."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.restarts: Counter[str] = Counter()
        """How often each task died and was started again."""

    async def keep(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work` again whenever it ends by an error; return when it ends by itself."""
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                await work()
            except asyncio.CancelledError:
                raise
            except Exception:  # because a bug in one task must not end the others
                self.restarts[name] += 1
                log.exception("task died and is restarted", extra={"task": name})
                await self._clock.sleep(pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            else:
                return

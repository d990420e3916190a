"""Fixed-rate ticks for polls that never overlap (B5).

Due instants keep their raster: a slow poll makes the next one start late, never the raster drift.
What is missed altogether is counted, not made up for: no backlog. If the clock is stepped
(`Clock.reanchor`), the raster starts anew instead of waiting for an instant that is hours away.
"""

import math
from datetime import datetime, timedelta

from redrabbit.base.clock import Clock


class Ticks:
    """The due instants of one poller."""

    def __init__(self, clock: Clock, interval_s: float, phase: float) -> None:
        self._clock = clock
        self._interval = timedelta(seconds=interval_s)
        self._phase = phase
        self._due: datetime | None = None

    async def wait(self, pause_s: float = 0.0) -> int:
        """Wait for the next due instant, `pause_s` from now at the earliest.

        Returns how many due instants were missed since the last one; those within a wanted pause
        do not count.
        """
        now = self._clock.now()
        if self._due is None:
            self._due = now + self._interval * self._phase
            skipped = 0
        else:
            skipped = max(0, math.floor((now - self._due) / self._interval) - 1)
            self._due += self._interval * (skipped + 1)
        earliest = now + timedelta(seconds=pause_s)
        if self._due < earliest and pause_s:
            self._due += self._interval * math.ceil((earliest - self._due) / self._interval)
        elif self._due > now + self._interval:
            self._due = now + self._interval  # the clock was stepped back
        await self._clock.sleep((self._due - now).total_seconds())
        return skipped

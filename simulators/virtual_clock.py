"""A clock that stands still until its driver moves it, for products on simulated time.

Implements `redrabbit.base.clock.Clock`. The wall clock of the simulated machine runs beside it with
an offset of its own, so that a step of the wall clock (R46) can be simulated: it shows as drift and
is adopted by `reanchor`, as on the real clock.
"""

import asyncio
import heapq
from datetime import datetime, timedelta
from itertools import count


class VirtualClock:
    """Steady time set by `advance_to`; waiting tasks wake as it passes their instants."""

    def __init__(self, starts_at: datetime) -> None:
        self._steady = starts_at
        self._anchor_offset = timedelta(0)
        """How far `now()` is ahead of steady time: the sum of the steps adopted so far."""
        self._wall_offset = timedelta(0)
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._order = count()
        self.synchronised = False
        """Whether the simulated time service holds the wall clock right."""

    def now(self) -> datetime:
        """Return the present instant of the simulated machine."""
        return self._steady + self._anchor_offset

    def steady_s(self) -> float:
        """Return steady time as seconds."""
        return self._steady.timestamp()

    async def sleep(self, seconds: float) -> None:
        """Wait until so much simulated time has passed."""
        await self._sleep_to(self._steady + timedelta(seconds=max(0.0, seconds)))

    async def sleep_until(self, instant: datetime) -> None:
        """Wait until `now()` is `instant` or later."""
        while self.now() < instant:
            await self._sleep_to(self._steady + (instant - self.now()))

    def drift(self) -> timedelta:
        """Return how far the simulated wall clock is ahead of `now()`."""
        return self._wall_offset - self._anchor_offset

    def reanchor(self) -> timedelta:
        """Adopt the simulated wall clock, and return the step made."""
        step = self.drift()
        self._anchor_offset = self._wall_offset
        return step

    def is_synchronised(self) -> bool:
        """Tell whether the simulated time service holds the wall clock right."""
        return self.synchronised

    def step_wall(self, step: timedelta) -> None:
        """Let the machine's wall clock jump."""
        self._wall_offset += step

    @property
    def steady(self) -> datetime:
        """The time of the world, which knows no steps."""
        return self._steady

    def next_wake_at(self) -> datetime | None:
        """Return the steady instant at which the next sleeper wakes, or None."""
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        return self._sleepers[0][0] if self._sleepers else None

    def advance_to(self, steady: datetime) -> None:
        """Let time pass and wake whoever waited for it; never backwards."""
        if steady < self._steady:
            raise ValueError(f"time can't run back from {self._steady} to {steady}")
        self._steady = steady
        while self._sleepers and self._sleepers[0][0] <= steady:
            _, _, future = heapq.heappop(self._sleepers)
            _wake(future)

    async def _sleep_to(self, steady: datetime) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if steady <= self._steady:  # at once, but not before others had their turn
            asyncio.get_running_loop().call_soon(_wake, future)
        else:
            heapq.heappush(self._sleepers, (steady, next(self._order), future))
        await future


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)

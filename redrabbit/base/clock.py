"""The only place that asks the machine what time it is, and the only place that waits.

Durations must not feel the wall clock's steps (R46): `SteadyClock` anchors the wall clock once and
then follows the monotonic one. A step of the machine's wall clock shows as `drift`; the agent
records it and re-anchors at a quiet moment.
"""

import asyncio
import ctypes
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol


class Clock(Protocol):
    """What every floor but the domain may ask of time."""

    def now(self) -> datetime:
        """Return the present instant, aware UTC; never jumps while the process runs."""
        ...

    def steady_s(self) -> float:
        """Return seconds that only grow, by what time has passed; no step of any clock is in them."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait so long; at once for zero or less."""
        ...

    async def sleep_until(self, instant: datetime) -> None:
        """Wait until `now()` is `instant` or later."""
        ...

    def drift(self) -> timedelta:
        """Return how far the machine's wall clock is ahead of `now()`."""
        ...

    def reanchor(self) -> timedelta:
        """Adopt the machine's wall clock as it is now, and return the step made."""
        ...

    def is_synchronised(self) -> bool:
        """Tell whether the machine's time service holds its wall clock right; False where nobody can tell."""
        ...


def wall_now() -> datetime:
    """Return the machine's wall clock, aware UTC."""
    return datetime.now(UTC)  # noqa: TID251  this module is the one place that may ask


_BOOT_CLOCK: Final[int | None] = getattr(time, "CLOCK_BOOTTIME", None)
"""CLOCK_MONOTONIC stands still while the machine sleeps: what was read before would seem fresh afterwards (D61)."""


class SteadyClock:
    """The real clock: wall time at the anchor, monotonic from there."""

    def __init__(self) -> None:
        self._wall_at_anchor = wall_now()
        self._steady_at_anchor = self.steady_s()

    def now(self) -> datetime:
        """Return the anchored instant, aware UTC."""
        return self._wall_at_anchor + timedelta(seconds=self.steady_s() - self._steady_at_anchor)

    def steady_s(self) -> float:
        """Return the monotonic clock; where the machine can tell, with the time that it slept."""
        if _BOOT_CLOCK is None:
            return time.monotonic()  # noqa: TID251  as above
        return time.clock_gettime(_BOOT_CLOCK)

    async def sleep(self, seconds: float) -> None:
        """Wait so long; at once for zero or less."""
        await asyncio.sleep(max(0.0, seconds))  # noqa: TID251  as above

    async def sleep_until(self, instant: datetime) -> None:
        """Wait until `now()` is `instant` or later."""
        while (left := (instant - self.now()).total_seconds()) > 0:
            await self.sleep(left)

    def drift(self) -> timedelta:
        """Return how far the machine's wall clock is ahead of `now()`."""
        return wall_now() - self.now()

    def reanchor(self) -> timedelta:
        """Adopt the machine's wall clock as it is now, and return the step made."""
        wall, steady_s = wall_now(), self.steady_s()
        step = wall - (self._wall_at_anchor + timedelta(seconds=steady_s - self._steady_at_anchor))
        self._wall_at_anchor, self._steady_at_anchor = wall, steady_s
        return step

    def is_synchronised(self) -> bool:
        """Return whether the kernel says that a time service (NTP, PTP) holds the wall clock right; setting it by hand ends that."""
        return kernel_says_synchronised()


_UNSYNCHRONISED: Final = 0x0040
"""STA_UNSYNC of `adjtimex`: set by whoever sets the clock, taken back by a time service that has looked at its sources."""
_STATUS_AT: Final = 40
"""Where `status` stands in `struct timex` of 64-bit Linux: after `modes` and four longs."""
_TIMEX_BYTES: Final = 208


def kernel_says_synchronised() -> bool:
    """Ask the kernel, and change nothing; False on a machine that is no 64-bit Linux."""
    if not sys.platform.startswith("linux") or ctypes.sizeof(ctypes.c_long) != 8:  # noqa: PLR2004  bytes of a long there
        return False
    asked = ctypes.create_string_buffer(_TIMEX_BYTES)
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(asked)
    except (AttributeError, OSError):
        return False
    status = int.from_bytes(asked.raw[_STATUS_AT : _STATUS_AT + 4], sys.byteorder)
    return 0 <= state < _TIME_ERROR and not status & _UNSYNCHRONISED


_TIME_ERROR: Final = 5
"""What `adjtimex` returns while the clock is not synchronised."""

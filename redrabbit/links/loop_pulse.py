"""Whether this process stood still: then what arrives now may have been waiting (D27).

A beat that comes late tells it. What is read in the same moment, before the beat can, asks for itself.
"""

from collections.abc import Callable
from datetime import datetime

from redrabbit.base.clock import Clock

BEAT_S = 0.05
LATE_S = 0.05
"""Later than this is a stall; less is an event loop that has things to do."""


class LoopPulse:
    """Beats for as long as it runs, and tells every stall."""

    def __init__(self, clock: Clock, on_stall: Callable[[datetime, float], None]) -> None:
        """`on_stall` gets when the stall ended, and how many seconds it lasted."""
        self._clock = clock
        self._on_stall = on_stall
        self.beat()

    def beat(self) -> None:
        """Note that the loop turns."""
        self._beat_s = self._clock.steady_s()

    async def run(self) -> None:
        """Beat until cancelled."""
        self.beat()
        while True:
            await self._clock.sleep(BEAT_S)
            self.look()
            self.beat()

    def look(self) -> None:
        """Tell a stall that is only just over."""
        late_s = self._clock.steady_s() - self._beat_s - BEAT_S
        if late_s > LATE_S:
            self._on_stall(self._clock.now(), late_s)

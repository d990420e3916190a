"""How long a poll took, and when: by steady time, whatever is done to the clock meanwhile (R46).

A window that was begun by the wall clock and ended after that was set back would end in the future: the station would
seem freshly read for as long as the clock was set back.
"""

from datetime import timedelta

from redrabbit.base.clock import Clock
from redrabbit.domain.observation import Window


class Stopwatch:
    """Begins when it is made."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began_s = clock.steady_s()

    def window(self) -> Window:
        """Return the time since it was made, as the clock tells it now."""
        ended_at = self._clock.now()
        lasted = timedelta(seconds=max(0.0, self._clock.steady_s() - self._began_s))
        return Window(began_at=ended_at - lasted, ended_at=ended_at)

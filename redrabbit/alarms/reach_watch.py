"""Whether receivers are reached: an alarm when one has taken nothing for five minutes (D48).

Known from the messages themselves: nobody is asked for whom nothing waits. The time is counted, look
by look, because the clock on the wall may be set meanwhile (R46).
"""

from collections import Counter
from collections.abc import Mapping
from typing import Final, Protocol

from redrabbit.base.clock import Clock
from redrabbit.domain.way import person_of_way
from redrabbit.services.errors import StoreTrouble

NOT_REACHED_AFTER_S: Final = 300.0
"""Shorter ones happen daily: a switch restarts, a server is updated."""
LOOK_S: Final = 1.0


class Failing(Protocol):
    """What is asked of a receiver's queue."""

    @property
    def is_failing(self) -> bool | None:
        """Whether something waits that the receiver does not take; None until that is known."""
        ...


class Alarms(Protocol):
    """What the records offer: see `redrabbit.services.receiver_alarms`."""

    async def not_reached(self) -> frozenset[str]:
        """Return the receivers of which an alarm says that they are not reached."""
        ...

    async def begin(self, receiver: str) -> None:
        """Say that a receiver is not reached."""
        ...

    async def end(self, receiver: str) -> None:
        """Say that a receiver is reached, or is none any more."""
        ...


class ReachWatch:
    """Looks at every queue, and raises and ends the alarms."""

    def __init__(self, queues: Mapping[str, Failing], alarms: Alarms, clock: Clock) -> None:
        self._queues = queues
        self._alarms = alarms
        self._clock = clock
        self._looks: Counter[str] = Counter()
        """At how many looks in a row each receiver was failing."""
        self._told: frozenset[str] | None = None
        """Those of which an alarm says so; None until the records were asked."""

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            self._look()
            try:
                await self._tell()
            except StoreTrouble:  # told by whoever else writes; the next look tells it
                self._told = None
            await self._clock.sleep(LOOK_S)

    def _look(self) -> None:
        for name, queue in self._queues.items():
            self._looks[name] = self._looks[name] + 1 if queue.is_failing else 0

    async def _tell(self) -> None:
        if self._told is None:
            self._told = await self._alarms.not_reached()
        for name in sorted(self._told):
            queue = self._queues.get(name)
            is_over = person_of_way(name) is None if queue is None else queue.is_failing is False
            if is_over:
                await self._alarms.end(name)
                self._told -= {name}
        for name, looks in self._looks.items():
            if looks * LOOK_S >= NOT_REACHED_AFTER_S and name not in self._told:
                await self._alarms.begin(name)
                self._told |= {name}

"""What is to happen in a simulated shift, in order; each of these is one step."""

import heapq
from collections.abc import Callable
from datetime import datetime
from itertools import count

from simulators.line import World
from simulators.station import Change
from simulators.virtual_clock import VirtualClock


class Agenda:
    """Moves the world and the product's clock from one event to the next."""

    def __init__(self, world: World, clock: VirtualClock) -> None:
        self._world = world
        self._clock = clock
        self._events: list[tuple[datetime, int, Callable[[], None]]] = []
        self._order = count()
        self.on_change: Callable[[Change], None] = lambda _change: None
        """Is told what changed in the world."""
        self.on_wake: Callable[[], None] = lambda: None
        """Lets whatever slept on the product's clock go on, when its time has come."""

    def at(self, at: datetime, happen: Callable[[], None]) -> None:
        """Let something happen at an instant of the world."""
        heapq.heappush(self._events, (max(at, self._world.now), next(self._order), happen))

    def step(self, until: datetime) -> bool:
        """Let the next thing happen; False when nothing is left before `until`."""
        first_at = self._events[0][0] if self._events else None
        wakes_at = self._clock.next_wake_at()
        if wakes_at is not None and (first_at is None or wakes_at < first_at):
            if wakes_at > until:
                return False
            self.pass_to(wakes_at)
            return True
        if first_at is None or first_at > until:
            return False
        at, _, happen = heapq.heappop(self._events)
        self.pass_to(at)
        happen()
        return True

    def pass_to(self, at: datetime) -> None:
        """Let time pass."""
        for change in self._world.advance(at):
            self.on_change(change)
        wakes_at = self._clock.next_wake_at()
        self._clock.advance_to(max(at, self._clock.steady))
        if wakes_at is not None and wakes_at <= at:
            self.on_wake()

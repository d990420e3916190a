"""Lets the world run in real time and tells the faces of its stations what changed.

The world itself knows no clock; this asks one. A face that is asked (Modbus) brings the world up to
now before it answers; a face that speaks (MQTT) is told of every change as it happens.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable

from redrabbit.base.clock import Clock
from simulators.line import World
from simulators.station import Change

Listener = Callable[[Change], None]

IDLE_S = 3600.0
"""How long to sleep when nothing is planned; any new event wakes it before."""


class WorldDriver:
    """Advances a world with a clock; one per world."""

    def __init__(self, world: World, clock: Clock) -> None:
        self.world = world
        self._clock = clock
        self._listeners: defaultdict[str, list[Listener]] = defaultdict(list)
        self._wake = asyncio.Event()
        world.on_schedule = self._wake.set

    def listen(self, station: str, listener: Listener) -> None:
        """Tell every single change of a station to a listener."""
        self._listeners[station].append(listener)
        self.world.watch(station)

    def catch_up(self) -> None:
        """Bring the world up to now and tell what changed."""
        for change in self.world.advance(self._clock.now()):
            for listener in self._listeners[change.station]:
                listener(change)

    async def run(self) -> None:
        """Advance the world from event to event until cancelled."""
        while True:
            self.catch_up()
            self._wake.clear()
            await self._until_next_event()

    async def _until_next_event(self) -> None:
        at = self.world.next_event_at()
        sleep = self._clock.sleep(IDLE_S) if at is None else self._clock.sleep_until(at)
        waits = [asyncio.create_task(self._woken()), asyncio.create_task(sleep)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def _woken(self) -> None:
        await self._wake.wait()

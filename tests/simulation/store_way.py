"""How one station's records get to the database in a simulated shift, and what may be in the way.

The station's own queue (`redrabbit.services.station_queue`) is driven for real: what it does while the
database hangs, is away, or refuses a record is what is looked at here. Its waiting is done on the
product's clock; the event loop turns only while something waits.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Protocol, TypeVar, cast

from redrabbit.domain.ledger import Entry, Event
from redrabbit.domain.observation import Acquisition
from redrabbit.services.errors import NotRecordable, StoreTrouble
from redrabbit.services.pending import Pending
from redrabbit.services.ports import Database, UnitOfWork
from redrabbit.services.station_owner import StationOwner
from redrabbit.services.station_queue import StationQueue
from simulators.faults import Fault, FaultKind
from simulators.station import Made
from simulators.virtual_clock import VirtualClock

T = TypeVar("T")

LOCK_S = 5.0
"""How long the store waits for a lock before it gives up."""
TURNS = 4
"""Of the event loop, until all that can go on without time passing has gone on."""


class StoreFaults(Protocol):
    """What is wrong with the database when."""

    def of_the_store(self, now: datetime) -> Fault | None:
        """Return what is wrong with the database at this instant of the world, or None."""
        ...


class Write(Protocol):
    """Runs a command; `made` are the parts that a station had really made when it was decided."""

    def __call__(
        self, command: Callable[[Any], T], made: Mapping[str, Made] | None = None
    ) -> T: ...


@lru_cache(maxsize=1)
def event_loop() -> asyncio.AbstractEventLoop:
    """Return the loop of all simulated shifts of this process: none of them outlives its end."""
    return asyncio.new_event_loop()


def in_loop(act: Callable[[], T]) -> T:
    """Call what makes tasks and futures without turning the loop: most readings make none."""
    asyncio._set_running_loop(event_loop())
    try:
        return act()
    finally:
        asyncio._set_running_loop(None)


def turn() -> None:
    """Let the loop turn until whatever waits for nothing but its turn has had it."""
    loop = event_loop()
    for _ in range(TURNS):
        loop.call_soon(loop.stop)
        loop.run_forever()


def run_at_once(waits_for_nothing: Coroutine[Any, Any, T]) -> T:
    """Run what waits for nothing, without turning the loop; return what it returns."""
    try:
        waits_for_nothing.send(None)
    except StopIteration as ended:
        result: T = ended.value
        return result
    raise AssertionError("it waits for something")


class NotingOwner:
    """A station's owner, and what it was told when: its queue may have held that back."""

    def __init__(
        self, owner: StationOwner, heard: list[Acquisition], made: Callable[[], Made]
    ) -> None:
        self.owner = owner
        self.waiting: deque[Made | None] = deque()
        """Parts made when each reading that it has not taken yet was read; None: it is taken at once."""
        self.made = made()
        """Parts made when it decided last."""
        self._heard = heard
        self._made = made

    def take(self, acquisition: Acquisition) -> Pending | None:
        self._heard.append(acquisition)
        return self._decided(self.owner.take(acquisition), self.waiting.popleft())

    def take_aside(self, acquisition: Acquisition) -> Pending | None:
        self._heard.append(acquisition)
        return self._decided(self.owner.take_aside(acquisition), self.waiting.popleft())

    def tick(self, now: datetime) -> Pending | None:
        return self._decided(self.owner.tick(now), None)

    def _decided(self, pending: Pending | None, made: Made | None) -> Pending | None:
        if pending is not None:
            self.made = self._made() if made is None else made
        return pending

    def __getattr__(self, name: str) -> Any:
        return getattr(self.owner, name)


class StationWay:
    """One station's queue, and its way to the database."""

    def __init__(
        self,
        owner: NotingOwner,
        write: Write,
        faults: StoreFaults,
        clock: VirtualClock,
        on_change: Callable[[], None],
    ) -> None:
        self.noting = owner
        self._write = write
        self._faults = faults
        self._clock = clock
        self.queue = StationQueue(
            cast("StationOwner", owner), cast("Database", self), clock, on_change
        )

    async def write(self, command: Callable[[UnitOfWork], T]) -> T:
        """Run a command as the database takes it now; raises StoreTrouble where it doesn't."""
        fault = self._faults.of_the_store(self._clock.steady)
        if fault is not None and fault.kind is FaultKind.STORE_AWAY:
            raise StoreTrouble("disk I/O error")
        if fault is not None and fault.kind is FaultKind.STORE_STALL:
            left_s = (fault.until - self._clock.steady).total_seconds()
            await self._clock.sleep(min(left_s, LOCK_S))
            if left_s > LOCK_S:
                raise StoreTrouble("database is locked")
        made: dict[str, Made] = {self.noting.owner.station.id: self.noting.made}
        if fault is not None and fault.kind is FaultKind.RECORD_REFUSED:
            return self._write(lambda uow: command(cast("UnitOfWork", _Refusing(uow))), made)
        return self._write(command, made)

    def change_owner(self, owner: NotingOwner) -> None:
        """Go on with another owner of the station; only while nothing waits."""
        self.noting = owner
        self.queue.owner = cast("StationOwner", owner)

    def drop(self) -> None:
        """Forget everything: the product was killed."""
        draining = self.queue._draining
        if draining is not None:
            draining.cancel()


class _Refusing:
    """A unit of work that takes no verdict which rests on what was read."""

    def __init__(self, work: Any) -> None:
        self._work = work

    def append(self, event: Event) -> Entry:
        payload: Any = event.payload
        if event.type == "verdict_reached" and payload["evidence"]["trace"]:
            raise NotRecordable("a value that this database does not take")
        appended: Entry = self._work.append(event)
        return appended

    def __getattr__(self, name: str) -> Any:
        return getattr(self._work, name)

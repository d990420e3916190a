"""The queue before one station: readings and people's acts, one after another, each committed.

`StationOwner` decides; this carries its commands to the database. A reading that changes nothing
passes straight through; one that leads to a record holds the queue until it is committed, and is
tried again for as long as the database is away: what was seen once isn't seen again. Only the end
of the service ends that.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from redrabbit.base.clock import Clock
from redrabbit.domain.errors import Refusal
from redrabbit.domain.observation import Acquisition
from redrabbit.domain.records import RunRecord
from redrabbit.services.errors import StoreTrouble
from redrabbit.services.ports import Database
from redrabbit.services.station_owner import Pending, StationOwner

RETRY_S = 0.5
"""Between two tries to record what a station said."""

log = logging.getLogger("redrabbit.station")

Move = Callable[[], Pending | None]


class _Hold:
    """A place in the queue at which it stands still."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.over = asyncio.Event()


class StationQueue:
    """Serialises everything that concerns one station."""

    def __init__(
        self,
        owner: StationOwner,
        database: Database,
        clock: Clock,
        on_commit: Callable[[], None],
    ) -> None:
        self.owner = owner
        self._database = database
        self._clock = clock
        self._on_commit = on_commit
        self._inbox: deque[tuple[Move, bool, asyncio.Future[RunRecord | None]] | _Hold] = deque()
        self._draining: asyncio.Task[None] | None = None
        self.not_recording_since: datetime | None = None
        """Since when the database has not taken what the station said."""
        self._closing = False
        self._retired = False
        self.faults = 0
        """Bugs met at this station; each is in the log."""

    def take(self, acquisition: Acquisition) -> Awaitable[object] | None:
        """Take in one acquisition; what is returned is done when its decision is committed."""
        if self._draining is None:
            pending = self._guarded(lambda: self.owner.take(acquisition))
            if pending is None:
                return None
            return self._put(lambda: pending, must=True)
        return self._put(lambda: self.owner.take(acquisition), must=True)

    def tick(self, now: datetime) -> None:
        """Look at the clock, unless something is under way that will be looked at first."""
        if self._draining is None:
            pending = self._guarded(lambda: self.owner.tick(now))
            if pending is not None:
                self._put(lambda: pending, must=True)

    @property
    def busy(self) -> bool:
        """True while something waits to be committed."""
        return self._draining is not None

    def shift(self, step: timedelta) -> None:
        """Move deadlines with a step of the clock; only while the queue is not busy."""
        self.owner.shift(step)

    async def act(self, move: Move) -> RunRecord:
        """Carry out a person's act and return the run's record; raises Refusal, StoreTrouble."""
        record = await self._put(move, must=False)
        assert record is not None  # noqa: S101  every act is about a run
        return record

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Let the queue stand still for a block: what is in it is done before, the rest after.

        Inside the block `owner` may be replaced, and nothing else uses it.
        """
        hold = _Hold()
        self._inbox.append(hold)
        self._keep_draining()
        try:
            await hold.reached.wait()
            yield
        finally:
            hold.over.set()

    def retire(self) -> None:
        """Take nothing more: the station is no longer in the plant. Only while it is held."""
        self._retired = True

    async def close(self) -> None:
        """Wait until everything taken in is committed; give up if the database is away.

        What is left then was never acknowledged: it is as if the process had been killed (L3).
        """
        self._closing = True
        while self._draining is not None:
            await asyncio.shield(self._draining)

    def _put(self, move: Move, *, must: bool) -> asyncio.Future[RunRecord | None]:
        future: asyncio.Future[RunRecord | None] = asyncio.get_running_loop().create_future()
        self._inbox.append((move, must, future))
        self._keep_draining()
        return future

    def _keep_draining(self) -> None:
        if self._draining is None:
            self._draining = asyncio.create_task(self._drain())

    async def _drain(self) -> None:
        try:
            while self._inbox:
                first = self._inbox.popleft()
                if isinstance(first, _Hold):
                    first.reached.set()
                    await first.over.wait()
                    continue
                move, must, future = first
                try:
                    result = await self._carry(move, must=must)
                except Exception as error:  # noqa: BLE001  because it belongs to who asked
                    self._answer_with(future, error, must=must)
                    if self._closing and isinstance(error, StoreTrouble):
                        self._drop_queued(error)
                else:
                    if not future.cancelled():
                        future.set_result(result)
        finally:
            self._draining = None

    async def _carry(self, move: Move, *, must: bool) -> RunRecord | None:
        if self._retired:
            raise Refusal("no_such_station", station=self.owner.station.id)
        pending = move()
        if pending is None:
            return None
        while True:
            try:
                record = await self._database.write(pending.command)
            except StoreTrouble as trouble:
                if not must:
                    raise
                self._note_trouble(trouble)
                if self._closing:
                    raise
                await self._clock.sleep(RETRY_S)
            else:
                self.not_recording_since = None
                pending.settle()
                self._on_commit()
                return record

    def _drop_queued(self, trouble: StoreTrouble) -> None:
        """Take nothing more: what comes later must not be recorded without what came before."""
        while self._inbox:
            queued = self._inbox.popleft()
            if isinstance(queued, _Hold):
                queued.reached.set()
            else:
                self._answer_with(queued[2], trouble, must=queued[1])

    def _answer_with(
        self, future: asyncio.Future[RunRecord | None], error: Exception, *, must: bool
    ) -> None:
        if not must:
            if not future.cancelled():
                future.set_exception(error)
            return
        if isinstance(error, StoreTrouble):  # only at the end: so that no message is acknowledged
            future.cancel()
            return
        if isinstance(error, Refusal):
            log.warning(
                "refused what the station led to",
                extra={"station": self.owner.station.id, "reason": error.code},
            )
        else:
            self.faults += 1
            log.error("fault at a station", exc_info=error, extra=self._about())
        if not future.cancelled():
            future.set_result(None)

    def _guarded(self, move: Move) -> Pending | None:
        try:
            return move()
        except Exception:  # because one station's bug must not stop the reading of the others
            self.faults += 1
            log.exception("fault at a station", extra=self._about())
            return None

    def _note_trouble(self, trouble: StoreTrouble) -> None:
        if self.not_recording_since is None:
            self.not_recording_since = self._clock.now()
            log.error("not recording", extra=self._about() | {"reason": str(trouble)})

    def _about(self) -> dict[str, object]:
        run = self.owner.run
        return {"station": self.owner.station.id, "run": run.id if run is not None else None}

"""The queue before one station: readings and people's acts, one after another, each committed.

`StationOwner` decides; this carries its commands to the database. A reading that changes nothing
passes straight through; one that leads to a record holds the queue until it is committed: what was
seen once isn't seen again. Nothing that is decided is ever given up but at the end of the service.

Nobody else waits for it (B4, decision 0011):
- What the database will never take is not tried again: something else is recorded instead, and the
  run ends with that reason.
- While the database is away, the queue is bounded by time and by number. Beyond either, what the
  station says is shown but no run is judged by it; the run ends *not recorded* once the database is
  back.
- A person is answered at once while the queue is not recording, and within seconds always.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from redrabbit.base.clock import Clock
from redrabbit.base.sentence import sentence
from redrabbit.domain.errors import Refusal
from redrabbit.domain.observation import Acquisition
from redrabbit.domain.records import RunRecord
from redrabbit.domain.run_words import Why
from redrabbit.services.errors import NotRecordable, NotRecording, StoreTrouble, TroubleWhy
from redrabbit.services.pending import Pending
from redrabbit.services.ports import Database
from redrabbit.services.station_owner import StationOwner

RETRY_S = 0.5
"""Between two tries to record what a station said."""
GIVE_UP_AFTER_S = 60.0
"""Without a record for so long no run is judged any more by what waits. A minute of readings is little
to keep and enough for a restart of the database."""
MOST_WAITING = 1000
"""Readings that wait for the one before them: a minute of a station that is read ten times a second,
and more. At 1 kB each, 200 stations that all wait take 200 MB."""
MOST_SIGHTINGS = 100
"""Parts seen where they must not be that are kept for the database to come back."""
ANSWER_WITHIN_S = 5.0
"""A person whose act has not begun by then is told so; one under way ends when the database says."""
SILENT_AFTER_S = 5.0
"""What is being recorded for so long is not recorded, as far as anybody can tell: the database does not answer."""
CLOSE_WITHIN_S = 10.0
"""So long the end of the service waits for what is being recorded: a database that answers takes milliseconds."""

log = logging.getLogger("redrabbit.station")

Move = Callable[[], Pending | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """How recording fares at one station, for people only."""

    not_recording_since: datetime | None
    """Since when the database has not taken what the station said; None while it does."""
    last_reading_at: datetime | None
    """When the station was read last; None: not since the service started."""
    waiting: int
    """Readings, looks at the clock and acts that wait for the one under way."""
    faults: int
    """Bugs met at this station, and records that the database will never take; see the log."""


@dataclass(eq=False, slots=True)
class _Waiting:
    """A reading, a look at the clock, or an act, in its place in the queue."""

    move: Move
    future: asyncio.Future[RunRecord | None]
    must: bool
    """True for what the station or the clock led to: it is nobody's to repeat."""
    at: datetime
    acquisition: Acquisition | None = None


class _Hold:
    """A place in the queue at which it stands still."""

    must = False

    def __init__(self, at: datetime) -> None:
        self.at = at
        self.reached = asyncio.Event()
        self.over = asyncio.Event()
        self.trouble: StoreTrouble | None = None


class StationQueue:
    """Serialises everything that concerns one station."""

    def __init__(
        self,
        owner: StationOwner,
        database: Database,
        clock: Clock,
        on_change: Callable[[], None],
    ) -> None:
        self.owner = owner
        self._database = database
        self._clock = clock
        self._on_change = on_change
        self._inbox: deque[_Waiting | _Hold] = deque()
        self._draining: asyncio.Task[None] | None = None
        self._is_held = False
        self._asked_at: datetime | None = None
        """Since when the database is asked to record what is first in the queue."""
        self._answer_by: datetime | None = None
        """When whoever has waited longest is told that it was not done; None: nobody waits."""
        self.not_recording_since: datetime | None = None
        """Since when the database has not taken what the station said."""
        self._gave_up = False
        self._sightings: deque[Pending] = deque()
        self._closing = False
        self._retired = False
        self._faults = 0

    def take(self, acquisition: Acquisition) -> Awaitable[object] | None:
        """Take in one acquisition; what is returned is done when its decision is committed."""
        if self._draining is None:
            pending = self._guarded(lambda: self.owner.take(acquisition))
            return None if pending is None else self._put(lambda: pending, acquisition)
        if len(self._inbox) >= MOST_WAITING and not self._is_held:
            self._give_up()
        if self._gave_up:
            self._take_aside(acquisition)
            return None
        return self._put(lambda: self.owner.take(acquisition), acquisition)

    def tick(self, now: datetime) -> None:
        """Look at the clock, unless something is under way that will be looked at first."""
        if self._answer_by is not None and now >= self._answer_by:
            self._refuse_acts(asked_until=now - timedelta(seconds=ANSWER_WITHIN_S))
        if self._asked_at is not None and now - self._asked_at > timedelta(seconds=SILENT_AFTER_S):
            self._note_trouble(_SILENT)
        if self._draining is None:
            pending = self._guarded(lambda: self.owner.tick(now))
            if pending is not None:
                self._put(lambda: pending)

    async def act(self, move: Move) -> RunRecord:
        """Carry out a person's act and return the run's record; raises Refusal, StoreTrouble."""
        if not self._is_recording:
            raise self._not_recording()
        waiting = self._append(move, must=False)
        record = await waiting.future
        assert record is not None  # noqa: S101  every act is about a run
        return record

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Let the queue stand still for a block: what is in it is done before, the rest after.

        Inside the block `owner` may be replaced, and nothing else uses it; so what comes meanwhile
        is kept, however much it is. Raises NotRecording where the queue can't get there.
        """
        if not self._is_recording:
            raise self._not_recording()
        hold = _Hold(self._clock.now())
        self._inbox.append(hold)
        self._note_asked(hold)
        self._keep_draining()
        try:
            await hold.reached.wait()
            if hold.trouble is not None:
                raise hold.trouble
            yield
        finally:
            hold.over.set()

    @property
    def busy(self) -> bool:
        """True while something waits to be committed."""
        return self._draining is not None

    @property
    def is_quiet(self) -> bool:
        """True while nothing waits that would suffer from a step of the clock (R46)."""
        is_open = self.owner.is_open(self._clock.now())
        return self._gave_up or not (self.busy or self.owner.judging or is_open)

    @property
    def recording(self) -> Recording:
        """Return how recording fares."""
        return Recording(
            not_recording_since=self.not_recording_since,
            last_reading_at=self.owner.live.last_good_at(),
            waiting=len(self._inbox),
            faults=self._faults,
        )

    def shift(self, step: timedelta) -> None:
        """Move deadlines with a step of the clock; only while the queue is quiet."""
        if self.not_recording_since is not None:
            self.not_recording_since += step
        if self._asked_at is not None:
            self._asked_at += step
        self.owner.shift(step)

    def retire(self) -> None:
        """Take nothing more: the station is no longer in the plant. Only while it is held."""
        self._retired = True

    async def close(self) -> None:
        """Wait until everything taken in is committed; give up if the database is away.

        What is left then is as if the process had been killed (L3).
        """
        self._closing = True
        draining = self._draining
        if draining is not None:
            _, hanging = await asyncio.wait({draining}, timeout=CLOSE_WITHIN_S)
            if hanging:
                draining.cancel()
                await asyncio.wait({draining})

    @property
    def _is_recording(self) -> bool:
        return self.not_recording_since is None and not self._gave_up

    def _not_recording(self) -> NotRecording:
        station = self.owner.station.id
        since = self.not_recording_since
        words = (
            f"since {since.isoformat()}" if since is not None else f"within {ANSWER_WITHIN_S:g} s"
        )
        return NotRecording(
            sentence(
                "{station}: what it said could not be recorded {words}",
                station=station,
                words=words,
            )
        )

    def _put(
        self, move: Move, acquisition: Acquisition | None = None
    ) -> asyncio.Future[RunRecord | None]:
        return self._append(move, must=True, acquisition=acquisition).future

    def _append(
        self, move: Move, *, must: bool, acquisition: Acquisition | None = None
    ) -> _Waiting:
        future: asyncio.Future[RunRecord | None] = asyncio.get_running_loop().create_future()
        waiting = _Waiting(
            move=move, future=future, must=must, at=self._clock.now(), acquisition=acquisition
        )
        self._inbox.append(waiting)
        if not must:
            self._note_asked(waiting)
        self._keep_draining()
        return waiting

    def _keep_draining(self) -> None:
        if self._draining is None:
            self._draining = asyncio.create_task(self._drain())

    async def _drain(self) -> None:
        try:
            while self._inbox:
                first = self._inbox.popleft()
                if isinstance(first, _Hold):
                    await self._stand_still(first)
                else:
                    await self._serve(first)
                if self._gave_up and not self._closing:
                    await self._make_up()
        except StoreTrouble as trouble:  # only at the end of the service
            self._drop_waiting(trouble)
        finally:
            self._draining = None

    async def _stand_still(self, hold: _Hold) -> None:
        self._is_held = True
        hold.reached.set()
        await hold.over.wait()
        self._is_held = False

    async def _serve(self, first: _Waiting) -> None:
        if first.future.cancelled() and not first.must:
            return  # whoever asked is gone, and was told nothing
        result: RunRecord | None = None
        try:
            result = await self._carry(first)
        except Exception as error:
            if not first.must:
                _fail(first.future, error)
            elif isinstance(error, StoreTrouble):
                _answer(first.future, None)
                raise
            else:
                self._note_refusal_or_fault(error)
        _answer(first.future, result)

    async def _carry(self, first: _Waiting) -> RunRecord | None:
        if self._retired:
            raise Refusal("no_such_station", station=self.owner.station.id)
        pending = first.move()
        if pending is None:
            return None
        return await (self._record(pending) if first.must else self._commit(pending))

    async def _commit(self, pending: Pending) -> RunRecord | None:
        self._asked_at = self._clock.now()
        try:
            record = await self._database.write(pending.command)
        except Refusal:
            self._note_answer()
            raise
        finally:
            self._asked_at = None
        self._note_answer()
        pending.settle()
        self._on_change()
        return record

    def _note_answer(self) -> None:
        if self.not_recording_since is not None:
            log.warning("recording again", extra=self._about())
        self.not_recording_since = None

    async def _record(self, pending: Pending) -> RunRecord | None:
        """Record what the station led to; StoreTrouble only if the service ends before."""
        while True:
            try:
                return await self._commit(pending)
            except Refusal:
                raise
            except NotRecordable as never:
                return await self._record_instead(pending, never)
            except StoreTrouble as trouble:
                self._note_trouble(trouble)
                if not self._closing:
                    await self._clock.sleep(RETRY_S)
                if self._closing:  # each try may take seconds, and nobody waits for us that long
                    raise
            except Exception as bug:  # noqa: BLE001  because it would come again each time, too
                return await self._record_instead(pending, bug)

    async def _record_instead(self, pending: Pending, error: Exception) -> RunRecord | None:
        """Record what stands in the place of what is not recordable (L3)."""
        self._faults += 1
        bug = None if isinstance(error, StoreTrouble) else error
        log.error("not recordable", exc_info=bug, extra=self._about() | {"reason": str(error)})
        record = None
        for each in pending.instead(self._clock.now()):
            record = await self._record(each) or record
        return record

    def _note_trouble(self, trouble: StoreTrouble) -> None:
        now = self._clock.now()
        if self.not_recording_since is None:
            self.not_recording_since = now
            log.error("not recording", extra=self._about() | {"reason": str(trouble)})
            self._refuse_acts()
            self._on_change()
        if now - self.not_recording_since >= timedelta(seconds=GIVE_UP_AFTER_S):
            self._give_up()

    def _refuse_acts(self, asked_until: datetime | None = None) -> None:
        """Let nobody wait behind what can't be recorded now, or not for longer."""
        stay: deque[_Waiting | _Hold] = deque()
        self._answer_by = None
        for each in self._inbox:
            if each.must:
                stay.append(each)
            elif asked_until is not None and each.at > asked_until:
                stay.append(each)
                self._note_asked(each)
            else:
                _refuse(each, self._not_recording())
        self._inbox = stay

    def _note_asked(self, asked: "_Waiting | _Hold") -> None:
        if self._answer_by is None:
            self._answer_by = asked.at + timedelta(seconds=ANSWER_WITHIN_S)

    def _give_up(self) -> None:
        """Judge no run any more by what waits; what is being recorded is still recorded."""
        if self._gave_up:
            return
        self._gave_up = True
        log.error("no longer judging by what waits for the database", extra=self._about())
        self._refuse_acts()
        waiting, self._inbox = self._inbox, deque()
        for each in waiting:
            if isinstance(each, _Waiting):
                if each.acquisition is not None:
                    self._take_aside(each.acquisition)
                _answer(each.future, None)

    def _take_aside(self, acquisition: Acquisition) -> None:
        """Show what was read, and keep a part that was seen where it must not be (L5)."""
        pending = self._guarded(lambda: self.owner.take_aside(acquisition))
        if pending is None:
            return
        if len(self._sightings) < MOST_SIGHTINGS:
            self._sightings.append(pending)
        else:
            self._faults += 1
            log.error("a part seen elsewhere is not recorded: too many", extra=self._about())

    async def _make_up(self) -> None:
        """End the run by which nothing was judged, and tell what else was seen."""
        now = self._clock.now()
        ended = self._guarded(lambda: self.owner.end_unrecorded(Why.NOT_RECORDED, now))
        if ended is not None:
            self._sightings.appendleft(ended)
        while self._sightings:
            try:
                await self._record(self._sightings.popleft())
            except Refusal as refusal:
                self._note_refusal_or_fault(refusal)
        self._gave_up = False

    def _drop_waiting(self, trouble: StoreTrouble) -> None:
        """Take nothing more: what comes later must not be recorded without what came before."""
        while self._inbox:
            _refuse(self._inbox.popleft(), trouble)

    def _guarded(self, move: Move) -> Pending | None:
        try:
            return move()
        except Exception as error:  # noqa: BLE001  because one station's bug must not stop the others
            self._note_refusal_or_fault(error)
            return None

    def _note_refusal_or_fault(self, error: Exception) -> None:
        if isinstance(error, Refusal):
            log.warning(
                "refused what the station led to", extra=self._about() | {"reason": error.code}
            )
            return
        self._faults += 1
        log.error("fault at a station", exc_info=error, extra=self._about())

    def _about(self) -> dict[str, object]:
        run = self.owner.run
        return {"station": self.owner.station.id, "run": run.id if run is not None else None}


_SILENT = StoreTrouble(sentence("the database does not answer"), TroubleWhy.NO_ANSWER)


def _refuse(waiting: _Waiting | _Hold, trouble: StoreTrouble) -> None:
    if isinstance(waiting, _Hold):
        waiting.trouble = trouble
        waiting.reached.set()
    elif waiting.must:
        _answer(waiting.future, None)
    else:
        _fail(waiting.future, trouble)


def _answer(future: asyncio.Future[RunRecord | None], result: RunRecord | None) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: asyncio.Future[RunRecord | None], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)

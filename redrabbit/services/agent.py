"""The agent: it watches every station, keeps every obligation, and shows that it is alive.

At start it adopts the configuration, takes up what an earlier life left behind (L3, L7) and makes
what came due meanwhile; then readings and deadlines move the runs. It is the one owner of the
stations of its plant (B22).
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta

from redrabbit.base.clock import Clock
from redrabbit.domain.challenge_part import Custody
from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.facts.challenge_part import PartMissing
from redrabbit.domain.facts.plant import AgentStarted, AgentStopped, ClockStepped
from redrabbit.domain.facts.run import RunClosed
from redrabbit.domain.identity import AGENT, StationId
from redrabbit.domain.ledger import PLANT_STREAM
from redrabbit.domain.observation import Acquisition, StationView
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import (
    AgentRecord,
    ChallengePartRecord,
    PresentationRecord,
    RunRecord,
    StationRecord,
)
from redrabbit.domain.run import Outcome, Run, worst_outcome
from redrabbit.services import scheduling
from redrabbit.services.adopting import adopt
from redrabbit.services.alarming import raise_alarm
from redrabbit.services.errors import StoreTrouble
from redrabbit.services.one_life import OneLife
from redrabbit.services.ports import Database, Reader, UnitOfWork, equals
from redrabbit.services.record_fact import record
from redrabbit.services.running import rebuild_run
from redrabbit.services.runs_under_way import runs_under_way
from redrabbit.services.station_desk import StationDesk
from redrabbit.services.supervising import Supervisor
from redrabbit.services.watch import StationWatch
from redrabbit.services.watching import Watching

TICK_S = 0.05
"""How often deadlines and silent stations are looked at."""
SCHEDULE_S = 0.5
"""How often, at the longest, obligations are looked at: people change them, too."""
HEART_STOPPED_AFTER_S = 5.0
"""Without a beat for so long nobody is watching (B20)."""
CLOCK_STEP_S = 1.0
"""A wall clock that is this far off has been set; smaller drift is adopted unseen."""

Formerly = Callable[[Reader], Plant | None]
"""Returns the plant as it was last in force; None where nobody can tell any more."""

log = logging.getLogger("redrabbit.agent")


class Opened:
    """What one agent's life starts from."""

    def __init__(self, agent_id: int, watches: list[StationWatch]) -> None:
        self.agent_id = agent_id
        self.watches = watches


def open_life(
    uow: UnitOfWork,
    plant: Plant,
    files: Mapping[str, str],
    software: str,
    *,
    formerly: Formerly | None = None,
) -> Opened:
    """Begin one life: adopt, take up runs, make what came due while nobody watched.

    What came due before this configuration is owed by the one before it (L7); where that can't be
    read any more, what was made of it is at least not forgiven.
    """
    number = uow.next_number(AgentRecord)
    started = AgentStarted(agent_id=number, software=software)
    record(uow, started, stream=PLANT_STREAM, actor=AGENT)
    before = formerly(uow) if formerly is not None else None
    if before is not None:
        scheduling.step(uow, before)
    else:
        scheduling.bring_up(uow)
    adopt(uow, plant, files, software)
    runs = _taken_up(uow, plant)
    watches: list[StationWatch] = []
    for station in plant.stations:
        known = uow.get(StationRecord, station.id)
        watch = StationWatch(
            plant,
            station,
            started_at=uow.now,
            recorded_lost=known is not None and known.no_data_since is not None,
            run=runs.get(station.id),
        )
        pending = watch.restart(uow.now)
        if pending is not None:
            pending.command(uow)
            pending.settle()
        watches.append(watch)
    scheduling.step(uow, plant)
    return Opened(number, watches)


def _taken_up(uow: UnitOfWork, plant: Plant) -> dict[StationId, Run]:
    runs: dict[StationId, Run] = {}
    for known in runs_under_way(uow):
        run = rebuild_run(uow, plant, known)
        if run is None:
            _give_up(uow, known)
        else:
            runs[StationId(known.station)] = run
    return runs


def _give_up(uow: UnitOfWork, run: RunRecord) -> None:
    """Close a run that the configuration no longer allows; tell which part is still out."""
    shown = uow.find(
        PresentationRecord, equals("run_id", run.run_id), equals("decides", value=True)
    )
    verdicts = [p.verdict for p in shown if p.verdict is not None]
    outcome = worst_outcome(verdicts) or Outcome.ABORTED
    for part in uow.find(ChallengePartRecord, equals("run_id", run.run_id)):
        if part.custody is not Custody.MISSING:
            _note_missing(uow, run, part.part_id)
    closed = RunClosed(
        station=run.station,
        device=run.device,
        run_id=run.run_id,
        outcome=outcome,
        reason="configuration_changed",
        confirmed_by=None,
    )
    record(uow, closed, stream=run.line, actor=AGENT)


def _note_missing(uow: UnitOfWork, run: RunRecord, part_id: str) -> None:
    missing = PartMissing(
        part_id=part_id, run_id=run.run_id, station=run.station, device=run.device
    )
    record(uow, missing, stream=run.line, actor=AGENT)
    raise_alarm(
        uow,
        AlarmKind.NOT_RETURNED,
        at=uow.now,
        line=run.line,
        station=run.station,
        device=run.device,
        part_id=part_id,
        run_id=run.run_id,
    )


class Agent:
    """Watches the stations of one plant; its desks take the links' acquisitions."""

    def __init__(
        self,
        plant: Plant,
        files: Mapping[str, str],
        database: Database,
        clock: Clock,
        software: str,
        *,
        formerly: Formerly | None = None,
    ) -> None:
        self.plant = plant
        self._files = files
        self.database = database
        self.superseded = asyncio.Event()
        """Set when another agent has taken over: this one must end (B22)."""
        self.clock = clock
        self._software = software
        self._formerly = formerly
        self.supervisor = Supervisor(clock)
        self.desks: dict[StationId, StationDesk] = {}
        self._agent_id: int | None = None
        self._commits = 0
        self._beat_at: datetime | None = None

    async def open(self) -> None:
        """Begin this life in one transaction."""
        opened = await self.database.write(
            lambda uow: open_life(
                uow, self.plant, self._files, self._software, formerly=self._formerly
            )
        )
        self._agent_id = opened.agent_id
        self.database = OneLife(self.database, opened.agent_id, self.superseded.set)
        self.desks = {
            watch.station.id: StationDesk(watch, self.database, self.clock, self.note_commit)
            for watch in opened.watches
        }
        self._beat_at = self.clock.now()

    def sink(self, acquisition: Acquisition) -> Awaitable[object] | None:
        """Take one acquisition from a link."""
        return self.desks[acquisition.station].take(acquisition)

    async def run(self) -> None:
        """Watch until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for name, work in self._tasks().items():
                tasks.create_task(self.supervisor.keep(name, work), name=name)

    async def close(self) -> None:
        """End this life in good order: everything taken in is committed, if the database can."""
        await asyncio.gather(*(desk.close() for desk in self.desks.values()))
        if self._agent_id is None:
            return
        number = self._agent_id
        with suppress(StoreTrouble):  # it is as if the process had been killed: L7 covers that
            await self.database.write(lambda uow: _note_stopped(uow, number))

    def tick(self, now: datetime) -> None:
        """Look at every deadline and every silent station: one beat of the heart (B20)."""
        for desk in self.desks.values():
            desk.tick(now)
        self._beat_at = now

    def note_commit(self) -> None:
        """Count a commit, for `version`."""
        self._commits += 1

    def version(self) -> int:
        """Return a number that grows with every commit and every changed reading."""
        return self._commits + sum(desk.watch.live.changes for desk in self.desks.values())

    def views(self) -> dict[StationId, StationView]:
        """Return the live readings of every station."""
        now = self.clock.now()
        return {station: desk.watch.view(now) for station, desk in self.desks.items()}

    def watching(self) -> Watching:
        """Return whether the heart beats, and when a station was last read."""
        readings = [desk.watch.live.last_good_at() for desk in self.desks.values()]
        known = [at for at in readings if at is not None]
        beat = self._beat_at
        stopped = beat is None or self.clock.now() - beat > timedelta(seconds=HEART_STOPPED_AFTER_S)
        return Watching(
            last_beat_at=beat,
            last_reading_at=max(known) if known else None,
            not_watching_since=beat if stopped else None,
        )

    def _tasks(self) -> dict[str, Callable[[], Awaitable[None]]]:
        return {
            "deadlines": self._keep_deadlines,
            "obligations": self._keep_obligations,
            "clock": self._keep_clock,
        }

    async def _keep_deadlines(self) -> None:
        while True:
            self.tick(self.clock.now())
            await self.clock.sleep(TICK_S)

    async def _keep_obligations(self) -> None:
        told = False
        while True:
            try:
                await self._step_obligations()
                told = False
            except StoreTrouble as trouble:
                if not told:
                    log.error("obligations not kept", extra={"reason": str(trouble)})  # noqa: TRY400  because trouble is no bug: no traceback
                told = True
                await self.clock.sleep(SCHEDULE_S)

    async def _step_obligations(self) -> None:
        now = self.clock.now()
        next_at = await self.database.read(
            lambda reader: scheduling.next_step_at(reader, self.plant, now)
        )
        wait_s = (next_at - now).total_seconds() if next_at is not None else SCHEDULE_S
        await self.clock.sleep(min(wait_s, SCHEDULE_S))
        if next_at is not None and self.clock.now() >= next_at:
            await self.database.write(lambda uow: scheduling.step(uow, self.plant))
            self.note_commit()

    async def _keep_clock(self) -> None:
        while True:
            drift = self.clock.drift()
            quiet = not any(desk.busy or desk.watch.judging for desk in self.desks.values())
            if abs(drift.total_seconds()) >= CLOCK_STEP_S and quiet:
                await self._adopt_clock()
            await self.clock.sleep(1.0)

    async def _adopt_clock(self) -> None:
        """Adopt a wall clock that was set; durations under way stay what they were (R46)."""
        before = self.clock.now()
        step = self.clock.reanchor()
        for desk in self.desks.values():
            desk.shift(step)
        while True:
            try:
                await self.database.write(lambda uow: note_clock_step(uow, before, step))
            except StoreTrouble:
                await self.clock.sleep(SCHEDULE_S)
            else:
                break
        log.warning("clock stepped", extra={"step_s": step.total_seconds()})


def note_clock_step(uow: UnitOfWork, before: datetime, step: timedelta) -> None:
    """Record that the machine's clock was set: `before` is what it said until then (R46)."""
    stepped = ClockStepped(step_s=step.total_seconds())
    record(uow, stepped, stream=PLANT_STREAM, at=before, actor=AGENT)
    raise_alarm(uow, AlarmKind.CLOCK_STEP, at=uow.now)


def _note_stopped(uow: UnitOfWork, agent_id: int) -> None:
    record(uow, AgentStopped(agent_id=agent_id), stream=PLANT_STREAM, actor=AGENT)

"""The agent: it watches every station, keeps every obligation, and shows that it is alive.

At start it adopts the configuration, takes up what an earlier life left behind (L3, L7) and makes
what came due meanwhile; then readings and deadlines move the runs. It is the one owner of the
stations of its plant (B22).
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from datetime import datetime

from redrabbit.base.clock import Clock
from redrabbit.base.sentence import sentence
from redrabbit.domain.facts.part_count import CountedWhy
from redrabbit.domain.facts.plant import AgentStopped
from redrabbit.domain.identity import AGENT, CheckId, LineId, StationId
from redrabbit.domain.ledger import PLANT_STREAM
from redrabbit.domain.observation import Acquisition, StationView
from redrabbit.domain.part_count import PartCount
from redrabbit.domain.plant import Plant
from redrabbit.domain.record_query import latest
from redrabbit.domain.records import ConfigurationRecord, PulseRecord
from redrabbit.services import scheduling
from redrabbit.services.agent_heartbeat import AgentHeartbeat
from redrabbit.services.catching_up import REST_S, CatchUp
from redrabbit.services.clock_steps import CLOCK_STEP_S, ClockWatch
from redrabbit.services.errors import OtherPlant, StoreTrouble
from redrabbit.services.fenced_database import FencedDatabase
from redrabbit.services.loop_watch import LoopWatch
from redrabbit.services.noting_stream_heads import are_heads_due, note_stream_heads
from redrabbit.services.plan_revisions import StagedPlan, until_change
from redrabbit.services.ports import Database, Reader, UnitOfWork
from redrabbit.services.pulse_learning import keep
from redrabbit.services.record_fact import record
from redrabbit.services.recording_watch import RecordingWatch
from redrabbit.services.settling_clock import confirm_by_second_source
from redrabbit.services.station_queue import CLOSE_WITHIN_S, Recording, StationQueue
from redrabbit.services.supervising import Supervisor
from redrabbit.services.taking_up import Opened, PlanChange, TakenOver, open_life, take_over
from redrabbit.services.telling_counts import (
    ToTell,
    UnprovedTold,
    counts_to_tell,
    paused_lines,
    tell_all,
    tell_news,
    unproved_to_tell,
)

TICK_S = 0.05
"""How often deadlines and silent stations are looked at."""
SCHEDULE_S = 0.5
"""How often, at the longest, obligations are looked at: people change them, too."""
LEARNING_S = 1.0
"""How often it is looked whether something was learnt of the pulses."""
COUNTS_S = 1.0
"""How often it is looked whether a count must be told."""
STREAM_HEADS_S = 10.0
"""How often it is looked whether an hour or a shift has ended."""

PreviousPlant = Callable[[Reader], Plant | None]
"""Returns the plant as it was last in force; None where nobody can tell any more."""

log = logging.getLogger("redrabbit.agent")


class Agent:
    """Watches the stations of one plant; its queues take the links' acquisitions."""

    def __init__(
        self,
        plant: Plant,
        files: Mapping[str, str],
        database: Database,
        clock: Clock,
        software: str,
        *,
        previous_plant: PreviousPlant | None = None,
        may_be_renamed: bool = False,
        passed: Sequence[PlanChange] = (),
        staged: StagedPlan | None = None,
    ) -> None:
        self.plant = plant
        """The plant in force, for whoever shows it; a command asks `in_force` (D52)."""
        self._coming: Plant | None = None
        """The plant that is being taken over."""
        self._one_at_a_time = asyncio.Lock()
        self.files = files
        """What is in force, by file name: the plan is that of the revision in force."""
        self.database = database
        self.superseded = asyncio.Event()
        """Set when another agent has taken over: this one must end (B22)."""
        self.clock = clock
        self._software = software
        self._previous_plant = previous_plant
        self._may_be_renamed = may_be_renamed
        self._passed, self._staged = passed, staged
        self.supervisor = Supervisor(clock)
        self.queues: dict[StationId, StationQueue] = {}
        self._agent_id: int | None = None
        self._commits = 0
        self.recording_watch = RecordingWatch(clock)
        """Whether anything is recorded; it is told by whoever beats into the database."""
        self.loop_watch = LoopWatch(clock)
        """Whether the loop of the deadlines turns."""
        self.clock_watch = ClockWatch(clock)
        """Which steps of the clock are not recorded yet, and whether one is in doubt."""
        self.catch_up = CatchUp(self._bring_some_up, clock)
        """How far the obligations are."""
        self._unproved_told: UnprovedTold = {}
        self.heads_said_until: datetime | None = None
        """Up to when every hour and shift that ended is said in the ledger; None: not looked at yet."""

    async def open(self) -> None:
        """Begin this life; the plant until now is read before, and what it owes is brought up first.

        That is one transaction, unless that plant owes much and another one is to be adopted. OtherPlant, and nothing changes, where that has another name.
        """
        before = (
            await self.database.read(self._previous_plant)
            if self._previous_plant is not None
            else None
        )
        if before is not None and before.name != self.plant.name and not self._may_be_renamed:
            raise OtherPlant(
                sentence(
                    "the database has the records of the plant {name!r}, and the configuration is of {name_2!r}. "
                    "Nothing was changed: expected the configuration or the database of one plant. If the plant has "
                    "a new name, start once with --plant-renamed",
                    name=before.name,
                    name_2=self.plant.name,
                )
            )
        outside = self.database

        def begin(agent_id: int | None) -> Callable[[UnitOfWork], Opened]:
            return lambda uow: open_life(
                uow,
                self.plant,
                self.files,
                self._software,
                before=before,
                agent_id=agent_id,
                passed=self._passed,
                staged=self._staged,
            )

        opened = await outside.write(begin(None))
        self._agent_id = opened.agent_id
        self.database = FencedDatabase(
            outside, opened.agent_id, self.superseded.set, self.loop_watch, self.clock_watch
        )
        while not opened.is_open:
            self.catch_up.note(opened.left_since)
            await self.clock.sleep(REST_S)
            opened = await self.database.write(begin(opened.agent_id))
        self.catch_up.note(opened.left_since)
        self.queues = {
            owner.station.id: StationQueue(owner, self.database, self.clock, self.note_commit)
            for owner in opened.owners
        }
        await self.database.read(self.clock_watch.look)
        self.loop_watch.turned()

    def in_force(self, reader: Reader) -> Plant:
        """Return the plant in force as this command sees it: never what it was when it was asked.

        While another one is taken over, commands before its adoption still see the old one.
        """
        if self._coming is not None and _adopted(reader) == self._coming.digest:
            return self._coming
        return self.plant

    async def take_over(
        self, plant: Plant, files: Mapping[str, str], *, at: datetime | None = None
    ) -> TakenOver:
        """Put another configuration in force without a restart (D52), in one transaction.

        Every station's queue stands still meanwhile: what was in it before is done under the old
        configuration, what comes later under the new one, in order. Raises StoreTrouble, and
        changes nothing, where the database can't.

        Links are not touched: whoever runs them starts those of `relink` anew and ends those of
        `removed`. Receivers of messages stay those of the start.

        `at` is the instant from which its plan counts, which has come: see `redrabbit.services.taking_up.take_over`.
        """
        return await asyncio.shield(asyncio.create_task(self._take_over(plant, files, at)))

    async def _take_over(
        self, plant: Plant, files: Mapping[str, str], at: datetime | None
    ) -> TakenOver:
        """Do it to its end, whoever gave up waiting: half of it would be two plants at once."""
        async with self._one_at_a_time, AsyncExitStack() as held:
            if self.catch_up.now is not None:  # else it is little, and done with the rest
                await self.catch_up.finish()
            for queue in self.queues.values():
                await held.enter_async_context(queue.held())
            self.views()  # so that the writer's thread finds nothing to put into the readings
            before, owners = self.plant, {name: queue.owner for name, queue in self.queues.items()}
            with suppress(StoreTrouble):  # then it is learnt again
                await self.record_pulses()
            self._coming = plant  # stays on trouble: a commit may have been made all the same
            taken = await self.database.write(
                lambda uow: take_over(
                    uow, plant, files, self._software, before=before, owners=owners, at=at
                )
            )
            self._put_in_force(plant, files, taken)
        return taken

    def _put_in_force(self, plant: Plant, files: Mapping[str, str], taken: TakenOver) -> None:
        """Give every queue its owner; nothing here can fail or wait."""
        version = self.version()
        self.plant, self._coming, self.files = plant, None, files
        for name in taken.removed:
            self.queues.pop(name).retire()
        for name, queue in self.queues.items():
            if name in taken.rebuilt:
                queue.owner = taken.rebuilt[name]
            else:
                queue.owner.go_on_under(plant)
        for name, owner in taken.rebuilt.items():
            if name not in self.queues:
                self.queues[name] = StationQueue(owner, self.database, self.clock, self.note_commit)
        self._commits += max(0, version - self.version()) + 1

    def sink(self, acquisition: Acquisition) -> Awaitable[object] | None:
        """Take one acquisition from a link."""
        queue = self.queues.get(acquisition.station)
        if queue is None:
            return None  # no longer in the plant
        return queue.take(acquisition)

    async def run(self) -> None:
        """Watch until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for name, work in self._tasks().items():
                tasks.create_task(self.supervisor.keep(name, work), name=name)

    async def close(self) -> None:
        """End this life in good order: everything taken in is committed, if the database can.

        Whoever closes the database ends the wait for a commit of which nobody knows; so it is not waited for here.
        """
        await asyncio.gather(*(queue.close() for queue in self.queues.values()))
        away = any(queue.not_recording_since for queue in self.queues.values())
        if self._agent_id is None or away:
            return
        number, counts = self._agent_id, self.counts()
        plant = self.plant
        with suppress(StoreTrouble, TimeoutError):  # it is as if it had been killed: L7 covers that
            async with asyncio.timeout(CLOSE_WITHIN_S):
                await self.record_pulses()
                await self.database.write(lambda uow: note_stopped(uow, number, plant, counts))

    def tick(self, now: datetime) -> None:
        """Look at every deadline and every silent station: one beat of the heart (B20)."""
        self.loop_watch.turned()
        for queue in self.queues.values():
            queue.tick(now)

    def note_commit(self) -> None:
        """Count a commit, for `version`."""
        self._commits += 1

    def commits(self) -> int:
        """Return a number that grows with every commit."""
        return self._commits

    def version(self, station: StationId | None = None) -> int:
        """Return a number that grows with every commit and every changed reading.

        Of one station's readings only, where it is named; 0 for one that the plant has no more.
        """
        if station is None:
            return self._commits + sum(queue.owner.live.changes for queue in self.queues.values())
        queue = self.queues.get(station)
        return self._commits + queue.owner.live.changes if queue is not None else 0

    def views(self, only: StationId | None = None) -> dict[StationId, StationView]:
        """Return the live readings of every station, and whether what it says is recorded.

        Of one station only where it is named: readings are made when somebody asks for them, and of a
        hundred stations that holds the event loop for as long as a few polls take.
        """
        now = self.clock.now()
        return {
            station: replace(queue.owner.view(now), not_recorded_since=queue.not_recording_since)
            for station, queue in self.queues.items()
            if only is None or station == only
        }

    def recording(self) -> dict[StationId, Recording]:
        """Return how recording fares at every station."""
        return {station: queue.recording for station, queue in self.queues.items()}

    def counts(self) -> dict[StationId, PartCount]:
        """Return what each station has counted that tells it and can be read."""
        now = self.clock.now()
        found = {station: q.owner.production.counting.at(now) for station, q in self.queues.items()}
        return {station: count for station, count in found.items() if count is not None}

    def heartbeat(self) -> AgentHeartbeat:
        """Return whether the heart beats, and when a station was last read."""
        readings = [queue.owner.live.last_good_at() for queue in self.queues.values()]
        last_reading_at = max((at for at in readings if at is not None), default=None)
        beat = self.loop_watch.last_turn_at
        return AgentHeartbeat(
            last_beat_at=beat,
            last_reading_at=last_reading_at,
            reading_age=self.clock.now() - last_reading_at if last_reading_at else None,
            not_watching_since=beat if self.loop_watch.stands_still else None,
            not_recording=self.recording_watch.stopped(),
            catching_up=self.catch_up.now,
            clock_doubt=self.clock_watch.doubt,
        )

    def _tasks(self) -> dict[str, Callable[[], Awaitable[None]]]:
        return {
            "deadlines": self._keep_deadlines,
            "obligations": self._keep_obligations,
            "counts": self._keep_counts,
            "pulses": self._keep_pulses,
            "clock": self._keep_clock,
            "stream heads": self._keep_stream_heads,
        }

    async def _keep_deadlines(self) -> None:
        while True:
            self.tick(self.clock.now())
            await self.clock.sleep(TICK_S)

    async def _keep_obligations(self) -> None:
        is_logged = False
        while True:
            try:
                await self._step_obligations()
                is_logged = False
            except StoreTrouble as trouble:
                if not is_logged:
                    log.error("obligations not kept", extra={"reason": str(trouble)})  # noqa: TRY400  because trouble is no bug: no traceback
                is_logged = True
                await self.clock.sleep(SCHEDULE_S)

    async def _step_obligations(self) -> None:
        if self.loop_watch.holes():  # recorded with whatever is written next; and at once
            await self.database.write(lambda _: None)
        now = self.clock.now()
        next_at = await self.database.read(
            lambda reader: scheduling.next_step_at(reader, self.plant, now)
        )
        wait_s = (next_at - now).total_seconds() if next_at is not None else SCHEDULE_S
        await self.clock.sleep(min(wait_s, SCHEDULE_S))
        if next_at is not None and self.clock.now() >= next_at:
            await self.catch_up.finish()

    async def _bring_some_up(self, only: CheckId | None) -> datetime | None:
        left_since = await self.database.write(
            lambda uow: scheduling.step_some(until_change(uow), self.in_force(uow), only=only)
        )
        self.note_commit()
        return left_since

    async def _keep_counts(self) -> None:
        """Tell counts when a pause, a recorded stop or a missing proof makes them matter (D34)."""
        paused = await self.database.read(lambda reader: paused_lines(reader, self.clock.now()))
        while True:
            await self.clock.sleep(COUNTS_S)
            with suppress(StoreTrouble):  # looked at again: what it would have told is still true
                paused = await self._tell_counts(paused)

    async def _tell_counts(self, paused: frozenset[LineId]) -> frozenset[LineId]:
        now, counts = self.clock.now(), self.counts()
        busy = {station for station, queue in self.queues.items() if queue.owner.run is not None}
        plant, told_before = self.plant, self._unproved_told

        def look(reader: Reader) -> tuple[tuple[ToTell, ...], UnprovedTold, frozenset[LineId]]:
            news = counts_to_tell(reader, plant, counts, busy, paused_before=paused, now=now)
            unproved, told = unproved_to_tell(reader, plant, counts, told_before, now)
            return (*news, *unproved), told, paused_lines(reader, now)

        news, told, paused_now = await self.database.read(look)
        if news:
            await self.database.write(lambda uow: tell_all(uow, news))
            self.note_commit()
        self._unproved_told = told
        return paused_now

    async def _keep_stream_heads(self) -> None:
        """Say in the ledger where its streams stand, each hour and at the end of each shift (D25)."""
        began_at = self.clock.now()
        while True:
            await self.clock.sleep(STREAM_HEADS_S)
            with suppress(StoreTrouble):  # it is said later
                now, plant = self.clock.now(), self.plant
                if await self.database.read(
                    lambda reader: are_heads_due(reader, plant, began_at, now)  # noqa: B023  read at once
                ):
                    await self.database.write(note_stream_heads)
                    self.note_commit()
                self.heads_said_until = now

    async def _keep_pulses(self) -> None:
        """Record what was learnt of how long answers last (D30)."""
        while True:
            await self.clock.sleep(LEARNING_S)
            with suppress(StoreTrouble):  # what was learnt waits until the next look
                await self.record_pulses()

    async def record_pulses(self) -> None:
        """Record what was learnt and is not recorded yet; raises StoreTrouble."""
        news = [(q.owner, each) for q in self.queues.values() for each in q.owner.pulses.news()]
        if not news:
            return
        kept = await self.database.write(
            lambda uow: [keep(uow, self.in_force(uow), each) for _, each in news]
        )
        for (owner, each), pulse in zip(news, kept, strict=True):
            owner.pulses.recorded(each, pulse)
        self.note_commit()

    def note_pulse(self, pulse: PulseRecord) -> None:
        """Judge by what a person decided of a pulse."""
        queue = self.queues.get(StationId(pulse.station))
        if queue is not None:
            queue.owner.pulses.decided(pulse)
            queue.owner.judge_by_pulses()

    async def _keep_clock(self) -> None:
        while True:
            drift = self.clock.drift()
            quiet = all(queue.is_quiet for queue in self.queues.values())
            with suppress(
                StoreTrouble
            ):  # whatever is recorded next records the step; and it is looked again
                if abs(drift.total_seconds()) >= CLOCK_STEP_S and quiet:
                    self._adopt_clock()
                if self.clock_watch.steps():
                    await self.database.write(self.clock_watch.look)
                    self.note_commit()
                if self.clock_watch.doubt is not None:
                    await self._settle_clock()
            await self.clock.sleep(1.0)

    def _adopt_clock(self) -> None:
        """Adopt a wall clock that was set; durations under way stay what they were (R46)."""
        step = self.clock_watch.adopt()
        for queue in self.queues.values():
            queue.shift(step)
        log.warning("clock stepped", extra={"step_s": step.total_seconds()})

    async def _settle_clock(self) -> None:
        """Ask the second source about a clock in doubt, and look whether a person has settled it."""
        if self.clock.is_synchronised():
            await self.database.write(confirm_by_second_source)
        await self.database.read(self.clock_watch.look)
        self.note_commit()


def _adopted(reader: Reader) -> str | None:
    last = latest(reader, ConfigurationRecord, by="entry")
    return last.digest if last is not None else None


def note_stopped(
    uow: UnitOfWork, agent_id: int, plant: Plant, counts: Mapping[StationId, PartCount]
) -> None:
    """Record that this life of the agent ended in good order, and what was counted until then."""
    for station in plant.stations:
        tell_news(uow, station, counts.get(station.id), CountedWhy.SERVICE_ENDED, uow.now)
    record(uow, AgentStopped(agent_id=agent_id), stream=PLANT_STREAM, actor=AGENT)
    note_stream_heads(uow)

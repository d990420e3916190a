"""One station under watch: its live readings, its run under way, and what both come to.

Every input gives at most one `Pending`: the run as it would be, and the command that records it.
It awaits nothing, so the service and the simulation drive the same code.

Where something of a run is not recordable, the run ends with that reason (L3, decision 0011). Only a
verdict against the device is recorded all the same, without what it rests on: nobody gets rid of a
miss by telling a value that no database takes (L4).
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from redrabbit.domain.errors import Refusal
from redrabbit.domain.event_signals import EventSeen, EventSignals
from redrabbit.domain.identity import (
    Actor,
    CheckId,
    ContainmentId,
    DeviceId,
    OccurrenceId,
    PartId,
)
from redrabbit.domain.machine_watch import MachineWatch, needs_watch
from redrabbit.domain.observation import Acquisition, Readings, StationView
from redrabbit.domain.plant import Plant
from redrabbit.domain.record_query import recorded
from redrabbit.domain.records import RunRecord
from redrabbit.domain.run import (
    Aborted,
    Confirmed,
    DeadlineExpired,
    Disowned,
    Effect,
    Event,
    GivenBack,
    NotRecorded,
    Observed,
    PartIssued,
    Restarted,
    Run,
    SaidHeld,
    Scanned,
    SetDeadline,
    Tapped,
    Told,
    VerdictReached,
    instant_of,
)
from redrabbit.domain.run_open_verdict import left_open, open_until
from redrabbit.domain.run_transitions import advance
from redrabbit.domain.run_watching import watched_by
from redrabbit.domain.run_words import Outcome, RunState, Why, worst_outcome
from redrabbit.domain.schedule_rules import PlantEvent
from redrabbit.domain.signal_log import SignalLog
from redrabbit.domain.station import Station
from redrabbit.services.evidence_json import without_readings
from redrabbit.services.first_parts import FirstParts
from redrabbit.services.live import LiveStation
from redrabbit.services.losses import Losses
from redrabbit.services.part_counting import CountedBefore
from redrabbit.services.parts_due import PartsDue
from redrabbit.services.pending import Pending, joined
from redrabbit.services.plant_events import noted
from redrabbit.services.ports import UnitOfWork
from redrabbit.services.production import Production
from redrabbit.services.pulse_learning import UNKNOWN, LearntSoFar, PulseLearning
from redrabbit.services.run_effects import Scene, carry_out, keep_refused_scan, raise_escape
from redrabbit.services.running import start_run


class StationOwner:
    """The station's one owner: everything that concerns it passes here, one after another."""

    def __init__(
        self,
        plant: Plant,
        station: Station,
        *,
        started_at: datetime,
        recorded_lost: bool,
        recorded_blind: Iterable[DeviceId] = (),
        run: Run | None = None,
        reads_on: "StationOwner | None" = None,
        counted: CountedBefore | None = None,
        learnt: LearntSoFar = UNKNOWN,
    ) -> None:
        self._plant = plant
        self.station = station
        self.live: LiveStation = (
            LiveStation(station, started_at) if reads_on is None else reads_on.live.of(station)
        )
        self.machine: MachineWatch | None = None
        if reads_on is not None:
            self.machine = reads_on.machine
        elif needs_watch(station):
            self.machine = MachineWatch(station)
        self.production: Production = (
            Production(station, counted) if reads_on is None else reads_on.production.of(station)
        )
        self.events: EventSignals = EventSignals(
            station, None if reads_on is None else reads_on.events
        )
        self._parts_due: PartsDue = PartsDue(
            plant,
            station,
            None if reads_on is None else reads_on._parts_due,  # noqa: SLF001  because it is the same one, under another file
        )
        self._first_parts = FirstParts(plant, station)
        self.pulses = PulseLearning(station, learnt)
        self.run = run
        self._losses = Losses(station, is_lost=recorded_lost, blind=recorded_blind)
        self._parts = frozenset(part.id for part in plant.parts)
        self._is_let_be = False
        """Not even the end of the run is recordable: no reading and no time moves it any more."""
        self.signals: SignalLog | None = None
        """What the signals have done since the run under way began, or was taken up."""
        if run is not None:
            kept = reads_on.signals if reads_on is not None else None
            self.signals = kept or SignalLog.begun(self.live.readings, started_at)
        self.judge_by_pulses()

    def go_on_under(self, plant: Plant) -> None:
        """Go on under another configuration, which leaves this station and its run as they are."""
        self._plant = plant
        self._parts_due.go_on_under(plant)
        self._first_parts.go_on_under(plant)
        self._parts = frozenset(part.id for part in plant.parts)

    def view(self, now: datetime) -> StationView:
        """Return what pages show of the station."""
        counting = self.production.counting
        last = counting.so_far()
        return replace(
            self.live.view(now),
            count=counting.at(now),
            counted_last=last.count if last is not None else None,
            verdict_open_until=open_until(self.run) if self.run and self.is_open(now) else None,
            not_the_part_said=self.run is not None and self.run.disowned is not None,
        )

    def deadline(self) -> SetDeadline | None:
        """Return the deadline of the run under way, if it has one."""
        return self.run.deadline if self.run is not None else None

    def shift(self, step: timedelta) -> None:
        """Move readings and deadlines with a step of the clock, so that durations stay (R46)."""
        self.live.shift(step)
        if self.machine is not None:
            self.machine.shift(step)
        self.production.shift(step)
        self.events.shift(step)
        self.pulses.look_away()
        if self.signals is not None:
            self.signals.shift(step)
        if self.run is not None:
            deadline = self.run.deadline
            self.run = replace(
                self.run,
                deadline=replace(deadline, at=deadline.at + step) if deadline else None,
                expires_at=self.run.expires_at + step,
            )

    @property
    def judging(self) -> bool:
        """True while a part is before the device and its verdict is open."""
        run = self.run
        return run is not None and run.state is RunState.PRESENTED and not self._is_let_be

    def is_open(self, now: datetime) -> bool:
        """Return whether the station may still take the last verdict back (decision 0024)."""
        return self.run is not None and left_open(self.run, now) is not None

    def take(self, acquisition: Acquisition) -> Pending | None:
        """Take in one acquisition."""
        acquisition = self._of_machine(acquisition)
        before = self.live.readings if self._needs_before(acquisition) else {}
        self.live.take(acquisition)
        made = self.production.take(acquisition)
        made += [
            noted(self._plant, self.station, seen) for seen in self._events_to_note(acquisition)
        ]
        counted = self._parts_made(acquisition)
        if self.pulses.take(acquisition):
            self.judge_by_pulses()
        if self.signals is not None:
            self.signals.take(acquisition)
        escape = self._escape(acquisition, before)
        moved: Pending | None = None
        if self.run is not None:
            moved = self._move(Observed(acquisition=acquisition, readings=before))
        return joined([*made, counted, moved, escape, *self._losses.ended(self.live, acquisition)])

    def take_aside(self, acquisition: Acquisition) -> Pending | None:
        """Take in one acquisition by which no run is judged any more, for want of records (decision 0011).

        It is shown, it belongs to the signals of the run, and a part seen where it must not be is told.
        """
        acquisition = self._of_machine(acquisition)
        before = self.live.readings if self._needs_before(acquisition) else {}
        self.live.take(acquisition)
        self.production.take_aside(acquisition)
        self.events.take_aside(acquisition)
        self.pulses.look_away()
        if self.signals is not None:
            self.signals.take(acquisition)
        return self._escape(acquisition, before)

    def _events_to_note(self, acquisition: Acquisition) -> list[EventSeen]:
        """Return the events that are recorded by themselves: that the line is running, is once in each shift."""
        seen = self.events.take(acquisition)
        for each in seen:
            if each.event is PlantEvent.LINE_RUNNING:
                self._first_parts.hear(each)
        return [each for each in seen if each.event is not PlantEvent.LINE_RUNNING]

    def _parts_made(self, acquisition: Acquisition) -> Pending | None:
        """Return what the count makes due; while a run is under way, it is looked at afterwards."""
        if self.run is not None:
            return None
        counting, at = self.production.counting, acquisition.window.ended_at
        begun = self._first_parts.look(self.production, at)
        return joined([self._parts_due.look(counting, at), begun])

    def judge_by_pulses(self) -> None:
        """Let the run under way be judged by what is known now of how long answers last (D30)."""
        if self.run is not None and self.pulses.in_use_s:
            self.run = watched_by(self.run, self.station, self.pulses.in_use_s)

    def end_unrecorded(
        self, why: Literal[Why.NOT_RECORDABLE, Why.NOT_RECORDED], at: datetime
    ) -> Pending | None:
        """Return what ends the run under way where it was not recorded, or is not recordable (L3)."""
        return self._move(NotRecorded(at=at, why=why)) if self.run is not None else None

    def _of_machine(self, acquisition: Acquisition) -> Acquisition:
        """Return an acquisition as it may be shown and judged: what a stopped machine shows is none (D32)."""
        return acquisition if self.machine is None else self.machine.take(acquisition)

    def _needs_before(self, acquisition: Acquisition) -> bool:
        """Return whether what was read before matters: making readings costs."""
        may_escape = self.station.part_code is not None and bool(acquisition.changes)
        return self.run is not None or may_escape

    def tick(self, now: datetime) -> Pending | None:
        """Look at the clock: an expired deadline, or a station that fell silent."""
        moved: Pending | None = None
        deadline = self.deadline()
        if deadline is not None and now >= deadline.at:
            moved = self._move(DeadlineExpired(at=now, kind=deadline.kind))
        begun = None
        if self.run is None:
            begun = self._first_parts.look_by_clock(self.production, now)
        return joined([moved, begun, self._losses.seen(self.live, now)])

    def restart(self, now: datetime) -> Pending | None:
        """Take the run up after a restart: what was not seen is not guessed (L3)."""
        return self._move(Restarted(at=now)) if self.run is not None else None

    def start(
        self,
        *,
        check_id: str,
        occurrence_id: OccurrenceId | None,
        containment_id: ContainmentId | None,
        actor: Actor,
        now: datetime,
    ) -> Pending:
        """Start a run here; refused while one is under way or the station can't be read."""
        if self.run is not None:
            raise Refusal("station_busy", station=self.station.id, run=self.run.id)
        if not self._is_checked_here(check_id):
            raise Refusal("no_such_check", check=check_id)
        self._refuse_unread(check_id, now)
        started: list[Run] = []

        def command(uow: UnitOfWork) -> RunRecord | None:
            started[:] = [
                start_run(
                    uow,
                    self._plant,
                    check_id=check_id,
                    occurrence_id=occurrence_id,
                    containment_id=containment_id,
                    actor=actor,
                )
            ]
            return uow.get(RunRecord, started[0].id)

        def settle() -> None:
            self.run = started[0]
            self.judge_by_pulses()
            self.signals = SignalLog.begun(self.live.readings, now)

        return Pending(command=command, settle=settle)

    def _refuse_unread(self, check_id: str, now: datetime) -> None:
        """Refuse a run at a device that can't be judged now: a signal it needs isn't read (D32)."""
        device = self._plant.check(CheckId(check_id)).device
        why = self.live.blind(now).get(device)
        if why is None:
            return
        if why.signal is None:
            raise Refusal("station_no_data", station=self.station.id)
        raise Refusal("device_no_data", station=self.station.id, device=device, signal=why.signal)

    def _is_checked_here(self, check_id: str) -> bool:
        """Tell whether the plan in force has this check at this station: it may be another by now."""
        checks = self._plant.plan.checks
        return any(each.id == check_id and each.station == self.station.id for each in checks)

    def scan(self, code: str, *, actor: Actor, now: datetime) -> Pending:
        """Take the part that was scanned."""
        run = self._run_under_way()
        readings = self.live.readings
        return self._must(run, Scanned(at=now, code=code, actor=actor, readings=readings))

    def tell(self, of: str, value: str, *, actor: Actor, now: datetime) -> Pending:
        """Take what the operator tells of the part, before it is taken."""
        return self._must(self._run_under_way(), Told(at=now, of=of, value=value, actor=actor))

    def tap(self, *, actor: Actor, now: datetime) -> Pending:
        """Take the operator's word that the part is in front of the device."""
        return self._must(self._run_under_way(), Tapped(at=now, actor=actor))

    def say(self, said: SaidHeld | Disowned) -> Pending:
        """Take a person's word on the feed, or on what is before the device (D29)."""
        return self._must(self._run_under_way(), said)

    def give_back(self, code: str, *, actor: Actor, now: datetime) -> Pending:
        """Take the part back."""
        return self._must(self._run_under_way(), GivenBack(at=now, code=code, actor=actor))

    def confirm(self, *, actor: Actor, now: datetime) -> Pending:
        """Close the run by a person's confirmation."""
        return self._must(self._run_under_way(), Confirmed(at=now, actor=actor))

    def abort(self, reason: str, *, actor: Actor, now: datetime) -> Pending:
        """Give the run up."""
        return self._must(self._run_under_way(), Aborted(at=now, actor=actor, reason=reason))

    def refused(self, code: str, refusal: Refusal, actor: Actor) -> Pending:
        """Return the command that keeps a refused scan (B25)."""
        run = self._run_under_way()

        def command(uow: UnitOfWork) -> RunRecord | None:
            known = recorded(uow, RunRecord, run.id)
            keep_refused_scan(uow, known, code=code, refusal=refusal, actor=actor)
            return recorded(uow, RunRecord, run.id)

        return Pending(command=command)

    def _run_under_way(self) -> Run:
        if self.run is None:
            raise Refusal("no_run", station=self.station.id)
        return self.run

    def _must(self, run: Run, event: Event) -> Pending:
        after, effects = advance(run, event)
        return self._pending(after, effects, instant_of(event))

    def _move(self, event: Event) -> Pending | None:
        assert self.run is not None  # noqa: S101  the callers looked
        if self._is_let_be:
            return None
        after, effects = advance(self.run, event)
        if all(isinstance(effect, SetDeadline) for effect in effects):
            self.run = after
            return None
        at = instant_of(event)
        if isinstance(event, NotRecorded) and event.why is Why.NOT_RECORDABLE:
            return self._bare(after, effects, at, lambda _at: self._leave_be())
        if isinstance(event, Observed) and isinstance(effects[0], PartIssued):
            return self._issue_by_code(after, effects, at)
        return self._pending(after, effects, at)

    def _issue_by_code(self, after: Run, effects: tuple[Effect, ...], at: datetime) -> Pending:
        """Take the part that the station read unscanned; one that can't be taken escaped (L5)."""
        taken = self._pending(after, effects, at)
        refused: list[Refusal] = []

        def command(uow: UnitOfWork) -> RunRecord | None:
            try:
                return taken.command(uow)
            except Refusal as refusal:  # raised before anything was appended: the part isn't fit
                refused[:] = [refusal]
                raise_escape(
                    uow, self._plant, self.station, part_id=after.part, at=at, run_id=after.id
                )
                return None

        def settle() -> None:
            if not refused:
                taken.settle()

        return Pending(command=command, settle=settle, instead=taken.instead)

    def _pending(self, after: Run, effects: tuple[Effect, ...], at: datetime) -> Pending:
        scene = self._scene(after, at, as_read=True)
        return Pending(
            command=lambda uow: carry_out(uow, scene, after, effects),
            settle=lambda: self._moved_to(after),
            instead=lambda at: self._unrecordable(after, effects, at),
        )

    def _unrecordable(
        self, after: Run, effects: tuple[Effect, ...], at: datetime
    ) -> tuple[Pending, ...]:
        """Return what is recorded in place of these effects: a verdict against the device, or the end."""

        def end(at: datetime) -> tuple[Pending, ...]:
            ended = self.end_unrecorded(Why.NOT_RECORDABLE, at)
            return (ended,) if ended is not None else ()

        reached = [e.judgement.verdict for e in effects if isinstance(e, VerdictReached)]
        if worst_outcome(reached) is Outcome.FAILED:
            return (self._bare(after, effects, at, end),)
        return end(at)

    def _bare(
        self,
        after: Run,
        effects: tuple[Effect, ...],
        at: datetime,
        instead: Callable[[datetime], tuple[Pending, ...]],
    ) -> Pending:
        """Return the move without anything that was read: that may be what is not recordable."""
        scene = self._scene(after, at, as_read=False)
        bare = tuple(
            replace(effect, evidence=without_readings(effect.evidence))
            if isinstance(effect, VerdictReached)
            else effect
            for effect in effects
        )
        return Pending(
            command=lambda uow: carry_out(uow, scene, after, bare),
            settle=lambda: self._moved_to(after),
            instead=instead,
        )

    def _leave_be(self) -> tuple[Pending, ...]:
        self._is_let_be = True
        return ()

    def _scene(self, run: Run, at: datetime, *, as_read: bool) -> Scene:
        return Scene(
            plant=self._plant,
            station=self.station,
            check=self._plant.check(run.check_id),
            counter=self.live.counter() if as_read else None,
            count=self.production.counting.at(at) if as_read else None,
            is_running=self.production.running.is_running,
            signals=self.signals if as_read else None,
        )

    def _moved_to(self, after: Run) -> None:
        self._is_let_be = False
        self.run = None if after.state is RunState.CLOSED else after
        if self.run is None:
            self.signals = None
            self._parts_due.look_again()
        self.judge_by_pulses()

    def _escape(self, acquisition: Acquisition, before: Readings) -> Pending | None:
        """Look out for a challenge part where it must not be (L5)."""
        signal = self.station.part_code
        if signal is None or acquisition.failure is not None or not acquisition.fresh:
            return None
        for change in acquisition.changes:
            if change.signal != signal or change.value not in self._parts:
                continue
            if signal in before and before[signal].value == change.value:
                continue
            if self.run is not None and change.value in {
                step.expectation.part for step in self.run.steps
            }:
                continue
            return self._note_escape(PartId(str(change.value)), acquisition.window.ended_at)
        return None

    def _note_escape(self, part: PartId, at: datetime) -> Pending:
        run_id = self.run.id if self.run is not None else None

        def command(uow: UnitOfWork) -> None:
            raise_escape(uow, self._plant, self.station, part_id=part, at=at, run_id=run_id)

        return Pending(command=command)

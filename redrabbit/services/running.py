"""Runs as commands: start one, carry out what `advance` decided, take one up after a restart.

Nothing here judges. Each function runs inside one unit of work (D15): ledger entry, records,
containment and outgoing message commit together or not at all (L4, B19).
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from redrabbit.domain.blind_time import blind_after_s
from redrabbit.domain.challenge_part import CertifiedValue, ChallengePart
from redrabbit.domain.consequences import next_id
from redrabbit.domain.containment_questions import may_reverify, waits_for_reverification
from redrabbit.domain.control_plan import Check
from redrabbit.domain.errors import Refusal
from redrabbit.domain.evidence import begin, present
from redrabbit.domain.expectation import Expectation
from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.facts.run import RunStarted, RunUnqualified
from redrabbit.domain.identity import (
    Actor,
    CheckId,
    ContainmentId,
    OccurrenceId,
    PartId,
    RunId,
    SignalName,
)
from redrabbit.domain.occurrence import holding_run, may_be_run, status
from redrabbit.domain.part_count import CounterHabits
from redrabbit.domain.part_fitness import why_unfit
from redrabbit.domain.part_told import asked_of, places_of
from redrabbit.domain.pauses import stands_now, undecided
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import (
    AlarmRecord,
    ChallengePartRecord,
    CheckRecord,
    ContainmentRecord,
    OccurrenceRecord,
    PartToldRecord,
    PresentationRecord,
    RunRecord,
)
from redrabbit.domain.rule import DetectionRule, HeldFeed
from redrabbit.domain.run import DeadlineKind, Run, SetDeadline, Step, StopReason
from redrabbit.domain.run_questions import parts_of, stopped_with
from redrabbit.domain.run_transitions import start_deadline
from redrabbit.domain.run_words import Purpose, RunState
from redrabbit.domain.station import MqttLink, Station
from redrabbit.domain.station_says import SaidOf
from redrabbit.domain.verdict import Judgement
from redrabbit.services.ports import UnitOfWork, Where, equals
from redrabbit.services.qualified import gap_at_start
from redrabbit.services.record_fact import record
from redrabbit.services.rotating import make_lapses, owed_parts
from redrabbit.services.scheduling import AT_ONCE

VERDICT_SLACK_S = 0.5
"""Beyond a value's expiry, how long a last reading is waited for before silence is judged."""


def start_run(
    uow: UnitOfWork,
    plant: Plant,
    *,
    check_id: str,
    occurrence_id: OccurrenceId | None,
    containment_id: ContainmentId | None,
    actor: Actor,
) -> Run:
    """Start a run of a check, for an occurrence, or to re-verify after a miss.

    Without either it takes the check's open occurrence if there is one, else it is on demand.
    Refused: unknown or retired check, an occurrence that can't be run now, an unfit part (L6),
    a part that is out, a re-verification before anybody said what was repaired (D35), an operator without qualification
    where the plant asks for one (R19).
    """
    check = _check(uow, plant, check_id)
    gap = gap_at_start(uow, plant, check, actor)
    station = plant.station(check.station)
    make_lapses(uow, plant, AT_ONCE, only=check.id)  # before the run shows what was not shown
    occurrence = _occurrence(uow, check, occurrence_id, wanted=containment_id is None)
    if containment_id is not None:
        _refuse_other_containment(uow, plant, check, containment_id)
    if containment_id is None:  # a re-verification shows all
        check = replace(check, parts=owed_parts(uow, plant, check, uow.now))
    for part_id in check.parts:
        refuse_unfit_now(uow, plant, part_id)
    now = uow.now
    number = RunId(next_id(uow, RunRecord, check.line))
    run = _new_run(
        plant,
        station,
        check,
        number=number,
        actor=actor,
        now=now,
        containment_id=containment_id,
    )
    started = RunStarted(
        run_id=number,
        occurrence_id=occurrence.occurrence_id if occurrence else None,
        check_id=check.id,
        purpose=run.purpose,
        containment_id=containment_id,
        line=check.line,
        station=check.station,
        device=check.device,
        plan=plant.plan_reference(check),
        names=plant.place_names(check.station, check.device),
        station_digest=plant.station_digest(check.station),
        special_characteristic=check.special_characteristic,
        method=None,
        variant=None,
        nest=None,
        program=None,
        mode=None,
        parts=check.parts,
        late_s=(now - occurrence.due_at).total_seconds() if occurrence else None,
        expires_at=run.expires_at,
        entered_at=None,
    )
    record(uow, started, stream=check.line, actor=actor)
    if gap is not None:
        unqualified = RunUnqualified(run_id=number, gap=gap)
        record(uow, unqualified, stream=check.line, actor=actor)
    return run


def refuse_unfit_now(uow: UnitOfWork, plant: Plant, part_id: str) -> ChallengePartRecord:
    """Refuse a part that can't be taken now: unfit (L6) or out (B25)."""
    part = uow.get(ChallengePartRecord, part_id)
    if part is None:
        raise Refusal("no_such_part", part=part_id)
    today = uow.now.astimezone(plant.zone).date()
    unfit = why_unfit(plant.part(PartId(part_id)), part, today)
    if unfit is not None:
        raise unfit
    return part


def rebuild_run(uow: UnitOfWork, plant: Plant, known: RunRecord) -> Run | None:
    """Return the run as its records tell it, to go on after a restart (D4).

    Verdicts already reached stay; what was being watched has no evidence any more. None where the
    configuration no longer has the check, at this device, or its parts.
    """
    try:
        check = plant.check(CheckId(known.check_id))
        station = plant.station(check.station)
        station.device(check.device)
    except KeyError:
        return None
    if (check.station, check.device) != (known.station, known.device):
        return None  # what was seen there proves nothing here
    actor = Actor(id=known.started_by, how=known.started_how)
    parts = parts_of(known)
    if not {part.id for part in plant.parts} >= set(parts):
        return None
    run = _new_run(
        plant,
        station,
        replace(check, parts=parts),
        number=known.run_id,
        actor=actor,
        now=known.started_at,
        containment_id=known.containment_id,
    )
    presentations = uow.find(PresentationRecord, equals("run_id", known.run_id))
    steps = list(run.steps)
    for presentation in presentations:
        if presentation.verdict is not None and presentation.decides:
            judgement = _judgement(presentation)
            steps[presentation.step] = replace(steps[presentation.step], judgement=judgement)
        attempts = max(steps[presentation.step].attempts, presentation.attempt)
        steps[presentation.step] = replace(steps[presentation.step], attempts=attempts)
    run = replace(
        run,
        steps=tuple(steps),
        index=known.step,
        state=known.state,
        feed_said_at=known.feed_held_at,
        expires_at=known.expires_at,
        stopped=stopped_with(known),
        reason=_reason(known),
        told=_told(uow, known),
    )
    run = _resumed(run, presentations, uow.now)
    if run.state is RunState.AWAITING_RETURN:
        return _awaiting_return(uow, run, presentations)
    return run


def _resumed(run: Run, presentations: list[PresentationRecord], now: datetime) -> Run:
    """Return the run with what it was watching, without what only memory held."""
    watched = begin(run.step.expectation, {}, told=run.told)
    for presentation in presentations:
        under_way = presentation.step == run.index and presentation.verdict is None
        if under_way and presentation.presented_at is not None:
            how = presentation.presented_how
            assert how is not None  # noqa: S101  what was presented says how
            watched = present(watched, presentation.presented_at, how)
    if run.state in {RunState.ARMED, RunState.PRESENTED}:
        return replace(run, evidence=watched)
    if run.state is RunState.AWAITING_PART:
        return replace(run, deadline=SetDeadline(kind=DeadlineKind.START, at=run.expires_at))
    if run.state is RunState.AWAITING_RETURN:
        # a later presentation is kept beside the first (L10)
        return replace(
            run, later_presentation=watched if watched.presented_at is not None else None
        )
    waits_until = now + timedelta(seconds=run.return_timeout_s)
    return replace(run, deadline=SetDeadline(kind=DeadlineKind.CONFIRMATION, at=waits_until))


def _awaiting_return(uow: UnitOfWork, run: Run, presentations: list[PresentationRecord]) -> Run:
    """Let the part be due back when it was, and tell once that it is not back (L5)."""
    (issued,) = (p for p in presentations if p.step == run.index and p.attempt == 1)
    alarms = uow.find(
        AlarmRecord,
        equals("kind", AlarmKind.NOT_RETURNED),
        equals("run_id", run.id),
        equals("part_id", issued.part_id),
        Where("raised_at", ">=", issued.issued_at),
        limit=1,
    )
    if alarms:
        return replace(run, not_returned=True, deadline=None)
    stopped_by = issued.issued_at + timedelta(seconds=run.arming_timeout_s)
    since = min(issued.verdict_at or stopped_by, uow.now)
    due_at = since + timedelta(seconds=run.return_timeout_s)
    return replace(run, deadline=SetDeadline(kind=DeadlineKind.RETURN, at=due_at))


def _judgement(presentation: PresentationRecord) -> Judgement:
    verdict, decided_at = presentation.verdict, presentation.verdict_at
    assert verdict is not None and decided_at is not None  # noqa: S101, PT018  the caller looked
    return Judgement(
        verdict=verdict,
        why=presentation.verdict_reason,
        decided_at=decided_at,
        observed_code=presentation.observed_code,
    )


def _told(uow: UnitOfWork, known: RunRecord) -> Mapping[SaidOf, str]:
    step = (equals("run_id", known.run_id), equals("step", known.step))
    return {told.of: told.value for told in uow.find(PartToldRecord, *step)}


def _reason(known: RunRecord) -> StopReason | None:
    code = known.reason_code
    return None if code is None else StopReason(code=code, text=known.reason_text)


def _check(uow: UnitOfWork, plant: Plant, check_id: str) -> Check:
    try:
        check = plant.check(CheckId(check_id))
    except KeyError:
        raise Refusal("no_such_check", check=check_id) from None
    known = uow.get(CheckRecord, check.line, check_id)
    if known is None or known.retired_at is not None:
        raise Refusal("no_such_check", check=check_id)
    return check


def _occurrence(
    uow: UnitOfWork, check: Check, occurrence_id: OccurrenceId | None, *, wanted: bool
) -> OccurrenceRecord | None:
    if occurrence_id is None:
        of_check = (equals("line", check.line), equals("check_id", check.id))
        open_ones = undecided(uow, uow.now, *of_check)
        free = [o for o in open_ones if may_be_run(o, uow.now)]
        return free[0] if free and wanted else None
    made = uow.get(OccurrenceRecord, occurrence_id)
    if made is None or made.check_id != check.id:
        raise Refusal("no_such_occurrence", occurrence=occurrence_id, check=check.id)
    occurrence = stands_now(uow, made, uow.now)
    if holding_run(occurrence) is not None:
        raise Refusal("occurrence_under_way", occurrence=occurrence_id, run=occurrence.run_id)
    status_now = status(occurrence, uow.now)
    if not may_be_run(occurrence, uow.now):
        raise Refusal("occurrence_not_open", occurrence=occurrence_id, status=status_now.value)
    return occurrence


def _refuse_other_containment(
    uow: UnitOfWork, plant: Plant, check: Check, containment_id: ContainmentId
) -> None:
    """Refuse what would prove nothing of the case: another device, another failure mode (L4)."""
    case = uow.get(ContainmentRecord, containment_id)
    if case is None:
        raise Refusal("no_such_containment", containment=containment_id)
    if not may_reverify(plant, check, case):
        raise Refusal(
            "containment_not_to_reverify",
            containment=containment_id,
            state=case.state.value,
            device=case.device,
        )
    if not waits_for_reverification(case):
        raise Refusal("repair_not_recorded", containment=containment_id)


def _new_run(
    plant: Plant,
    station: Station,
    check: Check,
    *,
    number: RunId,
    actor: Actor,
    now: datetime,
    containment_id: ContainmentId | None,
) -> Run:
    run = Run(
        id=number,
        check_id=check.id,
        device=check.device,
        purpose=Purpose.CHECK if containment_id is None else Purpose.REVERIFICATION,
        containment_id=containment_id,
        operator=actor,
        steps=tuple(
            Step(expectation=expectation(plant, station, check, part)) for part in check.parts
        ),
        known_parts=frozenset(part.id for part in plant.parts),
        arming_timeout_s=check.arming_timeout_s,
        return_timeout_s=check.return_timeout_s,
        verdict_slack_s=station.value_expires_s + VERDICT_SLACK_S,
        expires_at=now + timedelta(seconds=check.run_timeout_s),
    )
    return start_deadline(run)[0]


def expectation(plant: Plant, station: Station, check: Check, part_id: PartId) -> Expectation:
    """Return what presenting this part at this check's device is to prove."""
    part = plant.part(part_id)
    rule = station.device(check.device).rule
    return Expectation(
        part=part.id,
        failure_mode=part.failure_mode,
        code=rule.reject_codes.get(part.failure_mode) if part.failure_mode else None,
        rule=rule,
        expires_s=station.expires_s(),
        blind_after_s=blind_after_s(rule, station),
        heartbeat=station.heartbeat is not None,
        counter_habits=_habits(station, rule.held),
        certified=_comparable(part, rule, station),
        gaps_lose_messages=isinstance(station.link, MqttLink),
        asked=asked_of(station.says, rule),
        places=places_of(station.says, rule),
    )


def _habits(station: Station, held: HeldFeed | None) -> dict[SignalName, CounterHabits]:
    """Return how the counters go back that tell that one part came (D29, D32)."""
    counters = () if held is None else held.counters
    return {
        spec.name: CounterHabits(resets=spec.resets, rollover=spec.rollover)
        for spec in station.signals
        if spec.name in counters
    }


def _comparable(
    part: ChallengePart, rule: DetectionRule, station: Station
) -> CertifiedValue | None:
    """Return what the part measures, if the rule's measured value is told in the same unit."""
    unit = next((spec.unit for spec in station.signals if spec.name == rule.measured), None)
    return part.certified if part.certified and part.certified.unit == unit else None

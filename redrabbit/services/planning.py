"""What the quality engineer decides: excuses, pauses, parts in and out of quarantine, alarms read.

Each names its author and, where it takes something away, its reason; none of it changes what was
recorded before (R13, R21, B17, B21).
"""

from collections.abc import Sequence
from datetime import datetime

from redrabbit.domain.challenge_part import Custody, PartState
from redrabbit.domain.consequences import next_id
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.alarm import AlarmAcknowledged
from redrabbit.domain.facts.challenge_part import PartFound, PartStateChanged, PartStateCode
from redrabbit.domain.facts.occurrence import (
    DecisionCode,
    OccurrenceDecided,
    OccurrenceOutcome,
    PauseDeclared,
    PauseEnded,
)
from redrabbit.domain.identity import Actor, AlarmId, OccurrenceId, PartId, PauseId
from redrabbit.domain.limits import LONGEST_PAUSE, can_be_recorded
from redrabbit.domain.occurrence import holding_run, may_be_excused, status
from redrabbit.domain.pauses import stands_now
from redrabbit.domain.plant import Plant
from redrabbit.domain.record_query import recorded
from redrabbit.domain.records import (
    AlarmRecord,
    ChallengePartRecord,
    OccurrenceRecord,
    PauseRecord,
    RunRecord,
)
from redrabbit.domain.run_questions import is_under_way
from redrabbit.domain.text import MOST_REASON_CHARACTERS, clean_text
from redrabbit.services.administrators_added import (
    is_for_administrators,
    refuse_for_administrators,
)
from redrabbit.services.ports import UnitOfWork
from redrabbit.services.record_fact import record


def required_reason(reason: str) -> str:
    """Return the reason as it is recorded; refused when empty, too long or unreadable (D24)."""
    cleaned = clean_text(reason, MOST_REASON_CHARACTERS)
    if isinstance(cleaned, str):
        return cleaned
    code = {"text_missing": "reason_required", "text_too_long": "reason_too_long"}.get(cleaned.code)
    raise Refusal(code or cleaned.code, **cleaned.params)


def excuse(
    uow: UnitOfWork, occurrence_id: OccurrenceId, *, reason: str, actor: Actor
) -> OccurrenceRecord:
    """Excuse an occurrence before its window closes; refused once it is decided (L7)."""
    excused = excusing(uow, occurrence_id, reason=reason)
    stream = recorded(uow, OccurrenceRecord, occurrence_id).line
    record(uow, excused, stream=stream, actor=actor)
    return recorded(uow, OccurrenceRecord, occurrence_id)


def excusing(uow: UnitOfWork, occurrence_id: OccurrenceId, *, reason: str) -> OccurrenceDecided:
    """Return what excuses an occurrence; refused as `excuse` is."""
    reason = required_reason(reason)
    occurrence = uow.get(OccurrenceRecord, occurrence_id)
    if occurrence is None:
        raise Refusal("no_such_occurrence", occurrence=occurrence_id)
    if holding_run(occurrence) is not None:
        raise Refusal("occurrence_under_way", occurrence=occurrence_id, run=occurrence.run_id)
    stands = stands_now(uow, occurrence, uow.now)
    status_now = status(stands, uow.now)
    if not may_be_excused(stands, uow.now):
        raise Refusal("occurrence_decided", occurrence=occurrence_id, status=status_now.value)
    return OccurrenceDecided.of(
        occurrence, OccurrenceOutcome.EXCUSED, DecisionCode.PERSON, text=reason
    )


def declare_pause(
    uow: UnitOfWork,
    plant: Plant,
    *,
    line: str,
    begins_at: datetime,
    ends_at: datetime,
    reason: str,
    actor: Actor,
) -> PauseRecord:
    """Declare a line not producing from now or later on, for 14 days at most (R13, D56).

    The past can't be paused: it begins now at the earliest, and its length counts from there. What it does to what falls
    due in it stands in `redrabbit.domain.pauses`.
    """
    reason = required_reason(reason)
    if line not in {known.id for known in plant.lines}:
        raise Refusal("no_such_line", line=line)
    for instant in (begins_at, ends_at):
        if not can_be_recorded(instant):
            raise Refusal("instant_out_of_range", value=instant.isoformat())
    begins_at = max(begins_at, uow.now)
    if ends_at <= begins_at:
        raise Refusal("pause_ends_before_it_begins", begins_at=begins_at, ends_at=ends_at)
    if ends_at - begins_at > LONGEST_PAUSE:
        raise Refusal("pause_too_long", length=ends_at - begins_at, limit=LONGEST_PAUSE)
    pause_id = PauseId(next_id(uow, PauseRecord, line))
    pause = PauseDeclared(
        pause_id=pause_id, line=line, begins_at=begins_at, ends_at=ends_at, reason_text=reason
    )
    record(uow, pause, stream=line, actor=actor)
    return recorded(uow, PauseRecord, pause_id)


def end_pause(uow: UnitOfWork, pause_id: PauseId, *, actor: Actor) -> PauseRecord:
    """End a pause now; refused when it is over."""
    pause = uow.get(PauseRecord, pause_id)
    if pause is None:
        raise Refusal("no_such_pause", pause=pause_id)
    if pause.ends_at <= uow.now:
        raise Refusal("pause_is_over", pause=pause_id, ends_at=pause.ends_at)
    record(uow, PauseEnded(pause_id=pause_id), stream=pause.line, actor=actor)
    return recorded(uow, PauseRecord, pause_id)


def quarantine(uow: UnitOfWork, part_id: str, *, reason: str, actor: Actor) -> ChallengePartRecord:
    """Take a part out of use until it is released again."""
    reason = required_reason(reason)
    changed = _changed(part_id, PartState.QUARANTINED, reason)
    return _change_part(uow, _part(uow, part_id), changed, actor)


def release(uow: UnitOfWork, part_id: str, *, actor: Actor) -> ChallengePartRecord:
    """Release a part for use; refused for a retired one."""
    released = releasing(uow, part_id)
    return _change_part(uow, _part(uow, part_id), released, actor)


def releasing(uow: UnitOfWork, part_id: str) -> PartStateChanged:
    """Return what releases a part; refused as `release` is."""
    part = _part(uow, part_id)
    if part.state in {PartState.RETIRED, PartState.RELEASED}:
        raise Refusal(f"part_already_{part.state.value}", part=part_id)
    return _changed(part_id, PartState.RELEASED, None)


def found_again(uow: UnitOfWork, part_id: str, *, actor: Actor) -> ChallengePartRecord:
    """Note that a missing part is back in its place; refused while its run waits for it."""
    part = _part(uow, part_id)
    if part.custody is not Custody.MISSING:
        raise Refusal("part_not_missing", part=part_id, custody=part.custody.value)
    run = uow.get(RunRecord, part.run_id) if part.run_id is not None else None
    if run is not None and is_under_way(run):
        raise Refusal("part_is_out", part=part_id, custody=part.custody.value, run=run.run_id)
    record(uow, PartFound(part_id=part_id), stream=part.stream, actor=actor)
    return _part(uow, part_id)


def acknowledge(uow: UnitOfWork, alarm_id: AlarmId, *, actor: Actor) -> AlarmRecord:
    """Acknowledge an alarm; it stays on record."""
    alarm = uow.get(AlarmRecord, alarm_id)
    if alarm is None:
        raise Refusal("no_such_alarm", alarm=alarm_id)
    refuse_for_administrators(alarm.kind)
    if alarm.acknowledged_at is not None:
        raise Refusal("alarm_already_acknowledged", alarm=alarm_id)
    record(uow, AlarmAcknowledged(alarm_id=alarm_id), stream=alarm.stream, actor=actor)
    return recorded(uow, AlarmRecord, alarm_id)


def acknowledge_all(uow: UnitOfWork, alarm_ids: Sequence[AlarmId], *, actor: Actor) -> AlarmRecord:
    """Acknowledge alarms, those that nobody has taken yet; the last one is returned. Refused where that is none.

    What is for administrators stays as it is.
    """
    found = [(alarm_id, uow.get(AlarmRecord, alarm_id)) for alarm_id in dict.fromkeys(alarm_ids)]
    missing = [alarm_id for alarm_id, alarm in found if alarm is None]
    if missing or not found:
        raise Refusal("no_such_alarm", alarm=missing[0] if missing else "")
    open_ = {
        alarm_id: alarm for alarm_id, alarm in found if alarm and alarm.acknowledged_at is None
    }
    left = [each for each, alarm in open_.items() if not is_for_administrators(alarm.kind)]
    if open_ and not left:
        raise Refusal("alarm_of_administrators")
    if not left:
        raise Refusal("alarm_already_acknowledged", alarm=found[0][0])
    return [acknowledge(uow, alarm_id, actor=actor) for alarm_id in left][-1]


def _part(uow: UnitOfWork, part_id: str) -> ChallengePartRecord:
    part = uow.get(ChallengePartRecord, part_id)
    if part is None:
        raise Refusal("no_such_part", part=part_id)
    return part


def _changed(part_id: str, state: PartState, reason: str | None) -> PartStateChanged:
    return PartStateChanged(
        part_id=PartId(part_id), state=state, state_code=PartStateCode.PERSON, state_text=reason
    )


def _change_part(
    uow: UnitOfWork, part: ChallengePartRecord, changed: PartStateChanged, actor: Actor
) -> ChallengePartRecord:
    record(uow, changed, stream=part.stream, actor=actor)
    return _part(uow, part.part_id)

"""Silences: for a time nobody is told of some alarms, because a person said so, with a reason (B21).

It hides nothing: the alarm is recorded, listed and shown, and if it is still open when the silence ends, it is told then.
"""

from datetime import datetime
from typing import Final

from redrabbit.domain.consequences import next_id
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.facts.alarm_told import AlarmsTold, ToldStep
from redrabbit.domain.facts.silence import SilenceDeclared, SilenceEnded, SilenceRecord
from redrabbit.domain.identity import AGENT, Actor, SilenceId
from redrabbit.domain.ledger import PLANT_STREAM
from redrabbit.domain.limits import LONGEST_SILENCE, can_be_recorded
from redrabbit.domain.plant import Plant
from redrabbit.domain.record_query import Where, equals, recorded
from redrabbit.domain.records import AlarmRecord
from redrabbit.services.administrators_added import refuse_for_administrators
from redrabbit.services.planning import required_reason
from redrabbit.services.ports import UnitOfWork
from redrabbit.services.record_fact import record

MOST_ENDED: Final = 1000
"""Alarms that are told when a silence ends before its time."""


def declare_silence(
    uow: UnitOfWork,
    plant: Plant,
    *,
    line: str | None,
    station: str | None,
    kind: AlarmKind | None,
    ends_at: datetime,
    reason: str,
    actor: Actor,
) -> SilenceRecord:
    """Tell nobody of these alarms from now until `ends_at`; None: all lines, stations, kinds."""
    reason = required_reason(reason)
    refuse_for_administrators(kind)
    if station is not None:
        line = _line_of(plant, station, line)
    elif line is not None and line not in {known.id for known in plant.lines}:
        raise Refusal("no_such_line", line=line)
    if not can_be_recorded(ends_at):
        raise Refusal("instant_out_of_range", value=ends_at.isoformat())
    if ends_at <= uow.now:
        raise Refusal("silence_ends_before_it_begins", ends_at=ends_at)
    if ends_at - uow.now > LONGEST_SILENCE:
        raise Refusal("silence_too_long", length=ends_at - uow.now, limit=LONGEST_SILENCE)
    stream = line or PLANT_STREAM
    silence_id = SilenceId(next_id(uow, SilenceRecord, stream))
    declared = SilenceDeclared(
        silence_id=silence_id,
        line=line,
        station=station,
        kind=kind,
        ends_at=ends_at,
        reason_text=reason,
    )
    record(uow, declared, stream=stream, actor=actor)
    return recorded(uow, SilenceRecord, silence_id)


def end_silence(uow: UnitOfWork, silence_id: SilenceId, *, actor: Actor) -> SilenceRecord:
    """End a silence now; what it held back is told at once. Refused when it is over."""
    silence = uow.get(SilenceRecord, silence_id)
    if silence is None:
        raise Refusal("no_such_silence", silence=silence_id)
    if silence.ends_at <= uow.now:
        raise Refusal("silence_is_over", silence=silence_id, ends_at=silence.ends_at)
    record(uow, SilenceEnded(silence_id=silence_id), stream=silence.stream, actor=actor)
    held = uow.find(
        AlarmRecord,
        Where("next_step_at", "!=", None),
        equals("held_for", silence_id),
        order_by="next_step_at",
        limit=MOST_ENDED,
    )
    for alarm in held:
        step = ToldStep.put_off(alarm, uow.now)
        told = AlarmsTold(receivers=(), key=None, held_for=None, steps=(step,))
        record(uow, told, stream=alarm.stream, actor=AGENT)
    return recorded(uow, SilenceRecord, silence_id)


def _line_of(plant: Plant, station: str, line: str | None) -> str:
    """Return the line of a station; refused where the plant has no such station on this line."""
    found = next((each for each in plant.stations if each.id == station), None)
    if found is None or line not in {None, found.line}:
        raise Refusal("no_such_station", station=station)
    return found.line

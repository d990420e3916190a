"""Alarms about an overdue check end with it, in the record: whether the plant has rules for steps or not (B21, decision 41).

Alarms about what stays (a miss, a lapsed check) are here never: a person takes those.
"""

from typing import Final

from redrabbit.domain.facts.alarm import AlarmEnded, AlarmKind, AlarmRecord
from redrabbit.domain.identity import AGENT
from redrabbit.domain.records import OccurrenceRecord
from redrabbit.services.ports import Reader, UnitOfWork, equals
from redrabbit.services.record_fact import record

AT_ONE_LOOK: Final = 200
"""Alarms in one transaction: a database of before may have many that were never ended."""


def is_decided(reader: Reader, alarm: AlarmRecord) -> bool:
    """Tell whether the overdue check that an alarm is about is done, excused or lapsed."""
    if alarm.kind is not AlarmKind.OVERDUE or alarm.occurrence_id is None:
        return False
    occurrence = reader.get(OccurrenceRecord, alarm.occurrence_id)
    return occurrence is not None and occurrence.outcome is not None


def decided_alarms(reader: Reader, limit: int = AT_ONE_LOOK) -> list[AlarmRecord]:
    """Return alarms about overdue checks that are decided, and have not ended."""
    is_open = (equals("kind", AlarmKind.OVERDUE), equals("ended_at", None))
    found = [alarm for alarm in reader.find(AlarmRecord, *is_open) if is_decided(reader, alarm)]
    return found[:limit]


def end_decided(uow: UnitOfWork) -> None:
    """End them; nobody is told."""
    for alarm in decided_alarms(uow):
        record(uow, AlarmEnded(alarm_id=alarm.alarm_id), stream=alarm.stream, actor=AGENT)

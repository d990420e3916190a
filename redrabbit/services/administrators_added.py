"""The alarm that somebody was made administrator at the server: whoever manages people takes it, and nobody hides it (decision 38).

It is for whoever may look whether that was right: not for a shift leader, and not for whom it is about.
"""

from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.alarm import AlarmAcknowledged, AlarmKind
from redrabbit.domain.identity import Actor, AlarmId, How, PersonId
from redrabbit.domain.record_query import RecordReader, equals, recorded
from redrabbit.domain.records import AlarmRecord, RoleGrantRecord
from redrabbit.domain.role import Role
from redrabbit.services.ports import UnitOfWork
from redrabbit.services.record_fact import record


def is_for_administrators(kind: AlarmKind | None) -> bool:
    """Tell whether an alarm of this kind is taken by whoever manages people, and is neither silenced nor dropped."""
    return kind is AlarmKind.ADMINISTRATOR_ADDED


def refuse_for_administrators(kind: AlarmKind | None) -> None:
    """Refuse to silence, drop or take what only whoever manages people takes, and on *People*."""
    if is_for_administrators(kind):
        raise Refusal("alarm_of_administrators")


def acknowledge(uow: UnitOfWork, alarm_id: AlarmId, *, actor: Actor) -> AlarmRecord:
    """Say that it was right that somebody was made administrator; refused to whom it is about."""
    alarm = uow.get(AlarmRecord, alarm_id)
    if alarm is None or not is_for_administrators(alarm.kind):
        raise Refusal("no_such_alarm", alarm=alarm_id)
    if alarm.acknowledged_at is not None:
        raise Refusal("alarm_already_acknowledged", alarm=alarm_id)
    if about_whom(uow, alarm) == actor.id:
        raise Refusal("alarm_of_administrators")
    record(uow, AlarmAcknowledged(alarm_id=alarm_id), stream=alarm.stream, actor=actor)
    return recorded(uow, AlarmRecord, alarm_id)


def open_alarms(reader: RecordReader) -> list[AlarmRecord]:
    """Return the alarms of this kind that nobody has taken yet, the first one first."""
    raised = reader.find(
        AlarmRecord, equals("kind", AlarmKind.ADMINISTRATOR_ADDED), equals("ended_at", None)
    )
    waiting = [alarm for alarm in raised if alarm.acknowledged_at is None]
    return sorted(waiting, key=lambda alarm: alarm.raised_entry)


def about_whom(reader: RecordReader, alarm: AlarmRecord) -> PersonId | None:
    """Return who was made administrator: by the last such grant of the server before the alarm was raised."""
    given = [
        grant
        for grant in reader.find(RoleGrantRecord, equals("role", Role.ADMINISTRATOR))
        if grant.granted_how is How.SYSTEM and grant.granted_entry < alarm.raised_entry
    ]
    last = max(given, key=lambda grant: grant.granted_entry, default=None)
    return None if last is None else last.person_id

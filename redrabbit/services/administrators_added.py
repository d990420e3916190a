"""The alarm that somebody was made administrator at the server, or acts as one again: whoever manages people takes it, and nobody hides it (decision 38).

It is for whoever may look whether that was right: not for a shift leader, and not for whom it is about.
"""

from datetime import datetime
from typing import Final

from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.alarm import AlarmAcknowledged, AlarmKind
from redrabbit.domain.facts.catalogue import fact_of
from redrabbit.domain.facts.credential import LinkGiven
from redrabbit.domain.facts.person import PersonChanged, PersonEnabled
from redrabbit.domain.facts.role_grant import RoleGranted
from redrabbit.domain.identity import Actor, AlarmId, PersonId
from redrabbit.domain.record_query import RecordReader, equals, recorded
from redrabbit.domain.records import AlarmRecord, RoleGrantRecord
from redrabbit.domain.role import Role
from redrabbit.services.alarming import raise_alarm
from redrabbit.services.ports import Reader, UnitOfWork
from redrabbit.services.record_fact import record

TOLD_OF: Final = (RoleGranted, PersonEnabled, PersonChanged, LinkGiven)
"""By what somebody at the server makes another act as administrator, from then on or again."""


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


def tell_of(uow: UnitOfWork, person_id: PersonId) -> None:
    """Raise the alarm that somebody acts as administrator from the entry on that was recorded last.

    Only the very first administrator of a plant comes in quiet: whoever else was one ever, with an end or without, may come back.
    """
    given = uow.find(RoleGrantRecord, equals("role", Role.ADMINISTRATOR))
    is_one = any(grant.person_id == person_id and _is_left(grant, uow.now) for grant in given)
    if is_one and any(grant.person_id != person_id for grant in given):
        raise_alarm(uow, AlarmKind.ADMINISTRATOR_ADDED, at=uow.now)


def about_whom(reader: Reader, alarm: AlarmRecord) -> PersonId | None:
    """Return who was made administrator, or may act as one again: whom the entry right before the alarm is about."""
    (entry,) = reader.entries(alarm.raised_entry - 1, 1)
    fact = fact_of(entry)
    return fact.person_id if isinstance(fact, TOLD_OF) else None


def _is_left(grant: RoleGrantRecord, now: datetime) -> bool:
    """Tell whether a grant was not revoked and is not over; it may begin later."""
    return grant.revoked_at is None and (grant.until_at is None or now < grant.until_at)

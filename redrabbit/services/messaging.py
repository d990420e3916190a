"""What a person decides about a message that a receiver did not take: send it again, or drop it (D48).

The decision is recorded: it is about who was told of an alarm, and who never was.
"""

from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.alarm import (
    AlarmEnded,
    AlarmKind,
    AlarmRecord,
    MessageDecided,
    MessageDecision,
)
from redrabbit.domain.identity import AGENT, Actor, AlarmId
from redrabbit.domain.ledger import PLANT_STREAM
from redrabbit.domain.plant import Plant
from redrabbit.domain.record_query import recorded
from redrabbit.domain.way import Way
from redrabbit.services.administrators_added import refuse_for_administrators
from redrabbit.services.alarming import raise_alarm
from redrabbit.services.message_keys import alarm_key
from redrabbit.services.ports import UnitOfWork
from redrabbit.services.record_fact import record


def send_again(
    uow: UnitOfWork, plant: Plant, alarm_id: AlarmId, receiver: str, *, actor: Actor
) -> AlarmRecord:
    """Let the message wait for its receiver again; refused where the plant has no such receiver."""
    is_known = receiver in {target.name for target in plant.targets}
    if not is_known and uow.row(Way, receiver) is None:
        raise Refusal("no_such_receiver", receiver=receiver)
    return _decide(uow, alarm_id, receiver, MessageDecision.SEND_AGAIN, actor)


def drop(uow: UnitOfWork, alarm_id: AlarmId, receiver: str, *, actor: Actor) -> AlarmRecord:
    """Give the message up: this receiver is never told of the alarm, which stays on record."""
    alarm = uow.get(AlarmRecord, alarm_id)
    refuse_for_administrators(alarm.kind if alarm is not None else None)
    return _decide(uow, alarm_id, receiver, MessageDecision.DROP, actor)


def test(uow: UnitOfWork, plant: Plant, receiver: str, *, actor: Actor) -> AlarmRecord:
    """Send a receiver a test: recorded as an alarm is, told to this one only, and over at once."""
    if receiver not in {target.name for target in plant.targets}:
        raise Refusal("no_such_receiver", receiver=receiver)
    alarm_id = raise_alarm(uow, AlarmKind.TEST, at=uow.now, receiver=receiver, actor=actor)
    record(uow, AlarmEnded(alarm_id=alarm_id), stream=PLANT_STREAM, actor=AGENT)
    return recorded(uow, AlarmRecord, alarm_id)


def _decide(
    uow: UnitOfWork, alarm_id: AlarmId, receiver: str, decision: MessageDecision, actor: Actor
) -> AlarmRecord:
    alarm = uow.get(AlarmRecord, alarm_id)
    if alarm is None:
        raise Refusal("no_such_alarm", alarm=alarm_id)
    again = decision is MessageDecision.SEND_AGAIN
    key = alarm_key(uow, alarm_id, alarm.raised_entry)
    if not uow.settle_parked(key, receiver, again=again):
        raise Refusal("message_not_parked", alarm=alarm_id, receiver=receiver)
    decided = MessageDecided(alarm_id=alarm_id, receiver=receiver, decision=decision)
    record(uow, decided, stream=alarm.stream, actor=actor)
    return alarm

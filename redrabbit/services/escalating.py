"""Taking the steps that are due: who is told of an open alarm, in one transaction with the record of it (R10, B21).

The instant at which the next message is due stands with the alarm, so nothing is forgotten however the service ends;
the message is put into the outbox in the transaction that moves that instant on, so nothing is told twice. What it is
about may be over by now: then the alarm ends, and nobody is told.
"""

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

from redrabbit.base.clock import Clock
from redrabbit.domain.alarm_groups import OneMessage, messages_of, silence_over, waits_for
from redrabbit.domain.due_steps import DueStep, due_step
from redrabbit.domain.facts.alarm import AlarmEnded, AlarmRecord
from redrabbit.domain.facts.alarm_told import AlarmsTold, AlarmToldRecord, ToldStep
from redrabbit.domain.identity import AGENT
from redrabbit.domain.record_query import Where, equals
from redrabbit.domain.records import StationRecord
from redrabbit.services.alarm_messages import message_about
from redrabbit.services.alarm_pages import page_of
from redrabbit.services.alarm_steps import silences_now
from redrabbit.services.alarms_over import end_over, is_over, over_alarms
from redrabbit.services.looking_again import look_again
from redrabbit.services.message_keys import alarm_key
from redrabbit.services.ports import Database, OutgoingMessage, Reader, UnitOfWork
from redrabbit.services.reaching import PeopleReached, addressed
from redrabbit.services.record_fact import record

AT_ONE_LOOK: Final = 200
"""Alarms in one transaction."""
MOST_OTHERS: Final = 50
"""Alarms of one station with a message to come that are asked for, the next one first."""
PAGE: Final = "/alarms"


class Escalating:
    """Takes the steps of open alarms for as long as it runs."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        note_commit: Callable[[], None],
        is_catching_up: Callable[[], bool],
    ) -> None:
        self._database = database
        self._clock = clock
        self._note_commit = note_commit
        self._is_catching_up = is_catching_up

    async def run(self) -> None:
        """Look until cancelled."""
        await look_again(self.step, self._clock, "steps of alarms not taken")

    async def step(self) -> None:
        """End what is over and take all steps that are due, unless it is being caught up: then they are told together afterwards."""
        if self._is_catching_up():
            return
        while await self._database.read(lambda reader: bool(over_alarms(reader))):
            await self._database.write(end_over)
            self._note_commit()
        while await self._database.read(
            lambda reader: bool(due_alarms(reader, self._clock.now(), 1))
        ):
            await self._database.write(take_steps)
            self._note_commit()


def due_alarms(reader: Reader, now: datetime, limit: int) -> list[AlarmRecord]:
    """Return open alarms of which somebody is to be told, those that wait longest first.

    Those, too, of whose steps something was noted at an instant that has not come yet: the clock was set back since.
    """
    waits = Where("next_step_at", "!=", None)
    due = reader.find(
        AlarmRecord, waits, Where("next_step_at", "<=", now), order_by="next_step_at", limit=limit
    )
    if due:
        return due
    return reader.find(
        AlarmRecord, waits, Where("noted_at", ">", now), order_by="noted_at", limit=limit
    )


def take_steps(uow: UnitOfWork) -> None:
    """Take the steps that are due now."""
    due: list[DueStep] = []
    for alarm in due_alarms(uow, uow.now, AT_ONE_LOOK):
        if is_over(uow, alarm):
            record(uow, AlarmEnded(alarm_id=alarm.alarm_id), stream=alarm.stream, actor=AGENT)
            continue
        reach = PeopleReached(uow, uow.now, without=alarm.receiver)
        step = due_step(uow.escalation, alarm, uow.now, reach)
        holder = _holder(uow, alarm, step) if step.receivers else None
        if holder is not None:
            held_for, until = holder
            _note(uow, [ToldStep.put_off(alarm, until)], (), None, held_for)
        else:
            due.append(step)
    for message in messages_of(due):
        _send(uow, message)
    # an alarm may be told by several messages: how far it is is noted with each, and is the same
    told = {step.alarm.alarm_id for message in messages_of(due) for step in message.steps}
    for step in due:
        if (
            step.alarm.alarm_id not in told
        ):  # nobody could be told; that is on record, and tried again
            _note(uow, [_step_told(step)], (), None, None)


def _holder(uow: UnitOfWork, alarm: AlarmRecord, step: DueStep) -> tuple[str, datetime] | None:
    """Return what holds a message back, and until when."""
    silence = silence_over(alarm, silences_now(uow, uow.now), uow.now)
    if silence is not None:
        return silence.silence_id, silence.ends_at
    if alarm.station is None or alarm.line is None:
        return None
    station = uow.get(StationRecord, alarm.line, alarm.station)
    if station is None or station.no_data_since is None:
        return None
    others = uow.find(
        AlarmRecord,
        Where("next_step_at", "!=", None),
        Where("next_step_at", ">", uow.now),
        Where("steps_told", ">", 0),
        equals("station", alarm.station),
        order_by="next_step_at",
        limit=MOST_OTHERS,
    )
    told = {other.alarm_id: told_of(uow, other) for other in others}
    other = waits_for(step, others, told, [alarm.station])
    if other is None or other.next_step_at is None:
        return None
    return other.alarm_id, other.next_step_at


def told_of(reader: Reader, alarm: AlarmRecord) -> tuple[str, ...]:
    """Return who was told of an alarm by its steps."""
    told = reader.find(AlarmToldRecord, equals("alarm_id", alarm.alarm_id))
    return tuple(dict.fromkeys(name for each in told for name in json.loads(each.receivers)))


def _send(uow: UnitOfWork, message: OneMessage) -> None:
    first = message.steps[0]
    key = _key(uow, first, message.receivers)
    uow.send(_outgoing(uow, message, key))
    by_stream: dict[str, list[DueStep]] = {}
    for step in message.steps:
        by_stream.setdefault(step.alarm.stream, []).append(step)
    for steps in by_stream.values():
        _note(uow, [_step_told(each) for each in steps], message.receivers, key, None)


def _key(uow: UnitOfWork, first: DueStep, receivers: Iterable[str]) -> str:
    """Return a key that no other message has: the alarm's, its step, and the first who is told."""
    own = alarm_key(uow, first.alarm.alarm_id, first.alarm.raised_entry)
    return f"{own}-step-{first.step}-{first.repeat}-{next(iter(receivers))}"


def _outgoing(uow: UnitOfWork, message: OneMessage, key: str) -> OutgoingMessage:
    first = message.steps[0]
    alarms = [step.alarm for step in message.steps]
    page = page_of(uow, first.alarm) if len(message.steps) == 1 else PAGE
    outgoing = message_about(alarms, key, page)
    steps: dict[str, object] = {"step": first.step, "repeat": first.repeat}
    nobody_at = sorted({number for step in message.steps for number in step.nobody_at})
    if nobody_at:
        steps["nobody_at"] = nobody_at
    return OutgoingMessage(
        event=outgoing.event,
        key=key,
        payload=outgoing.payload | steps,
        to=addressed(uow, message.receivers, uow.escalation.wishes, first.alarm.receiver),
    )


def _note(
    uow: UnitOfWork,
    steps: list[ToldStep],
    receivers: tuple[str, ...],
    key: str | None,
    held_for: str | None,
) -> None:
    alarm = uow.get(AlarmRecord, steps[0].alarm_id)
    assert alarm is not None  # noqa: S101  because it was read in this transaction
    told = AlarmsTold(receivers=receivers, key=key, held_for=held_for, steps=tuple(steps))
    record(uow, told, stream=alarm.stream, actor=AGENT)


def _step_told(step: DueStep) -> ToldStep:
    return ToldStep(
        alarm_id=step.alarm.alarm_id,
        step=step.step,
        repeat=step.repeat,
        next_at=step.next_at,
        nobody_at=step.nobody_at,
        unreached=step.unreached,
    )

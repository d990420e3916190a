"""The alarm that a receiver of messages is not reached: raised once, ended when it is (D48).

It is recorded as any alarm is, and the other receivers are told. The one that it is about is not:
what it can't be told would wait for it, and be old when it came.
"""

from collections.abc import Callable

from redrabbit.domain.facts.alarm import AlarmEnded, AlarmKind, AlarmRecord
from redrabbit.domain.identity import AGENT
from redrabbit.domain.record_query import RecordReader, equals
from redrabbit.services.alarming import raise_alarm
from redrabbit.services.ports import Database, UnitOfWork
from redrabbit.services.record_fact import record


class ReceiverAlarms:
    """Raises and ends these alarms, each in a transaction of its own; StoreTrouble if it can't."""

    def __init__(self, database: Database, note_commit: Callable[[], None]) -> None:
        self._database = database
        self._note_commit = note_commit

    async def not_reached(self) -> frozenset[str]:
        """Return the receivers of which an alarm says that they are not reached."""
        alarms = await self._database.read(not_reached)
        return frozenset(str(alarm.receiver) for alarm in alarms)

    async def begin(self, receiver: str) -> None:
        """Say that a receiver is not reached; once, however often it is said."""
        await self._database.write(lambda uow: say_not_reached(uow, receiver))
        self._note_commit()

    async def end(self, receiver: str) -> None:
        """Say that a receiver is reached, or is none any more."""
        await self._database.write(lambda uow: say_reached(uow, receiver))
        self._note_commit()


def not_reached(reader: RecordReader) -> list[AlarmRecord]:
    """Return the alarms that say that a receiver is not reached, now."""
    return reader.find(
        AlarmRecord, equals("kind", AlarmKind.RECEIVER_NOT_REACHED), equals("ended_at", None)
    )


def say_not_reached(uow: UnitOfWork, receiver: str) -> None:
    """Raise the alarm, unless it stands already."""
    if receiver not in {alarm.receiver for alarm in not_reached(uow)}:
        raise_alarm(uow, AlarmKind.RECEIVER_NOT_REACHED, at=uow.now, receiver=receiver)


def say_reached(uow: UnitOfWork, receiver: str) -> None:
    """End the alarm, if it stands."""
    for alarm in not_reached(uow):
        if alarm.receiver == receiver:
            ended = AlarmEnded(alarm_id=alarm.alarm_id)
            record(uow, ended, stream=alarm.stream, actor=AGENT)

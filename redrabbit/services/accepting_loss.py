"""Recording that history was lost, so that what is left can go on (D62)."""

from redrabbit.domain.facts.alarm import AlarmKind, AlarmRecord
from redrabbit.domain.facts.plant import HistoryLost, NotWatched, NotWatchedWhy
from redrabbit.domain.identity import Actor
from redrabbit.domain.ledger import PLANT_STREAM
from redrabbit.domain.record_query import RecordReader, equals
from redrabbit.services.alarming import raise_alarm
from redrabbit.services.ports import UnitOfWork
from redrabbit.services.record_fact import record


def losses_to_acknowledge(reader: RecordReader) -> list[AlarmRecord]:
    """Return the alarms about lost history that no person has acknowledged yet, the first raised first."""
    raised = reader.find(
        AlarmRecord, equals("kind", AlarmKind.HISTORY_LOST), equals("ended_at", None)
    )
    waiting = [alarm for alarm in raised if alarm.acknowledged_at is None]
    return sorted(waiting, key=lambda alarm: alarm.raised_entry)


def accept_loss(uow: UnitOfWork, lost: HistoryLost, actor: Actor) -> None:
    """Record what is lost and who goes on without it; the alarm stands until a person acknowledges it.

    Of the time from the last entry that is left until now nobody knows what was done: what was owed in it lapses
    for that reason. No time is lost where the clock was set back behind that entry. Where the ledger went on after the loss,
    its last entry does not tell when that began, and no time is said to be lost.
    """
    last = uow.entries(first=max(0, uow.head().size - 1), limit=1)
    record(uow, lost, stream=PLANT_STREAM, actor=actor)
    if lost.found_size < lost.size and last and last[0].recorded_at < uow.now:
        unknown = NotWatched(
            begins_at=last[0].recorded_at, ends_at=uow.now, why=NotWatchedWhy.HISTORY_LOST
        )
        record(uow, unknown, stream=PLANT_STREAM, actor=actor)
    raise_alarm(uow, AlarmKind.HISTORY_LOST, at=uow.now)

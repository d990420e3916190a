"""The pauses of lines at an instant, found without those that were over before (R13, B30)."""

from datetime import datetime

from redrabbit.domain.device_status import is_paused
from redrabbit.domain.record_query import RecordReader, Where
from redrabbit.domain.records import PauseRecord


def pauses_at(reader: RecordReader, instant: datetime) -> list[PauseRecord]:
    """Return the pauses in which an instant falls, by line and number."""
    return [pause for pause in unended_pauses(reader, instant) if is_paused(pause, instant)]


def unended_pauses(reader: RecordReader, instant: datetime) -> list[PauseRecord]:
    """Return the pauses that end after an instant, by line and number.

    Asked in order of their ends: in another order SQLite would rather walk over all of them than sort.
    """
    found = reader.find(PauseRecord, Where("ends_at", ">", instant), order_by="ends_at")
    return sorted(found, key=lambda pause: (pause.line, pause.number))

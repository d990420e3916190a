"""Says in the ledger where its streams stand: each hour and at the end of each shift (D25, D59).

What is exported up to there is proved to be whole. Only the service does this; where nothing was recorded since,
nothing is said.
"""

from datetime import datetime

from redrabbit.domain.facts.stream_heads import StreamHeads
from redrabbit.domain.identity import AGENT
from redrabbit.domain.ledger import PLANT_STREAM, Entry
from redrabbit.domain.plant import Plant
from redrabbit.domain.shift_calendar import shift_windows
from redrabbit.services.ports import Reader, UnitOfWork
from redrabbit.services.record_fact import record


def are_heads_due(reader: Reader, plant: Plant, began_at: datetime, now: datetime) -> bool:
    """Tell whether an hour or a shift has ended since they were said last, and something was recorded.

    `began_at`: when this service began, where they were never said.
    """
    last = last_said(reader)
    if last is not None and reader.head().size <= last.index + 1:
        return False
    since = last.recorded_at if last is not None else began_at
    return since < last_end(plant, now)


def last_said(reader: Reader) -> Entry | None:
    """Return the last entry that says where the streams stand."""
    return next(iter(reader.entries_of(StreamHeads.TYPE, descending=True, limit=1)), None)


def last_end(plant: Plant, now: datetime) -> datetime:
    """Return when a shift of any line, or else an hour, ended last."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    ends = [
        window.ends_at
        for calendar in plant.calendars.values()
        for window in shift_windows(calendar, hour, now)
        if window.ends_at <= now
    ]
    return max(ends, default=hour)


def note_stream_heads(uow: UnitOfWork) -> None:
    """Say where the streams stand now."""
    record(uow, StreamHeads.of(uow.stream_heads), stream=PLANT_STREAM, actor=AGENT)

"""Lists a page at a time, newest first: the cursor is the id of the last record seen (B30).

Records come by an instant that never changes, those of one instant by stream and number; so a page
neither repeats nor skips what was there when the page before was read.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, TypeVar

from redrabbit.domain.errors import Refusal
from redrabbit.domain.records import (
    AlarmRecord,
    ContainmentRecord,
    OccurrenceRecord,
    PauseRecord,
    Record,
    RunRecord,
)
from redrabbit.services.ports import Reader, Where, equals

R = TypeVar("R", bound=Record)

NEWEST_BY: Final[Mapping[type[Record], str]] = {
    RunRecord: "started_at",
    OccurrenceRecord: "due_at",
    ContainmentRecord: "opened_at",
    PauseRecord: "begins_at",
    AlarmRecord: "raised_at",
}
"""The instant that orders each kind."""


class Listed(NamedTuple):
    """What orders a record among others of its kind."""

    at: object
    stream: str
    number: int


def listed(record: Record) -> Listed:
    """Return what orders a record among others of its kind."""
    kind = type(record)
    values = (getattr(record, name) for name in (NEWEST_BY[kind], kind.STREAM, "number"))
    return Listed(*values)


def newest_first(
    reader: Reader, kind: type[R], where: Sequence[Where], *, limit: int, after: str | None
) -> tuple[list[R], str | None]:
    """Return a page of records, newest first, and the cursor of the next page; None: the last.

    `after` is the cursor. Refused where it is the id of no record.
    """
    records: list[R] = []
    for those in _older(reader, kind, after):
        room = limit + 1 - len(records)
        if room > 0:
            records += reader.find(
                kind, *where, *those, order_by=NEWEST_BY[kind], descending=True, limit=room
            )
    page = records[:limit]
    more = len(records) > limit and bool(page)
    return page, str(getattr(page[-1], kind.KEY[0])) if more else None


def read_cursor(reader: Reader, kind: type[R], cursor: str) -> R:
    """Return the record that a cursor stands for; refused where there is none."""
    record = reader.get(kind, cursor)
    if record is None:
        raise Refusal("not_a_cursor", cursor=cursor)
    return record


def _older(reader: Reader, kind: type[R], after: str | None) -> Sequence[tuple[Where, ...]]:
    """Return the conditions of what follows a record, in the order in which it follows.

    The port asks conditions that all hold, so *the same instant and less, or earlier* is asked
    one after the other.
    """
    if after is None:
        return ((),)
    last = listed(read_cursor(reader, kind, after))
    at, stream = NEWEST_BY[kind], kind.STREAM
    return (
        (equals(at, last.at), equals(stream, last.stream), Where("number", "<", last.number)),
        (equals(at, last.at), Where(stream, "<", last.stream)),
        (Where(at, "<", last.at),),
    )

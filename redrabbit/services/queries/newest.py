"""Lists a page at a time, newest first: the cursor is the id of the last record seen (B30).

Records come by an instant that never changes, those of one instant by stream and number; so a page
neither repeats nor skips what was there when the page before was read.
"""

from collections.abc import Callable, Mapping, Sequence
from operator import eq, ge, lt
from typing import Any, Final, NamedTuple, TypeVar

from redrabbit.domain.errors import Refusal
from redrabbit.domain.records import (
    AlarmRecord,
    ContainmentRecord,
    OccurrenceRecord,
    PauseRecord,
    PlantEventRecord,
    Record,
    RunRecord,
    SilenceRecord,
)
from redrabbit.services.ports import Reader, Where, equals

R = TypeVar("R", bound=Record)

NEWEST_BY: Final[Mapping[type[Record], str]] = {
    RunRecord: "started_at",
    OccurrenceRecord: "due_at",
    ContainmentRecord: "opened_at",
    PauseRecord: "begins_at",
    PlantEventRecord: "happened_at",
    AlarmRecord: "raised_at",
    SilenceRecord: "begins_at",
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
    following = where
    if after is not None:
        last = read_cursor(reader, kind, after)
        at, field = listed(last).at, NEWEST_BY[kind]
        records = _of_instant(reader, kind, [*where, equals(field, at)], listed(last))
        following = [*where, Where(field, "<", at)]
    if len(records) <= limit:
        records += _newest(reader, kind, following, limit + 1 - len(records))
    page = records[:limit]
    more = len(records) > limit and bool(page)
    return page, str(getattr(page[-1], kind.KEY[0])) if more else None


def read_cursor(reader: Reader, kind: type[R], cursor: str) -> R:
    """Return the record that a cursor stands for; refused where there is none."""
    record = reader.get(kind, cursor)
    if record is None:
        raise Refusal("not_a_cursor", cursor=cursor)
    return record


def _of_instant(reader: Reader, kind: type[R], where: Sequence[Where], last: Listed) -> list[R]:
    """Return the records of the instant of the last one that follow it.

    Few share one, so all of them are read: asked for their numbers, too, SQLite might look up these.
    """
    return [each for each in _newest(reader, kind, where, None) if listed(each) < last]


def _newest(reader: Reader, kind: type[R], where: Sequence[Where], limit: int | None) -> list[R]:
    wanted = _narrowest(where)
    if wanted is None:
        return []
    return reader.find(kind, *wanted, order_by=NEWEST_BY[kind], descending=True, limit=limit)


def _narrowest(where: Sequence[Where]) -> Sequence[Where] | None:
    """Return the conditions with at most one lower and one upper bound of each field; None: nothing meets them.

    Of several upper bounds SQLite looks up one, whichever: it might walk from the end of the period
    that is asked for to the page that is. And where none of a list is wanted, it would look at everything.
    """
    narrowed: list[Where] = []
    for field in dict.fromkeys(each.field for each in where):
        of_field = [each for each in where if each.field == field]
        exact = next((each for each in of_field if each.operator == "="), None)
        if any(each.operator == "in" and not each.value for each in of_field):
            return None
        if len(of_field) == 1:
            narrowed += of_field
        elif exact is None:
            narrowed += _bounds(of_field)
        elif all(_MEETS[each.operator](exact.value, each.value) for each in of_field):
            narrowed.append(exact)
        else:
            return None
    return narrowed


def _bounds(of_field: Sequence[Where]) -> list[Where]:
    upper = [each for each in of_field if each.operator == "<"]
    lower = [each for each in of_field if each.operator == ">="]
    return [*sorted(upper, key=_value)[:1], *sorted(lower, key=_value, reverse=True)[:1]]


def _value(bound: Where) -> Any:
    return bound.value


_MEETS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {"=": eq, "<": lt, ">=": ge}
"""How lists ask for what they order by."""

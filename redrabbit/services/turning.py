"""What nothing has decided yet and turns by the clock alone: it is told of, postponed, excused or lapses.

However much is open, only what can turn is asked for, each kind in its own order, and never all of it (decision 72). A scheduled
check that no pause moves turns at the end of its grace until that was told, and at its lapse. One that was not moved yet and is due
in a pause turns at its due time, before all else. One that was moved is looked at by itself: few are, as each is done, lapsed or
excused soon after its line makes parts again.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from redrabbit.domain.clock_doubts import open_doubts, waits_for_clock
from redrabbit.domain.identity import CheckId
from redrabbit.domain.occurrence import lapse_at
from redrabbit.domain.pauses import (
    PausesByLine,
    as_paused,
    excuse_at,
    is_covered,
    pauses_after,
    pauses_of,
)
from redrabbit.domain.records import ClockDoubtRecord, OccurrenceRecord, PauseRecord
from redrabbit.services.ports import Reader, Where, equals

MORE: Final = 4
"""Of those that close next one is read; where a run holds it, four, and so on."""

_UNDECIDED: Final = equals("decided_at", None)
"""And not `outcome`, which begins other indexes: SQLite would take one of these, and sort all that is open."""
_UNTOLD: Final = (_UNDECIDED, equals("overdue_told", False))
_EVER: Final = datetime.min.replace(tzinfo=UTC)
"""Before all that is recorded: with such a bound, and in that order, SQLite takes the index of that order and walks over no more."""


def turns_at(
    made: OccurrenceRecord,
    pauses: PausesByLine,
    doubts: Sequence[ClockDoubtRecord],
    now: datetime,
) -> Iterator[datetime]:
    """Yield when something is to be recorded of an occurrence, as things stand now; a lapse that waits for the clock has no time."""
    stands = as_paused(made, pauses, now)
    if not waits_for_clock(stands, doubts, now):
        yield lapse_at(stands) if stands.decided_at is None else stands.decided_at
    if not stands.overdue_told:
        yield stands.grace_ends_at
    if stands.due_at != made.due_at:
        yield postponed_at(made, stands)
    if is_covered(stands):
        yield excuse_at(stands)


def postponed_at(made: OccurrenceRecord, stands: OccurrenceRecord) -> datetime:
    """Return when an occurrence is postponed: at its due time; at the end of a pause that ended earlier than it was to.

    Not before: until then a pause to come may be taken back.
    """
    return min(made.due_at, stands.due_at)


def turned_by(reader: Reader, now: datetime, only: CheckId | None = None) -> list[OccurrenceRecord]:
    """Return what waits to be told of, postponed, excused or lapsed, by its due time; of one check only where it is named."""
    if only is not None:
        of_check = reader.find(OccurrenceRecord, equals("check_id", only), equals("outcome", None))
        return _turned(of_check, pauses_of(reader, of_check), open_doubts(reader), now)
    pauses, found = _paused(reader)

    def find(by: str, *where: Where) -> list[OccurrenceRecord]:
        return reader.find(OccurrenceRecord, *where, Where(by, "<=", now), order_by=by)

    found += find("grace_ends_at", *_UNTOLD) + find("closes_at", _UNDECIDED)
    for pause in _each(pauses):
        found += find("due_at", *_due_in(pause))
    different = {each.occurrence_id: each for each in found}
    return _turned(different.values(), pauses, open_doubts(reader), now)


def next_turn_at(reader: Reader, now: datetime) -> datetime | None:
    """Return when something is to be recorded of an occurrence next, `now` or an earlier instant for at once; None: never."""
    doubts = open_doubts(reader)
    pauses, found = _paused(reader)
    found += reader.find(OccurrenceRecord, *_UNTOLD, order_by="grace_ends_at", limit=1)
    for pause in _each(pauses):
        found += reader.find(OccurrenceRecord, *_due_in(pause), order_by="due_at", limit=1)
    earliest = _earliest(found, pauses, doubts, now)
    limit = 1
    while True:
        closing = _first(reader, "closes_at", limit=limit)
        earliest = min(
            (at for at in (earliest, _earliest(closing, pauses, doubts, now)) if at is not None),
            default=None,
        )
        is_all = len(closing) < limit
        if is_all or (earliest is not None and earliest <= closing[-1].closes_at):
            return earliest
        limit *= MORE


def _paused(reader: Reader) -> tuple[PausesByLine, list[OccurrenceRecord]]:
    """Return the pauses that can move or excuse anything undecided, and what pauses have moved already."""
    postponed = _first(reader, "first_due_at")
    first = _first(reader, "due_at", limit=1)
    dues = [each.first_due_at or each.due_at for each in (*postponed, *first)]
    return (pauses_after(reader, min(dues)) if dues else {}), postponed


def _first(reader: Reader, by: str, limit: int | None = None) -> list[OccurrenceRecord]:
    """Return the first of what is undecided, in the order of an instant that it has."""
    return reader.find(
        OccurrenceRecord, _UNDECIDED, Where(by, ">", _EVER), order_by=by, limit=limit
    )


def _each(pauses: PausesByLine) -> Iterator[PauseRecord]:
    return (pause for of_line in pauses.values() for pause in of_line)


def _due_in(pause: PauseRecord) -> tuple[Where, ...]:
    """Return the conditions of what is undecided and was last known to be due in a pause of its line."""
    within = (Where("due_at", ">=", pause.begins_at), Where("due_at", "<", pause.ends_at))
    return (equals("line", pause.line), equals("outcome", None), *within)


def _turned(
    found: Iterable[OccurrenceRecord],
    pauses: PausesByLine,
    doubts: Sequence[ClockDoubtRecord],
    now: datetime,
) -> list[OccurrenceRecord]:
    turned = [
        each for each in found if any(at <= now for at in turns_at(each, pauses, doubts, now))
    ]
    return sorted(turned, key=lambda each: (each.due_at, each.line, each.number))


def _earliest(
    found: Iterable[OccurrenceRecord],
    pauses: PausesByLine,
    doubts: Sequence[ClockDoubtRecord],
    now: datetime,
) -> datetime | None:
    return min((at for each in found for at in turns_at(each, pauses, doubts, now)), default=None)

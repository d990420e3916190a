"""Scheduled checks of any period, each with its one end: found a page at a time, and counted exactly (L7, B34, D63).

What is decided is found by its outcome, through an index, and counted by counts that are kept. What is not decided yet is
few, and looked at one by one: how it stands follows from its times and the pauses of its line (D9), so one whose window
has closed counts as lapsed, whether that is written yet or not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from redrabbit.domain.count_periods import EVER, parts_of
from redrabbit.domain.facts.occurrence import OccurrenceOutcome
from redrabbit.domain.occurrence import OccurrenceStatus, status
from redrabbit.domain.pauses import stands_now, undecided
from redrabbit.domain.records import CountRecord, OccurrenceRecord
from redrabbit.services.ports import Reader, Where, equals
from redrabbit.services.queries.newest import listed, newest_first, read_cursor


class End(StrEnum):
    """How a scheduled check ended; exactly one of these, the worst first."""

    FAILED = "failed"
    LAPSED = "lapsed"
    OPEN = "open"
    """Not ended yet."""
    EXCUSED = "excused"
    PASSED = "passed"


STORED: Final[Mapping[End, OccurrenceOutcome]] = {
    End(outcome.value): outcome for outcome in OccurrenceOutcome
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecksWanted:
    """Scheduled checks of a place, due in a time, with an end; None: of any."""

    line: str | None = None
    device: str | None = None
    check: str | None = None
    begin: datetime | None = None
    """Due then or later."""
    end: datetime | None = None
    """Due before."""
    ended: End | None = None


def end_of(occurrence: OccurrenceRecord, now: datetime) -> End:
    """Return how a scheduled check ended, as it stands now."""
    stands = status(occurrence, now)
    return (
        End.LAPSED if stands is OccurrenceStatus.LAPSED else _END.get(occurrence.outcome, End.OPEN)
    )


_END: Final[Mapping[OccurrenceOutcome | None, End]] = {
    outcome: end for end, outcome in STORED.items()
}


def newest_checks(
    reader: Reader, wanted: ChecksWanted, now: datetime, *, limit: int, after: str | None
) -> tuple[list[OccurrenceRecord], str | None]:
    """Return a page of scheduled checks, the latest due first, and the cursor of the next page; None: the last.

    Each outcome is asked for by itself, because an index holds those of a place by outcome and due time.
    """
    last = None
    if after is not None:
        last = stands_now(reader, read_cursor(reader, OccurrenceRecord, after), now)
    place = (*_narrowest(reader, wanted), *_due(wanted))
    found = [
        each
        for each in _undecided(reader, wanted, now)
        if last is None or listed(each) < listed(last)
    ]
    more = False
    for end, outcome in STORED.items():
        if wanted.ended in {None, end}:
            where = (*place, equals("outcome", outcome.value))
            page, following = newest_first(
                reader, OccurrenceRecord, where, limit=limit, after=after
            )
            found += page
            more = more or following is not None
    found.sort(key=listed, reverse=True)
    page = found[:limit]
    is_cut = (more or len(found) > limit) and bool(page)
    return page, str(page[-1].occurrence_id) if is_cut else None


def count_ends(reader: Reader, wanted: ChecksWanted, now: datetime) -> Mapping[End, int]:
    """Return how many scheduled checks came to each end, the one that is asked for left aside."""
    counts = dict.fromkeys(End, 0)
    anyhow = ChecksWanted(
        line=wanted.line,
        device=wanted.device,
        check=wanted.check,
        begin=wanted.begin,
        end=wanted.end,
    )
    for each in _undecided(reader, anyhow, now):
        counts[end_of(each, now)] += 1
    parts, kept = parts_of(wanted.begin, wanted.end), _kept(wanted)
    place = _narrowest(reader, wanted)
    for end, outcome in STORED.items():
        of_outcome = equals("outcome", outcome.value)
        if parts.has_all:
            counts[end] += reader.total(
                CountRecord, "count", *kept, equals("period", EVER), of_outcome
            )
        for first, last in parts.ranges:
            bounds = Where("period", ">=", first), Where("period", "<", last)
            counts[end] += reader.total(CountRecord, "count", *kept, *bounds, of_outcome)
        for begin, until in parts.edges:
            bounds = Where("due_at", ">=", begin), Where("due_at", "<", until)
            counts[end] += reader.count(OccurrenceRecord, *place, *bounds, of_outcome)
    return counts


def ends_of_day(
    reader: Reader, wanted: ChecksWanted, begin: datetime, end: datetime
) -> Mapping[tuple[str, End], int]:
    """Return how many decided checks of one day there are, by line and end.

    The day is all that an index is asked for: what was due in one is little enough to sort out here.
    """
    bounds = Where("due_at", ">=", begin), Where("due_at", "<", end)
    found = reader.tally(OccurrenceRecord, ("line", "device", "check_id", "outcome"), *bounds)
    counts: dict[tuple[str, End], int] = {}
    for (line, device, check, outcome), count in found.items():
        if outcome is not None and _is_at((line, device, check), wanted):
            key = line, _END[outcome]
            counts[key] = counts.get(key, 0) + count
    return counts


def undecided_checks(
    reader: Reader, wanted: ChecksWanted, now: datetime
) -> Sequence[OccurrenceRecord]:
    """Return those that nothing has decided yet, of any end that they stand at."""
    return _undecided(reader, wanted, now)


def _undecided(reader: Reader, wanted: ChecksWanted, now: datetime) -> list[OccurrenceRecord]:
    if wanted.ended not in {None, End.OPEN, End.LAPSED, End.EXCUSED}:
        return []
    return [
        each
        for each in undecided(reader, now)
        if _is_at((each.line, each.device, each.check_id), wanted)
        and (wanted.begin is None or wanted.begin <= each.due_at)
        and (wanted.end is None or each.due_at < wanted.end)
        and wanted.ended in {None, end_of(each, now)}
    ]


def _narrowest(reader: Reader, wanted: ChecksWanted) -> Sequence[Where]:
    """Return the conditions that find the checks of a place, by as few fields as will do.

    A check stands at one device of one line, so mostly the narrowest alone finds its own: see `counts.place_conditions`.
    """
    conditions = _place(wanted)
    if len(conditions) < 2:  # noqa: PLR2004  because one finds them
        return conditions
    narrowest = conditions[-1]
    of_all = (equals("counted", OccurrenceRecord.TABLE), equals("period", EVER))
    known = [
        (each.stream, each.device, each.check_id)
        for each in reader.find(CountRecord, *of_all, narrowest)
    ]
    those = [place for place in known if _is_at(place, wanted)]
    if not those:
        return [Where(narrowest.field, "in", ())]
    return [narrowest] if len(those) == len(known) else conditions


def _place(wanted: ChecksWanted) -> list[Where]:
    """Return a condition for each field of a place that is asked for, the narrowest last."""
    given = {"line": wanted.line, "device": wanted.device, "check_id": wanted.check}
    return [equals(field, value) for field, value in given.items() if value is not None]


def _kept(wanted: ChecksWanted) -> list[Where]:
    given = {"stream": wanted.line, "device": wanted.device, "check_id": wanted.check}
    of_place = [equals(field, value) for field, value in given.items() if value is not None]
    return [equals("counted", OccurrenceRecord.TABLE), *of_place]


def _due(wanted: ChecksWanted) -> list[Where]:
    due = []
    if wanted.begin is not None:
        due.append(Where("due_at", ">=", wanted.begin))
    if wanted.end is not None:
        due.append(Where("due_at", "<", wanted.end))
    return due


def _is_at(place: tuple[str, str, str], wanted: ChecksWanted) -> bool:
    asked = (wanted.line, wanted.device, wanted.check)
    return all(value in {None, found} for value, found in zip(asked, place, strict=True))

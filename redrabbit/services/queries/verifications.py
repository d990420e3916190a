"""Scheduled checks as pages list them: every due moment of a period with its one end, and its month by day and line (B32, B34, R22)."""

from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from redrabbit.base.messages import Message
from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import OccurrenceId, RunId
from redrabbit.domain.occurrence import status
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import CheckRecord, LapseReasonRecord, OccurrenceRecord, RunRecord
from redrabbit.domain.shift_calendar import day_begins, day_ends, plant_date, span_of_days
from redrabbit.domain.text import Text
from redrabbit.domain.unwatched import Unwatched, unwatched_of
from redrabbit.services.ports import Reader, Where
from redrabbit.services.queries.people import Names, Person, names_in, person
from redrabbit.services.queries.place_names import PlaceShown, line_name, place_of
from redrabbit.services.queries.reasons import quoted, unwatched_words, why_decided
from redrabbit.services.queries.scheduled_checks import (
    ChecksWanted,
    End,
    count_ends,
    end_of,
    ends_of_day,
    newest_checks,
    undecided_checks,
)

PAGE_ROWS: Final = 40
AT_ONCE: Final = 200
"""Rows read at a time for a whole list: their runs and reasons are asked for together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckFilter:
    """What is asked for; dates are plant-local and both included."""

    line: str | None = None
    device: str | None = None
    check: str | None = None
    from_date: date | None = None
    to_date: date | None = None
    ended: End | None = None
    before: OccurrenceId | None = None
    """Cursor: only those that come after this one in the list, which is the latest due first."""

    @property
    def is_of_some(self) -> bool:
        """Whether a place or an end is asked for."""
        asked = (self.line, self.device, self.check, self.ended)
        return any(each is not None for each in asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRow:
    """One scheduled check."""

    occurrence: OccurrenceId
    check: str
    where: PlaceShown
    end: End
    status: str
    """How it stands: of one that has not ended, whether it is due, overdue or still to come."""
    due_at: datetime
    grace_ends_at: datetime
    closes_at: datetime
    late: timedelta | None
    """How long after it was due its verification was started; None where it was in time, or none was."""
    decided_at: datetime | None
    by: Person | None
    reason: Message | None
    unwatched: Message | None
    """For which part of the time in which it was owed nobody watched, where it lapsed; None: for none."""
    reasons: tuple[Message, ...]
    """Why it lapsed, as people said afterwards; each in quotation marks."""
    plan: str
    run: RunId | None
    special_now: str | None
    """The special characteristic that its check has now, or had when it was retired."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCell:
    """One day of one line."""

    day: date
    counts: tuple[tuple[End, int], ...]
    """Only those that there are, the worst first; empty: nothing was due."""
    is_today: bool

    @property
    def worst(self) -> tuple[End, int] | None:
        """The worst end of the day, and how many came to it."""
        return self.counts[0] if self.counts else None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineMonth:
    """One line's month: weeks from Monday to Sunday, None for days of other months."""

    line: str
    name: Text
    weeks: tuple[tuple[DayCell | None, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecksPage:
    """A page of scheduled checks, the latest due first."""

    now: datetime
    wanted: CheckFilter
    rows: tuple[CheckRow, ...]
    next_before: str | None
    """Cursor of the next page; None: this is the last."""
    counts: Mapping[End, int]
    """How many there are of each end, on all pages, whichever end is asked for."""
    total: int
    """How many match, on all pages."""
    month: date
    """The first day of the month that is drawn."""
    calendar: tuple[LineMonth, ...]
    lines: tuple[tuple[str, Text], ...]
    devices: tuple[tuple[str, Text], ...]
    checks: tuple[str, ...]
    root: str
    size: int

    @property
    def last_month(self) -> tuple[date, date]:
        """First and last day of the month before."""
        return month_of(self.month - timedelta(days=1))

    @property
    def next_month(self) -> tuple[date, date]:
        """First and last day of the month after."""
        return month_of(self.month + timedelta(days=31))


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeList:
    """Exactly what a filter finds, and how many of each end there are."""

    now: datetime
    wanted: CheckFilter
    rows: tuple[CheckRow, ...]
    counts: Mapping[End, int]
    total: int
    root: str
    size: int


def month_of(day: date) -> tuple[date, date]:
    """Return the first and the last day of a day's month."""
    return day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1])


def checks_page(reader: Reader, plant: Plant, wanted: CheckFilter, now: datetime) -> ChecksPage:
    """Return one page of the scheduled checks that match, and the month of their period."""
    asked = _asked(plant, wanted)
    found, following = newest_checks(reader, asked, now, limit=PAGE_ROWS, after=wanted.before)
    counts, head = count_ends(reader, asked, now), reader.head()
    today = plant_date(plant.zone, now)
    month = (wanted.from_date or wanted.to_date or today).replace(day=1)
    return ChecksPage(
        now=now,
        wanted=wanted,
        rows=_rows(reader, plant, names_in(reader), found, now),
        next_before=following,
        counts=counts,
        total=_total(counts, wanted),
        month=month,
        calendar=_calendar(reader, plant, wanted, month, now),
        lines=tuple((line.id, line.name) for line in plant.lines),
        devices=tuple((d.id, d.name) for station in plant.stations for d in station.devices),
        checks=tuple(sorted({each.check_id for each in reader.find(CheckRecord)})),
        root=head.root,
        size=head.size,
    )


def whole_list(
    reader: Reader, plant: Plant, wanted: CheckFilter, now: datetime, most: int
) -> WholeList:
    """Return all that a filter finds, in one reading; refused where there is more than can be handed over at once."""
    asked, head = _asked(plant, wanted), reader.head()
    counts = count_ends(reader, asked, now)
    total = _total(counts, wanted)
    if total > most:
        raise Refusal("too_many_rows", count=total, most=most)
    names, cursor = names_in(reader), None
    rows: list[CheckRow] = []
    while True:
        found, cursor = newest_checks(reader, asked, now, limit=AT_ONCE, after=cursor)
        rows += _rows(reader, plant, names, found, now)
        if cursor is None:
            break
    return WholeList(
        now=now,
        wanted=wanted,
        rows=tuple(rows),
        counts=counts,
        total=total,
        root=head.root,
        size=head.size,
    )


def _asked(plant: Plant, wanted: CheckFilter) -> ChecksWanted:
    begin, end = span_of_days(plant.zone, wanted.from_date, wanted.to_date)
    return ChecksWanted(
        line=wanted.line or None,
        device=wanted.device or None,
        check=wanted.check or None,
        begin=begin,
        end=end,
        ended=wanted.ended,
    )


def _total(counts: Mapping[End, int], wanted: CheckFilter) -> int:
    return sum(counts.values()) if wanted.ended is None else counts[wanted.ended]


def _rows(
    reader: Reader, plant: Plant, names: Names, found: Sequence[OccurrenceRecord], now: datetime
) -> tuple[CheckRow, ...]:
    lapsed = tuple(each.occurrence_id for each in found if end_of(each, now) is End.LAPSED)
    given: dict[str, list[Message]] = {}
    if lapsed:
        for reason in reader.find(LapseReasonRecord, Where("occurrence_id", "in", lapsed)):
            given.setdefault(reason.occurrence_id, []).append(quoted(reason.text))
    over = [each for each in found if end_of(each, now) is End.LAPSED]
    unwatched = dict(
        zip((each.occurrence_id for each in over), unwatched_of(reader, over), strict=True)
    )
    made = tuple(each.run_id for each in found if each.run_id is not None)
    runs = reader.find(RunRecord, Where("run_id", "in", made)) if made else []
    special = {
        (each.line, each.check_id): each.special_characteristic for each in reader.find(CheckRecord)
    }
    by_id = {run.run_id: run for run in runs}
    return tuple(
        check_row(
            plant,
            names,
            each,
            None if each.run_id is None else by_id.get(each.run_id),
            now=now,
            reasons=tuple(given.get(each.occurrence_id, ())),
            unwatched=unwatched.get(each.occurrence_id),
            special_now=special.get((each.line, each.check_id)),
        )
        for each in found
    )


def check_row(
    plant: Plant,
    names: Names,
    each: OccurrenceRecord,
    run: RunRecord | None,
    *,
    now: datetime,
    reasons: tuple[Message, ...] = (),
    unwatched: Unwatched | None = None,
    special_now: str | None = None,
) -> CheckRow:
    """Return one scheduled check as lists show it; `run` is the one that it names."""
    late_s = None if run is None else run.late_s
    end = end_of(each, now)
    return CheckRow(
        occurrence=each.occurrence_id,
        check=each.check_id,
        where=place_of(plant, each),
        end=end,
        status=status(each, now).value,
        due_at=each.due_at,
        grace_ends_at=each.grace_ends_at,
        closes_at=each.closes_at,
        late=timedelta(seconds=late_s) if late_s is not None and late_s > 0 else None,
        decided_at=each.decided_at,
        by=person(names, each.decided_by, each.decided_how, each.decided_entry),
        reason=why_decided(plant, each),
        unwatched=None if unwatched is None else unwatched_words(unwatched),
        reasons=reasons,
        plan=plan_of(each),
        run=each.run_id,
        special_now=special_now,
    )


def plan_of(each: OccurrenceRecord) -> str:
    """Return the plan that a scheduled check was made under, with its line."""
    line = "" if each.plan_line is None else f" · {each.plan_line}"
    return f"{each.plan_number} {each.plan_revision}{line}"


def _calendar(
    reader: Reader, plant: Plant, wanted: CheckFilter, month: date, now: datetime
) -> tuple[LineMonth, ...]:
    """Return the month by line and day, of the place that is asked for and of any end."""
    first, last = month_of(month)
    asked = replace(
        _asked(plant, replace(wanted, from_date=first, to_date=last, before=None)), ended=None
    )
    counts: dict[tuple[str, date, End], int] = {}
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    for day in days:
        begin, end = day_begins(plant.zone, day), day_ends(plant.zone, day)
        for (line, came_to), count in ends_of_day(reader, asked, begin, end).items():
            counts[line, day, came_to] = count
    for each in undecided_checks(reader, asked, now):
        key = each.line, plant_date(plant.zone, each.due_at), end_of(each, now)
        counts[key] = counts.get(key, 0) + 1
    today = plant_date(plant.zone, now)
    known = [str(line.id) for line in plant.lines if wanted.line in {None, "", line.id}]
    shown = dict.fromkeys((*known, *sorted({line for line, _, _ in counts})))
    return tuple(
        LineMonth(
            line=line,
            name=line_name(plant, line),
            weeks=_weeks(
                DayCell(
                    day=day,
                    counts=tuple(
                        (end, counts[line, day, end]) for end in End if (line, day, end) in counts
                    ),
                    is_today=day == today,
                )
                for day in days
            ),
        )
        for line in shown
    )


def _weeks(cells: Iterable[DayCell]) -> tuple[tuple[DayCell | None, ...], ...]:
    days = list(cells)
    before = days[0].day.weekday()
    padded: list[DayCell | None] = [*(None for _ in range(before)), *days]
    padded += [None] * (-len(padded) % 7)
    return tuple(tuple(padded[n : n + 7]) for n in range(0, len(padded), 7))

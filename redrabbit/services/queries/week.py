"""A week of one line: what was and will be due in it, check by check, with its shifts and pauses (R06, R13, D55).

What is made is shown as it stands. What is not made yet is planned by the plan and calendar in force and by the pauses that are
declared now; where another plan is to take effect in the week, nothing is planned beyond that moment, and the page says so.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Final

from redrabbit.domain.control_plan import Check
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.occurrence import first_times
from redrabbit.domain.facts.plan_revision import PlanState
from redrabbit.domain.identity import LineId
from redrabbit.domain.occurrence import OccurrenceStatus, frozen_times, status
from redrabbit.domain.pauses import is_postponed, moved, pauses_after, undecided
from redrabbit.domain.plant import Plant
from redrabbit.domain.record_query import equals
from redrabbit.domain.records import (
    CheckRecord,
    OccurrenceRecord,
    PauseRecord,
    PlanRevisionRecord,
)
from redrabbit.domain.schedule import each_due_time
from redrabbit.domain.shift_calendar import (
    A_MOMENT,
    ShiftCalendar,
    day_begins,
    day_ends,
    plant_date,
    windows_on,
)
from redrabbit.domain.text import Text
from redrabbit.services.ports import Reader
from redrabbit.services.queries.schedule_shown import RuleShown, schedule_shown
from redrabbit.services.queries.scheduled_checks import ChecksWanted, newest_checks

MOST_SHOWN: Final = 2_000
"""Due times of one page."""
DAYS: Final = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One moment at which a check is due."""

    due_at: datetime
    occurrence: str | None
    """None: it is planned, and not made yet."""
    status: str
    is_moved: bool
    """Whether a pause moved it to another time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekRow:
    """One check, with what is due on each day of the week."""

    check: str
    device: Text
    operation: str
    schedule: tuple[RuleShown, ...]
    """Empty where the plan in force has it no more."""
    days: tuple[tuple[Slot, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftShown:
    """A shift that begins on a day."""

    name: Text | str
    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseShown:
    """A pause that is on during a day."""

    begins_at: datetime
    ends_at: datetime
    reason: str
    """A person's words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayShown:
    """One day of the week."""

    day: date
    is_today: bool
    shifts: tuple[ShiftShown, ...]
    pauses: tuple[PauseShown, ...]
    count: int
    """How much is due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekPage:
    """A week of one line."""

    now: datetime
    line: str
    line_name: Text
    lines: tuple[tuple[str, Text], ...]
    chosen: date
    """The day that is shown where there is room for one."""
    days: tuple[DayShown, ...]
    rows: tuple[WeekRow, ...]
    is_cut: bool
    """Whether there is more than is shown."""
    next_plan: tuple[str, datetime] | None
    """A plan that takes effect before the week is over, and when: from then on nothing is planned here."""
    root: str
    size: int

    @property
    def statuses(self) -> tuple[str, ...]:
        """How what is shown stands, each once: what a legend has to tell."""
        found = {slot.status for row in self.rows for day in row.days for slot in day}
        return tuple(each.value for each in OccurrenceStatus if each.value in found)

    @property
    def total(self) -> int:
        """How much is due in it."""
        return sum(day.count for day in self.days)

    @property
    def week(self) -> tuple[date, date]:
        """Its first and its last day."""
        return self.days[0].day, self.days[-1].day

    def days_from(self, count: int) -> date:
        """Return the day so many days after the chosen one."""
        return self.chosen + timedelta(days=count)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """The line that is asked for, at an instant."""

    reader: Reader
    plant: Plant
    calendar: ShiftCalendar
    checks: Sequence[Check]
    pauses: Sequence[PauseRecord]
    """Those that end in the week or later."""
    now: datetime


def whole_week(
    reader: Reader, plant: Plant, line: str | None, day: date, now: datetime, *, most: int
) -> WeekPage:
    """Return all that is due in the week of a day; refused where it is more than can be handed over at once."""
    page = week_page(reader, plant, line, day, now, most=most)
    if page.is_cut:
        raise Refusal("week_too_full", most=most)
    return page


def week_page(
    reader: Reader,
    plant: Plant,
    line: str | None,
    day: date,
    now: datetime,
    *,
    most: int = MOST_SHOWN,
) -> WeekPage:
    """Return the week of a day, as much of it as is asked for; LookupError for a line that the plant does not have."""
    names = {str(each.id): each.name for each in plant.lines}
    line = line or next(iter(names))
    if line not in names:
        raise LookupError(line)
    first = day - timedelta(days=day.weekday())
    week = [first + timedelta(days=n) for n in range(DAYS)]
    begin, end = _bounds(plant, week[0], week[-1])
    asked = _Line(
        reader=reader,
        plant=plant,
        calendar=plant.calendars[LineId(line)],
        checks=[check for check in plant.plan.checks if check.line == line],
        pauses=pauses_after(reader, begin).get(line, ()),
        now=now,
    )
    change = _next_plan(reader, now, end)
    found, more = newest_checks(
        reader, ChecksWanted(line=line, begin=begin, end=end), now, limit=most, after=None
    )
    slots = [(str(each.check_id), _made(each, now)) for each in found]
    until = end if change is None else change[1]
    planned = (
        each for each in _planned(asked, found, max(begin, now), until) if each[1].due_at < end
    )
    slots += islice(planned, most + 1 - len(slots))
    head, rows = reader.head(), _rows(asked, slots[:most], week)
    counts = [sum(len(row.days[number]) for row in rows) for number in range(DAYS)]
    return WeekPage(
        now=now,
        line=line,
        line_name=names[line],
        lines=tuple(names.items()),
        chosen=day,
        days=tuple(_day(asked, each, count) for each, count in zip(week, counts, strict=True)),
        rows=rows,
        is_cut=more is not None or len(slots) > most,
        next_plan=change,
        root=head.root,
        size=head.size,
    )


def _bounds(plant: Plant, first: date, last: date) -> tuple[datetime, datetime]:
    return day_begins(plant.zone, first), day_ends(plant.zone, last)


def _next_plan(reader: Reader, now: datetime, end: datetime) -> tuple[str, datetime] | None:
    coming = [
        (each.label, each.effective_at)
        for each in reader.find(PlanRevisionRecord)
        if each.state is PlanState.SCHEDULED and each.effective_at is not None
    ]
    ahead = [(label, at) for label, at in coming if now < at < end]
    return min(ahead, key=lambda each: each[1], default=None)


def _made(each: OccurrenceRecord, now: datetime) -> Slot:
    return Slot(
        due_at=each.due_at,
        occurrence=each.occurrence_id,
        status=status(each, now).value,
        is_moved=is_postponed(each),
    )


def _planned(
    asked: _Line, made: Iterable[OccurrenceRecord], begin: datetime, end: datetime
) -> Iterator[tuple[str, Slot]]:
    """Yield what is due in [begin, end) and not made yet, as the pauses that are declared move it."""
    reader = asked.reader
    known = {
        (each.check_id, first_times(each).due_at) for each in (*made, *undecided(reader, asked.now))
    }
    adopted = {
        each.check_id: each.adopted_at
        for each in reader.find(CheckRecord, equals("retired_at", None))
    }
    over = [pause for pause in asked.pauses if pause.begins_at < end]
    since = min((begin, *(pause.begins_at for pause in over))) - A_MOMENT
    for check in asked.checks:
        if check.id not in adopted:
            continue
        calendar, anchor = asked.calendar, adopted[check.id]
        for due in each_due_time(check.schedule, calendar, anchor, since, end - A_MOMENT):
            if (check.id, due.due_at) in known:
                continue
            times = moved(frozen_times(check, due), asked.pauses)
            at = due.due_at if times.is_covered else times.due_at
            state = OccurrenceStatus.EXCUSED if times.is_covered else OccurrenceStatus.UPCOMING
            if at >= begin:
                yield (
                    str(check.id),
                    Slot(
                        due_at=at,
                        occurrence=None,
                        status=state.value,
                        is_moved=at != due.due_at,
                    ),
                )


def _rows(
    asked: _Line, slots: Iterable[tuple[str, Slot]], week: Sequence[date]
) -> tuple[WeekRow, ...]:
    """Return the checks of the plan in its order, and behind them those that it has no more."""
    by_check: dict[str, list[Slot]] = {str(check.id): [] for check in asked.checks}
    for check_id, slot in slots:
        by_check.setdefault(check_id, []).append(slot)
    known = {str(check.id): check for check in asked.checks}
    return tuple(
        _row(asked.plant, check_id, known.get(check_id), found, week)
        for check_id, found in by_check.items()
    )


def _row(
    plant: Plant, check_id: str, check: Check | None, slots: Sequence[Slot], week: Sequence[date]
) -> WeekRow:
    station, device = (None, None) if check is None else plant.station_of(check.device)
    return WeekRow(
        check=check_id,
        device=device.name if device is not None else Text(en=check_id, zh=check_id),
        operation=station.operation if station is not None else "",
        schedule=() if check is None else schedule_shown(check.schedule),
        days=tuple(
            tuple(
                sorted(
                    (slot for slot in slots if plant_date(plant.zone, slot.due_at) == day),
                    key=lambda slot: slot.due_at,
                )
            )
            for day in week
        ),
    )


def _day(asked: _Line, day: date, count: int) -> DayShown:
    zone, calendar = asked.plant.zone, asked.calendar
    begin, end = _bounds(asked.plant, day, day)
    labels = {shift.name: shift.label for shift in calendar.shifts}
    windows = sorted(windows_on(calendar, day), key=lambda window: window.begins_at)
    return DayShown(
        day=day,
        is_today=day == plant_date(zone, asked.now),
        shifts=tuple(
            ShiftShown(
                name=labels.get(each.name) or each.name,
                begins_at=each.begins_at,
                ends_at=each.ends_at,
            )
            for each in windows
        ),
        pauses=tuple(
            PauseShown(begins_at=each.begins_at, ends_at=each.ends_at, reason=each.reason_text)
            for each in asked.pauses
            if each.begins_at < end and each.ends_at > begin
        ),
        count=count,
    )

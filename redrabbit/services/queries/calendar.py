"""The calendar of a line as its page shows it: a month or a year, by days, with the shifts that start and what is special (D44)."""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from redrabbit.domain.plant import Plant
from redrabbit.domain.records import CalendarChangeRecord
from redrabbit.domain.shift_calendar import ShiftCalendar, ShiftWindow, plant_date, windows_on
from redrabbit.domain.text import Text
from redrabbit.services.changing_calendar import all_changes
from redrabbit.services.ports import Reader
from redrabbit.services.queries.people import Names, Person, names_in, person

MONTHS: Final = range(1, 13)
FIRST_YEAR, LAST_YEAR = 2000, 2099


class DayKind(StrEnum):
    """What makes a date special, the one that counts first."""

    SHUTDOWN = "shutdown"
    MAKE_UP_DAY = "make_up_day"
    HOLIDAY = "holiday"
    OVERTIME = "overtime"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftShown:
    """One shift of one date."""

    name: str
    label: Text | None
    begins_at: datetime
    ends_at: datetime
    breaks: tuple[tuple[datetime, datetime], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarDay:
    """One date of the line."""

    day: date
    is_today: bool
    kinds: tuple[DayKind, ...]
    as_weekday: int | None
    """Of a make-up day: as which day of the week it is worked, 0 is Monday."""
    shifts: tuple[ShiftShown, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarMonth:
    """One month: weeks from Monday to Sunday, None for days of other months."""

    first: date
    weeks: tuple[tuple[CalendarDay | None, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeShown:
    """What somebody set, and whether it was taken back."""

    change_number: int
    kind: DayKind
    first_date: date
    last_date: date
    weekday: int | None
    starts_at: str | None
    ends_at: str | None
    reason: str
    at: datetime
    by: Person | None
    taken_back_at: datetime | None
    taken_back_by: Person | None
    taken_back_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarPage:
    """What the page says."""

    lines: tuple[tuple[str, Text], ...]
    line: str
    name: Text
    year: int
    month: int | None
    """None: the whole year."""
    months: tuple[CalendarMonth, ...]
    listed: tuple[CalendarDay, ...]
    """Of a month every day, of a year those that are special."""
    changes: tuple[ChangeShown, ...]
    """What people have set of the line's calendar, the last one first."""

    @property
    def before(self) -> tuple[int, int | None]:
        """Year and month before; the same way of looking."""
        if self.month is None:
            return self.year - 1, None
        return (self.year - 1, 12) if self.month == MONTHS[0] else (self.year, self.month - 1)

    @property
    def after(self) -> tuple[int, int | None]:
        """Year and month after."""
        if self.month is None:
            return self.year + 1, None
        return (self.year + 1, 1) if self.month == MONTHS[-1] else (self.year, self.month + 1)


def calendar_page(
    reader: Reader,
    plant: Plant,
    line: str | None,
    period: tuple[int | None, int | None],
    now: datetime,
) -> CalendarPage:
    """Return a month of a line, or its year where no month is asked for; of this month where nothing is. KeyError for no line of the plant.

    `period` is a year and a month.
    """
    today = plant_date(plant.zone, now)
    year, month = period
    if year is None:
        year, month = today.year, today.month
    lines = {str(each.id): each for each in plant.lines}
    chosen = plant.lines[0] if line is None else lines[line]
    calendar = plant.calendars[chosen.id]
    months = tuple(
        _month(calendar, date(year, each, 1), today)
        for each in (MONTHS if month is None else (month,))
    )
    days = [day for each in months for week in each.weeks for day in week if day is not None]
    names = names_in(reader)
    changes = tuple(_change(names, each) for each in all_changes(reader, chosen.id))
    return CalendarPage(
        changes=changes,
        lines=tuple((each.id, each.name) for each in plant.lines),
        line=chosen.id,
        name=chosen.name,
        year=year,
        month=month,
        months=months,
        listed=tuple(day for day in days if month is not None or day.kinds),
    )


def _change(names: Names, change: CalendarChangeRecord) -> ChangeShown:
    back = change.taken_back_by, change.taken_back_how, change.taken_back_entry
    return ChangeShown(
        change_number=change.change_number,
        kind=DayKind(change.kind.value),
        first_date=change.first_date,
        last_date=change.last_date,
        weekday=change.weekday,
        starts_at=change.starts_at,
        ends_at=change.ends_at,
        reason=change.reason_text,
        at=change.changed_at,
        by=person(names, change.changed_by, change.changed_how, change.changed_entry),
        taken_back_at=change.taken_back_at,
        taken_back_by=person(names, *back),
        taken_back_reason=change.taken_back_text,
    )


def _month(calendar: ShiftCalendar, first: date, today: date) -> CalendarMonth:
    length = monthrange(first.year, first.month)[1]
    days: list[CalendarDay | None] = [None] * first.weekday()
    days += [_day(calendar, first + timedelta(days=n), today) for n in range(length)]
    days += [None] * (-len(days) % 7)
    return CalendarMonth(
        first=first, weeks=tuple(tuple(days[n : n + 7]) for n in range(0, len(days), 7))
    )


def _day(calendar: ShiftCalendar, day: date, today: date) -> CalendarDay:
    labels = {shift.name: shift.label for shift in calendar.shifts}
    made_up = [each.weekday for each in calendar.make_up_days if each.day == day]
    windows = sorted(windows_on(calendar, day), key=lambda window: window.begins_at)
    return CalendarDay(
        day=day,
        is_today=day == today,
        kinds=tuple(_kinds(calendar, day)),
        as_weekday=made_up[0] if made_up else None,
        shifts=tuple(_shift(window, labels.get(window.name)) for window in windows),
    )


def _kinds(calendar: ShiftCalendar, day: date) -> Iterator[DayKind]:
    if calendar.is_shut_down(day):
        yield DayKind.SHUTDOWN
    if any(each.day == day for each in calendar.make_up_days):
        yield DayKind.MAKE_UP_DAY
    if day in calendar.holidays:
        yield DayKind.HOLIDAY
    if any(each.day == day for each in calendar.overtime):
        yield DayKind.OVERTIME


def _shift(window: ShiftWindow, label: Text | None) -> ShiftShown:
    return ShiftShown(
        name=window.name,
        label=label,
        begins_at=window.begins_at,
        ends_at=window.ends_at,
        breaks=window.breaks,
    )

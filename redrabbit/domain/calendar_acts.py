"""What people ask of a line's calendar, as values (D22, D44)."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from redrabbit.domain.acts import Act
from redrabbit.domain.facts.calendar_change import CalendarDayKind
from redrabbit.domain.facts.fact import Record
from redrabbit.domain.identity import LineId
from redrabbit.domain.records import CalendarChangeRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeCalendar(Act[CalendarChangeRecord]):
    """Set what a date of a line is, from now on."""

    KIND: ClassVar = "change_calendar"

    line: LineId
    kind: CalendarDayKind
    first_date: date
    last_date: date | None
    """Of a shutdown; None: the first day alone."""
    weekday: int | None
    """Of a make-up day: as which day of the week it is worked; 0 is Monday."""
    starts_at: str | None
    """Of overtime, plant-local: `06:00`."""
    ends_at: str | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeBackCalendarChange(Act[CalendarChangeRecord]):
    """Take back what somebody set for a date."""

    KIND: ClassVar = "take_back_calendar_change"

    line: LineId
    change_number: int
    """Which of the line's changes it is."""
    reason: str


ActOnCalendar = ChangeCalendar | TakeBackCalendarChange

CALENDAR_ACTS: tuple[type[Act[Record]], ...] = (ChangeCalendar, TakeBackCalendarChange)
"""Every act on calendars."""

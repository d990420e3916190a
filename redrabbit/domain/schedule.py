"""Schedules: the small words of the control plan, and the instants at which a check is due (D18).

    every shift start
    daily at 06:00
    weekly on mon, thu at 06:00
    monthly on 1 at 06:00          on 29 to 31 in a shorter month: its last day
    every 20 s, every 30 min, every 2 h
    on demand                      never due by itself

Times of day are plant-local; what happens in a daylight-saving gap or overlap is said in
`shift_calendar`. Holidays stop shifts, not times of day. Interval rules count from an anchor, the
instant at which the check was adopted: anchor + n intervals, n from 1. Each due time has a
trigger key, which is what makes an occurrence unique (D8). What is made of a due time (window,
grace, status) is `occurrence`'s part.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, assert_never

from redrabbit.domain.shift_calendar import (
    ONE_DAY,
    ShiftCalendar,
    instant_of,
    plant_date,
    windows_on,
)

SEARCH_DAYS: Final = 400
"""How far ahead `next_due` looks: more than a year, so that one holiday or leap day never hides
the next due time, and a rule without any is answered at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EveryShiftStart:
    """Due when a shift of the line begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Daily:
    """Due each day at a plant-local time."""

    at: time


@dataclass(frozen=True, slots=True, kw_only=True)
class Weekly:
    """Due on days of the week, 0 is Monday, at a plant-local time."""

    weekdays: tuple[int, ...]
    at: time


@dataclass(frozen=True, slots=True, kw_only=True)
class Monthly:
    """Due on a day of the month, in a shorter month on its last, at a plant-local time."""

    day: int
    at: time


@dataclass(frozen=True, slots=True, kw_only=True)
class EveryInterval:
    """Due each so many seconds, counted from the adoption of the check."""

    interval_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDemand:
    """Never due by itself; run when somebody asks."""


ScheduleRule = EveryShiftStart | Daily | Weekly | Monthly | EveryInterval | OnDemand


@dataclass(frozen=True, slots=True, kw_only=True)
class DueTime:
    """One planned moment of a check, with what makes it unique (D8)."""

    due_at: datetime
    """Aware UTC."""
    trigger_key: str
    """The planned UTC instant, or `shift:<plant date>:<shift>`."""

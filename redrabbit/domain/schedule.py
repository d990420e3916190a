"""Schedules: the small words of the control plan, and the instants at which a check is due (D18).

    every shift start
    daily at 06:00
    weekly on mon, thu at 06:00
    monthly on 1 at 06:00          on 29 to 31 in a shorter month: its last day
    every 20 s, every 30 min, every 2 h
    after changeover               due when the event happens; never by the calendar
    on demand                      never due by itself

Several rules of one check are due whenever one of them is. Two that fall due at the same instant are one
due time; its key is the first of theirs in the order of text, whatever order the plan has them in (decision 50).

The words themselves are read in `schedule_words` and can be had from here. Times of day are
plant-local; what happens in a daylight-saving gap or overlap is said in `shift_calendar`. Holidays
stop shifts, not times of day. Interval rules count from an anchor, the instant at which the check
was adopted: anchor + n intervals, n from 1. Each due time has a trigger key, which makes its
occurrence unique (D8). What becomes of a due time (window, grace, status) is `occurrence`'s part.
"""

import heapq
from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Final, assert_never

from redrabbit.domain.schedule_words import (
    AfterEvent,
    Daily,
    EveryInterval,
    EveryShiftStart,
    Monthly,
    OnDemand,
    OneRule,
    PlantEvent,
    ScheduleRule,
    Together,
    Weekly,
    duration_text,
    parse_duration,
    parse_schedule,
    schedule_text,
)
from redrabbit.domain.shift_calendar import (
    ONE_DAY,
    ShiftCalendar,
    instant_of,
    plant_date,
    windows_on,
)

__all__ = [
    "SEARCH",
    "AfterEvent",
    "Daily",
    "DueTime",
    "EveryInterval",
    "EveryShiftStart",
    "Monthly",
    "OnDemand",
    "OneRule",
    "PlantEvent",
    "ScheduleRule",
    "Together",
    "Weekly",
    "due_times",
    "duration_text",
    "each_due_time",
    "next_due",
    "next_dues",
    "parse_duration",
    "parse_schedule",
    "schedule_text",
]

SEARCH: Final = timedelta(days=400)
"""How far ahead `next_due` looks: more than a year, so that no long holiday hides what follows,
and little enough that a rule which is never due is answered at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueTime:
    """One planned moment of a check, with what makes it unique (D8)."""

    due_at: datetime
    """Aware UTC."""
    trigger_key: str
    """The planned UTC instant, or `shift:<plant date>:<shift>`."""


def due_times(
    rule: ScheduleRule,
    calendar: ShiftCalendar,
    anchor: datetime,
    since: datetime,
    until: datetime,
) -> list[DueTime]:
    """Return what falls due in (since, until], in order; ValueError for naive instants.

    Half-open, so that one period after another gives each due time once.
    """
    return list(each_due_time(rule, calendar, anchor, since, until))


def next_due(
    rule: ScheduleRule, calendar: ShiftCalendar, anchor: datetime, after: datetime
) -> DueTime | None:
    """Return the first due time after an instant; None when there is none within `SEARCH`."""
    return next(each_due_time(rule, calendar, anchor, after, after + SEARCH), None)


def next_dues(
    rule: ScheduleRule,
    calendar: ShiftCalendar,
    anchor: datetime,
    after: datetime,
    count: int = 5,
) -> list[DueTime]:
    """Return the next few due times, to be shown when a check is defined (B16)."""
    return list(islice(each_due_time(rule, calendar, anchor, after, after + SEARCH), count))


def each_due_time(
    rule: ScheduleRule,
    calendar: ShiftCalendar,
    anchor: datetime,
    since: datetime,
    until: datetime,
) -> Iterator[DueTime]:
    """Yield what `due_times` returns, none of it before it is asked for: of a year only the first few are wanted."""
    if any(instant.tzinfo is None for instant in (anchor, since, until)):
        raise ValueError("due times need aware instants")
    if isinstance(rule, Together):
        yield from _merged([_each_of(one, calendar, anchor, since, until) for one in rule.rules])
    else:
        yield from _each_of(rule, calendar, anchor, since, until)


def _each_of(
    rule: OneRule, calendar: ShiftCalendar, anchor: datetime, since: datetime, until: datetime
) -> Iterator[DueTime]:
    match rule:
        case OnDemand() | AfterEvent():
            return
        case EveryInterval():
            yield from _by_interval(rule, anchor.astimezone(UTC), since, until)
        case EveryShiftStart():
            yield from _by_shift(calendar, since, until)
        case Daily() | Weekly() | Monthly():
            yield from _by_day(rule, calendar, since, until)
        case _:  # pragma: no cover
            assert_never(rule)


def _merged(each_rule: Sequence[Iterator[DueTime]]) -> Iterator[DueTime]:
    """Yield what several rules make due, in order; what they make due at one instant, once."""
    last: datetime | None = None
    for due in heapq.merge(*each_rule, key=lambda due: (due.due_at, due.trigger_key)):
        if due.due_at != last:
            yield due
            last = due.due_at


def _by_interval(
    rule: EveryInterval, anchor: datetime, since: datetime, until: datetime
) -> Iterator[DueTime]:
    interval = timedelta(seconds=rule.interval_s)
    number = max(1, (since - anchor) // interval + 1)
    while (due_at := anchor + number * interval) <= until:
        yield _planned(due_at)
        number += 1


def _by_shift(calendar: ShiftCalendar, since: datetime, until: datetime) -> Iterator[DueTime]:
    if not calendar.shifts:
        return
    for day in _days(calendar, since, until):
        for window in sorted(windows_on(calendar, day), key=lambda window: window.begins_at):
            if since < window.begins_at <= until:
                key = f"shift:{window.plant_date.isoformat()}:{window.name}"
                yield DueTime(due_at=window.begins_at, trigger_key=key)


def _by_day(
    rule: Daily | Weekly | Monthly, calendar: ShiftCalendar, since: datetime, until: datetime
) -> Iterator[DueTime]:
    last = since
    for day in _days(calendar, since, until):
        if not _falls_on(rule, day):
            continue
        due_at = instant_of(calendar.zone, day, rule.at)
        # Strictly later than the last: where a zone skipped a whole day (Apia, 30 December 2011),
        # that day's time and the next day's midnight are the same instant.
        if last < due_at <= until:
            yield _planned(due_at)
            last = due_at


def _days(calendar: ShiftCalendar, since: datetime, until: datetime) -> Iterator[date]:
    """Yield the plant dates whose times of day can lie in (since, until].

    From one day earlier: a time of that day in a gap over midnight happens on the next.
    """
    day = plant_date(calendar.zone, since) - ONE_DAY
    last = plant_date(calendar.zone, until)
    while day <= last:
        yield day
        day += ONE_DAY


def _falls_on(rule: Daily | Weekly | Monthly, day: date) -> bool:
    match rule:
        case Daily():
            return True
        case Weekly():
            return day.weekday() in rule.weekdays
        case Monthly():
            return day.day == min(rule.day, monthrange(day.year, day.month)[1])
        case _:  # pragma: no cover
            assert_never(rule)


def _planned(due_at: datetime) -> DueTime:
    return DueTime(due_at=due_at, trigger_key=due_at.isoformat().replace("+00:00", "Z"))

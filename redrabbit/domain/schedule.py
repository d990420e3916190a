"""Schedules: the rules of a control plan, and the instants at which a check is due (D18, D41).

The words are read in `schedule_words` and can be had from here. Times of day are plant-local; what happens in
a daylight-saving gap or overlap is said in `shift_calendar`. Holidays stop shifts; a time of day on which the
line does not work is due, left out, or due at the next shift start, as its rule says. What is due in a shift
counts time that passes: half of a night of nine hours is four and a half.

`every 2 h` counts from an anchor, the instant at which the check was adopted: anchor + n intervals, n from 1.
`every 2 h of work` counts from each shift's start, and no break; at a shift's end it is due only where another shift
begins, so never while nobody works. Events, counts of parts, the first part of a shift and `on demand` are never due here.

Each due time has a trigger key, which makes its occurrence unique (D8): the planned instant, or the moment of
a shift, `shift:2026-05-01:early:middle`. One moment of one shift has one key, by whichever rule it is due. Several
rules of one check are due whenever one of them is; two that fall due at the same instant are one due time, and its key
is the first of theirs in the order of text (decision 50). What becomes of a due time is `occurrence`'s part.
"""

import heapq
from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import groupby, islice
from typing import Final, assert_never

from redrabbit.domain.schedule_rules import (
    WEEKDAYS,
    Days,
    EveryParts,
    EveryShiftEnd,
    EveryShiftMiddle,
    EveryWorkInterval,
    FirstPart,
    FirstShift,
    NotWorking,
    OnDays,
    Period,
    ShiftRule,
    TimedRule,
    TimesAShift,
    WithinRunning,
    days_of,
    rules_of,
)
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
    A_MOMENT,
    ONE_DAY,
    ShiftCalendar,
    ShiftWindow,
    instant_of,
    last_end_by,
    plant_date,
    windows_on,
    works_at,
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
    "left_out_times",
    "next_due",
    "next_dues",
    "parse_duration",
    "parse_schedule",
    "schedule_text",
]

SEARCH: Final = timedelta(days=400)
"""How far ahead `next_due` looks: more than a year, so that no long holiday hides what follows,
and little enough that a rule which is never due is answered at once."""


_SHORTEST: Final = 28
"""Days of the shortest month."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueTime:
    """One planned moment of a check, with what makes it unique (D8)."""

    due_at: datetime
    """Aware UTC."""
    trigger_key: str
    """The planned UTC instant, or a moment of a shift, `shift:<plant date>:<shift>`."""


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


def left_out_times(
    rule: ScheduleRule, calendar: ShiftCalendar, since: datetime, until: datetime
) -> list[datetime]:
    """Return the times of day in (since, until] that are left out, or moved, because the line does not work, in order."""
    found = {
        due.due_at
        for one in rules_of(rule)
        if isinstance(one, TimedRule) and one.when_not_working is not NotWorking.DUE
        for due in _by_day(one, calendar, since, until)
        if not works_at(calendar, due.due_at)
    }
    return sorted(found)


def _each_of(
    rule: OneRule, calendar: ShiftCalendar, anchor: datetime, since: datetime, until: datetime
) -> Iterator[DueTime]:
    match rule:
        case OnDemand() | AfterEvent() | EveryParts() | FirstPart() | WithinRunning():
            return
        case EveryInterval():
            yield from _by_interval(rule, anchor.astimezone(UTC), since, until)
        case (
            EveryShiftStart()
            | EveryShiftMiddle()
            | EveryShiftEnd()
            | TimesAShift()
            | EveryWorkInterval()
        ):
            yield from _by_shift(rule, calendar, since, until)
        case Daily() | Weekly() | Monthly() | OnDays():
            yield from _by_time(rule, calendar, since, until)
        case FirstShift():
            yield from _by_first_shift(rule.days, calendar, since, until)
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


def _by_shift(
    rule: ShiftRule, calendar: ShiftCalendar, since: datetime, until: datetime
) -> Iterator[DueTime]:
    # one that is over midnight may be in its middle today, or end
    begun = since if isinstance(rule, EveryShiftStart) else since - ONE_DAY
    for window in _windows(calendar, begun, until):
        if window.name in rule.left_out:
            continue
        for due in _moments(rule, window, calendar, since):
            if since < due.due_at <= until:
                yield due


def _windows(calendar: ShiftCalendar, since: datetime, until: datetime) -> Iterator[ShiftWindow]:
    """Yield the shifts that can begin in (since, until], in order."""
    if not calendar.works_ever:
        return
    for day in _days(calendar, since, until):
        yield from sorted(windows_on(calendar, day), key=lambda window: window.begins_at)


def _moments(
    rule: ShiftRule, window: ShiftWindow, calendar: ShiftCalendar, since: datetime
) -> Iterator[DueTime]:
    """Yield the moments of one shift at which a rule is due, in order; those up to `since` may be left out."""
    match rule:
        case EveryShiftStart():
            if window.begins_at > since:
                yield DueTime(due_at=window.begins_at, trigger_key=_shift_key(window))
        case EveryShiftMiddle():
            yield _of_shift(window, Fraction(1, 2))
        case EveryShiftEnd():
            yield DueTime(due_at=window.ends_at, trigger_key=f"{_shift_key(window)}:end")
        case TimesAShift():
            for number in range(rule.times):
                yield _of_shift(window, Fraction(number, rule.times))
        case EveryWorkInterval():
            yield from _worked(rule, window, calendar, since)
        case _:  # pragma: no cover
            assert_never(rule)


def _of_shift(window: ShiftWindow, part: Fraction) -> DueTime:
    """Return a moment of a shift before its end, as a part of its length, in whole seconds."""
    seconds = (window.ends_at - window.begins_at) // timedelta(seconds=1)
    passed = timedelta(seconds=seconds * part.numerator // part.denominator)
    named = "" if part == 0 else ":middle" if part == Fraction(1, 2) else f":{part}"
    return DueTime(due_at=window.begins_at + passed, trigger_key=_shift_key(window) + named)


def _worked(
    rule: EveryWorkInterval, window: ShiftWindow, calendar: ShiftCalendar, since: datetime
) -> Iterator[DueTime]:
    """Yield when each interval of a shift is worked; at its end only where work goes on with another shift."""
    interval = timedelta(seconds=rule.interval_s)
    rested = window.ends_at - window.begins_at - window.worked
    number = max(1, (since - window.begins_at - rested) // interval)
    while number * interval <= window.worked:
        due_at = window.when_worked(number * interval)
        if due_at < window.ends_at or _goes_on(rule, window, calendar):
            key = f"{_shift_key(window)}:{duration_text(number * interval)}"
            yield DueTime(due_at=due_at, trigger_key=key)
        number += 1


def _goes_on(rule: EveryWorkInterval, window: ShiftWindow, calendar: ShiftCalendar) -> bool:
    """Tell whether a shift that is not left out begins as this one ends."""
    day = plant_date(calendar.zone, window.ends_at)
    return any(
        other.begins_at == window.ends_at and other.name not in rule.left_out
        for each in (day - ONE_DAY, day)
        for other in windows_on(calendar, each)
    )


def _by_first_shift(
    days: Days, calendar: ShiftCalendar, since: datetime, until: datetime
) -> Iterator[DueTime]:
    """Walk from the last of the days before; each stays to be done until a shift begins."""
    if not calendar.works_ever:
        return
    day = _last_of(days, plant_date(calendar.zone, since) - ONE_DAY)
    last = plant_date(calendar.zone, until)
    to_do = False
    while day <= last:
        to_do = to_do or _falls_on(days, day)
        windows = windows_on(calendar, day) if to_do else []
        if windows:
            first = min(windows, key=lambda window: window.begins_at)
            if since < first.begins_at <= until:
                yield DueTime(due_at=first.begins_at, trigger_key=_shift_key(first))
            to_do = False
        day += ONE_DAY


def _last_of(days: Days, day: date) -> date:
    """Return the last of the days up to a day; a year and more before it, where there is none."""
    for _ in range(SEARCH.days):
        if _falls_on(days, day):
            return day
        day -= ONE_DAY
    return day


def _by_time(
    rule: TimedRule, calendar: ShiftCalendar, since: datetime, until: datetime
) -> Iterator[DueTime]:
    match rule.when_not_working:
        case NotWorking.DUE:
            yield from _by_day(rule, calendar, since, until)
        case NotWorking.SKIP:
            for due in _by_day(rule, calendar, since, until):
                if works_at(calendar, due.due_at):
                    yield due
        case NotWorking.NEXT_SHIFT:
            yield from _moved(rule, calendar, since, until)
        case _:  # pragma: no cover
            assert_never(rule.when_not_working)


def _moved(
    rule: TimedRule, calendar: ShiftCalendar, since: datetime, until: datetime
) -> Iterator[DueTime]:
    """Yield the times of day at which the line works, and for the others the next shift start; of one instant, the time of day."""
    stood_since = since if works_at(calendar, since) else last_end_by(calendar, since, SEARCH)
    planned = _by_day(rule, calendar, stood_since - A_MOMENT, until)
    found = (_when_working(due, calendar, until) for due in planned)
    within = (due for due in found if due is not None and since < due.due_at <= until)
    for _, at_once in groupby(within, key=lambda due: due.due_at):
        yield min(at_once, key=lambda due: due.trigger_key)


def _when_working(due: DueTime, calendar: ShiftCalendar, until: datetime) -> DueTime | None:
    """Return a due time if the line works then, else its next shift start; None where there is none in time."""
    if works_at(calendar, due.due_at):
        return due
    for day in _days(calendar, due.due_at, until):
        windows = [window for window in windows_on(calendar, day) if window.begins_at > due.due_at]
        if windows:
            first = min(windows, key=lambda window: window.begins_at)
            return DueTime(due_at=first.begins_at, trigger_key=_shift_key(first))
    return None


def _by_day(
    rule: TimedRule, calendar: ShiftCalendar, since: datetime, until: datetime
) -> Iterator[DueTime]:
    last, days = since, days_of(rule)
    for day in _days(calendar, since, until):
        if not _falls_on(days, day):
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


def _falls_on(days: Days, day: date) -> bool:
    match days.every:
        case Period.DAY:
            return True
        case Period.WEEK:
            return day.weekday() in days.weekdays
        case Period.MONTH:
            return _is_of_month(days, day)
        case Period.QUARTER:
            return day.month % 3 == 1 and _is_of_month(days, day)
        case Period.YEAR:
            return day.month == days.month and _is_of_month(days, day)
        case _:  # pragma: no cover
            assert_never(days.every)


def _is_of_month(days: Days, day: date) -> bool:
    """Tell whether a day is the one of its month; the last of a month that does not have it."""
    if days.day is not None:
        return day.day == days.day or (_SHORTEST <= day.day < days.day and _is_last(day))
    if day.weekday() not in days.weekdays:
        return False
    if days.week == -1:
        return day.day + len(WEEKDAYS) > monthrange(day.year, day.month)[1]
    return (day.day - 1) // len(WEEKDAYS) + 1 == days.week


def _is_last(day: date) -> bool:
    return (day + ONE_DAY).day == 1


def _shift_key(window: ShiftWindow) -> str:
    return f"shift:{window.plant_date.isoformat()}:{window.name}"


def _planned(due_at: datetime) -> DueTime:
    return DueTime(due_at=due_at, trigger_key=due_at.isoformat().replace("+00:00", "Z"))

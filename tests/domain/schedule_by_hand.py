"""When a check is due, found by walking minute by minute through the plant's wall clock: the oracle of schedules.

On purpose without the product's calendar and schedule: it converts UTC to local time, and nothing else. Times of day
are whole minutes; a time of day happens at the first instant at which the wall clock is at or past it.
"""

from bisect import bisect_left
from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import accumulate
from zoneinfo import ZoneInfo

from redrabbit.domain.schedule_rules import (
    Daily,
    Days,
    EveryShiftEnd,
    EveryShiftMiddle,
    EveryShiftStart,
    EveryWorkInterval,
    FirstShift,
    Monthly,
    NotWorking,
    OnDays,
    OneRule,
    Period,
    TimesAShift,
    Weekly,
)
from redrabbit.domain.shift_calendar import ShiftCalendar

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
BEFORE, AFTER = 50, 40
"""Days that are walked before and after the middle."""
LONG_AGO = 800
"""Days that are looked at one by one for rules of a year."""

Mark = tuple[str, date] | None


@lru_cache(maxsize=16)
def walls(zone: ZoneInfo, first: datetime) -> tuple[datetime, ...]:
    """Return the furthest that the wall clock has been, minute by minute."""
    minutes = (first + n * MINUTE for n in range((BEFORE + AFTER) * 1_440))
    return tuple(accumulate((m.astimezone(zone).replace(tzinfo=None) for m in minutes), max))


class ByHand:
    """A calendar around one day, walked minute by minute."""

    def __init__(self, calendar: ShiftCalendar, middle: date) -> None:
        self.calendar = calendar
        self.first = datetime.combine(middle - BEFORE * DAY, time(), UTC)
        self.walls = walls(calendar.zone, self.first)
        self.dates = [middle + n * DAY for n in range(-BEFORE + 3, AFTER - 3)]
        self.marks: list[Mark] = [None] * len(self.walls)
        for day in self.dates:
            for name, begin, end in self._shifts(day):
                self.marks[begin:end] = [(name, day)] * (end - begin)

    def _happens(self, day: date, at: time) -> int:
        """Return the minute at which a time of a day happens."""
        return bisect_left(self.walls, datetime.combine(day, at))

    def _shifts(self, day: date) -> Iterator[tuple[str, int, int]]:
        for shift in self.calendar.shifts:
            if day in self.calendar.holidays or day.weekday() not in shift.weekdays:
                continue
            last = day if shift.ends_at > shift.starts_at else day + DAY
            begin, end = self._happens(day, shift.starts_at), self._happens(last, shift.ends_at)
            if begin < end:
                yield shift.name, begin, end

    def due(self, rule: OneRule, since: datetime, until: datetime) -> set[datetime]:
        """Return when a rule is due in (since, until]; both lie well within what is walked."""
        found = {self.first + seconds * timedelta(seconds=1) for seconds in self._seconds(rule)}
        return {at for at in found if since < at <= until}

    def _seconds(self, rule: OneRule) -> Iterator[int]:
        match rule:
            case EveryShiftStart() | EveryShiftMiddle() | EveryShiftEnd() | TimesAShift():
                yield from self._of_shifts(rule)
            case EveryWorkInterval():
                yield from self._of_work(rule)
            case FirstShift():
                yield from self._of_first_shifts(rule.days)
            case Daily() | Weekly() | Monthly() | OnDays():
                yield from self._of_times(rule)
            case _:
                raise AssertionError(f"no way by hand for {rule}")

    def _of_shifts(
        self, rule: EveryShiftStart | EveryShiftMiddle | EveryShiftEnd | TimesAShift
    ) -> Iterator[int]:
        for day in self.dates:
            for name, begin, end in self._shifts(day):
                if name in rule.left_out:
                    continue
                if isinstance(rule, EveryShiftEnd):
                    yield end * 60
                elif isinstance(rule, EveryShiftMiddle):
                    yield (begin + end) * 30
                else:
                    parts = 1 if isinstance(rule, EveryShiftStart) else rule.times
                    yield from (begin * 60 + (end - begin) * 60 * n // parts for n in range(parts))

    def _of_work(self, rule: EveryWorkInterval) -> Iterator[int]:
        """Count the worked minutes of each shift, one by one."""
        worked = 0
        for minute in range(1, len(self.marks)):
            before, now = self.marks[minute - 1], self.marks[minute]
            worked += before is not None
            complete = worked > 0 and not worked * 60 % round(rule.interval_s)
            owed = before is not None and before[0] not in rule.left_out
            if complete and owed and now is not None and now[0] not in rule.left_out:
                yield minute * 60
            if now != before:
                worked = 0

    def _of_first_shifts(self, days: Days) -> Iterator[int]:
        """Walk day by day from long ago; a day of the rule stays to be done until a shift begins."""
        to_do = False
        day = self.dates[0] - LONG_AGO * DAY
        while day <= self.dates[-1]:
            to_do = to_do or is_one_of(days, day)
            if to_do and day not in self.calendar.holidays:
                if day >= self.dates[0]:
                    begins = [begin for _, begin, _ in self._shifts(day)]
                    if begins:
                        yield min(begins) * 60
                        to_do = False
                elif any(day.weekday() in shift.weekdays for shift in self.calendar.shifts):
                    to_do = False
            day += DAY

    def _of_times(self, rule: Daily | Weekly | Monthly | OnDays) -> Iterator[int]:
        for day in self.dates:
            if not is_one_of(_days_of(rule), day):
                continue
            minute = self._happens(day, rule.at)
            if rule.when_not_working is NotWorking.NEXT_SHIFT:
                while minute < len(self.marks) and self.marks[minute] is None:
                    minute += 1
            if rule.when_not_working is NotWorking.SKIP and self.marks[minute] is None:
                continue
            yield minute * 60


def _days_of(rule: Daily | Weekly | Monthly | OnDays) -> Days:
    match rule:
        case Daily():
            return Days(every=Period.DAY)
        case Weekly():
            return Days(every=Period.WEEK, weekdays=rule.weekdays)
        case Monthly():
            return Days(every=Period.MONTH, day=rule.day)
        case OnDays():
            return rule.days


def is_one_of(days: Days, day: date) -> bool:
    """Tell whether a day is one of a rule's, by writing out all days of its month."""
    if days.every is Period.DAY:
        return True
    if days.every is Period.WEEK:
        return day.weekday() in days.weekdays
    if days.every is Period.QUARTER and day.month not in {1, 4, 7, 10}:
        return False
    if days.every is Period.YEAR and day.month != days.month:
        return False
    month = [day.replace(day=n) for n in range(1, monthrange(day.year, day.month)[1] + 1)]
    if days.day is not None:
        return day == month[: days.day][-1]
    same = [each for each in month if each.weekday() == days.weekdays[0]]
    assert days.week is not None
    return day == same[days.week - 1 if days.week > 0 else days.week]

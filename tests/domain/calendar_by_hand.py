"""A naive reader of a shift calendar: each date by itself, each quarter of an hour looked up on the plant's wall.

It knows nothing of how the product works out instants: a time of day comes when the wall first shows it, or a later one.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from redrabbit.domain.shift_calendar import Break, Shift, ShiftCalendar

QUARTER = timedelta(minutes=15)


def walls(zone: ZoneInfo, day: date) -> list[tuple[datetime, datetime]]:
    """Return each quarter of an hour from before a date to after the next one, with what the wall shows."""
    noon = datetime.combine(day, time(12), tzinfo=UTC)
    instants = [noon + number * QUARTER for number in range(-4 * 40, 4 * 80)]
    return [(each, each.astimezone(zone).replace(tzinfo=None)) for each in instants]


def comes_at(looked_up: list[tuple[datetime, datetime]], day: date, at: time) -> datetime:
    """Return when the wall first shows a time of a date, or a later one."""
    wanted = datetime.combine(day, at)
    return next(instant for instant, wall in looked_up if wall >= wanted)


def is_worked(calendar: ShiftCalendar, shift: Shift, day: date) -> bool:
    """Return whether a shift starts on a date, by reading one list after the other."""
    for each in calendar.shutdowns:
        if each.first <= day <= each.last:
            return False
    weekday = day.weekday()
    for made_up in calendar.make_up_days:
        if made_up.day == day:
            weekday = made_up.weekday
            break
    else:
        if day in calendar.holidays:
            return False
    if shift.pattern is None:
        return weekday in shift.weekdays
    at, worked = shift.pattern.begins, 0
    while at > day:
        at -= timedelta(days=shift.pattern.on + shift.pattern.off)
    while at < day:
        at += timedelta(days=1)
        worked = (worked + 1) % (shift.pattern.on + shift.pattern.off)
    return worked < shift.pattern.on


def windows(calendar: ShiftCalendar, day: date) -> Iterator[tuple[str, datetime, datetime, int]]:
    """Yield name, begin, end and worked quarters of an hour of all that starts on a date."""
    looked_up = walls(calendar.zone, day)
    found: list[tuple[str, time, time, tuple[Break, ...]]] = [
        (shift.name, shift.starts_at, shift.ends_at, shift.breaks)
        for shift in calendar.shifts
        if is_worked(calendar, shift, day)
    ]
    found += [(e.name, e.starts_at, e.ends_at, ()) for e in calendar.overtime if e.day == day]
    for name, starts, ends, breaks in found:
        begins = comes_at(looked_up, day, starts)
        is_over = comes_at(looked_up, day if starts < ends else day + timedelta(days=1), ends)
        rests = []
        for each in breaks:
            first = day if each.starts_at >= starts else day + timedelta(days=1)
            last = first if each.starts_at < each.ends_at else first + timedelta(days=1)
            rests.append(
                (
                    comes_at(looked_up, first, each.starts_at),
                    comes_at(looked_up, last, each.ends_at),
                )
            )
        worked = [
            instant
            for instant, _ in looked_up
            if begins <= instant < is_over and not any(b <= instant < e for b, e in rests)
        ]
        if begins < is_over:
            yield name, begins, is_over, len(worked)

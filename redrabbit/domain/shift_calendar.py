"""Shift calendars: when a line works, in plant-local time, and which UTC windows that makes (R06).

A shift belongs to the plant date on which it starts; one that ends no later than it starts runs
over midnight. A holiday is a plant date on which no shift starts; the night shift that began the
evening before still ends on it. A shutdown is the same for a row of dates. On a make-up day the shifts of
another day of the week start, whatever the date is otherwise: in China a Saturday is worked for a holiday.
Overtime is a window of its own on one date. Of one date a shutdown counts before a make-up day, that before
a holiday, that before the week; overtime is worked all the same. Daylight saving (D18): a local time in a gap happens at the first
instant after the gap; one in an overlap happens once, at the first. All arithmetic is on plain
dates and on UTC instants, never on aware local times, which would count wall-clock hours.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from math import lcm
from typing import Final
from zoneinfo import ZoneInfo

from redrabbit.domain.text import Text

ONE_DAY: Final = timedelta(days=1)
ONE_WEEK: Final = timedelta(weeks=1)
A_MOMENT: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """A time within a shift in which nobody works, in plant-local times of day."""

    starts_at: time
    ends_at: time
    """At or before `starts_at`: on the next day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """So many days on, so many off, again and again: 4-on-2-off."""

    begins: date
    """The first day on of one of the rounds; it goes on before it, too."""
    on: int
    off: int

    def works_on(self, day: date) -> bool:
        """Return whether a day is one of those on."""
        return (day - self.begins).days % (self.on + self.off) < self.on


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """One shift of the week, in plant-local times of day."""

    name: str
    """Slug, part of trigger keys (D8), for example `early`."""
    weekdays: tuple[int, ...]
    """Days on which it starts: 0 is Monday, 6 is Sunday; with a pattern, none is named."""
    starts_at: time
    ends_at: time
    """At or before `starts_at`: on the next day."""
    label: Text | None = None
    """Its words for people."""
    pattern: Pattern | None = None
    """By which it starts, in the place of days of the week."""
    breaks: tuple[Break, ...] = ()
    """In their order."""

    def starts_on(self, day: date, weekday: int) -> bool:
        """Return whether it starts on a date that is worked as a day of the week."""
        if self.pattern is not None:
            return self.pattern.works_on(day)
        return weekday in self.weekdays


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeUpDay:
    """A date that is worked as a day of the week, in the place of one that was not."""

    day: date
    weekday: int
    """0 is Monday."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overtime:
    """Work on one date beside its shifts, in plant-local times of day."""

    day: date
    name: str
    """Slug, part of trigger keys as a shift's name is."""
    starts_at: time
    ends_at: time
    """At or before `starts_at`: on the next day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shutdown:
    """Dates on which no shift starts, the first and the last among them."""

    first: date
    last: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftCalendar:
    """The shifts of a line, the plant's time zone, and the dates that are not as their day of the week."""

    zone: ZoneInfo
    shifts: tuple[Shift, ...]
    holidays: frozenset[date] = frozenset()
    make_up_days: tuple[MakeUpDay, ...] = ()
    overtime: tuple[Overtime, ...] = ()
    shutdowns: tuple[Shutdown, ...] = ()

    @property
    def ordinary(self) -> "ShiftCalendar":
        """It without any date that is special."""
        return ShiftCalendar(zone=self.zone, shifts=self.shifts)

    @property
    def works_ever(self) -> bool:
        """Whether there is any shift, or any overtime."""
        return bool(self.shifts or self.overtime)

    def is_shut_down(self, day: date) -> bool:
        """Return whether a date lies in a shutdown."""
        return any(each.first <= day <= each.last for each in self.shutdowns)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftWindow:
    """One shift on one plant date: from `begins_at` up to, not including, `ends_at`; both UTC."""

    name: str
    plant_date: date
    begins_at: datetime
    ends_at: datetime
    breaks: tuple[tuple[datetime, datetime], ...] = ()
    """In their order, within it, none of no length."""

    @property
    def worked(self) -> timedelta:
        """How long is worked in it, without its breaks."""
        return self.ends_at - self.begins_at - sum((e - b for b, e in self.breaks), timedelta())

    def when_worked(self, length: timedelta) -> datetime:
        """Return the first instant by which so much is worked, counted from its beginning."""
        at = self.begins_at + length
        for begins, ends in self.breaks:
            if begins >= at:
                break
            at += ends - begins
        return at


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Two shifts of a calendar that would work at the same moment of the week."""

    first: str
    second: str
    weekday: int
    """0 is Monday: the day on which `second` starts while `first` is still on."""


@lru_cache(maxsize=4096)  # a plant's checks and pages ask for the same few days again and again
def instant_of(zone: ZoneInfo, day: date, at: time) -> datetime:
    """Return the UTC instant of a plant-local date and time of day (D18).

    In a gap: the first instant after it. In an overlap: the first of the two.
    """
    local = datetime.combine(day, at.replace(fold=0), tzinfo=zone)  # the first of an overlap
    instant = local.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return instant
    return _end_of_gap(zone, local)


def day_begins(zone: ZoneInfo, day: date) -> datetime:
    """Return when a plant-local day begins."""
    return instant_of(zone, day, time.min)


def day_ends(zone: ZoneInfo, day: date) -> datetime:
    """Return when the day after begins; ValueError for the last day that there is."""
    if day == date.max:
        raise ValueError(f"{day} is out of range: no day comes after it")
    return instant_of(zone, day + ONE_DAY, time.min)


def span_of_days(
    zone: ZoneInfo, first: date | None, last: date | None
) -> tuple[datetime | None, datetime | None]:
    """Return when plant-local days begin and end, both days included; None: no bound is asked for, or none comes after."""
    begin = day_begins(zone, first) if first is not None else None
    end = day_ends(zone, last) if last is not None and last < date.max else None
    return begin, end


def plant_date(zone: ZoneInfo, instant: datetime) -> date:
    """Return the date on the plant's wall at an instant."""
    return instant.astimezone(zone).date()


def shift_windows(calendar: ShiftCalendar, since: datetime, until: datetime) -> list[ShiftWindow]:
    """Return the windows that share a moment with [since, until), in order of their beginning."""
    last = plant_date(calendar.zone, until)
    day = plant_date(calendar.zone, since) - ONE_DAY  # its shift over midnight may still be on
    windows: list[ShiftWindow] = []
    while day <= last:
        windows += [
            window
            for window in windows_on(calendar, day)
            if window.begins_at < until and window.ends_at > since
        ]
        day += ONE_DAY
    return sorted(windows, key=lambda window: (window.begins_at, window.name))


def windows_on(calendar: ShiftCalendar, day: date) -> list[ShiftWindow]:
    """Return the windows of the shifts that start on a plant date, and of its overtime.

    A shift that lies wholly in a daylight-saving gap does not happen.
    """
    windows = [_window(calendar.zone, shift, day) for shift in _shifts_on(calendar, day)]
    windows += [
        _window_of(calendar.zone, extra.name, day, extra.starts_at, extra.ends_at)
        for extra in calendar.overtime
        if extra.day == day
    ]
    return [window for window in windows if window.begins_at < window.ends_at]


def _shifts_on(calendar: ShiftCalendar, day: date) -> Iterator[Shift]:
    """Yield the shifts that start on a plant date."""
    if calendar.is_shut_down(day):
        return
    made_up = next((each.weekday for each in calendar.make_up_days if each.day == day), None)
    if made_up is None and day in calendar.holidays:
        return
    weekday = day.weekday() if made_up is None else made_up
    yield from (shift for shift in calendar.shifts if shift.starts_on(day, weekday))


def works_at(calendar: ShiftCalendar, instant: datetime) -> bool:
    """Return whether a shift is on at an instant."""
    return bool(shift_windows(calendar, instant, instant + A_MOMENT))


def last_end_by(calendar: ShiftCalendar, instant: datetime, longest: timedelta) -> datetime:
    """Return when the last shift that had ended by an instant ended, so long ago at most."""
    earliest = instant - longest
    day = plant_date(calendar.zone, instant)
    while day >= plant_date(calendar.zone, earliest) - ONE_DAY:
        ends = [
            window.ends_at
            for each in (day, day - ONE_DAY)  # the shift of yesterday evening ends today
            for window in windows_on(calendar, each)
            if window.ends_at <= instant
        ]
        if ends:
            return max(*ends, earliest)
        day -= ONE_DAY
    return earliest


def overlaps(calendar: ShiftCalendar) -> list[Overlap]:
    """Return each pair of shifts that overlap on ordinary days, by the wall's clock; special dates not considered."""
    rounds = [each.pattern.on + each.pattern.off for each in calendar.shifts if each.pattern]
    spans = [_Span.of(shift, day) for shift in calendar.shifts for day in set(shift.weekdays)]
    pairs = {
        Overlap(first=first.name, second=second.name, weekday=second.weekday)
        for index, one in enumerate(spans)
        for other in spans[index + 1 :]
        for first, second in _in_order(one, other)
    }
    if rounds:
        pairs |= _overlaps_by_day(calendar, lcm(len(_WEEK), *rounds))
    return sorted(pairs, key=lambda overlap: (overlap.weekday, overlap.first, overlap.second))


_WEEK: Final = range(7)
_WALL: Final = ZoneInfo("UTC")
"""Where every day has 24 hours."""
_SOME_MONDAY: Final = date(2001, 1, 1)


def _overlaps_by_day(calendar: ShiftCalendar, days: int) -> set[Overlap]:
    """Return the pairs that overlap in so many days, after which all patterns begin anew together."""
    wall = ShiftCalendar(zone=_WALL, shifts=calendar.shifts)
    found: set[Overlap] = set()
    before: list[ShiftWindow] = []
    for number in range(days + 1):
        day = _SOME_MONDAY + number * ONE_DAY
        today = windows_on(wall, day)
        for first, second in clashes(before, today):
            found.add(
                Overlap(first=first.name, second=second.name, weekday=second.plant_date.weekday())
            )
        before = today
    return found


def clashes(
    before: list[ShiftWindow], today: list[ShiftWindow]
) -> Iterator[tuple[ShiftWindow, ShiftWindow]]:
    """Yield the pairs of windows that overlap, of which the later one is of today; the one that is on first stands first."""
    for index, window in enumerate(today):
        for other in (*before, *today[:index]):
            if other.begins_at < window.ends_at and window.begins_at < other.ends_at:
                yield ((other, window) if other.begins_at <= window.begins_at else (window, other))


@dataclass(frozen=True, slots=True)
class _Span:
    """One shift in the wall-clock week, counted from Monday 00:00."""

    name: str
    weekday: int
    begins: timedelta
    length: timedelta

    @classmethod
    def of(cls, shift: Shift, weekday: int) -> "_Span":
        starts, ends = _since_midnight(shift.starts_at), _since_midnight(shift.ends_at)
        if ends <= starts:
            ends += ONE_DAY
        return cls(shift.name, weekday, weekday * ONE_DAY + starts, ends - starts)

    def is_on_at(self, begins: timedelta) -> bool:
        """Return whether it is on at a time of the week; Sunday night runs into Monday."""
        return (begins - self.begins) % ONE_WEEK < self.length


def _in_order(one: _Span, other: _Span) -> list[tuple[_Span, _Span]]:
    """Return the pair, the one that is already on first; nothing when they do not overlap."""
    if one.is_on_at(other.begins):
        return [(one, other)]
    if other.is_on_at(one.begins):
        return [(other, one)]
    return []


def _since_midnight(at: time) -> timedelta:
    return timedelta(
        hours=at.hour, minutes=at.minute, seconds=at.second, microseconds=at.microsecond
    )


def _window(zone: ZoneInfo, shift: Shift, day: date) -> ShiftWindow:
    window = _window_of(zone, shift.name, day, shift.starts_at, shift.ends_at)
    if not shift.breaks:
        return window
    return replace(window, breaks=tuple(_breaks(zone, shift, window)))


@lru_cache(maxsize=4096)  # as `instant_of`
def _window_of(zone: ZoneInfo, name: str, day: date, starts_at: time, ends_at: time) -> ShiftWindow:
    last_day = day if starts_at < ends_at else day + ONE_DAY
    return ShiftWindow(
        name=name,
        plant_date=day,
        begins_at=instant_of(zone, day, starts_at),
        ends_at=instant_of(zone, last_day, ends_at),
    )


def _breaks(
    zone: ZoneInfo, shift: Shift, window: ShiftWindow
) -> Iterator[tuple[datetime, datetime]]:
    """Yield the breaks of a shift on one date; a break that lies wholly in a daylight-saving gap does not happen."""
    for each in shift.breaks:
        day = window.plant_date + (ONE_DAY if each.starts_at < shift.starts_at else timedelta())
        last_day = day + (ONE_DAY if each.ends_at <= each.starts_at else timedelta())
        begins = max(window.begins_at, instant_of(zone, day, each.starts_at))
        ends = min(window.ends_at, instant_of(zone, last_day, each.ends_at))
        if begins < ends:
            yield begins, ends


def _end_of_gap(zone: ZoneInfo, local: datetime) -> datetime:
    """Return the transition's instant for a local time that the transition skips.

    The zone database has no call for it, so it is searched between the two instants which the
    offsets after and before the transition give; transitions fall on whole seconds.
    """
    after = local.replace(fold=1).utcoffset()
    wall = local.replace(microsecond=0, fold=0)
    early = wall.replace(fold=1).astimezone(UTC)
    seconds = int((wall.astimezone(UTC) - early).total_seconds()) + 1
    low, high = 0, seconds
    while high - low > 1:
        middle = (low + high) // 2
        if (early + timedelta(seconds=middle)).astimezone(zone).utcoffset() == after:
            high = middle
        else:
            low = middle
    return early + timedelta(seconds=high)

"""What a station makes over a time, as it is taken for a try-out: at a rate of working time, or as its counter told.

Whole parts only, without rounding up: a part is made at the instant at which it is done.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Final

from redrabbit.domain.shift_calendar import ShiftCalendar, shift_windows

_A_MICROSECOND: Final = timedelta(microseconds=1)
_AN_HOUR: Final = timedelta(hours=1) // _A_MICROSECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A time in which parts are made, evenly."""

    begins_at: datetime
    ends_at: datetime
    before: int
    """Made before it, in the unit of `PartsMade`."""
    after: int
    """Made by its end; more than before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What a station had counted at an instant: at least so many parts."""

    at: datetime
    made: int
    epoch: int = 0
    """Between two counts of one epoch exactly so many were made."""


class PartsMade:
    """How many parts a station has made by any instant."""

    def __init__(
        self,
        stretches: Sequence[Stretch],
        *,
        unit: int = 1,
        first: int = 0,
        is_exact: bool = True,
    ) -> None:
        """`unit` is what the stretches count for one part; `first` was made before them, in parts."""
        self._stretches = stretches
        self._begins = [each.begins_at for each in stretches]
        self._afters = [each.after for each in stretches]
        self._unit = unit
        self._first = first * unit
        self.is_exact = is_exact
        """False: at least so many were made; nobody counted all the time."""

    def by(self, at: datetime) -> int:
        """Return how many parts are made by an instant."""
        place = bisect_right(self._begins, at) - 1
        if place < 0:
            return self._first // self._unit
        stretch = self._stretches[place]
        if at >= stretch.ends_at:
            return stretch.after // self._unit
        passed = (at - stretch.begins_at) // _A_MICROSECOND
        lasts = (stretch.ends_at - stretch.begins_at) // _A_MICROSECOND
        return (stretch.before + (stretch.after - stretch.before) * passed // lasts) // self._unit

    def between(self, since: datetime, until: datetime) -> int:
        """Return how many parts are made in (since, until]."""
        return self.by(until) - self.by(since)

    def when(self, parts: int) -> datetime | None:
        """Return the first instant by which so many parts are made; None where they never are."""
        wanted = parts * self._unit
        if wanted <= self._first:
            raise ValueError(f"{parts} parts were made before anybody looked")
        place = bisect_left(self._afters, wanted)
        if place == len(self._stretches):
            return None
        stretch = self._stretches[place]
        lasts = (stretch.ends_at - stretch.begins_at) // _A_MICROSECOND
        passed = -((stretch.before - wanted) * lasts // (stretch.after - stretch.before))
        return stretch.begins_at + max(0, passed) * _A_MICROSECOND


def parts_at_rate(
    calendar: ShiftCalendar, per_hour: Fraction, since: datetime, until: datetime
) -> PartsMade:
    """Return what is made at so many parts per hour of working time, in shifts and never in their breaks."""
    if per_hour < 0:
        raise ValueError(f"nothing is made at {per_hour} parts per hour")
    stretches: list[Stretch] = []
    made = 0
    for begins, ends in working_times(calendar, since, until) if per_hour else ():
        after = made + (ends - begins) // _A_MICROSECOND * per_hour.numerator
        stretches.append(Stretch(begins_at=begins, ends_at=ends, before=made, after=after))
        made = after
    return PartsMade(stretches, unit=_AN_HOUR * per_hour.denominator)


def parts_counted(
    calendar: ShiftCalendar, counts: Sequence[Counted], since: datetime, until: datetime
) -> PartsMade:
    """Return what a counter told of a time: between two counts evenly over the working time, as nobody knows when each part was made.

    `counts` stand in the order of their instants; it is exact where they reach over the whole time and nothing was skipped.
    """
    stretches: list[Stretch] = []
    for one, other in pairwise(counts):
        if other.made > one.made and other.at > one.at:
            stretches += _between(calendar, one, other)
    is_whole = len(counts) > 1 and counts[0].at <= since and counts[-1].at >= until
    exact = is_whole and all(one.epoch == other.epoch for one, other in pairwise(counts))
    return PartsMade(stretches, first=counts[0].made if counts else 0, is_exact=exact)


def worked_hours(calendar: ShiftCalendar, since: datetime, until: datetime) -> Fraction:
    """Return how long is worked in a time, in hours."""
    worked = sum(
        (ends - begins) // _A_MICROSECOND for begins, ends in working_times(calendar, since, until)
    )
    return Fraction(worked, _AN_HOUR)


def working_times(
    calendar: ShiftCalendar, since: datetime, until: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """Yield when is worked within [since, until), in order and each moment once."""
    last = since
    for begins, ends in sorted(_worked(calendar, since, until)):
        begins_at, ends_at = max(begins, last), min(ends, until)
        if begins_at < ends_at:
            yield begins_at, ends_at
            last = ends_at


def _worked(
    calendar: ShiftCalendar, since: datetime, until: datetime
) -> Iterator[tuple[datetime, datetime]]:
    for window in shift_windows(calendar, since, until):
        begins_at = window.begins_at
        for rests_at, goes_on_at in window.breaks:
            yield begins_at, rests_at
            begins_at = goes_on_at
        yield begins_at, window.ends_at


def _between(calendar: ShiftCalendar, one: Counted, other: Counted) -> Iterable[Stretch]:
    times = list(working_times(calendar, one.at, other.at)) or [(one.at, other.at)]
    lasts = sum((ends - begins) // _A_MICROSECOND for begins, ends in times)
    passed, before = 0, one.made
    for begins, ends in times:
        passed += (ends - begins) // _A_MICROSECOND
        after = one.made + (other.made - one.made) * passed // lasts
        if after > before:
            yield Stretch(begins_at=begins, ends_at=ends, before=before, after=after)
        before = after

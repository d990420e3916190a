"""How a stretch of time is put together from periods of which a count is kept: years, months, days, in UTC (D63).

A count of ten years is some forty numbers and not sixty thousand runs. What is left at both ends, less than a
day each, is counted run by run: plants ask by their own days, which begin at another hour than those in UTC.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, NamedTuple

EVER: Final = ""
"""The period that holds every instant."""
_AFTER_ALL_YEARS: Final = "y~"
"""Sorts behind every figure, in Python and in both databases."""
_FIRST_YEAR: Final = 1
_LAST_YEAR: Final = 9999
"""Years that no clock has said when something was recorded, and in which instants can't be reckoned with."""


class PeriodRange(NamedTuple):
    """Periods of one length, one after the other: from the first on, up to and without the last."""

    first: str
    last: str


class Stretch(NamedTuple):
    """Instants from a first on, up to and without a last."""

    begin: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a stretch of time is put together from."""

    has_all: bool = False
    """It is all of time: the period `EVER`."""
    ranges: tuple[PeriodRange, ...] = ()
    edges: tuple[Stretch, ...] = ()
    """What no whole period covers: shorter than two days together."""


def periods_of(instant: datetime) -> tuple[str, ...]:
    """Return the periods that an instant falls in, the longest first."""
    day = instant.astimezone(UTC).date()
    return EVER, _year(day), _month(day), _day(day)


def parts_of(begin: datetime | None, end: datetime | None) -> Parts:
    """Return what a stretch of time is put together from; None: it has no begin, or no end."""
    begin = None if begin is None or begin.year <= _FIRST_YEAR else begin
    end = None if end is None or end.year >= _LAST_YEAR else end
    if begin is None and end is None:
        return Parts(has_all=True)
    if _is_empty(begin, end):
        return Parts()
    first = _first_day(begin) if begin is not None else None
    last = _midnight(end) if end is not None else None
    edges: list[Stretch] = []
    if begin is not None and first is not None:
        edges.append(Stretch(begin, first if end is None else min(first, end)))
    if end is not None and last is not None and (first is None or first <= last):
        edges.append(Stretch(last, end))
    ranges = _between(first.date() if first else date.min, last.date() if last else None)
    return Parts(
        ranges=tuple(each for each in ranges if each.first < each.last),
        edges=tuple(each for each in edges if each.begin < each.end),
    )


def _is_empty(begin: datetime | None, end: datetime | None) -> bool:
    if begin is not None and begin.year >= _LAST_YEAR:
        return True
    if end is not None and end.year <= _FIRST_YEAR:
        return True
    return begin is not None and end is not None and begin >= end


def _midnight(instant: datetime) -> datetime:
    """Return the begin of the instant's day."""
    return datetime.combine(instant.astimezone(UTC).date(), time.min, UTC)


def _first_day(begin: datetime) -> datetime:
    """Return the begin of the first day that is whole from an instant on."""
    midnight = _midnight(begin)
    return midnight if midnight == begin else midnight + timedelta(days=1)


def _between(first: date, last: date | None) -> tuple[PeriodRange, ...]:
    """Return days, months, years, months and days from one day on, up to and without another; None: any."""
    from_year = _next_year(first)
    if last is None:
        years = PeriodRange(_year(from_year), _AFTER_ALL_YEARS)
        return *_within_a_year(first, from_year), years
    to_year = last.replace(month=1, day=1)
    if from_year > to_year:
        return _within_a_year(first, last)
    return (
        *_within_a_year(first, from_year),
        PeriodRange(_year(from_year), _year(to_year)),
        *_within_a_year(to_year, last),
    )


def _within_a_year(first: date, last: date) -> tuple[PeriodRange, ...]:
    """Return days, months and days; `last` is no later than the begin of the next year."""
    from_month, to_month = _next_month(first), last.replace(day=1)
    if from_month > to_month:
        return (PeriodRange(_day(first), _day(last)),)
    return (
        PeriodRange(_day(first), _day(from_month)),
        PeriodRange(_month(from_month), _month(to_month)),
        PeriodRange(_day(to_month), _day(last)),
    )


def _next_year(day: date) -> date:
    """Return the day, or the begin of the next year where it is not that of one."""
    is_first = (day.month, day.day) == (1, 1)
    return day if is_first else date(day.year + 1, 1, 1)


def _next_month(day: date) -> date:
    """Return the day, or the begin of the next month where it is not that of one."""
    return day if day.day == 1 else (day.replace(day=1) + timedelta(days=31)).replace(day=1)


def _year(day: date) -> str:
    return f"y{day.year:04}"


def _month(day: date) -> str:
    return f"m{day.year:04}-{day.month:02}"


def _day(day: date) -> str:
    return f"d{day.isoformat()}"

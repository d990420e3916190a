"""Any stretch of time is put together from periods and edges that hold each of its instants once (D63)."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.count_periods import EVER, Parts, PeriodRange, Stretch, parts_of, periods_of

ZONES = st.sampled_from([UTC, timezone(timedelta(hours=8)), timezone(timedelta(hours=-3.5))])
DAYS = st.datetimes(datetime.fromisoformat("2023-12-30"), datetime.fromisoformat("2026-03-02"))
ROUND = DAYS.map(lambda at: at.replace(hour=0, minute=0, second=0, microsecond=0))
ROUNDER = ROUND.map(lambda at: at.replace(day=1))
ANY = st.datetimes()
INSTANTS = st.builds(
    lambda at, zone: at.replace(tzinfo=zone), st.one_of(DAYS, ROUND, ROUNDER, ANY), ZONES
)
STARTED = st.builds(
    lambda at, zone: at.replace(tzinfo=zone), st.one_of(DAYS, ROUND, ROUNDER), ZONES
)
"""Of what is counted: no clock says the first or the last year that can be written."""


def times_counted(parts: Parts, instant: datetime) -> int:
    """Return how often what started at an instant is counted."""
    periods = periods_of(instant)
    return (
        parts.has_all
        + sum(
            1
            for period in periods
            for each in parts.ranges
            if period != EVER and each.first <= period < each.last
        )
        + sum(1 for edge in parts.edges if edge.begin <= instant < edge.end)
    )


@given(st.none() | INSTANTS, st.none() | INSTANTS, STARTED)
def test_each_instant_of_a_stretch_is_counted_once_and_no_other(
    begin: datetime | None, end: datetime | None, instant: datetime
) -> None:
    is_in = (begin is None or begin <= instant) and (end is None or instant < end)
    assert times_counted(parts_of(begin, end), instant) == is_in


@given(INSTANTS, INSTANTS)
def test_edges_are_short_and_ranges_few(begin: datetime, end: datetime) -> None:
    """Or a count would take longer the longer history is."""
    parts = parts_of(begin, end)
    assert len(parts.ranges) <= 5
    assert all(edge.end - edge.begin < timedelta(days=1) for edge in parts.edges)


def test_periods_of_one_length_sort_by_time_and_apart_from_others() -> None:
    early, late = periods_of(instant(2025, 12, 31, 23)), periods_of(instant(2026, 1, 1))
    assert early == (EVER, "y2025", "m2025-12", "d2025-12-31")
    assert late == (EVER, "y2026", "m2026-01", "d2026-01-01")


def test_a_period_is_one_of_utc_wherever_the_instant_was_told() -> None:
    china = timezone(timedelta(hours=8))
    assert periods_of(datetime(2026, 1, 1, 7, 59, tzinfo=china))[3] == "d2025-12-31"


def test_some_years_are_days_months_years_months_and_days() -> None:
    begin, end = instant(2023, 11, 28, 16), instant(2026, 3, 4, 16)
    assert parts_of(begin, end) == Parts(
        ranges=(
            PeriodRange("d2023-11-29", "d2023-12-01"),
            PeriodRange("m2023-12", "m2024-01"),
            PeriodRange("y2024", "y2026"),
            PeriodRange("m2026-01", "m2026-03"),
            PeriodRange("d2026-03-01", "d2026-03-04"),
        ),
        edges=(
            Stretch(begin, instant(2023, 11, 29)),
            Stretch(instant(2026, 3, 4), end),
        ),
    )


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        (datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)),
        (datetime(9999, 1, 1, tzinfo=UTC), None),
        (None, datetime.min.replace(tzinfo=UTC)),
    ],
    ids=["ends before it begins", "after all", "before all"],
)
def test_of_a_stretch_without_an_instant_there_is_nothing(
    begin: datetime | None, end: datetime | None
) -> None:
    assert parts_of(begin, end) == Parts()


def test_what_no_clock_says_is_no_bound() -> None:
    zone = timezone(timedelta(hours=14))
    earliest, latest = datetime.min.replace(tzinfo=zone), datetime.max.replace(tzinfo=zone)
    assert parts_of(earliest, latest) == parts_of(None, None) == Parts(has_all=True)


def instant(*when: int) -> datetime:
    return datetime(*when, tzinfo=UTC)  # type: ignore[arg-type, misc]  # because the rest is a date and a time

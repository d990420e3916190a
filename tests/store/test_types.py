"""Values come back exactly, or are refused; never a little different."""

import math
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql, sqlite

from redrabbit.store.types import IsoDate, Real, Truth, UtcMicroseconds
from tests.stored import START

DIALECTS = (sqlite.dialect(), postgresql.dialect())  # type: ignore[no-untyped-call]  # because SQLAlchemy's are untyped


def round_trip(type_: Any, value: Any) -> list[Any]:
    return [type_.process_result_value(type_.process_bind_param(value, d), d) for d in DIALECTS]


@given(st.datetimes(timezones=st.timezones()))
def test_any_aware_instant_comes_back_equal_in_utc(instant: datetime) -> None:
    try:
        instant.astimezone(START.tzinfo)
    except OverflowError:
        return  # the first and last day that a datetime knows, seen from elsewhere
    for back in round_trip(UtcMicroseconds(), instant):
        assert back == instant.astimezone(UTC)  # in a gap, an aware local time equals nothing
        assert back.utcoffset() == timedelta(0)


def test_an_instant_before_1970_keeps_its_microsecond() -> None:
    early = datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=timezone(timedelta(hours=8)))
    assert round_trip(UtcMicroseconds(), early) == [early, early]


@given(st.datetimes())
def test_a_naive_instant_is_refused(naive: datetime) -> None:
    with pytest.raises(ValueError, match="without time zone"):
        UtcMicroseconds().process_bind_param(naive, DIALECTS[0])


@given(st.dates())
def test_any_day_comes_back(day: date) -> None:
    assert round_trip(IsoDate(), day) == [day, day]


def test_an_instant_is_no_day() -> None:
    with pytest.raises(ValueError, match="not a day"):
        IsoDate().process_bind_param(START, DIALECTS[0])


@pytest.mark.parametrize("type_", [UtcMicroseconds(), IsoDate(), Truth(), Real()])
def test_nothing_stays_nothing(type_: Any) -> None:
    assert round_trip(type_, None) == [None, None]


@pytest.mark.parametrize("truth", [True, False])
def test_a_truth_comes_back_as_itself(truth: Any) -> None:
    assert [back is truth for back in round_trip(Truth(), truth)] == [True, True]


@pytest.mark.parametrize(
    ("type_", "found"),
    [
        (UtcMicroseconds(), "1"),
        (UtcMicroseconds(), 1.0),
        (UtcMicroseconds(), 2**62),
        (IsoDate(), "20261122"),
        (IsoDate(), "2026-11-31"),
        (IsoDate(), 20261122),
        (Truth(), 2),
        (Truth(), 1.0),
        (Truth(), "true"),
        (Real(), 1),
        (Real(), "1.0"),
    ],
)
def test_a_value_that_no_writer_left_there_is_refused(type_: Any, found: Any) -> None:
    with pytest.raises(
        ValueError, match=r"are no|is no|is neither|is not|must be|must|Invalid|day"
    ):
        type_.process_result_value(found, DIALECTS[0])


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_finite_number_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="can be kept"):
        Real().process_bind_param(value, DIALECTS[0])

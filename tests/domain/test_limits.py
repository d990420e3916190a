from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.limits import (
    EARLIEST,
    LATEST,
    can_be_recorded,
    fits_in_64_bits,
    is_a_count,
)

OFFSETS = st.integers(-23 * 60, 23 * 60).map(lambda m: timezone(timedelta(minutes=m)))


@given(st.datetimes(timezones=OFFSETS))
def test_no_instant_however_far_off_makes_the_rule_itself_fail(instant: datetime) -> None:
    """K7: an instant that can't be said in UTC is outside, and no error."""
    expected = 2000 <= instant.year < 2100
    if instant.year not in {1999, 2000, 2099, 2100}:
        assert can_be_recorded(instant) is expected


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        (EARLIEST, True),
        (EARLIEST - timedelta(microseconds=1), False),
        (LATEST, True),
        (LATEST + timedelta(microseconds=1), False),
        (datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone(-timedelta(hours=14))), False),
        (datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))), False),
        (datetime(2026, 11, 26, tzinfo=UTC), True),
    ],
)
def test_instants_of_this_century_can_be_recorded(instant: datetime, expected: bool) -> None:
    assert can_be_recorded(instant) is expected


def test_a_naive_instant_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="without time zone"):
        can_be_recorded(datetime(2026, 11, 26))  # noqa: DTZ001  because that is the case


@given(st.integers())
def test_whole_numbers_fit_exactly_where_a_database_holds_them(number: int) -> None:
    assert fits_in_64_bits(number) is (number.bit_length() <= 63 or number == -(2**63))


def test_the_ends_of_64_bits_fit() -> None:
    assert fits_in_64_bits(2**63 - 1)
    assert fits_in_64_bits(-(2**63))
    assert not fits_in_64_bits(2**63)
    assert not fits_in_64_bits(-(2**63) - 1)


@given(st.integers(), st.integers())
def test_the_difference_of_two_counts_has_its_place_in_64_bits(one: int, other: int) -> None:
    if is_a_count(one) and is_a_count(other):
        assert fits_in_64_bits(one - other)


def test_the_ends_of_what_a_counter_shows() -> None:
    assert is_a_count(2**62)
    assert is_a_count(-(2**62))
    assert not is_a_count(2**62 + 1)
    assert not is_a_count(-(2**62) - 1)
    assert not is_a_count(2.0**63)

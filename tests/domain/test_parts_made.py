"""What a station makes over a time: whole parts, in working time only, and each at its instant."""

from datetime import datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redrabbit.domain.parts_made import (
    Counted,
    PartsMade,
    parts_at_rate,
    parts_counted,
    worked_hours,
)
from redrabbit.domain.shift_calendar import ShiftCalendar
from tests.plants import BEGIN, LINE, a_plant

CALENDAR = a_plant().calendars[LINE]
IDLE = ShiftCalendar(zone=CALENDAR.zone, shifts=())
ONE_SHIFT = ShiftCalendar(zone=CALENDAR.zone, shifts=CALENDAR.shifts[:1])
DAY = timedelta(days=1)
rates = st.fractions(min_value=Fraction(1, 50), max_value=5_000, max_denominator=50)


def at(hour: float) -> datetime:
    return BEGIN.replace(hour=0, minute=0) + timedelta(hours=hour)


def test_parts_are_made_in_shifts_and_each_when_it_is_done() -> None:
    made = parts_at_rate(ONE_SHIFT, Fraction(60), at(0), at(48))
    assert [made.by(at(hour)) for hour in (0, 6, 6.0166, 7, 14, 24, 30, 48)] == [
        *(0, 0, 0, 60, 480, 480, 480, 960)
    ]
    assert made.when(1) == at(6) + timedelta(minutes=1)
    assert made.when(481) == at(30) + timedelta(minutes=1)
    assert made.when(961) is None
    assert worked_hours(ONE_SHIFT, at(0), at(7)) == 1


def test_where_nobody_works_nothing_is_made() -> None:
    assert parts_at_rate(IDLE, Fraction(60), at(0), at(24)).by(at(24)) == 0
    assert parts_at_rate(CALENDAR, Fraction(0), at(0), at(24)).when(1) is None
    with pytest.raises(ValueError, match="nothing is made"):
        parts_at_rate(CALENDAR, Fraction(-1), at(0), at(24))


@settings(max_examples=60)
@given(rate=rates, number=st.integers(1, 2_000))
def test_the_instant_of_a_part_is_the_first_by_which_it_is_made(
    rate: Fraction, number: int
) -> None:
    made = parts_at_rate(ONE_SHIFT, rate, BEGIN, BEGIN + 3 * DAY)
    when = made.when(number)
    if when is None:
        assert made.by(BEGIN + 3 * DAY) < number
        return
    assert made.by(when) >= number
    assert made.by(when - timedelta(microseconds=1)) < number


def test_a_counter_says_how_many_and_not_when() -> None:
    counts = [Counted(at=at(0), made=100), Counted(at=at(24), made=580)]
    made = parts_counted(ONE_SHIFT, counts, at(0), at(24))
    assert [made.by(at(hour)) for hour in (0, 6, 7, 14, 24)] == [100, 100, 160, 580, 580]
    assert made.is_exact
    assert made.between(at(7), at(8)) == 60
    idle = parts_counted(IDLE, counts, at(0), at(24))
    assert idle.by(at(12)) == 340


@pytest.mark.parametrize(
    ("begins", "ends", "epoch", "exact"),
    [(0, 24, 0, True), (1, 24, 0, False), (0, 23, 0, False), (0, 24, 1, False)],
)
def test_a_count_with_holes_is_at_least_so_many(
    begins: int, ends: int, epoch: int, exact: bool
) -> None:
    counts = [Counted(at=at(begins), made=1), Counted(at=at(ends), made=9, epoch=epoch)]
    assert parts_counted(CALENDAR, counts, at(0), at(24)).is_exact is exact


def test_what_was_made_before_has_no_instant() -> None:
    nothing = PartsMade([], first=7)
    assert (nothing.by(at(3)), nothing.when(8)) == (7, None)
    with pytest.raises(ValueError, match="before anybody looked"):
        nothing.when(7)

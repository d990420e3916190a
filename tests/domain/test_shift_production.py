"""What a count says of shifts: never that a shift began, or made nothing, which may be otherwise (D42)."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.part_count import PartCount
from redrabbit.domain.shift_production import (
    LONGEST_AWAY,
    LookedAt,
    ended_between,
    has_begun,
    shift_at,
    stands,
)
from tests.plants import BEGIN, LINE, a_plant

CALENDAR = a_plant().calendars[LINE]
SIX = BEGIN.replace(hour=6, minute=0)


def looked(seconds: float, made: int, epoch: int = 1) -> LookedAt:
    count = PartCount(value=made, made=made, epoch=epoch, fell_from=None)
    return LookedAt(count=count, at=SIX + timedelta(seconds=seconds))


@given(
    first=st.integers(-100, 100), later=st.integers(1, 200), parts=st.integers(0, 3), at=st.data()
)
def test_a_shift_has_begun_only_where_each_part_was_surely_made_in_it(
    first: int, later: int, parts: int, at: st.DataObject
) -> None:
    before, now = looked(first, 10), looked(first + later, 10 + parts)
    shift = shift_at(CALENDAR, now.at)
    assert shift is not None
    moments = [at.draw(st.floats(first, first + later)) for _ in range(parts)]
    if has_begun(before, now, shift):
        assert all(SIX + timedelta(seconds=each) >= shift.begins_at for each in moments)
        assert parts
    elif parts:
        assert before.at < shift.begins_at  # the part may be of the shift before


def test_nothing_was_made_where_the_counter_stands_and_nothing_was_skipped() -> None:
    assert stands(looked(0, 10), looked(100, 10))
    assert not stands(looked(0, 10), looked(100, 11))
    assert not stands(looked(0, 10), looked(100, 10, epoch=2))


def test_each_shift_ends_once_however_often_it_is_looked() -> None:
    day = timedelta(days=1)
    at_once = ended_between(CALENDAR, SIX, SIX + day)
    bit_by_bit = [
        each
        for hour in range(24)
        for each in ended_between(
            CALENDAR, SIX + timedelta(hours=hour), SIX + timedelta(hours=hour + 1)
        )
    ]
    assert [each.name for each in at_once] == ["early", "late", "night"]
    assert bit_by_bit == list(at_once)
    far = ended_between(CALENDAR, SIX - 400 * day, SIX)
    assert len(far) == 3 * LONGEST_AWAY.days

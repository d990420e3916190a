"""When an approval is due: so much working time after the decision (D45)."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from redrabbit.domain.approval import ApprovalRules, due_after
from redrabbit.domain.shift_calendar import Shift, ShiftCalendar, shift_windows

MONDAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
DAY = tuple(range(5))


def calendar(*shifts: tuple[str, int, int]) -> ShiftCalendar:
    return ShiftCalendar(
        zone=ZoneInfo("UTC"),
        shifts=tuple(
            Shift(name=name, starts_at=time(begins), ends_at=time(ends), weekdays=DAY)
            for name, begins, ends in shifts
        ),
        holidays=frozenset(),
    )


EARLY = calendar(("early", 6, 14))


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


def test_without_a_calendar_it_counts_by_the_wall() -> None:
    assert due_after(None, MONDAY, hours(24)) == MONDAY + hours(24)


def test_only_hours_count_in_which_a_shift_is_on() -> None:
    assert due_after(EARLY, MONDAY, hours(2)) == MONDAY + hours(2)
    assert due_after(EARLY, MONDAY, hours(6)) == MONDAY + hours(6)
    assert due_after(EARLY, MONDAY, hours(7)) == MONDAY.replace(day=3, hour=7)
    assert due_after(EARLY, MONDAY.replace(hour=20), hours(1)) == MONDAY.replace(day=3, hour=7)


def test_a_weekend_is_no_working_time() -> None:
    friday = MONDAY.replace(day=6, hour=13)
    assert due_after(EARLY, friday, hours(2)) == MONDAY.replace(day=9, hour=7)


def test_hours_of_two_shifts_at_once_count_once() -> None:
    both = calendar(("early", 6, 14), ("day", 8, 16))
    assert due_after(both, MONDAY.replace(hour=6), hours(10)) == MONDAY.replace(hour=16)
    inside = calendar(("long", 6, 18), ("short", 8, 10))
    assert due_after(inside, MONDAY.replace(hour=6), hours(12)) == MONDAY.replace(hour=18)


def test_where_nobody_works_for_weeks_it_is_due_all_the_same() -> None:
    assert due_after(calendar(), MONDAY, hours(24)) == MONDAY + timedelta(days=56) + hours(24)


@given(st.integers(0, 14 * 24 * 60), st.integers(1, 240))
@settings(deadline=None)
def test_just_so_much_working_time_passes_until_it_is_due(minutes: int, working: int) -> None:
    since = MONDAY + timedelta(minutes=minutes)
    due = due_after(EARLY, since, hours(working))
    worked = sum(
        (
            min(each.ends_at, due) - max(each.begins_at, since)
            for each in shift_windows(EARLY, since, due)
        ),
        timedelta(0),
    )
    assert worked == hours(working)


def test_a_plant_that_says_nothing_asks_nobody() -> None:
    assert ApprovalRules().modes == {}

"""To which shift a due time belongs, by its key and by the clock."""

from datetime import UTC, date, datetime, timedelta

import pytest

from redrabbit.domain.rotation import next_end, shift_of
from redrabbit.domain.shift_calendar import ShiftCalendar, shift_windows
from redrabbit.domain.shift_of_due import ShiftsOfDues, named_shift
from tests.plants import LINE, a_plant

ALL = a_plant().calendars[LINE]
CALENDAR = ShiftCalendar(
    zone=ALL.zone, shifts=ALL.shifts[:2], holidays=frozenset({date(2026, 3, 4)})
)
"""From 6 to 14 and from 14 to 22, and a day off."""
DAY = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("key", "named"),
    [
        ("shift:2026-03-02:early", ("2026-03-02", "early")),
        ("shift:2026-03-02:early:end", ("2026-03-02", "early")),
        ("production:2026-03-02:late|variant=a", ("2026-03-02", "late")),
        ("2026-03-02T14:00:00Z", None),
        ("event:line1-V-1", None),
        ("", None),
    ],
)
def test_which_keys_name_a_shift(key: str, named: tuple[str, str] | None) -> None:
    assert named_shift(key) == named


@pytest.mark.parametrize(
    ("hour", "key", "begun", "within"),
    [
        (14, "shift:2026-03-02:early:end", "early", "early"),
        (22, "shift:2026-03-02:late:end", "late", "late"),
        (14, "2026-03-02T14:00:00Z", "late", "late"),
        (23, "2026-03-02T23:00:00Z", "late", None),
        (5, "2026-03-02T05:00:00Z", None, None),
        (15, "shift:2026-03-02:other", "late", "late"),  # of a calendar that is no more
        (23, "shift:2026-03-02:other", "late", None),
    ],
)
def test_its_key_says_it_else_the_clock(
    hour: int, key: str, begun: str | None, within: str | None
) -> None:
    windows = shift_windows(CALENDAR, DAY, DAY + timedelta(days=1))
    shifts, at = ShiftsOfDues(windows), DAY + timedelta(hours=hour)
    found = [shifts.begun(at, key), shifts.within(at, key)]
    assert [None if place is None else windows[place].name for place in found] == [begun, within]


def test_the_shift_of_an_instant_may_be_one_that_ended_there() -> None:
    at = DAY + timedelta(hours=22)
    for key in ("shift:2026-03-02:late:end", ""):
        shift = shift_of(CALENDAR, at, key)
        assert shift is not None
        assert shift.name == "late"
    early = shift_of(CALENDAR, DAY + timedelta(hours=14), "shift:2026-03-02:early:end")
    assert early is not None
    assert early.name == "early"


@pytest.mark.parametrize(("hour", "ends"), [(7, 14), (14, 22), (22, 38), (13.99, 14), (46, 86)])
def test_when_the_next_shift_ends(hour: float, ends: int) -> None:
    assert next_end(CALENDAR, DAY + timedelta(hours=hour)) == DAY + timedelta(hours=ends)

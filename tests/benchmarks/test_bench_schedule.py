"""How fast the obligations core is: reported, never judged by time (run with `--benchmark-only`)."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from redrabbit.domain.schedule import due_times, next_due, parse_schedule
from redrabbit.domain.shift_calendar import Shift, ShiftCalendar

EVERY_DAY = (0, 1, 2, 3, 4, 5, 6)
BERLIN = ShiftCalendar(
    zone=ZoneInfo("Europe/Berlin"),
    shifts=(
        Shift(name="early", weekdays=EVERY_DAY, starts_at=time(6), ends_at=time(14)),
        Shift(name="late", weekdays=EVERY_DAY, starts_at=time(14), ends_at=time(22)),
        Shift(name="night", weekdays=EVERY_DAY, starts_at=time(22), ends_at=time(6)),
    ),
)
CLOSED = ShiftCalendar(
    zone=BERLIN.zone,
    shifts=BERLIN.shifts,
    holidays=frozenset(date(2026, 1, 1) + timedelta(days=n) for n in range(900)),
)
ANCHOR = datetime(2026, 1, 1, tzinfo=UTC)
INSTANTS = [ANCHOR + timedelta(minutes=53 * n) for n in range(10_000)]
"""Ten thousand instants over a year, over both changes of the clock."""

RULES = [
    "every shift start",
    "daily at 02:30",
    "weekly on mon, thu at 06:00",
    "monthly on 31 at 06:00",
    "every 30 min",
]


@pytest.mark.parametrize("words", RULES)
def test_ten_thousand_next_due_times(benchmark: BenchmarkFixture, words: str) -> None:
    rule = parse_schedule(words)
    found = benchmark(lambda: [next_due(rule, BERLIN, ANCHOR, after) for after in INSTANTS])
    assert None not in found


def test_next_due_time_of_a_plant_that_is_closed_for_years(benchmark: BenchmarkFixture) -> None:
    rule = parse_schedule("every shift start")
    assert benchmark(next_due, rule, CLOSED, ANCHOR, ANCHOR) is None


def test_due_times_of_a_year_of_shifts(benchmark: BenchmarkFixture) -> None:
    rule = parse_schedule("every shift start")
    until = ANCHOR + timedelta(days=365)
    found = benchmark(due_times, rule, BERLIN, ANCHOR, ANCHOR, until)
    assert len(found) == 3 * 365

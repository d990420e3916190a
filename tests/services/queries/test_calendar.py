"""A line's calendar as its page shows it: every day of a month, and of a year what is special (D44)."""

from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest

from redrabbit.domain.plant import Plant
from redrabbit.domain.shift_calendar import Break, MakeUpDay, Overtime, Shutdown
from redrabbit.services.queries.calendar import CalendarPage, DayKind, calendar_page
from simulators.virtual_clock import VirtualClock
from tests.plants import LINE, a_memory_database, a_plant

NOW = datetime(2026, 10, 9, 12, tzinfo=UTC)


def with_special_days() -> Plant:
    plant = a_plant()
    calendar = plant.calendars[LINE]
    rests = (Break(starts_at=time(10), ends_at=time(10, 15)),)
    special = replace(
        calendar,
        shifts=tuple(replace(shift, breaks=rests) for shift in calendar.shifts[:1]),
        holidays=frozenset({date(2026, 10, 7)}),
        make_up_days=(MakeUpDay(day=date(2026, 10, 10), weekday=2),),
        overtime=(
            Overtime(day=date(2026, 10, 7), name="extra", starts_at=time(1), ends_at=time(3)),
        ),
        shutdowns=(Shutdown(first=date(2026, 12, 30), last=date(2027, 1, 2)),),
    )
    return replace(plant, calendars={LINE: special})


def a_page(
    plant: Plant, line: str | None, year: int | None, month: int | None, now: datetime
) -> CalendarPage:
    database = a_memory_database(plant, VirtualClock(now))
    return database.read_now(lambda r: calendar_page(r, plant, line, (year, month), now))


def shown(page: CalendarPage) -> dict[date, tuple[list[str], list[str]]]:
    return {
        each.day: ([kind.value for kind in each.kinds], [shift.name for shift in each.shifts])
        for each in page.listed
    }


def test_a_month_lists_each_of_its_days() -> None:
    page = a_page(with_special_days(), None, None, None, NOW)
    assert (page.year, page.month, page.before, page.after) == (2026, 10, (2026, 9), (2026, 11))
    assert len(page.listed) == 31
    days = shown(page)
    name = with_special_days().calendars[LINE].shifts[0].name
    assert days[date(2026, 10, 7)] == (["holiday", "overtime"], ["extra"])
    assert days[date(2026, 10, 8)] == ([], [name])
    assert days[date(2026, 10, 10)] == (["make_up_day"], [name])
    (today,) = [each.day for each in page.listed if each.is_today]
    assert today == date(2026, 10, 9)
    worked = next(each for each in page.listed if each.kinds == (DayKind.MAKE_UP_DAY,))
    assert worked.as_weekday == 2
    assert len(worked.shifts[0].breaks) == 1
    (month,) = page.months
    assert {len(week) for week in month.weeks} == {7}
    assert [cell.day.day for week in month.weeks for cell in week if cell] == list(range(1, 32))
    assert [cell is None for cell in month.weeks[0]] == [True] * 3 + [False] * 4


def test_a_year_lists_what_is_special() -> None:
    page = a_page(with_special_days(), LINE, 2026, None, NOW)
    assert (page.before, page.after) == ((2025, None), (2027, None))
    assert [month.first.month for month in page.months] == list(range(1, 13))
    assert shown(page).keys() == {
        date(2026, 10, 7),
        date(2026, 10, 10),
        date(2026, 12, 30),
        date(2026, 12, 31),
    }


@pytest.mark.parametrize(
    ("month", "before", "after"), [(1, (2026, 12), (2027, 2)), (12, (2027, 11), (2028, 1))]
)
def test_months_go_on_over_the_year(
    month: int, before: tuple[int, int], after: tuple[int, int]
) -> None:
    page = a_page(a_plant(), LINE, 2027, month, NOW)
    assert (page.before, page.after) == (before, after)


def test_a_line_that_is_not_there_is_none() -> None:
    with pytest.raises(KeyError):
        a_page(a_plant(), "line9", None, None, NOW)

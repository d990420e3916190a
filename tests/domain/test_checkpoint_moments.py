"""A checkpoint is due at the end of each shift, and once a day where no shift ended (D62)."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.checkpoint_moments import last_moment
from redrabbit.domain.shift_calendar import (
    ONE_DAY,
    Shift,
    ShiftCalendar,
    instant_of,
    plant_date,
    windows_on,
)

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
LORD_HOWE, HAVANA = ZoneInfo("Australia/Lord_Howe"), ZoneInfo("America/Havana")
STEP = timedelta(minutes=30)


def calendar_of(zone: ZoneInfo, *shifts: tuple[str, str], days: str = "0123456") -> ShiftCalendar:
    weekdays = tuple(int(day) for day in days)
    made = tuple(
        Shift(
            name=f"s{place}",
            weekdays=weekdays,
            starts_at=time.fromisoformat(begins),
            ends_at=time.fromisoformat(ends),
        )
        for place, (begins, ends) in enumerate(shifts)
    )
    return ShiftCalendar(zone=zone, shifts=made)


WEEKDAYS = calendar_of(BERLIN, ("06:00", "14:00"), ("14:00", "22:00"), days="01234")


@pytest.mark.parametrize(
    ("now", "moment"),
    [
        ("2026-03-03T14:00", "2026-03-03T14:00"),  # Tuesday, as the early shift ends
        ("2026-03-03T13:59", "2026-03-02T22:00"),
        ("2026-03-03T00:00", "2026-03-02T22:00"),  # a day on which shifts ended ends without one
        ("2026-03-07T10:00", "2026-03-06T22:00"),  # Saturday
        ("2026-03-07T23:59", "2026-03-06T22:00"),
        ("2026-03-08T00:00", "2026-03-08T00:00"),  # Saturday has ended
        ("2026-03-08T23:00", "2026-03-08T00:00"),
        ("2026-03-09T13:00", "2026-03-09T00:00"),  # Sunday has ended
        ("2026-03-09T14:00", "2026-03-09T14:00"),
    ],
)
def test_the_moments_of_a_week(now: str, moment: str) -> None:
    found = last_moment([WEEKDAYS], BERLIN, _local(BERLIN, now))
    assert found == _local(BERLIN, moment)


def test_a_shift_that_ends_at_midnight_and_the_day_are_one_moment() -> None:
    late = calendar_of(SHANGHAI, ("16:00", "00:00"), days="0")
    midnight = _local(SHANGHAI, "2026-03-03T00:00")
    found = {
        last_moment([late], SHANGHAI, midnight + timedelta(hours=hours)) for hours in range(48)
    }
    assert found == {midnight, midnight + ONE_DAY}


@pytest.mark.parametrize("zone", [SHANGHAI, BERLIN, LORD_HOWE, HAVANA], ids=str)
def test_a_plant_without_shifts_has_one_at_each_midnight_on_its_wall(zone: ZoneInfo) -> None:
    now, found = datetime(2026, 1, 1, tzinfo=UTC), list[datetime]()
    while now < datetime(2027, 1, 1, tzinfo=UTC):
        moment = last_moment([], zone, now)
        found += [moment] if moment not in found[-1:] else []
        now += timedelta(hours=3)
    days = [plant_date(zone, moment) for moment in found]
    assert days == [days[0] + place * ONE_DAY for place in range(len(days))]
    assert len(found) >= 365


ZONES = st.sampled_from([SHANGHAI, BERLIN, LORD_HOWE, HAVANA])
TIMES = st.times().map(lambda at: at.replace(second=0, microsecond=0))
SHIFTS = st.tuples(TIMES, TIMES, st.sets(st.integers(0, 6), min_size=1))


@st.composite
def calendars(draw: st.DrawFn) -> tuple[ZoneInfo, list[ShiftCalendar]]:
    zone = draw(ZONES)
    made = [
        ShiftCalendar(
            zone=zone,
            shifts=tuple(
                Shift(name=f"s{n}", weekdays=tuple(sorted(on)), starts_at=begins, ends_at=ends)
                for n, (begins, ends, on) in enumerate(shifts)
            ),
            holidays=frozenset(draw(st.sets(st.dates(date(2026, 3, 20), date(2026, 4, 10))))),
        )
        for shifts in draw(st.lists(st.lists(SHIFTS, max_size=3), max_size=3))
    ]
    return zone, made


@given(calendars(), st.timedeltas(timedelta(0), timedelta(days=14)))
def test_it_is_the_last_of_all_ends_of_shifts_and_of_days_without_one(
    plant: tuple[ZoneInfo, list[ShiftCalendar]], since: timedelta
) -> None:
    """The rule spelt out: every end of a shift, and every midnight behind a day without one."""
    zone, made = plant
    now = datetime(2026, 3, 25, tzinfo=UTC) + since
    days = [date(2026, 3, 20) + place * ONE_DAY for place in range(24)]
    ends = {w.ends_at for each in made for day in days for w in windows_on(each, day)}
    midnights = [instant_of(zone, day, time()) for day in days]
    lonely = {
        end for begin, end in pairwise(midnights) if not any(begin < each <= end for each in ends)
    }
    assert last_moment(made, zone, now) == max(at for at in ends | lonely if at <= now)


def _local(zone: ZoneInfo, text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.shift_calendar import (
    Shift,
    ShiftCalendar,
    ShiftWindow,
    day_begins,
    day_ends,
    instant_of,
    overlaps,
    plant_date,
    shift_windows,
    span_of_days,
)

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
SHANGHAI = ZoneInfo("Asia/Shanghai")
APIA = ZoneInfo("Pacific/Apia")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")

DAILY = (0, 1, 2, 3, 4, 5, 6)
WORKDAYS = (0, 1, 2, 3, 4)


def shift_at(calendar: ShiftCalendar, instant: datetime) -> ShiftWindow | None:
    """Return the shift that is on at an instant; None outside all shifts."""
    on = shift_windows(calendar, instant, instant + timedelta(microseconds=1))
    return on[-1] if on else None


def a_shift(name: str, starts: str, ends: str, weekdays: tuple[int, ...] = DAILY) -> Shift:
    return Shift(
        name=name,
        weekdays=weekdays,
        starts_at=time.fromisoformat(starts),
        ends_at=time.fromisoformat(ends),
    )


def three_shifts(zone: ZoneInfo, *holidays: date) -> ShiftCalendar:
    return ShiftCalendar(
        zone=zone,
        shifts=(
            a_shift("early", "06:00", "14:00"),
            a_shift("late", "14:00", "22:00"),
            a_shift("night", "22:00", "06:00"),
        ),
        holidays=frozenset(holidays),
    )


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "local", "instant"),
    [
        pytest.param(BERLIN, "2026-01-15 06:00", "2026-01-15 05:00", id="Berlin in winter"),
        pytest.param(BERLIN, "2026-07-15 06:00", "2026-07-15 04:00", id="Berlin in summer"),
        pytest.param(BERLIN, "2026-03-29 01:59:59", "2026-03-29 00:59:59", id="before the gap"),
        pytest.param(BERLIN, "2026-03-29 02:00", "2026-03-29 01:00", id="the gap's first moment"),
        pytest.param(BERLIN, "2026-03-29 02:30", "2026-03-29 01:00", id="in the gap"),
        pytest.param(
            BERLIN, "2026-03-29 02:59:59.5", "2026-03-29 01:00", id="the gap's last moment"
        ),
        pytest.param(BERLIN, "2026-03-29 03:00", "2026-03-29 01:00", id="after the gap"),
        pytest.param(BERLIN, "2026-10-25 01:59", "2026-10-24 23:59", id="before the overlap"),
        pytest.param(
            BERLIN, "2026-10-25 02:30", "2026-10-25 00:30", id="in the overlap, the first"
        ),
        pytest.param(BERLIN, "2026-10-25 03:00", "2026-10-25 02:00", id="after the overlap"),
        pytest.param(NEW_YORK, "2026-03-08 02:30", "2026-03-08 07:00", id="New York's gap"),
        pytest.param(NEW_YORK, "2026-11-01 01:30", "2026-11-01 05:30", id="New York's overlap"),
        pytest.param(SHANGHAI, "2026-03-29 02:30", "2026-03-28 18:30", id="Shanghai has none"),
        pytest.param(LORD_HOWE, "2026-10-04 02:15", "2026-10-03 15:30", id="a gap of half an hour"),
        pytest.param(APIA, "2011-12-30 12:00", "2011-12-30 10:00", id="a day that was skipped"),
    ],
)
def test_local_time_happens_once_at_the_stated_instant(
    zone: ZoneInfo, local: str, instant: str
) -> None:
    """D18: in a gap at the first instant after it, in an overlap at the first."""
    wall = datetime.fromisoformat(local)
    assert instant_of(zone, wall.date(), wall.time()) == utc(instant)


def test_second_time_of_an_overlap_is_never_meant() -> None:
    second = time(2, 30, fold=1)
    assert instant_of(BERLIN, date(2026, 10, 25), second) == utc("2026-10-25 00:30")


def test_plant_date_is_the_date_on_the_plants_wall() -> None:
    assert plant_date(SHANGHAI, utc("2026-11-22 16:00")) == date(2026, 11, 23)
    assert plant_date(NEW_YORK, utc("2026-11-22 04:59")) == date(2026, 11, 21)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        pytest.param(BERLIN, date(2026, 3, 28), 7, id="Berlin, clocks go forward"),
        pytest.param(BERLIN, date(2026, 10, 24), 9, id="Berlin, clocks go back"),
        pytest.param(NEW_YORK, date(2026, 3, 7), 7, id="New York, clocks go forward"),
        pytest.param(NEW_YORK, date(2026, 10, 31), 9, id="New York, clocks go back"),
        pytest.param(SHANGHAI, date(2026, 3, 28), 8, id="Shanghai, no change"),
        pytest.param(BERLIN, date(2028, 2, 29), 8, id="leap day"),
        pytest.param(BERLIN, date(2026, 12, 31), 8, id="year end"),
    ],
)
def test_night_shift_lasts_as_long_as_people_stood_there(
    zone: ZoneInfo, day: date, hours: int
) -> None:
    calendar = three_shifts(zone)
    midnight = instant_of(zone, day, time(23, 59))
    night = shift_at(calendar, midnight)
    assert night is not None
    assert (night.name, night.plant_date) == ("night", day)
    assert night.ends_at - night.begins_at == timedelta(hours=hours)


def test_shift_over_midnight_belongs_to_the_date_on_which_it_starts() -> None:
    night = shift_at(three_shifts(SHANGHAI), instant_of(SHANGHAI, date(2027, 1, 1), time(3)))
    assert night is not None
    assert night.plant_date == date(2026, 12, 31)


def test_windows_come_in_order_and_touch() -> None:
    since = instant_of(BERLIN, date(2026, 2, 27), time(0))
    windows = shift_windows(three_shifts(BERLIN), since, since + timedelta(days=3))
    assert [(w.name, w.plant_date.isoformat()) for w in windows[:4]] == [
        ("night", "2026-02-26"),
        ("early", "2026-02-27"),
        ("late", "2026-02-27"),
        ("night", "2026-02-27"),
    ]
    assert windows[-1].plant_date == date(2026, 3, 1)
    assert all(one.ends_at == other.begins_at for one, other in pairwise(windows))


def test_window_is_found_when_it_shares_a_moment_with_the_period() -> None:
    calendar = three_shifts(SHANGHAI)
    starts = instant_of(SHANGHAI, date(2026, 5, 4), time(6))
    ends = starts + timedelta(hours=8)
    moment = timedelta(microseconds=1)
    assert [w.name for w in shift_windows(calendar, starts, ends)] == ["early"]
    assert [w.name for w in shift_windows(calendar, starts - moment, ends)] == ["night", "early"]
    assert [w.name for w in shift_windows(calendar, starts, ends + moment)] == ["early", "late"]


def test_no_shift_starts_on_a_holiday_but_the_night_before_still_ends_on_it() -> None:
    holiday = date(2027, 1, 1)
    calendar = three_shifts(BERLIN, holiday)
    night = shift_at(calendar, instant_of(BERLIN, holiday, time(5, 59)))
    assert night is not None
    assert night.plant_date == date(2026, 12, 31)
    for hour in (6, 14, 22):
        assert shift_at(calendar, instant_of(BERLIN, holiday, time(hour))) is None
    assert shift_at(calendar, instant_of(BERLIN, date(2027, 1, 2), time(5))) is None


def test_shift_only_starts_on_its_weekdays() -> None:
    calendar = ShiftCalendar(zone=BERLIN, shifts=(a_shift("day", "08:00", "16:00", WORKDAYS),))
    assert shift_at(calendar, instant_of(BERLIN, date(2026, 5, 8), time(9))) is not None
    assert shift_at(calendar, instant_of(BERLIN, date(2026, 5, 9), time(9))) is None


def test_shift_begins_at_its_first_moment_and_is_over_at_its_end() -> None:
    calendar = ShiftCalendar(zone=SHANGHAI, shifts=(a_shift("day", "08:00", "16:00"),))
    begins = instant_of(SHANGHAI, date(2026, 5, 8), time(8))
    moment = timedelta(microseconds=1)
    assert shift_at(calendar, begins - moment) is None
    assert shift_at(calendar, begins) is not None
    assert shift_at(calendar, begins + timedelta(hours=8) - moment) is not None
    assert shift_at(calendar, begins + timedelta(hours=8)) is None


def test_shift_that_starts_in_a_gap_begins_after_it() -> None:
    calendar = ShiftCalendar(zone=BERLIN, shifts=(a_shift("odd", "02:30", "10:00"),))
    window = shift_at(calendar, utc("2026-03-29 01:00"))
    assert window is not None
    assert window.begins_at == utc("2026-03-29 01:00")
    assert window.ends_at == utc("2026-03-29 08:00")


def test_shift_wholly_in_a_gap_does_not_happen() -> None:
    calendar = ShiftCalendar(zone=BERLIN, shifts=(a_shift("odd", "02:00", "02:45"),))
    since = utc("2026-03-28 12:00")
    dates = [w.plant_date.day for w in shift_windows(calendar, since, since + timedelta(days=2))]
    assert dates == [30]


def test_of_overlapping_shifts_the_one_that_began_last_is_on() -> None:
    calendar = ShiftCalendar(
        zone=SHANGHAI, shifts=(a_shift("b", "08:00", "16:00"), a_shift("a", "12:00", "20:00"))
    )
    on = shift_at(calendar, instant_of(SHANGHAI, date(2026, 5, 8), time(13)))
    assert on is not None
    assert on.name == "a"


@pytest.mark.parametrize(
    ("shifts", "found"),
    [
        pytest.param((), [], id="no shifts"),
        pytest.param(
            (a_shift("early", "06:00", "14:00"), a_shift("late", "14:00", "22:00")),
            [],
            id="one ends when the other starts",
        ),
        pytest.param((a_shift("all", "06:00", "06:00"),), [], id="round the clock"),
        pytest.param(
            (a_shift("early", "06:00", "14:01", (0,)), a_shift("late", "14:00", "22:00", (0,))),
            [("early", "late", 0)],
            id="by a minute",
        ),
        pytest.param(
            (a_shift("late", "14:00", "22:00", (2,)), a_shift("early", "06:00", "15:00", (2,))),
            [("early", "late", 2)],
            id="the earlier one is named first",
        ),
        pytest.param(
            (a_shift("a", "06:00", "07:00", (1,)), a_shift("b", "06:00", "08:00", (1,))),
            [("a", "b", 1)],
            id="both start together",
        ),
        pytest.param(
            (a_shift("night", "22:00", "06:30", (6,)), a_shift("early", "06:00", "14:00", (0,))),
            [("night", "early", 0)],
            id="Sunday night runs into Monday",
        ),
        pytest.param(
            (a_shift("night", "22:00", "06:30", (0,)), a_shift("early", "06:00", "14:00", (0,))),
            [],
            id="not on the same days",
        ),
    ],
)
def test_overlapping_shifts_are_named_with_their_day(
    shifts: tuple[Shift, ...], found: list[tuple[str, str, int]]
) -> None:
    calendar = ShiftCalendar(zone=SHANGHAI, shifts=shifts)
    assert [(o.first, o.second, o.weekday) for o in overlaps(calendar)] == found


@given(
    zone=st.sampled_from([BERLIN, NEW_YORK, SHANGHAI, APIA, LORD_HOWE]),
    day=st.dates(date(2010, 1, 1), date(2035, 12, 31)),
)
def test_a_day_ends_where_the_next_one_begins(zone: ZoneInfo, day: date) -> None:
    assert day_begins(zone, day) <= day_ends(zone, day) == day_begins(zone, day + timedelta(days=1))


def test_a_span_of_days_has_both_its_days_and_only_the_bounds_that_are_asked_for() -> None:
    first, last = date(2026, 3, 28), date(2026, 3, 29)
    begin, end = span_of_days(BERLIN, first, last)
    assert (begin, end) == (day_begins(BERLIN, first), day_begins(BERLIN, date(2026, 3, 30)))
    assert span_of_days(BERLIN, None, None) == (None, None)
    assert span_of_days(BERLIN, date.max, date.max) == (day_begins(BERLIN, date.max), None)


def test_no_day_comes_after_the_last() -> None:
    with pytest.raises(ValueError, match="9999-12-31 is out of range"):
        day_ends(BERLIN, date.max)


@given(
    zone=st.sampled_from([BERLIN, NEW_YORK, SHANGHAI, APIA, LORD_HOWE]),
    day=st.dates(date(2010, 1, 1), date(2035, 12, 31)),
    one=st.times(),
    other=st.times(),
)
def test_later_on_the_wall_is_never_earlier_in_truth(
    zone: ZoneInfo, day: date, one: time, other: time
) -> None:
    early, late = sorted([one, other])
    assert instant_of(zone, day, early) <= instant_of(zone, day, late)


@given(
    zone=st.sampled_from([BERLIN, NEW_YORK, SHANGHAI]),
    instant=st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)),  # noqa: DTZ001  made aware below
)
def test_three_shifts_leave_no_moment_uncovered(zone: ZoneInfo, instant: datetime) -> None:
    on = shift_at(three_shifts(zone), instant.replace(tzinfo=UTC))
    assert on is not None
    assert on.begins_at <= instant.replace(tzinfo=UTC) < on.ends_at

"""Breaks, patterns, make-up days, overtime and shutdowns of a shift calendar (D44), beside a naive reader."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from redrabbit.domain.schedule import due_times, parse_schedule
from redrabbit.domain.shift_calendar import (
    Break,
    MakeUpDay,
    Overtime,
    Pattern,
    Shift,
    ShiftCalendar,
    Shutdown,
    overlaps,
    shift_windows,
    windows_on,
)
from tests.domain.calendar_by_hand import QUARTER, windows

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
SHANGHAI = ZoneInfo("Asia/Shanghai")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
WORKDAYS = (0, 1, 2, 3, 4)
CLOCKS_CHANGE = [
    (BERLIN, date(2026, 3, 29)),
    (BERLIN, date(2026, 10, 25)),
    (NEW_YORK, date(2026, 3, 8)),
    (NEW_YORK, date(2026, 11, 1)),
    (LORD_HOWE, date(2026, 4, 5)),
    (LORD_HOWE, date(2026, 10, 4)),
    (SHANGHAI, date(2027, 2, 6)),
]
quarters = st.integers(0, 95).map(lambda n: time(n // 4, 15 * (n % 4)))


def around(day: date) -> st.SearchStrategy[date]:
    return st.integers(-4, 4).map(lambda n: day + timedelta(days=n))


@st.composite
def shifts(draw: st.DrawFn, name: str, day: date) -> Shift:
    starts = draw(st.integers(0, 95))
    length = draw(st.integers(4, 48))
    breaks = []
    at = draw(st.integers(1, 3))
    while at + 2 < length and draw(st.booleans()):
        rest = draw(st.integers(1, 2))
        breaks.append(Break(starts_at=quarter(starts + at), ends_at=quarter(starts + at + rest)))
        at += rest + draw(st.integers(1, 12))
    pattern = (
        Pattern(begins=draw(around(day)), on=draw(st.integers(1, 5)), off=draw(st.integers(1, 4)))
        if draw(st.booleans())
        else None
    )
    weekdays = () if pattern else tuple(sorted(draw(st.sets(st.integers(0, 6), min_size=1))))
    return Shift(
        name=name,
        weekdays=weekdays,
        starts_at=quarter(starts),
        ends_at=quarter(starts + length),
        pattern=pattern,
        breaks=tuple(breaks),
    )


def quarter(number: int) -> time:
    return time(number % 96 // 4, 15 * (number % 4))


@st.composite
def calendars(draw: st.DrawFn) -> tuple[ShiftCalendar, date]:
    zone, day = draw(st.sampled_from(CLOCKS_CHANGE))
    dates = around(day)
    shut = draw(st.lists(st.tuples(dates, st.integers(0, 3)), max_size=2))
    made_up = draw(st.dictionaries(dates, st.integers(0, 6), max_size=3))
    extra = draw(st.lists(st.tuples(dates, quarters, quarters), max_size=2))
    calendar = ShiftCalendar(
        zone=zone,
        shifts=tuple(draw(shifts(name, day)) for name in ("a", "b")[: draw(st.integers(1, 2))]),
        holidays=frozenset(draw(st.sets(dates, max_size=3))),
        make_up_days=tuple(MakeUpDay(day=d, weekday=w) for d, w in made_up.items()),
        overtime=tuple(
            Overtime(day=d, name="overtime", starts_at=one, ends_at=other)
            for d, one, other in extra
        ),
        shutdowns=tuple(Shutdown(first=d, last=d + timedelta(days=n)) for d, n in shut),
    )
    return calendar, draw(dates)


@settings(max_examples=150)
@given(calendars())
def test_shifts_are_those_of_a_naive_reader_over_changes_of_the_clock(
    case: tuple[ShiftCalendar, date],
) -> None:
    calendar, day = case
    told = [
        (each.name, each.begins_at, each.ends_at, each.worked // QUARTER)
        for each in windows_on(calendar, day)
    ]
    assert told == list(windows(calendar, day))


@settings(max_examples=80)
@given(calendars(), st.integers(1, 8))
def test_so_much_is_worked_when_so_many_quarters_outside_of_breaks_have_passed(
    case: tuple[ShiftCalendar, date], number: int
) -> None:
    calendar, day = case
    for window in windows_on(calendar, day):
        if number * QUARTER > window.worked:
            continue
        at = window.when_worked(number * QUARTER)
        rested = sum(
            (min(ends, at) - begins for begins, ends in window.breaks if begins < at), timedelta()
        )
        assert at - window.begins_at - rested == number * QUARTER
        assert not any(begins < at <= ends for begins, ends in window.breaks)


def in_shanghai(**special: object) -> ShiftCalendar:
    day = Shift(name="day", weekdays=WORKDAYS, starts_at=time(8), ends_at=time(20))
    return ShiftCalendar(zone=SHANGHAI, shifts=(day,), **special)  # type: ignore[arg-type]  # each as the test says


def works_on(calendar: ShiftCalendar, *days: date) -> list[list[str]]:
    return [[window.name for window in windows_on(calendar, day)] for day in days]


FRIDAY, SATURDAY, SUNDAY = date(2026, 10, 9), date(2026, 10, 10), date(2026, 10, 11)


def test_a_saturday_is_worked_for_a_holiday() -> None:
    """The Golden Week of 2026: 7 October is off, 10 October is worked for it."""
    wednesday = date(2026, 10, 7)
    calendar = in_shanghai(
        holidays=frozenset({wednesday}), make_up_days=(MakeUpDay(day=SATURDAY, weekday=2),)
    )
    assert works_on(calendar, wednesday, FRIDAY, SATURDAY, SUNDAY) == [[], ["day"], ["day"], []]


def test_of_a_date_a_shutdown_counts_first_then_a_make_up_day_then_a_holiday() -> None:
    calendar = in_shanghai(
        holidays=frozenset({FRIDAY, SATURDAY}),
        make_up_days=(MakeUpDay(day=SATURDAY, weekday=0), MakeUpDay(day=SUNDAY, weekday=0)),
        shutdowns=(Shutdown(first=SUNDAY, last=SUNDAY),),
        overtime=(Overtime(day=SUNDAY, name="extra", starts_at=time(8), ends_at=time(12)),),
    )
    assert works_on(calendar, FRIDAY, SATURDAY, SUNDAY) == [[], ["day"], ["extra"]]


def test_overtime_makes_checks_due_as_a_shift_does() -> None:
    calendar = in_shanghai(
        overtime=(Overtime(day=SUNDAY, name="extra", starts_at=time(8), ends_at=time(12)),)
    )
    since = datetime(2026, 10, 9, 12, tzinfo=UTC)
    found = due_times(
        parse_schedule("every shift start"), calendar, since, since, since + timedelta(days=2)
    )
    assert [each.trigger_key for each in found] == ["shift:2026-10-11:extra"]


def test_an_interval_of_work_does_not_count_breaks() -> None:
    early = Shift(
        name="early",
        weekdays=WORKDAYS,
        starts_at=time(6),
        ends_at=time(14),
        breaks=(
            Break(starts_at=time(7, 45), ends_at=time(8)),
            Break(starts_at=time(11), ends_at=time(11, 30)),
        ),
    )
    calendar = ShiftCalendar(zone=SHANGHAI, shifts=(early,))
    since = datetime(2026, 10, 8, 22, tzinfo=UTC)  # Friday, 06:00
    for looked_at in (since, since + timedelta(hours=2)):
        found = due_times(
            parse_schedule("every 2 h of work"),
            calendar,
            since,
            looked_at,
            since + timedelta(hours=20),
        )
        told = [f"{each.due_at.astimezone(SHANGHAI):%H:%M}" for each in found]
        assert told == ["08:15", "10:15", "12:45"]


def test_four_days_on_and_two_off_go_round_over_the_weeks() -> None:
    pattern = Pattern(begins=date(2026, 10, 5), on=4, off=2)
    day = Shift(name="day", weekdays=(), starts_at=time(6), ends_at=time(18), pattern=pattern)
    calendar = ShiftCalendar(zone=SHANGHAI, shifts=(day,))
    since = datetime(2026, 9, 29, 16, tzinfo=UTC)
    worked = shift_windows(calendar, since, since + timedelta(days=14))
    assert [each.plant_date.day for each in worked] == [30, 1, 2, 5, 6, 7, 8, 11, 12, 13]


def test_overlapping_shifts_of_patterns_are_found_wherever_they_meet() -> None:
    def on(begins: date, starts: int, ends: int, name: str) -> Shift:
        pattern = Pattern(begins=begins, on=1, off=4)
        return Shift(
            name=name, weekdays=(), starts_at=time(starts), ends_at=time(ends), pattern=pattern
        )

    monday = date(2026, 10, 5)
    apart = (on(monday, 6, 18, "a"), on(monday + timedelta(days=1), 6, 18, "b"))
    assert overlaps(ShiftCalendar(zone=SHANGHAI, shifts=apart)) == []
    meet = (on(monday, 6, 18, "a"), on(monday, 12, 20, "b"))
    found = overlaps(ShiftCalendar(zone=SHANGHAI, shifts=meet))
    assert {(each.first, each.second) for each in found} == {("a", "b")}
    assert {each.weekday for each in found} == set(range(7))

"""Schedules beside the oracle that walks minute by minute (findings A.1), over changes of the clock, holidays and nights."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redrabbit.domain import schedule
from redrabbit.domain.schedule import due_times, next_due, parse_schedule
from redrabbit.domain.schedule_rules import (
    Daily,
    Days,
    EveryShiftEnd,
    EveryShiftMiddle,
    EveryShiftStart,
    EveryWorkInterval,
    FirstShift,
    Monthly,
    NotWorking,
    OnDays,
    OneRule,
    Period,
    ScheduleRule,
    TimesAShift,
    Together,
    Weekly,
    rules_of,
)
from redrabbit.domain.shift_calendar import Shift, ShiftCalendar, overlaps
from tests.domain.schedule_by_hand import ByHand

CHANGES = (
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("America/New_York", date(2026, 3, 8)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),  # half an hour
    ("Pacific/Apia", date(2011, 12, 30)),  # a day that there was not
    ("America/Santiago", date(2026, 9, 6)),  # a midnight that there is not
    ("Asia/Shanghai", date(2026, 2, 17)),
)
"""Zones, and days around which something happens."""
NAMES = ("early", "late", "night")
EVERY_DAY = tuple(range(7))

minutes = st.builds(time, st.integers(0, 23), st.sampled_from([0, 0, 15, 30, 59]))
weekdays = st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days)))
left_out = st.sampled_from([(), (), ("night",), ("early", "late")])
of_month = st.one_of(
    st.builds(lambda day: {"day": day}, st.integers(1, 31)),
    st.builds(
        lambda week, day: {"week": week, "weekdays": (day,)},
        st.sampled_from([1, 2, 3, 4, -1]),
        st.integers(0, 6),
    ),
)
days = st.one_of(
    st.just(Days(every=Period.DAY)),
    weekdays.map(lambda found: Days(every=Period.WEEK, weekdays=found)),
    st.builds(
        lambda every, said: Days(every=every, **said),
        st.sampled_from([Period.MONTH, Period.QUARTER]),
        of_month,
    ),
    st.builds(
        lambda month, day: Days(every=Period.YEAR, month=month, day=day),
        st.integers(1, 12),
        st.integers(1, 29),
    ),
)
idle = st.sampled_from(NotWorking)


def _timed(found: Days, at: time, when: NotWorking) -> OneRule:
    match found:
        case Days(every=Period.DAY):
            return Daily(at=at, when_not_working=when)
        case Days(every=Period.WEEK):
            return Weekly(weekdays=found.weekdays, at=at, when_not_working=when)
        case Days(every=Period.MONTH, day=int(day)):
            return Monthly(day=day, at=at, when_not_working=when)
        case _:
            return OnDays(days=found, at=at, when_not_working=when)


one_rules: st.SearchStrategy[OneRule] = st.one_of(
    st.builds(EveryShiftStart, left_out=left_out),
    st.builds(EveryShiftMiddle, left_out=left_out),
    st.builds(EveryShiftEnd, left_out=left_out),
    st.builds(TimesAShift, times=st.integers(2, 24), left_out=left_out),
    st.builds(
        EveryWorkInterval,
        interval_s=st.sampled_from([15, 60, 90, 120, 240, 480]).map(lambda m: m * 60.0),
        left_out=left_out,
    ),
    st.builds(_timed, days, minutes, idle),
    st.builds(FirstShift, days=days),
)
rules: st.SearchStrategy[ScheduleRule] = st.one_of(
    one_rules,
    st.lists(one_rules, min_size=2, max_size=3, unique=True).map(
        lambda found: Together(rules=tuple(found))
    ),
)
THREE = tuple(
    Shift(name=name, weekdays=EVERY_DAY[:6], starts_at=time(start), ends_at=time((start + 8) % 24))
    for name, start in (("early", 6), ("late", 14), ("night", 22))
)
shifts = st.one_of(
    st.just(THREE),
    st.just(THREE[:1]),
    st.lists(
        st.builds(
            Shift,
            name=st.sampled_from(NAMES),
            weekdays=weekdays,
            starts_at=minutes,
            ends_at=minutes,
        ),
        max_size=3,
        unique_by=lambda shift: shift.name,
    ).map(tuple),
)


@st.composite
def calendars(draw: st.DrawFn) -> tuple[ShiftCalendar, date]:
    zone, day = draw(st.sampled_from(CHANGES))
    near = st.integers(-12, 12).map(lambda n: day + timedelta(days=n))
    calendar = ShiftCalendar(
        zone=ZoneInfo(zone),
        shifts=draw(shifts),
        holidays=draw(st.frozensets(near, max_size=4)),
    )
    return calendar, day


def differences(
    rule: ScheduleRule, calendar: ShiftCalendar, day: date, since: timedelta, length: timedelta
) -> set[datetime]:
    """Return the instants in which the product and the oracle differ."""
    begin = datetime.combine(day, time(), UTC) + since
    end = begin + length
    told = [due.due_at for due in due_times(rule, calendar, begin, begin, end)]
    assert told == sorted(set(told))
    by_hand = ByHand(calendar, day)
    return set(told) ^ {at for one in rules_of(rule) for at in by_hand.due(one, begin, end)}


@settings(max_examples=150, deadline=None)
@given(
    rules,
    calendars().filter(lambda found: not overlaps(found[0])),
    st.timedeltas(timedelta(days=-9), timedelta(days=2)),
    st.timedeltas(timedelta(), timedelta(days=14)),
)
def test_each_rule_is_due_when_the_wall_clock_says_so(
    rule: ScheduleRule,
    found: tuple[ShiftCalendar, date],
    since: timedelta,
    length: timedelta,
) -> None:
    calendar, day = found
    assert differences(rule, calendar, day, since, length) == set()


@pytest.mark.slow
@settings(max_examples=5_000, deadline=None)
@given(
    rules,
    calendars().filter(lambda found: not overlaps(found[0])),
    st.timedeltas(timedelta(days=-9), timedelta(days=2)),
    st.timedeltas(timedelta(), timedelta(days=14)),
)
def test_each_rule_is_due_when_the_wall_clock_says_so_in_many_plants(
    rule: ScheduleRule,
    found: tuple[ShiftCalendar, date],
    since: timedelta,
    length: timedelta,
) -> None:
    calendar, day = found
    assert differences(rule, calendar, day, since, length) == set()


@given(rules, calendars().filter(lambda found: not overlaps(found[0])))
def test_the_next_due_time_is_the_first_of_a_period(
    rule: ScheduleRule, found: tuple[ShiftCalendar, date]
) -> None:
    calendar, day = found
    begin = datetime.combine(day, time(), UTC)
    due = next_due(rule, calendar, begin, begin)
    ahead = due_times(rule, calendar, begin, begin, begin + timedelta(days=40))
    assert ahead[:1] == (
        [due] if due is not None and due.due_at <= begin + timedelta(days=40) else []
    )
    keys = [each.trigger_key for each in ahead]
    assert len(set(keys)) == len(keys)


BERLIN = ShiftCalendar(
    zone=ZoneInfo("Europe/Berlin"), shifts=THREE, holidays=frozenset({date(2026, 3, 30)})
)
CASES = (
    "every shift middle",
    "every shift end",
    "3 times a shift",
    "every 1 h of work",
    "every shift start except night",
    "daily at 02:30",
    "daily at 06:00 if working",
    "daily at 07:00 else next shift start",
    "weekly on sun at first shift start",
    "monthly on last mon at 06:00",
    "every shift start + daily at 09:00",
)


def _always(*_: Any, **__: Any) -> bool:
    return True


def _never(*_: Any, **__: Any) -> bool:
    return False


@pytest.mark.parametrize(
    ("what", "wrong"),
    [
        ("works_at", _always),
        ("works_at", _never),
        ("_goes_on", _always),
        ("_goes_on", _never),
        ("_last_of", lambda _days, day: day),
        ("_when_working", lambda due, _calendar, _until: due),
        ("_is_of_month", _always),
        ("last_end_by", lambda _calendar, instant, _longest: instant),
        ("instant_of", lambda zone, day, at: datetime.combine(day, at, zone).astimezone(UTC)),
        ("windows_on", lambda _calendar, _day: []),
    ],
)
def test_the_oracle_tells_a_schedule_that_is_wrong(
    monkeypatch: pytest.MonkeyPatch, what: str, wrong: Callable[..., Any]
) -> None:
    def differ() -> bool:
        return any(
            differences(parse_schedule(case), BERLIN, date(2026, 3, 29), since, timedelta(8))
            for case in CASES
            for since in (timedelta(-5), timedelta(2))  # the second: while the line stands
        )

    assert not differ()
    monkeypatch.setattr(schedule, what, wrong)
    assert differ()

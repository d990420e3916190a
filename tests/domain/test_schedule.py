from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.schedule import (
    SEARCH,
    AfterEvent,
    Daily,
    EveryInterval,
    EveryShiftStart,
    Monthly,
    OnDemand,
    OneRule,
    PlantEvent,
    ScheduleRule,
    Together,
    Weekly,
    due_times,
    next_due,
    next_dues,
    parse_schedule,
)
from redrabbit.domain.schedule_rules import EveryParts, rules_of
from redrabbit.domain.shift_calendar import Shift, ShiftCalendar, overlaps

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
SHANGHAI = ZoneInfo("Asia/Shanghai")
APIA = ZoneInfo("Pacific/Apia")
DAILY = (0, 1, 2, 3, 4, 5, 6)
ANCHOR = datetime(2026, 1, 1, tzinfo=UTC)


def a_calendar(zone: ZoneInfo, *holidays: date) -> ShiftCalendar:
    return ShiftCalendar(
        zone=zone,
        shifts=(
            Shift(name="night", weekdays=DAILY, starts_at=time(22), ends_at=time(6)),
            Shift(name="early", weekdays=DAILY, starts_at=time(6), ends_at=time(14)),
            Shift(name="odd", weekdays=DAILY, starts_at=time(14), ends_at=time(22)),
        ),
        holidays=frozenset(holidays),
    )


def keys(words: str, zone: ZoneInfo, since: str, until: str) -> list[str]:
    """Return the trigger keys between two plant-local times, the first excluded."""
    found = due_times(
        parse_schedule(words), a_calendar(zone), ANCHOR, local(zone, since), local(zone, until)
    )
    return [due.trigger_key for due in found]


def local(zone: ZoneInfo, text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("words", "zone", "since", "until", "found"),
    [
        pytest.param(
            "daily at 06:00",
            BERLIN,
            "2026-03-28 00:00",
            "2026-03-31 00:00",
            ["2026-03-28T05:00:00Z", "2026-03-29T04:00:00Z", "2026-03-30T04:00:00Z"],
            id="daily, Berlin goes to summer time",
        ),
        pytest.param(
            "daily at 02:30",
            BERLIN,
            "2026-03-28 00:00",
            "2026-03-31 00:00",
            ["2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"],
            id="daily in Berlin's gap, at the first instant after it",
        ),
        pytest.param(
            "daily at 02:30",
            BERLIN,
            "2026-10-24 12:00",
            "2026-10-26 12:00",
            ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"],
            id="daily in Berlin's overlap, once, at the first",
        ),
        pytest.param(
            "daily at 02:30",
            NEW_YORK,
            "2026-03-08 00:00",
            "2026-03-09 12:00",
            ["2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z"],
            id="daily in New York's gap",
        ),
        pytest.param(
            "daily at 01:30",
            NEW_YORK,
            "2026-11-01 00:00",
            "2026-11-02 12:00",
            ["2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"],
            id="daily in New York's overlap",
        ),
        pytest.param(
            "daily at 02:30",
            SHANGHAI,
            "2026-03-28 12:00",
            "2026-03-30 12:00",
            ["2026-03-28T18:30:00Z", "2026-03-29T18:30:00Z"],
            id="daily in Shanghai, no change",
        ),
        pytest.param(
            "daily at 00:00",
            APIA,
            "2011-12-29 12:00",
            "2011-12-31 12:00",
            ["2011-12-30T10:00:00Z"],
            id="a day that was skipped is due once with the next",
        ),
        pytest.param(
            "weekly on mon, thu at 06:00",
            SHANGHAI,
            "2026-12-28 06:00",
            "2027-01-05 00:00",
            ["2026-12-30T22:00:00Z", "2027-01-03T22:00:00Z"],
            id="weekly over the year's end",
        ),
        pytest.param(
            "monthly on 31 at 12:00",
            SHANGHAI,
            "2026-01-01 00:00",
            "2026-05-01 00:00",
            [
                "2026-01-31T04:00:00Z",
                "2026-02-28T04:00:00Z",
                "2026-03-31T04:00:00Z",
                "2026-04-30T04:00:00Z",
            ],
            id="monthly on 31, in short months the last day",
        ),
        pytest.param(
            "monthly on 29 at 12:00",
            SHANGHAI,
            "2028-02-01 00:00",
            "2028-03-01 00:00",
            ["2028-02-29T04:00:00Z"],
            id="monthly on leap day",
        ),
        pytest.param(
            "monthly on 29 at 12:00",
            SHANGHAI,
            "2026-02-01 00:00",
            "2026-03-01 00:00",
            ["2026-02-28T04:00:00Z"],
            id="monthly on 29 in a common year",
        ),
        pytest.param(
            "every shift start",
            BERLIN,
            "2026-10-24 21:59",
            "2026-10-25 06:00",
            ["shift:2026-10-24:night", "shift:2026-10-25:early"],
            id="shifts around a night of nine hours",
        ),
        pytest.param(
            "every shift start",
            SHANGHAI,
            "2026-12-31 12:00",
            "2027-01-01 12:00",
            ["shift:2026-12-31:odd", "shift:2026-12-31:night", "shift:2027-01-01:early"],
            id="shifts over the year's end",
        ),
        pytest.param(
            "every 8 h",
            BERLIN,
            "2026-03-28 18:00",
            "2026-03-29 20:00",
            ["2026-03-29T00:00:00Z", "2026-03-29T08:00:00Z", "2026-03-29T16:00:00Z"],
            id="intervals do not feel the clocks change",
        ),
        pytest.param("on demand", BERLIN, "2026-01-01", "2027-01-01", [], id="on demand, never"),
        pytest.param("after changeover", BERLIN, "2026-01-01", "2027-01-01", [], id="event, never"),
        pytest.param(
            "every shift start + daily at 09:00 + after changeover",
            BERLIN,
            "2026-05-01 05:00",
            "2026-05-01 15:00",
            ["shift:2026-05-01:early", "2026-05-01T07:00:00Z", "shift:2026-05-01:odd"],
            id="several together, each by its own key",
        ),
        pytest.param(
            "every shift start + daily at 06:00",
            BERLIN,
            "2026-05-01 05:00",
            "2026-05-01 15:00",
            ["2026-05-01T04:00:00Z", "shift:2026-05-01:odd"],
            id="two at one instant are one, by the first of their keys",
        ),
        pytest.param(
            "daily at 06:00 + every shift start",
            BERLIN,
            "2026-05-01 05:00",
            "2026-05-01 15:00",
            ["2026-05-01T04:00:00Z", "shift:2026-05-01:odd"],
            id="in whatever order the plan has them",
        ),
    ],
)
def test_due_times_of_a_period(
    words: str, zone: ZoneInfo, since: str, until: str, found: list[str]
) -> None:
    assert keys(words, zone, since, until) == found


def test_period_excludes_its_beginning_and_includes_its_end() -> None:
    assert keys("daily at 06:00", SHANGHAI, "2026-05-01 06:00", "2026-05-02 06:00") == [
        "2026-05-01T22:00:00Z"
    ]
    assert keys("every shift start", SHANGHAI, "2026-05-01 06:00", "2026-05-01 14:00") == [
        "shift:2026-05-01:odd"
    ]
    assert keys("every 1 h", SHANGHAI, "2026-05-01 06:00", "2026-05-01 07:00") == [
        "2026-04-30T23:00:00Z"
    ]


def test_night_shift_check_is_due_when_the_shift_begins() -> None:
    due = next_due(
        EveryShiftStart(), a_calendar(NEW_YORK), ANCHOR, local(NEW_YORK, "2026-11-01 00:30")
    )
    assert due is not None
    assert due.trigger_key == "shift:2026-11-01:early"
    assert due.due_at == datetime(2026, 11, 1, 11, tzinfo=UTC)


def test_no_shift_start_is_due_on_a_holiday() -> None:
    calendar = a_calendar(BERLIN, date(2026, 12, 25), date(2026, 12, 26))
    found = due_times(
        EveryShiftStart(),
        calendar,
        ANCHOR,
        local(BERLIN, "2026-12-24 21:00"),
        local(BERLIN, "2026-12-27 06:00"),
    )
    assert [due.trigger_key for due in found] == [
        "shift:2026-12-24:night",
        "shift:2026-12-27:early",
    ]


def test_interval_counts_from_the_anchor_and_never_at_it() -> None:
    anchor = datetime(2026, 5, 1, 6, 0, 0, 250_000, tzinfo=UTC)
    every = EveryInterval(interval_s=20)
    found = due_times(
        every,
        a_calendar(BERLIN),
        anchor,
        anchor - timedelta(days=1),
        anchor + timedelta(seconds=40),
    )
    assert [due.trigger_key for due in found] == [
        "2026-05-01T06:00:20.250000Z",
        "2026-05-01T06:00:40.250000Z",
    ]


def test_interval_from_a_local_anchor_counts_true_hours() -> None:
    """An aware local time plus a day would be 23 hours here."""
    anchor = local(BERLIN, "2026-03-28 12:00")
    due = next_due(EveryInterval(interval_s=86_400), a_calendar(BERLIN), anchor, anchor)
    assert due is not None
    assert due.due_at == datetime(2026, 3, 29, 11, tzinfo=UTC)
    assert due.due_at.tzinfo is UTC


@pytest.mark.parametrize(
    ("rule", "calendar"),
    [
        pytest.param(OnDemand(), a_calendar(BERLIN), id="on demand"),
        pytest.param(EveryParts(parts=500), a_calendar(BERLIN), id="parts"),
        pytest.param(EveryShiftStart(), ShiftCalendar(zone=BERLIN, shifts=()), id="no shifts"),
        pytest.param(
            EveryShiftStart(),
            a_calendar(BERLIN, *(date(2026, 1, 1) + timedelta(days=n) for n in range(450))),
            id="a plant that is closed for more than a year",
        ),
    ],
)
def test_rule_that_is_never_due_is_answered_none(
    rule: ScheduleRule, calendar: ShiftCalendar
) -> None:
    assert next_due(rule, calendar, ANCHOR, ANCHOR + timedelta(days=5)) is None
    assert next_dues(rule, calendar, ANCHOR, ANCHOR + timedelta(days=5)) == []


def test_next_five_due_times_are_shown() -> None:
    """B16."""
    found = next_dues(Daily(at=time(6)), a_calendar(SHANGHAI), ANCHOR, ANCHOR)
    assert [due.due_at.day for due in found] == [1, 2, 3, 4, 5]
    assert len(next_dues(Daily(at=time(6)), a_calendar(SHANGHAI), ANCHOR, ANCHOR, count=2)) == 2


@pytest.mark.parametrize("naive", [0, 1, 2])
def test_naive_instants_are_refused(naive: int) -> None:
    instants = [ANCHOR, ANCHOR, ANCHOR + timedelta(days=1)]
    instants[naive] = instants[naive].replace(tzinfo=None)
    with pytest.raises(ValueError, match="aware"):
        due_times(OnDemand(), a_calendar(BERLIN), *instants)


whole_seconds = st.builds(
    time, hour=st.integers(0, 23), minute=st.integers(0, 59), second=st.integers(0, 59)
)
one_rules: st.SearchStrategy[OneRule] = st.one_of(
    st.just(EveryShiftStart()),
    st.just(AfterEvent(event=PlantEvent.CHANGEOVER)),
    st.builds(Daily, at=whole_seconds),
    st.builds(
        Weekly,
        weekdays=st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days))),
        at=whole_seconds,
    ),
    st.builds(Monthly, day=st.integers(1, 31), at=whole_seconds),
    st.builds(EveryInterval, interval_s=st.floats(3600, 10**6)),
)
rules: st.SearchStrategy[ScheduleRule] = st.one_of(
    one_rules,
    st.lists(one_rules, min_size=2, max_size=4, unique=True).map(
        lambda found: Together(rules=tuple(found))
    ),
)
shifts = st.builds(
    Shift,
    name=st.sampled_from(["a", "b", "c"]),
    weekdays=st.sets(st.integers(0, 6)).map(lambda days: tuple(sorted(days))),
    starts_at=whole_seconds,
    ends_at=whole_seconds,
)
calendars = st.builds(
    ShiftCalendar,
    zone=st.sampled_from([BERLIN, NEW_YORK, SHANGHAI, APIA]),
    shifts=st.lists(shifts, max_size=3, unique_by=lambda shift: shift.name).map(tuple),
    holidays=st.frozensets(st.dates(date(2011, 12, 1), date(2012, 2, 1)), max_size=5),
).filter(lambda calendar: not overlaps(calendar))
instants = st.one_of(
    st.datetimes(datetime(2011, 12, 15), datetime(2012, 1, 15), timezones=st.just(UTC)),  # noqa: DTZ001  made aware by hypothesis
    st.datetimes(datetime(2026, 3, 1), datetime(2026, 12, 1), timezones=st.just(UTC)),  # noqa: DTZ001  as above
)
lengths = st.timedeltas(timedelta(), timedelta(days=70))


@given(rules, calendars, instants, instants, lengths)
def test_due_times_strictly_increase_within_the_period_each_with_its_own_key(
    rule: ScheduleRule,
    calendar: ShiftCalendar,
    anchor: datetime,
    since: datetime,
    length: timedelta,
) -> None:
    found = due_times(rule, calendar, anchor, since, since + length)
    times = [due.due_at for due in found]
    assert all(one < other for one, other in pairwise(times))
    assert all(since < at <= since + length and at.tzinfo is UTC for at in times)
    assert len({due.trigger_key for due in found}) == len(found)


@given(rules, calendars, instants, instants, st.tuples(lengths, lengths))
def test_period_split_anywhere_gives_the_same_due_times(
    rule: ScheduleRule,
    calendar: ShiftCalendar,
    anchor: datetime,
    since: datetime,
    parts: tuple[timedelta, timedelta],
) -> None:
    """L7: whoever asks, and however often, no due time is lost or made twice."""
    middle = since + parts[0]
    until = middle + parts[1]
    split = due_times(rule, calendar, anchor, since, middle)
    split += due_times(rule, calendar, anchor, middle, until)
    assert split == due_times(rule, calendar, anchor, since, until)


@given(rules, calendars, instants, instants)
def test_next_due_time_is_the_first_of_those_ahead(
    rule: ScheduleRule, calendar: ShiftCalendar, anchor: datetime, after: datetime
) -> None:
    ahead = due_times(rule, calendar, anchor, after, after + SEARCH)
    assert next_due(rule, calendar, anchor, after) == (ahead[0] if ahead else None)


@given(rules, calendars, instants, instants, lengths)
def test_several_rules_are_due_whenever_one_of_them_is(
    rule: ScheduleRule,
    calendar: ShiftCalendar,
    anchor: datetime,
    since: datetime,
    length: timedelta,
) -> None:
    """And each due time has the key that one of them gives it."""
    each = [
        due
        for one in rules_of(rule)
        for due in due_times(one, calendar, anchor, since, since + length)
    ]
    found = due_times(rule, calendar, anchor, since, since + length)
    assert [due.due_at for due in found] == sorted({due.due_at for due in each})
    assert set(found) <= set(each)

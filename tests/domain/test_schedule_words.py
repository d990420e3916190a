from datetime import UTC, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.schedule_rules import (
    AWAITED,
    FEWEST_PARTS,
    LONGEST_AFTER_BEGIN_MIN,
    MOST_PARTS,
    BegunRule,
    Days,
    EveryParts,
    EveryShiftEnd,
    EveryShiftMiddle,
    EveryWorkInterval,
    FirstPart,
    FirstShift,
    NotWorking,
    OnDays,
    Period,
    TimesAShift,
    WithinRunning,
)
from redrabbit.domain.schedule_words import (
    FORMS,
    MAX_INTERVAL_S,
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
    duration_text,
    parse_duration,
    parse_schedule,
    schedule_text,
)
from tests.domain.test_schedule_by_hand import one_rules


def _once(rule: OneRule) -> object:
    """Return what may stand only once in a schedule."""
    if isinstance(rule, BegunRule):
        return BegunRule
    return EveryParts if isinstance(rule, EveryParts) else rule


SIX = time(6)
whole_seconds = st.builds(
    time, hour=st.integers(0, 23), minute=st.integers(0, 59), second=st.integers(0, 59)
)
weekdays = st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days)))
intervals_s = st.one_of(
    st.integers(1, int(MAX_INTERVAL_S)).map(float),
    st.integers(1_000_000, 10**10).map(lambda microseconds: microseconds / 1_000_000),
)
left_out = st.sampled_from([(), ("night",), ("late", "night")])
parts = st.builds(EveryParts, parts=st.integers(FEWEST_PARTS, MOST_PARTS))
due_rules: st.SearchStrategy[OneRule] = st.one_of(
    one_rules,
    st.sampled_from(AWAITED).map(lambda event: AfterEvent(event=event)),
    st.builds(Daily, at=whole_seconds),
    st.builds(Weekly, weekdays=weekdays, at=whole_seconds),
    st.builds(Monthly, day=st.integers(1, 31), at=whole_seconds),
    st.builds(EveryInterval, interval_s=intervals_s),
    parts,
    st.builds(FirstPart, left_out=left_out),
    st.builds(WithinRunning, minutes=st.integers(2, LONGEST_AFTER_BEGIN_MIN), left_out=left_out),
)
rules: st.SearchStrategy[ScheduleRule] = st.one_of(
    due_rules,
    st.just(OnDemand()),
    st.lists(
        due_rules,
        min_size=2,
        max_size=4,
        unique_by=_once,
    ).map(lambda found: Together(rules=tuple(found))),
)


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ("every shift start", EveryShiftStart()),
        ("daily at 06:00", Daily(at=SIX)),
        ("daily at 06:00:30", Daily(at=time(6, 0, 30))),
        ("weekly on mon, thu at 06:00", Weekly(weekdays=(0, 3), at=SIX)),
        ("weekly on sun,mon at 06:00", Weekly(weekdays=(0, 6), at=SIX)),
        ("monthly on 1 at 06:00", Monthly(day=1, at=SIX)),
        ("monthly on 31 at 23:59", Monthly(day=31, at=time(23, 59))),
        ("every 20 s", EveryInterval(interval_s=20)),
        ("every 1.5 s", EveryInterval(interval_s=1.5)),
        ("every 30 min", EveryInterval(interval_s=1800)),
        ("every 2h", EveryInterval(interval_s=7200)),
        ("on demand", OnDemand()),
        ("  Every   Shift\tStart ", EveryShiftStart()),
        ("every shift start except night", EveryShiftStart(left_out=("night",))),
        ("every shift middle", EveryShiftMiddle()),
        ("Every shift end except late,night", EveryShiftEnd(left_out=("late", "night"))),
        ("3 times a shift", TimesAShift(times=3)),
        ("every 2 h of work", EveryWorkInterval(interval_s=7200)),
        ("every 90min of work", EveryWorkInterval(interval_s=5400)),
        ("daily at 06:00 if working", Daily(at=SIX, when_not_working=NotWorking.SKIP)),
        (
            "monthly on 1 at 06:00 else next shift start",
            Monthly(day=1, at=SIX, when_not_working=NotWorking.NEXT_SHIFT),
        ),
        ("daily at first shift start", FirstShift(days=Days(every=Period.DAY))),
        (
            "weekly on mon at first shift start",
            FirstShift(days=Days(every=Period.WEEK, weekdays=(0,))),
        ),
        (
            "monthly on last fri at 06:00",
            OnDays(days=Days(every=Period.MONTH, week=-1, weekdays=(4,)), at=SIX),
        ),
        ("quarterly on 31 at 06:00", OnDays(days=Days(every=Period.QUARTER, day=31), at=SIX)),
        (
            "yearly on 29 feb at 06:00",
            OnDays(days=Days(every=Period.YEAR, month=2, day=29), at=SIX),
        ),
        ("every 500 parts", EveryParts(parts=500)),
        ("Before the first part of each shift", FirstPart()),
        ("within 30 min of running except night", WithinRunning(minutes=30, left_out=("night",))),
        ("after changeover", AfterEvent(event=PlantEvent.CHANGEOVER)),
        ("After tool  change", AfterEvent(event=PlantEvent.TOOL_CHANGE)),
        (
            "every shift start + after changeover",
            Together(rules=(EveryShiftStart(), AfterEvent(event=PlantEvent.CHANGEOVER))),
        ),
        (
            "daily at 06:00+every 2 h",
            Together(rules=(Daily(at=SIX), EveryInterval(interval_s=7200))),
        ),
    ],
)
def test_words_mean_a_rule(words: str, rule: ScheduleRule) -> None:
    assert parse_schedule(words) == rule


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("hourly", "not a schedule"),
        ("", "not a schedule"),
        ("daily at 6:00", "not a schedule"),
        ("daily at 06:00 sharp", "not a schedule"),
        ("daily at 24:00", "`24:00` is not a time of day"),
        ("weekly on monday at 06:00", "`monday` is not one of mon, tue"),
        ("weekly on mon, at 06:00", "`` is not one of mon, tue"),
        ("weekly on mon, mon at 06:00", "`mon` is there twice"),
        ("monthly on 0 at 06:00", "a day of the month is 1 to 31, found 0"),
        ("monthly on 32 at 06:00", "a day of the month is 1 to 31, found 32"),
        ("every 0 min", "an interval is 1 s to 365 d, found 0"),
        ("every 0.9 s", "an interval is 1 s to 365 d, found 0.9 s"),
        ("every 9000 h", "an interval is 1 s to 365 d"),
        ("every 2 weeks", "not a schedule"),
        ("within 1 min of running", "2 to 720 min of running, found 1"),
        (
            "within 30 min of running + before the first part of each shift",
            "the first part of the shift is there twice",
        ),
        ("every 1 parts", "a count is 2 to 10000000 parts, found 1"),
        ("every 500 parts + every 200 parts", "parts are counted twice"),
        ("every shift start + hourly", "`hourly` is not a schedule"),
        ("every shift start +", "`` is not a schedule"),
        ("1 times a shift", "2 to 24 times a shift, found 1"),
        ("every 25 h of work", "an interval of work is 1 s to 24 h"),
        ("every shift start except night, night", "`night` is there twice"),
        ("every shift start except the night", "`the night` is no name of a shift"),
        ("weekly at 06:00", "not a schedule"),
        ("daily on mon at 06:00", "not a schedule"),
        ("monthly on fifth mon at 06:00", "not a schedule"),
        ("monthly on first mon, thu at 06:00", "not a schedule"),
        ("yearly on 30 feb at 06:00", "feb has no day 30"),
        ("daily at first shift start if working", "not a schedule"),
        ("after lunch", "`lunch` is not one of setup, changeover, tool change"),
        ("after tool_change", "`tool_change` is not one of setup"),
        ("every shift start + daily at 24:00", "`24:00` is not a time of day"),
        ("every shift start + on demand", "`on demand` stands alone"),
        ("every 2 h + every 120 min", "a rule is there twice"),
        (" + ".join(f"daily at 06:{minute}" for minute in range(10, 23)), "2 to 12 rules"),
    ],
)
def test_other_words_are_refused_with_what_was_found_and_every_form(
    words: str, problem: str
) -> None:
    with pytest.raises(ValueError, match="expected one of") as refused:
        parse_schedule(words)
    said = str(refused.value)
    assert said.startswith(f"`{words}`: {problem}")
    assert all(f"`{form}`" in said for form in FORMS)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_shown_is_its_own_text(form: str) -> None:
    assert schedule_text(parse_schedule(form)) == form


@given(rules)
def test_text_of_a_rule_means_the_rule(rule: ScheduleRule) -> None:
    assert parse_schedule(schedule_text(rule)) == rule


@pytest.mark.parametrize(
    ("weekdays", "problem"),
    [
        ((), "ascending and each once"),
        ((3, 0), "ascending and each once"),
        ((1, 1), "ascending and each once"),
        ((0, 7), "0 to 6"),
        ((-1,), "0 to 6"),
    ],
)
def test_weekly_rule_has_days_of_the_week(weekdays: tuple[int, ...], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        Weekly(weekdays=weekdays, at=SIX)


@pytest.mark.parametrize("at", [time(6, tzinfo=UTC), time(6, microsecond=1), time(2, fold=1)])
def test_time_of_day_is_plant_local_and_whole_seconds(at: time) -> None:
    for build in (
        lambda: Daily(at=at),
        lambda: Weekly(weekdays=(0,), at=at),
        lambda: Monthly(day=1, at=at),
    ):
        with pytest.raises(ValueError, match="plant-local"):
            build()


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("500 ms", timedelta(milliseconds=500)),
        ("0 s", timedelta()),
        ("20s", timedelta(seconds=20)),
        ("1.5 s", timedelta(seconds=1.5)),
        (" 15 min ", timedelta(minutes=15)),
        ("2 h", timedelta(hours=2)),
        ("1 d", timedelta(days=1)),
    ],
)
def test_duration_is_a_number_and_a_unit(text: str, length: timedelta) -> None:
    assert parse_duration(text) == length


@pytest.mark.parametrize(
    "text", ["", "15", "min", "15 minutes", "-1 s", "1,5 s", "1 h 30 min", "٣ s"]
)
def test_other_durations_are_refused_with_the_forms(text: str) -> None:
    with pytest.raises(ValueError, match="expected a number and a unit") as refused:
        parse_duration(text)
    assert f"`{text}`" in str(refused.value)


@pytest.mark.parametrize("text", ["1000000000 d", "900000 d", "3660.000001 d"])
def test_duration_beyond_all_reckoning_is_refused(text: str) -> None:
    """K7: what can be added to any instant of this century, and no more."""
    with pytest.raises(ValueError, match="too long"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(), "0 s"),
        (timedelta(milliseconds=250), "250 ms"),
        (timedelta(milliseconds=1500), "1.5 s"),
        (timedelta(seconds=90), "90 s"),
        (timedelta(minutes=90), "90 min"),
        (timedelta(hours=24), "1 d"),
        (timedelta(hours=25), "25 h"),
        (timedelta(microseconds=1_500_001), "1.500001 s"),
    ],
)
def test_duration_is_said_in_its_largest_whole_unit(length: timedelta, text: str) -> None:
    assert duration_text(length) == text


@given(st.timedeltas(timedelta(), timedelta(days=3650)))
def test_text_of_a_duration_means_the_duration(length: timedelta) -> None:
    assert parse_duration(duration_text(length)) == length

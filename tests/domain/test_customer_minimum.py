"""Customers' minima beside a naive reader that walks through the shifts minute by minute, and what is told to write instead."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from redrabbit.domain.control_plan import ControlPlan
from redrabbit.domain.customer_minimum import (
    BEGIN,
    WATCHED,
    CustomerMinimum,
    Least,
    Unit,
    below_minima,
    enough,
    keeps,
    keeps_by_turns,
    refuse_below,
)
from redrabbit.domain.errors import Refusal
from redrabbit.domain.rotation import Rotation
from redrabbit.domain.schedule import due_times
from redrabbit.domain.schedule_rules import EveryInterval, EveryParts, ScheduleRule, Together
from redrabbit.domain.schedule_words import parse_schedule
from redrabbit.domain.shift_calendar import (
    Break,
    Pattern,
    Shift,
    ShiftCalendar,
    overlaps,
    shift_windows,
)
from redrabbit.domain.text import Text
from tests.domain.test_schedule_by_hand import EVERY_DAY, minutes, rules, weekdays
from tests.plants import LINE, OP30, a_check

SHIFT = Least(unit=Unit.SHIFT)
ZONE = ZoneInfo("Asia/Shanghai")
PAUSE = (Break(starts_at=time(10), ends_at=time(10, 30)),)


def hours(amount: int) -> Least:
    return Least(unit=Unit.HOURS, amount=amount)


def shifts(*times: tuple[str, int, int], days: tuple[int, ...] = EVERY_DAY) -> ShiftCalendar:
    return ShiftCalendar(
        zone=ZONE,
        shifts=tuple(
            Shift(
                name=name,
                weekdays=days,
                starts_at=time(begins),
                ends_at=time(ends),
                breaks=PAUSE if begins < 10 < ends else (),
            )
            for name, begins, ends in times
        ),
    )


THREE = shifts(("early", 6, 14), ("late", 14, 22), ("night", 22, 6), days=EVERY_DAY[:6])
ONE = shifts(("day", 8, 17), days=EVERY_DAY[:5])
TURN = ShiftCalendar(
    zone=ZONE,
    shifts=(
        Shift(
            name="long",
            weekdays=(),
            starts_at=time(7),
            ends_at=time(19),
            pattern=Pattern(begins=date(2026, 11, 10), on=4, off=2),
        ),
    ),
)
calendars = st.one_of(
    st.sampled_from([THREE, ONE, TURN]),
    st.builds(
        lambda found: ShiftCalendar(zone=ZONE, shifts=tuple(found)),
        st.lists(
            st.builds(
                Shift,
                name=st.sampled_from(["early", "late", "night"]),
                weekdays=weekdays,
                starts_at=minutes,
                ends_at=minutes,
            ),
            min_size=1,
            max_size=3,
            unique_by=lambda shift: shift.name,
        ),
    ),
)
leasts = st.just(SHIFT) | st.sampled_from([1, 2, 4, 8, 10, 24, 40]).map(hours)


def by_hand(schedule: ScheduleRule, calendar: ShiftCalendar, least: Least) -> bool:
    """Return whether it is due so often: by stepping through each shift in half minutes."""
    begin, end = BEGIN, BEGIN + WATCHED
    dues = due_times(schedule, calendar, BEGIN, begin - timedelta(days=1), end + timedelta(days=1))
    windows = sorted(shift_windows(calendar, begin, end), key=lambda each: each.begins_at)
    if least.unit is Unit.SHIFT:
        for window in windows:
            own = f"shift:{window.plant_date.isoformat()}:{window.name}"
            if not any(
                (due.trigger_key + ":").startswith(own + ":")
                or (
                    not due.trigger_key.startswith("shift:")
                    and window.begins_at <= due.due_at < window.ends_at
                )
                for due in dues
            ):
                return False
        return True
    minute = timedelta(minutes=1)
    at = {due.due_at.replace(second=0, microsecond=0) for due in dues}
    worked = 0
    for window in windows:
        now = window.begins_at
        while now < window.ends_at:
            if now in at:
                worked = 0
            if not any(begins <= now < ends for begins, ends in window.breaks):
                worked += 1
            if worked > least.amount * 60:
                return False
            now += minute
        if now in at:
            worked = 0
    return True


@settings(max_examples=25, deadline=None)
@given(rules, calendars, leasts)
@example(parse_schedule("every 4 h of work"), ONE, hours(4))
@example(parse_schedule("every shift start + every 4 h of work"), ONE, hours(4))
@example(parse_schedule("every 3 h of work"), THREE, hours(3))
@example(parse_schedule("every 4 h of work"), THREE, hours(4))
@example(parse_schedule("every shift end except night"), THREE, SHIFT)
@example(parse_schedule("daily at 06:00 + daily at 14:00 + daily at 22:00"), THREE, SHIFT)
@example(parse_schedule("daily at 06:00 + daily at 14:00"), THREE, SHIFT)
@example(parse_schedule("weekly on mon, wed, fri at 08:00"), ONE, hours(17))
@example(parse_schedule("every shift start"), TURN, hours(12))
@example(parse_schedule("every shift start"), TURN, hours(10))
def test_it_is_judged_as_by_walking_through_the_shifts(
    schedule: ScheduleRule, calendar: ShiftCalendar, least: Least
) -> None:
    assume(not overlaps(calendar))
    seconds = any(
        due.due_at.second
        for due in due_times(schedule, calendar, BEGIN, BEGIN, BEGIN + timedelta(days=7))
    )
    assume(not seconds)
    assert keeps(schedule, calendar, least) == by_hand(schedule, calendar, least)


@settings(max_examples=40, deadline=None)
@given(calendars, leasts | st.integers(2, 9000).map(lambda n: Least(unit=Unit.PARTS, amount=n)))
def test_what_is_told_to_write_keeps_it(calendar: ShiftCalendar, least: Least) -> None:
    assume(not overlaps(calendar))
    told = enough(least, calendar)
    assert told is not None
    assert keeps(told, calendar, least)


@settings(max_examples=40, deadline=None)
@given(rules, rules, calendars, leasts)
def test_to_be_due_more_often_is_never_less(
    one: ScheduleRule, more: ScheduleRule, calendar: ShiftCalendar, least: Least
) -> None:
    assume(not overlaps(calendar))
    rules_of_both = dict.fromkeys(
        (*getattr(one, "rules", (one,)), *getattr(more, "rules", (more,)))
    )
    both = Together(rules=tuple(rules_of_both)) if len(rules_of_both) > 1 else one
    assert keeps(both, calendar, least) >= keeps(one, calendar, least)


@pytest.mark.parametrize(
    ("words", "calendar", "least", "kept"),
    [
        ("before the first part of each shift", THREE, SHIFT, True),
        ("before the first part of each shift", THREE, hours(8), True),
        ("within 30 min of running", THREE, SHIFT, True),
        ("within 30 min of running", THREE, hours(8), True),
        ("within 30 min of running except night", THREE, SHIFT, False),
        ("after changeover", THREE, SHIFT, False),
        ("on demand", THREE, SHIFT, False),
        ("every 500 parts", THREE, SHIFT, False),
        ("every 8 h", THREE, SHIFT, True),
        ("every 9 h", THREE, SHIFT, False),
        ("every 4 h", THREE, hours(4), True),
        ("every 4 h", None, hours(4), True),
        ("every shift start", None, SHIFT, False),
        ("weekly on mon at 06:00", THREE, SHIFT, False),
    ],
)
def test_what_no_calendar_tells(
    words: str, calendar: ShiftCalendar | None, least: Least, kept: bool
) -> None:
    assert keeps(parse_schedule(words), calendar, least) is kept


@given(st.integers(2, 5000), st.integers(2, 5000))
def test_parts_are_kept_by_a_count_that_is_no_larger(count: int, least: int) -> None:
    demanded = Least(unit=Unit.PARTS, amount=least)
    assert keeps(EveryParts(parts=count), THREE, demanded) is (count <= least)
    assert not keeps(EveryInterval(interval_s=60.0), THREE, demanded)


def a_minimum(lines: tuple[str, ...] = (), special: tuple[str, ...] = ()) -> CustomerMinimum:
    return CustomerMinimum(
        programme="h5",
        name=Text(en="H5", zh="H5"),
        lines=frozenset(lines),
        special=frozenset(special),
        least=SHIFT,
        document="Q-12 rev 3",
        clause="4.2",
    )


@pytest.mark.parametrize(
    ("within", "calendar", "least", "kept"),
    [
        (1, THREE, SHIFT, True),
        (2, THREE, SHIFT, False),
        (3, THREE, hours(8), False),
        (3, THREE, hours(31), False),
        (3, THREE, hours(32), True),  # from the begin of one shift to the end of the third after it
        (100, THREE, hours(168), False),
        (3, None, hours(168), False),
        (2, THREE, Least(unit=Unit.PARTS, amount=500), False),
    ],
)
def test_a_check_whose_modes_take_turns_proves_each_of_them_only_in_its_turns(
    within: int, calendar: ShiftCalendar | None, least: Least, kept: bool
) -> None:
    check = replace(
        a_check(schedule=parse_schedule("every shift start + every 500 parts + every 8 h")),
        rotation=Rotation(within_shifts=within, at_least=1),
    )
    plan = ControlPlan(number="CP-1", revision="A", effective_from=None, checks=(check,))
    minimum = replace(a_minimum(), least=least)
    found = below_minima(plan, [minimum], {} if calendar is None else {LINE: calendar})
    assert (not found) is kept
    for each in found:
        with pytest.raises(Refusal) as refused:
            refuse_below(plan.label, [each])
        assert refused.value.code == "plan_turns_below_minimum"


def test_turns_of_a_check_that_is_not_due_in_each_shift_last_nobody_knows_how_long() -> None:
    rotation = Rotation(within_shifts=3, at_least=1)
    for words, kept in (("every shift start", True), ("every shift start except night", False)):
        assert keeps_by_turns(rotation, parse_schedule(words), THREE, hours(32)) is kept


@given(
    st.sampled_from([(), (LINE,), ("line9",)]),
    st.sampled_from([(), ("CC",), ("cc", "SC"), ("Sc",)]),
    st.sampled_from([None, "CC", "cc", "SC"]),
)
def test_a_minimum_is_about_its_lines_and_classes_only(
    lines: tuple[str, ...], classes: tuple[str, ...], special: str | None
) -> None:
    seldom = a_check(schedule=parse_schedule("daily at 06:00"), special_characteristic=special)
    often = a_check(
        "often", OP30, parse_schedule("every shift end"), special_characteristic=special
    )
    plan = ControlPlan(number="CP-1", revision="A", effective_from=None, checks=(seldom, often))
    found = below_minima(plan, [a_minimum(lines, classes)], {LINE: THREE})
    concerned = LINE in (lines or (LINE,)) and (
        not classes or (special or "").lower() in {each.lower() for each in classes}
    )
    assert [each.check for each in found] == ([seldom] if concerned else [])
    if not found:
        return refuse_below(plan.label, found)
    with pytest.raises(Refusal) as refused:
        refuse_below(plan.label, found)
    assert refused.value.params["write"] == "every shift start"
    assert refused.value.params["source"] == "Q-12 rev 3, 4.2"
    return None


def test_no_zone_of_plants_changes_its_clock_in_the_time_that_is_watched() -> None:
    for zone in ("Europe/Berlin", "America/New_York", "America/Mexico_City", "Asia/Shanghai"):
        local = ZoneInfo(zone)
        offsets = {
            (BEGIN + timedelta(hours=n)).astimezone(local).utcoffset()
            for n in range(WATCHED // timedelta(hours=1))
        }
        assert len(offsets) == 1
    assert datetime(2026, 11, 9, tzinfo=UTC) == BEGIN

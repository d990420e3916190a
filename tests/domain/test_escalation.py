"""Who is told of an alarm, and when: rules, steps and rosters (R10)."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from redrabbit.domain.escalation import SEVERITY, Told, is_due
from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.identity import LineId
from redrabbit.domain.reaching import Reached, Unreached
from redrabbit.domain.shift_calendar import shift_windows
from tests.alarm_rules import (
    CALENDAR,
    LINE,
    MIDNIGHT,
    MINUTE,
    NOON,
    a_day,
    a_duty,
    a_rule,
    a_step,
    an_escalation,
)


def test_every_kind_has_a_severity() -> None:
    assert set(SEVERITY) == set(AlarmKind)


def test_the_first_rule_that_takes_an_alarm_decides() -> None:
    misses = a_rule(a_step(0, "anna"), kinds=frozenset({AlarmKind.MISSED}))
    others = a_rule(a_step(0, "bo"), lines=frozenset({LINE}))
    rules = an_escalation(misses, others)
    assert rules.rule_for(AlarmKind.MISSED, "line1", NOON) is misses
    assert rules.rule_for(AlarmKind.LAPSED, "line1", NOON) is others
    assert rules.rule_for(AlarmKind.LAPSED, "line2", NOON) is None
    assert rules.rule_for(AlarmKind.CLOCK_STEP, None, NOON) is None


def test_a_rule_of_a_shift_takes_what_is_raised_in_it() -> None:
    """Issue 8: at night only a miss and a missing part wake people."""
    at_night = a_rule(a_step(0, "anna"), shifts=frozenset({"night"}))
    rules = an_escalation(at_night)
    assert rules.rule_for(AlarmKind.LAPSED, "line1", NOON) is None
    assert rules.rule_for(AlarmKind.LAPSED, "line1", MIDNIGHT) is at_night
    assert rules.rule_for(AlarmKind.CLOCK_STEP, None, MIDNIGHT) is at_night
    assert rules.rule_for(AlarmKind.LAPSED, "line2", MIDNIGHT) is None  # it has no calendar


def test_steps_are_due_after_the_alarm_one_by_one() -> None:
    rule = a_rule(a_step(0, "anna"), a_step(10, "bo"))
    rules = an_escalation(rule)
    assert rules.first_at(rule, NOON) == NOON
    assert rules.next_after(rule, Told(0, 0, NOON), NOON) == (1, 0, NOON)
    assert rules.next_after(rule, Told(1, 0, NOON), NOON) == (2, 0, NOON + 10 * MINUTE)
    assert rules.next_after(rule, Told(2, 0, NOON + 10 * MINUTE), NOON) is None


def test_a_step_is_repeated_until_the_next_and_the_last_one_for_ever() -> None:
    rule = a_rule(a_step(0, "anna", every=4 * MINUTE), a_step(10, "bo", every=30 * MINUTE))
    rules = an_escalation(rule)
    told, seen = Told(1, 0, NOON), []
    for _ in range(5):
        coming = rules.next_after(rule, told, NOON)
        assert coming is not None
        seen.append((coming.step, coming.repeat, (coming.due_at - NOON) / MINUTE))
        told = Told(*coming)
    assert seen == [(1, 1, 4), (1, 2, 8), (2, 0, 10), (2, 1, 40), (2, 2, 70)]


def test_a_list_is_due_at_the_next_such_time_of_day() -> None:
    rule = a_rule(a_step(0, "anna", at=time(8)))
    rules = an_escalation(rule)
    assert rules.first_at(rule, MIDNIGHT) == datetime(2026, 3, 3, 0, 0, tzinfo=UTC)
    early = datetime(2026, 3, 1, 23, 0, tzinfo=UTC)  # 07:00 on the wall
    assert rules.first_at(rule, early) == datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
    assert rules.first_at(rule, NOON) == datetime(2026, 3, 3, 0, 0, tzinfo=UTC)


def test_steps_that_the_rules_of_today_no_longer_have_are_over() -> None:
    rule = a_rule(a_step(0, "anna", every=5 * MINUTE))
    rules = an_escalation(rule)
    coming = rules.next_after(rule, Told(3, 2, NOON), NOON)
    assert coming == (3, 3, NOON + 5 * MINUTE)
    assert rules.step_of(rule, 3) is rule.steps[0]


def test_a_clock_that_was_set_back_counts_from_what_was_told() -> None:
    rule = a_rule(a_step(0, "anna"), a_step(10, "bo"))
    before = NOON - timedelta(days=365)
    coming = an_escalation(rule).next_after(rule, Told(1, 0, before), NOON)
    assert coming == (2, 0, before + 10 * MINUTE)
    assert is_due(NOON, NOON - MINUTE, NOON)
    assert not is_due(NOON, NOON - 2 * MINUTE, NOON - MINUTE)
    assert is_due(NOON + MINUTE, NOON, before)


@pytest.mark.parametrize(
    ("line", "at", "told"),
    [
        ("line1", NOON, ("anna",)),
        ("line1", MIDNIGHT, ("bo",)),
        ("line9", NOON, ("anna", "bo", "chen")),  # nobody on duty: never nobody
        (None, NOON, ("anna",)),
        ("line1", datetime(2026, 3, 9, 4, 0, tzinfo=UTC), ("anna", "chen")),
    ],
)
def test_a_roster_is_who_is_on_duty_then(line: str, at: datetime, told: tuple[str, ...]) -> None:
    roster = (
        a_duty("anna", shifts=frozenset({"day"})),
        a_duty("bo", shifts=frozenset({"night"}), lines=frozenset({LINE})),
        a_duty(
            "chen",
            lines=frozenset({LineId("line1")}),
            from_date=a_day("2026-03-09"),
            until_date=a_day("2026-03-09"),
        ),
    )
    rules = an_escalation(rosters={"leaders": roster})
    step = a_step(0, rosters=("leaders", "nobodys"))
    assert rules.called(step, line, at).told == told


@example(hours=7 * 24 + 14, shifts=frozenset({"night"}), line="line1")
@given(
    st.integers(0, 30 * 24),
    st.sets(st.sampled_from(["day", "night"]), min_size=1).map(frozenset),
    st.sampled_from(["line1", None]),
)
def test_a_shift_has_one_person_on_duty_from_its_beginning_to_its_end(
    hours: int, shifts: frozenset[str], line: str | None
) -> None:
    """A night shift belongs to the day on which it begins, on a duty's last day, too."""
    at = NOON + hours * timedelta(hours=1)
    roster = (
        a_duty("anna", shifts=shifts, until_date=a_day("2026-03-09")),
        a_duty("bo", shifts=shifts, from_date=a_day("2026-03-10"), until_date=a_day("2026-03-16")),
        a_duty("chen", shifts=shifts, from_date=a_day("2026-03-17")),
    )
    rules = an_escalation(rosters={"leaders": roster})
    step = a_step(0, rosters=("leaders",))
    (window,) = shift_windows(CALENDAR, at, at + timedelta(microseconds=1))
    told = rules.called(step, line, at).told
    if window.name not in shifts:
        assert told == ("anna", "bo", "chen")
        return
    assert len(told) == 1
    for instant in (window.begins_at, window.ends_at - MINUTE):
        assert rules.called(step, line, instant).told == told


def test_who_can_not_be_told_is_said_and_each_is_told_once() -> None:
    known = {"4711": Reached("p-0001", None), "p-0002": Reached("p-0002", Unreached.NO_ROLE)}
    step = a_step(0, "anna", people=("4711", "p-0001", "p-0002", "nobody"), rosters=("leaders",))
    rules = an_escalation(rosters={"leaders": (a_duty(people=("4711", "p-0002")),)})

    def reach(name: str, line: str | None) -> Reached:
        assert line == "line1"
        return known.get(name, Reached(None, Unreached.UNKNOWN))

    called = rules.called(step, "line1", NOON, reach)
    assert called == (("anna", "p-0001"), ("p-0002",))
    assert rules.called(step, "line1", NOON) == (("anna",), ())


def test_which_people_are_named_for_which_lines() -> None:
    other = LineId("line2")
    rules = an_escalation(
        a_rule(a_step(0, people=("p-0003",))),
        rosters={
            "leaders": (
                a_duty(people=("p-0001", "p-0002", "p-0003"), lines=frozenset({LINE})),
                a_duty(people=("p-0001",), lines=frozenset({other})),
                a_duty(people=("p-0002",)),
            )
        },
    )
    assert rules.people == {
        "p-0001": {LINE, other},
        "p-0002": frozenset(),
        "p-0003": frozenset(),
    }


def test_who_is_named_by_steps_and_who_wants_a_kind() -> None:
    rules = an_escalation(
        a_rule(a_step(0, "anna")),
        rosters={"leaders": (a_duty("bo"),)},
        wishes={"anna": frozenset({"missed"}), "andon": frozenset()},
    )
    assert rules.named == {"anna", "bo"}
    assert rules.wanting(AlarmKind.MISSED) == ("anna", "andon")
    assert rules.wanting(AlarmKind.LAPSED) == ("andon",)

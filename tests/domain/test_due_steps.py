"""Never silent, and nobody twice: the steps of an alarm over any life of the service (R10, B21)."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.due_steps import NOBODY_AGAIN_AFTER, DueStep, due_step
from redrabbit.domain.escalation import Escalation, Rule, Told
from redrabbit.domain.facts.alarm import AlarmKind, AlarmRecord
from redrabbit.domain.facts.alarm_told import AlarmsTold, ToldStep
from redrabbit.domain.reaching import Reach, Reached, Unreached
from tests.alarm_rules import MINUTE, NOON, a_duty, a_rule, a_step, an_alarm, an_escalation
from tests.domain.folded import FoldedLedger

RECEIVERS = ["anna", "bo", "chen"]
PEOPLE = ["p-0001", "p-0002", "p-0003"]


AN_ENTRY = FoldedLedger().say("alarm_raised", 0, alarm_id="line1-A-1", kind="overdue", line="line1")


def noted(
    alarm: AlarmRecord, noted: ToldStep, now: datetime, *told: str, held_for: str | None = None
) -> AlarmRecord:
    """Return the alarm as the ledger has it once this is noted."""
    fact = AlarmsTold(receivers=told, key=None, held_for=held_for, steps=(noted,))
    kept: Any = {AlarmRecord: alarm}
    first, *_ = fact.fold(replace(AN_ENTRY, occurred_at=now), lambda kind, *_: kept[kind])
    assert isinstance(first.record, AlarmRecord)
    return first.record


def recorded(step: DueStep, now: datetime) -> AlarmRecord:
    """Return the alarm as it is once the step is recorded."""
    told = ToldStep(
        alarm_id=step.alarm.alarm_id,
        step=step.step,
        repeat=step.repeat,
        next_at=step.next_at,
        nobody_at=step.nobody_at,
        unreached=step.unreached,
    )
    return noted(step.alarm, told, now, *step.receivers)


def told(rules: Escalation, alarm: AlarmRecord, now: datetime = NOON) -> tuple[int, int, set[str]]:
    step = due_step(rules, alarm, now)
    return step.step, step.repeat, set(step.receivers)


def test_the_first_step_is_told_and_the_next_one_is_known() -> None:
    rules = an_escalation(a_rule(a_step(0, "anna"), a_step(10, "bo")))
    step = due_step(rules, an_alarm(), NOON)
    assert (step.step, step.receivers, step.next_at) == (1, ("anna",), NOON + 10 * MINUTE)
    later = NOON + 10 * MINUTE
    second = due_step(rules, recorded(step, NOON), later)
    assert (second.step, second.receivers, second.next_at) == (2, ("bo",), None)


def test_what_was_silenced_when_it_was_raised_is_told_to_those_without_steps_too() -> None:
    rules = an_escalation(a_rule(a_step(0, "anna")))
    assert told(rules, an_alarm(raised_silenced=True)) == (1, 0, {"anna", "bo", "chen", "andon"})


def test_what_no_rule_takes_is_told_to_whoever_was_not_told_at_once() -> None:
    rules = an_escalation(a_rule(a_step(0, "anna"), kinds=frozenset({AlarmKind.MISSED})))
    assert told(rules, an_alarm(raised_silenced=True))[2] == {"anna", "bo", "chen", "andon"}
    late = due_step(rules, an_alarm(), NOON)
    assert (late.receivers, late.next_at) == (("anna",), None)


def test_the_receiver_that_is_not_reached_is_not_told_of_itself() -> None:
    rules = an_escalation(a_rule(a_step(0, "anna", "bo")))
    alarm = an_alarm(kind=AlarmKind.RECEIVER_NOT_REACHED, receiver="anna", line=None)
    assert told(rules, alarm)[2] == {"bo"}


def test_rules_that_were_changed_put_a_step_off_or_end_the_steps() -> None:
    later = an_escalation(a_rule(a_step(5, "anna")))
    put_off = due_step(later, an_alarm(next_step_at=NOON), NOON)
    assert (put_off.step, put_off.receivers, put_off.next_at) == (0, (), NOON + 5 * MINUTE)
    fewer = an_escalation(a_rule(a_step(0, "anna")))
    over = due_step(fewer, an_alarm(steps_told=1, told_at=NOON, noted_at=NOON), NOON)
    assert (over.step, over.receivers, over.next_at) == (1, (), None)


def reaching(*people: str) -> Reach:
    """Return who can be told: these people, and nobody else."""

    def reach(name: str, line: str | None) -> Reached:
        del line
        return Reached(name, None if name in people else Unreached.NO_WAY)

    return reach


def test_people_are_told_by_their_numbers() -> None:
    rules = an_escalation(a_rule(a_step(0, people=("p-0001", "p-0002"))))
    step = due_step(rules, an_alarm(), NOON, reaching("p-0002"))
    assert (step.receivers, step.unreached, step.nobody_at) == (("p-0002",), ("p-0001",), ())


def test_where_nobody_of_a_step_can_be_told_the_next_is_told_at_once() -> None:
    rule = a_rule(a_step(0, people=("p-0001",)), a_step(10, people=("p-0002",)), a_step(20, "bo"))
    rules = an_escalation(rule)
    step = due_step(rules, an_alarm(), NOON, reaching())
    assert (step.step, step.receivers, step.nobody_at) == (3, ("bo",), (1, 2))
    assert step.unreached == ("p-0001", "p-0002")
    step = due_step(rules, an_alarm(), NOON, reaching("p-0002"))
    assert (step.step, step.receivers, step.nobody_at) == (2, ("p-0002",), (1,))
    assert step.next_at == NOON + 20 * MINUTE


def test_where_nobody_of_any_step_can_be_told_it_goes_to_whoever_wants_the_kind() -> None:
    rule = a_rule(a_step(0, people=("p-0001",)), a_step(10, people=("p-0002",)))
    step = due_step(an_escalation(rule), an_alarm(), NOON, reaching())
    assert step.receivers == ("anna", "bo", "chen", "andon")
    assert (step.step, step.nobody_at, step.next_at) == (1, (1, 2), NOON + 10 * MINUTE)


def test_where_nobody_at_all_can_be_told_it_is_tried_again() -> None:
    rules = an_escalation(a_rule(a_step(0, people=("p-0001",))), wishes={})
    step = due_step(rules, an_alarm(), NOON, reaching())
    assert (step.step, step.receivers, step.nobody_at) == (0, (), (1,))
    assert step.next_at == NOON + NOBODY_AGAIN_AFTER
    alarm = recorded(step, NOON)
    again = due_step(rules, alarm, NOON + NOBODY_AGAIN_AFTER, reaching("p-0001"))
    assert (again.step, again.receivers) == (1, ("p-0001",))


def test_a_roster_of_which_nobody_on_duty_can_be_told_stands_for_all_of_it() -> None:
    duties = {
        "leaders": (
            a_duty(people=("p-0001",), shifts=frozenset({"day"})),
            a_duty("bo", shifts=frozenset({"night"})),
        )
    }
    rules = an_escalation(a_rule(a_step(0, rosters=("leaders",))), rosters=duties)
    assert due_step(rules, an_alarm(), NOON, reaching("p-0001")).receivers == ("p-0001",)
    gap = due_step(rules, an_alarm(), NOON, reaching())
    assert (gap.receivers, gap.unreached, gap.nobody_at) == (("bo",), ("p-0001",), ())


def test_a_list_is_known_as_such() -> None:
    rules = an_escalation(a_rule(a_step(0, "anna", at=time(8))))
    assert due_step(rules, an_alarm(), NOON + timedelta(days=1)).as_list


@st.composite
def some_rules(draw: st.DrawFn) -> Rule:
    """Return a rule as a plant file can have it."""
    minutes = sorted(draw(st.sets(st.integers(0, 60), min_size=1, max_size=4)))
    return a_rule(
        *(
            a_step(
                minute,
                *draw(st.sets(st.sampled_from(RECEIVERS), min_size=1)),
                every=draw(st.none() | st.integers(1, 20).map(lambda n: n * MINUTE)),
                at=draw(st.none() | st.sampled_from([time(8), time(13)])),
            )
            for minute in minutes
        )
    )


@given(some_rules(), st.lists(st.tuples(st.integers(0, 90), st.booleans()), max_size=40))
def test_an_open_alarm_is_never_silent_and_nobody_is_told_a_step_twice(
    rule: Rule, looks: list[tuple[int, bool]]
) -> None:
    """Looks come at any time, and the service may be killed in each before it is recorded (kill -9).

    What is not recorded was not sent: message and record are one transaction.
    """
    rules = an_escalation(rule)
    alarm = an_alarm(next_step_at=rules.first_at(rule, NOON))
    now, seen = NOON, Counter[tuple[int, int, str]]()
    for minutes, is_killed in looks:
        now += minutes * MINUTE
        if alarm.next_step_at is None or now < alarm.next_step_at:
            continue
        step = due_step(rules, alarm, now)
        assert step.receivers, "it is due, and nobody is told"
        is_last = step.step == len(rule.steps) and rule.steps[-1].every is None
        assert (step.next_at is None) == is_last, "open, not over, and nothing is to come"
        if is_killed:
            continue
        seen.update((step.step, step.repeat, name) for name in step.receivers)
        alarm = recorded(step, now)
    assert all(times == 1 for times in seen.values())


class Look(StrEnum):
    """What it is like when an alarm's instant has come."""

    FREE = "free"
    OTHER_RULES = "other rules"
    """The plant file was changed for a while."""
    SILENCED = "silenced"
    NOBODY = "nobody can be told"
    SILENCE_ENDED = "a person ends the silence"


@given(
    some_rules(),
    some_rules(),
    st.lists(st.tuples(st.integers(0, 90), st.sampled_from(Look), st.integers(1, 90)), max_size=40),
)
def test_whatever_puts_an_alarm_off_it_is_told_as_soon_as_nothing_does(
    rule: Rule, other: Rule, looks: list[tuple[int, Look, int]]
) -> None:
    """A repeat counts from what was told, and what was put off stays due: decision 41, *A silence holds back*."""
    alarm = an_alarm(next_step_at=an_escalation(rule).first_at(rule, NOON))
    now, told_at = NOON, NOON
    for minutes, look, held in looks:
        now += minutes * MINUTE
        if look is Look.SILENCE_ENDED and alarm.held_for is not None:
            alarm = noted(alarm, ToldStep.put_off(alarm, now), now)
        if alarm.next_step_at is None or now < alarm.next_step_at:
            continue
        if look is Look.SILENCED:
            until = now + held * MINUTE
            alarm = noted(alarm, ToldStep.put_off(alarm, until), now, held_for="plant-S-1")
            continue
        if look is Look.NOBODY:
            none = ToldStep.put_off(alarm, now + NOBODY_AGAIN_AFTER)
            alarm = noted(alarm, none, now)
            continue
        today = other if look is Look.OTHER_RULES else rule
        rules = an_escalation(today)
        coming = rules.next_after(today, Told(alarm.steps_told, alarm.repeats_told, told_at), NOON)
        step = due_step(rules, alarm, now)
        assert bool(step.receivers) == (coming is not None and coming.due_at <= now)
        if step.receivers:
            told_at = now
        elif coming is not None:
            assert step.next_at == coming.due_at
        alarm = recorded(step, now)


@st.composite
def rules_with_people(draw: st.DrawFn) -> Rule:
    """Return a rule whose steps name receivers, people or both."""
    minutes = sorted(draw(st.sets(st.integers(0, 60), min_size=1, max_size=4)))
    steps = []
    for minute in minutes:
        receivers = draw(st.sets(st.sampled_from(RECEIVERS), max_size=2))
        people = draw(st.sets(st.sampled_from(PEOPLE), min_size=0 if receivers else 1))
        every = draw(st.none() | st.integers(1, 20).map(lambda n: n * MINUTE))
        steps.append(a_step(minute, *receivers, people=tuple(sorted(people)), every=every))
    return a_rule(*steps)


@given(
    rules_with_people(),
    st.sampled_from([{}, {"andon": frozenset[str]()}]),
    st.lists(st.tuples(st.integers(0, 90), st.sets(st.sampled_from(PEOPLE))), max_size=30),
)
def test_whoever_can_be_told_an_open_alarm_is_never_silent_and_says_whom_it_missed(
    rule: Rule, wishes: dict[str, frozenset[str]], looks: list[tuple[int, set[str]]]
) -> None:
    """People come and go between looks. Due and told to nobody means: nobody at all could be, and it is tried again."""
    rules = an_escalation(rule, wishes=wishes)
    alarm = an_alarm(next_step_at=rules.first_at(rule, NOON))
    now, seen = NOON, Counter[tuple[int, int, str]]()
    for minutes, there in looks:
        now += minutes * MINUTE
        if alarm.next_step_at is None or now < alarm.next_step_at:
            continue
        step = due_step(rules, alarm, now, reaching(*there))
        people = {name for name in step.receivers if name in PEOPLE}
        assert people <= there
        assert not set(step.unreached) & there
        if not step.receivers:
            later = rule.steps[alarm.steps_told :] or rule.steps[-1:]
            assert not any(set(each.receivers) | set(each.people) & there for each in later)
            assert not wishes
            assert step.nobody_at
            assert step.next_at == now + NOBODY_AGAIN_AFTER
        seen.update((step.step, step.repeat, name) for name in step.receivers)
        alarm = recorded(step, now)
    assert all(times == 1 for times in seen.values())


@given(some_rules(), st.integers(0, 4000))
def test_what_is_due_together_is_told_once_as_the_highest_step_and_then_by_the_clock(
    rule: Rule, minutes: int
) -> None:
    """A silence, an outage or a dead station ends late: one message to all of the steps that are due, no burst."""
    rules, now = an_escalation(rule), NOON + minutes * MINUTE
    first_at = rules.first_at(rule, NOON)
    if now < first_at:
        return
    step = due_step(rules, an_alarm(next_step_at=first_at), now)
    due = [
        n
        for n in range(1, len(rule.steps) + 1)
        if all(rules.due_at(rule, m, Told(0, 0, NOON), NOON) <= now for m in range(1, n + 1))
    ]
    assert (step.step, step.repeat) == (due[-1], 0)
    assert set(step.receivers) == {name for n in due for name in rule.steps[n - 1].receivers}
    assert step.next_at is None or step.next_at > now
    if step.next_at is not None:
        after = due_step(rules, recorded(step, now), step.next_at)
        assert (after.step, after.repeat) in {(due[-1], 1), (due[-1] + 1, 0)} or after.step > due[
            -1
        ]


@given(some_rules(), st.integers(1, 400))
def test_a_clock_that_is_set_back_by_any_time_puts_nothing_off(rule: Rule, days: int) -> None:
    rules = an_escalation(rule)
    first = due_step(rules, an_alarm(), rules.first_at(rule, NOON))
    alarm = recorded(first, rules.first_at(rule, NOON))
    if alarm.next_step_at is None:
        return
    back = NOON - timedelta(days=days)
    step = due_step(rules, alarm, back)
    assert step.receivers
    assert (step.step, step.repeat) > (first.step, first.repeat)
    if step.next_at is not None:
        assert step.next_at <= back + timedelta(days=2)

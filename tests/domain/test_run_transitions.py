"""Runs told as scripts: event, expected effects, event…, in each state and back again."""

from dataclasses import replace
from datetime import timedelta
from typing import Literal

import pytest

from redrabbit.domain.errors import Refusal
from redrabbit.domain.rule import DetectionRule
from redrabbit.domain.run import (
    Aborted,
    Confirmed,
    DeadlineExpired,
    DeadlineKind,
    Disowned,
    Event,
    GivenBack,
    NotRecorded,
    PartIssued,
    PartPresented,
    Restarted,
    RunClosed,
    RunStopped,
    SaidHeld,
    Scanned,
    SetDeadline,
    StopReason,
    Tapped,
    VerdictReached,
)
from redrabbit.domain.run_transitions import advance, start_deadline
from redrabbit.domain.run_words import Outcome, Presented, RunState, StopCode, Why
from tests.builders import (
    ACCEPTED,
    ANNA,
    BY_EDGE,
    BY_TAP,
    CODE,
    IDLE,
    MASTER,
    OTHER_RABBIT,
    PART,
    RABBIT,
    SAID_HELD,
    Story,
    a_rule,
    a_run,
    an_acquisition,
    an_expectation,
    at,
    deadlines,
    kinds,
    story_of,
    told_up_to,
)
from tests.domain.test_part_told import Table

# The whole way -----------------------------------------------------------------------------------


def test_a_rabbit_is_taken_shown_detected_given_back_and_confirmed() -> None:
    story = Story()

    assert deadlines((story.run.deadline,) if story.run.deadline else ()) == [("start", 900)]
    taken = story.scan(1)
    assert kinds(taken) == ["PartIssued"]
    assert deadlines(taken) == [("arming", 61)]
    shown = story.poll(2, part_code=RABBIT)
    assert kinds(shown) == ["PartPresented"]
    assert deadlines(shown) == [("verdict", 9.5)]
    assert story.poll(2.5) == ()
    judged = story.poll(3, rejected=True)
    assert kinds(judged) == ["VerdictReached"]
    assert deadlines(judged) == [("return", 123)]
    back = story.give_back(10)
    assert kinds(back) == ["PartReturned"]
    assert deadlines(back) == [("confirmation", 900)]
    assert kinds(story.confirm(12)) == ["RunClosed"]
    assert story.effects[-1] == RunClosed(
        at=at(12), outcome=Outcome.PASSED, reason=None, confirmed_by=ANNA
    )
    assert (story.verdict, story.run.outcome) == ("detected", Outcome.PASSED)


def test_the_effects_tell_who_took_the_part_and_how_it_was_presented() -> None:
    story = told_up_to(RunState.AWAITING_RETURN)

    assert PartIssued(at=at(1), step=0, actor=ANNA) in story.effects
    assert PartPresented(at=at(2), step=0, attempt=1, how=Presented.CODE) in story.effects
    reached = next(e for e in story.effects if isinstance(e, VerdictReached))
    assert (reached.step, reached.attempt, reached.decides) == (0, 1, True)
    assert reached.evidence.rejected_at == at(3)


def test_the_next_part_is_asked_for_once_the_first_one_is_back() -> None:
    """R05: an ordered list of presentations, known bad and known good."""
    story = Story(a_run(an_expectation(), an_expectation(part=MASTER)))
    story.scan(1)
    story.poll(2, part_code=RABBIT)
    story.poll(3, rejected=True)
    back = story.give_back(10)

    assert deadlines(back) == [("start", 900)]
    assert (story.run.state, story.run.part) == (RunState.AWAITING_PART, MASTER)
    story.scan(11, MASTER)
    story.poll(12, part_code=MASTER, rejected=False)
    story.poll(13, accepted=True)
    story.give_back(20, MASTER)
    story.confirm(21)

    assert story.verdicts == ["detected", "accepted"]
    assert story.outcome == "passed"


def test_steps_after_a_miss_are_not_reached() -> None:
    """D4."""
    story = Story(a_run(an_expectation(), an_expectation(part=MASTER)))
    story.scan(1)
    story.poll(2, part_code=RABBIT)
    story.poll(3, accepted=True)
    story.give_back(10)

    assert story.run.state is RunState.AWAITING_CONFIRMATION
    story.confirm(11)
    assert (story.verdict, story.outcome) == ("missed", "failed")


def test_a_falsely_rejected_good_master_fails_the_run() -> None:
    story = Story(a_run(an_expectation(part=MASTER)))
    story.scan(1, MASTER)
    story.poll(2, part_code=MASTER)
    story.poll(3, rejected=True)
    story.give_back(10, MASTER)
    story.confirm(11)

    assert (story.verdict, story.outcome) == ("false_reject", "failed")


def test_a_silent_good_master_leaves_the_run_inconclusive() -> None:
    story = Story(a_run(an_expectation(part=MASTER)))
    story.scan(1, MASTER)
    story.poll(2, part_code=MASTER)
    story.polls(3, 7.5)
    story.give_back(10, MASTER)
    story.confirm(11)

    assert (story.verdict, story.outcome) == ("inconclusive no_result", "inconclusive")


# Who arms, and what is presented (D2) -----------------------------------------------------------


def test_the_wrong_part_scanned_is_refused_and_changes_nothing() -> None:
    """L6."""
    story = Story()
    before = story.run

    with pytest.raises(Refusal) as refusal:
        story.scan(1, OTHER_RABBIT)

    assert refusal.value.code == "wrong_part"
    assert refusal.value.params == {"scanned": OTHER_RABBIT, "expected": RABBIT}
    assert story.run is before


def test_the_stations_own_reading_of_the_expected_code_arms_without_a_scan() -> None:
    story = Story()
    effects = story.poll(2, part_code=RABBIT)

    assert kinds(effects) == ["PartIssued", "PartPresented"]
    assert deadlines(effects)[-1] == ("verdict", 9.5)
    assert PartIssued(at=at(2), step=0, actor=ANNA) in effects
    story.poll(3, rejected=True)
    assert story.verdict == "detected"


@pytest.mark.parametrize("code", [OTHER_RABBIT, "P-4711"])
def test_no_other_code_arms_a_run_that_waits_for_its_part(code: str) -> None:
    story = Story()

    assert story.poll(2, part_code=code) == ()
    assert story.run.state is RunState.AWAITING_PART


def test_the_first_part_present_edge_after_arming_presents_where_there_are_no_codes() -> None:
    story = story_of(BY_EDGE)
    assert story.poll(0.5, part_present=True) == ()
    story.scan(1)
    assert story.poll(2) == ()
    assert story.poll(3, part_present=False) == ()
    assert story.poll(3.5) == ()

    assert kinds(story.poll(4.1, part_present=True)) == ["PartPresented"]
    assert kinds(story.poll(5, rejected=True)) == ["VerdictReached"]
    assert story.verdict == "detected"


def test_the_operators_tap_presents_where_the_station_can_not_tell_and_is_marked_stated() -> None:
    """Story: a tap-only station."""
    story = story_of(BY_TAP)
    story.scan(1)
    story.poll(1.9)
    effects = story.tap(2)

    assert effects[0] == PartPresented(at=at(2), step=0, attempt=1, how=Presented.STATED)
    story.poll(3, rejected=True)
    assert story.verdict == "detected"


def test_a_poll_under_way_when_the_operator_tapped_is_still_the_before() -> None:
    story = story_of(BY_TAP)
    story.scan(1)
    story.poll(1.9)
    story.tap(2)
    story.poll(2.1, rejected=True, took_s=0.2)
    story.polls(2.6, 7.6)

    assert story.verdict == "inconclusive stuck"


@pytest.mark.parametrize("rule", [BY_EDGE, a_rule()], ids=["edge", "code"])
def test_the_operator_can_not_say_presented_where_the_station_tells(rule: DetectionRule) -> None:
    """L1, B23: nobody taps evidence into being."""
    story = story_of(rule)
    story.scan(1)
    before = story.run

    with pytest.raises(Refusal) as refusal:
        story.tap(2)

    assert refusal.value.code == "station_tells_presented"
    assert story.run is before


def test_that_was_not_the_part_ends_the_presentation_without_a_verdict_on_the_device() -> None:
    """D29."""
    story = told_up_to(RunState.PRESENTED)
    assert story.disown(2.5) == ()
    (reached, _) = story.poll(2.7)

    assert story.verdict == "inconclusive not_the_part"
    assert isinstance(reached, VerdictReached)
    assert (reached.actor, reached.judgement.decided_at) == (ANNA, at(2.5))
    assert story.run.state is RunState.AWAITING_RETURN
    story.give_back(10)
    story.confirm(11)
    assert story.outcome == "inconclusive"


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [({"accepted": True}, "missed"), ({"rejected": True}, "detected")],
)
def test_an_answer_that_may_have_been_on_when_it_was_said_goes_before_it(
    answer: dict[str, bool], verdict: str
) -> None:
    """A9 of the findings: the lamp was lit, and the next poll still to come."""
    story = told_up_to(RunState.PRESENTED)
    story.disown(2.9)
    story.poll(3.5, **answer)

    assert story.verdict == verdict


def test_a_reading_that_was_under_way_when_it_was_said_does_not_decide_it() -> None:
    story = told_up_to(RunState.PRESENTED)
    story.disown(2.5)
    assert story.poll(2.6, took_s=0.2) == ()
    assert story.disown(2.65) == ()  # said twice is said once

    story.poll(3.1, accepted=True)
    assert story.verdict == "missed"


def test_where_nothing_is_read_in_time_any_more_it_was_not_the_part() -> None:
    story = told_up_to(RunState.PRESENTED)
    story.disown(2.5)
    story.time_over()

    assert story.verdict == "inconclusive not_the_part"


def test_another_part_that_comes_before_the_next_reading_does_not_take_the_word_back() -> None:
    story = told_up_to(RunState.PRESENTED)
    story.disown(2.5)
    story.poll(2.6, took_s=0.2, part_code="P-4711")

    assert story.verdict == "inconclusive not_the_part"


def test_a_station_that_tells_only_changes_is_not_waited_for() -> None:
    story = Story(a_run(replace(an_expectation(), expires_s=dict.fromkeys(IDLE, None))))
    story.scan(1)
    story.poll(2, part_code=RABBIT)
    story.disown(2.5)

    assert story.verdict == "inconclusive not_the_part"


LATE_ANSWERS = {
    "answered": (a_rule(settle_s=1.0), 2.5, 2.6),
    "answered for no reason yet": (a_rule(reject_code=CODE), 2.5, 2.6),
    "its time is over": (a_rule(), None, 7.01),
    "too late to be sure": (a_rule(within_s=0.49), 2.495, 2.5),
}


@pytest.mark.parametrize(
    ("rule", "answered_at", "said_at"), LATE_ANSWERS.values(), ids=LATE_ANSWERS.keys()
)
def test_that_was_not_the_part_is_never_said_after_the_answer(
    rule: DetectionRule, answered_at: float | None, said_at: float
) -> None:
    """D4, D29: nobody takes a miss away who has seen it, settled or not; nor one by silence."""
    story = story_of(rule, code=12)
    story.scan(1)
    story.poll(2, part_code=RABBIT)
    if answered_at is not None:
        story.poll(
            answered_at, accepted=rule.reject_code is None, rejected=rule.reject_code is not None
        )
    before = story.run
    assert before.state is RunState.PRESENTED

    with pytest.raises(Refusal) as refusal:
        story.disown(said_at)

    assert refusal.value.code == "answer_came"
    assert story.run is before


def test_ordinary_parts_at_the_station_leave_an_armed_run_armed() -> None:
    story = Story()
    story.scan(1)

    assert story.poll(2, part_code="P-4711") == ()
    assert story.poll(3, part_code="") == ()
    assert story.run.state is RunState.ARMED


def test_the_wrong_rabbit_at_the_station_ends_it_inconclusive() -> None:
    """Story: the wrong rabbit at the station (L3, R33)."""
    story = Story()
    story.scan(1)
    story.poll(2, part_code=OTHER_RABBIT)

    assert story.verdict == "inconclusive wrong_part"
    story.give_back(10)
    story.confirm(11)
    assert story.outcome == "inconclusive"


def test_a_code_left_at_the_station_by_the_last_run_presents_nothing_when_the_link_returns() -> (
    None
):
    """Story: a leftover, read again after a failed poll: no part came."""
    story = Story(part_code=RABBIT)
    story.scan(1)
    story.fails(2)

    assert story.comes_back(2.5, part_code=RABBIT) == ()
    assert story.run.state is RunState.ARMED


def test_a_reason_in_a_later_message_is_waited_for_until_the_time_is_over() -> None:
    """D31: the bit first, the code a scan later; once it is told, the settle time is enough."""
    story = story_of(a_rule(reject_code=CODE, settle_s=0.3), code=12)
    story.scan(1)
    story.poll(2, part_code=RABBIT)
    rejected = story.poll(3, rejected=True)

    assert rejected == (story.run.deadline,)
    assert deadlines(rejected) == [("verdict", 7)]
    assert story.poll(3.05) == ()
    told = story.poll(3.1, reject_code=12)
    assert told == (story.run.deadline,)
    assert deadlines(told) == [("verdict", 3.3)]
    assert kinds(story.time_over()) == ["VerdictReached"]
    assert story.verdict == "detected"


def test_a_reason_that_is_not_told_in_time_ends_it_stale() -> None:
    story = story_of(a_rule(reject_code=CODE), code=12)
    story.scan(1)
    story.poll(2, part_code=RABBIT)
    story.poll(3, rejected=True)

    assert story.run.deadline == SetDeadline(kind=DeadlineKind.VERDICT, at=at(7))
    assert kinds(story.time_over()) == ["VerdictReached"]
    assert story.verdict == "inconclusive stale"


# The part comes back (L5) ------------------------------------------------------------------------


def test_another_part_given_back_is_refused() -> None:
    """B25: a wrong scan is named."""
    story = told_up_to(RunState.AWAITING_RETURN)

    with pytest.raises(Refusal) as refusal:
        story.give_back(10, OTHER_RABBIT)

    assert refusal.value.code == "wrong_part_back"
    assert refusal.value.params == {"scanned": OTHER_RABBIT, "expected": RABBIT}


def test_a_rabbit_not_brought_back_raises_the_alarm_once_and_keeps_the_run_open() -> None:
    """Story: a rabbit not brought back."""
    story = told_up_to(RunState.AWAITING_RETURN)

    assert kinds(story.time_over()) == ["PartNotReturned"]
    assert story.event(DeadlineExpired(at=at(500), kind=DeadlineKind.RETURN)) == ()
    with pytest.raises(Refusal):
        story.confirm(500)

    story.give_back(600)
    story.confirm(601)
    assert story.outcome == "passed"


def test_a_late_return_still_leaves_time_to_confirm() -> None:
    story = told_up_to(RunState.AWAITING_RETURN)

    assert deadlines(story.give_back(895)) == [("confirmation", 1015)]


# Deadlines in each state -----------------------------------------------------------------------


def test_a_part_never_taken_closes_the_run_as_aborted() -> None:
    story = Story()
    story.time_over()

    assert story.effects == [
        RunClosed(
            at=at(900),
            outcome=Outcome.ABORTED,
            reason=StopReason(code=StopCode.NOT_STARTED),
            confirmed_by=None,
        )
    ]


def test_a_part_taken_but_not_presented_must_come_back() -> None:
    story = told_up_to(RunState.ARMED)
    effects = story.time_over()

    assert effects[0] == RunStopped(
        at=at(61),
        outcome=Outcome.ABORTED,
        reason=StopReason(code=StopCode.NOT_PRESENTED),
        actor=None,
    )
    assert deadlines(effects) == [("return", 181)]
    story.give_back(70)
    story.confirm(71)
    assert story.outcome == "aborted"


def test_a_pass_that_nobody_confirms_does_not_count() -> None:
    """D4: a pass counts only when the part is back and the run confirmed."""
    story = told_up_to(RunState.AWAITING_CONFIRMATION)
    story.time_over()

    assert story.effects[-1] == RunClosed(
        at=at(900),
        outcome=Outcome.ABORTED,
        reason=StopReason(code=StopCode.NOT_CONFIRMED),
        confirmed_by=None,
    )


def test_a_miss_that_nobody_confirms_stays_a_miss() -> None:
    story = told_up_to(RunState.PRESENTED)
    story.poll(3, accepted=True)
    story.give_back(10)
    story.time_over()

    assert story.outcome == "failed"


def test_the_reason_of_a_stop_outlives_the_missing_confirmation() -> None:
    story = told_up_to(RunState.ARMED)
    story.abort(5, "fixture jammed")
    story.give_back(10)
    story.time_over()

    closed = story.effects[-1]
    assert isinstance(closed, RunClosed)
    assert (closed.outcome, closed.reason) == (
        Outcome.ABORTED,
        StopReason(code=StopCode.PERSON, text="fixture jammed"),
    )


@pytest.mark.parametrize("state", RunState)
@pytest.mark.parametrize("kind", DeadlineKind)
def test_only_the_deadline_set_last_can_be_over_and_not_before_its_time(
    state: RunState, kind: DeadlineKind
) -> None:
    """A timer of an earlier state that fires late changes nothing."""
    story = told_up_to(state)
    before = story.run
    ours = before.deadline is not None and kind is before.deadline.kind
    too_early = before.deadline.at - timedelta(microseconds=1) if before.deadline else at(0)

    assert story.event(DeadlineExpired(at=too_early if ours else at(100_000), kind=kind)) == ()
    assert story.run is before


# Restart in each state (D4, L3) -----------------------------------------------------------------


@pytest.mark.parametrize(
    "state", [RunState.AWAITING_PART, RunState.AWAITING_CONFIRMATION, RunState.CLOSED]
)
def test_a_restart_while_nothing_is_watched_changes_nothing(state: RunState) -> None:
    story = told_up_to(state)
    before = story.run

    assert story.restart(12) == ()
    assert story.run is before


def test_a_restart_of_an_armed_run_ends_it_inconclusive_once_the_part_is_back() -> None:
    """It may have been presented while nobody watched."""
    story = told_up_to(RunState.ARMED)
    effects = story.restart(5)

    assert effects[0] == RunStopped(
        at=at(5),
        outcome=Outcome.INCONCLUSIVE,
        reason=StopReason(code=StopCode.RESTARTED),
        actor=None,
    )
    story.poll(6, part_code=RABBIT)
    story.poll(7, rejected=True)
    assert story.verdicts == []
    story.give_back(10)
    story.confirm(11)
    assert story.outcome == "inconclusive"


def test_a_restart_in_mid_presentation_is_inconclusive() -> None:
    """L3."""
    story = told_up_to(RunState.PRESENTED)
    story.restart(3)
    story.poll(4, rejected=True)

    assert story.verdict == "inconclusive restarted"


def test_a_verdict_reached_before_the_restart_stays_and_the_part_must_come_back() -> None:
    story = told_up_to(RunState.AWAITING_RETURN)

    assert story.restart(4) == ()
    assert story.poll(5, accepted=True) == ()
    story.give_back(10)
    story.confirm(11)
    assert (story.verdict, story.outcome) == ("detected", "passed")


# What was not recorded ---------------------------------------------------------------------------

BOTH = pytest.mark.parametrize("why", [Why.NOT_RECORDABLE, Why.NOT_RECORDED])


@BOTH
def test_an_armed_run_that_was_not_recorded_ends_inconclusive_once_the_part_is_back(
    why: Literal[Why.NOT_RECORDABLE, Why.NOT_RECORDED],
) -> None:
    """K3, L3: the part may have been presented, and nobody can tell any more."""
    story = told_up_to(RunState.ARMED)
    effects = story.not_recorded(5, why)

    assert effects[0] == RunStopped(
        at=at(5),
        outcome=Outcome.INCONCLUSIVE,
        reason=StopReason(code=StopCode(why.value)),
        actor=None,
    )
    story.poll(6, part_code=RABBIT)
    story.poll(7, rejected=True)
    assert story.verdicts == []
    story.give_back(10)
    story.confirm(11)
    assert story.outcome == "inconclusive"


@BOTH
def test_a_presentation_that_was_not_recorded_is_inconclusive(
    why: Literal[Why.NOT_RECORDABLE, Why.NOT_RECORDED],
) -> None:
    story = told_up_to(RunState.PRESENTED)
    story.not_recorded(3, why)
    story.poll(4, rejected=True)

    assert story.verdict == f"inconclusive {why.value}"
    assert story.run.state is RunState.AWAITING_RETURN


@pytest.mark.parametrize("state", [RunState.AWAITING_PART, RunState.AWAITING_CONFIRMATION])
def test_what_can_not_be_recorded_ends_a_run_whose_part_is_in_its_place(state: RunState) -> None:
    story = told_up_to(state)
    (closed,) = story.not_recorded(30)

    assert closed == RunClosed(
        at=at(30),
        outcome=Outcome.INCONCLUSIVE,
        reason=StopReason(code=StopCode.NOT_RECORDABLE),
        confirmed_by=None,
    )
    assert story.run.state is RunState.CLOSED


def test_a_stop_before_what_can_not_be_recorded_stays() -> None:
    story = told_up_to(RunState.ARMED)
    story.abort(5)
    story.give_back(6)
    story.not_recorded(7)
    assert story.outcome == "aborted"


@pytest.mark.parametrize("state", [RunState.AWAITING_PART, RunState.AWAITING_CONFIRMATION])
def test_a_run_whose_part_is_in_its_place_goes_on_after_a_while_without_records(
    state: RunState,
) -> None:
    story = told_up_to(state)
    before = story.run
    assert story.not_recorded(30, Why.NOT_RECORDED) == ()
    assert story.run is before


# Abort in each state ------------------------------------------------------------------------------


def test_an_abort_before_the_part_is_taken_closes_the_run_and_names_who() -> None:
    story = Story()
    stopped, closed = story.abort(1)

    assert stopped == RunStopped(
        at=at(1),
        outcome=Outcome.ABORTED,
        reason=StopReason(code=StopCode.PERSON, text="fixture jammed"),
        actor=ANNA,
    )
    assert closed == RunClosed(
        at=at(1),
        outcome=Outcome.ABORTED,
        reason=StopReason(code=StopCode.PERSON, text="fixture jammed"),
        confirmed_by=None,
    )


def test_an_abort_of_an_armed_run_waits_for_the_part() -> None:
    story = told_up_to(RunState.ARMED)
    assert kinds(story.abort(2)) == ["RunStopped"]

    assert story.run.state is RunState.AWAITING_RETURN
    assert deadlines((story.run.deadline,) if story.run.deadline else ()) == [("return", 122)]
    story.give_back(3)
    story.confirm(4)
    assert story.outcome == "aborted"


def test_an_abort_in_mid_presentation_is_inconclusive_and_waits_for_the_part() -> None:
    """D4: it counts as inconclusive, so that nobody shops around a miss by giving up."""
    story = told_up_to(RunState.PRESENTED)
    effects = story.abort(3)

    assert kinds(effects) == ["VerdictReached", "RunStopped"]
    assert story.verdict == "inconclusive aborted"
    story.give_back(4)
    story.confirm(5)
    assert story.outcome == "inconclusive"


def test_an_abort_after_the_device_accepted_does_not_undo_the_miss() -> None:
    story = story_of(a_rule(settle_s=2))
    story.scan(1)
    story.poll(2, part_code=RABBIT)
    story.poll(3, accepted=True)
    story.abort(3.5)

    assert story.verdict == "missed"
    story.give_back(4)
    story.confirm(5)
    assert story.outcome == "failed"


def test_an_abort_between_the_answer_and_the_label_undoes_no_miss() -> None:
    """D29: whose answer it was is told by the next reading, so the abort waits for it."""
    story = story_of(a_rule())
    story.scan(1)
    story.poll(2, part_code=RABBIT)
    story.observe(an_acquisition(3, {ACCEPTED: True}, request_of={PART: 0, ACCEPTED: 1}))
    with pytest.raises(Refusal) as refusal:
        story.abort(3.05)
    assert refusal.value.code == "answer_open"

    story.poll(3.1)
    story.abort(3.2)
    story.give_back(4)
    story.confirm(5)
    assert (story.verdict, story.outcome) == ("missed", "failed")


def test_an_abort_after_the_verdict_keeps_it_but_the_run_has_not_passed() -> None:
    story = told_up_to(RunState.AWAITING_RETURN)
    assert kinds(story.abort(5)) == ["RunStopped"]
    with pytest.raises(Refusal) as refusal:
        story.abort(6)
    story.give_back(10)
    story.confirm(11)

    assert refusal.value.code == "already_stopped"
    assert (story.verdict, story.outcome) == ("detected", "aborted")


def test_a_run_given_up_after_a_good_step_asks_for_no_further_part() -> None:
    story = Story(a_run(an_expectation(), an_expectation(part=MASTER)))
    story.scan(1)
    story.poll(2, part_code=RABBIT)
    story.poll(3, rejected=True)
    story.abort(4)
    story.give_back(10)

    assert story.run.state is RunState.AWAITING_CONFIRMATION


def test_an_abort_in_place_of_the_confirmation_closes_the_run_as_aborted() -> None:
    story = told_up_to(RunState.AWAITING_CONFIRMATION)

    assert kinds(story.abort(12)) == ["RunStopped", "RunClosed"]
    assert story.outcome == "aborted"


def test_an_abort_in_place_of_the_confirmation_does_not_undo_a_miss() -> None:
    story = told_up_to(RunState.PRESENTED)
    story.poll(3, accepted=True)
    story.give_back(10)
    story.abort(11)

    assert story.outcome == "failed"


# Refusals -------------------------------------------------------------------------------------------

PERSONS: dict[str, Event] = {
    "scan": Scanned(at=at(20), code=RABBIT, actor=ANNA, readings={}),
    "presented": Tapped(at=at(20), actor=ANNA),
    "feed_held": SaidHeld(at=at(2), actor=ANNA),
    "not_the_part": Disowned(at=at(2.5), actor=ANNA),
    "given_back": GivenBack(at=at(20), code=RABBIT, actor=ANNA),
    "confirm": Confirmed(at=at(20), actor=ANNA),
    "abort": Aborted(at=at(20), actor=ANNA, reason="enough"),
}


MAY_DO: dict[RunState, set[str]] = {
    RunState.AWAITING_PART: {"scan", "abort"},
    RunState.ARMED: {"presented", "feed_held", "abort"},
    RunState.PRESENTED: {"not_the_part", "abort"},
    RunState.AWAITING_RETURN: {"given_back", "abort"},
    RunState.AWAITING_CONFIRMATION: {"confirm", "abort"},
    RunState.CLOSED: set(),
}
"""Written out, not read off the transitions: a row too many there must be seen here."""


@pytest.mark.parametrize(
    ("state", "act"),
    [(state, act) for state, acts in MAY_DO.items() for act in PERSONS if act not in acts],
)
def test_what_a_person_may_not_do_now_is_refused_by_name(state: RunState, act: str) -> None:
    """L5, B23: above all, nothing closes a run while its part is out."""
    story = told_up_to(state)
    before = story.run
    is_judged = before.step.judgement is not None and act == "not_the_part"

    with pytest.raises(Refusal) as refusal:
        story.event(PERSONS[act])

    assert refusal.value.code == ("answer_came" if is_judged else "not_now")
    told = {"run": "line1-R-1", "state": state.value, "act": act}
    assert refusal.value.params == ({"run": "line1-R-1"} if is_judged else told)
    assert story.run is before


@pytest.mark.parametrize(
    ("state", "act"), [(state, act) for state, acts in MAY_DO.items() for act in sorted(acts)]
)
def test_what_a_person_may_do_now_moves_the_run(state: RunState, act: str) -> None:
    """D2: only where the station tells itself that the part is there, nobody else may."""
    story = told_up_to(state)
    if act in {"presented", "feed_held"}:
        story = story_of(BY_TAP if act == "presented" else SAID_HELD)
        story.scan(1)
    before = story.run

    effects = story.event(PERSONS[act])
    assert effects or act == "not_the_part"  # which waits for the next reading
    assert story.run is not before


def test_a_new_run_must_be_started_before_it_expires() -> None:
    run, deadline = start_deadline(a_run(deadline=None))

    assert run.deadline == deadline
    assert (deadline.kind, deadline.at) == (DeadlineKind.START, run.expires_at)


def test_a_restart_changes_nothing_in_a_run_that_is_closed() -> None:
    closed = told_up_to(RunState.CLOSED).run

    assert advance(closed, Restarted(at=at(20))) == (closed, ())
    assert advance(closed, NotRecorded(at=at(20), why=Why.NOT_RECORDABLE)) == (closed, ())


# What people must not be quicker than (decision 0024); the laws stand in `test_run_open_verdict` ------


def test_a_verdict_that_is_taken_back_ends_a_run_that_waits_for_its_next_part() -> None:
    story = Story(a_run(an_expectation(), an_expectation(part=MASTER)))
    story.scan(1)
    story.poll(2, part_code=RABBIT)
    story.poll(3, rejected=True)
    story.give_back(3.1)

    assert kinds(story.poll(3.5, accepted=True)) == ["VerdictContradicted"]
    assert story.run.state is RunState.AWAITING_CONFIRMATION
    assert story.run.deadline is not None
    assert story.run.deadline.kind is DeadlineKind.CONFIRMATION


# What the operator tells before ---------------------------------------------------------------------


def test_the_part_is_taken_once_its_nest_is_told_and_known_by_it() -> None:
    """D29, D33; the laws of nests stand in `test_part_told`."""
    story = Table()
    with pytest.raises(Refusal) as refused:
        story.scan(0.2)
    assert refused.value.code == "not_told"
    assert kinds(story.tell(0.5, "nest", "3")) == ["PartTold"]
    assert kinds(story.scan(1)) == ["PartIssued"]
    assert kinds(story.read(1.5, part_present=True, nest=3)) == [], "under way at the scan"
    story.read(2, part_present=False)
    (presented,) = (e for e in story.read(3, part_present=True) if isinstance(e, PartPresented))
    assert presented.how is Presented.NEST
    with pytest.raises(Refusal) as late:
        story.tell(4, "nest", "3")
    assert (late.value.code, late.value.params["act"]) == ("not_now", "tell")

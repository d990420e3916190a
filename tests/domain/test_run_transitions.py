"""Runs told as stories: event, expected effects, event… and laws over random ones."""

from dataclasses import replace
from datetime import timedelta

import pytest

from redrabbit.domain.errors import Refusal
from redrabbit.domain.evidence import Presented
from redrabbit.domain.observation import Reason, Value
from redrabbit.domain.rule import DetectionRule, Equals, Increases, OnSilence, Rises
from redrabbit.domain.run import (
    Aborted,
    Confirmed,
    DeadlineExpired,
    DeadlineKind,
    Event,
    GivenBack,
    Outcome,
    PartIssued,
    PartPresented,
    Restarted,
    Run,
    RunClosed,
    RunState,
    RunStopped,
    Scanned,
    Tapped,
    VerdictContradicted,
    VerdictReached,
)
from redrabbit.domain.run_transitions import TRANSITIONS, advance, outcome_of, start_deadline
from redrabbit.domain.verdict import Verdict, Why, inconclusive
from tests.builders import (
    ACCEPTED,
    ANNA,
    CODE,
    COUNT,
    MASTER,
    OTHER_RABBIT,
    PRESENT,
    RABBIT,
    REJECTED,
    Story,
    a_rule,
    a_run,
    an_expectation,
    at,
    deadlines,
    kinds,
)

BY_EDGE = a_rule(part_code=None, presented=Rises(signal=PRESENT))
BY_TAP = a_rule(part_code=None)
"""A station that can't tell when a part is before it."""
LEVELS = a_rule(
    detected=Equals(signal=REJECTED, value=True), accepted=Equals(signal=ACCEPTED, value=True)
)


def story_of(rule: DetectionRule, code: Value | None = None, **idle: Value) -> Story:
    """The story of one rabbit under this rule."""
    return Story(a_run(an_expectation(rule, code=code)), **idle)


def messages_of(rule: DetectionRule, every_s: float | None = 2.0, **idle: Value) -> Story:
    """The story of one rabbit at a station that publishes to a broker, told up to its scan."""
    story = Story(a_run(an_expectation(rule, every_s=every_s, messages=True)), **idle)
    story.scan(1)
    story.message(1.5, rejected=False, accepted=False)
    return story


def in_state(state: RunState) -> Story:
    """The story of one rabbit, told up to this state."""
    story = Story()
    if state is RunState.AWAITING_PART:
        return story
    story.scan(1)
    if state is RunState.ARMED:
        return story
    story.poll(2, part_code=RABBIT)
    if state is RunState.PRESENTED:
        return story
    story.poll(3, rejected=True)
    if state is RunState.AWAITING_RETURN:
        return story
    story.give_back(10)
    if state is RunState.AWAITING_CONFIRMATION:
        return story
    story.confirm(11)
    return story


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
    story = in_state(RunState.AWAITING_RETURN)

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

    assert kinds(story.poll(4, part_present=True)) == ["PartPresented"]
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


# Evidence in a run --------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", [a_rule(), LEVELS], ids=["edges", "levels"])
@pytest.mark.parametrize("bit", ["rejected", "accepted"])
def test_a_bit_already_set_before_the_part_is_stuck(rule: DetectionRule, bit: str) -> None:
    """Story: a "passed" or "rejected" bit left over from the last run (R16)."""
    story = story_of(rule, **{bit: True})
    story.scan(1)
    story.poll(2, part_code=RABBIT)
    story.polls(2.5, 7.5)

    assert story.verdict == "inconclusive stuck"


def test_a_leftover_that_is_cleared_as_the_part_comes_does_not_hide_the_answer() -> None:
    story = Story(accepted=True)
    story.scan(1)
    story.poll(2, part_code=RABBIT, accepted=False)
    story.poll(3, rejected=True)

    assert story.verdict == "detected"


def test_both_bits_in_the_same_poll_contradict_each_other() -> None:
    story = in_state(RunState.PRESENTED)
    story.poll(3, rejected=True, accepted=True)

    assert story.verdict == "inconclusive contradictory"


def test_an_acceptance_shortly_after_the_rejection_takes_the_detection_back() -> None:
    """Story: accept shortly after reject (R16)."""
    story = in_state(RunState.AWAITING_RETURN)

    assert story.poll(3.5, accepted=True) == (VerdictContradicted(at=at(3.5), step=0),)
    assert story.run.step.judgement == inconclusive(Why.CONTRADICTORY, at(3.5))
    assert story.poll(4, accepted=False) == ()
    story.give_back(10)
    story.confirm(11)
    assert story.outcome == "inconclusive"


def test_a_rejection_shortly_after_a_good_masters_acceptance_takes_it_back() -> None:
    story = Story(a_run(an_expectation(part=MASTER)))
    story.scan(1, MASTER)
    story.poll(2, part_code=MASTER)
    story.poll(3, accepted=True)

    assert kinds(story.poll(3.5, rejected=True)) == ["VerdictContradicted"]
    story.give_back(10, MASTER)
    story.confirm(11)
    assert story.outcome == "inconclusive"


def test_a_rejection_after_a_miss_leaves_it_a_miss() -> None:
    """D4: a miss acts at once."""
    story = in_state(RunState.PRESENTED)
    story.poll(3, accepted=True)

    assert story.poll(3.5, rejected=True) == ()
    assert story.verdict == "missed"


def test_an_acceptance_after_the_deadline_contradicts_nothing() -> None:
    story = in_state(RunState.AWAITING_RETURN)
    story.polls(3.5, 7)

    assert story.poll(7.1, accepted=True) == ()


@pytest.mark.parametrize(
    "rule", [a_rule(), BY_EDGE], ids=["told by its code", "told by its presence"]
)
def test_the_next_part_being_accepted_contradicts_nothing(rule: DetectionRule) -> None:
    story = story_of(rule)
    story.scan(1)
    story.poll(2, part_code=RABBIT, part_present=True)
    story.poll(3, rejected=True)
    story.poll(3.5, part_code="", part_present=False, rejected=False)

    assert story.poll(4, part_code="P-4711", part_present=True, accepted=True) == ()
    assert story.poll(4.5, accepted=False) == ()
    assert story.poll(5, accepted=True) == ()
    assert story.verdict == "detected"


def test_a_tap_only_station_can_not_contradict_itself_later() -> None:
    """It can't tell the next part from ours."""
    story = story_of(BY_TAP)
    story.scan(1)
    story.poll(1.9)
    story.tap(2)
    story.poll(3, rejected=True)

    assert story.poll(3.5, accepted=True) == ()


def test_a_wrong_reject_code_is_no_detection() -> None:
    """L2."""
    story = story_of(a_rule(reject_code=CODE), code=12)
    story.scan(1)
    story.poll(2, part_code=RABBIT)
    story.poll(3, rejected=True, reject_code=31)

    assert story.verdict == "inconclusive wrong_reject_code"


def test_a_reason_in_a_later_message_is_waited_for_but_no_longer_than_the_settle_time() -> None:
    story = story_of(a_rule(reject_code=CODE, settle_s=0.3), code=12)
    story.scan(1)
    story.poll(2, part_code=RABBIT)
    rejected = story.poll(3, rejected=True)

    assert rejected == (story.run.deadline,)
    assert deadlines(rejected) == [("verdict", 3.3)]
    assert story.poll(3.1, reject_code=12) == ()
    assert kinds(story.time_over()) == ["VerdictReached"]
    assert story.verdict == "detected"


def test_a_code_that_is_unknown_at_the_verdict_is_no_detection() -> None:
    story = messages_of(a_rule(reject_code=CODE, settle_s=0.3))
    story.message(2, part_code=RABBIT)
    story.message(3, rejected=True)
    story.time_over()

    assert story.verdict == "inconclusive stale"


def test_the_reason_for_the_next_part_is_not_taken_for_ours() -> None:
    """L2: the settle time is not over when the next part comes, with its own reason."""
    story = story_of(a_rule(reject_code=CODE, settle_s=2), code=12)
    story.scan(1)
    story.poll(2, part_code=RABBIT)
    story.poll(3, rejected=True)
    story.poll(3.5, part_code="P-4711", reject_code=12)

    assert story.verdict == "inconclusive wrong_reject_code"


@pytest.mark.parametrize(
    "rule", [a_rule(), BY_EDGE], ids=["told by its code", "told by its presence"]
)
def test_another_part_before_the_answer_ends_it_inconclusive(rule: DetectionRule) -> None:
    """Story: another part before the answer; not even an answer in the same poll is ours (L3)."""
    story = story_of(rule)
    story.scan(1)
    story.poll(2, part_code=RABBIT, part_present=True)
    story.poll(3, part_code="", part_present=False)
    story.poll(4, part_code="P-4711", part_present=True, rejected=True)

    assert story.verdict == "inconclusive wrong_part"


def test_our_part_shown_again_before_the_answer_ends_it_inconclusive() -> None:
    """L10: a second pass must not answer for the first ("operators pass it again until…")."""
    story = in_state(RunState.PRESENTED)
    story.poll(3, part_code="")
    story.poll(4, part_code=RABBIT)

    assert story.verdict == "inconclusive wrong_part"


def test_our_parts_code_read_again_after_a_failed_poll_is_the_same_presentation() -> None:
    story = in_state(RunState.PRESENTED)
    story.fails(2.5)
    story.comes_back(3, part_code=RABBIT)
    story.poll(3.5, rejected=True)

    assert story.verdict == "detected"


def test_a_retained_message_is_no_answer() -> None:
    """Story: a retained MQTT message (D7)."""
    story = messages_of(a_rule())
    story.message(2, part_code=RABBIT)
    story.message(3, fresh=False, rejected=True)
    for seconds in (3.5, 5, 6.5, 7.5):
        story.message(seconds, rejected=False, accepted=False)

    assert story.verdict == "inconclusive stale"


def test_a_retained_code_presents_nothing() -> None:
    story = messages_of(a_rule())

    assert story.message(2, fresh=False, part_code=RABBIT) == ()
    assert story.run.state is RunState.ARMED


def test_the_first_word_of_a_station_that_speaks_only_on_change_is_a_new_part() -> None:
    story = messages_of(a_rule(), every_s=None)
    story.readings = {}

    assert kinds(story.message(2, part_code=RABBIT)) == ["PartPresented"]


def test_a_duplicated_message_reaches_one_verdict() -> None:
    """B12."""
    story = messages_of(a_rule())
    story.message(2, part_code=RABBIT)
    story.message(2, part_code=RABBIT)
    story.message(3, rejected=True)
    story.message(3, rejected=True)

    assert story.verdict == "detected"


@pytest.mark.parametrize(
    ("on_silence", "verdict"),
    [(OnSilence.MISSED, "missed"), (OnSilence.INCONCLUSIVE, "inconclusive no_result")],
)
def test_silence_to_the_end_means_what_the_rule_says(on_silence: OnSilence, verdict: str) -> None:
    """L3, D3: at the first reading after the deadline, not before."""
    story = story_of(a_rule(on_silence=on_silence))
    story.scan(1)
    story.poll(2, part_code=RABBIT)
    story.polls(2.5, 7)
    assert story.verdicts == []
    story.poll(7.5)

    assert story.verdict == verdict


def test_silence_on_a_lost_link_is_inconclusive() -> None:
    story = in_state(RunState.PRESENTED)
    story.poll(2.5)
    story.fails(3)
    story.fails(4)
    assert story.verdicts == []
    story.fails(4.6)

    assert story.verdict == "inconclusive link_lost"


def test_a_poller_that_hangs_is_inconclusive_when_time_is_over() -> None:
    story = in_state(RunState.PRESENTED)
    story.poll(2.5)
    story.time_over()

    assert story.verdict == "inconclusive link_lost"


def test_a_link_lost_for_long_in_mid_presentation_stays_lost_when_it_is_back() -> None:
    story = in_state(RunState.PRESENTED)
    story.fails(3)
    story.comes_back(5, part_code=RABBIT, rejected=False)

    assert story.verdict == "inconclusive link_lost"


def test_a_broker_link_lost_in_mid_presentation_is_inconclusive_however_short() -> None:
    story = messages_of(a_rule())
    story.message(2, part_code=RABBIT)
    story.fails(2.1, Reason.NOT_CONNECTED)

    assert story.verdict == "inconclusive link_lost"


def test_an_answer_exactly_at_the_deadline_is_in_time() -> None:
    story = in_state(RunState.PRESENTED)
    story.polls(2.5, 6.5)
    story.poll(7, rejected=True)

    assert story.verdict == "detected"


def test_an_answer_after_the_deadline_is_no_detection() -> None:
    """Story: a late answer after `within`."""
    story = in_state(RunState.PRESENTED)
    story.polls(2.5, 6.5)
    story.poll(7.1, rejected=True)

    assert story.verdict == "inconclusive no_result"


def test_a_pulse_shorter_than_the_poll_is_not_guessed_at() -> None:
    """Story: a result pulse shorter than the poll; the rule says what its silence means."""
    story = story_of(a_rule(on_silence=OnSilence.INCONCLUSIVE))
    story.scan(1)
    story.poll(2, part_code=RABBIT)
    story.polls(2.5, 7.5)

    assert story.verdict == "inconclusive no_result"


def test_a_counter_that_rises_is_the_rejection() -> None:
    story = story_of(a_rule(detected=Increases(signal=COUNT), accepted=None))
    story.scan(1)
    story.poll(2, part_code=RABBIT)
    story.poll(3, good_count=101)

    assert story.verdict == "detected"


def test_a_counter_reset_in_mid_presentation_is_no_miss() -> None:
    """Story: the counter reset in mid-window."""
    story = story_of(a_rule(detected=Increases(signal=COUNT), accepted=None))
    story.scan(1)
    story.poll(2, part_code=RABBIT)
    story.poll(3, good_count=0)
    story.poll(4, good_count=1)
    story.polls(4.5, 7.5)

    assert story.verdict == "inconclusive stale"


# The first presentation decides (L10) -------------------------------------------------------------


def test_missed_then_detected_on_retry_is_kept_beside_and_changes_nothing() -> None:
    """Story: operators pass it again until it is found (R18)."""
    story = in_state(RunState.PRESENTED)
    story.poll(3, accepted=True)
    story.poll(4, part_code="", accepted=False)
    again = story.poll(5, part_code=RABBIT)
    judged = story.poll(6, rejected=True)

    assert again == (PartPresented(at=at(5), step=0, attempt=2, how=Presented.CODE),)
    reached = judged[0]
    assert isinstance(reached, VerdictReached)
    assert (reached.attempt, reached.decides) == (2, False)
    assert story.verdicts == ["missed", "detected"]
    story.give_back(10)
    story.confirm(11)
    assert story.outcome == "failed"


def test_a_detected_part_shown_again_at_once_is_kept_beside_as_well() -> None:
    """R18: every presentation is recorded, in the time of the first one's deadline, too."""
    story = in_state(RunState.AWAITING_RETURN)
    story.poll(3.5, part_code="", rejected=False)

    assert kinds(story.poll(4, part_code=RABBIT)) == ["PartPresented"]
    assert kinds(story.poll(5, accepted=True)) == ["VerdictReached"]
    assert story.verdicts == ["detected", "missed"]
    story.give_back(10)
    story.confirm(11)
    assert story.outcome == "passed"


def test_a_third_presentation_ends_the_second_one_that_had_no_answer_yet() -> None:
    story = in_state(RunState.AWAITING_RETURN)
    story.poll(4, part_code="", rejected=False)
    story.poll(5, part_code=RABBIT)
    story.poll(6, part_code="")
    effects = story.poll(7, part_code=RABBIT)

    assert kinds(effects) == ["VerdictReached", "PartPresented"]
    assert story.verdicts == ["detected", "inconclusive wrong_part"]
    assert story.run.step.attempts == 3


def test_a_later_presentation_that_is_still_open_when_the_part_is_back_has_no_result() -> None:
    story = in_state(RunState.AWAITING_RETURN)
    story.poll(4, part_code="", rejected=False)
    story.poll(5, part_code=RABBIT)
    assert story.poll(5.5) == ()

    assert kinds(story.give_back(6)) == ["VerdictReached", "PartReturned"]
    assert story.verdicts == ["detected", "inconclusive no_result"]


def test_a_later_presentation_answered_but_not_settled_keeps_its_answer() -> None:
    story = story_of(a_rule(settle_s=2))
    story.scan(1)
    story.poll(2, part_code=RABBIT)
    story.poll(3, accepted=True)
    story.time_over()
    story.poll(5.5, part_code="", accepted=False)
    story.poll(6, part_code=RABBIT)
    story.poll(6.5, rejected=True)
    story.give_back(7)

    assert story.verdicts == ["missed", "detected"]


def test_another_part_at_the_station_is_no_later_presentation_of_ours() -> None:
    story = in_state(RunState.AWAITING_RETURN)

    assert story.poll(30, part_code="P-4711") == ()


# The part comes back (L5) ------------------------------------------------------------------------


def test_another_part_given_back_is_refused() -> None:
    """B25: a wrong scan is named."""
    story = in_state(RunState.AWAITING_RETURN)

    with pytest.raises(Refusal) as refusal:
        story.give_back(10, OTHER_RABBIT)

    assert refusal.value.code == "wrong_part_back"
    assert refusal.value.params == {"scanned": OTHER_RABBIT, "expected": RABBIT}


def test_a_rabbit_not_brought_back_raises_the_alarm_once_and_keeps_the_run_open() -> None:
    """Story: a rabbit not brought back."""
    story = in_state(RunState.AWAITING_RETURN)

    assert kinds(story.time_over()) == ["PartNotReturned"]
    assert story.run.not_returned
    assert story.event(DeadlineExpired(at=at(500), kind=DeadlineKind.RETURN)) == ()
    with pytest.raises(Refusal):
        story.confirm(500)

    story.give_back(600)
    assert not story.run.not_returned
    story.confirm(601)
    assert story.outcome == "passed"


def test_a_late_return_still_leaves_time_to_confirm() -> None:
    story = in_state(RunState.AWAITING_RETURN)

    assert deadlines(story.give_back(895)) == [("confirmation", 1015)]


# Deadlines in each state -----------------------------------------------------------------------


def test_a_part_never_taken_closes_the_run_as_aborted() -> None:
    story = Story()
    story.time_over()

    assert story.effects == [
        RunClosed(at=at(900), outcome=Outcome.ABORTED, reason="not_started", confirmed_by=None)
    ]


def test_a_part_taken_but_not_presented_must_come_back() -> None:
    story = in_state(RunState.ARMED)
    effects = story.time_over()

    assert effects[0] == RunStopped(
        at=at(61), outcome=Outcome.ABORTED, reason="not_presented", actor=None
    )
    assert deadlines(effects) == [("return", 181)]
    story.give_back(70)
    story.confirm(71)
    assert story.outcome == "aborted"


def test_a_pass_that_nobody_confirms_does_not_count() -> None:
    """D4: a pass counts only when the part is back and the run confirmed."""
    story = in_state(RunState.AWAITING_CONFIRMATION)
    story.time_over()

    assert story.effects[-1] == RunClosed(
        at=at(900), outcome=Outcome.ABORTED, reason="not_confirmed", confirmed_by=None
    )


def test_a_miss_that_nobody_confirms_stays_a_miss() -> None:
    story = in_state(RunState.PRESENTED)
    story.poll(3, accepted=True)
    story.give_back(10)
    story.time_over()

    assert story.outcome == "failed"


def test_the_reason_of_a_stop_outlives_the_missing_confirmation() -> None:
    story = in_state(RunState.ARMED)
    story.abort(5, "fixture jammed")
    story.give_back(10)
    story.time_over()

    closed = story.effects[-1]
    assert isinstance(closed, RunClosed)
    assert (closed.outcome, closed.reason) == (Outcome.ABORTED, "fixture jammed")


@pytest.mark.parametrize("state", RunState)
@pytest.mark.parametrize("kind", DeadlineKind)
def test_only_the_deadline_set_last_can_be_over_and_not_before_its_time(
    state: RunState, kind: DeadlineKind
) -> None:
    """A timer of an earlier state that fires late changes nothing."""
    story = in_state(state)
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
    story = in_state(state)
    before = story.run

    assert story.restart(12) == ()
    assert story.run is before


def test_a_restart_of_an_armed_run_ends_it_inconclusive_once_the_part_is_back() -> None:
    """It may have been presented while nobody watched."""
    story = in_state(RunState.ARMED)
    effects = story.restart(5)

    assert effects[0] == RunStopped(
        at=at(5), outcome=Outcome.INCONCLUSIVE, reason="restarted", actor=None
    )
    story.poll(6, part_code=RABBIT)
    story.poll(7, rejected=True)
    assert story.verdicts == []
    story.give_back(10)
    story.confirm(11)
    assert story.outcome == "inconclusive"


def test_a_restart_in_mid_presentation_is_inconclusive() -> None:
    """L3."""
    story = in_state(RunState.PRESENTED)
    story.restart(3)
    story.poll(4, rejected=True)

    assert story.verdict == "inconclusive restarted"


def test_a_verdict_reached_before_the_restart_stays_and_the_part_must_come_back() -> None:
    story = in_state(RunState.AWAITING_RETURN)

    assert story.restart(4) == ()
    assert story.poll(5, accepted=True) == ()
    story.give_back(10)
    story.confirm(11)
    assert (story.verdict, story.outcome) == ("detected", "passed")


def test_a_restart_ends_a_later_presentation_that_was_under_way() -> None:
    story = in_state(RunState.AWAITING_RETURN)
    story.poll(4, part_code="", rejected=False)
    story.poll(5, part_code=RABBIT)

    assert kinds(story.restart(6)) == ["VerdictReached"]
    assert story.verdicts == ["detected", "inconclusive restarted"]


# Abort in each state ------------------------------------------------------------------------------


def test_an_abort_before_the_part_is_taken_closes_the_run_and_names_who() -> None:
    story = Story()
    stopped, closed = story.abort(1)

    assert stopped == RunStopped(
        at=at(1), outcome=Outcome.ABORTED, reason="fixture jammed", actor=ANNA
    )
    assert closed == RunClosed(
        at=at(1), outcome=Outcome.ABORTED, reason="fixture jammed", confirmed_by=None
    )


def test_an_abort_of_an_armed_run_waits_for_the_part() -> None:
    story = in_state(RunState.ARMED)
    assert kinds(story.abort(2)) == ["RunStopped"]

    assert story.run.state is RunState.AWAITING_RETURN
    assert deadlines((story.run.deadline,) if story.run.deadline else ()) == [("return", 122)]
    story.give_back(3)
    story.confirm(4)
    assert story.outcome == "aborted"


def test_an_abort_in_mid_presentation_is_inconclusive_and_waits_for_the_part() -> None:
    """D4: it counts as inconclusive, so that nobody shops around a miss by giving up."""
    story = in_state(RunState.PRESENTED)
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


def test_an_abort_after_the_verdict_keeps_it_but_the_run_has_not_passed() -> None:
    story = in_state(RunState.AWAITING_RETURN)
    assert kinds(story.abort(5)) == ["RunStopped"]
    with pytest.raises(Refusal) as refusal:
        story.abort(6)
    story.give_back(10)
    story.confirm(11)

    assert refusal.value.code == "already_stopped"
    assert (story.verdict, story.outcome) == ("detected", "aborted")


def test_an_abort_in_place_of_the_confirmation_closes_the_run_as_aborted() -> None:
    story = in_state(RunState.AWAITING_CONFIRMATION)

    assert kinds(story.abort(12)) == ["RunStopped", "RunClosed"]
    assert story.outcome == "aborted"


def test_an_abort_in_place_of_the_confirmation_does_not_undo_a_miss() -> None:
    story = in_state(RunState.PRESENTED)
    story.poll(3, accepted=True)
    story.give_back(10)
    story.abort(11)

    assert story.outcome == "failed"


# Refusals -------------------------------------------------------------------------------------------

PERSONS: dict[str, Event] = {
    "scan": Scanned(at=at(20), code=RABBIT, actor=ANNA, readings={}),
    "presented": Tapped(at=at(20), actor=ANNA),
    "given_back": GivenBack(at=at(20), code=RABBIT, actor=ANNA),
    "confirm": Confirmed(at=at(20), actor=ANNA),
    "abort": Aborted(at=at(20), actor=ANNA, reason="enough"),
}


@pytest.mark.parametrize("act", PERSONS)
@pytest.mark.parametrize("state", RunState)
def test_what_a_person_may_not_do_now_is_refused_by_name(state: RunState, act: str) -> None:
    """L5, B23: above all, nothing closes a run while its part is out."""
    story = in_state(state)
    if (state, type(PERSONS[act])) in TRANSITIONS:
        return
    before = story.run

    with pytest.raises(Refusal) as refusal:
        story.event(PERSONS[act])

    assert refusal.value.code == "not_now"
    assert refusal.value.params == {"run": 1, "state": state.value, "act": act}
    assert story.run is before


# Outcomes (D4) -------------------------------------------------------------------------------------


def judged(*verdicts: Verdict) -> Run:
    """A run of three steps with these verdicts reached."""
    run = a_run(*[an_expectation()] * 3)
    steps = list(run.steps)
    for i, verdict in enumerate(verdicts):
        why = Why.STUCK if verdict is Verdict.INCONCLUSIVE else None
        judgement = replace(inconclusive(Why.STUCK, at(0)), verdict=verdict, why=why)
        steps[i] = replace(steps[i], judgement=judgement)
    return replace(run, steps=tuple(steps))


GOOD, MISS, UNSURE = Verdict.DETECTED, Verdict.MISSED, Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("verdicts", "stopped", "outcome"),
    [
        ((GOOD, GOOD, GOOD), None, Outcome.PASSED),
        ((GOOD, Verdict.ACCEPTED, GOOD), None, Outcome.PASSED),
        ((GOOD, GOOD), None, Outcome.ABORTED),
        ((GOOD, GOOD, GOOD), Outcome.ABORTED, Outcome.ABORTED),
        ((GOOD,), Outcome.INCONCLUSIVE, Outcome.INCONCLUSIVE),
        ((GOOD, UNSURE), None, Outcome.INCONCLUSIVE),
        ((UNSURE,), Outcome.ABORTED, Outcome.INCONCLUSIVE),
        ((UNSURE, MISS), None, Outcome.FAILED),
        ((MISS,), Outcome.ABORTED, Outcome.FAILED),
        ((Verdict.FALSE_REJECT,), None, Outcome.FAILED),
    ],
)
def test_a_run_comes_to_its_worst_step(
    verdicts: tuple[Verdict, ...], stopped: Outcome | None, outcome: Outcome
) -> None:
    assert outcome_of(replace(judged(*verdicts), stopped=stopped)) is outcome


def test_a_new_run_must_be_started_before_it_expires() -> None:
    run, deadline = start_deadline(a_run(deadline=None))

    assert run.deadline == deadline
    assert (deadline.kind, deadline.at) == (DeadlineKind.START, run.expires_at)


def test_a_restart_changes_nothing_in_a_run_that_is_closed() -> None:
    closed = in_state(RunState.CLOSED).run

    assert advance(closed, Restarted(at=at(20))) == (closed, ())

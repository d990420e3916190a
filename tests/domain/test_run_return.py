"""What is watched after the verdict: contradictions, and the part shown again (R16, L10)."""

from typing import Literal

import pytest

from redrabbit.domain.rule import DetectionRule
from redrabbit.domain.run import (
    PartPresented,
    RunStopped,
    StopReason,
    VerdictContradicted,
    VerdictReached,
)
from redrabbit.domain.run_words import Outcome, Presented, RunState, StopCode, Why
from redrabbit.domain.verdict import inconclusive
from tests.builders import (
    BY_EDGE,
    BY_TAP,
    CODE,
    MASTER,
    RABBIT,
    Story,
    a_rule,
    a_run,
    an_expectation,
    at,
    deadlines,
    kinds,
    story_of,
    told_up_to,
)


def test_an_acceptance_shortly_after_the_rejection_takes_the_detection_back() -> None:
    """Story: accept shortly after reject (R16)."""
    story = told_up_to(RunState.AWAITING_RETURN)

    contradictory = inconclusive(Why.CONTRADICTORY, at(3.5))
    assert story.poll(3.5, accepted=True) == (
        VerdictContradicted(at=at(3.5), step=0, judgement=contradictory),
    )
    assert story.run.step.judgement == contradictory
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


def test_another_reason_shortly_after_a_detection_takes_it_back() -> None:
    """D31, m6 of the findings: 11 is left over; the PLC writes 12 a quarter of a second after the bit."""
    story = story_of(a_rule(reject_code=CODE), code=11, reject_code=11)
    story.scan(1)
    story.poll(2, part_code=RABBIT)
    story.poll(3, rejected=True)
    assert story.verdict == "detected"

    (contradicted,) = story.poll(3.25, reject_code=12)

    wrong = inconclusive(Why.WRONG_REJECT_CODE, at(3.25), 12)
    assert contradicted == VerdictContradicted(at=at(3.25), step=0, judgement=wrong)
    assert story.run.step.judgement == wrong
    story.give_back(10)
    story.confirm(11)
    assert story.outcome == "inconclusive"


def test_a_reason_that_goes_or_changes_after_the_deadline_takes_nothing_back() -> None:
    story = story_of(a_rule(reject_code=CODE), code=11)
    story.scan(1)
    story.poll(2, part_code=RABBIT)
    story.poll(3, rejected=True, reject_code=11)

    assert story.poll(3.25, reject_code=0) == ()
    story.polls(4, 7)
    assert story.poll(7.1, reject_code=12) == ()


def test_the_next_parts_reason_takes_nothing_back() -> None:
    story = story_of(a_rule(reject_code=CODE), code=11)
    story.scan(1)
    story.poll(2, part_code=RABBIT)
    story.poll(3, rejected=True, reject_code=11)

    assert story.poll(3.5, part_code="P-4711", reject_code=12) == ()
    assert story.poll(4, reject_code=31) == ()


def test_a_rejection_after_a_miss_leaves_it_a_miss() -> None:
    """D4: a miss acts at once."""
    story = told_up_to(RunState.PRESENTED)
    story.poll(3, accepted=True)

    assert story.poll(3.5, rejected=True) == ()
    assert story.verdict == "missed"


def test_an_acceptance_after_the_deadline_contradicts_nothing() -> None:
    story = told_up_to(RunState.AWAITING_RETURN)
    story.polls(3.5, 7)

    assert story.poll(7.1, accepted=True) == ()


@pytest.mark.parametrize(
    "rule", [a_rule(), BY_EDGE], ids=["told by its code", "told by its presence"]
)
def test_the_next_part_being_accepted_contradicts_nothing(rule: DetectionRule) -> None:
    story = story_of(rule)
    story.scan(1)
    story.polls(1.2, 1.7)
    story.poll(2, part_code=RABBIT, part_present=True)
    story.poll(3, rejected=True)
    story.poll(3.5, part_code="", part_present=False, rejected=False)

    assert story.poll(4, part_code="P-4711", part_present=True, accepted=True) == ()
    assert story.poll(4.5, accepted=False) == ()
    assert story.poll(5, accepted=True) == ()
    assert story.verdict == "detected"


def test_nothing_is_gathered_for_a_contradiction_any_more_when_its_time_is_over() -> None:
    story = told_up_to(RunState.AWAITING_RETURN)
    story.polls(3.5, 7)
    before = story.run

    story.poll(7.1, rejected=False)

    assert story.run == before


def test_a_tap_only_station_can_not_contradict_itself_later() -> None:
    """It can't tell the next part from ours."""
    story = story_of(BY_TAP)
    story.scan(1)
    story.poll(1.9)
    story.tap(2)
    story.poll(3, rejected=True)

    assert story.poll(3.5, accepted=True) == ()


# The first presentation decides (L10) -------------------------------------------------------------


def test_missed_then_detected_on_retry_is_kept_beside_and_changes_nothing() -> None:
    """Story: operators pass it again until it is found (R18)."""
    story = told_up_to(RunState.PRESENTED)
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
    story = told_up_to(RunState.AWAITING_RETURN)
    story.poll(3.5, part_code="", rejected=False)

    assert kinds(story.poll(4, part_code=RABBIT)) == ["PartPresented"]
    assert kinds(story.poll(5, accepted=True)) == ["VerdictReached"]
    assert story.verdicts == ["detected", "missed"]
    story.give_back(10)
    story.confirm(11)
    assert story.outcome == "passed"


def test_a_third_presentation_ends_the_second_one_that_had_no_answer_yet() -> None:
    story = told_up_to(RunState.AWAITING_RETURN)
    story.poll(4, part_code="", rejected=False)
    story.poll(5, part_code=RABBIT)
    story.poll(6, part_code="")
    effects = story.poll(7, part_code=RABBIT)

    assert kinds(effects) == ["VerdictReached", "PartPresented"]
    assert story.verdicts == ["detected", "inconclusive wrong_part"]
    assert story.run.step.attempts == 3


def test_a_later_presentation_that_is_still_open_when_the_part_is_back_has_no_result() -> None:
    story = told_up_to(RunState.AWAITING_RETURN)
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
    story = told_up_to(RunState.AWAITING_RETURN)

    assert story.poll(30, part_code="P-4711") == ()


def test_a_restart_ends_a_later_presentation_that_was_under_way() -> None:
    story = told_up_to(RunState.AWAITING_RETURN)
    story.poll(4, part_code="", rejected=False)
    story.poll(5, part_code=RABBIT)

    assert kinds(story.restart(6)) == ["VerdictReached"]
    assert story.verdicts == ["detected", "inconclusive restarted"]


def test_a_verdict_reached_before_the_restart_stays_and_the_part_must_come_back() -> None:
    story = told_up_to(RunState.AWAITING_RETURN)

    assert story.restart(4) == ()
    assert story.poll(5, accepted=True) == ()
    story.give_back(10)
    story.confirm(11)
    assert (story.verdict, story.outcome) == ("detected", "passed")


@pytest.mark.parametrize("why", [Why.NOT_RECORDABLE, Why.NOT_RECORDED])
def test_a_good_verdict_can_not_stand_where_what_followed_was_not_recorded(
    why: Literal[Why.NOT_RECORDABLE, Why.NOT_RECORDED],
) -> None:
    """K3: what may have taken it back is not known (R16)."""
    story = told_up_to(RunState.AWAITING_RETURN)

    (stopped,) = story.not_recorded(4, why)
    assert stopped == RunStopped(
        at=at(4),
        outcome=Outcome.INCONCLUSIVE,
        reason=StopReason(code=StopCode(why.value)),
        actor=None,
    )
    assert story.poll(5, accepted=True) == ()
    assert deadlines((story.run.deadline,) if story.run.deadline else ()) == [("return", 123)]
    story.give_back(10)
    story.confirm(11)
    assert (story.verdict, story.outcome) == ("detected", "inconclusive")


def test_a_miss_stands_whatever_was_not_recorded_after_it() -> None:
    story = story_of(a_rule())
    story.scan(1)
    story.poll(2, part_code=RABBIT)
    story.poll(3, accepted=True)

    assert story.not_recorded(4) == ()
    story.give_back(10)
    story.confirm(11)
    assert (story.verdict, story.outcome) == ("missed", "failed")


def test_a_run_that_was_stopped_is_stopped_once() -> None:
    story = told_up_to(RunState.AWAITING_RETURN)
    story.abort(4)

    assert story.not_recorded(5) == ()
    story.give_back(10)
    story.confirm(11)
    assert story.outcome == "aborted"


def test_a_return_that_could_not_be_missed_on_record_is_not_missed_at_each_look() -> None:
    """K3: else the same time would be over again, and again not recordable."""
    story = told_up_to(RunState.AWAITING_RETURN)
    story.not_recorded(123)
    assert story.run.deadline is None


def test_a_later_presentation_that_was_not_recorded_ends_with_its_reason() -> None:
    story = told_up_to(RunState.AWAITING_RETURN)
    story.poll(4, part_code="", rejected=False)
    story.poll(5, part_code=RABBIT)

    assert kinds(story.not_recorded(6, Why.NOT_RECORDED)) == ["VerdictReached", "RunStopped"]
    assert story.verdicts == ["detected", "inconclusive not_recorded"]

"""What a run is, and what it comes to."""

from dataclasses import replace

import pytest

from redrabbit.domain.run import (
    Aborted,
    NotRecorded,
    Observed,
    Restarted,
    Run,
    StopReason,
    instant_of,
    outcome_of,
    reason_of,
)
from redrabbit.domain.run_words import Outcome, StopCode, Verdict, Why
from redrabbit.domain.verdict import inconclusive
from tests.builders import ANNA, MASTER, RABBIT, a_run, an_acquisition, an_expectation, at

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


def test_the_step_and_the_part_under_way_follow_the_index() -> None:
    run = a_run(an_expectation(), an_expectation(part=MASTER))

    assert run.part == RABBIT
    assert replace(run, index=1).part == MASTER


def test_changing_the_step_under_way_leaves_the_others() -> None:
    run = replace(a_run(*[an_expectation()] * 3), index=1)

    assert [step.attempts for step in run.with_step(replace(run.step, attempts=2)).steps] == [
        0,
        2,
        0,
    ]


def test_an_event_happened_when_it_says_or_when_its_reading_was_there() -> None:
    reading = an_acquisition(2.0)
    assert instant_of(Observed(acquisition=reading, readings={})) == at(2.0)
    assert instant_of(Restarted(at=at(3))) == at(3)


def test_a_run_goes_no_further_by_a_persons_words_or_by_what_was_not_recorded() -> None:
    given_up = Aborted(at=at(1), actor=ANNA, reason="dropped")
    assert reason_of(given_up) == StopReason(code=StopCode.PERSON, text="dropped")
    unrecorded = NotRecorded(at=at(1), why=Why.NOT_RECORDED)
    assert reason_of(unrecorded) == StopReason(code=StopCode.NOT_RECORDED)

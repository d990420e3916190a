"""How a run ends whose part is in its place."""

import pytest

from redrabbit.domain.identity import PartId
from redrabbit.domain.run import RunClosed, StopReason
from redrabbit.domain.run_words import Outcome, RunState, StopCode, Why
from tests.builders import MASTER, RABBIT, Story, a_run, an_expectation, kinds, told_up_to


def given_back_while_open(*parts: str) -> Story:
    """Return a story whose first part was given back at 3.1; its verdict is open until 7."""
    story = Story(a_run(*(an_expectation(part=PartId(part)) for part in parts)))
    story.scan(1)
    story.poll(2, part_code=RABBIT)
    story.poll(3, rejected=True)
    story.give_back(3.1)
    return story


@pytest.mark.parametrize("parts", [(RABBIT,), (RABBIT, MASTER)])
def test_a_verdict_that_nobody_could_follow_to_its_end_does_not_stand(
    parts: tuple[str, ...],
) -> None:
    """L3, R16: what may have taken it back was not recorded."""
    story = given_back_while_open(*parts)
    (closed,) = story.not_recorded(30, Why.NOT_RECORDED)

    assert isinstance(closed, RunClosed)
    assert closed.reason == StopReason(code=StopCode.NOT_RECORDED)
    assert (closed.outcome, closed.confirmed_by) == (Outcome.INCONCLUSIVE, None)


def test_a_verdict_whose_time_was_over_before_stands() -> None:
    story = given_back_while_open(RABBIT)
    story.polls(3.5, 7)
    story.poll(7.1)
    assert story.not_recorded(30, Why.NOT_RECORDED) == ()
    story.confirm(31)
    assert story.outcome == "passed"


@pytest.mark.parametrize("state", [RunState.AWAITING_PART, RunState.AWAITING_CONFIRMATION])
def test_what_is_not_recordable_ends_a_run_whose_part_is_in_its_place(state: RunState) -> None:
    story = told_up_to(state)
    assert kinds(story.not_recorded(30)) == ["RunClosed"]
    assert story.outcome == "inconclusive"


def test_a_run_that_nobody_starts_is_aborted() -> None:
    story = Story()
    assert kinds(story.time_over()) == ["RunClosed"]
    assert (story.outcome, story.run.reason) == ("aborted", StopReason(code=StopCode.NOT_STARTED))


def test_a_run_that_nobody_confirms_has_not_passed() -> None:
    story = told_up_to(RunState.AWAITING_CONFIRMATION)
    assert kinds(story.time_over()) == ["RunClosed"]
    assert (story.outcome, story.run.reason) == ("aborted", StopReason(code=StopCode.NOT_CONFIRMED))


def test_a_miss_that_nobody_confirms_stays_a_miss() -> None:
    story = told_up_to(RunState.PRESENTED)
    story.poll(3, accepted=True)
    story.give_back(10)
    story.time_over()
    assert story.outcome == "failed"


@pytest.mark.parametrize("state", [RunState.AWAITING_PART, RunState.AWAITING_CONFIRMATION])
def test_giving_it_up_closes_it_with_who_and_why(state: RunState) -> None:
    story = told_up_to(state)
    assert kinds(story.abort(12)) == ["RunStopped", "RunClosed"]
    assert story.outcome == "aborted"


def test_a_confirmation_closes_it() -> None:
    story = told_up_to(RunState.AWAITING_CONFIRMATION)
    assert kinds(story.confirm(12)) == ["RunClosed"]
    assert story.outcome == "passed"

"""What a run's record is asked: whether it goes on, what is to come, why it was made (D4)."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.records import PresentationRecord, RunRecord
from redrabbit.domain.run_questions import (
    WhyMade,
    goes_no_further,
    is_under_way,
    may_be_aborted,
    outcome_reached,
    parts_of,
    parts_to_come,
    stopped_with,
    why_made,
)
from redrabbit.domain.run_words import Outcome, RunState, StopCode, Verdict
from tests.stored import bare

PARTS = ["RR-0001", "RR-0002", "GM-0001"]


def a_run(**given_values: Any) -> RunRecord:
    usual: dict[str, Any] = {"state": RunState.ARMED, "step": 0, "parts": json.dumps(PARTS)}
    run: RunRecord = bare(RunRecord, **(usual | given_values))
    return run


def shown(verdict: Verdict | None, step: int = 0, *, decides: bool = True) -> PresentationRecord:
    made: PresentationRecord = bare(PresentationRecord, step=step, decides=decides, verdict=verdict)
    return made


@pytest.mark.parametrize("state", RunState)
def test_a_run_is_under_way_until_it_is_closed(state: RunState) -> None:
    assert is_under_way(a_run(state=state)) is (state is not RunState.CLOSED)


@pytest.mark.parametrize(
    ("case", "occurrence", "why"),
    [
        (None, None, WhyMade.ON_DEMAND),
        (None, "line1-O-4", WhyMade.DUE),
        ("line1-C-31", None, WhyMade.REVERIFICATION),
        ("line1-C-31", "line1-O-4", WhyMade.REVERIFICATION),
    ],
)
def test_a_run_is_made_for_a_case_before_a_scheduled_check(
    case: str | None, occurrence: str | None, why: WhyMade
) -> None:
    assert why_made(a_run(containment_id=case, occurrence_id=occurrence)) is why


def test_an_outcome_is_reached_when_the_run_is_closed_and_not_before() -> None:
    assert outcome_reached(a_run(state=RunState.CLOSED, outcome=Outcome.FAILED)) is Outcome.FAILED
    assert outcome_reached(a_run(state=RunState.AWAITING_RETURN, outcome=Outcome.FAILED)) is None
    assert outcome_reached(a_run(state=RunState.CLOSED)) is None


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [
        (None, None),
        (StopCode.PERSON, Outcome.ABORTED),
        (StopCode.NOT_PRESENTED, Outcome.ABORTED),
        (StopCode.RESTARTED, Outcome.INCONCLUSIVE),
        (StopCode.NOT_RECORDABLE, Outcome.INCONCLUSIVE),
        (StopCode.NOT_RECORDED, Outcome.INCONCLUSIVE),
    ],
)
def test_a_stop_is_known_by_its_reason(reason: StopCode | None, outcome: Outcome | None) -> None:
    assert stopped_with(a_run(reason_code=reason)) is outcome


def test_a_stopped_run_goes_no_further_whatever_was_judged() -> None:
    assert goes_no_further(a_run(reason_code=StopCode.PERSON, reason_text="fixture jammed"), [])
    assert goes_no_further(
        a_run(reason_code=StopCode.PERSON, reason_text="fixture jammed"), [shown(Verdict.DETECTED)]
    )


@pytest.mark.parametrize("verdict", Verdict)
def test_only_a_good_verdict_leads_on(verdict: Verdict) -> None:
    """D4: missed, falsely rejected and inconclusive end the sequence alike."""
    assert goes_no_further(a_run(), [shown(verdict)]) is not verdict.is_good


def test_neither_an_open_verdict_nor_a_later_attempt_ends_the_sequence() -> None:
    """L10."""
    later = shown(Verdict.INCONCLUSIVE, decides=False)
    assert not goes_no_further(a_run(), [shown(None, step=1), shown(Verdict.DETECTED), later])


@pytest.mark.parametrize("state", RunState)
@pytest.mark.parametrize("reason", [None, StopCode.PERSON])
def test_a_run_is_given_up_once_while_its_part_is_out(
    state: RunState, reason: StopCode | None
) -> None:
    """L5."""
    stopped_and_out = state is RunState.AWAITING_RETURN and reason is not None
    allowed = state is not RunState.CLOSED and not stopped_and_out
    assert may_be_aborted(a_run(state=state, reason_code=reason)) is allowed


def test_the_parts_to_come_follow_the_one_under_way() -> None:
    assert parts_of(a_run()) == tuple(PARTS)
    assert parts_to_come(a_run(), []) == ("RR-0002", "GM-0001")
    assert parts_to_come(a_run(step=2), []) == ()
    assert parts_to_come(a_run(state=RunState.CLOSED), []) == ()


@given(
    step=st.integers(0, 2),
    reason=st.sampled_from([None, StopCode.RESTARTED, StopCode.PERSON]),
    verdicts=st.lists(st.sampled_from([None, *Verdict]), max_size=3),
)
def test_nothing_is_to_come_in_a_run_that_goes_no_further(
    step: int, reason: StopCode | None, verdicts: list[Verdict | None]
) -> None:
    run = a_run(step=step, reason_code=reason)
    presentations = [shown(verdict, step) for step, verdict in enumerate(verdicts)]
    if goes_no_further(run, presentations):
        assert parts_to_come(run, presentations) == ()
    else:
        assert parts_to_come(run, presentations) == tuple(PARTS[step + 1 :])

"""What a presentation's record is asked: whether it is good, decides, or is the worst."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.grade import AnswerBy
from redrabbit.domain.presentation_questions import deciding, is_good, was_silent, worst
from redrabbit.domain.records import Json, PresentationRecord
from redrabbit.domain.run_words import Verdict, worst_outcome
from tests.stored import bare


def shown(verdict: Verdict | None, step: int = 0, *, decides: bool = True) -> PresentationRecord:
    made: PresentationRecord = bare(PresentationRecord, step=step, decides=decides, verdict=verdict)
    return made


@pytest.mark.parametrize("verdict", Verdict)
def test_a_recorded_verdict_is_good_where_the_verdict_is(verdict: Verdict) -> None:
    assert is_good(shown(verdict)) is verdict.is_good


def test_an_open_verdict_is_not_good() -> None:
    """B23: absence is never a pass."""
    assert not is_good(shown(None))


@pytest.mark.parametrize(
    ("evidence", "silent"),
    [
        (Json('{"edge_at":null}'), True),
        (Json('{"edge_at":"2026-03-02T06:00:01Z"}'), False),
        (None, True),
    ],
)
def test_silence_is_known_by_the_missing_answer_not_by_the_time(
    evidence: Json | None, silent: bool
) -> None:
    """D3."""
    judged = replace(shown(Verdict.MISSED), elapsed_s=4.5, evidence=evidence)
    assert was_silent(judged) is silent
    assert not was_silent(replace(judged, verdict=None))


@pytest.mark.parametrize("answer", AnswerBy)
def test_silence_is_known_by_what_the_answer_was_known_by(answer: AnswerBy) -> None:
    """D28, F5: since schema 3 a field says it, whatever edges the evidence has."""
    for evidence in (Json('{"edge_at":null}'), Json('{"edge_at":"2026-03-02T06:00:01Z"}')):
        judged = replace(shown(Verdict.MISSED), answer_kind=answer, evidence=evidence)
        assert was_silent(judged) is (answer is AnswerBy.SILENCE)


def test_the_first_presentation_of_a_step_decides_it() -> None:
    """L10."""
    first, later = shown(Verdict.MISSED), shown(Verdict.DETECTED, decides=False)
    second = shown(None, step=1)
    assert deciding([later, first, second]) == {0: first, 1: second}


def test_the_worst_of_nothing_judged_is_nothing() -> None:
    assert worst([]) is None
    assert worst([shown(None), shown(Verdict.MISSED, decides=False)]) is None


def test_of_several_alike_the_first_is_the_worst() -> None:
    found = worst([shown(Verdict.DETECTED, 1), shown(Verdict.DETECTED, 0)])
    assert found is not None
    assert found.step == 0


@given(st.lists(st.sampled_from(Verdict), min_size=1))
def test_the_worst_verdict_makes_the_outcome_of_the_run(verdicts: list[Verdict]) -> None:
    """D4: what a page shows as the run's verdict is what its outcome rests on."""
    found = worst([shown(verdict, step) for step, verdict in enumerate(verdicts)])
    assert found is not None
    assert found.verdict is not None
    assert worst_outcome([found.verdict]) is worst_outcome(verdicts)

"""The measured value against the part's certificate: it can mark a verdict, and never change one (D29)."""

from dataclasses import replace
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.challenge_part import CertifiedValue
from redrabbit.domain.grade import Grade
from redrabbit.domain.grading import grading_of
from redrabbit.domain.identity_dispute import is_disputed
from redrabbit.domain.observation import Reason, Value
from redrabbit.domain.run import VerdictReached
from tests.builders import COUNT, RABBIT, Story, a_rule, a_run, an_expectation

TORQUE: Final = COUNT
CERTIFIED: Final = CertifiedValue(value=18.2, tolerance=1.5, unit="N·m")


def judged(
    answer: str, measured: Value | None, certified: CertifiedValue | None = CERTIFIED
) -> VerdictReached:
    """Return the verdict of a part at which the station measured this; None: it told nothing new."""
    expectation = an_expectation(a_rule(measured=TORQUE))
    story = Story(a_run(replace(expectation, certified=certified)), good_count=27.9)
    story.scan(1)
    story.poll(2, part_code=RABBIT)
    told: dict[str, Value] = {answer: True}
    if measured is not None:
        told["good_count"] = measured
    story.poll(3, took_s=0.02, **told)
    story.polls(3.25, 8, 0.25)
    (reached,) = (effect for effect in story.effects if isinstance(effect, VerdictReached))
    return reached


@pytest.mark.parametrize(
    ("measured", "disputed"),
    [
        pytest.param(18.2, False, id="as certified"),
        pytest.param(16.8, False, id="within the tolerance"),
        pytest.param(27.8, True, id="a good part's"),
        pytest.param(16.6, True, id="beyond the tolerance"),
        pytest.param(None, False, id="the last part's value, not told anew"),
        pytest.param("27.9", False, id="no number"),
    ],
)
def test_a_value_contradicts_only_if_it_was_told_for_this_part(
    measured: Value | None, disputed: bool
) -> None:
    assert is_disputed(judged("accepted", measured).evidence) is disputed


def test_without_a_certified_value_nothing_contradicts() -> None:
    assert not is_disputed(judged("accepted", 27.8, certified=None).evidence)


@pytest.mark.parametrize(("answer", "verdict"), [("accepted", "missed"), ("rejected", "detected")])
@given(measured=st.floats(0, 100))
def test_a_dispute_changes_no_verdict_and_lowers_its_grade(
    answer: str, verdict: str, measured: float
) -> None:
    """The tested device never acquits itself: what it accepted is missed, whatever it measured."""
    reached = judged(answer, measured)
    assert reached.judgement.verdict == verdict
    grading = grading_of(reached.evidence, reached.judgement.verdict)
    assert grading is not None
    assert grading.disputed is not CERTIFIED.is_met_by(measured)
    assert grading.part is (Grade.D if grading.disputed else Grade.A)
    assert grading.grade >= grading.part


def test_a_value_that_can_not_be_read_contradicts_nothing() -> None:
    expectation = an_expectation(a_rule(measured=TORQUE))
    story = Story(a_run(replace(expectation, certified=CERTIFIED)))
    story.scan(1)
    story.poll(2, part_code=RABBIT)
    story.fails(2.5, Reason.TIMEOUT)
    assert story.run.evidence is not None
    assert not is_disputed(story.run.evidence)


def test_nothing_is_disputed_before_a_part_is_there() -> None:
    story = Story(a_run(replace(an_expectation(a_rule(measured=TORQUE)), certified=CERTIFIED)))
    story.scan(1)
    assert story.run.evidence is not None
    assert not is_disputed(story.run.evidence)

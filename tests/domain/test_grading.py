"""How strong the evidence of one verdict is (D28 to D31)."""

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.evidence import Evidence, begin, present
from redrabbit.domain.feed_watch import FeedWatch
from redrabbit.domain.grade import AnswerBy, KnownBy, Watched
from redrabbit.domain.grading import grading_of, known_by
from redrabbit.domain.hearing import Hearing
from redrabbit.domain.reject_reason import RejectReason
from redrabbit.domain.rule import Above, DetectionRule, StaysOff
from redrabbit.domain.run_words import Presented, Verdict
from redrabbit.domain.same_part import PartAtAnswer
from tests.builders import (
    ACCEPTED,
    CODE,
    COUNT,
    HELD,
    IDLE,
    REJECTED,
    a_rule,
    an_expectation,
    at,
    readings_of,
)

CODED = a_rule(reject_code=CODE)
BY_VALUE = a_rule(
    detected=Above(signal=COUNT, limit=9), accepted=Above(signal=COUNT, limit=5), measured=COUNT
)

NG_ONLY = a_rule(accepted=StaysOff(signal=REJECTED, for_s=2.0, after=None))
PREVENTS = a_rule(detected=StaysOff(signal=ACCEPTED, for_s=2.0, after=None), reject_code=CODE)


def shown(
    rule: DetectionRule | None = None, how: Presented = Presented.CODE, blind_s: float | None = 1.0
) -> Evidence:
    """The evidence of a part that was presented in this way."""
    expected = an_expectation(rule, code=12, blind_s=blind_s)
    return present(begin(expected, readings_of(IDLE)), at(0), how)


def rejected(evidence: Evidence, told: int | None = None, *, renewed: bool = False) -> Evidence:
    return replace(
        evidence, rejected_at=at(1), reason=RejectReason(told=told, renewed=renewed, standing=told)
    )


@pytest.mark.parametrize(
    ("how", "by"),
    [
        (Presented.CODE, KnownBy.CODE),
        (Presented.EDGE, KnownBy.ORDER),
        (Presented.STATED, KnownBy.TAP),
    ],
)
def test_the_part_is_known_by_how_it_was_presented(how: Presented, by: KnownBy) -> None:
    """D29."""
    assert known_by(shown(how=how)) is by


@pytest.mark.parametrize(
    ("every_s", "seen", "by"),
    [
        (1.0, PartAtAnswer.AWAITED, KnownBy.CODE),
        (None, PartAtAnswer.OURS, KnownBy.CODE),
        (None, PartAtAnswer.LEFT, KnownBy.CODE),
        (None, PartAtAnswer.AWAITED, KnownBy.ORDER),
    ],
    ids=["told again and again", "told with the answer", "told to be gone", "not told again"],
)
def test_a_code_that_is_told_only_when_it_changes_is_known_by_order(
    every_s: float | None, seen: PartAtAnswer, by: KnownBy
) -> None:
    """D29: ours was the first that was named; nothing says that the next one would be."""
    expected = an_expectation(every_s=every_s)
    coded = present(begin(expected, readings_of(IDLE)), at(0), Presented.CODE)

    assert known_by(replace(coded, part_at_answer=seen)) is by


@pytest.mark.parametrize(
    ("how", "by"),
    [
        (Presented.CODE, KnownBy.CODE),
        (Presented.EDGE, KnownBy.HELD),
        (Presented.STATED, KnownBy.TAP),
    ],
)
def test_a_held_feed_tells_of_a_part_that_the_station_saw_come(how: Presented, by: KnownBy) -> None:
    """D29: a code tells more, and a tap does not say when it came."""
    assert HELD.held is not None
    feed = FeedWatch(
        held=HELD.held,
        habits={},
        unread_s=1.0,
        said_at=None,
        known={},
        read_until=at(1),
        is_held=True,
        counted_from={COUNT: 1},
        risen={COUNT: 1},
    )

    assert known_by(replace(shown(how=how), feed=feed, rejected_at=at(1))) is by


def test_a_part_that_was_not_presented_is_known_by_nothing_and_graded_by_none() -> None:
    armed = begin(an_expectation(), {})

    assert known_by(armed) is None
    assert grading_of(armed, Verdict.DETECTED) is None


def test_an_inconclusive_verdict_has_no_grade_and_its_part_is_known_all_the_same() -> None:
    """D28."""
    assert grading_of(shown(), Verdict.INCONCLUSIVE) is None
    assert known_by(shown()) is KnownBy.CODE


@pytest.mark.parametrize(
    ("evidence", "verdict", "answer"),
    [
        (rejected(shown(CODED), 12, renewed=True), Verdict.DETECTED, AnswerBy.CODE_RENEWED),
        (rejected(shown(CODED), 12), Verdict.DETECTED, AnswerBy.CODE_NOT_RENEWED),
        (rejected(shown(CODED), 31, renewed=True), Verdict.FALSE_REJECT, AnswerBy.CODE_RENEWED),
        (rejected(shown(CODED)), Verdict.FALSE_REJECT, AnswerBy.SIGNAL),
        (rejected(shown()), Verdict.DETECTED, AnswerBy.SIGNAL),
        (rejected(shown(BY_VALUE)), Verdict.DETECTED, AnswerBy.MEASURED),
        (replace(shown(), accepted_at=at(1)), Verdict.MISSED, AnswerBy.SIGNAL),
        (replace(shown(), accepted_at=at(1)), Verdict.ACCEPTED, AnswerBy.SIGNAL),
        (replace(shown(BY_VALUE), accepted_at=at(1)), Verdict.MISSED, AnswerBy.MEASURED),
        (shown(), Verdict.MISSED, AnswerBy.SILENCE),
        (replace(shown(NG_ONLY), accepted_at=at(1)), Verdict.ACCEPTED, AnswerBy.SILENCE),
        (rejected(shown(PREVENTS), 12, renewed=True), Verdict.DETECTED, AnswerBy.SILENCE),
    ],
)
def test_the_answer_is_known_by_the_strongest_that_the_station_told(
    evidence: Evidence, verdict: Verdict, answer: AnswerBy
) -> None:
    grading = grading_of(evidence, verdict)

    assert grading is not None
    assert grading.answer_by is answer


@pytest.mark.parametrize(
    ("evidence", "watched"),
    [
        (shown(), Watched.UNBROKEN),
        (replace(shown(), blind=True), Watched.GAP),
        (replace(shown(), hearing=Hearing(messages_lost=1)), Watched.GAP),
        (shown(blind_s=None), Watched.UNKNOWN),
        (replace(shown(blind_s=None), blind=True), Watched.GAP),
    ],
)
def test_it_was_watched_without_a_gap_only_where_that_is_known(
    evidence: Evidence, watched: Watched
) -> None:
    """D30."""
    grading = grading_of(evidence, Verdict.MISSED)

    assert grading is not None
    assert grading.watched is watched


@dataclass(frozen=True)
class Knowledge:
    """What may be known of an answer, each a thing that can be forgotten."""

    how: Presented
    told: bool
    renewed: bool
    has_rhythm: bool
    watched: bool

    def graded(self) -> str:
        """The grade of a detection that rests on this."""
        base = shown(CODED, self.how, 1.0 if self.has_rhythm else None)
        code = 12 if self.told else None
        evidence = rejected(base, code, renewed=self.told and self.renewed)
        grading = grading_of(replace(evidence, blind=not self.watched), Verdict.DETECTED)
        assert grading is not None
        return grading.grade


WEAKER_PART = (Presented.CODE, Presented.EDGE, Presented.STATED)


@given(
    known=st.builds(Knowledge, how=st.sampled_from(WEAKER_PART)),
    forgotten=st.sets(st.sampled_from(["told", "renewed", "has_rhythm", "watched"])),
    weaker=st.sampled_from(WEAKER_PART),
)
def test_knowing_less_never_raises_the_grade(
    known: Knowledge, forgotten: set[str], weaker: Presented
) -> None:
    """D28: whichever of it is forgotten."""
    how = max(known.how, weaker, key=WEAKER_PART.index)
    less = replace(known, how=how, **dict.fromkeys(forgotten, False))

    assert less.graded() >= known.graded()

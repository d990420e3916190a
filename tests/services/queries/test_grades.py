"""The grade of evidence in words (D28)."""

from datetime import timedelta
from typing import Any

import pytest

from redrabbit.domain.grade import AnswerBy, Grade, KnownBy, Watched
from redrabbit.domain.records import PresentationRecord
from redrabbit.services.queries.grades import grade_lines
from tests.stored import bare


def said(**known: Any) -> list[tuple[str, str, str | None]]:
    """Title, words and letter of each line."""
    lines = grade_lines(bare(PresentationRecord, **known))
    return [(line.title.code, line.words.code, line.grade) for line in lines]


def test_a_graded_verdict_tells_its_three_letters() -> None:
    told = said(
        grade=Grade.C,
        identity_kind=KnownBy.ORDER,
        answer_kind=AnswerBy.CODE_RENEWED,
        watched=Watched.UNBROKEN,
        largest_gap_s=None,
        evidence=None,
    )
    assert told == [
        ("graded.part", "known_by.order", "C"),
        ("graded.answer", "answer.code_renewed", "A"),
        ("graded.watched", "watched.unbroken", "A"),
    ]


def test_an_inconclusive_verdict_tells_only_how_the_part_was_known() -> None:
    told = said(grade=None, identity_kind=KnownBy.CODE, answer_kind=None, watched=None)
    assert told == [("graded.part", "known_by.code", None)]


def test_what_an_earlier_version_recorded_tells_nothing() -> None:
    assert said(grade=None, identity_kind=None, answer_kind=None, watched=None) == []


@pytest.mark.parametrize(("gap_s", "gap"), [(0.25, timedelta(seconds=0.25)), (0.0, None)])
def test_the_largest_gap_stands_beside_how_it_was_watched(
    gap_s: float, gap: timedelta | None
) -> None:
    """D30."""
    known = {"identity_kind": None, "answer_kind": None, "watched": Watched.GAP, "evidence": None}
    (line,) = grade_lines(bare(PresentationRecord, grade=Grade.C, largest_gap_s=gap_s, **known))
    assert (line.detail.params["gap"] if line.detail is not None else None) == gap


@pytest.mark.parametrize(
    ("evidence", "word"),
    [
        (None, "watched.largest_gap"),
        ("{}", "watched.largest_gap"),
        ('{"windows":{"pulses_learnt_s":{}}}', "watched.largest_gap"),
        ('{"windows":{"pulses_learnt_s":{"rejected":0.3}}}', "watched.largest_gap_learnt"),
    ],
)
def test_it_is_said_where_the_pulse_that_it_was_judged_by_was_learnt(
    evidence: str | None, word: str
) -> None:
    """D30."""
    known = {"identity_kind": None, "answer_kind": None, "watched": Watched.UNBROKEN}
    shown = bare(PresentationRecord, grade=Grade.C, largest_gap_s=0.1, evidence=evidence, **known)
    (line,) = grade_lines(shown)
    assert line.detail is not None
    assert line.detail.code == word

"""What is asked of a presentation's record: whether it is good, decides, or is the worst (D4)."""

import json
from collections.abc import Iterable

from redrabbit.domain.grade import AnswerBy
from redrabbit.domain.records import PresentationRecord
from redrabbit.domain.run_words import WORST_FIRST


def is_good(presentation: PresentationRecord) -> bool:
    """Return whether the device was seen to do what it must; an open verdict is not good (B23)."""
    return presentation.verdict is not None and presentation.verdict.is_good


def was_silent(presentation: PresentationRecord) -> bool:
    """Return whether it was judged though the station gave no answer (D3, decision 0016).

    The time until the verdict does not tell: silence is judged after a time, too. Before schema 3 it is
    known by the answer that is missing from the evidence.
    """
    if presentation.verdict is None:
        return False
    if presentation.answer_kind is not None:
        return presentation.answer_kind is AnswerBy.SILENCE
    evidence = json.loads(presentation.evidence or "{}")
    return evidence.get("edge_at") is None


def deciding(presentations: Iterable[PresentationRecord]) -> dict[int, PresentationRecord]:
    """Return the one presentation of each step that decides it: its first (L10)."""
    return {p.step: p for p in presentations if p.decides}


def worst(presentations: Iterable[PresentationRecord]) -> PresentationRecord | None:
    """Return the presentation that makes a run's outcome; the first of several alike (D4).

    Later attempts and open verdicts don't count; None where nothing was judged.
    """
    ranked = [
        (WORST_FIRST.index(p.verdict), p.step, p)
        for p in deciding(presentations).values()
        if p.verdict is not None
    ]
    return min(ranked, default=(0, 0, None), key=lambda each: each[:2])[2]

"""What is asked of a presentation's record: its verdict, whether it is good, which is the worst.

A verdict is a word in the record; here it becomes `Verdict` again, which knows what is good (D4).
"""

import json
from collections.abc import Iterable

from redrabbit.domain.records import PresentationRecord
from redrabbit.domain.verdict import WORST_FIRST, Verdict


def verdict_of(presentation: PresentationRecord) -> Verdict | None:
    """Return the verdict; None while it is open."""
    return None if presentation.verdict is None else Verdict(presentation.verdict)


def is_good(presentation: PresentationRecord) -> bool:
    """Return whether the device was seen to do what it must; an open verdict is not good (B23)."""
    verdict = verdict_of(presentation)
    return verdict is not None and verdict.is_good


def was_silent(presentation: PresentationRecord) -> bool:
    """Return whether it was judged though the station gave no answer (D3).

    The time until the verdict does not tell: silence is judged after a time, too.
    """
    if presentation.verdict is None:
        return False
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
        (WORST_FIRST.index(verdict), p.step, p)
        for p in deciding(presentations).values()
        if (verdict := verdict_of(p)) is not None
    ]
    return min(ranked, default=(0, 0, None), key=lambda each: each[:2])[2]

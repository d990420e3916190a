"""The grade of evidence in words: the letter, and by what it is known (D28).

Pages show a letter with its word wherever a verdict or a run's outcome stands; a run's page says what it
rests on. What was not graded shows nothing.
"""

import json
from dataclasses import dataclass
from datetime import timedelta

from redrabbit.base.messages import Message
from redrabbit.domain.grade import ANSWER_GRADES, PART_GRADES, WATCH_GRADES, Grade
from redrabbit.domain.records import PresentationRecord
from redrabbit.services.queries.wording import message


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeLine:
    """One of the three things that are graded."""

    title: Message
    words: Message
    detail: Message | None
    grade: Grade | None
    """None where the verdict has none: how the part was known is told all the same."""


def grade_lines(presentation: PresentationRecord) -> tuple[GradeLine, ...]:
    """Return by what a presentation's part and answer are known, and how it was watched."""
    known_by, answer, watched = (
        presentation.identity_kind,
        presentation.answer_kind,
        presentation.watched,
    )
    graded = presentation.grade is not None
    lines: list[GradeLine] = []
    if known_by is not None:
        letter = PART_GRADES[known_by] if graded else None
        lines.append(_line("part", f"known_by.{known_by}", letter))
    if answer is not None:
        lines.append(_line("answer", f"answer.{answer}", ANSWER_GRADES[answer]))
    if watched is not None:
        gap = _gap(presentation)
        lines.append(_line("watched", f"watched.{watched}", WATCH_GRADES[watched], gap))
    return tuple(lines)


def _line(what: str, words: str, grade: Grade | None, detail: Message | None = None) -> GradeLine:
    return GradeLine(
        title=message(f"graded.{what}"), words=message(words), detail=detail, grade=grade
    )


def _gap(presentation: PresentationRecord) -> Message | None:
    if not presentation.largest_gap_s:
        return None
    word = "watched.largest_gap_learnt" if _by_learnt_pulse(presentation) else "watched.largest_gap"
    return message(word, gap=timedelta(seconds=presentation.largest_gap_s))


def _by_learnt_pulse(presentation: PresentationRecord) -> bool:
    """Tell whether what gap is harmless was judged by a pulse that nobody declared (D30)."""
    kept = json.loads(presentation.evidence) if presentation.evidence is not None else {}
    return bool((kept.get("windows") or {}).get("pulses_learnt_s"))

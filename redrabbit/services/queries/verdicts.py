"""A verdict in words a person would use, with what it rests on in one sentence (look.md)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from redrabbit.base.messages import Message
from redrabbit.domain.blind_time import shortest_s
from redrabbit.domain.facts.fact import read_json
from redrabbit.domain.facts.words import Certification
from redrabbit.domain.grade import AnswerBy
from redrabbit.domain.presentation_questions import was_silent
from redrabbit.domain.records import PresentationRecord
from redrabbit.domain.run_words import Verdict, Why
from redrabbit.services.queries.wording import message


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictShown:
    """One verdict for a banner or a line."""

    verdict: str
    word: Message
    large: Message
    """The verdict alone, for a banner: its sentence stands below it."""
    sentence: Message
    advice: Message | None
    """What to do now, said at the station only."""
    part: str
    grade: str | None
    """Of its evidence (D28); None where it has none."""
    dispute: Message | None
    """Said where what was measured contradicts the part's certificate (D29)."""


def verdict_shown(presentation: PresentationRecord) -> VerdictShown | None:
    """Return the verdict of a presentation in words; None while there is none."""
    if presentation.verdict is None:
        return None
    elapsed = (
        timedelta(seconds=presentation.elapsed_s) if presentation.elapsed_s is not None else None
    )
    return VerdictShown(
        verdict=presentation.verdict,
        word=verdict_word(presentation.verdict, is_silent=was_silent(presentation)),
        large=message(f"verdict.{presentation.verdict}"),
        sentence=_sentence(presentation, elapsed),
        advice=_advice(presentation),
        part=presentation.part_id,
        grade=presentation.grade,
        dispute=_dispute(presentation),
    )


def _dispute(presentation: PresentationRecord) -> Message | None:
    if not presentation.identity_disputed:
        return None
    certified = read_json(Certification, presentation.certification)
    return message(
        "identity.disputed.detail",
        part=presentation.part_id,
        measured=presentation.measured,
        certified=certified.measured if certified is not None else None,
    )


def verdict_word(verdict: Verdict, *, is_silent: bool) -> Message:
    """Return the word of a verdict; a miss by silence has another than one by acceptance (decision 0016)."""
    if verdict is Verdict.MISSED and is_silent:
        return message("verdict.missed_silent")
    return message(f"verdict.{verdict}")


ADVICE: Final[Mapping[str, str]] = {
    "missed": "stop_line",
    "false_reject": "call_maintenance",
    "stuck": "call_maintenance",
    "contradictory": "call_maintenance",
    "wrong_reject_code": "call_maintenance",
    "no_result": "run_again",
    "stale": "run_again",
    "wrong_part": "run_again",
    "not_the_part": "run_again",
    "part_left": "run_again",
    "link_lost": "run_again",
    "not_running": "call_maintenance",
    "machine_restarted": "run_again",
    "clock_jumped": "run_again",
    "not_watched": "run_again",
    "restarted": "run_again",
    "not_recordable": "run_again",
    "not_recorded": "run_again",
}
"""What the operator does after a verdict, or after the reason of an inconclusive one."""


def _advice(presentation: PresentationRecord) -> Message | None:
    word = ADVICE.get(presentation.verdict_reason or presentation.verdict or "")
    return message(f"advice.{word}") if word is not None else None


def _sentence(presentation: PresentationRecord, elapsed: timedelta | None) -> Message:
    part = presentation.part_id
    if presentation.verdict is Verdict.INCONCLUSIVE:
        if presentation.verdict_reason is Why.WRONG_REJECT_CODE:
            return message(
                "verdict.why.wrong_reject_code",
                part=part,
                observed=presentation.observed_code,
                expected=presentation.expected_code,
            )
        if presentation.verdict_reason is Why.NOT_WATCHED:
            return _not_watched(presentation)
        if presentation.verdict_reason is Why.STALE and not was_silent(presentation):
            return message("verdict.why.reason_not_told", part=part)
        return message(f"verdict.why.{presentation.verdict_reason}", part=part)
    if was_silent(presentation):
        return message(f"verdict.{presentation.verdict}.silent", part=part)
    if presentation.verdict is Verdict.DETECTED and presentation.expected_code is not None:
        renewed = presentation.answer_kind is not AnswerBy.CODE_NOT_RENEWED
        word = "right_reason" if renewed else "reason_not_renewed"
        return message(f"verdict.detected.{word}", part=part, elapsed=elapsed)
    return message(f"verdict.{presentation.verdict}.sentence", part=part, elapsed=elapsed)


def _not_watched(presentation: PresentationRecord) -> Message:
    """Say which gap decided and what would have been harmless, where the record has it (D30)."""
    part = presentation.part_id
    kept = json.loads(presentation.evidence) if presentation.evidence is not None else {}
    windows = kept.get("windows") or {}
    limit_s = shortest_s(windows.get("blind_after_s") or {})
    if windows.get("blind") and limit_s is not None:
        gap_s, harmless_s, when = windows["largest_gap_s"], limit_s, "in_place"
    elif before := windows.get("unread_before"):
        gap_s, harmless_s, when = before["gap_s"], before["harmless_s"], "before"
    else:
        return message("verdict.why.not_watched", part=part)
    return message(
        f"verdict.why.not_watched.{when}",
        part=part,
        gap=timedelta(seconds=gap_s),
        harmless=timedelta(seconds=harmless_s),
    )

"""The grade of one verdict, from the evidence that it was reached on (D28).

It says how the part was known, by what the answer, and how the station was watched; the letters follow
by the table in `redrabbit.domain.grade`. It changes no verdict.
"""

from redrabbit.domain.evidence import Evidence
from redrabbit.domain.grade import AnswerBy, Grading, KnownBy, Watched, tells_by_value
from redrabbit.domain.held_part import is_held
from redrabbit.domain.identity_dispute import is_disputed
from redrabbit.domain.rule import tells_by_silence
from redrabbit.domain.run_words import Presented, Verdict
from redrabbit.domain.same_part import is_named_once

_KNOWN_BY = {
    Presented.CODE: KnownBy.CODE,
    Presented.PALLET: KnownBy.PALLET,
    Presented.NEST: KnownBy.NEST,
    Presented.EDGE: KnownBy.ORDER,
    Presented.STATED: KnownBy.TAP,
}


def known_by(evidence: Evidence) -> KnownBy | None:
    """Return by what it is known which part was there (D29); None where none was presented."""
    if is_held(evidence):
        return KnownBy.HELD
    if evidence.presented_how is None:
        return None
    named_once = is_named_once(evidence.expectation, evidence.part_at_answer)
    return KnownBy.ORDER if named_once else _KNOWN_BY[evidence.presented_how]


def grading_of(evidence: Evidence, verdict: Verdict) -> Grading | None:
    """Return what the verdict's grade rests on; None for an inconclusive one, which has no grade."""
    part = known_by(evidence)
    if part is None or verdict is Verdict.INCONCLUSIVE:
        return None
    return Grading(
        known_by=part,
        answer_by=_answer_by(evidence, verdict),
        watched=_watched(evidence),
        disputed=is_disputed(evidence),
    )


def _answer_by(evidence: Evidence, verdict: Verdict) -> AnswerBy:
    rule, reason = evidence.expectation.rule, evidence.reason
    rejected = verdict in {Verdict.DETECTED, Verdict.FALSE_REJECT}
    condition = rule.detected if rejected else rule.accepted
    silent = not rejected and evidence.accepted_at is None
    if silent or condition is None or tells_by_silence(condition):
        return AnswerBy.SILENCE
    if rejected and reason.told is not None:
        return AnswerBy.CODE_RENEWED if reason.renewed else AnswerBy.CODE_NOT_RENEWED
    by_value = tells_by_value(condition, rule.measured)
    return AnswerBy.MEASURED if by_value else AnswerBy.SIGNAL


def _watched(evidence: Evidence) -> Watched:
    """Return how it was watched; lost messages are a gap, too (D27)."""
    if evidence.blind or evidence.hearing.messages_lost:
        return Watched.GAP
    unknown = None in evidence.expectation.blind_after_s.values()
    return Watched.UNKNOWN if unknown else Watched.UNBROKEN

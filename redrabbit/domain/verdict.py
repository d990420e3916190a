"""The verdict of one presentation, judged from its evidence and nothing else.

The default is never *detected* (B23): without complete evidence a presentation ends inconclusive
with its reason (L3), a rejection for another reason than the part's failure mode is no detection
(L2), and silence means only what the rule says it means (D3).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from redrabbit.domain.evidence import Evidence, expired_signals, holds, judging_signals
from redrabbit.domain.observation import Value
from redrabbit.domain.rule import OnSilence


class Verdict(Enum):
    """判定: what one presentation showed."""

    DETECTED = "detected"
    MISSED = "missed"
    ACCEPTED = "accepted"
    FALSE_REJECT = "false_reject"
    INCONCLUSIVE = "inconclusive"

    @property
    def is_good(self) -> bool:
        """True where the device did what it must."""
        return self in {Verdict.DETECTED, Verdict.ACCEPTED}


class Why(Enum):
    """Why a presentation was inconclusive."""

    NO_RESULT = "no_result"
    STALE = "stale"
    STUCK = "stuck"
    CONTRADICTORY = "contradictory"
    WRONG_REJECT_CODE = "wrong_reject_code"
    WRONG_PART = "wrong_part"
    LINK_LOST = "link_lost"
    RESTARTED = "restarted"
    ABORTED = "aborted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A verdict with what it rests on."""

    verdict: Verdict
    why: Why | None = None
    """Given exactly when the verdict is inconclusive."""
    decided_at: datetime
    """Of the deciding reading, or when the time was over."""
    observed_code: Value | None = None

    def __post_init__(self) -> None:
        """Refuse an inconclusive verdict without its reason, and a reason without one."""
        if (self.verdict is Verdict.INCONCLUSIVE) != (self.why is not None):
            raise ValueError("a reason goes with an inconclusive verdict, and only with one")


def inconclusive(why: Why, at: datetime) -> Judgement:
    """Return the verdict that guesses nothing."""
    return Judgement(verdict=Verdict.INCONCLUSIVE, why=why, decided_at=at)


def judge(evidence: Evidence, now: datetime) -> Judgement | None:
    """Return the verdict, or None while the evidence is not complete and time is left.

    1. Both answers: contradictory. 2. Rejected, accepted: as they say, once settled. 3. Another
    part, lost communication: inconclusive. 4. Time over: what silence means.
    `now` is the end of the last window, or a later instant when none came any more.
    """
    if evidence.presented_at is None or evidence.deadline_at is None:
        return None
    answers = [at for at in (evidence.rejected_at, evidence.accepted_at) if at is not None]
    if len(answers) == 2:  # noqa: PLR2004  both of the two
        return inconclusive(Why.CONTRADICTORY, max(answers))
    if answers:
        settled_at = answers[0] + timedelta(seconds=evidence.expectation.rule.settle_s)
        return _answered(evidence, answers[0]) if now >= settled_at else None
    if evidence.another_part:
        return inconclusive(Why.WRONG_PART, now)
    if evidence.lost:
        return inconclusive(Why.LINK_LOST, now)
    if now > evidence.deadline_at:
        return _silent(evidence, now)
    return None


def _answered(evidence: Evidence, at: datetime) -> Judgement:
    expected = evidence.expectation
    good_master = expected.failure_mode is None
    code_signal = expected.rule.reject_code
    code = evidence.known.get(code_signal) if code_signal is not None else None
    if evidence.accepted_at is not None:
        verdict = Verdict.ACCEPTED if good_master else Verdict.MISSED
        return Judgement(verdict=verdict, decided_at=at)
    if good_master:
        return Judgement(verdict=Verdict.FALSE_REJECT, decided_at=at, observed_code=code)
    if code_signal is not None and (code is None or code != expected.code):
        return Judgement(
            verdict=Verdict.INCONCLUSIVE,
            why=Why.STALE if code is None else Why.WRONG_REJECT_CODE,
            decided_at=at,
            observed_code=code,
        )
    return Judgement(verdict=Verdict.DETECTED, decided_at=at, observed_code=code)


def _silent(evidence: Evidence, now: datetime) -> Judgement:
    expected = evidence.expectation
    rule = expected.rule
    judging = judging_signals(rule)
    if evidence.failed is not None or expired_signals(evidence, now):
        return inconclusive(Why.LINK_LOST, now)
    if not judging <= set(evidence.known):
        return inconclusive(Why.STALE, now)
    if any(expected.expires_s.get(signal) is None for signal in judging):
        return inconclusive(Why.STALE, now)  # it speaks only on change: silence proves nothing
    if evidence.windows == 0:
        return inconclusive(Why.STALE, now)
    already_on = not evidence.detected_was_false and holds(rule.detected, evidence)
    accepted_already = (
        rule.accepted is not None
        and not evidence.accepted_was_false
        and holds(rule.accepted, evidence)
    )
    if already_on or accepted_already:
        return inconclusive(Why.STUCK, now)
    if rule.on_silence is OnSilence.MISSED and expected.failure_mode is not None:
        return Judgement(verdict=Verdict.MISSED, decided_at=now)
    return inconclusive(Why.NO_RESULT, now)

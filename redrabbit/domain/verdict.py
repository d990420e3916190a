"""The verdict of one presentation, judged from its evidence and nothing else.

The default is never *detected* (B23): without complete evidence a presentation ends inconclusive
with its reason (L3), a rejection for another reason than the part's failure mode is no detection
(L2), and silence means only what the rule says it means (D3).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from redrabbit.domain.condition import holds, is_blocked, same_value, stands
from redrabbit.domain.evidence import Evidence, expired_signals
from redrabbit.domain.observation import Value
from redrabbit.domain.rule import OnSilence, judging_signals, tells_by_silence
from redrabbit.domain.run_words import Verdict, Why


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

    1. Both answers came: contradictory. 2. Else as the answer says, once settled. 3. Another
    part, a clock that was set, lost communication: inconclusive. 4. Time over, and every answer's
    signal read once more since: what silence means.
    `now` is the end of the last window, or a later instant when none came any more.
    """
    if evidence.presented_at is None or evidence.deadline_at is None:
        return None
    answered = judge_answer(evidence)
    if answered is not None:
        settled_at = answered.decided_at + timedelta(seconds=evidence.expectation.rule.settle_s)
        both = evidence.rejected_at is not None and evidence.accepted_at is not None
        final = both or evidence.another_part or now >= settled_at
        return answered if final else None
    if evidence.another_part:
        return inconclusive(Why.WRONG_PART, now)
    if evidence.clock_jumped:
        return inconclusive(Why.CLOCK_JUMPED, now)
    if evidence.lost:
        return inconclusive(Why.LINK_LOST, now)
    if now > evidence.deadline_at and _all_signals_read_since(evidence, evidence.deadline_at, now):
        return _silent(evidence, now)
    return None


def judge_at_last(evidence: Evidence, now: datetime) -> Judgement:
    """Return the verdict when no further reading is waited for."""
    unheard = Why.STALE if evidence.failed is None else Why.LINK_LOST
    return judge(evidence, now) or inconclusive(unheard, now)


def judge_answer(evidence: Evidence) -> Judgement | None:
    """Return what the station's answer so far comes to, settled or not; None if it gave none."""
    answers = [at for at in (evidence.rejected_at, evidence.accepted_at) if at is not None]
    if not answers:
        return None
    if len(answers) == 2 or _other_answer_stands(evidence):  # noqa: PLR2004  both of the two
        return inconclusive(Why.CONTRADICTORY, max(answers))
    return _answered(evidence, answers[0])


def _other_answer_stands(evidence: Evidence) -> bool:
    """Return whether the opposite answer is on as well, though it did not change (R16)."""
    rule = evidence.expectation.rule
    other = rule.accepted if evidence.accepted_at is None else rule.detected
    return other is not None and stands(other, evidence) is True


def _answered(evidence: Evidence, at: datetime) -> Judgement:
    expected = evidence.expectation
    good_master = expected.failure_mode is None
    if evidence.messages_lost and _is_by_silence(evidence):
        return inconclusive(Why.LINK_LOST, at)
    if evidence.accepted_at is not None:
        verdict = Verdict.ACCEPTED if good_master else Verdict.MISSED
        return Judgement(verdict=verdict, decided_at=at)
    code = _reject_code_read(evidence)
    if good_master:
        return Judgement(verdict=Verdict.FALSE_REJECT, decided_at=at, observed_code=code)
    if expected.rule.reject_code is None:
        return Judgement(verdict=Verdict.DETECTED, decided_at=at)
    if code is None:
        return inconclusive(Why.STALE, at)
    right = expected.code is not None and same_value(code, expected.code)
    return Judgement(
        verdict=Verdict.DETECTED if right else Verdict.INCONCLUSIVE,
        why=None if right else Why.WRONG_REJECT_CODE,
        decided_at=at,
        observed_code=code,
    )


def _is_by_silence(evidence: Evidence) -> bool:
    """Return whether the answer is that something did not come: a lost message may have been it."""
    rule = evidence.expectation.rule
    answer = rule.detected if evidence.accepted_at is None else rule.accepted
    return answer is not None and tells_by_silence(answer)


def _reject_code_read(evidence: Evidence) -> Value | None:
    """Return why it was rejected, as told since the part came: what stood there before is stale."""
    signal = evidence.expectation.rule.reject_code
    if signal is None or signal not in evidence.read_since_presented:
        return None
    return evidence.known.get(signal)


def _all_signals_read_since(evidence: Evidence, deadline_at: datetime, now: datetime) -> bool:
    """Return whether each answer's signal was read since the deadline, or never will be in time."""
    regular = {
        signal
        for signal in judging_signals(evidence.expectation.rule)
        if evidence.expectation.expires_s.get(signal) is not None
    }
    awaited = regular - expired_signals(evidence, now)
    return all(
        signal in evidence.alive_at and evidence.alive_at[signal] >= deadline_at
        for signal in awaited
    )


def _silent(evidence: Evidence, now: datetime) -> Judgement:
    """Judge that no answer came; a miss only on communication that was good to the end (L3).

    Messages that are missing in a sequence may have been the answer (D27).
    """
    expected = evidence.expectation
    rule = expected.rule
    answers = [(rule.detected, evidence.detected_was_false)]
    if rule.accepted is not None:
        answers.append((rule.accepted, evidence.accepted_was_false))
    if evidence.failed is not None or evidence.messages_lost or expired_signals(evidence, now):
        return inconclusive(Why.LINK_LOST, now)
    if _tells_too_little(evidence) or any(holds(answer, evidence) is None for answer, _ in answers):
        return inconclusive(Why.STALE, now)
    if any(is_blocked(answer, was_false, evidence) for answer, was_false in answers):
        return inconclusive(Why.STUCK, now)
    late = any(holds(answer, evidence) for answer, _ in answers)
    untried = rule.demanded is not None and evidence.demanded_at is None
    if untried:  # nobody asked for a cycle, so nothing was there to be prevented (D33)
        return inconclusive(Why.NO_RESULT, now)
    if rule.on_silence is OnSilence.MISSED and expected.failure_mode is not None and not late:
        return Judgement(verdict=Verdict.MISSED, decided_at=now)
    # A late answer came after the last reading in time: nobody knows whether itself in time.
    return inconclusive(Why.NO_RESULT, now)


def _tells_too_little(evidence: Evidence) -> bool:
    """Return whether a signal is unknown, of doubtful age, or one that speaks only on change."""
    judging = judging_signals(evidence.expectation.rule)
    only_on_change = any(evidence.expectation.expires_s.get(signal) is None for signal in judging)
    return evidence.doubted or only_on_change or not judging <= set(evidence.known)

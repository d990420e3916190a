"""The verdict of one presentation, judged from its evidence and nothing else.

The default is never *detected* (B23): without complete evidence a presentation ends inconclusive
with its reason (L3), a rejection for another reason than the part's failure mode is no detection
(L2), silence means only what the rule says it means (D3), and nothing where the station was not watched
closely enough to hear it (D30).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from redrabbit.domain.condition import holds, is_blocked, stands
from redrabbit.domain.evidence import Evidence, expired_signals
from redrabbit.domain.held_part import is_held
from redrabbit.domain.identity import SignalName
from redrabbit.domain.observation import Reason, Value
from redrabbit.domain.reject_reason import is_expected
from redrabbit.domain.rule import OnSilence, judging_signals, tells_by_silence
from redrabbit.domain.run_words import Presented, Verdict, Why
from redrabbit.domain.same_part import (
    PartAtAnswer,
    is_named_once,
    named_within_s,
    naming_signals,
)

AWAITED: Final = frozenset({Why.STALE, Why.WRONG_REJECT_CODE})
"""Why a rejection is none yet: its reason may still be told."""


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


def inconclusive(why: Why, at: datetime, observed_code: Value | None = None) -> Judgement:
    """Return the verdict that guesses nothing."""
    return Judgement(
        verdict=Verdict.INCONCLUSIVE, why=why, decided_at=at, observed_code=observed_code
    )


def judge(evidence: Evidence, now: datetime) -> Judgement | None:
    """Return the verdict, or None while the evidence is not complete and time is left.

    1. Both answers came: contradictory. 2. Else as the answer says, once it is final. 3. A machine
    that was restarted, another part, a clock that was set, lost communication: inconclusive.
    4. Time over, every answer's signal read once more since, and the machine, where it tells, seen to
    run since: what silence means.
    `now` is the end of the last window, or a later instant when none came any more.
    """
    if evidence.presented_at is None or evidence.deadline_at is None:
        return None
    final_at = answer_final_at(evidence)
    if final_at is not None:
        both = evidence.rejected_at is not None and evidence.accepted_at is not None
        final = both or evidence.another_part or evidence.machine.restarted or now >= final_at
        return judge_answer(evidence) if final else None
    if evidence.machine.restarted:
        return inconclusive(Why.MACHINE_RESTARTED, now)
    if evidence.another_part:
        return inconclusive(Why.WRONG_PART, now)
    if evidence.hearing.clock_jumped:
        return inconclusive(Why.CLOCK_JUMPED, now)
    if evidence.lost:
        return inconclusive(_why_unread(evidence), now)
    if now > evidence.deadline_at and _all_signals_read_since(evidence, evidence.deadline_at, now):
        return _silent(evidence, now)
    return None


def judge_at_last(evidence: Evidence, now: datetime) -> Judgement:
    """Return the verdict when no further reading is waited for."""
    unheard = Why.STALE if evidence.failed is None else _why_unread(evidence)
    return judge(evidence, now) or inconclusive(unheard, now)


def answer_final_at(evidence: Evidence) -> datetime | None:
    """Return when the answer that came is judged, if nothing else comes; None if none came.

    Once settled; but while the reason was not told anew and is not the expected one, it is waited for
    until the time is over: many stations set the bit first and write the code a scan later (D31).
    """
    answered = judge_answer(evidence)
    if answered is None:
        return None
    settled_at = answered.decided_at + timedelta(seconds=evidence.expectation.rule.settle_s)
    named_s = named_within_s(evidence.expectation)
    if named_s is not None and awaits_its_part(evidence):
        settled_at = max(settled_at, answered.decided_at + timedelta(seconds=named_s))
    awaited = answered.why in AWAITED and not evidence.reason.renewed
    return max(settled_at, evidence.deadline_at or settled_at) if awaited else settled_at


def awaits_its_part(evidence: Evidence) -> bool:
    """Return whether an answer came, and the next reading may still tell that its part is ours (D29)."""
    answered = judge_answer(evidence)
    return (
        answered is not None
        and answered.why is Why.NOT_WATCHED
        and evidence.part_at_answer is PartAtAnswer.AWAITED
        and named_within_s(evidence.expectation) is not None
    )


def judge_answer(evidence: Evidence) -> Judgement | None:
    """Return what the station's answer so far comes to, settled or not; None if it gave none."""
    answers = [at for at in (evidence.rejected_at, evidence.accepted_at) if at is not None]
    if not answers:
        return None
    if len(answers) == 2 or _other_answer_stands(evidence):  # noqa: PLR2004  both of the two
        return inconclusive(Why.CONTRADICTORY, max(answers))
    if _is_by_silence(evidence) and not _ran_at(evidence, answers[0]):
        return None
    return _answered(evidence, answers[0])


def _ran_at(evidence: Evidence, at: datetime) -> bool:
    """Return whether the machine was seen to run then: one that has stopped is silent, too (D32)."""
    return not evidence.expectation.heartbeat or evidence.machine.ran_since(at)


def _why_unread(evidence: Evidence) -> Why:
    stopped = evidence.failed is Reason.NOT_RUNNING
    return Why.NOT_RUNNING if stopped else Why.LINK_LOST


def contradiction(evidence: Evidence, at: datetime) -> Judgement | None:
    """Return what takes a good verdict back after it was reached; None where nothing does.

    The opposite answer does (R16), and a reason told anew that is not the expected one (D31).
    """
    if evidence.rejected_at is not None and evidence.accepted_at is not None:
        return inconclusive(Why.CONTRADICTORY, at)
    rejected = evidence.rejected_at is not None and evidence.expectation.failure_mode is not None
    if rejected and _why_no_reason(evidence) is Why.WRONG_REJECT_CODE:
        return inconclusive(Why.WRONG_REJECT_CODE, at, evidence.reason.told)
    return None


def _other_answer_stands(evidence: Evidence) -> bool:
    """Return whether the opposite answer is on as well, though it did not change (R16)."""
    rule = evidence.expectation.rule
    other = rule.accepted if evidence.accepted_at is None else rule.detected
    return other is not None and stands(other, evidence) is True


def _answered(evidence: Evidence, at: datetime) -> Judgement:
    good_master = evidence.expectation.failure_mode is None
    by_silence = _is_by_silence(evidence)
    if evidence.hearing.messages_lost and by_silence:
        return inconclusive(Why.LINK_LOST, at)
    if (evidence.blind or _hides_an_answer(evidence)) and by_silence:
        return inconclusive(Why.NOT_WATCHED, at)
    if evidence.accepted_at is not None:
        verdict = Verdict.ACCEPTED if good_master else Verdict.MISSED
    elif good_master:
        verdict = Verdict.FALSE_REJECT
    else:
        refused = _why_no_reason(evidence)
        if refused is not None:
            return inconclusive(refused, at, evidence.reason.told)
        verdict = Verdict.DETECTED
    not_ours = _why_not_ours(evidence)
    if not_ours is not None:
        return inconclusive(not_ours, at)
    if _may_be_of_another_part(evidence):
        return inconclusive(Why.NOT_WATCHED, at)
    code = evidence.reason.told if evidence.accepted_at is None else None
    return Judgement(verdict=verdict, decided_at=at, observed_code=code)


def _why_not_ours(evidence: Evidence) -> Why | None:
    """Return why the answer can be another part's, where the station tells which it sees; None: it can't.

    Where it tells that only when it changes nothing is waited for, and the grade says so. That nothing came is
    about the part that was there before, as any silence (D3).
    """
    expectation, seen = evidence.expectation, evidence.part_at_answer
    if not naming_signals(expectation) or seen is PartAtAnswer.OURS:
        return None
    if seen is PartAtAnswer.LEFT:
        silent = evidence.accepted_at is not None and _is_by_silence(evidence)
        return None if silent else Why.PART_LEFT
    if named_within_s(expectation) is None:
        return None
    return Why.WRONG_PART if evidence.another_part else Why.NOT_WATCHED


def _why_no_reason(evidence: Evidence) -> Why | None:
    """Return why a rejection is none for the part's failure mode; None where it is one (L2, D31)."""
    expected, reason = evidence.expectation, evidence.reason
    if expected.rule.reject_code is None:
        return None
    if reason.told is None:
        return Why.STALE
    if not is_expected(reason.told, expected.code):
        return Why.WRONG_REJECT_CODE
    return Why.STALE if expected.rule.reject_code_cleared and not reason.renewed else None


def _is_by_silence(evidence: Evidence) -> bool:
    """Return whether the answer is that something did not come: it may have come unseen (D30)."""
    rule = evidence.expectation.rule
    answer = rule.detected if evidence.accepted_at is None else rule.accepted
    return answer is not None and tells_by_silence(answer)


def _hides_an_answer(evidence: Evidence) -> bool:
    """Return whether an answer to the part may have come before the part was seen (D30).

    It may have come in the same gap between two readings as the part (see `part_coming`); where a person
    says that it is there, it may be there since the scan.
    """
    stated = evidence.presented_how is Presented.STATED
    since = evidence.armed_at if stated else evidence.presented_from
    turned = evidence.turned_at is not None and (since is None or evidence.turned_at >= since)
    return turned or evidence.unread_before is not None


def _may_be_of_another_part(evidence: Evidence) -> bool:
    """Return whether the next part may have come unseen, and nothing tells that it did not (D30).

    The right reason, told anew, tells. So do a part code and a held feed; a tap says what it is worth by its
    grade.
    """
    told_anew = evidence.rejected_at is not None and (
        evidence.reason.renewed and is_expected(evidence.reason.told, evidence.expectation.code)
    )
    unseen = evidence.blind or evidence.hearing.messages_lost > 0
    return unseen and not _is_seen_again(evidence) and not told_anew


def _is_seen_again(evidence: Evidence) -> bool:
    """Return whether the answer's own reading shows which part is there, or a tap said it.

    Where a station is polled, each reading tells the nest or pallet; a message may be the one that is
    missing. A feed that was held until the answer tells it as well.
    """
    if is_named_once(evidence.expectation, evidence.part_at_answer):
        return False
    if evidence.expectation.places:
        return not evidence.expectation.gaps_lose_messages
    return evidence.presented_how is not Presented.EDGE or is_held(evidence)


def has_answered(evidence: Evidence) -> bool:
    """Return whether the station gave an answer, even if too late to be surely in time."""
    answers = (evidence.rejected_at, evidence.accepted_at)
    return evidence.answered_late or any(at is not None for at in answers)


def all_read_since(evidence: Evidence, at: datetime) -> bool:
    """Return whether each answer's signal was read in a window that began since, or tells only changes."""
    read_at = evidence.alive_at
    return all(signal in read_at and read_at[signal] >= at for signal in _regular(evidence))


def _regular(evidence: Evidence) -> frozenset[SignalName]:
    """Return the answers' signals that are read regularly: of the others nobody knows when they spoke."""
    expires_s = evidence.expectation.expires_s
    return frozenset(
        signal
        for signal in judging_signals(evidence.expectation.rule)
        if expires_s.get(signal) is not None
    )


def _all_signals_read_since(evidence: Evidence, deadline_at: datetime, now: datetime) -> bool:
    """Return whether each answer's signal was read since the deadline, or never will be in time.

    And whether its machine was seen to run since, where it tells.
    """
    awaited = _regular(evidence) - expired_signals(evidence, now)
    if evidence.failed is None and not _ran_at(evidence, deadline_at):
        return False
    awaited |= _awaited_names(evidence, now)
    return all(
        signal in evidence.alive_at and evidence.alive_at[signal] >= deadline_at
        for signal in awaited
    )


def _awaited_names(evidence: Evidence, now: datetime) -> frozenset[SignalName]:
    """Return the signals that may still tell, by then, which part is there."""
    named_s = named_within_s(evidence.expectation)
    if named_s is None:
        return frozenset()
    return frozenset(
        signal
        for signal in naming_signals(evidence.expectation) & evidence.alive_at.keys()
        if now - evidence.alive_at[signal] <= timedelta(seconds=named_s)
    )


def _is_unnamed(evidence: Evidence, deadline_at: datetime) -> bool:
    """Return whether a station that tells over and over which part it sees has ceased to (D29)."""
    if named_within_s(evidence.expectation) is None:
        return False
    return any(
        signal not in evidence.known or evidence.alive_at[signal] < deadline_at
        for signal in naming_signals(evidence.expectation)
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
    if (
        evidence.failed is not None
        or evidence.hearing.messages_lost
        or expired_signals(evidence, now)
    ):
        return inconclusive(_why_unread(evidence), now)
    if _tells_too_little(evidence) or any(holds(answer, evidence) is None for answer, _ in answers):
        return inconclusive(Why.STALE, now)
    if any(is_blocked(answer, was_false, evidence) for answer, was_false in answers):
        return inconclusive(Why.STUCK, now)
    assert evidence.deadline_at is not None  # noqa: S101  judge() looked
    unnamed = _is_unnamed(evidence, evidence.deadline_at)
    if unnamed or evidence.blind or _hides_an_answer(evidence):
        return inconclusive(Why.NOT_WATCHED, now)
    late = evidence.answered_late or any(holds(answer, evidence) for answer, _ in answers)
    untried = rule.demanded is not None and evidence.demanded_at is None
    if untried:  # nobody asked for a cycle, so nothing was there to be prevented (D33)
        return inconclusive(Why.NO_RESULT, now)
    if rule.on_silence is OnSilence.MISSED and expected.failure_mode is not None and not late:
        return Judgement(verdict=Verdict.MISSED, decided_at=now)
    # A late answer was seen too late: nobody knows whether it came in time itself.
    return inconclusive(Why.NO_RESULT, now)


def _tells_too_little(evidence: Evidence) -> bool:
    """Return whether a signal is unknown, of doubtful age, or one that speaks only on change."""
    judging = judging_signals(evidence.expectation.rule)
    only_on_change = any(evidence.expectation.expires_s.get(signal) is None for signal in judging)
    return evidence.doubted or only_on_change or not judging <= set(evidence.known)

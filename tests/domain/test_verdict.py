"""What a presentation's evidence comes to: each story of a device that lies or falls silent."""

from dataclasses import replace

import pytest

from redrabbit.domain.evidence import Evidence, begin, gather, present
from redrabbit.domain.expectation import Expectation
from redrabbit.domain.identity import FailureMode, SignalName
from redrabbit.domain.observation import Acquisition, Reason, SourceClock, Value
from redrabbit.domain.reject_reason import RejectReason
from redrabbit.domain.rule import (
    Above,
    AllOf,
    AnyOf,
    Becomes,
    Equals,
    Falls,
    Increases,
    OnSilence,
    Rises,
    StaysOff,
)
from redrabbit.domain.run_observation import with_part_at_answer
from redrabbit.domain.run_words import Presented, Verdict, Why
from redrabbit.domain.same_part import PartAtAnswer
from redrabbit.domain.station_says import SaidOf
from redrabbit.domain.verdict import (
    Judgement,
    all_read_since,
    answer_final_at,
    awaits_its_part,
    contradiction,
    has_answered,
    inconclusive,
    judge,
    judge_answer,
    judge_at_last,
)
from tests.builders import (
    ACCEPTED,
    BY_EDGE,
    CODE,
    COUNT,
    IDLE,
    MASTER,
    PART,
    PRESENT,
    RABBIT,
    REJECTED,
    a_rule,
    an_acquisition,
    an_expectation,
    at,
    readings_of,
)

STEADY = tuple(an_acquisition(seconds) for seconds in (1, 2, 3, 4, 4.9))
"""Good polls in which nothing changes, up to the deadline."""
LEVELS = a_rule(
    detected=Equals(signal=REJECTED, value=True), accepted=Equals(signal=ACCEPTED, value=True)
)
CODED = a_rule(reject_code=CODE, settle_s=0.3)


THERE = dict(IDLE) | {PART: RABBIT}
"""The station sees our part, where it tells which one it sees."""


def take(evidence: Evidence, acquisition: Acquisition) -> Evidence:
    """The evidence with one more acquisition of the same part."""
    return with_part_at_answer(evidence, gather(evidence, acquisition), acquisition)


def shown(
    expectation: Expectation | None = None, *acquisitions: Acquisition, **before: Value
) -> Evidence:
    """The evidence of a part presented at 0 s, with these acquisitions taken in."""
    expectation = expectation or an_expectation()
    values = THERE | {PART: expectation.part}
    values |= {SignalName(name): value for name, value in before.items()}
    evidence = begin(expectation, readings_of(values))
    evidence = present(evidence, at(0), Presented.CODE)
    for acquisition in acquisitions:
        evidence = take(evidence, acquisition)
    return evidence


def said(evidence: Evidence, seconds: float) -> str:
    """What `judge` says at that moment, in words."""
    return words(judge(evidence, at(seconds)))


def words(judgement: Judgement | None) -> str:
    if judgement is None:
        return "undecided"
    why = judgement.why.value if judgement.why is not None else ""
    return f"{judgement.verdict.value} {why}".strip()


# The judgement itself ---------------------------------------------------------------------------


@pytest.mark.parametrize("verdict", Verdict)
def test_an_inconclusive_verdict_has_a_reason_and_no_other_has(verdict: Verdict) -> None:
    """L3."""
    why = None if verdict is Verdict.INCONCLUSIVE else Why.STUCK
    with pytest.raises(ValueError, match="a reason goes with an inconclusive verdict"):
        Judgement(verdict=verdict, why=why, decided_at=at(0))


def test_only_detected_and_accepted_are_good() -> None:
    assert [verdict for verdict in Verdict if verdict.is_good] == [
        Verdict.DETECTED,
        Verdict.ACCEPTED,
    ]


def test_the_verdict_that_guesses_nothing_names_its_reason() -> None:
    assert inconclusive(Why.RESTARTED, at(3)) == Judgement(
        verdict=Verdict.INCONCLUSIVE, why=Why.RESTARTED, decided_at=at(3)
    )


# Answers ------------------------------------------------------------------------------------------


def test_a_part_that_was_not_presented_is_not_judged() -> None:
    assert judge(begin(an_expectation(), {}), at(1000)) is None


def test_a_presentation_stays_undecided_while_there_is_no_answer_and_time_is_left() -> None:
    assert said(shown(None, *STEADY), 4.9) == "undecided"


def test_a_rejected_rabbit_is_detected_at_the_deciding_reading() -> None:
    judgement = judge(shown(None, an_acquisition(1, {REJECTED: True})), at(1))

    assert judgement == Judgement(verdict=Verdict.DETECTED, decided_at=at(1))


def test_an_accepted_rabbit_is_missed() -> None:
    assert said(shown(None, an_acquisition(1, {ACCEPTED: True})), 1) == "missed"


def test_an_accepted_good_master_is_accepted() -> None:
    evidence = shown(an_expectation(part=MASTER), an_acquisition(1, {ACCEPTED: True}))

    assert said(evidence, 1) == "accepted"


def test_a_rejected_good_master_is_a_false_reject_whatever_the_reason() -> None:
    evidence = shown(
        an_expectation(CODED, part=MASTER), an_acquisition(1, {REJECTED: True, CODE: 12})
    )
    judgement = judge(evidence, at(1.3))

    assert judgement == Judgement(verdict=Verdict.FALSE_REJECT, decided_at=at(1), observed_code=12)


# Both bits ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", [RABBIT, MASTER])
def test_both_result_bits_in_one_poll_contradict_each_other(part: str) -> None:
    """Story: both result bits set (R16)."""
    expectation = an_expectation(part=MASTER if part == MASTER else RABBIT)
    evidence = shown(expectation, an_acquisition(1, {REJECTED: True, ACCEPTED: True}))

    assert said(evidence, 1) == "inconclusive contradictory"


def test_both_answers_within_the_settle_time_contradict_each_other() -> None:
    evidence = shown(
        an_expectation(replace(CODED, reject_code=None)), an_acquisition(1, {REJECTED: True})
    )
    assert said(evidence, 1) == "undecided"

    judgement = judge(take(evidence, an_acquisition(1.2, {ACCEPTED: True})), at(1.2))

    assert judgement == inconclusive(Why.CONTRADICTORY, at(1.2))


@pytest.mark.parametrize(
    ("before", "then"), [("accepted", REJECTED), ("rejected", ACCEPTED)], ids=["accept", "reject"]
)
def test_an_answer_beside_the_other_bit_left_on_contradicts_it(
    before: str, then: SignalName
) -> None:
    """R16: both bits are set, whichever of them was stuck before."""
    evidence = shown(an_expectation(LEVELS), an_acquisition(1, {then: True}), **{before: True})

    assert said(evidence, 1) == "inconclusive contradictory"


@pytest.mark.parametrize(
    ("before", "then"), [("accepted", REJECTED), ("rejected", ACCEPTED)], ids=["accept", "reject"]
)
def test_a_rising_answer_beside_the_other_bit_stuck_on_contradicts_it(
    before: str, then: SignalName
) -> None:
    """R16: that the other bit did not rise makes it no less set. Found by simulated shift 0."""
    evidence = shown(None, an_acquisition(1, {then: True}), **{before: True})

    assert said(evidence, 1) == "inconclusive contradictory"


def test_the_other_bit_left_on_may_clear_within_the_settle_time() -> None:
    """Verdict and bits may come in separate messages: the last part's answer clears a bit later."""
    rule = a_rule(settle_s=0.3)
    leftover = shown(an_expectation(rule), an_acquisition(1, {REJECTED: True}), accepted=True)
    assert said(leftover, 1) == "undecided"

    cleared = take(leftover, an_acquisition(1.2, {ACCEPTED: False}))

    assert said(leftover, 1.3) == "inconclusive contradictory"
    assert said(cleared, 1.3) == "detected"


def test_a_signal_that_rests_where_the_other_answer_falls_to_contradicts_nothing() -> None:
    """Only a bit that rises can be stuck on: others may rest at what they change to."""
    rule = a_rule(accepted=Falls(signal=ACCEPTED))
    evidence = shown(an_expectation(rule), an_acquisition(1, {REJECTED: True}), accepted=False)

    assert said(evidence, 1) == "detected"


def test_an_answer_that_clears_the_other_bit_stands() -> None:
    leftover = shown(
        an_expectation(LEVELS),
        an_acquisition(1, {REJECTED: True, ACCEPTED: False}),
        accepted=True,
    )

    assert said(leftover, 1) == "detected"


# The right reason (L2) --------------------------------------------------------------------------


def test_a_rejection_for_the_expected_reason_is_detected() -> None:
    evidence = shown(an_expectation(CODED, code=12), an_acquisition(1, {REJECTED: True, CODE: 12}))

    assert said(evidence, 1.3) == "detected"


def test_a_rejection_for_another_reason_is_no_detection() -> None:
    """Story: wrong reject code (L2)."""
    evidence = shown(an_expectation(CODED, code=12), an_acquisition(1, {REJECTED: True, CODE: 31}))
    judgement = judge(evidence, at(1.3))

    assert words(judgement) == "inconclusive wrong_reject_code"
    assert judgement is not None
    assert judgement.observed_code == 31


@pytest.mark.parametrize(
    ("expected", "told", "verdict"),
    [
        pytest.param(12, 12.0, "detected", id="a whole number however it is encoded"),
        pytest.param(1, True, "inconclusive wrong_reject_code", id="true is not 1"),
        pytest.param("F31", "F31", "detected", id="a text"),
        pytest.param(31, "31", "inconclusive wrong_reject_code", id="a text is no number"),
        pytest.param(None, 12, "inconclusive wrong_reject_code", id="none is declared"),
    ],
)
def test_reasons_are_compared_as_the_configuration_means_them(
    expected: Value | None, told: Value, verdict: str
) -> None:
    evidence = shown(
        an_expectation(CODED, code=expected), an_acquisition(1, {REJECTED: True, CODE: told})
    )

    assert said(evidence, 1.3) == verdict


def test_a_reason_told_in_a_later_message_is_waited_for() -> None:
    """Verdict and reason in separate messages."""
    expectation = an_expectation(CODED, code="F31", messages=True)
    rejected = an_acquisition(1, {REJECTED: True}, covers=frozenset({REJECTED, PART}), took_s=0)
    evidence = shown(expectation, rejected, reject_code="F47")

    assert said(evidence, 1.2) == "undecided"
    told = an_acquisition(1.2, {CODE: "F31"}, covers=frozenset({CODE}), took_s=0)
    assert said(take(evidence, told), 1.2) == "undecided"
    assert said(take(evidence, told), 1.3) == "detected"


def test_a_reason_told_before_the_verdict_counts_as_well() -> None:
    expectation = an_expectation(CODED, code="F31", messages=True)
    told = an_acquisition(0.9, {CODE: "F31"}, covers=frozenset({CODE}), took_s=0)
    rejected = an_acquisition(1, {REJECTED: True}, covers=frozenset({REJECTED, PART}), took_s=0)

    assert said(shown(expectation, told, rejected), 1.3) == "detected"


def test_a_reason_left_over_from_the_last_run_is_none() -> None:
    """L2: the code message was lost; what stands there is the last part's reason."""
    expectation = an_expectation(CODED, code="F31", messages=True)
    rejected = an_acquisition(1, {REJECTED: True}, covers=frozenset({REJECTED}), took_s=0)
    evidence = shown(expectation, rejected, reject_code="F31")

    assert said(evidence, 4.9) == "undecided"
    assert said(evidence, 5) == "inconclusive stale"


def test_a_reason_read_while_the_part_came_is_still_the_last_parts() -> None:
    """L2: found by the laws; its request was sent before the part was presented."""
    expectation = an_expectation(CODED, code=12, messages=True)
    straddling = an_acquisition(0.1, took_s=0.3)
    rejected = an_acquisition(1, {REJECTED: True}, covers=frozenset({REJECTED}), took_s=0)
    evidence = shown(expectation, straddling, rejected, reject_code=12)

    assert said(evidence, 5) == "inconclusive stale"


def test_a_reason_that_is_unknown_at_the_verdict_is_no_detection() -> None:
    evidence = shown(
        an_expectation(CODED, code=12),
        an_acquisition(1, {REJECTED: True, CODE: Reason.DEVICE_ERROR}),
    )

    assert said(evidence, 5) == "inconclusive stale"


def test_a_right_reason_that_stood_there_before_the_part_is_detected_all_the_same() -> None:
    """D31: it lowers the grade; m6 of the findings is what may follow."""
    evidence = shown(
        an_expectation(CODED, code=12), an_acquisition(1, {REJECTED: True}), reject_code=12
    )

    assert said(evidence, 1.3) == "detected"
    assert not evidence.reason.renewed


def test_where_the_station_clears_its_reason_one_that_stood_there_is_stale() -> None:
    """D31."""
    cleared = replace(CODED, reject_code_cleared=True)
    evidence = shown(
        an_expectation(cleared, code=12), an_acquisition(1, {REJECTED: True}), reject_code=12
    )

    assert said(evidence, 4.9) == "undecided"
    assert said(evidence, 5) == "inconclusive stale"
    anew = take(evidence, an_acquisition(1.5, {CODE: 0}))
    assert said(take(anew, an_acquisition(2, {CODE: 12})), 2) == "detected"


def test_a_wrong_reason_that_stood_there_may_still_be_followed_by_the_right_one() -> None:
    """D31: the bit first, the code a scan later, and the last part's code until then."""
    evidence = shown(
        an_expectation(CODED, code=12), an_acquisition(1, {REJECTED: True}), reject_code=31
    )

    assert said(evidence, 4.9) == "undecided"
    assert said(evidence, 5) == "inconclusive wrong_reject_code"
    assert said(take(evidence, an_acquisition(2, {CODE: 12})), 2) == "detected"


def test_a_rejection_without_a_reason_is_none() -> None:
    """m14 of the findings: the code stays 0, which is no reason unless it is declared as one."""
    evidence = shown(an_expectation(CODED, code=12), an_acquisition(1, {REJECTED: True}))

    assert said(evidence, 5) == "inconclusive stale"
    declared = replace(CODED, reject_codes={FailureMode("torque_low"): 0})
    evidence = shown(an_expectation(declared, code=0), an_acquisition(1, {REJECTED: True}))
    assert said(evidence, 1.3) == "detected"


def test_a_reason_that_is_shown_for_a_moment_only_is_the_reason() -> None:
    """m31 of the findings: the code is cleared 150 ms after the bit."""
    evidence = shown(
        an_expectation(CODED, code=12),
        an_acquisition(1, {REJECTED: True, CODE: 12}),
        an_acquisition(1.15, {CODE: 0}),
    )

    judgement = judge(evidence, at(1.3))
    assert words(judgement) == "detected"
    assert judgement is not None
    assert judgement.observed_code == 12


def test_a_reason_that_a_stale_message_contradicts_is_not_known_any_more() -> None:
    """D7."""
    evidence = shown(an_expectation(CODED, code=12), an_acquisition(1, {REJECTED: True, CODE: 12}))
    stale = take(evidence, an_acquisition(1.1, {CODE: 31}, fresh=False))

    assert said(stale, 5) == "inconclusive stale"


def test_a_reason_changed_after_a_detection_contradicts_it_and_one_that_goes_does_not() -> None:
    evidence = shown(an_expectation(CODED, code=12), an_acquisition(1, {REJECTED: True, CODE: 12}))
    cleared = take(evidence, an_acquisition(2, {CODE: 0}))

    assert contradiction(evidence, at(1)) is None
    assert contradiction(cleared, at(2)) is None
    changed = contradiction(take(cleared, an_acquisition(2.5, {CODE: 31})), at(2.5))
    assert words(changed) == "inconclusive wrong_reject_code"
    assert changed is not None
    assert (changed.observed_code, changed.decided_at) == (31, at(2.5))


def test_a_good_master_is_contradicted_by_no_reason() -> None:
    evidence = shown(
        an_expectation(CODED, part=MASTER), an_acquisition(1, {ACCEPTED: True, CODE: 31})
    )

    assert contradiction(evidence, at(1)) is None


# Watched closely enough (D30) ---------------------------------------------------------------------

CLOSELY = tuple(an_acquisition(tenths / 10) for tenths in range(1, 51))
GAP = (*CLOSELY[:10], *CLOSELY[15:], an_acquisition(5.1))
"""Between 1.0 s and 1.6 s nobody looked."""
UNBROKEN = (*CLOSELY, an_acquisition(5.1))


def by(how: Presented, *acquisitions: Acquisition, code: Value | None = None) -> Evidence:
    """The evidence at a station that must be read every 0.3 s, of a part known by this."""
    rule = a_rule(reject_code=CODE) if code is not None else a_rule()
    expected = an_expectation(rule, code=code, blind_s=0.3)
    evidence = present(begin(expected, readings_of(THERE)), at(0), how)
    for acquisition in acquisitions:
        evidence = take(evidence, acquisition)
    return evidence


@pytest.mark.parametrize("how", Presented)
def test_silence_means_nothing_where_an_answer_can_have_passed_unseen(how: Presented) -> None:
    """D30: f1, g2 and m33 of the findings."""
    assert said(by(how, *UNBROKEN), 5.1) == "missed"
    assert said(by(how, *GAP), 5.1) == "inconclusive not_watched"


def test_silence_means_nothing_where_the_gap_is_at_the_very_end() -> None:
    assert said(by(Presented.CODE, *CLOSELY[:47], an_acquisition(5.1)), 5.1) == (
        "inconclusive not_watched"
    )


@pytest.mark.parametrize(
    ("how", "verdict"),
    [
        (Presented.CODE, "detected"),
        (Presented.EDGE, "inconclusive not_watched"),
        (Presented.STATED, "detected"),
    ],
)
def test_an_answer_after_a_gap_may_be_the_next_parts_where_the_part_is_known_by_order(
    how: Presented, verdict: str
) -> None:
    """D30: else it counts, and the grade says so."""
    rejected = an_acquisition(2, {REJECTED: True})

    assert said(by(how, *CLOSELY[:19], rejected), 2) == "detected"
    assert said(by(how, *CLOSELY[:10], rejected), 2) == verdict


@pytest.mark.parametrize(("how", "verdict"), [(Presented.CODE, "missed"), (Presented.EDGE, None)])
def test_an_acceptance_after_a_gap_may_be_the_next_parts_as_well(
    how: Presented, verdict: str | None
) -> None:
    evidence = by(how, *CLOSELY[:10], an_acquisition(2, {ACCEPTED: True}))

    assert said(evidence, 2) == (verdict or "inconclusive not_watched")


def test_the_right_reason_told_anew_after_a_gap_is_our_parts() -> None:
    """D30."""
    rejected = an_acquisition(2, {REJECTED: True, CODE: 12})

    assert said(by(Presented.EDGE, *CLOSELY[:10], rejected, code=12), 2) == "detected"


def test_a_reason_that_stood_there_does_not_tell_whose_rejection_it_is() -> None:
    left_over = replace(by(Presented.EDGE, code=12), reason=RejectReason(standing=12))
    evidence = take(left_over, an_acquisition(1, {CODE: 12}))

    rejected = take(evidence, an_acquisition(1.1, {REJECTED: True}))
    assert said(rejected, 1.1) == "inconclusive not_watched"


def test_an_answer_after_lost_messages_may_be_the_next_parts() -> None:
    """D27: what is missing in a sequence is a gap."""
    holed = an_acquisition(0.5, messages_lost=1)
    rejected = an_acquisition(0.7, {REJECTED: True})

    assert said(by(Presented.CODE, holed, rejected), 0.7) == "detected"
    assert said(by(Presented.EDGE, holed, rejected), 0.7) == "inconclusive not_watched"


def test_a_false_reject_after_a_gap_may_be_the_next_parts() -> None:
    expected = an_expectation(BY_EDGE, part=MASTER, blind_s=0.3)
    evidence = present(begin(expected, readings_of(THERE)), at(0), Presented.EDGE)

    assert said(take(evidence, an_acquisition(0.2, {REJECTED: True})), 0.2) == "false_reject"
    assert said(take(evidence, an_acquisition(0.4, {REJECTED: True})), 0.4) == (
        "inconclusive not_watched"
    )


# Other ends -----------------------------------------------------------------------------------------


def test_another_part_before_the_answer_ends_it_inconclusive() -> None:
    """L3."""
    evidence = replace(shown(None, *STEADY), another_part=True)

    assert said(evidence, 4.9) == "inconclusive wrong_part"


def test_an_answer_that_another_part_follows_is_judged_at_once() -> None:
    """What the station tells after that part came is not the reason for ours."""
    evidence = shown(an_expectation(CODED), an_acquisition(1, {REJECTED: True}))

    assert said(replace(evidence, another_part=True), 1.1) == "inconclusive stale"


def test_lost_communication_ends_it_inconclusive_at_once() -> None:
    """Story: silence on a lost link (L3)."""
    evidence = shown(
        None,
        an_acquisition(1, failure=Reason.TIMEOUT),
        an_acquisition(2.1, failure=Reason.TIMEOUT),
    )

    assert said(evidence, 2.1) == "inconclusive link_lost"


def test_an_answer_that_was_complete_before_the_link_was_lost_stands() -> None:
    """L3: unless the evidence was complete before."""
    evidence = shown(
        None,
        an_acquisition(1, {REJECTED: True}),
        an_acquisition(2, failure=Reason.TIMEOUT),
        an_acquisition(4, failure=Reason.TIMEOUT),
    )

    assert evidence.lost
    assert said(evidence, 4) == "detected"


# Silence (L3, D3) -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on_silence", "verdict"),
    [(OnSilence.MISSED, "missed"), (OnSilence.INCONCLUSIVE, "inconclusive no_result")],
)
def test_silence_on_good_communication_means_what_the_rule_says(
    on_silence: OnSilence, verdict: str
) -> None:
    """Story: a "passed" bit that was never set."""
    expectation = an_expectation(a_rule(on_silence=on_silence))

    assert said(shown(expectation, *STEADY, an_acquisition(5.1)), 5.1) == verdict


def test_a_good_master_met_with_silence_is_never_missed() -> None:
    evidence = shown(an_expectation(part=MASTER), *STEADY, an_acquisition(5.1))

    assert said(evidence, 5.1) == "inconclusive no_result"


def test_silence_means_nothing_before_the_deadline_is_over() -> None:
    evidence = shown(None, *STEADY, an_acquisition(5))

    assert said(evidence, 5) == "undecided"


def test_silence_is_not_judged_before_every_answer_signal_was_heard_after_the_deadline() -> None:
    """D1: another topic's message is no proof that the reject bit stayed off until the end."""
    beside = an_acquisition(5.1, {PART: ""}, covers=frozenset({PART}), took_s=0)
    evidence = shown(None, *STEADY, beside)

    assert said(evidence, 5.1) == "undecided"
    assert said(take(evidence, an_acquisition(5.2)), 5.2) == "missed"


def test_silence_is_not_judged_by_a_message_told_before_the_deadline_however_late_it_came() -> None:
    """D27: what was told behind it and before the deadline may still be under way."""
    late = an_acquisition(5.4, took_s=0.5)
    evidence = shown(None, *STEADY, late)

    assert said(evidence, 5.4) == "undecided"
    assert said(take(evidence, an_acquisition(5.6, took_s=0.5)), 5.6) == "missed"


def test_silence_over_messages_that_are_missing_proves_nothing() -> None:
    """D27: a hole in the sequence is a gap, never silence."""
    holed = an_acquisition(2.5, messages_lost=1)

    assert said(shown(None, *STEADY[:2], holed, *STEADY[2:]), 4.9) == "undecided"
    silent = shown(None, *STEADY[:2], holed, *STEADY[2:], an_acquisition(5.1))
    assert said(silent, 5.1) == "inconclusive link_lost"
    answered = take(shown(None, *STEADY[:2], holed), an_acquisition(3, {REJECTED: True}))
    assert said(answered, 3) == "detected"


def test_a_pulse_that_may_have_been_in_time_and_is_gone_is_no_silence() -> None:
    """D27: the part came at -0.5 s or later, the pulse at 4.8 s; 5 s are allowed."""
    part = an_acquisition(0, {PART: RABBIT}, took_s=0.5)
    armed = begin(an_expectation(), readings_of(dict(IDLE)))
    evidence = present(take(armed, part), at(0), Presented.CODE, part)
    for each in (*STEADY[:-1], an_acquisition(4.8, {REJECTED: True})):
        evidence = take(evidence, each)
    for each in (an_acquisition(4.95, {REJECTED: False}), an_acquisition(5.1)):
        evidence = take(evidence, each)

    assert said(evidence, 5.1) == "inconclusive no_result"


def test_a_clock_that_was_set_ends_it_unless_the_answer_was_complete_before() -> None:
    """D27, L3."""
    clock = SourceClock(name="line1/op20/state", offset_s=60, jumped=True)
    jump = an_acquisition(2, {REJECTED: True}, fresh=False, clock=clock)

    assert said(shown(None, *STEADY[:1], jump), 2) == "inconclusive clock_jumped"
    answered = shown(None, an_acquisition(1, {REJECTED: True}), replace(jump, changes=()))
    assert said(answered, 2) == "detected"


RESTART = an_acquisition(2, {REJECTED: False}, machine_restarted=True)
BEATING = replace(an_expectation(), heartbeat=True)


def test_a_machine_that_was_restarted_ends_it_unless_the_answer_was_complete_before() -> None:
    """K10, m30, L3: its bits are all off and say nothing of the part; what comes later doesn't either."""
    assert said(shown(None, *STEADY[:1], RESTART), 2) == "inconclusive machine_restarted"
    later = shown(None, *STEADY[:1], RESTART, an_acquisition(3, {REJECTED: True}))
    assert said(later, 3) == "inconclusive machine_restarted"
    with_it = an_acquisition(2, {REJECTED: True}, machine_restarted=True)
    assert said(shown(None, *STEADY[:1], with_it), 2) == "inconclusive machine_restarted"
    answered = shown(None, an_acquisition(1, {REJECTED: True}), RESTART)
    assert said(answered, 2) == "detected"


def test_a_restart_that_another_topic_tells_is_heard() -> None:
    """The part counter is no signal of the rule."""
    told = an_acquisition(2, covers=frozenset({SignalName("uptime")}), machine_restarted=True)
    assert said(shown(None, *STEADY[:1], told), 2) == "inconclusive machine_restarted"


def test_a_machine_that_was_restarted_before_the_part_came_is_no_matter() -> None:
    evidence = begin(an_expectation(), readings_of(THERE))
    evidence = take(evidence, an_acquisition(-1, machine_restarted=True, heart_beat=True))
    evidence = present(evidence, at(0), Presented.CODE)
    assert said(take(evidence, an_acquisition(1, {REJECTED: True})), 1) == "detected"


def test_silence_of_a_machine_counts_only_once_it_was_seen_to_run_after_it() -> None:
    """D32: a controller in STOP is silent, too."""
    quiet = shown(BEATING, *STEADY, an_acquisition(5.1))
    assert said(quiet, 5.1) == "undecided"
    early = shown(BEATING, *STEADY[:3], an_acquisition(4.9, heart_beat=True), an_acquisition(5.1))
    assert said(early, 5.1) == "undecided"
    running = take(quiet, an_acquisition(5.6, heart_beat=True))
    assert said(running, 5.6) == "missed"
    stopped = take(quiet, an_acquisition(6.6, failure=Reason.NOT_RUNNING))
    assert words(judge_at_last(stopped, at(7.5))) == "inconclusive not_running"
    assert words(judge_at_last(quiet, at(6))) == "inconclusive stale"


def test_a_machine_that_stops_in_mid_presentation_is_told_as_stopped() -> None:
    stops = (an_acquisition(second, failure=Reason.NOT_RUNNING) for second in (2, 3, 4))
    assert said(shown(BEATING, *STEADY[:1], *stops), 4) == "inconclusive not_running"
    silent = shown(BEATING, *STEADY, an_acquisition(5.1, failure=Reason.NOT_RUNNING))
    assert words(judge_at_last(silent, at(7.5))) == "inconclusive not_running"


def test_an_answer_that_changes_a_signal_needs_no_heartbeat() -> None:
    assert said(shown(BEATING, an_acquisition(1, {REJECTED: True})), 1) == "detected"


def test_an_answer_by_silence_needs_one() -> None:
    """D33: a press that stays off is *prevented*, or it stands in STOP."""
    prevents = a_rule(
        detected=StaysOff(signal=REJECTED, for_s=1.0, after=None),
        accepted=Rises(signal=ACCEPTED),
    )
    quiet = shown(replace(BEATING, rule=prevents), *STEADY[:3])
    assert (said(quiet, 3), judge_answer(quiet)) == ("undecided", None)
    assert said(take(quiet, an_acquisition(3.5, heart_beat=True)), 3.5) == "detected"
    again = an_acquisition(3.5, heart_beat=True, machine_restarted=True)
    assert said(take(quiet, again), 3.5) == "inconclusive machine_restarted"


def test_silence_of_a_station_that_was_not_read_to_the_end_proves_nothing() -> None:
    """L3: the last reading is older than the deadline, nobody knows what came after it."""
    evidence = shown(None, *STEADY)

    assert words(judge_at_last(evidence, at(6))) == "inconclusive stale"
    assert words(judge_at_last(evidence, at(7.5))) == "inconclusive link_lost"


def test_silence_on_a_link_that_fails_as_time_ends_is_a_lost_link() -> None:
    evidence = shown(None, *STEADY, an_acquisition(5.1, failure=Reason.TIMEOUT))

    assert said(evidence, 5.1) == "undecided"
    assert words(judge_at_last(evidence, at(6))) == "inconclusive link_lost"


def test_a_single_failed_poll_at_the_deadline_hides_no_miss() -> None:
    """The next good poll still finds every signal quiet."""
    evidence = shown(
        None,
        *STEADY,
        an_acquisition(5.1, failure=Reason.TIMEOUT),
        an_acquisition(5.6, {REJECTED: False, ACCEPTED: False, PART: RABBIT}),
    )

    assert said(evidence, 5.6) == "missed"


def test_silence_of_a_signal_without_a_good_value_proves_nothing() -> None:
    """B1."""
    evidence = shown(
        None, *STEADY, an_acquisition(5.1, {ACCEPTED: Reason.NOT_A_NUMBER}), an_acquisition(5.2)
    )

    assert words(judge_at_last(evidence, at(5.3))) == "inconclusive stale"


def test_silence_of_a_station_that_speaks_only_on_change_proves_nothing() -> None:
    """D7."""
    expectation = an_expectation(every_s=None, messages=True)
    failed = an_acquisition(2, failure=Reason.UNREADABLE)

    assert said(shown(expectation), 5.1) == "inconclusive stale"
    assert said(shown(expectation, failed), 5.1) == "inconclusive link_lost"


@pytest.mark.parametrize("every_s", [2.0, None])
def test_silence_of_a_change_only_signal_that_is_unknown_proves_nothing(
    every_s: float | None,
) -> None:
    expectation = replace(
        an_expectation(messages=True), expires_s={REJECTED: None, ACCEPTED: every_s}
    )
    unknown = present(begin(expectation, {}), at(0), Presented.CODE)
    for seconds in (1, 2, 3, 4, 5.1):
        unknown = take(
            unknown,
            an_acquisition(seconds, {ACCEPTED: False}, covers=frozenset({ACCEPTED}), took_s=0),
        )

    assert said(unknown, 5.1) == "inconclusive stale"


def test_silence_after_a_message_whose_age_nobody_knows_proves_nothing() -> None:
    """D7: it may have been the answer."""
    stale = an_acquisition(2, {REJECTED: True}, covers=frozenset({REJECTED}), took_s=0, fresh=False)
    evidence = shown(None, an_acquisition(1), stale, an_acquisition(2.5, {REJECTED: False}))
    for seconds in (3, 4, 5.1):
        evidence = take(evidence, an_acquisition(seconds))

    assert said(evidence, 5.1) == "inconclusive stale"


def test_silence_of_a_counter_that_was_reset_proves_nothing() -> None:
    """Story: the counter reset in mid-window (D6)."""
    expectation = an_expectation(a_rule(accepted=Increases(signal=COUNT)))
    evidence = shown(expectation, an_acquisition(1, {COUNT: 0}), *STEADY[1:], an_acquisition(5.1))

    assert said(evidence, 5.1) == "inconclusive stale"


def test_a_counter_that_rises_accepts() -> None:
    expectation = an_expectation(a_rule(accepted=Increases(signal=COUNT)), part=MASTER)

    assert said(shown(expectation, an_acquisition(1, {COUNT: 101})), 1) == "accepted"


@pytest.mark.parametrize("rule", [a_rule(), LEVELS], ids=["edges", "levels"])
@pytest.mark.parametrize("bit", ["rejected", "accepted"])
def test_a_bit_that_was_on_before_the_part_and_stays_on_is_stuck(rule: object, bit: str) -> None:
    """Story: a "passed" left over from the last run; a bit that can't change says nothing (R16)."""
    assert isinstance(rule, type(LEVELS))
    evidence = shown(an_expectation(rule), *STEADY, an_acquisition(5.1), **{bit: True})

    assert said(evidence, 5.1) == "inconclusive stuck"


def test_one_blocked_way_to_answer_is_enough_to_be_stuck() -> None:
    """Two reject lamps, one of them stuck on: its silence can't be told from a rejection."""
    either = AnyOf(of=(Rises(signal=REJECTED), Becomes(signal=CODE, value=0)))
    evidence = shown(
        an_expectation(a_rule(detected=either, accepted=None)), *STEADY, an_acquisition(5.1)
    )

    assert said(evidence, 5.1) == "inconclusive stuck"


def test_a_bit_that_was_on_and_went_off_is_silent_not_stuck() -> None:
    evidence = shown(
        None, an_acquisition(1, {REJECTED: False}), *STEADY[1:], an_acquisition(5.1), rejected=True
    )

    assert said(evidence, 5.1) == "missed"


def test_falling_and_level_conditions_are_not_stuck_on_their_resting_side() -> None:
    rule = a_rule(
        detected=AllOf(of=(Falls(signal=ACCEPTED), Above(signal=COUNT, limit=1))), accepted=None
    )
    evidence = shown(an_expectation(rule), *STEADY, an_acquisition(5.1), accepted=True)

    assert said(evidence, 5.1) == "missed"


@pytest.mark.parametrize("bit", [REJECTED, ACCEPTED])
def test_an_answer_first_seen_after_the_deadline_is_neither_an_answer_nor_silence(
    bit: SignalName,
) -> None:
    """L3: it came between the last reading in time and this one; whether in time, nobody knows."""
    evidence = shown(None, *STEADY, an_acquisition(5.1, {bit: True}))

    assert said(evidence, 5.1) == "inconclusive no_result"


def test_an_answer_that_comes_when_silence_was_seen_after_the_deadline_is_too_late() -> None:
    """Story: a late answer; silence was judged at the first reading after the deadline."""
    evidence = shown(None, *STEADY, an_acquisition(5.1))
    assert said(evidence, 5.1) == "missed"

    assert take(evidence, an_acquisition(5.2, {REJECTED: True})).rejected_at is None


# Whose answer it was ------------------------------------------------------------------------------

LABEL_FIRST = {PART: 0, REJECTED: 1, ACCEPTED: 1}
UNREAD = Reason.DEVICE_ERROR


def closely(every_s: float | None = 1.0) -> Expectation:
    """A station that tells so often which part it sees, and must be read every 0.3 s."""
    return an_expectation(every_s=every_s, blind_s=0.3)


@pytest.mark.parametrize("answer", [REJECTED, ACCEPTED])
def test_an_answer_waits_for_the_reading_that_tells_whose_it_was(answer: SignalName) -> None:
    """D29: for as long as the label may be silent."""
    torn = an_acquisition(0.2, {answer: True}, request_of=LABEL_FIRST)
    awaited = shown(closely(), torn)
    assert answer_final_at(awaited) == at(1.2)
    assert awaits_its_part(awaited)
    assert said(awaited, 1.1) == "undecided"
    assert said(awaited, 1.2) == "inconclusive not_watched"

    seen = take(awaited, an_acquisition(0.3, request_of=LABEL_FIRST))
    assert said(seen, 0.3) == ("detected" if answer is REJECTED else "missed")
    assert not awaits_its_part(seen)
    beyond = replace(awaited, another_part=True)
    assert said(beyond, 0.3) == "inconclusive wrong_part"


def test_an_answer_settles_at_the_later_of_both_times() -> None:
    slow = replace(closely(), rule=a_rule(settle_s=1.5))
    torn = an_acquisition(0.2, {REJECTED: True}, request_of=LABEL_FIRST)

    assert answer_final_at(shown(slow, torn)) == at(1.7)


@pytest.mark.parametrize(("every_s", "verdict"), [(1.0, "undecided"), (None, "detected")])
def test_nothing_is_waited_for_where_the_label_is_told_only_when_it_changes(
    every_s: float | None, verdict: str
) -> None:
    """D29: the grade says so."""
    answer = an_acquisition(0.2, {REJECTED: True}, covers=frozenset({REJECTED}), took_s=0)

    evidence = shown(closely(every_s), answer)
    assert said(evidence, 0.2) == verdict
    assert awaits_its_part(evidence) is (every_s is not None)
    assert not awaits_its_part(shown(closely(every_s)))


@pytest.mark.parametrize("answer", [REJECTED, ACCEPTED])
def test_an_answer_after_the_part_left_may_be_another_parts(answer: SignalName) -> None:
    gone = shown(closely(), an_acquisition(0.2, {PART: ""}))

    assert said(take(gone, an_acquisition(0.4, {answer: True})), 0.4) == "inconclusive part_left"


def test_that_the_lamp_stayed_off_is_about_the_part_that_left() -> None:
    """D3, D33; a prevented start is not: another part may have been in the press."""
    quiet = [an_acquisition(0.3 + n * 0.1) for n in range(25)]
    gone = an_acquisition(0.2, {PART: ""})
    lamp = replace(closely(), rule=LAMP)
    prevents = replace(
        closely(), rule=a_rule(detected=StaysOff(signal=REJECTED, for_s=2.0, after=None))
    )

    assert said(shown(lamp, gone, *quiet), 2.7) == "missed"
    assert said(shown(prevents, gone, *quiet), 2.7) == "inconclusive part_left"


@pytest.mark.parametrize(
    ("label_s", "last", "verdict"),
    [
        (1.0, {}, "missed"),
        (1.0, {PART: ""}, "missed"),
        (1.0, {PART: UNREAD}, "inconclusive not_watched"),
        (None, {PART: UNREAD}, "missed"),
    ],
    ids=["still there", "gone", "unread", "told only when it changes"],
)
def test_silence_is_about_a_part_that_can_still_be_read(
    label_s: float | None, last: dict[SignalName, Value | Reason], verdict: str
) -> None:
    """Another part may have come unseen, and been silent."""
    expectation = closely()
    told = replace(expectation, expires_s={**expectation.expires_s, PART: label_s})
    quiet = [an_acquisition(0.2 + n * 0.2) for n in range(24)]
    evidence = shown(told, *quiet, an_acquisition(5.0, last), an_acquisition(5.1))

    assert said(evidence, 5.9) == verdict


@pytest.mark.parametrize(
    ("every_s", "verdict"), [(1.0, "detected"), (None, "inconclusive not_watched")]
)
def test_after_a_gap_a_part_that_was_told_only_once_is_known_by_order(
    every_s: float | None, verdict: str
) -> None:
    """D30: the message that told the next one may be missing, too."""
    answer = an_acquisition(0.5, {REJECTED: True}, covers=frozenset({REJECTED}), took_s=0)
    told = take(shown(closely(every_s), answer), an_acquisition(0.6, covers=frozenset({ACCEPTED})))
    seen = take(told, an_acquisition(0.7)) if every_s is not None else told

    assert seen.blind
    assert said(seen, 0.7) == verdict


def test_silence_waits_for_the_label_no_longer_than_it_may_be_silent() -> None:
    answers = frozenset({REJECTED, ACCEPTED})
    quiet = [an_acquisition(0.2 + n * 0.2) for n in range(23)]
    mute = [an_acquisition(4.8 + n * 0.2, covers=answers) for n in range(4)]
    evidence = shown(closely(), *quiet, *mute)

    assert said(evidence, 5.5) == "undecided"
    assert said(evidence, 5.6) == "inconclusive not_watched"


# Judging what is there -----------------------------------------------------------------------------


def test_the_answer_so_far_is_judged_without_waiting_for_the_rest_of_it() -> None:
    """D4: who gives up after the device accepted does not undo the miss."""
    rule = a_rule(settle_s=3.0)

    assert judge_answer(shown(an_expectation(rule))) is None
    accepted = shown(an_expectation(rule), an_acquisition(1, {ACCEPTED: True}))
    assert words(judge_answer(accepted)) == "missed"


def test_at_last_an_answer_is_judged_as_ever() -> None:
    evidence = shown(None, an_acquisition(1, {REJECTED: True}))

    assert words(judge_at_last(evidence, at(8))) == "detected"


def test_an_expected_failure_mode_is_all_that_makes_a_rabbit() -> None:
    """A good master's expectation names none."""
    rabbit = an_expectation()
    silent = replace(rabbit, failure_mode=FailureMode("screw_missing"))

    assert said(shown(silent, an_acquisition(1, {ACCEPTED: True})), 1) == "missed"


# Answers by silence (D33) -------------------------------------------------------------------------

LAMP = a_rule(accepted=StaysOff(signal=REJECTED, for_s=1.0, after=None))
DARK = (*CLOSELY[:20],)


def by_lamp(*acquisitions: Acquisition) -> Evidence:
    """The evidence at a station that only says NG, and must be read every 0.3 s."""
    expected = an_expectation(LAMP, blind_s=0.3)
    evidence = present(begin(expected, readings_of(THERE)), at(0), Presented.CODE)
    for acquisition in acquisitions:
        evidence = take(evidence, acquisition)
    return evidence


def test_a_lamp_that_stays_off_is_an_answer_only_where_it_would_have_been_seen() -> None:
    """D27, D30."""
    lost = an_acquisition(0.55, messages_lost=1)

    assert said(by_lamp(*DARK), 2) == "missed"
    assert said(by_lamp(*DARK[:5], *DARK[9:]), 2) == "inconclusive not_watched"
    assert said(by_lamp(*DARK[:5], lost, *DARK[5:]), 2) == "inconclusive link_lost"


def test_a_device_that_nobody_asked_prevented_nothing() -> None:
    asked = a_rule(demanded=Rises(signal=PRESENT), on_silence=OnSilence.MISSED)
    evidence = present(begin(an_expectation(asked), readings_of(THERE)), at(0), Presented.CODE)
    for acquisition in (*STEADY, an_acquisition(5.1)):
        evidence = take(evidence, acquisition)

    assert said(evidence, 5.1) == "inconclusive no_result"


def test_an_acceptance_after_a_detection_contradicts_it() -> None:
    """R16."""
    evidence = shown(None, an_acquisition(1, {REJECTED: True}), an_acquisition(2, {ACCEPTED: True}))

    assert words(contradiction(evidence, at(2))) == "inconclusive contradictory"


@pytest.mark.parametrize(("messages", "verdict"), [(False, "detected"), (True, "inconclusive")])
def test_a_gap_leaves_it_open_whose_answer_it_was_unless_the_place_is_read_again(
    messages: bool, verdict: str
) -> None:
    """D29, D30: a poll tells the nest anew; a message that told of another may be missing."""
    expectation = replace(an_expectation(BY_EDGE, messages=messages), places={SaidOf.NEST: COUNT})
    there = replace(
        shown(expectation),
        blind=True,
        rejected_at=at(1),
        part_at_answer=PartAtAnswer.OURS,
        told={SaidOf.NEST: "100"},
    )
    judged = judge_answer(there)
    assert judged is not None
    assert judged.verdict == verdict


# What a person says of the part, too late or in time (decision 0024) ------------------------------


def test_a_station_has_answered_once_it_gave_an_answer() -> None:
    assert not has_answered(shown())
    assert has_answered(replace(shown(), rejected_at=at(1)))
    assert has_answered(replace(shown(), accepted_at=at(1)))
    assert has_answered(replace(shown(), answered_late=True))


def test_a_reading_that_was_under_way_is_none_since() -> None:
    evidence = shown(None, an_acquisition(2, took_s=0.5))
    assert all_read_since(evidence, at(1.5))
    assert not all_read_since(evidence, at(1.6))


def test_signals_that_tell_only_changes_are_not_waited_for() -> None:
    never_again = replace(an_expectation(), expires_s=dict.fromkeys(IDLE, None))
    assert all_read_since(shown(never_again), at(5))

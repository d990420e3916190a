"""What is taken as evidence, one acquisition at a time (L1, D1, D7, B1)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from redrabbit.domain.condition import holds
from redrabbit.domain.evidence import (
    Evidence,
    begin,
    expired_signals,
    gather,
    present,
)
from redrabbit.domain.evidence_trace import MOST_POINTS, TracePoint
from redrabbit.domain.expectation import Expectation
from redrabbit.domain.identity import SignalName
from redrabbit.domain.machine_heard import MachineHeard
from redrabbit.domain.observation import (
    Acquisition,
    Observation,
    Reading,
    Reason,
    SourceClock,
    Value,
    Window,
)
from redrabbit.domain.rule import (
    AllOf,
    Becomes,
    Below,
    Condition,
    Equals,
    Falls,
    Increases,
    Rises,
    StaysOff,
)
from redrabbit.domain.run_words import Presented
from tests.builders import (
    ACCEPTED,
    CODE,
    COUNT,
    IDLE,
    PART,
    PRESENT,
    RABBIT,
    REJECTED,
    STATION,
    a_rule,
    an_acquisition,
    an_expectation,
    at,
    readings_of,
)

BOTH_BITS = frozenset({REJECTED, ACCEPTED})


STEADY = tuple(an_acquisition(seconds) for seconds in (1, 2, 3, 4))
"""Good polls in which nothing changes."""


def armed(expectation: Expectation | None = None, **before: Value) -> Evidence:
    """Evidence at arming, of an idle station but for `before`, read 0.1 s before the story."""
    values = dict(IDLE) | {SignalName(name): value for name, value in before.items()}
    return begin(expectation or an_expectation(), readings_of(values))


def presented(expectation: Expectation | None = None, **before: Value) -> Evidence:
    """Evidence with the part presented at the story's begin."""
    return present(armed(expectation, **before), at(0), Presented.CODE)


def after(evidence: Evidence, *acquisitions: Acquisition) -> Evidence:
    """The evidence with these acquisitions taken in."""
    for acquisition in acquisitions:
        evidence = gather(evidence, acquisition)
    return evidence


def told(signal: SignalName, value: Value, seconds: float, **more: Any) -> Acquisition:
    """A message on one signal alone."""
    return an_acquisition(seconds, {signal: value}, covers=frozenset({signal}), took_s=0.0, **more)


# What is known at arming ----------------------------------------------------------------------


def test_what_is_known_at_arming_is_the_before_of_the_rules_own_signals() -> None:
    evidence = armed(rejected=True)

    assert evidence.known == {ACCEPTED: False, PART: "", REJECTED: True}
    assert evidence.trace[-1] == TracePoint(REJECTED, at(-0.1), True, None)
    assert evidence.rejected_at is None


@pytest.mark.parametrize(
    "reading",
    [
        Reading(signal=REJECTED, value=None, reason=Reason.TIMEOUT, window=None, changed_at=None),
        Reading(signal=REJECTED, value=True, reason=None, window=None, changed_at=None),
    ],
    ids=["no value", "no window"],
)
def test_a_reading_without_value_or_window_is_unknown_at_arming(reading: Reading) -> None:
    """B1."""
    assert begin(an_expectation(), {REJECTED: reading}).known == {}


def test_before_the_part_is_presented_values_come_and_go_without_being_evidence() -> None:
    evidence = after(
        armed(), an_acquisition(-2, {REJECTED: True}), an_acquisition(-1, {REJECTED: False})
    )

    assert evidence.known[REJECTED] is False
    assert (evidence.rejected_at, evidence.windows) == (None, 0)


def test_a_lost_link_before_the_part_is_presented_only_empties_what_is_known() -> None:
    evidence = after(armed(), an_acquisition(-1, failure=Reason.NOT_CONNECTED))

    assert evidence.known == {}
    assert not evidence.lost
    assert evidence.trace[-1] == TracePoint(REJECTED, at(-1), None, Reason.NOT_CONNECTED)


def test_an_acquisition_that_covers_none_of_the_rules_signals_changes_nothing() -> None:
    evidence = presented()

    assert gather(evidence, told(COUNT, 7, 1)) is evidence


def test_a_change_outside_the_rules_signals_is_not_traced() -> None:
    evidence = after(armed(), an_acquisition(-1, {COUNT: 7}))

    assert COUNT not in evidence.known


# The edge ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "detected",
    [
        Rises(signal=REJECTED),
        Becomes(signal=REJECTED, value=True),
        Equals(signal=REJECTED, value=True),
    ],
    ids=["rises", "becomes", "equals"],
)
def test_a_reject_bit_that_changes_after_the_part_is_evidence(detected: Condition) -> None:
    """L1."""
    evidence = presented(an_expectation(a_rule(detected=detected)))
    evidence = after(evidence, an_acquisition(1), an_acquisition(2, {REJECTED: True}, took_s=0.3))

    assert evidence.rejected_at == at(2)
    assert evidence.rejected_seen_from == at(1.7)


@pytest.mark.parametrize(
    "detected",
    [
        Rises(signal=REJECTED),
        Becomes(signal=REJECTED, value=True),
        Equals(signal=REJECTED, value=True),
    ],
    ids=["rises", "becomes", "equals"],
)
def test_a_reject_bit_that_was_on_before_the_part_must_go_off_first(detected: Condition) -> None:
    """Story: a "passed" left over from the last run (L1, R16)."""
    evidence = presented(an_expectation(a_rule(detected=detected)), rejected=True)
    stuck = after(evidence, an_acquisition(1), an_acquisition(2))

    assert stuck.rejected_at is None
    cleared = after(stuck, an_acquisition(3, {REJECTED: False}), an_acquisition(4))
    assert cleared.rejected_at is None
    assert after(cleared, an_acquisition(4.5, {REJECTED: True})).rejected_at == at(4.5)


def test_only_the_first_reading_of_each_answer_is_kept() -> None:
    evidence = after(
        presented(),
        an_acquisition(1, {REJECTED: True}),
        an_acquisition(2, {REJECTED: False}),
        an_acquisition(3, {REJECTED: True, ACCEPTED: True}),
        an_acquisition(4, {ACCEPTED: False}),
        an_acquisition(4.5, {ACCEPTED: True}),
    )

    assert (evidence.rejected_at, evidence.accepted_at) == (at(1), at(3))


def test_a_falling_signal_can_be_the_answer() -> None:
    """R15: inverted logic is normal, "camera OK" going off is the rejection."""
    rule = a_rule(detected=Falls(signal=ACCEPTED), accepted=None)
    evidence = presented(an_expectation(rule), accepted=True)

    assert after(evidence, an_acquisition(1, {ACCEPTED: False})).rejected_at == at(1)


def test_a_reading_whose_request_was_sent_before_the_part_is_still_the_before() -> None:
    """L1: taken after the part was presented; the window straddles that instant."""
    evidence = gather(presented(), an_acquisition(0.1, {REJECTED: True}, took_s=0.2))

    assert evidence.rejected_at is None
    assert after(evidence, an_acquisition(1)).rejected_at is None


def test_a_reading_whose_request_was_sent_as_the_part_came_is_evidence() -> None:
    evidence = gather(presented(), an_acquisition(0.1, {REJECTED: True}, took_s=0.1))

    assert evidence.rejected_at == at(0.1)


def test_an_answer_exactly_at_the_deadline_is_in_time() -> None:
    evidence = after(presented(), *STEADY, an_acquisition(5, {REJECTED: True}))

    assert evidence.rejected_at == at(5)


@pytest.mark.parametrize("signal", [REJECTED, ACCEPTED])
def test_an_answer_after_the_deadline_is_no_evidence(signal: SignalName) -> None:
    evidence = after(presented(), *STEADY, an_acquisition(5.000001, {signal: True}))

    assert not evidence.lost
    assert (evidence.rejected_at, evidence.accepted_at) == (None, None)


def test_without_a_condition_for_accepted_nothing_is_ever_accepted() -> None:
    """D3: accepted is positive."""
    evidence = presented(an_expectation(a_rule(accepted=None)))

    assert after(evidence, an_acquisition(1, {ACCEPTED: True})).accepted_at is None


def test_an_answer_after_another_part_came_is_not_about_ours() -> None:
    """L3."""
    evidence = replace(presented(), another_part=True)

    assert after(evidence, an_acquisition(1, {REJECTED: True})).rejected_at is None


def test_an_unknown_signal_must_first_be_seen_off() -> None:
    """B1: unknown is not off."""
    unread = present(begin(an_expectation(), {}), at(0), Presented.CODE)

    assert after(unread, an_acquisition(1, {REJECTED: True})).rejected_at is None
    off_first = after(unread, an_acquisition(1, {REJECTED: False}))
    assert after(off_first, an_acquisition(2, {REJECTED: True})).rejected_at == at(2)


def test_a_signal_that_lost_its_value_supports_nothing() -> None:
    evidence = after(presented(), an_acquisition(1, {REJECTED: Reason.NOT_A_NUMBER}))

    assert REJECTED not in evidence.known
    assert holds(Rises(signal=REJECTED), evidence) is None
    assert evidence.trace[-1] == TracePoint(REJECTED, at(1), None, Reason.NOT_A_NUMBER)


def test_a_value_may_be_lost_again_before_it_was_ever_known() -> None:
    unread = present(begin(an_expectation(), {}), at(0), Presented.CODE)

    evidence = after(unread, an_acquisition(1, {REJECTED: Reason.OUT_OF_RANGE}))

    assert evidence.known == {}


# Stale and retained (D7) -----------------------------------------------------------------------


def test_a_retained_message_may_set_the_before() -> None:
    """D7."""
    evidence = begin(an_expectation(messages=True), {})
    evidence = gather(evidence, told(REJECTED, False, -1, fresh=False))
    evidence = present(evidence, at(0), Presented.CODE)

    assert after(evidence, told(REJECTED, True, 1)).rejected_at == at(1)


@pytest.mark.parametrize("marked", ["acquisition", "observation"])
def test_a_retained_message_is_never_the_edge(marked: str) -> None:
    """D7, B12; a retained observation is stale even in an acquisition that is not so marked."""
    retained = (
        told(REJECTED, True, 1, fresh=False)
        if marked == "acquisition"
        else Acquisition(
            station=STATION,
            window=Window(began_at=at(1), ended_at=at(1)),
            signals=frozenset({REJECTED}),
            changes=(Observation(signal=REJECTED, value=True, retained=True),),
        )
    )

    evidence = gather(presented(), retained)

    assert evidence.rejected_at is None
    assert REJECTED not in evidence.known


def test_a_stale_message_does_not_overrule_what_was_heard_freshly_before_the_part() -> None:
    """L1: the reject bit is on; an old "off" that arrives late does not switch it off."""
    evidence = gather(armed(), told(REJECTED, True, -2))
    evidence = gather(evidence, told(REJECTED, False, -1, fresh=False))
    evidence = present(evidence, at(0), Presented.CODE)

    assert after(evidence, told(REJECTED, True, 1)).rejected_at is None


def test_a_stale_message_that_repeats_what_is_known_changes_nothing() -> None:
    evidence = presented()

    assert gather(evidence, told(REJECTED, False, 1, fresh=False)) == evidence


def test_a_stale_message_that_contradicts_an_answer_signal_leaves_silence_in_doubt() -> None:
    """L3: what it says may have been the answer, told while nobody could tell its age."""
    assert gather(presented(), told(REJECTED, True, 1, fresh=False)).doubted
    assert not gather(presented(), told(PART, "RR-0001", 1, fresh=False)).doubted
    assert not gather(armed(), told(REJECTED, True, -1, fresh=False)).doubted


def test_a_stale_message_keeps_no_value_alive() -> None:
    """L1: two signals in one payload; the stale repetition of one says nothing about its age."""
    evidence = begin(an_expectation(), readings_of({ACCEPTED: False}, -3))
    stale = an_acquisition(-1, {REJECTED: False}, covers=BOTH_BITS, fresh=False)
    evidence = present(gather(evidence, stale), at(0), Presented.CODE)

    assert evidence.known == {REJECTED: False}


def test_a_stale_loss_of_a_value_before_the_part_makes_it_unknown() -> None:
    lost = an_acquisition(-1, {REJECTED: Reason.UNREADABLE}, fresh=False)

    assert REJECTED not in gather(armed(), lost).known


def test_a_duplicated_message_is_no_second_edge() -> None:
    """B12."""
    first = gather(presented(), told(REJECTED, True, 1))

    assert gather(first, told(REJECTED, True, 1)).rejected_at == first.rejected_at


@pytest.mark.parametrize(
    ("age_s", "counts"), [(1.98, True), (2.1, False)], ids=["just alive", "expired"]
)
def test_a_value_that_had_expired_when_the_part_came_is_no_before(
    age_s: float, counts: bool
) -> None:
    """B2: nobody looked for so long; the bit may have come on long before the part."""
    evidence = begin(an_expectation(), readings_of(IDLE, -age_s))
    evidence = present(evidence, at(0), Presented.STATED)

    assert (REJECTED in evidence.known) is counts
    assert (after(evidence, an_acquisition(1, {REJECTED: True})).rejected_at is not None) is counts


def test_a_signal_that_speaks_only_on_change_keeps_its_last_value_as_the_before() -> None:
    evidence = begin(an_expectation(every_s=None), readings_of(IDLE, -3600))
    evidence = present(evidence, at(0), Presented.CODE)

    assert after(evidence, told(REJECTED, True, 1)).rejected_at == at(1)


# Windows and clocks (D27) ----------------------------------------------------------------------

TOPIC = "line1/op20/state"


def a_message(
    values: Mapping[SignalName, Value],
    arrives: float,
    *,
    late_s: float = 0.0,
    offset_s: float = 5.0,
    jumped: bool = False,
    topic: str = TOPIC,
    **more: Any,
) -> Acquisition:
    """A message that tells its time, and was under way for at most so long."""
    clock = SourceClock(name=topic, offset_s=offset_s, jumped=jumped)
    return an_acquisition(
        arrives, values, covers=frozenset(values), took_s=late_s, clock=clock, **more
    )


def shown_by(arrives: float, late_s: float = 0.0) -> Evidence:
    """Evidence of a part whose coming was told by a message."""
    coming = a_message({PART: RABBIT}, arrives, late_s=late_s)
    return present(gather(armed(), coming), at(arrives), Presented.CODE, coming)


def test_an_answer_is_in_time_only_if_its_far_end_is() -> None:
    """The part came between -0.8 s and 0 s, so only an answer up to 4.2 s surely came within 5 s."""
    evidence = shown_by(0, late_s=0.8)

    assert (evidence.presented_from, evidence.in_time_until) == (at(-0.8), at(4.2))
    assert (evidence.presented_at, evidence.deadline_at) == (at(0), at(5))
    assert armed().in_time_until is None
    watched = after(evidence, *STEADY)
    assert gather(watched, an_acquisition(4.2, {REJECTED: True})).rejected_at == at(4.2)
    assert gather(watched, an_acquisition(4.3, {REJECTED: True})).rejected_at is None


def test_an_answer_told_after_the_part_counts_though_both_arrive_at_once() -> None:
    evidence = gather(shown_by(0, late_s=0.9), a_message({REJECTED: False}, 0.01, late_s=0.6))

    assert gather(evidence, a_message({REJECTED: True}, 0.02, late_s=0.3)).rejected_at == at(0.02)


def test_what_was_told_before_the_part_came_is_the_before_though_it_arrives_later() -> None:
    evidence = gather(shown_by(0), a_message({REJECTED: True}, 0.2, late_s=0.3))

    assert evidence.known[REJECTED] is True
    assert gather(evidence, a_message({REJECTED: True}, 0.4)).rejected_at is None


def test_a_late_word_on_one_signal_does_not_take_back_what_another_counted() -> None:
    """Else the count since the part came would be lost, and a healthy device silent."""
    rule = a_rule(
        detected=AllOf(of=(Increases(signal=COUNT), Equals(signal=CODE, value=12))), accepted=None
    )
    before = begin(an_expectation(rule), readings_of({**IDLE, COUNT: 100, CODE: 0}))
    evidence = after(
        present(before, at(0), Presented.CODE),
        told(COUNT, 101, 1),
        a_message({CODE: 0}, 1.1, late_s=1.2),
        a_message({CODE: 12}, 1.3),
    )

    assert evidence.rejected_at == at(1.3)


def test_a_value_is_known_from_the_begin_of_its_window_only() -> None:
    """B2: a message that was under way for long keeps nothing alive for longer."""
    old = a_message({REJECTED: False, ACCEPTED: False}, 1, late_s=0.9)

    assert expired_signals(gather(shown_by(0), old), at(2.05)) == frozenset()
    assert expired_signals(gather(shown_by(0), old), at(2.15)) == BOTH_BITS


def test_a_clock_that_is_further_ahead_than_was_known_moves_the_parts_coming() -> None:
    """The message that told of the part was late by 0.4 s; a quicker one shows it."""
    evidence = gather(shown_by(0), a_message({REJECTED: False}, 1, offset_s=4.6))

    assert (evidence.presented_from, evidence.in_time_until) == (at(-0.4), at(4.6))
    assert evidence.hearing.clock_offsets == {TOPIC: 4.6}
    assert not evidence.hearing.clock_jumped


def test_an_answer_that_turns_out_to_be_late_is_none() -> None:
    answered = after(shown_by(0), *STEADY, a_message({REJECTED: True, ACCEPTED: True}, 4.9))

    assert (answered.rejected_at, answered.accepted_at) == (at(4.9), at(4.9))
    quicker = gather(answered, a_message({REJECTED: True}, 5.1, offset_s=4.8))
    assert (quicker.rejected_at, quicker.accepted_at) == (None, None)
    still = gather(answered, a_message({REJECTED: True}, 5.1, offset_s=4.95))
    assert (still.rejected_at, still.accepted_at) == (at(4.9), at(4.9))


def test_an_offset_that_rises_or_is_another_clocks_moves_nothing() -> None:
    """One that rises was learnt of a message that is no longer remembered."""
    evidence = after(
        shown_by(0),
        a_message({REJECTED: False}, 1, offset_s=5.3),
        a_message({ACCEPTED: False}, 1, offset_s=7.0, topic="line1/op20/other"),
        a_message({ACCEPTED: False}, 2, offset_s=6.0, topic="line1/op20/other"),
    )

    assert evidence.presented_from == at(0)
    assert evidence.hearing.clock_offsets == {TOPIC: 5.3, "line1/op20/other": 6.0}


def test_a_clock_that_was_set_counts_only_since_the_part_came() -> None:
    before = gather(armed(), a_message({REJECTED: False}, -1, offset_s=65, jumped=True))

    assert not before.hearing.clock_jumped
    assert before.hearing.clock_offsets == {TOPIC: 65}
    stale = a_message({REJECTED: True}, 1, offset_s=5, jumped=True, fresh=False)
    assert gather(shown_by(0), stale).hearing.clock_jumped


def test_messages_that_are_missing_count_only_since_the_part_came() -> None:
    holed = a_message({REJECTED: False}, -1, messages_lost=2)
    assert gather(armed(), holed).hearing.messages_lost == 0

    again = a_message({REJECTED: False}, 1, messages_lost=2)
    assert after(shown_by(0), again, again).hearing.messages_lost == 4


def test_a_part_that_came_in_missing_messages_may_have_come_since_the_last_that_was_heard() -> None:
    """D27: a duration counts from the earliest that the part can have come."""
    heard = gather(armed(), a_message({PART: ""}, -0.4, late_s=0.1))
    coming = a_message({PART: RABBIT}, 0, messages_lost=1)
    evidence = present(gather(heard, coming), at(0), Presented.CODE, coming)
    assert (evidence.presented_from, evidence.hearing.messages_lost) == (at(-0.5), 1)

    whole = gather(gather(heard, a_message({PART: ""}, -0.2, messages_lost=1)), shown_at_once())
    assert present(whole, at(0), Presented.CODE, shown_at_once()).presented_from == at(0)


def shown_at_once() -> Acquisition:
    return a_message({PART: RABBIT}, 0)


@pytest.mark.parametrize(("armed_at", "came_from"), [(at(-3), at(-3)), (None, at(0))])
def test_of_a_signal_that_was_never_heard_nothing_is_known_before_the_arming(
    armed_at: datetime | None, came_from: datetime
) -> None:
    coming = a_message({PART: RABBIT}, 0, messages_lost=1)
    evidence = gather(begin(an_expectation(), {}, armed_at), coming)

    assert present(evidence, at(0), Presented.CODE, coming).presented_from == came_from


def test_a_change_across_missing_messages_may_be_of_before_the_part() -> None:
    """The bit rose in what is missing: before the part, or after it, nobody knows."""
    evidence = gather(armed(), a_message({REJECTED: False}, -1))
    coming = a_message({PART: RABBIT}, 0, topic="line1/op20/part")
    evidence = present(gather(evidence, coming), at(0), Presented.CODE, coming)

    doubtful = gather(evidence, a_message({REJECTED: True}, 0.5, messages_lost=3))
    assert doubtful.rejected_at is None
    heard = gather(evidence, a_message({REJECTED: False}, 0.2))
    assert gather(heard, a_message({REJECTED: True}, 0.5, messages_lost=3)).rejected_at == at(0.5)


@pytest.mark.parametrize("signal", [REJECTED, ACCEPTED])
@pytest.mark.parametrize(
    ("arrives", "late_s", "remembered"),
    [(4.5, 0.0, True), (5.6, 0.7, True), (5.6, 0.5, False), (4.2, 0.0, False)],
    ids=["not surely in time", "in time, perhaps", "surely late", "in time"],
)
def test_an_answer_that_may_have_been_in_time_is_remembered(
    signal: SignalName, arrives: float, late_s: float, remembered: bool
) -> None:
    """D27: it may be gone before silence is judged."""
    evidence = after(shown_by(0, late_s=0.8), *STEADY)
    answered = gather(evidence, a_message({signal: True}, arrives, late_s=late_s))
    again = gather(answered, a_message({signal: True}, 5.8, late_s=0.6))

    assert answered.answered_late is again.answered_late is remembered


def test_a_late_word_of_before_the_part_resets_only_what_it_speaks_of() -> None:
    """Else a lamp that lit would be forgotten, and its silence told (D33)."""
    dark = StaysOff(signal=REJECTED, for_s=2.0, after=None)
    rule = a_rule(detected=dark, accepted=None, demanded=Rises(signal=PRESENT))
    evidence = begin(an_expectation(rule), readings_of(IDLE), at(-1))
    evidence = after(
        present(evidence, at(0), Presented.CODE),
        told(PRESENT, False, 0.1),
        told(PRESENT, True, 0.2),
        told(REJECTED, True, 0.3),
        told(REJECTED, False, 0.4),
    )
    assert (evidence.demanded_at, evidence.came_on) == (at(0.2), frozenset({dark}))

    other = gather(evidence, a_message({PART: ""}, 0.5, late_s=0.6))
    assert (other.demanded_at, other.came_on) == (at(0.2), frozenset({dark}))
    same = gather(evidence, a_message({REJECTED: False, PRESENT: False}, 0.5, late_s=0.6))
    assert (same.demanded_at, same.came_on) == (None, frozenset())


# Communication (D1, L3) --------------------------------------------------------------------------


def test_steady_windows_are_counted_and_their_largest_gap_kept() -> None:
    """D1: from the begin of one window, until when it surely was so, to the end of the next."""
    evidence = after(presented(), an_acquisition(0.5), an_acquisition(2), an_acquisition(2.5))

    assert (evidence.windows, evidence.largest_gap_s) == (3, 1.52)
    assert not evidence.lost


def test_a_short_failure_loses_nothing_at_a_polled_station() -> None:
    evidence = after(
        presented(),
        an_acquisition(0.5),
        an_acquisition(1, failure=Reason.NOT_CONNECTED),
        an_acquisition(1.5, {REJECTED: False, ACCEPTED: False}),
        an_acquisition(2, {REJECTED: True}),
    )

    assert not evidence.lost
    assert evidence.failed is None
    assert evidence.rejected_at == at(2)


def test_a_failure_is_remembered_until_the_next_good_reading() -> None:
    evidence = after(presented(), an_acquisition(1, failure=Reason.TIMEOUT))

    assert evidence.failed is Reason.TIMEOUT
    assert evidence.known == {}


def test_a_failure_that_lasts_longer_than_a_value_lives_loses_the_presentation() -> None:
    """L3."""
    evidence = after(
        presented(),
        an_acquisition(1, failure=Reason.TIMEOUT),
        an_acquisition(2.1, failure=Reason.TIMEOUT),
    )

    assert evidence.lost
    back = after(evidence, an_acquisition(3, {REJECTED: False, ACCEPTED: False}))
    assert after(back, an_acquisition(4, {REJECTED: True})).rejected_at is None


def test_a_gap_without_any_reading_loses_the_presentation_as_well() -> None:
    """D1: the edge fell into a gap that nobody watched."""
    evidence = after(presented(), an_acquisition(1), an_acquisition(3.1, {REJECTED: True}))

    assert evidence.lost
    assert evidence.rejected_at is None


def test_a_cut_link_loses_what_a_broker_station_said_meanwhile() -> None:
    """L3: link lost in mid-presentation, and back at once."""
    evidence = after(
        presented(an_expectation(messages=True)),
        told(REJECTED, False, 1),
        an_acquisition(1.2, failure=Reason.NOT_CONNECTED),
        told(REJECTED, False, 1.4),
        told(REJECTED, True, 1.6),
    )

    assert evidence.lost
    assert evidence.rejected_at is None


def test_a_link_that_was_cut_when_the_part_was_presented_loses_the_presentation() -> None:
    """L3: nobody knows what the station said until it was back."""
    cut = gather(
        armed(an_expectation(messages=True)), an_acquisition(-1, failure=Reason.NOT_CONNECTED)
    )
    timed_out = gather(
        armed(an_expectation(messages=True)), an_acquisition(-1, failure=Reason.TIMEOUT)
    )
    polled = gather(armed(), an_acquisition(-1, failure=Reason.NOT_CONNECTED))

    assert present(cut, at(0), Presented.STATED).lost
    assert not present(timed_out, at(0), Presented.STATED).lost
    assert not present(polled, at(0), Presented.STATED).lost


def test_a_signal_that_fell_silent_supports_no_answer_told_by_its_neighbour() -> None:
    """B2: `rejected` alone is not evidence while the torque has not been heard for too long."""
    torque = SignalName("torque")
    detected = AllOf(of=(Rises(signal=REJECTED), Below(signal=torque, limit=25)))
    expectation = replace(
        an_expectation(a_rule(detected=detected, accepted=None)),
        expires_s={REJECTED: 2.0, torque: 2.0},
    )
    evidence = present(
        begin(expectation, readings_of({REJECTED: False, torque: 20.0})), at(0), Presented.CODE
    )
    evidence = after(
        evidence,
        told(REJECTED, False, 1),
        told(REJECTED, False, 2),
        told(REJECTED, True, 3),
    )

    assert evidence.lost
    assert evidence.rejected_at is None


def test_a_judging_signal_is_expired_when_it_was_not_heard_for_longer_than_it_lives() -> None:
    evidence = gather(presented(), told(REJECTED, False, 1))

    assert expired_signals(evidence, at(2)) == frozenset()
    assert expired_signals(evidence, at(2.5)) == {ACCEPTED}
    assert expired_signals(evidence, at(3.5)) == BOTH_BITS


def test_nothing_is_expired_before_the_part_is_presented() -> None:
    assert expired_signals(armed(), at(100)) == frozenset()


def test_a_signal_that_was_never_read_expires_from_the_presentation_on() -> None:
    unread = present(begin(an_expectation(), {}), at(0), Presented.CODE)

    assert expired_signals(unread, at(2)) == frozenset()
    assert expired_signals(unread, at(2.1)) == BOTH_BITS


def test_a_signal_that_speaks_only_on_change_never_expires() -> None:
    evidence = presented(an_expectation(every_s=None))

    assert expired_signals(evidence, at(100)) == frozenset()


# Counters (D6) -----------------------------------------------------------------------------------

COUNTING = a_rule(detected=Increases(signal=COUNT, by=2), accepted=None)


def counted(*values: Value, before: Value = 100) -> Evidence:
    evidence = presented(an_expectation(COUNTING), good_count=before)
    return after(evidence, *(an_acquisition(1 + i, {COUNT: v}) for i, v in enumerate(values)))


def test_a_counter_is_evidence_once_it_rose_by_enough_over_its_value_at_the_presentation() -> None:
    assert counted(101).rejected_at is None
    assert counted(101, 102).rejected_at == at(2)


def test_a_counter_first_read_after_the_presentation_counts_from_there() -> None:
    evidence = present(begin(an_expectation(COUNTING), {}), at(0), Presented.CODE)
    evidence = after(evidence, an_acquisition(1, {COUNT: 50}), an_acquisition(2, {COUNT: 52}))

    assert evidence.rejected_at == at(2)


def test_a_counter_that_was_reset_in_mid_presentation_tells_nothing_any_more() -> None:
    """Story: the counter reset in mid-window (D6); it may be restored, or have counted unseen."""
    evidence = counted(0, 3, 102)

    assert evidence.rejected_at is None
    assert holds(COUNTING.detected, evidence) is None


def test_a_counter_too_large_for_a_float_is_compared_exactly() -> None:
    """A uint64 counter near its end: as a float, one more than 2**63 is still 2**63."""
    before = 2**63
    rule = a_rule(detected=Increases(signal=COUNT), accepted=None)
    evidence = presented(an_expectation(rule), good_count=before)

    assert holds(rule.detected, evidence) is False
    evidence = after(evidence, an_acquisition(1, {COUNT: before + 1}))
    assert evidence.rejected_at == at(1)


def test_a_counter_that_is_text_counts_nothing() -> None:
    assert counted("many", "more", before="text").rejected_at is None


# Times of silence (D33) ---------------------------------------------------------------------------


def watched_off(leaf: StaysOff, *acquisitions: Acquisition, **rule: Any) -> Evidence:
    """Evidence of a rule that is answered by this silence."""
    return after(presented(an_expectation(a_rule(accepted=leaf, **rule))), *acquisitions)


def test_a_time_of_silence_is_over_with_a_reading_that_began_after_it() -> None:
    off = StaysOff(signal=ACCEPTED, for_s=1.0, after=None)

    early = watched_off(off, an_acquisition(0.5), an_acquisition(1.01))
    assert (early.off_since, early.stayed_off) == ({off: at(0)}, frozenset())
    assert after(early, an_acquisition(1.1)).stayed_off == {off}


def test_a_signal_that_came_on_did_not_stay_off_whatever_follows() -> None:
    off = StaysOff(signal=ACCEPTED, for_s=1.0, after=None)
    flashed = an_acquisition(0.5, {ACCEPTED: True}), an_acquisition(0.7, {ACCEPTED: False})

    evidence = watched_off(off, *flashed, an_acquisition(2))
    assert evidence.came_on == {off}
    assert evidence.stayed_off == frozenset()


def test_a_time_of_silence_begins_with_its_event() -> None:
    off = StaysOff(signal=ACCEPTED, for_s=1.0, after=Rises(signal=PRESENT))
    asked = watched_off(
        off, an_acquisition(0.5), an_acquisition(1, {PRESENT: True}), demanded=Rises(signal=PRESENT)
    )

    assert (asked.off_since, asked.demanded_at) == ({off: at(1)}, at(1))
    assert watched_off(off, an_acquisition(0.5)).off_since == {}
    other = after(asked, told(PRESENT, value=False, seconds=2.5))
    assert other.stayed_off == frozenset()


# The reason (D31) ---------------------------------------------------------------------------------


def test_the_reason_is_what_the_code_says_since_the_part_came_and_before_another() -> None:
    evidence = presented(an_expectation(a_rule(reject_code=CODE), code=12), reject_code=31)

    told_anew = after(evidence, an_acquisition(1, {CODE: 12}))
    assert (told_anew.reason.told, told_anew.reason.renewed) == (12, True)
    same = after(told_anew, an_acquisition(1.5))
    assert same.reason == told_anew.reason
    later = after(replace(told_anew, another_part=True), an_acquisition(2, {CODE: 31}))
    assert later.reason == told_anew.reason


# The trace -------------------------------------------------------------------------------------


def test_the_trace_keeps_each_change_with_its_time() -> None:
    evidence = after(presented(), an_acquisition(1), an_acquisition(2, {REJECTED: True}))

    assert evidence.trace[len(BOTH_BITS) + 1 :] == (TracePoint(REJECTED, at(2), True, None),)


def test_a_chattering_signal_can_not_fill_the_ledger() -> None:
    evidence = presented()
    before = len(evidence.trace)
    for i in range(MOST_POINTS + 4):
        evidence = gather(evidence, an_acquisition(1 + i / 1000, {REJECTED: i % 2 == 0}))

    assert len(evidence.trace) == MOST_POINTS
    assert evidence.trace_points_dropped == before + 4


def test_what_a_part_was_waited_for_leaves_room_for_what_it_brings() -> None:
    """A value that changes with each reading filled the trace, and the verdict's own was not in it."""
    armed = begin(an_expectation(), readings_of(IDLE, -10))
    told = len(armed.trace) + 2 * MOST_POINTS + 1
    for i in range(2 * MOST_POINTS):
        armed = gather(armed, an_acquisition(-9 + i / 1000, {REJECTED: i % 2 == 0}))
    seen = after(present(armed, at(0), Presented.CODE), an_acquisition(1, {ACCEPTED: True}))

    assert seen.trace[-1] == TracePoint(ACCEPTED, at(1), True, None)
    assert TracePoint(ACCEPTED, at(-10), False, None) in seen.trace, "how it stood before"
    assert len(seen.trace) + seen.trace_points_dropped == told


def test_what_a_machine_says_of_itself_counts_from_the_part_on() -> None:
    """D32: a beat or a restart before the part came is no matter of its evidence."""
    told = an_acquisition(1, heart_beat=True)
    restarted = an_acquisition(2, machine_restarted=True)
    armed = gather(gather(begin(an_expectation(), readings_of(IDLE)), told), restarted)
    assert armed.machine == MachineHeard()
    placed = gather(gather(present(armed, at(3), Presented.CODE), an_acquisition(4)), told)
    assert placed.machine == MachineHeard(beat_at=at(1))
    assert gather(placed, restarted).machine.restarted


def test_a_restart_told_with_the_part_counts() -> None:
    """D32: one reading shows both, and nobody can say which came first."""
    armed = begin(an_expectation(), readings_of(IDLE))
    shown = an_acquisition(2, machine_restarted=True)
    assert present(armed, at(2), Presented.CODE, shown).machine.restarted
    assert not present(armed, at(2), Presented.CODE, an_acquisition(2)).machine.restarted


def test_no_answer_is_taken_from_a_machine_that_was_restarted() -> None:
    evidence = present(begin(an_expectation(), readings_of(IDLE)), at(0), Presented.CODE)
    evidence = gather(evidence, an_acquisition(1, machine_restarted=True))
    evidence = gather(evidence, an_acquisition(2, {REJECTED: True, ACCEPTED: True}))
    assert (evidence.rejected_at, evidence.accepted_at) == (None, None)

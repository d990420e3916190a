"""Stations that lie, stutter or fall silent, each story told through a whole run."""

from dataclasses import replace

import pytest

from redrabbit.domain.observation import Observation, Reason, SourceClock
from redrabbit.domain.rule import DetectionRule, Increases, OnSilence
from redrabbit.domain.run_words import RunState
from tests.builders import (
    ACCEPTED,
    BY_EDGE,
    BY_TAP,
    CODE,
    COUNT,
    LEVELS,
    PART,
    PRESENT,
    RABBIT,
    REJECTED,
    Story,
    a_rule,
    an_acquisition,
    kinds,
    messages_of,
    story_of,
    told_up_to,
)

# Evidence in a run --------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", [a_rule(), LEVELS], ids=["edges", "levels"])
@pytest.mark.parametrize("bit", ["rejected", "accepted"])
def test_a_bit_already_set_before_the_part_is_stuck(rule: DetectionRule, bit: str) -> None:
    """Story: a "passed" or "rejected" bit left over from the last run (R16)."""
    story = story_of(rule, **{bit: True})
    story.scan(1)
    story.poll(2, part_code=RABBIT)
    story.polls(2.5, 7.5)

    assert story.verdict == "inconclusive stuck"


def test_a_leftover_that_is_cleared_as_the_part_comes_does_not_hide_the_answer() -> None:
    story = Story(accepted=True)
    story.scan(1)
    story.poll(2, part_code=RABBIT, accepted=False)
    story.poll(3, rejected=True)

    assert story.verdict == "detected"


def test_both_bits_in_the_same_poll_contradict_each_other() -> None:
    story = told_up_to(RunState.PRESENTED)
    story.poll(3, rejected=True, accepted=True)

    assert story.verdict == "inconclusive contradictory"


def test_a_wrong_reject_code_is_no_detection() -> None:
    """L2."""
    story = story_of(a_rule(reject_code=CODE), code=12)
    story.scan(1)
    story.poll(2, part_code=RABBIT)
    story.poll(3, rejected=True, reject_code=31)

    assert story.verdict == "inconclusive wrong_reject_code"


def test_a_code_that_is_unknown_at_the_verdict_is_no_detection() -> None:
    story = messages_of(a_rule(reject_code=CODE, settle_s=0.3))
    story.message(2, part_code=RABBIT)
    story.message(3, rejected=True)
    story.time_over()

    assert story.verdict == "inconclusive stale"


def test_the_reason_for_the_next_part_is_not_taken_for_ours() -> None:
    """L2: the settle time is not over when the next part comes, with its own reason."""
    story = story_of(a_rule(reject_code=CODE, settle_s=2), code=12)
    story.scan(1)
    story.poll(2, part_code=RABBIT)
    story.poll(3, rejected=True)
    story.poll(3.5, part_code="P-4711", reject_code=12)

    assert story.verdict == "inconclusive stale"


@pytest.mark.parametrize(
    "rule", [a_rule(), BY_EDGE], ids=["told by its code", "told by its presence"]
)
def test_another_part_before_the_answer_ends_it_inconclusive(rule: DetectionRule) -> None:
    """Story: another part before the answer; not even an answer in the same poll is ours (L3)."""
    story = story_of(rule)
    story.scan(1)
    story.polls(1.2, 1.7)
    story.poll(2, part_code=RABBIT, part_present=True)
    story.poll(3, part_code="", part_present=False)
    story.poll(4, part_code="P-4711", part_present=True, rejected=True)

    assert story.verdict == "inconclusive wrong_part"


def test_our_part_shown_again_before_the_answer_ends_it_inconclusive() -> None:
    """L10: a second pass must not answer for the first ("operators pass it again until…")."""
    story = told_up_to(RunState.PRESENTED)
    story.poll(3, part_code="")
    story.poll(4, part_code=RABBIT)

    assert story.verdict == "inconclusive wrong_part"


def test_our_parts_code_read_again_after_a_failed_poll_is_the_same_presentation() -> None:
    story = told_up_to(RunState.PRESENTED)
    story.fails(2.5)
    story.comes_back(3, part_code=RABBIT)
    story.poll(3.5, rejected=True)

    assert story.verdict == "detected"


def test_a_retained_message_is_no_answer() -> None:
    """Story: a retained MQTT message (D7)."""
    story = messages_of(a_rule())
    story.message(2, part_code=RABBIT)
    story.message(3, fresh=False, rejected=True)
    for seconds in (3.5, 5, 6.5, 7.5):
        story.message(seconds, rejected=False, accepted=False)

    assert story.verdict == "inconclusive stale"


def test_a_retained_code_presents_nothing() -> None:
    story = messages_of(a_rule())

    assert story.message(2, fresh=False, part_code=RABBIT) == ()
    assert story.run.state is RunState.ARMED


def test_the_first_word_of_a_station_that_speaks_only_on_change_is_a_new_part() -> None:
    story = messages_of(a_rule(), every_s=None)
    story.readings = {}

    assert kinds(story.message(2, part_code=RABBIT)) == ["PartPresented"]


def test_a_duplicated_message_reaches_one_verdict() -> None:
    """B12."""
    story = messages_of(a_rule())
    story.message(2, part_code=RABBIT)
    story.message(2, part_code=RABBIT)
    story.message(3, rejected=True, part_code=RABBIT)
    story.message(3, rejected=True, part_code=RABBIT)

    assert story.verdict == "detected"


@pytest.mark.parametrize(
    ("on_silence", "verdict"),
    [(OnSilence.MISSED, "missed"), (OnSilence.INCONCLUSIVE, "inconclusive no_result")],
)
def test_silence_to_the_end_means_what_the_rule_says(on_silence: OnSilence, verdict: str) -> None:
    """L3, D3: at the first reading after the deadline, not before."""
    story = story_of(a_rule(on_silence=on_silence))
    story.scan(1)
    story.poll(2, part_code=RABBIT)
    story.polls(2.5, 7)
    assert story.verdicts == []
    story.poll(7.5)

    assert story.verdict == verdict


def test_silence_on_a_lost_link_is_inconclusive() -> None:
    story = told_up_to(RunState.PRESENTED)
    story.poll(2.5)
    story.fails(3)
    story.fails(4)
    assert story.verdicts == []
    story.fails(4.6)

    assert story.verdict == "inconclusive link_lost"


def test_a_poller_that_hangs_is_inconclusive_when_time_is_over() -> None:
    story = told_up_to(RunState.PRESENTED)
    story.poll(2.5)
    story.time_over()

    assert story.verdict == "inconclusive link_lost"


def test_a_link_lost_for_long_in_mid_presentation_stays_lost_when_it_is_back() -> None:
    story = told_up_to(RunState.PRESENTED)
    story.fails(3)
    story.comes_back(5, part_code=RABBIT, rejected=False)

    assert story.verdict == "inconclusive link_lost"


def test_a_broker_link_lost_in_mid_presentation_is_inconclusive_however_short() -> None:
    story = messages_of(a_rule())
    story.message(2, part_code=RABBIT)
    story.fails(2.1, Reason.NOT_CONNECTED)

    assert story.verdict == "inconclusive link_lost"


@pytest.mark.parametrize(
    ("read_at", "verdict"), [(6.88, "detected"), (6.89, "inconclusive no_result")]
)
def test_an_answer_counts_if_it_surely_came_within_the_time(read_at: float, verdict: str) -> None:
    """D27: the last poll without the part had been sent at 1.88 s; 5 s are allowed."""
    story = told_up_to(RunState.ARMED)
    story.poll(1.9)
    story.poll(2, part_code=RABBIT)
    story.polls(2.5, 6.5)
    story.poll(read_at, rejected=True)
    story.poll(7.1, rejected=True)

    assert story.verdict == verdict


def test_a_clock_that_is_set_while_the_part_is_there_ends_it_inconclusive() -> None:
    """D27: nobody can tell how long the answer took."""
    story = told_up_to(RunState.PRESENTED)
    clock = SourceClock(name="line1/op20/state", offset_s=-3600, jumped=True)
    story.observe(an_acquisition(3, {REJECTED: True}, fresh=False, clock=clock))

    assert story.verdict == "inconclusive clock_jumped"


def test_a_machine_that_restarts_while_the_part_is_there_ends_it_inconclusive() -> None:
    """K10, m30: a miss was recorded, and a containment opened, for a PLC that had been restarted."""
    story = told_up_to(RunState.PRESENTED)
    story.poll(2.5)
    story.observe(an_acquisition(3, {REJECTED: False, PART: ""}, machine_restarted=True))

    assert story.verdict == "inconclusive machine_restarted"


def test_an_edge_that_a_restart_brings_is_no_part() -> None:
    """The sensor was on all the time; the memory was cleared."""
    story = story_of(BY_EDGE)
    story.scan(1)
    story.poll(1.5)
    story.observe(an_acquisition(2, {PRESENT: True}, machine_restarted=True))

    assert story.run.state is RunState.ARMED


def test_an_answer_after_the_deadline_is_no_detection() -> None:
    """Story: a late answer after `within`."""
    story = told_up_to(RunState.PRESENTED)
    story.polls(2.5, 6.5)
    story.poll(7.1, rejected=True)

    assert story.verdict == "inconclusive no_result"


def test_a_pulse_shorter_than_the_poll_is_not_guessed_at() -> None:
    """Story: a result pulse shorter than the poll; the rule says what its silence means."""
    story = story_of(a_rule(on_silence=OnSilence.INCONCLUSIVE))
    story.scan(1)
    story.poll(2, part_code=RABBIT)
    story.polls(2.5, 7.5)

    assert story.verdict == "inconclusive no_result"


def test_a_counter_that_rises_is_the_rejection() -> None:
    story = story_of(a_rule(detected=Increases(signal=COUNT), accepted=None))
    story.scan(1)
    story.poll(2, part_code=RABBIT)
    story.poll(3, good_count=101)

    assert story.verdict == "detected"


def test_a_counter_reset_in_mid_presentation_is_no_miss() -> None:
    """Story: the counter reset in mid-window."""
    story = story_of(a_rule(detected=Increases(signal=COUNT), accepted=None))
    story.scan(1)
    story.poll(2, part_code=RABBIT)
    story.poll(3, good_count=0)
    story.poll(4, good_count=1)
    story.polls(4.5, 7.5)

    assert story.verdict == "inconclusive stale"


def test_an_answer_in_the_reading_that_shows_the_part_may_be_its_own() -> None:
    """m22 of the findings: what comes in one poll with the part, and is gone soon, was *missed*."""
    story = told_up_to(RunState.ARMED)
    story.poll(2, part_code=RABBIT, rejected=True)
    story.poll(2.5, rejected=False)
    story.polls(3, 7.5)

    assert story.verdict == "inconclusive not_watched"


def test_a_count_in_the_reading_that_shows_the_part_may_be_its_own() -> None:
    story = story_of(a_rule(detected=Increases(signal=COUNT), accepted=None))
    story.scan(1)
    story.poll(2, part_code=RABBIT, good_count=101)
    story.polls(2.5, 7.5)

    assert story.verdict == "inconclusive not_watched"


def test_an_answer_may_hide_in_the_gap_in_which_the_part_came() -> None:
    """D30: unread for 2.1 s, and 2 s are allowed."""
    story = told_up_to(RunState.ARMED)
    story.poll(1.5)
    story.poll(3.6, part_code=RABBIT)
    story.polls(4, 9)

    assert story.verdict == "inconclusive not_watched"


def test_what_was_over_before_the_part_can_have_come_hides_nothing() -> None:
    story = told_up_to(RunState.ARMED)
    story.poll(1.5, rejected=True)
    story.poll(1.7, rejected=False)
    story.poll(2, part_code=RABBIT)
    story.polls(2.5, 7.5)

    assert story.verdict == "missed"


def test_a_late_word_that_may_be_of_before_the_part_may_be_the_answer() -> None:
    """D27: its window overlaps that of the part, so nobody knows which came first."""
    story = messages_of(a_rule())
    story.observe(an_acquisition(2, {PART: RABBIT}, covers=frozenset({PART}), took_s=0.5))
    told = frozenset({REJECTED, ACCEPTED})
    story.observe(an_acquisition(2.1, {REJECTED: True}, covers=told, took_s=0.7))
    story.observe(an_acquisition(2.2, {REJECTED: False}, covers=told, took_s=0.0))
    for place in range(12):
        story.message(2.5 + place / 2, rejected=False, accepted=False)

    assert story.verdict == "inconclusive not_watched"


def test_an_answer_before_the_tap_may_be_to_the_part_that_is_in_already() -> None:
    """Who puts a part in and then taps may have its answer before: silence after it is no miss."""
    story = story_of(BY_TAP)
    story.scan(1)
    story.poll(1.5, rejected=True)
    story.poll(2, rejected=False)
    story.tap(2.1)
    story.polls(2.5, 8)

    assert story.verdict == "inconclusive not_watched"


def test_an_old_message_makes_no_part_come_again() -> None:
    """D7: the part stood there unread; what contradicts it is old, and what follows is told anew."""
    story = messages_of(a_rule())
    story.message(2, part_code="")
    story.fails(2.1, Reason.BAD_QUALITY)
    story.message(2.2, part_code=RABBIT, rejected=False, accepted=False)
    old = an_acquisition(4, covers=frozenset({PART}), fresh=False, took_s=0.0)
    sent_again = Observation(signal=PART, value="", retained=True)
    story.observe(replace(old, changes=(sent_again,)))
    story.message(4.1, part_code=RABBIT)

    assert story.run.state is RunState.ARMED


def test_an_answer_after_a_failed_poll_that_was_there_at_the_tap_may_be_the_parts() -> None:
    """It is on when it is first read, and goes: nobody knows since when it was, or for which part."""
    story = story_of(BY_TAP)
    story.scan(1)
    story.fails(2)
    story.tap(2.1)
    story.comes_back(2.5, rejected=True)
    story.poll(3, rejected=False)
    story.polls(3.5, 8)

    assert story.verdict == "inconclusive not_watched"

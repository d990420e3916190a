"""The part is known by a held feed only where nothing was fed and exactly one part came (D29)."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from redrabbit.domain.feed_watch import FeedWatch, feed_at_scan
from redrabbit.domain.grade import Grade, KnownBy
from redrabbit.domain.grading import grading_of, known_by
from redrabbit.domain.observation import Reason, Value
from redrabbit.domain.part_count import CounterHabits
from redrabbit.domain.rule import DetectionRule
from redrabbit.domain.run import VerdictReached
from redrabbit.domain.run_words import RunState
from redrabbit.domain.signals import Resets
from tests.builders import (
    BY_EDGE,
    CODE,
    COUNT,
    FEED,
    HELD,
    IDLE,
    PRESENT,
    REJECTED,
    SAID_HELD,
    Story,
    a_run,
    an_acquisition,
    an_expectation,
    readings_of,
)

POLL_S = 0.1
UNREAD_S = 0.35
"""Three polls, as at a polled station."""


def a_story(
    rule: DetectionRule = HELD, habits: CounterHabits | None = None, **idle: Value
) -> Story:
    """A station polled ten times a second, at which the rabbit is scanned after one second."""
    expectation = an_expectation(rule, blind_s=UNREAD_S, habits=habits)
    story = Story(a_run(expectation), **({"feed_held": True} | idle))
    story.scan(1)
    return story


def reached(story: Story) -> KnownBy | None:
    """By what the part of the one verdict is known."""
    (verdict,) = (each for each in story.effects if isinstance(each, VerdictReached))
    return known_by(verdict.evidence)


def held_until_part(story: Story, good_count: Value = 101) -> None:
    """The place is free and nothing is fed for long enough; then the part comes, and is counted."""
    story.polls(1.1, 2.3, POLL_S)
    story.poll(2.4, part_present=True, good_count=good_count)


def test_a_part_that_came_alone_while_nothing_was_fed_is_known_by_the_held_feed() -> None:
    story = a_story()
    held_until_part(story)
    story.poll(2.5, rejected=True)

    assert reached(story) is KnownBy.HELD
    assert story.verdict == "detected"
    (verdict,) = (each for each in story.effects if isinstance(each, VerdictReached))
    grading = grading_of(verdict.evidence, verdict.judgement.verdict)
    assert grading is not None
    assert grading.part is Grade.B


def test_a_part_counted_with_its_answer_is_counted_in_time() -> None:
    story = a_story()
    held_until_part(story, good_count=100)
    story.poll(2.5, rejected=True, good_count=101)

    assert reached(story) is KnownBy.HELD


def test_a_part_that_no_counter_counted_is_known_by_order() -> None:
    story = a_story()
    held_until_part(story, good_count=100)
    story.poll(2.5, rejected=True)

    assert reached(story) is KnownBy.ORDER


def test_a_part_that_comes_before_the_way_is_clear_is_known_by_order() -> None:
    """One from production may still have been under way."""
    story = Story(a_run(an_expectation(HELD, blind_s=UNREAD_S)), feed_held=True)
    story.polls(0, 0.9, POLL_S)
    story.scan(1)
    story.polls(1.1, 1.9, POLL_S)
    story.poll(2.0, part_present=True, good_count=101)
    story.poll(2.5, rejected=True)

    assert reached(story) is KnownBy.ORDER


def test_a_place_that_is_not_free_for_as_long_as_a_part_travels_shows_no_clear_way() -> None:
    held = replace(HELD.held, travel_s=2.0) if HELD.held is not None else None
    story = a_story(replace(HELD, held=held), part_present=True)
    story.polls(1.1, 2.1, POLL_S)
    story.poll(2.2, part_present=False)
    story.polls(2.3, 4.1, POLL_S)
    story.poll(4.15, part_present=True, good_count=101)
    story.poll(4.2, rejected=True)

    assert reached(story) is KnownBy.ORDER


@pytest.mark.parametrize("moment", [1.5, 2.2, 2.4, 2.5])
def test_a_feed_that_ran_at_any_moment_makes_the_part_known_by_order(moment: float) -> None:
    story = a_story()
    for i in range(11, 26):
        now = i / 10
        is_there = now >= 2.4
        story.poll(
            now,
            feed_held=now != moment,
            part_present=is_there,
            good_count=101 if is_there else 100,
            rejected=now == 2.5,
        )

    assert reached(story) is KnownBy.ORDER


def test_a_second_part_counted_before_the_answer_makes_it_another_parts() -> None:
    """L3: nobody knows which of the two was answered."""
    story = a_story()
    held_until_part(story)
    story.poll(2.5, good_count=102)

    assert story.verdict == "inconclusive wrong_part"
    assert reached(story) is KnownBy.ORDER


def test_a_second_part_counted_with_the_answer_may_be_what_was_answered() -> None:
    story = a_story()
    held_until_part(story)
    story.poll(2.5, rejected=True, good_count=102)

    assert story.verdict == "inconclusive wrong_part"


def test_a_second_part_is_counted_even_where_the_feed_runs() -> None:
    story = a_story(feed_held=False)
    held_until_part(story)
    story.poll(2.5, good_count=102)

    assert story.verdict == "inconclusive wrong_part"


def test_a_second_part_counted_after_the_answer_changes_nothing_of_it() -> None:
    story = a_story(replace(HELD, settle_s=0.5))
    held_until_part(story)
    story.poll(2.5, rejected=True)
    story.poll(2.6, good_count=102)

    assert story.verdict == "detected"
    assert reached(story) is KnownBy.ORDER


def test_a_part_that_is_counted_late_begins_the_clear_time_again() -> None:
    """The one before the rabbit: else its count would stand for the rabbit's."""
    story = a_story()
    story.polls(1.1, 1.9, POLL_S)
    story.poll(2.0, good_count=101)
    story.polls(2.1, 2.4, POLL_S)
    story.poll(2.5, part_present=True, good_count=102)
    story.poll(2.6, rejected=True)

    assert reached(story) is KnownBy.ORDER


NEVER = CounterHabits(resets=Resets.NEVER, rollover=256)


@pytest.mark.parametrize(
    ("habits", "known"),
    [
        (NEVER, KnownBy.HELD),
        (CounterHabits(resets=Resets.NEVER), KnownBy.ORDER),
        (CounterHabits(rollover=256), KnownBy.ORDER),
        (CounterHabits(resets=Resets.BY_HAND, rollover=256), KnownBy.ORDER),
        (CounterHabits(), KnownBy.ORDER),
    ],
)
def test_a_counter_that_goes_back_counted_one_only_where_it_can_have_rolled_over(
    habits: CounterHabits, known: KnownBy
) -> None:
    story = a_story(habits=habits, good_count=255)
    held_until_part(story, good_count=0)
    story.poll(2.5, rejected=True)

    assert reached(story) is known


def test_a_counter_that_takes_its_count_back_is_not_clear() -> None:
    story = a_story()
    held_until_part(story)
    story.poll(2.5, good_count=100)
    story.poll(2.6, good_count=101)
    story.poll(2.7, rejected=True)

    assert reached(story) is KnownBy.ORDER


@pytest.mark.parametrize("count", [True, "101", 101.0])
def test_what_is_no_whole_number_is_no_count(count: Value) -> None:
    story = a_story()
    held_until_part(story, good_count=count)
    story.poll(2.5, rejected=True)

    assert reached(story) is KnownBy.ORDER


@pytest.mark.parametrize(("failures", "known"), [(2, KnownBy.HELD), (3, KnownBy.ORDER)])
def test_two_failed_readings_hide_nothing_and_three_in_a_row_may(
    failures: int, known: KnownBy
) -> None:
    """As the gaps of D30; the feed is not seen to be held without a break, then."""
    held = replace(HELD.held, travel_s=1.6) if HELD.held is not None else None
    story = a_story(replace(HELD, held=held))
    story.polls(1.1, 1.3, POLL_S)
    for i in range(failures):
        story.fails(1.4 + i * POLL_S)
    back = 1.4 + failures * POLL_S
    story.comes_back(back, feed_held=True)
    story.polls(back + POLL_S, 2.9, POLL_S)
    story.poll(3.0, part_present=True, good_count=101)
    story.poll(3.1, rejected=True)

    assert reached(story) is known


def test_a_gap_before_the_answer_may_have_hidden_that_the_feed_ran() -> None:
    expectation = an_expectation(replace(HELD, reject_code=CODE), code=12, blind_s=UNREAD_S)
    story = Story(a_run(expectation), feed_held=True)
    story.scan(1)
    held_until_part(story)
    story.poll(2.9, rejected=True, reject_code=12)

    assert story.verdict == "detected"
    assert reached(story) is KnownBy.ORDER


def test_the_answer_must_be_covered_by_a_reading_of_the_feed() -> None:
    """A count that is older than the answer says nothing of the parts until then."""
    story = a_story()
    held_until_part(story)
    watched = story.run.evidence
    assert watched is not None
    assert watched.feed is not None
    assert watched.feed.one_came(an_acquisition(2.4).window.ended_at)
    assert not watched.feed.one_came(an_acquisition(2.41).window.ended_at)


@pytest.mark.parametrize(
    "spoiling",
    [
        {"fresh": False},
        {"messages_lost": 1},
        {"machine_restarted": True},
        {"covers": frozenset({COUNT, REJECTED, PRESENT})},
    ],
    ids=["history", "lost", "restarted", "in parts"],
)
def test_what_may_hide_a_part_begins_the_clear_time_again(spoiling: dict[str, object]) -> None:
    story = a_story()
    story.polls(1.1, 1.8, POLL_S)
    story.observe(an_acquisition(1.9, **spoiling))  # type: ignore[arg-type]  # because each case names arguments of its own
    story.polls(2.0, 2.5, POLL_S)
    story.poll(2.6, part_present=True, good_count=101)
    story.poll(2.7, rejected=True)

    assert reached(story) is not KnownBy.HELD


def test_history_that_tells_of_a_running_feed_is_not_taken_for_held() -> None:
    """What it contradicts is not known until it is told anew (D7)."""
    story = a_story()
    story.observe(an_acquisition(1.2, {FEED: False}, fresh=False))
    story.polls(1.3, 2.8, POLL_S)
    story.observe(an_acquisition(2.9, {PRESENT: True, COUNT: 101}))
    story.poll(3.0, rejected=True)

    assert reached(story) is KnownBy.ORDER


def test_a_message_of_other_signals_tells_nothing_of_the_feed() -> None:
    story = a_story()
    story.polls(1.1, 1.8, POLL_S)
    story.message(1.85, reject_code=0)
    story.polls(1.9, 2.3, POLL_S)
    story.poll(2.4, part_present=True, good_count=101)
    story.poll(2.5, rejected=True)

    assert reached(story) is KnownBy.HELD


def test_a_count_that_can_not_be_read_is_awaited_for_as_long_as_nothing_hides() -> None:
    story = a_story()
    held_until_part(story)
    story.observe(an_acquisition(2.5, {COUNT: Reason.OUT_OF_RANGE}))
    story.poll(2.6, good_count=101, rejected=True)

    assert reached(story) is KnownBy.HELD


def test_a_part_that_comes_with_a_count_that_can_not_be_read_is_known_by_order() -> None:
    story = a_story()
    story.polls(1.1, 2.3, POLL_S)
    story.observe(an_acquisition(2.4, {PRESENT: True, COUNT: Reason.OUT_OF_RANGE}))
    story.poll(2.5, good_count=101, rejected=True)

    assert reached(story) is KnownBy.ORDER


def test_an_answer_after_a_gap_stands_where_the_feed_was_held_all_the_time() -> None:
    """D30: only one signal of the answer could not be read; another part can't have come."""
    story = a_story()
    held_until_part(story)
    story.observe(an_acquisition(2.5, {REJECTED: Reason.OUT_OF_RANGE}))
    story.polls(2.6, 2.9, POLL_S)
    story.observe(an_acquisition(3.0, {REJECTED: True}))

    assert story.verdict == "detected"
    assert reached(story) is KnownBy.HELD


# Where the operator says it


def test_what_the_operator_says_holds_the_feed_where_no_signal_tells() -> None:
    story = a_story(SAID_HELD)
    story.say_held(1.1)
    held_until_part(story)
    story.poll(2.5, rejected=True)

    assert reached(story) is KnownBy.HELD


@pytest.mark.parametrize("said_at", [None, 1.6, 2.45])
def test_what_is_said_too_late_or_not_at_all_holds_nothing(said_at: float | None) -> None:
    story = a_story(SAID_HELD)
    story.polls(1.1, 1.5, POLL_S)
    if said_at == 1.6:
        story.say_held(said_at)
    story.polls(1.7, 2.3, POLL_S)
    story.poll(2.4, part_present=True, good_count=101)
    story.poll(2.5, rejected=True)

    assert reached(story) is KnownBy.ORDER


@pytest.mark.parametrize("back_at", [2.65, 5, 7.65])
def test_it_is_said_once_a_check_and_holds_for_its_next_part_too(back_at: float) -> None:
    """D29; whether its part is given back while the verdict is open, or later."""
    expectation = an_expectation(SAID_HELD, blind_s=UNREAD_S)
    story = Story(a_run(expectation, expectation))
    story.scan(1)
    story.say_held(1.1)
    held_until_part(story)
    story.poll(2.5, rejected=True)
    story.poll(2.6, part_present=False, rejected=False)
    story.polls(2.7, back_at, POLL_S)
    story.give_back(back_at)
    story.polls(back_at + 0.05, 7.6, POLL_S)
    story.scan(7.7)
    story.polls(7.8, 9, POLL_S)
    story.poll(9.1, part_present=True, good_count=102)
    story.poll(9.2, rejected=True)

    verdicts = [each for each in story.effects if isinstance(each, VerdictReached)]
    assert [known_by(each.evidence) for each in verdicts] == [KnownBy.HELD] * 2


def a_part_of_the_line(story: Story, at: float, count: int) -> None:
    """A production part comes, is counted and leaves."""
    story.poll(at, part_present=True)
    story.poll(at + POLL_S, good_count=count)
    story.poll(at + 2 * POLL_S, part_present=False)


def test_a_part_counted_since_the_word_voids_it_until_it_is_said_again() -> None:
    """A walker's plant: 17 parts were counted after the tap, and the record said *held*, B."""
    story = a_story(SAID_HELD, part_present=True)
    story.poll(1.1)
    story.poll(1.2, part_present=False)
    story.say_held(1.25)
    story.poll(1.3)
    a_part_of_the_line(story, 1.4, 101)
    story.polls(1.7, 3.1, POLL_S)
    story.poll(3.2, part_present=True, good_count=102)
    story.poll(3.3, rejected=True)

    assert reached(story) is KnownBy.ORDER


def test_a_word_said_again_after_that_part_holds() -> None:
    story = a_story(SAID_HELD, part_present=True)
    story.poll(1.1)
    story.poll(1.2, part_present=False)
    story.say_held(1.25)
    story.poll(1.3)
    a_part_of_the_line(story, 1.4, 101)
    story.poll(1.7)
    story.say_held(1.75)
    story.polls(1.8, 3.1, POLL_S)
    story.poll(3.2, part_present=True, good_count=102)
    story.poll(3.3, rejected=True)

    assert reached(story) is KnownBy.HELD


def test_a_part_that_was_in_the_place_as_it_was_said_and_is_taken_out_voids_nothing() -> None:
    story = a_story(SAID_HELD, part_present=True)
    story.polls(1.1, 1.2, POLL_S)
    story.say_held(1.25)
    story.poll(1.3)
    story.poll(1.4, part_present=False)
    story.polls(1.5, 2.9, POLL_S)
    story.poll(3.0, part_present=True, good_count=101)
    story.poll(3.1, rejected=True)

    assert reached(story) is KnownBy.HELD


def test_a_place_that_can_not_be_read_for_a_moment_voids_no_word() -> None:
    story = a_story(SAID_HELD)
    story.say_held(1.05)
    story.poll(1.1)
    story.observe(an_acquisition(1.2, {PRESENT: Reason.OUT_OF_RANGE}))
    story.observe(an_acquisition(1.3, {PRESENT: False}))
    story.polls(1.4, 2.8, POLL_S)
    story.poll(2.9, part_present=True, good_count=101)
    story.poll(3.0, rejected=True)

    assert reached(story) is KnownBy.HELD


def test_a_part_counted_between_two_parts_of_the_check_voids_the_word() -> None:
    expectation = an_expectation(SAID_HELD, blind_s=UNREAD_S)
    story = Story(a_run(expectation, expectation))
    story.scan(1)
    story.say_held(1.1)
    held_until_part(story)
    story.poll(2.5, rejected=True)
    story.poll(2.6, part_present=False, rejected=False)
    a_part_of_the_line(story, 3, 102)
    story.give_back(5)
    story.scan(8)
    story.polls(8.1, 9.3, POLL_S)
    story.poll(9.4, part_present=True, good_count=103)
    story.poll(9.5, rejected=True)

    verdicts = [each for each in story.effects if isinstance(each, VerdictReached)]
    assert [known_by(each.evidence) for each in verdicts] == [KnownBy.HELD, KnownBy.ORDER]


def test_a_voided_word_holds_for_no_later_part_either() -> None:
    expectation = an_expectation(SAID_HELD, blind_s=UNREAD_S)
    story = Story(a_run(expectation, expectation))
    story.scan(1)
    story.say_held(1.1)
    story.poll(1.2)
    story.poll(1.3, good_count=101)
    story.polls(1.4, 2.6, POLL_S)
    story.poll(2.7, part_present=True, good_count=102)
    story.poll(2.8, rejected=True)
    story.poll(2.9, part_present=False, rejected=False)
    story.give_back(5)
    story.scan(8)
    story.polls(8.1, 9.3, POLL_S)
    story.poll(9.4, part_present=True, good_count=103)
    story.poll(9.5, rejected=True)

    verdicts = [each for each in story.effects if isinstance(each, VerdictReached)]
    assert [known_by(each.evidence) for each in verdicts] == [KnownBy.ORDER] * 2


# Where a signal says it


def after_a_part_while_held(counted_at: float, *, released: bool = False) -> KnownBy | None:
    """The signal is on since 1.1; a part is counted at that moment; then our part comes alone."""
    story = a_story()
    story.polls(1.1, counted_at - POLL_S, POLL_S)
    story.poll(counted_at, good_count=101)
    if released:
        story.poll(counted_at + POLL_S, feed_held=False)
    story.poll(counted_at + 2 * POLL_S, feed_held=True)
    story.polls(counted_at + 3 * POLL_S, counted_at + 1.7, POLL_S)
    story.poll(counted_at + 1.8, part_present=True, good_count=102)
    story.poll(counted_at + 1.9, rejected=True)
    return reached(story)


def test_what_was_under_way_as_the_signal_came_on_does_not_contradict_it() -> None:
    assert after_a_part_while_held(1.9) is KnownBy.HELD


def test_a_part_counted_while_nothing_can_be_under_way_any_more_contradicts_the_signal() -> None:
    assert after_a_part_while_held(2.4) is KnownBy.ORDER


def test_a_signal_is_believed_again_once_it_went_off_and_on() -> None:
    assert after_a_part_while_held(2.4, released=True) is KnownBy.HELD


def test_a_signal_that_is_not_seen_without_a_gap_is_contradicted_by_nothing_in_it() -> None:
    """The feed may have run meanwhile, and be held since."""
    story = a_story()
    story.polls(1.1, 2.3, POLL_S)
    story.poll(2.9, good_count=101)
    story.polls(3.0, 4.2, POLL_S)
    story.poll(4.3, part_present=True, good_count=102)
    story.poll(4.4, rejected=True)

    assert reached(story) is KnownBy.HELD


# Where nothing tells


def test_a_rule_without_it_watches_no_feed() -> None:
    assert feed_at_scan(an_expectation(BY_EDGE), readings_of(IDLE), None) is None


def test_a_station_without_rhythm_holds_nothing() -> None:
    """Nobody knows whether a message of it was missed (D30)."""
    assert feed_at_scan(an_expectation(HELD, blind_s=None), readings_of(IDLE), None) is None


def test_what_has_no_value_at_the_scan_is_not_known() -> None:
    readings = dict(readings_of(IDLE))
    readings[FEED] = replace(readings[FEED], value=None, reason=Reason.BAD_QUALITY)
    del readings[COUNT]
    feed = feed_at_scan(an_expectation(HELD), readings, None)

    assert isinstance(feed, FeedWatch)
    assert feed.known == {}


# However it goes


Moment = tuple[bool, bool, int, bool]
"""One reading: nothing is fed, a part is there, the count, the reject bit."""
GOOD: list[Moment] = [
    *[(True, False, 100, False)] * 13,
    (True, True, 101, False),
    (True, True, 101, False),
    (True, True, 101, True),
]
CHANGES = st.lists(
    st.tuples(
        st.one_of(st.integers(0, len(GOOD) - 1), st.integers(len(GOOD) - 5, len(GOOD) - 1)),
        st.sampled_from([1, 2, 3, len(GOOD)]),
        st.one_of(
            st.just((0, False)),
            st.tuples(st.just(1), st.booleans()),
            st.tuples(st.just(2), st.sampled_from([99, 100, 101, 102])),
            st.just((3, True)),
        ),
    ),
    min_size=1,
    max_size=2,
)
"""From which reading on, for how many of them, what was otherwise."""


def _changed(changes: list[tuple[int, int, tuple[int, bool | int]]]) -> list[Moment]:
    trace = [list(moment) for moment in GOOD]
    for begin, length, (what, value) in changes:
        for moment in trace[begin : begin + length]:
            moment[what] = value
    return [(bool(a), bool(b), int(c), bool(d)) for a, b, c, d in trace]


def _came_alone(seen: list[tuple[float, Moment]], came_at: float) -> bool:
    """Return whether nothing was fed from a second before the part until the answer, and one was counted.

    By what was read; the last of `seen` brought the answer.
    """
    before = [moment for at, moment in seen if came_at - 1.0 - POLL_S < at < came_at]
    after = [moment for at, moment in seen if at >= came_at]
    counts = [count for _, _, count, _ in after]
    return (
        len(before) > len(GOOD) / 2
        and all(held for held, _, _, _ in (*before, *after))
        and not any(present for _, present, _, _ in before)
        and {count for _, _, count, _ in before} == {counts[-1] - 1}
        and counts == sorted(counts)
        and sum(not a[1] and b[1] for a, b in pairwise(after)) == 0
    )


@settings(max_examples=500)
@given(changes=CHANGES, lost=st.sets(st.integers(0, len(GOOD) - 1), max_size=2))
def test_where_two_parts_came_or_the_feed_ran_the_part_is_never_known_by_the_held_feed(
    changes: list[tuple[int, int, tuple[int, bool | int]]], lost: set[int]
) -> None:
    """D29: whatever a station shows, whichever readings fail. By an oracle that looks at what was read."""
    story = a_story(habits=CounterHabits(resets=Resets.NEVER))
    seen: list[tuple[float, Moment]] = []
    came_at: float | None = None
    for i, moment in enumerate(_changed(changes)):
        now = 1.1 + i * POLL_S
        if i in lost:
            story.fails(now)
            continue
        held, present, count, rejected = moment
        told = {
            "feed_held": held,
            "part_present": present,
            "good_count": count,
            "rejected": rejected,
        }
        (story.comes_back if i - 1 in lost else story.poll)(now, **told)
        seen.append((now, moment))
        if story.run.state is RunState.PRESENTED and came_at is None:
            came_at = now
        if story.run.state is RunState.AWAITING_RETURN:
            break
    is_held = story.verdicts != [] and reached(story) is KnownBy.HELD
    event("held" if is_held else "not held")
    if is_held:
        assert came_at is not None
        assert _came_alone(seen, came_at)


LINE = st.lists(
    st.tuples(st.integers(0, 14), st.integers(0, 3), st.integers(0, 2)), min_size=0, max_size=4
)
"""Of each production part: how many readings after the one before it comes, how long it is seen in the
place, and how many are counted then: a counter may count late, or two at once."""


@settings(max_examples=300, deadline=None)
@given(parts=LINE, said_before=st.integers(1, 40), signal=st.booleans())
def test_a_part_is_known_by_the_held_feed_only_where_it_alone_came_since_that_was_said(
    parts: list[tuple[int, int, int]], said_before: int, signal: bool
) -> None:
    """Counted, and seen in the place, from the act on (of a signal: from when nothing is under way).

    Only readings since the scan count, so it is said after the first of them.
    """
    line = [
        m
        for gap, there, n in parts
        for m in [(False, 0)] * gap + [(True, 0)] * there + [(False, n)]
    ]
    readings = [*line, *[(False, 0)] * 13, (True, 1), (True, 0)]
    story = a_story(HELD if signal else SAID_HELD, feed_held=False)
    count, place, seen = 100, False, [(100, False)]
    held_from: int | None = None
    for i, (there, counted) in enumerate(readings):
        if i == said_before and story.run.state is RunState.ARMED:
            held_from = i
            if not signal:
                story.say_held(1.05 + i * POLL_S)
        count, place = count + counted, there
        story.poll(
            1.1 + i * POLL_S,
            feed_held=signal and held_from is not None,
            part_present=place,
            good_count=count,
            rejected=i == len(readings) - 1,
        )
        seen.append((count, place))
        if story.run.state is RunState.AWAITING_RETURN:
            break
    is_held = story.verdicts != [] and reached(story) is KnownBy.HELD
    event("held" if is_held else "not held")
    if is_held:
        assert held_from is not None
        since = seen[held_from + (11 if signal else 0) :]
        assert since[-1][0] - since[0][0] == 1
        assert sum(not a[1] and b[1] for a, b in pairwise(since)) == 1


def test_the_trace_of_that_property_is_known_by_the_held_feed_where_nothing_is_changed() -> None:
    """So that it can fail."""
    story = a_story()
    for i, (held, present, count, rejected) in enumerate(GOOD):
        story.poll(
            1.1 + i * POLL_S,
            feed_held=held,
            part_present=present,
            good_count=count,
            rejected=rejected,
        )

    assert reached(story) is KnownBy.HELD

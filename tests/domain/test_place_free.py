"""A part that was in the station at the scan never becomes the challenge part (D29, D64; pages S1 1)."""

from itertools import pairwise, takewhile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.place_free import FREE_FOR_S, FREE_READINGS, is_free, shows_place, was_free
from redrabbit.domain.rule import AllOf, Becomes, Equals, Increases, Rises
from redrabbit.domain.run import PartPresented
from redrabbit.domain.run_words import RunState
from tests.builders import (
    BY_EDGE,
    COUNT,
    PART,
    PRESENT,
    RABBIT,
    REJECTED,
    Story,
    a_rule,
    a_run,
    an_acquisition,
    an_expectation,
    kinds,
    messages_of,
    story_of,
)

BY_COUNT = a_rule(part_code=None, presented=Increases(signal=COUNT))
TWO_SIGNALS = a_rule(
    part_code=None,
    presented=AllOf(of=(Rises(signal=PRESENT), Equals(signal=PART, value="clamped"))),
)


def by_messages(*, told_at: float = -0.1, **idle: bool) -> Story:
    """The story of a rabbit at a station that speaks only on change."""
    expectation = an_expectation(BY_EDGE, every_s=None, messages=True)
    story = Story(a_run(expectation))
    story.message(told_at, **({"part_present": False} | idle))
    return story


def test_a_production_part_that_stands_there_at_the_scan_is_not_the_rabbit() -> None:
    """Pages S1 1: the station isn't empty when the part is scanned."""
    story = story_of(BY_EDGE)
    story.poll(0.5, part_present=True)
    story.scan(1)
    story.polls(1.2, 3.2)

    assert story.poll(3.5, rejected=True) == ()
    assert story.run.state is RunState.ARMED


def test_a_part_that_leaves_while_the_next_one_enters_is_the_line() -> None:
    """Pages S1 1: one poll shows the gap between two parts."""
    story = story_of(BY_EDGE)
    story.poll(0.5, part_present=True)
    story.scan(1)
    story.poll(2, part_present=False)

    assert story.poll(2.1, part_present=True) == ()
    assert story.run.state is RunState.ARMED


def test_a_part_that_came_between_the_last_reading_and_the_scan_is_not_the_rabbit() -> None:
    """D64: a scan after the station saw a part arms nothing."""
    story = story_of(BY_EDGE)
    story.polls(0, 0.9, 0.1)
    story.scan(1)

    assert story.poll(1.01, part_present=True) == ()
    assert story.run.state is RunState.ARMED


def test_a_part_that_is_taken_out_and_put_in_again_is_taken_once_the_place_was_free() -> None:
    story = story_of(BY_EDGE)
    story.poll(0.5, part_present=True)
    story.scan(1)
    story.poll(2, part_present=False)
    story.polls(2.5, 3)

    assert kinds(story.poll(3.1, part_present=True)) == ["PartPresented"]


def test_a_reading_that_began_before_the_scan_shows_nothing_since() -> None:
    story = story_of(BY_EDGE)
    story.scan(1)
    story.poll(1.1, took_s=0.2)
    story.poll(1.2)

    assert story.poll(1.3, part_present=True) == ()


def test_a_failed_reading_begins_the_count_again() -> None:
    """Meanwhile a part may have come."""
    story = story_of(BY_EDGE)
    story.scan(1)
    story.polls(1.2, 2.2)
    story.fails(2.3)
    story.comes_back(2.4)
    assert story.poll(2.5, part_present=True) == ()

    story.poll(2.6, part_present=False)
    story.polls(3, 3.5)
    assert kinds(story.poll(3.7, part_present=True)) == ["PartPresented"]


def test_history_shows_no_free_place() -> None:
    """D7: a retained or late message tells what was."""
    story = messages_of(BY_EDGE)
    story.message(2, part_present=False)
    story.message(3, fresh=False, part_present=False)

    assert story.message(3.4, part_present=True) == ()


def test_what_is_told_of_other_signals_tells_nothing_of_the_place() -> None:
    story = messages_of(BY_EDGE)
    story.message(2, part_present=False)
    story.message(3, rejected=False)
    assert story.message(3.4, part_present=True) == ()


def test_each_signal_of_the_place_must_have_been_read_free() -> None:
    story = Story(a_run(an_expectation(TWO_SIGNALS, messages=True)))
    story.scan(1)
    for at in (1.5, 2.0):
        story.message(at, part_present=False)
    story.message(2.5, part_present=True, part_code="")
    assert story.message(3, part_code="clamped") == ()

    for at in (3.5, 4.0, 4.4):
        story.message(at, part_present=False, part_code="")
    story.message(4.5, part_present=True)
    assert kinds(story.message(5, part_code="clamped")) == ["PartPresented"]


def test_what_speaks_only_on_change_is_free_since_it_said_so() -> None:
    story = by_messages()
    story.scan(1)

    assert kinds(story.message(1.5, part_present=True)) == ["PartPresented"]


@pytest.mark.parametrize(
    ("free_for_s", "is_taken"), [(FREE_FOR_S - 0.01, False), (FREE_FOR_S, True)]
)
def test_what_speaks_only_on_change_must_have_been_free_for_a_while(
    free_for_s: float, is_taken: bool
) -> None:
    story = by_messages(part_present=True)
    story.scan(1)
    story.message(2, part_present=False)
    effects = story.message(2 + free_for_s, part_present=True)

    assert kinds(effects) == (["PartPresented"] if is_taken else [])


def test_a_message_of_before_the_scan_does_not_bring_the_rabbit() -> None:
    """D64: it was under way when the part was scanned."""
    story = by_messages()
    story.scan(5)

    assert story.message(4.9, part_present=True) == ()


def test_a_count_can_not_show_the_place_and_the_first_one_after_the_scan_counts() -> None:
    condition = BY_COUNT.presented
    assert not shows_place(condition)
    assert not shows_place(None)
    assert shows_place(BY_EDGE.presented)
    story = story_of(BY_COUNT)
    story.scan(1)
    evidence, place = story.run.evidence, story.run.place
    assert evidence is not None
    assert place is not None
    assert was_free(place, evidence, an_acquisition(2))


def test_the_place_is_not_looked_at_where_the_station_reads_the_code() -> None:
    story = story_of(a_rule())
    story.scan(1)
    story.poll(1.1)

    assert kinds(story.poll(1.2, part_code=RABBIT)) == ["PartPresented"]


def test_what_is_unknown_is_not_free() -> None:
    condition = Becomes(signal=PRESENT, value=True)
    assert not is_free(condition, {})
    assert not is_free(condition, {PRESENT: True})
    assert is_free(condition, {PRESENT: False})


EVERY_S = 0.4


def _free_before(before: list[bool], after: list[bool | None]) -> bool:
    """Return whether the readings before this one say that the place was free for a second.

    Readings of the station before its first one here show it free.
    """
    since_scan = list(takewhile(lambda told: told is False, reversed(after)))
    at_all = len(since_scan)
    if at_all == len(after):
        at_all += len(list(takewhile(lambda told: not told, reversed(before))))
        at_all += FOR_EVER if at_all == len(after) + len(before) else 0
    return len(since_scan) >= FREE_READINGS and at_all * EVERY_S >= FREE_FOR_S


FOR_EVER = 100


@given(
    before=st.lists(st.booleans(), max_size=4),
    after=st.lists(st.sampled_from([True, False, None]), max_size=14),
)
def test_whatever_comes_and_goes_nothing_is_presented_but_from_a_free_place(
    before: list[bool], after: list[bool | None]
) -> None:
    """L1, D29: by an oracle that looks at the readings only; None is one that failed."""
    story = story_of(BY_EDGE)
    for i, shown in enumerate(before):
        story.poll(0.9 + (i - len(before)) * EVERY_S, part_present=shown)
    story.scan(1)
    for i, told in enumerate(after):
        if story.run.state is not RunState.ARMED:
            break
        at = 1.1 + i * EVERY_S
        if told is None:
            effects = story.fails(at)
        elif after[i - 1] is None and i:
            effects = story.comes_back(at, part_present=told)
        else:
            effects = story.poll(at, part_present=told)
        awaited = told is True and _free_before(before, after[:i])
        assert any(isinstance(e, PartPresented) for e in effects) is awaited


@given(
    parts=st.lists(
        st.tuples(st.floats(0.21, 3.0), st.floats(0.0, 0.9), st.booleans()), min_size=1, max_size=5
    ),
    every_s=st.sampled_from([0.1, 0.2]),
)
def test_a_running_line_whose_parts_follow_one_another_is_never_judged(
    parts: list[tuple[float, float, bool]], every_s: float
) -> None:
    """Coverage F4: production parts, some of them rejected; the rabbit never leaves the hand.

    Each stays for longer than a poll: of one that passes between two readings nobody can tell.
    """
    moments: list[tuple[float, bool, bool]] = [(0.0, True, False)]
    for stays_s, gap_s, is_rejected in parts:
        begin = moments[-1][0]
        moments += [
            (begin + stays_s / 2, True, is_rejected),
            (begin + stays_s, False, False),
            (begin + stays_s + gap_s, True, False),
        ]
    assert all(one[0] <= other[0] for one, other in pairwise(moments))
    story = story_of(BY_EDGE)
    story.poll(0.5, part_present=True)
    story.scan(1)
    for i in range(int((moments[-1][0] + 1) / every_s)):
        now = i * every_s
        _, present, rejected = [m for m in moments if m[0] <= now][-1]
        story.poll(1.1 + now, part_present=present, rejected=rejected)

    assert story.verdicts == []
    assert REJECTED in BY_EDGE.signals()

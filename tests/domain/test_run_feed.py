"""A run that waits for its part watches the feed, and hears once that it is held (D29)."""

from dataclasses import replace

import pytest

from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import SignalName
from redrabbit.domain.rule import DetectionRule
from redrabbit.domain.run import FeedHeld, FeedNotHeld
from redrabbit.domain.run_feed import feed_for_next_part
from redrabbit.domain.station_says import SaidOf
from tests.builders import (
    ANNA,
    BY_EDGE,
    BY_TAP,
    HELD,
    SAID_HELD,
    Story,
    a_run,
    an_expectation,
    at,
    kinds,
    story_of,
)


@pytest.mark.parametrize(
    ("rule", "code"),
    [(BY_EDGE, "feed_not_asked"), (BY_TAP, "feed_not_asked"), (HELD, "station_tells_feed")],
)
def test_nobody_says_that_the_feed_is_held_where_it_tells_nothing(
    rule: DetectionRule, code: str
) -> None:
    """D29."""
    story = story_of(rule)
    story.scan(1)

    with pytest.raises(Refusal) as refusal:
        story.say_held(2)

    assert refusal.value.code == code


def test_that_the_feed_is_held_is_said_once_a_check() -> None:
    """D29."""
    story = story_of(SAID_HELD)
    story.scan(1)
    assert story.say_held(2) == (FeedHeld(at=at(2), actor=ANNA),)

    with pytest.raises(Refusal) as refusal:
        story.say_held(3)

    assert refusal.value.code == "feed_said_before"
    assert story.run.feed_said_at == at(2)


def test_it_can_be_said_where_nobody_can_watch_the_feed() -> None:
    story = Story(a_run(an_expectation(SAID_HELD, blind_s=None)))
    story.scan(1)

    assert kinds(story.say_held(2)) == ["FeedHeld"]


def test_a_part_that_comes_after_it_was_said_is_told_once_and_it_can_be_said_again() -> None:
    story = story_of(SAID_HELD)
    story.scan(1)
    story.poll(1.1)
    story.say_held(1.2)
    assert story.poll(1.3, good_count=101) == (FeedNotHeld(at=at(1.3)),)
    assert story.run.feed_said_at is None
    assert story.poll(1.4, good_count=102) == ()

    assert kinds(story.say_held(2)) == ["FeedHeld"]
    assert story.poll(2.1) == ()
    assert story.run.feed_said_at == at(2)


def test_nothing_is_watched_where_nothing_tells_of_the_feed() -> None:
    story = story_of(BY_EDGE)
    story.scan(1)
    story.polls(1.1, 2)

    assert story.run.evidence is not None
    assert story.run.evidence.feed is None


def test_a_feed_is_watched_from_the_scan() -> None:
    story = story_of(HELD, feed_held=True)
    story.scan(1)
    story.poll(1.1)

    assert story.run.evidence is not None
    assert story.run.evidence.feed is not None
    assert story.run.evidence.feed.held_since == at(1.1)


def test_no_feed_is_watched_where_the_place_tells_which_part_it_is() -> None:
    """Other parts come there, and are counted, all the time."""
    expectation = replace(an_expectation(HELD), places={SaidOf.NEST: SignalName("nest")})
    story = Story(a_run(expectation), feed_held=True)
    story.scan(1)

    assert story.run.evidence is not None
    assert story.run.evidence.feed is None


def test_what_the_counters_showed_is_kept_for_the_next_part() -> None:
    story = story_of(SAID_HELD)
    assert feed_for_next_part(story.run).feed_said_counts is None
    story.scan(1)
    story.poll(1.1, good_count=101)

    assert feed_for_next_part(story.run).feed_said_counts == {"good_count": 101}

"""How a run watches the feed while it waits for its part, and hears that it is held (D29).

`redrabbit.domain.feed_watch` says what is known of the feed; here it is asked for the run under way.
"""

from dataclasses import replace

from redrabbit.domain.condition import level_holds
from redrabbit.domain.errors import Refusal
from redrabbit.domain.feed_watch import FeedWatch, before_part, feed_at_scan, said_held
from redrabbit.domain.observation import Acquisition, Readings
from redrabbit.domain.run import Advance, FeedHeld, FeedNotHeld, Run, SaidHeld


def feed_at_arming(run: Run, readings: Readings) -> FeedWatch | None:
    """Return the watch over the feed; None where nothing tells of it, or the place tells which part it is.

    At a station of several nests other parts come and are counted, and are none of ours.
    """
    expectation = run.step.expectation
    if expectation.places:
        return None
    return feed_at_scan(expectation, readings, run.feed_said_at, run.feed_said_counts)


def watch_feed(run: Run, acquisition: Acquisition) -> Advance:
    """Return the run with what a reading before the part tells of the feed, and whether it belies a word."""
    evidence, condition = run.evidence, run.step.expectation.rule.presented
    if evidence is None or evidence.feed is None or condition is None:
        return run, ()
    is_there = level_holds(condition, evidence.known)
    feed = before_part(evidence.feed, acquisition, is_there=is_there)
    watched = replace(run, evidence=replace(evidence, feed=feed), feed_said_at=feed.said_at)
    if feed.said_at == run.feed_said_at:
        return watched, ()
    return watched, (FeedNotHeld(at=acquisition.window.ended_at),)


def feed_for_next_part(run: Run) -> Run:
    """Return the run as its part is back: what was said of the feed holds on.

    What the counters showed as the part was judged is kept, so that nothing comes in between unseen.
    """
    feed = run.evidence.feed if run.evidence is not None else None
    return replace(run, feed_said_counts=feed.counts if feed is not None else None)


def say_held(run: Run, event: SaidHeld) -> Advance:
    """Take the operator's word that nothing is fed; refused where it makes no difference, or twice.

    What a part contradicted that came since can be said again.
    """
    assert run.evidence is not None  # noqa: S101  an armed run has evidence
    held, feed = run.step.expectation.rule.held, run.evidence.feed
    if held is None:
        raise Refusal("feed_not_asked", run=run.id)
    if held.signal is not None:
        raise Refusal("station_tells_feed", run=run.id)
    if run.feed_said_at is not None:
        raise Refusal("feed_said_before", run=run.id)
    watched_on = said_held(feed, event.at) if feed is not None else None
    said = replace(run, feed_said_at=event.at, evidence=replace(run.evidence, feed=watched_on))
    return said, (FeedHeld(at=event.at, actor=event.actor),)

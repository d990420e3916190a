"""How a run watches the feed while it waits for its part, and hears that it is held (D29).

`redrabbit.domain.feed_watch` says what is known of the feed; here it is asked for the run under way.
"""

from dataclasses import replace

from redrabbit.domain.errors import Refusal
from redrabbit.domain.evidence import Evidence
from redrabbit.domain.feed_watch import FeedWatch, before_part, feed_at_scan
from redrabbit.domain.observation import Acquisition, Readings
from redrabbit.domain.place_free import is_free
from redrabbit.domain.run import Advance, FeedHeld, Run, SaidHeld


def feed_at_arming(run: Run, readings: Readings) -> FeedWatch | None:
    """Return the watch over the feed; None where nothing tells of it, or the place tells which part it is.

    At a station of several nests other parts come and are counted, and are none of ours.
    """
    expectation = run.step.expectation
    if expectation.places:
        return None
    return feed_at_scan(expectation, readings, run.feed_said_at)


def with_feed(evidence: Evidence, acquisition: Acquisition) -> Evidence:
    """Return the evidence with what a reading before the part tells of the feed."""
    condition = evidence.expectation.rule.presented
    if evidence.feed is None or condition is None:
        return evidence
    free = is_free(condition, evidence.known)
    return replace(evidence, feed=before_part(evidence.feed, acquisition, is_free=free))


def say_held(run: Run, event: SaidHeld) -> Advance:
    """Take the operator's word that nothing is fed; refused where it makes no difference, or twice."""
    assert run.evidence is not None  # noqa: S101  an armed run has evidence
    held, feed = run.step.expectation.rule.held, run.evidence.feed
    if held is None:
        raise Refusal("feed_not_asked", run=run.id)
    if held.signal is not None:
        raise Refusal("station_tells_feed", run=run.id)
    if run.feed_said_at is not None:
        raise Refusal("feed_said_before", run=run.id)
    watched_on = replace(feed, said_at=event.at) if feed is not None else None
    said = replace(run, feed_said_at=event.at, evidence=replace(run.evidence, feed=watched_on))
    return said, (FeedHeld(at=event.at, actor=event.actor),)

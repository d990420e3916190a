"""Whether the feed was held and exactly one part came: then it is known which one was judged (D29).

Neither is enough alone. Counters can't tell the challenge part from a production part; a held feed can't
tell that two were put in. So all of this must have been seen, without a gap:

1. before the part, for as long as one may be under way: nothing is fed, the place is free, and nothing is
   counted;
2. from then until the answer: nothing is fed;
3. at the answer each counter has counted one, and none went back.

A part that comes while it is said or shown that nothing is fed contradicts it, until it is said anew, or
shown to run and to be held again. A person's word is measured from the act on; a signal once nothing can be
under way any more, for it can't be shown anew without feeding.

Whatever is missing or unclear makes the part known by order, no more. Where the counters tell of a second
part before the answer, the answer may be about that one. Nothing here decides: `run_observation` and
`grading` say what follows. It can't tell which part a hand puts in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from redrabbit.domain.blind_time import shortest_s
from redrabbit.domain.expectation import Expectation
from redrabbit.domain.identity import SignalName
from redrabbit.domain.observation import Acquisition, Readings, Value
from redrabbit.domain.part_count import CounterHabits
from redrabbit.domain.rule import HeldFeed
from redrabbit.domain.signals import Resets

ONE: Final = 1

Counts = Mapping[SignalName, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedWatch:
    """What was read of the feed since the part was scanned."""

    held: HeldFeed
    habits: Mapping[SignalName, CounterHabits]
    unread_s: float
    """The longest time between two readings in which nothing can have been fed unseen."""
    said_at: datetime | None
    """When the operator said that it is held, where no signal tells; None again if a part came since."""
    said_counts: Counts | None = None
    """What the counters showed then; of a later part of the check, as the part before it was judged."""
    contradicted: bool = False
    """A part came while the signal showed that nothing is fed, and it has not gone off since."""
    was_there: bool | None = None
    """Whether a part was in the place at the last good reading that told; None: none has."""
    known: Mapping[SignalName, Value] = field(default_factory=dict)
    read_from: datetime | None = None
    """Begin of the last good reading since the scan."""
    read_until: datetime | None = None
    """Its end."""
    counts: Counts | None = None
    """What the counters showed then."""
    still_since: datetime | None = None
    """Since when the place is free and nothing is counted; None: it isn't so."""
    held_since: datetime | None = None
    """Since when nothing is fed; None: it isn't so."""
    is_held: bool = False
    """Nothing was fed from before the part came until now."""
    counted_from: Counts | None = None
    """What the counters showed before the part; None: not known, or they are not clear."""
    risen: Counts = field(default_factory=dict)
    """How many parts each has counted since."""

    def one_came(self, until: datetime) -> bool:
        """Return whether nothing was fed and exactly one part was counted, until then at least."""
        if not self.is_held or self.counted_from is None or self.read_until is None:
            return False
        return self.read_until >= until and all(n == ONE for n in self.risen.values())

    @property
    def more_came(self) -> bool:
        """Return whether a counter tells of more than one part."""
        return any(n > ONE for n in self.risen.values())


def feed_at_scan(
    expectation: Expectation,
    readings: Readings,
    said_at: datetime | None,
    said_counts: Counts | None = None,
) -> FeedWatch | None:
    """Return the watch over a feed as the challenge part is scanned; None where nothing tells of it.

    Nothing from before the scan counts but the values, which are told again only when they change.
    """
    held = expectation.rule.held
    limit_s = shortest_s(expectation.blind_after_s)
    if held is None or limit_s is None:
        return None
    known = {
        signal: readings[signal].value for signal in sorted(held.signals) if signal in readings
    }
    return FeedWatch(
        held=held,
        habits=expectation.counter_habits,
        unread_s=limit_s,
        said_at=said_at,
        said_counts=said_counts,
        known={signal: value for signal, value in known.items() if value is not None},
    )


def said_held(feed: FeedWatch, at: datetime) -> FeedWatch:
    """Return the watch from which on the operator says that nothing is fed."""
    return replace(feed, said_at=at, said_counts=feed.counts, held_since=None)


def before_part(feed: FeedWatch, acquisition: Acquisition, *, is_there: bool | None) -> FeedWatch:
    """Return the watch after a reading that does not show the challenge part.

    `is_there`: whether another part is in its place; None: that can't be told.
    """
    read, is_good = _read(feed, acquisition)
    if not is_good:
        return read
    at = acquisition.window.ended_at
    came = is_there is True and feed.was_there is False
    seen = replace(
        read,
        said_counts=read.said_counts or (read.counts if read.said_at is not None else None),
        was_there=feed.was_there if is_there is None else is_there,
    )
    seen = _with_what_came(feed, seen, came=came)
    is_free = is_there is False
    stands_still = is_free and seen.counts == feed.counts
    return replace(
        seen,
        still_since=(seen.still_since if stands_still else None) or (at if is_free else None),
        held_since=(seen.held_since or at) if _is_on(seen, acquisition) else None,
    )


def at_part(feed: FeedWatch, acquisition: Acquisition) -> FeedWatch:
    """Return the watch after the reading that showed the part."""
    read, is_good = _read(feed, acquisition)
    if not is_good or not _for_long(read, read.still_since, acquisition):
        return read
    began = replace(
        read,
        is_held=_for_long(read, read.held_since, acquisition),
        counted_from=feed.counts,
    )
    return _counted(began, acquisition)


def after_part(feed: FeedWatch, acquisition: Acquisition) -> FeedWatch:
    """Return the watch after one more reading while the part is there, or after it."""
    read, is_good = _read(feed, acquisition)
    return _counted(read, acquisition) if is_good else read


def _read(feed: FeedWatch, acquisition: Acquisition) -> tuple[FeedWatch, bool]:
    """Return the watch with what was read, and whether that was a good reading of all its signals."""
    covered = acquisition.signals & feed.held.signals
    if not covered:
        return feed, False
    told = replace(feed, known=_known(feed.known, acquisition, covered))
    if acquisition.failure is not None:
        return told, False
    hides = not acquisition.speaks_of_now or acquisition.machine_restarted
    if hides or acquisition.messages_lost or covered != feed.held.signals:
        return _lost(told), False
    counters = feed.held.counters
    counts = {c: n for c in counters if (n := _whole(told.known.get(c))) is not None}
    if len(counts) < len(counters):
        return told, False
    window = acquisition.window
    since = feed.read_from or window.began_at
    seen = told if (window.ended_at - since).total_seconds() <= feed.unread_s else _lost(told)
    return replace(seen, read_from=window.began_at, read_until=window.ended_at, counts=counts), True


def _known(
    known: Mapping[SignalName, Value], acquisition: Acquisition, covered: frozenset[SignalName]
) -> Mapping[SignalName, Value]:
    """Return the values as they are known now; what only history tells of is not known any more (D7)."""
    if acquisition.failure is not None:
        return {signal: value for signal, value in known.items() if signal not in covered}
    changed = {c.signal: c.value for c in acquisition.changes if c.signal in covered}
    if not acquisition.speaks_of_now:
        changed = dict.fromkeys(changed)
    now = {**known, **changed}
    return {signal: value for signal, value in now.items() if value is not None}


def _lost(feed: FeedWatch) -> FeedWatch:
    """Return the watch where something may have been fed, or counted, unseen."""
    return replace(
        feed, still_since=None, held_since=None, is_held=False, counted_from=None, risen={}
    )


def _counted(feed: FeedWatch, acquisition: Acquisition) -> FeedWatch:
    """Return the watch with what was counted since before the part, and whether still nothing is fed."""
    is_held = feed.is_held and _is_on(feed, acquisition)
    base, counts = feed.counted_from, feed.counts
    if base is None or counts is None:
        return replace(feed, is_held=False)
    risen = {
        c: n for c in base if (n := _risen(base[c], counts[c], feed.habits.get(c))) is not None
    }
    if len(risen) < len(base) or any(n < feed.risen.get(c, 0) for c, n in risen.items()):
        return replace(feed, is_held=False, counted_from=None, risen={})
    return replace(feed, is_held=is_held, risen=risen)


def _risen(before: int, now: int, habits: CounterHabits | None) -> int | None:
    """Return by how much a counter rose; None where it was set back, or that can't be told apart."""
    if now >= before:
        return now - before
    if habits is None or habits.rollover is None or habits.resets is not Resets.NEVER:
        return None
    return (now - before) % habits.rollover


def _with_what_came(before: FeedWatch, after: FeedWatch, *, came: bool) -> FeedWatch:
    """Return the watch, and void what a part contradicts that came, or was counted, meanwhile.

    A counter that was set back hides how many it counted.
    """
    signal = before.held.signal
    if signal is None:
        voided = after.said_at is not None and (came or _moved(after, after.said_counts))
        return replace(after, said_at=None, said_counts=None) if voided else after
    moved = came or _moved(after, before.counts)
    lies = before.contradicted or (moved and _nothing_under_way(before, after))
    return replace(after, contradicted=lies and after.known.get(signal) is True)


def _moved(feed: FeedWatch, since: Counts | None) -> bool:
    return since is not None and feed.counts != since


def _nothing_under_way(before: FeedWatch, after: FeedWatch) -> bool:
    """Return whether what came since the reading before can't have been under way as the feed was held."""
    since, until = after.held_since, before.read_until
    if since is None or until is None:
        return False
    return (until - since).total_seconds() >= before.held.travel_s


def _is_on(feed: FeedWatch, acquisition: Acquisition) -> bool:
    """Return whether nothing is fed, as the signal shows or the operator said."""
    if feed.contradicted:
        return False
    if feed.held.signal is not None:
        return feed.known.get(feed.held.signal) is True
    return feed.said_at is not None and feed.said_at <= acquisition.window.began_at


def _for_long(feed: FeedWatch, since: datetime | None, acquisition: Acquisition) -> bool:
    """Return whether something was so for longer than a part is under way."""
    if since is None:
        return False
    return (acquisition.window.began_at - since).total_seconds() >= feed.held.travel_s


def _whole(value: Value | None) -> int | None:
    """Return what a counter shows; None for anything but a whole number."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None

"""How the clock of a topic's source stands to ours, learnt from the messages themselves (D27).

A message arrives after it was made, so the smallest *arrival minus told* of the last ten minutes is the
best that is known of how far our clock is ahead: the *offset*. What a message is above it is its *age*:
how long it was under way, if the quickest was not. Whether the source's clock is right plays no part.

What can't be known: a delay that never changes looks like a clock that is wrong by as much. It makes no
duration wrong, because both ends of it are late by the same.

A time in whole seconds tells nothing of less than a second: there the age is what is *surely* too much.

So an offset must have held for a second before it makes anything fresh: while it still falls, a backlog
is being worked off, and each message is only less old than the one before. A first message after a quiet
second is taken as one of a topic that tells no time would be.

A clock is taken to have been set where the offset falls by more than a second, or where told time goes
back by more than a second in a message that is in order. Forward, the new offset is known at once. Back,
it looks like late messages, which some publisher may be sending again: it is believed only when it has
held for a minute.

Instants come from outside; `mqtt` tells a step of our own clock.
"""

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from redrabbit.links.told_time import ToldTime

REMEMBERED = timedelta(minutes=10)
"""Of arrivals: so that a slow drift of the clocks is followed (D27)."""
JUMP_S = 1.0
"""A change by more than this is a clock that was set, or messages that are late; less is a network (D27)."""
HELD = timedelta(seconds=1)
"""For so long an offset must not have fallen by more than `FALL_S`."""
FALL_S = 0.1
"""What an offset may fall in a second: a few polls of the source, a network that was busy."""
FINE_S = 0.1
"""A time that is told less finely than this says nothing of a network's delays."""
BELIEVED_AFTER = timedelta(minutes=1)
"""A later offset is learnt when it has held for so long: no backlog keeps its age for a minute while it is
worked off, and a plant can wait so long after a clock was set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What the told time of one message says of it."""

    offset_s: float
    """Our clock is so far ahead of the source's."""
    age_s: float
    """For so long it was under way, or longer, if the quickest was not at all."""
    age_at_most_s: float
    """For so long, or shorter."""
    told_finely: bool
    live: bool
    """It speaks of now: it is not old, and the offset by which that is told has held."""
    jumped: bool
    """The source's clock was set, or all messages until now were late."""

    def age_given(self, held_s: float) -> float:
        """Return for how many seconds it may have been under way, given how long we may have held it.

        Where time is told coarsely, that is what it surely was, and what is known of our own stalls.
        """
        if self.told_finely:
            return self.age_at_most_s
        return max(self.age_s, min(held_s, self.age_at_most_s))


class SourceTime:
    """Learns the offset of one topic's source."""

    def __init__(self) -> None:
        self._smallest: deque[tuple[datetime, float]] = deque()
        """Arrivals whose difference no later one undercuts, rising: the first is the offset."""
        self._falls: deque[tuple[datetime, float]] = deque()
        """By how much the offset fell, and when; within the last `HELD`."""
        self._later: tuple[datetime, float, float] | None = None
        """Since when all messages are late, by what difference then, and by what the least of them."""
        self._newest_told_s = float("-inf")
        self._resolution_s = float("inf")

    def hear(self, told: ToldTime, arrived_at: datetime, *, after_quiet: bool) -> Heard:
        """Learn from a message that is in order; `after_quiet`: nothing came for a second before."""
        self._resolution_s = min(self._resolution_s, told.resolution_s)
        jump_s = JUMP_S + self._resolution_s
        difference_s = arrived_at.timestamp() - told.seconds
        went_back = told.seconds < self._newest_told_s - jump_s
        self._newest_told_s = told.seconds
        if not self._smallest:
            self._begin(arrived_at, difference_s, fell_s=0.0 if after_quiet else float("inf"))
            return self._heard(difference_s, jumped=False)
        self._forget(arrived_at)
        offset_s = self._smallest[0][1]
        if difference_s < offset_s - jump_s:
            self._begin(arrived_at, difference_s, fell_s=offset_s - difference_s)
            return self._heard(difference_s, jumped=True)
        if difference_s > offset_s + jump_s:
            learnt = self._learn_later(arrived_at, difference_s)
            return self._heard(difference_s, jumped=learnt or went_back)
        self._later = None
        if difference_s < offset_s:
            self._falls.append((arrived_at, offset_s - difference_s))
        self._keep(arrived_at, difference_s)
        return self._heard(difference_s, jumped=went_back)

    def shift(self, step: timedelta) -> None:
        """Move with a step of our own clock, which is none of the source's (R46)."""
        by_s = step.total_seconds()
        self._smallest = deque((at + step, found + by_s) for at, found in self._smallest)
        self._falls = deque((at + step, fell_s) for at, fell_s in self._falls)
        if self._later is not None:
            since, first_s, least_s = self._later
            self._later = (since + step, first_s + by_s, least_s + by_s)

    def _begin(self, at: datetime, difference_s: float, *, fell_s: float) -> None:
        self._smallest.clear()
        self._smallest.append((at, difference_s))
        self._falls.clear()
        self._falls.append((at, fell_s))
        self._later = None

    def _keep(self, at: datetime, difference_s: float) -> None:
        while self._smallest and self._smallest[-1][1] >= difference_s:
            self._smallest.pop()
        self._smallest.append((at, difference_s))

    def _forget(self, now: datetime) -> None:
        """Forget what is older than is remembered, but never the last that is known."""
        while len(self._smallest) > 1 and self._smallest[0][0] < now - REMEMBERED:
            self._smallest.popleft()
        while self._falls and self._falls[0][0] <= now - HELD:
            self._falls.popleft()

    def _learn_later(self, at: datetime, difference_s: float) -> bool:
        """Note a late message; tell whether the later offset has held for long enough to be believed."""
        since, first_s, least_s = self._later or (at, difference_s, difference_s)
        if difference_s < first_s - FALL_S:
            since, first_s = at, difference_s  # still working off a backlog
        least_s = min(least_s, difference_s)
        self._later = (since, first_s, least_s)
        if at - since < BELIEVED_AFTER:
            return False
        self._begin(at, least_s, fell_s=0.0)
        return True

    def _heard(self, difference_s: float, *, jumped: bool) -> Heard:
        offset_s = self._smallest[0][1]
        over_s = max(0.0, difference_s - offset_s)
        held = sum(fell_s for _, fell_s in self._falls) <= FALL_S
        return Heard(
            offset_s=offset_s,
            age_s=max(0.0, over_s - self._resolution_s),
            age_at_most_s=over_s + self._resolution_s,
            told_finely=self._resolution_s <= FINE_S,
            live=held and not jumped and over_s <= JUMP_S + self._resolution_s,
            jumped=jumped,
        )

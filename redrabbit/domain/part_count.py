"""How many parts a station has made, followed over rollovers, resets and gaps (D6, D34, R25).

A part counter is somebody else's number: it rolls over, is reset at a shift's start or by hand, is lost when
its machine restarts, and is not read while a link is down. What it showed is followed here into a number
that only grows, with an *epoch* that is counted on whenever something may have been skipped. Two counts
of one epoch differ by exactly what was made between them; of different epochs, by what was made at least.

Two things are taken for granted, because no counter tells them: a counter that is reset begins at zero,
and while it is under watch it is not reset *and* counted up to where it was between two readings.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from redrabbit.domain.limits import LARGEST_WHOLE
from redrabbit.domain.made_of import MadeOf, credited
from redrabbit.domain.signals import Resets

FASTEST_PARTS_PER_S: Final = 100
"""No station that checks its parts makes more in a second; what would take more was never made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartCount:
    """What a station has counted so far."""

    value: int
    """What its part counter shows."""
    made: int
    """Parts made since it was first read, over all resets and rollovers: at least so many."""
    epoch: int
    """From 1; one more each time something may have been skipped."""
    fell_from: int | None
    """What it showed before it went back, as long as it may still come back there of itself."""
    known: tuple[MadeOf, ...] = ()
    """Of `made`, what is known to be of one variant and nest; the rest may be of any (D34)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterHabits:
    """How a counter goes back, as its station file declares it (D32)."""

    resets: Resets | None = None
    """None: not told, so it may be reset at any time."""
    rollover: int | None = None
    """How many values it has: after the last one comes the first. None: not told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """How long nobody read the counter before a reading."""

    lasted: timedelta
    watched: bool
    """True between two readings that follow one another as they should: nothing can hide there."""

    @property
    def most_parts(self) -> int:
        """More than any station makes in this time; of a short one, what it makes in a second."""
        return int(FASTEST_PARTS_PER_S * max(1.0, abs(self.lasted.total_seconds())))


def first_count(value: int) -> PartCount:
    """Return the count of a counter that was never read before: it shows what was made at least."""
    return PartCount(value=value, made=max(0, value), epoch=1, fell_from=None)


def followed(count: PartCount, value: int, unread: Unread, habits: CounterHabits) -> PartCount:
    """Return the count with one more reading of its counter.

    Never more than was made, and of the same epoch only if it is exactly what was made.
    """
    if value < count.value:
        return _gone_back(count, value, unread, habits)
    if count.fell_from is not None and value >= count.fell_from:
        return _come_back(count, value, count.fell_from)
    grown = value - count.value
    still_falling = count.fell_from if grown == 0 else None
    exact = unread.watched or _hides_nothing(value, unread, habits)
    return _counted(count, value, grown, exact=exact, fell_from=still_falling)


def counted_by_another(count: PartCount, value: int) -> PartCount:
    """Return the count going on with another counter: what was made in between nobody can tell."""
    return _counted(count, value, 0, exact=False)


def of_one(before: PartCount, after: PartCount, variant: str | None, nest: str | None) -> PartCount:
    """Return a count whose last parts were all of one variant and nest; not where one was skipped."""
    if before.epoch != after.epoch:
        return after
    parts = after.made - before.made
    return replace(after, known=credited(after.known, variant, nest, parts))


def _gone_back(count: PartCount, value: int, unread: Unread, habits: CounterHabits) -> PartCount:
    rolled = _rolled_over(count, value, unread, habits)
    if rolled is not None:
        return _counted(count, value, rolled, exact=True)
    since_zero = max(0, value)
    made = since_zero if since_zero <= unread.most_parts else 0
    is_told = habits.resets in {Resets.EACH_SHIFT, Resets.BY_HAND}
    return _counted(count, value, made, exact=False, fell_from=None if is_told else count.value)


def _rolled_over(count: PartCount, value: int, unread: Unread, habits: CounterHabits) -> int | None:
    """Return the parts over a rollover, where nothing else can explain that the counter went back."""
    turn = habits.rollover
    if turn is None or count.value - value >= turn or not _only_rolls(unread, habits):
        return None
    parts = (value - count.value) % turn
    once = unread.watched or unread.most_parts < turn
    return parts if once and parts <= min(turn // 2, unread.most_parts) else None


def _only_rolls(unread: Unread, habits: CounterHabits) -> bool:
    """Tell whether it goes back by rolling over only: who tells of the one and not of the other."""
    return habits.resets is Resets.NEVER or (habits.resets is None and unread.watched)


def _hides_nothing(value: int, unread: Unread, habits: CounterHabits) -> bool:
    """Tell whether no reset and no whole turn fits into the time in which nobody read."""
    no_turn = habits.rollover is None or unread.most_parts < habits.rollover
    no_reset = habits.resets is Resets.NEVER or value > unread.most_parts
    return no_turn and no_reset


def _come_back(count: PartCount, value: int, fell_from: int) -> PartCount:
    """Return the count of a counter that was only away: it showed a zero while its machine started."""
    grown = max(0, value - fell_from - max(0, count.value))
    return _counted(count, value, grown, exact=False)


def _counted(
    count: PartCount, value: int, parts: int, *, exact: bool, fell_from: int | None = None
) -> PartCount:
    return PartCount(
        value=value,
        made=min(count.made + parts, LARGEST_WHOLE),
        epoch=count.epoch + (0 if exact else 1),
        fell_from=fell_from,
        known=count.known,
    )

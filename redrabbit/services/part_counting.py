"""The count of one station, followed reading by reading in memory (D34).

A reading counts where it is good and speaks of now (L1): what is retained, stale or bad is no count, and
what comes after it was not watched. A life goes on from the count that was told last.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from redrabbit.domain.limits import fits_in_64_bits
from redrabbit.domain.observation import Acquisition, Value
from redrabbit.domain.part_count import (
    CounterHabits,
    PartCount,
    Unread,
    counted_by_another,
    first_count,
    followed,
    of_one,
)
from redrabbit.domain.signals import SignalSpec
from redrabbit.domain.station import Station
from redrabbit.domain.told_with_count import ToldWithCount

NEVER_EXPIRES: Final = timedelta.max
"""Of a counter that speaks on change only: it is silent while nothing is made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedBefore:
    """What was counted until somebody began to watch anew."""

    count: PartCount
    read_at: datetime
    same_counter: bool
    """False where another signal counts now than then, or nobody can tell."""


class PartCounting:
    """Folds acquisitions into the station's count; not thread-safe, one owner."""

    def __init__(self, station: Station, before: CountedBefore | None = None) -> None:
        spec = counter_of(station)
        self._signal = spec.name if spec is not None else None
        self._habits = _habits(spec)
        expires_s = station.expires_s().get(spec.name) if spec is not None else None
        self._expires = NEVER_EXPIRES if expires_s is None else timedelta(seconds=expires_s)
        """After so long without a reading nobody watches the counter any more."""
        self._before = before
        self._count: PartCount | None = None
        self._read_at: datetime | None = None
        self._is_watched = False
        self.unseen = 0
        """How often parts may have been made that nobody saw: it was not watched, and something may have been skipped."""
        self._told = ToldWithCount(station, spec)

    def take(self, acquisition: Acquisition) -> bool:
        """Fold one acquisition in; return whether something may have been skipped before it."""
        if self._signal is None or self._signal not in acquisition.signals:
            return False
        self._told.take(acquisition, self._unread(acquisition))
        if acquisition.failure is not None:
            self._is_watched = False
            return False
        told = next((each for each in acquisition.changes if each.signal == self._signal), None)
        if told is None:
            return self._seen_unchanged(acquisition)
        if not acquisition.speaks_of_now:
            self._is_watched = False  # what was counted since, a reset among it, is not known
            return False
        return self._read(_whole(told.value), acquisition)

    def at(self, now: datetime) -> PartCount | None:
        """Return the count as it stands now; None where it can't be told."""
        if not self._is_watched or self._read_at is None:
            return None
        return self._count if now - self._read_at <= self._expires else None

    @property
    def before(self) -> CountedBefore | None:
        """What was counted before this life, or by another configuration; None: nothing."""
        return self._before

    def so_far(self) -> CountedBefore | None:
        """Return what was counted, for whoever goes on counting this station; None: nothing."""
        if self._count is None or self._read_at is None:
            return self._before
        return CountedBefore(count=self._count, read_at=self._read_at, same_counter=True)

    def shift(self, step: timedelta) -> None:
        """Move with a step of the clock: what was not read is measured in durations (R46)."""
        if self._read_at is not None:
            self._read_at += step

    def _seen_unchanged(self, acquisition: Acquisition) -> bool:
        if not self._is_watched or not acquisition.speaks_of_now:
            return False
        assert self._read_at is not None  # noqa: S101  what is watched was read
        window = acquisition.window
        if window.began_at - self._read_at <= self._expires:
            self._read_at = window.ended_at
            return False
        assert self._count is not None  # noqa: S101  what is watched was counted
        return self._read(self._count.value, acquisition)

    def _read(self, value: int | None, acquisition: Acquisition) -> bool:
        """Count on with a good reading; one that tells no number ends the watch."""
        if value is None:
            self._is_watched = False
            return False
        so_far, window = self.so_far(), acquisition.window
        steady = self._told.steady() if self._is_watched else None
        was_watched = self._watches(window.began_at)
        count = self._counted(value, window.began_at)
        if so_far is not None and so_far.count.epoch != count.epoch and not was_watched:
            self.unseen += 1
        if steady is not None and self._count is not None:
            count = of_one(self._count, count, *steady)
        self._count = count
        self._read_at, self._is_watched = window.ended_at, True
        return so_far is not None and so_far.count.epoch != self._count.epoch

    def _unread(self, acquisition: Acquisition) -> timedelta | None:
        """Return how long the count was not read before an acquisition; None: it is not watched."""
        if not self._is_watched or self._read_at is None:
            return None
        return acquisition.window.began_at - self._read_at

    def _watches(self, began_at: datetime) -> bool:
        """Tell whether the reading that begins then follows the last one as it should."""
        if self._read_at is None:
            return False
        return self._is_watched and began_at - self._read_at <= self._expires

    def _counted(self, value: int, began_at: datetime) -> PartCount:
        if self._count is not None and self._read_at is not None:
            lasted = began_at - self._read_at
            unread = Unread(lasted=lasted, watched=self._watches(began_at))
            return followed(self._count, value, unread, self._habits)
        if self._before is None:
            return first_count(value)
        if not self._before.same_counter:
            return counted_by_another(self._before.count, value)
        unread = Unread(lasted=began_at - self._before.read_at, watched=False)
        return followed(self._before.count, value, unread, self._habits)


def counter_of(station: Station) -> SignalSpec | None:
    """Return the signal that counts a station's parts; None where it has none."""
    return next((spec for spec in station.signals if spec.name == station.part_counter), None)


def _habits(spec: SignalSpec | None) -> CounterHabits:
    if spec is None:
        return CounterHabits()
    return CounterHabits(resets=spec.resets, rollover=spec.rollover)


def _whole(value: Value | None) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    count = int(value)
    return count if fits_in_64_bits(count) else None

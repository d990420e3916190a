"""The normal parts at a station, as a function of time.

A shift makes thousands of parts that nobody watches; so they are not simulated one by one: where in
its cycle a station is and how many parts it has answered follow from when the flow began. All
instants are exact (whole microseconds), so a counter never differs by the way in which time passed.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

DEMAND_SHARE, ANSWER_SHARE, LEAVE_SHARE = 0.35, 0.45, 0.75
"""When in its cycle somebody presses start, where that is needed, when a normal part is answered, and
when it leaves; the rest is the gap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Parts coming one after the other from `began_at` to `ends_at`, a moment between two parts."""

    began_at: datetime
    cycle: timedelta
    accepts: bool
    rejects: bool
    first_number: int
    is_started: bool = False
    """Whether each part's cycle is started by hand: the button is down until the answer."""
    ends_at: datetime | None = None

    @property
    def demanded_after(self) -> timedelta:
        """Return when in its cycle somebody presses start for a part."""
        return self.cycle * DEMAND_SHARE

    @property
    def answers_after(self) -> timedelta:
        """Return when in its cycle a part is answered."""
        return self.cycle * ANSWER_SHARE

    @property
    def leaves_after(self) -> timedelta:
        """Return when in its cycle a part leaves."""
        return self.cycle * LEAVE_SHARE

    def ended(self, now: datetime) -> "Flow":
        """Return the flow with no further part after the one that is there now, if one is."""
        return replace(self, ends_at=self._clear_at(now))

    def is_over(self, now: datetime) -> bool:
        """Return whether nothing comes of it any more."""
        return self.ends_at is not None and now >= self.ends_at

    def number(self, at: datetime) -> int:
        """Return the number of the part that is, or was last, in the station."""
        return self.first_number + (at - self.began_at) // self.cycle

    def part_is_present(self, at: datetime) -> bool:
        """Return whether a part is in the station."""
        return self._is_on(at) and self._since(at) < self.leaves_after

    def part_is_answered(self, at: datetime) -> bool:
        """Return whether a part is in the station and the device has answered."""
        return self.part_is_present(at) and self._since(at) >= self.answers_after

    def part_is_demanded(self, at: datetime) -> bool:
        """Return whether somebody presses start for the part in the station."""
        since = self._since(at)
        pressed = self.demanded_after <= since < self.answers_after
        return self.is_started and self._is_on(at) and pressed

    def answered(self, at: datetime) -> int:
        """Return how many parts the device has answered by then."""
        if self.ends_at is not None:
            at = min(at, self.ends_at)
        return max(0, (at - self.began_at - self.answers_after) // self.cycle + 1)

    def next_change_at(self, at: datetime) -> datetime | None:
        """Return the next instant after `at` at which a part changes something, or None."""
        if at < self.began_at:
            change_at = self.began_at
        else:
            since = self._since(at)
            presses = (self.demanded_after,) if self.is_started else ()
            steps = (*presses, self.answers_after, self.leaves_after, self.cycle)
            change_at = at - since + next(step for step in steps if since < step)
        if self.ends_at is not None and change_at > self.ends_at:
            return None
        return change_at

    def _is_on(self, at: datetime) -> bool:
        return at >= self.began_at and not self.is_over(at)

    def _since(self, at: datetime) -> timedelta:
        return (at - self.began_at) % self.cycle

    def _clear_at(self, at: datetime) -> datetime:
        if not self.part_is_present(at):
            return at
        return at - self._since(at) + self.leaves_after

"""Which shifts of a line a count says something of: that they began to make parts, or ended without one (D42).

Parts that were counted between two looks were made in a shift only where both looks are in it. So no beginning is told of a
shift that may have made none, and of no shift that may have made one it is said that it made none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from redrabbit.domain.part_count import PartCount
from redrabbit.domain.shift_calendar import A_MOMENT, ShiftCalendar, ShiftWindow, shift_windows

LONGEST_AWAY: Final = timedelta(days=35)
"""Shifts that ended longer ago are not looked at any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedAt:
    """A count, and when it was looked at."""

    count: PartCount
    at: datetime


def shift_at(calendar: ShiftCalendar, at: datetime) -> ShiftWindow | None:
    """Return the shift that is on at an instant; None: nobody works."""
    return next(iter(shift_windows(calendar, at, at + A_MOMENT)), None)


def ended_between(
    calendar: ShiftCalendar, since: datetime, until: datetime
) -> Sequence[ShiftWindow]:
    """Return the shifts that ended in (since, until], in order."""
    since = max(since, until - LONGEST_AWAY)
    windows = shift_windows(calendar, since, until + A_MOMENT)
    return [window for window in windows if since < window.ends_at <= until]


def has_begun(before: LookedAt, now: LookedAt, shift: ShiftWindow) -> bool:
    """Tell whether parts were made in a shift that is on now: it was looked at in this shift before, and some were counted since."""
    return before.at >= shift.begins_at and now.count.made > before.count.made


def stands(before: LookedAt, now: LookedAt) -> bool:
    """Tell whether it is proved that nothing was made between two looks."""
    return stands_at(before.count, now.count)


def stands_at(begin: PartCount, end: PartCount) -> bool:
    """Tell whether it is proved that nothing was made between two counts: the counter did not move, and skipped nothing."""
    return (begin.made, begin.epoch) == (end.made, end.epoch)

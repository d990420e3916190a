"""How a plant wants what one person decides to be approved: not at all, by another one afterwards, or before it is done (D45, D46).

An act may wait as a request until another entitled person approves it, and has no effect before. One that takes effect at once
may wait for such a signature, within so many working hours; or it stands by one person, and is marked so. What the
plant file doesn't name stays as it was: nothing waits and nothing is marked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from redrabbit.domain.shift_calendar import ShiftCalendar, shift_windows

LONGEST_WAIT: Final = timedelta(days=14)
"""So long a request waits; then nobody may remember why it was asked."""

_LOOKED_AHEAD: Final = timedelta(days=56)
"""Holidays end within it; a calendar in which nobody works for longer counts by the wall from there."""


class Approvable(StrEnum):
    """What a person decides, and another may have to approve."""

    RELEASE_PART = "release_part"
    CLOSE_CONTAINMENT = "close_containment"
    EXCUSE = "excuse"
    APPROVE_PLAN = "approve_plan"


class ApprovalMode(StrEnum):
    """Who else has to approve it, and when."""

    BEFORE = "before"
    """It waits as a request, and is done when another entitled person signs that."""
    AFTER = "after"
    """It has effect; another entitled person signs within the plant's working hours."""
    ALONE = "alone"
    """Nobody else; it is marked as decided by one person."""


class RequestEnd(StrEnum):
    """How a request ended that waited for an approval; only `carried_out` had an effect."""

    CARRIED_OUT = "carried_out"
    """Another person approved it, and it was done."""
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    """By who had asked."""
    CHANGED = "changed"
    """What it is about was changed, so it is no longer what was asked for."""
    TIME_OVER = "time_over"
    """Nobody approved it in time."""
    ASKER_GONE = "asker_gone"
    """Who had asked was disabled, their account was over, or the badge, PIN or password by which they were known was taken away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRules:
    """What a plant file says of it."""

    modes: Mapping[Approvable, ApprovalMode] = field(default_factory=dict)
    within: timedelta = timedelta(hours=24)
    """So much working time an approval may take."""


def due_after(calendar: ShiftCalendar | None, since: datetime, working: timedelta) -> datetime:
    """Return when so much working time will have passed: time in which a shift of the line is on.

    By the wall where the line has no calendar. Shifts that overlap count once.
    """
    if calendar is None:
        return since + working
    at, left = since, working
    for window in shift_windows(calendar, since, since + _LOOKED_AHEAD):
        begins = max(window.begins_at, at)
        if window.ends_at - begins >= left:
            return begins + left
        left -= max(window.ends_at - begins, timedelta(0))
        at = max(at, window.ends_at)
    return max(at, since + _LOOKED_AHEAD) + left

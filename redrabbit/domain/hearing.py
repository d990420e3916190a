"""How a station's messages were heard: by which clocks they tell their time, and what is missing (D27).

Both are noted from the arming on; what is missing and whether a clock was set counts from the
presentation. `redrabbit.domain.evidence` says what follows from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from redrabbit.domain.observation import Acquisition


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """What messages told of themselves."""

    clock_offsets: Mapping[str, float] = field(default_factory=dict)
    """Seconds that ours is ahead of each clock by which the station tells its time."""
    clock_jumped: bool = False
    """One of them was set since the part was presented."""
    messages_lost: int = 0
    """Messages that are missing in a sequence since the part came, or may have come."""
    heard_until: datetime | None = None
    """Given if messages are missing just before the last one: until when none was missing."""


NO_MESSAGES: Final = Hearing()


def hear(
    hearing: Hearing, acquisition: Acquisition, *, presented: bool, known_at: datetime | None
) -> Hearing:
    """Return the hearing with one more acquisition.

    `known_at`: until when all that it covers had been heard; None if that is not known.
    """
    return _with_clock(
        _with_losses(hearing, acquisition, presented, known_at), acquisition, presented
    )


def clock_fell(before: Hearing, after: Hearing, clock: str | None) -> timedelta:
    """Return by how much a clock turned out to be further ahead than was known; zero if it did not."""
    if clock is None or clock not in before.clock_offsets:
        return timedelta(0)
    fell_s = before.clock_offsets[clock] - after.clock_offsets[clock]
    return timedelta(seconds=max(0.0, fell_s))


def presented_by(hearing: Hearing, shown: Acquisition | None) -> Hearing:
    """Return the hearing at the presentation: what is missing just before counts with it."""
    return replace(
        hearing, clock_jumped=False, messages_lost=shown.messages_lost if shown is not None else 0
    )


def _with_losses(
    hearing: Hearing, acquisition: Acquisition, presented: bool, known_at: datetime | None
) -> Hearing:
    lost = acquisition.messages_lost
    if not lost:
        return hearing if hearing.heard_until is None else replace(hearing, heard_until=None)
    return replace(
        hearing,
        heard_until=known_at,
        messages_lost=hearing.messages_lost + lost if presented else 0,
    )


def _with_clock(hearing: Hearing, acquisition: Acquisition, presented: bool) -> Hearing:
    clock = acquisition.clock
    if clock is None:
        return hearing
    if hearing.clock_offsets.get(clock.name) != clock.offset_s:
        offsets = {**hearing.clock_offsets, clock.name: clock.offset_s}
        hearing = replace(hearing, clock_offsets=offsets)
    if clock.jumped and presented:
        hearing = replace(hearing, clock_jumped=True)
    return hearing

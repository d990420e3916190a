"""Parts that were made while nothing proved their device: never verified, overdue, lapsed, paused (D42, D34).

A pause puts off what falls due, because nothing is made meanwhile; an overdue check is asked for because
parts go on being made. So what the part counter says of either is counted and shown. It is *at least*
unless the count was told at the very begin, nothing may have been skipped since, and it can be read now.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from redrabbit.domain.device_status import (
    CheckFacts,
    DeviceFacts,
    ended_at,
)
from redrabbit.domain.occurrence import OccurrenceStatus, status
from redrabbit.domain.part_count import PartCount
from redrabbit.domain.pauses import is_paused, waits_for_pause


class UnprovedWhy(StrEnum):
    """Why what is made is proved by no verification."""

    NEVER_VERIFIED = "never_verified"
    """No check of the device has ever passed."""
    NOT_PASSED = "not_passed"
    """One has not, though the device was verified otherwise, or by what does not count for the plan."""
    LAPSED = "lapsed"
    """A check lapsed, and none has passed since: counted from the end of its grace."""
    OVERDUE = "overdue"
    PAUSED = "paused"
    """Its line is declared not producing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnprovedPeriod:
    """Since when, and why; it goes on."""

    why: UnprovedWhy
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UnprovedParts:
    """What was made in such a period so far."""

    why: UnprovedWhy
    since: datetime
    parts: int | None
    """None: nobody can tell how many."""
    at_least: bool


def unproved_periods(facts: DeviceFacts, now: datetime) -> tuple[UnprovedPeriod, ...]:
    """Return the periods that a device is in: of its checks the longest, and a pause of its line."""
    found = [period for check in facts.checks for period in _of_check(check, facts, now)]
    longest = min(found, key=lambda period: period.since, default=None)
    periods = [longest] if longest is not None else []
    if facts.pause is not None and is_paused(facts.pause, now):
        periods.append(UnprovedPeriod(why=UnprovedWhy.PAUSED, since=facts.pause.begins_at))
    return tuple(periods)


def _of_check(check: CheckFacts, facts: DeviceFacts, now: datetime) -> Iterator[UnprovedPeriod]:
    passed = check.last_passed
    if passed is None:
        if check.adopted_at is not None:
            why = UnprovedWhy.NOT_PASSED if facts.was_verified else UnprovedWhy.NEVER_VERIFIED
            yield UnprovedPeriod(why=why, since=check.adopted_at)
        return
    asked = [each for each in check.undecided if not waits_for_pause(each, facts.pause, now)]
    lapsed = [each for each in asked if status(each, now) is OccurrenceStatus.LAPSED]
    if check.first_lapsed is not None:
        lapsed.append(check.first_lapsed)
    overdue = [each for each in asked if status(each, now) is OccurrenceStatus.OVERDUE]
    for why, occurrences in ((UnprovedWhy.LAPSED, lapsed), (UnprovedWhy.OVERDUE, overdue)):
        for occurrence in occurrences:
            if occurrence.grace_ends_at > ended_at(passed):
                yield UnprovedPeriod(why=why, since=occurrence.grace_ends_at)


def unproved_parts(
    period: UnprovedPeriod,
    *,
    before: PartCount | None,
    after: PartCount | None,
    until: PartCount | None,
    is_read: bool,
) -> UnprovedParts:
    """Return what was made in a period, by the counts told last before its begin and first after it.

    `until` is the count now, or what was counted last where it can't be read (`is_read` is False). Never
    more than was made, and never fewer than was said before in the same period.
    """
    if after is None or until is None:
        return UnprovedParts(why=period.why, since=period.since, parts=None, at_least=True)
    told_at_begin = before is not None and (before.made, before.epoch) == (after.made, after.epoch)
    return UnprovedParts(
        why=period.why,
        since=period.since,
        parts=max(0, until.made - after.made),
        at_least=not (told_at_begin and is_read and until.epoch == after.epoch),
    )

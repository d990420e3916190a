"""Occurrences: the moments at which a check is due, and how each stands at an instant (L7, D9).

The times are frozen into the record when it is made; how it stands is computed from them, so a
page is right even when nobody has swept. Each boundary belongs to what begins there: at `due_at`
an occurrence is due, at `grace_ends_at` overdue, at `closes_at` lapsed. A run begun before the
close holds the occurrence until the run's own timeout: it stays due or overdue, `under_way`, and
does not lapse before. Deciding and writing are the services' part.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from redrabbit.domain.control_plan import Check
from redrabbit.domain.facts.occurrence import mode_of_key
from redrabbit.domain.identity import RunId
from redrabbit.domain.records import OccurrenceRecord
from redrabbit.domain.schedule import DueTime


class OccurrenceStatus(StrEnum):
    """How an occurrence stands at an instant."""

    UPCOMING = "upcoming"
    """Its window is not open yet."""
    OPEN = "open"
    """May be run, ahead of time."""
    DUE = "due"
    """Within its grace."""
    OVERDUE = "overdue"
    LAPSED = "lapsed"
    """Not done before its window closed; so from the close on, whenever that is written."""
    PASSED = "passed"
    FAILED = "failed"
    EXCUSED = "excused"


RUNNABLE: Final = frozenset({OccurrenceStatus.OPEN, OccurrenceStatus.DUE, OccurrenceStatus.OVERDUE})
"""Statuses in which a run may be started for it (D9)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenTimes:
    """What is frozen into an occurrence when it is made (D9); all aware UTC."""

    trigger_key: str
    opens_at: datetime
    due_at: datetime
    grace_ends_at: datetime
    closes_at: datetime


def trigger_key(planned: str, variant: str | None = None, nest: str | None = None) -> str:
    """Return the key of an occurrence: the planned moment, and what it is owed for (D8, D54).

    A check that asks for variants or nests owes each combination by itself; without them the key is
    the planned moment alone.
    """
    of_variant = "" if variant is None else f"|variant={variant}"
    of_nest = "" if nest is None else f"|nest={nest}"
    return f"{planned}{of_variant}{of_nest}"


def frozen_times(check: Check, due: DueTime) -> FrozenTimes:
    """Return the times of the occurrence of a check at a due time, as the plan says them now."""
    return FrozenTimes(
        trigger_key=due.trigger_key,
        opens_at=due.due_at - check.opens_before,
        due_at=due.due_at,
        grace_ends_at=due.due_at + check.grace,
        closes_at=due.due_at + check.closes_after,
    )


def status(record: OccurrenceRecord, now: datetime) -> OccurrenceStatus:
    """Return how an occurrence stands: as decided, else by its times."""
    if record.outcome is not None:
        return OccurrenceStatus(record.outcome)
    if now >= lapse_at(record):
        return OccurrenceStatus.LAPSED
    if now >= record.grace_ends_at:
        return OccurrenceStatus.OVERDUE
    if now >= record.due_at:
        return OccurrenceStatus.DUE
    if now >= record.opens_at:
        return OccurrenceStatus.OPEN
    return OccurrenceStatus.UPCOMING


def under_way(record: OccurrenceRecord, now: datetime) -> bool:
    """Return whether a run holds the occurrence, so that it can't lapse under the operator."""
    held = holding_run(record) is not None and record.held_until is not None
    return held and record.held_until is not None and now < record.held_until


def holding_run(record: OccurrenceRecord) -> RunId | None:
    """Return the run that is made for it now; None where none is, or it is decided already."""
    return record.run_id if record.outcome is None else None


def may_be_run(record: OccurrenceRecord, now: datetime) -> bool:
    """Return whether a run may be started for it: its window is open and no run holds it (D9).

    Never for a failure mode that was not shown in its time, which a clock that was ahead told too early: no run makes up for it.
    """
    if mode_of_key(record.trigger_key) is not None:
        return False
    return holding_run(record) is None and status(record, now) in RUNNABLE


def may_be_excused(record: OccurrenceRecord, now: datetime) -> bool:
    """Return whether a person may still excuse it: undecided, not lapsed, and not being run (L7)."""
    stands = status(record, now)
    return holding_run(record) is None and (
        stands in RUNNABLE or stands is OccurrenceStatus.UPCOMING
    )


def lapse_at(record: OccurrenceRecord) -> datetime:
    """Return the instant at which it lapses when nothing decides it: the date of its lapse.

    The close, or the timeout of a run that holds it beyond; not when somebody notices (D9).
    """
    if record.held_until is None:
        return record.closes_at
    return max(record.closes_at, record.held_until)

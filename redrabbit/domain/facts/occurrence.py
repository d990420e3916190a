"""Occurrences, from made to decided (L7, D8, D9), and the pauses in which nothing is produced (R13)."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from redrabbit.domain.facts.check import CheckRecord
from redrabbit.domain.facts.fact import Changes, Fact, Look, Put, Record, found, made
from redrabbit.domain.ledger import Entry


class OccurrenceOutcome(StrEnum):
    """How an occurrence ended; exactly one of these (L7)."""

    PASSED = "passed"
    FAILED = "failed"
    LAPSED = "lapsed"
    EXCUSED = "excused"


@dataclass(frozen=True, slots=True, kw_only=True)
class OccurrenceRecord(Record):
    """One moment at which a check is due; times are frozen when it is made (D8, D9).

    `outcome` is the stored decision; what it *is* now is computed by
    `redrabbit.domain.occurrence.status`.
    """

    TABLE: ClassVar = "occurrences"
    KEY: ClassVar = ("occurrence_id",)
    UNIQUE: ClassVar = ("check_id", "trigger_key")
    INDEXES: ClassVar = (
        ("outcome", "closes_at"),
        ("due_at",),
        ("line", "due_at"),
        ("device",),
        ("check_id", "outcome", "due_at"),
    )

    occurrence_id: int
    check_id: str
    trigger_key: str
    line: str
    station: str
    device: str
    plan: str
    opens_at: datetime
    due_at: datetime
    grace_ends_at: datetime
    closes_at: datetime
    made_at: datetime
    outcome: OccurrenceOutcome | None
    decided_at: datetime | None
    decided_by: str | None
    reason: str | None
    run_id: int | None
    """The run that holds it now, or that decided it."""
    held_until: datetime | None
    """The holding run's own timeout; None when no run is under way."""
    inconclusive_runs: int
    overdue_told: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseRecord(Record):
    """A line declared not producing: what falls due in it is excused and counted apart (R13)."""

    TABLE: ClassVar = "pauses"
    KEY: ClassVar = ("pause_id",)

    pause_id: int
    line: str
    begins_at: datetime
    ends_at: datetime
    reason: str
    author: str
    ended_by: str | None


def _occurrence(look: Look, occurrence_id: int) -> OccurrenceRecord:
    return found(look, OccurrenceRecord, occurrence_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class OccurrenceMade(Fact):
    """A check became due, or will be; its times are frozen (D9)."""

    TYPE: ClassVar = "occurrence_made"

    occurrence_id: int
    check_id: str
    trigger_key: str
    line: str
    station: str
    device: str
    plan: str
    opens_at: datetime
    due_at: datetime
    grace_ends_at: datetime
    closes_at: datetime

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Make the occurrence; its check has been looked at up to here."""
        fresh = made(
            OccurrenceRecord,
            self,
            made_at=entry.recorded_at,
            outcome=None,
            decided_at=None,
            decided_by=None,
            reason=None,
            run_id=None,
            held_until=None,
            inconclusive_runs=0,
            overdue_told=False,
        )
        check = found(look, CheckRecord, self.check_id)
        until = max(check.scheduled_until, self.due_at)
        return (Put(fresh), Put(replace(check, scheduled_until=until)))


@dataclass(frozen=True, slots=True, kw_only=True)
class OccurrenceOverdue(Fact):
    """Its grace is over, and this was told (R10)."""

    TYPE: ClassVar = "occurrence_overdue"

    occurrence_id: int
    check_id: str
    station: str

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Note that its being overdue was told."""
        del entry
        return (Put(replace(_occurrence(look, self.occurrence_id), overdue_told=True)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class OccurrenceDecided(Fact):
    """It ended: passed, failed, lapsed or excused, for good (L7)."""

    TYPE: ClassVar = "occurrence_decided"

    occurrence_id: int
    check_id: str
    station: str
    device: str | None
    run_id: int | None
    """The run that decided it, if one did."""
    outcome: OccurrenceOutcome
    reason: str | None

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Decide it."""
        decided = replace(
            _occurrence(look, self.occurrence_id),
            outcome=self.outcome,
            reason=self.reason,
            decided_at=entry.occurred_at,
            decided_by=entry.actor.name,
            held_until=None,
        )
        return (Put(decided),)


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseDeclared(Fact):
    """A line will not produce for a time (R13)."""

    TYPE: ClassVar = "pause_declared"

    pause_id: int
    line: str
    begins_at: datetime
    ends_at: datetime
    reason: str

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Declare the pause."""
        del look
        return (Put(made(PauseRecord, self, author=entry.actor.name, ended_by=None)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseEnded(Fact):
    """Somebody ended the pause before its time."""

    TYPE: ClassVar = "pause_ended"

    pause_id: int

    def fold(self, entry: Entry, look: Look) -> Changes:
        """End it when the entry says."""
        pause = found(look, PauseRecord, self.pause_id)
        return (Put(replace(pause, ends_at=entry.occurred_at, ended_by=entry.actor.name)),)

"""Alarms: each raised once, kept for ever, acknowledged by a person (B21)."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from redrabbit.domain.facts.fact import Changes, Fact, Look, Put, Record, found, made
from redrabbit.domain.ledger import Entry


class AlarmKind(StrEnum):
    """What an alarm is about; also the event word of the outgoing message."""

    MISSED = "missed"
    FALSE_REJECT = "false_reject"
    INCONCLUSIVE = "inconclusive"
    INCONCLUSIVE_AGAIN = "inconclusive_again"
    OVERDUE = "overdue"
    LAPSED = "lapsed"
    ESCAPE = "escape"
    NOT_RETURNED = "not_returned"
    CLOCK_STEP = "clock_step"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRecord(Record):
    """One alarm raised, until acknowledged."""

    TABLE: ClassVar = "alarms"
    KEY: ClassVar = ("alarm_id",)
    INDEXES: ClassVar = (("acknowledged_at",),)

    alarm_id: int
    kind: AlarmKind
    line: str | None
    station: str | None
    device: str | None
    part_id: str | None
    run_id: int | None
    occurrence_id: int | None
    raised_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRaised(Fact):
    """An alarm, with all that it is about."""

    TYPE: ClassVar = "alarm_raised"

    alarm_id: int
    kind: AlarmKind
    line: str | None
    station: str | None
    device: str | None
    part_id: str | None
    run_id: int | None
    occurrence_id: int | None

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Raise the alarm."""
        del look
        raised_at = entry.occurred_at
        raised = made(
            AlarmRecord, self, raised_at=raised_at, acknowledged_at=None, acknowledged_by=None
        )
        return (Put(raised),)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmAcknowledged(Fact):
    """A person has read it; it stays on record."""

    TYPE: ClassVar = "alarm_acknowledged"

    alarm_id: int

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Note who acknowledged it, and when."""
        alarm = found(look, AlarmRecord, self.alarm_id)
        by, at = entry.actor.name, entry.occurred_at
        return (Put(replace(alarm, acknowledged_at=at, acknowledged_by=by)),)

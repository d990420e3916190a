"""Approvals: what one person decided or asks for, and another is to sign, or nobody (D45)."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from redrabbit.domain.approval import Approvable, ApprovalMode, RequestEnd
from redrabbit.domain.facts.fact import (
    Changes,
    Fact,
    Look,
    PartialIndex,
    Put,
    Record,
    did_not,
    found,
    made,
)
from redrabbit.domain.identity import AlarmId, How
from redrabbit.domain.ledger import Entry
from redrabbit.domain.subject import Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRecord(Record):
    """One decision that the plant wants approved, or marked as one person's; or the request for one that has no effect yet."""

    TABLE: ClassVar = "approvals"
    KEY: ClassVar = ("of_entry",)
    INDEXES: ClassVar = (("subject", "subject_id", "of_entry"),)
    PARTIAL_INDEXES: ClassVar = (
        PartialIndex(
            name="waiting", field="waits_until", is_none=False, names=("waits_until", "of_entry")
        ),
        PartialIndex(name="over", field="ended_entry", is_none=False, names=("ended_entry",)),
    )
    STREAM: ClassVar = "stream"

    of_entry: int
    """The entry that another signs: the decision, or the request."""
    stream: str
    act: Approvable
    subject: Subject
    subject_id: str
    mode: ApprovalMode
    decided_by: str
    decided_how: How
    decided_entry: int
    decided_at: datetime
    waits_until: datetime | None
    """By when another is to have signed; None: nobody waits for it (any more)."""
    overdue_at: datetime | None
    """When it was told that nobody had."""
    alarm_id: AlarmId | None
    approved_by: str | None
    approved_how: How | None
    approved_entry: int | None
    approved_at: datetime | None
    reason_text: str | None
    """What who asked says of why; of a decision it stands with what was decided."""
    stood_at: int | None
    """Of a request: the entry that had last changed what it is about."""
    ends_at: datetime | None
    """When a request ends that nobody approved."""
    ended: RequestEnd | None
    """How a request ended; None: it waits, or it is none."""
    ended_by: str | None
    ended_how: How | None
    ended_entry: int | None
    ended_at: datetime | None
    ended_text: str | None
    """Why it was refused, in a person's words."""
    done_entry: int | None
    """The entry by which a request was carried out."""

    @property
    def is_waiting_request(self) -> bool:
        """Whether it is a request on which nobody has decided, and that has not ended otherwise."""
        return (
            self.mode is ApprovalMode.BEFORE and self.ended is None and self.approved_entry is None
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalAsked(Fact):
    """By the plant's rules a decision is to be approved by another, or stands by one person."""

    TYPE: ClassVar = "approval_asked"

    entry: int
    """Of the decision: what is signed."""
    act: Approvable
    subject: Subject
    subject_id: str
    mode: ApprovalMode
    due_at: datetime | None
    """By when it is to be signed; null: nobody else is asked."""

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Let it wait for a signature, or mark it."""
        del look
        asked = made(
            ApprovalRecord,
            self,
            of_entry=self.entry,
            stream=entry.stream,
            decided_by=entry.actor.id,
            decided_how=entry.actor.how,
            decided_entry=entry.index,
            decided_at=entry.occurred_at,
            waits_until=self.due_at,
            overdue_at=None,
            alarm_id=None,
            **did_not("approved"),
            reason_text=None,
            stood_at=None,
            ends_at=None,
            ended=None,
            **did_not("ended"),
            ended_text=None,
            done_entry=None,
        )
        return (Put(asked),)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalOverdue(Fact):
    """Nobody had signed in time, and this was told."""

    TYPE: ClassVar = "approval_overdue"

    entry: int
    """Of the decision."""
    alarm_id: AlarmId

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Note that it was told; it goes on waiting."""
        approval = found(look, ApprovalRecord, self.entry)
        return (Put(replace(approval, overdue_at=entry.occurred_at, alarm_id=self.alarm_id)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalMoot(Fact):
    """What was decided was changed before anybody approved it: nobody is asked any more."""

    TYPE: ClassVar = "approval_moot"

    entry: int
    """Of the decision."""

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Let nobody wait for it."""
        del entry
        return (Put(replace(found(look, ApprovalRecord, self.entry), waits_until=None)),)

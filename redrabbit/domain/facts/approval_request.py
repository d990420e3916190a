"""Requests: acts that wait until another person approves them, and how each ends (D45).

The record is that of an approval (`ApprovalRecord`), known by the entry of the request. Who asked is the entry's actor. Nothing of
what is asked for is done before `approval_carried_out`, which stands behind the other person's signature over the request and
behind the act itself, in one transaction.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from redrabbit.domain.approval import Approvable, ApprovalMode, RequestEnd
from redrabbit.domain.facts.approval import ApprovalRecord
from redrabbit.domain.facts.fact import Changes, Fact, Look, Put, did, did_not, found, made
from redrabbit.domain.ledger import Entry
from redrabbit.domain.signing import signable, standing
from redrabbit.domain.subject import Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRequested(Fact):
    """Somebody asks for an act that another person approves before it is done."""

    TYPE: ClassVar = "approval_requested"

    act: Approvable
    subject: Subject
    subject_id: str
    """What is asked for, of which record."""
    reason_text: str | None
    """Why, in a person's words; null: the act takes no reason."""
    stood_at: int
    """Index of the entry that had last changed the record: the request is for it as it stood."""
    due_at: datetime
    """By when another person is to have decided."""
    ends_at: datetime
    """When it ends without an approval."""

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Let it wait; LookupError where the record stands otherwise than it says."""
        now = standing(look, self.subject, self.subject_id)
        if now is None or (now.entry, now.stream) != (self.stood_at, entry.stream):
            raise LookupError(
                f"{self.subject.value} {self.subject_id} does not stand as ledger[{self.stood_at}] left it"
            )
        request = made(
            ApprovalRecord,
            self,
            of_entry=entry.index,
            stream=entry.stream,
            mode=ApprovalMode.BEFORE,
            **did("decided", entry),
            waits_until=self.due_at,
            overdue_at=None,
            alarm_id=None,
            **did_not("approved"),
            ended=None,
            **did_not("ended"),
            ended_text=None,
            done_entry=None,
        )
        return (Put(request),)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalCarriedOut(Fact):
    """What was asked for was done, in the name of who asked, once another person had approved it."""

    TYPE: ClassVar = "approval_carried_out"

    entry: int
    """Of the request."""
    done_entry: int
    """Of what was done."""

    def fold(self, entry: Entry, look: Look) -> Changes:
        """End the request; LookupError where nobody else approved it, or what was done is not what was asked for."""
        request = found(look, ApprovalRecord, self.entry)
        if request.mode is not ApprovalMode.BEFORE or request.ended is not None:
            raise LookupError(f"ledger[{self.entry}] is no request that waits")
        if request.approved_by is None or request.approved_by == request.decided_by:
            raise LookupError(f"nobody else approved ledger[{self.entry}]")
        done = signable(look, request.subject, request.subject_id)
        if done is None or (done.entry, done.done_by) != (self.done_entry, request.decided_by):
            raise LookupError(
                f"ledger[{self.done_entry}] is not what ledger[{self.entry}] asks for"
            )
        return (Put(_ended(request, RequestEnd.CARRIED_OUT, entry, done_entry=self.done_entry)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRefused(Fact):
    """Somebody who might have approved a request refused it; nothing was done."""

    TYPE: ClassVar = "approval_refused"

    entry: int
    """Of the request."""
    reason_text: str

    def fold(self, entry: Entry, look: Look) -> Changes:
        """End the request; LookupError where it does not wait, or is of the same person."""
        request = _waiting(look, self.entry)
        if entry.actor.id == request.decided_by:
            raise LookupError(f"{entry.actor.id} refuses their own request")
        refused = _ended(request, RequestEnd.REFUSED, entry)
        return (Put(replace(refused, ended_text=self.reason_text)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalWithdrawn(Fact):
    """Who had asked asks no more; nothing was done."""

    TYPE: ClassVar = "approval_withdrawn"

    entry: int
    """Of the request."""

    def fold(self, entry: Entry, look: Look) -> Changes:
        """End the request; LookupError where it does not wait, or is of another person."""
        request = _waiting(look, self.entry)
        if entry.actor.id != request.decided_by:
            raise LookupError(f"{entry.actor.id} withdraws the request of another")
        return (Put(_ended(request, RequestEnd.WITHDRAWN, entry)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalFell(Fact):
    """A request ended of itself; nothing was done."""

    TYPE: ClassVar = "approval_fell"

    entry: int
    """Of the request."""
    end: RequestEnd
    """`changed`, what it is about was changed; `time_over`, nobody approved it in time; `asker_gone`, who had asked has no
    rights any more, or that by which they were known was taken away."""

    def fold(self, entry: Entry, look: Look) -> Changes:
        """End the request; LookupError where it does not wait, or a person ends it so."""
        if self.end not in {RequestEnd.CHANGED, RequestEnd.TIME_OVER, RequestEnd.ASKER_GONE}:
            raise LookupError(f"a request does not end of itself as {self.end.value}")
        return (Put(_ended(_waiting(look, self.entry), self.end, entry)),)


def _waiting(look: Look, entry: int) -> ApprovalRecord:
    request = found(look, ApprovalRecord, entry)
    if not request.is_waiting_request:
        raise LookupError(f"ledger[{entry}] is no request that waits")
    return request


def _ended(
    request: ApprovalRecord, end: RequestEnd, entry: Entry, *, done_entry: int | None = None
) -> ApprovalRecord:
    return replace(
        request, waits_until=None, ended=end, done_entry=done_entry, **did("ended", entry)
    )

"""What waits for the approval of another person, longest first; and how it stands with one decision (D45)."""

from dataclasses import dataclass
from datetime import datetime

from redrabbit.domain.records import ApprovalRecord
from redrabbit.domain.signing import Subject, signable
from redrabbit.services.approving import WAITS
from redrabbit.services.ports import Reader
from redrabbit.services.queries.people import Names, Person, names_in, person


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalShown:
    """One decision, and its approval."""

    record: ApprovalRecord
    decided_by: Person
    approved_by: Person | None
    state: str
    """`alone`, `due`, `overdue`, `given`, or `moot`: it was changed since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalsPage:
    """All that waits."""

    now: datetime
    waiting: tuple[ApprovalShown, ...]


def approvals_page(reader: Reader, now: datetime) -> ApprovalsPage:
    """Return what waits for an approval, the one that is due first at the top."""
    names = names_in(reader)
    waiting = reader.find(ApprovalRecord, WAITS, order_by="waits_until")
    return ApprovalsPage(now=now, waiting=tuple(_shown(reader, names, one, now) for one in waiting))


def approval_of(
    reader: Reader, names: Names, subject: Subject, subject_id: str, now: datetime
) -> ApprovalShown | None:
    """Return how it stands with the approval of a record as it is now; None where nothing was asked."""
    found = signable(reader.get, subject, subject_id)
    asked = reader.get(ApprovalRecord, found.entry) if found is not None else None
    return _shown(reader, names, asked, now) if asked is not None else None


def waiting_count(reader: Reader) -> int:
    """Return how many decisions wait for an approval."""
    return reader.count(ApprovalRecord, WAITS)


def _shown(reader: Reader, names: Names, one: ApprovalRecord, now: datetime) -> ApprovalShown:
    return ApprovalShown(
        record=one,
        decided_by=person(names, one.decided_by, one.decided_how, one.decided_entry),
        approved_by=person(names, one.approved_by, one.approved_how, one.approved_entry),
        state=_state(reader, one, now),
    )


def _state(reader: Reader, one: ApprovalRecord, now: datetime) -> str:
    found = signable(reader.get, one.subject, one.subject_id)
    if found is None or found.entry != one.of_entry:
        return "moot"
    if one.approved_by is not None:
        return "given"
    if one.waits_until is None:
        return one.mode.value
    return "overdue" if one.waits_until <= now else "due"

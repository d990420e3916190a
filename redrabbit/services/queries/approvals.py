"""What waits for the approval of another person: requests, and decisions; and how it stands with one of them (D45)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from redrabbit.domain.approval import ApprovalMode, RequestEnd
from redrabbit.domain.fallen_requests import WAITS
from redrabbit.domain.records import ApprovalRecord, PlanRevisionRecord
from redrabbit.domain.signing import signable
from redrabbit.domain.subject import Subject
from redrabbit.services.ports import Reader, Where, equals
from redrabbit.services.queries.people import Names, Person, names_in, person

MOST_ENDED: Final = 20
"""Requests that ended, as the page lists them; the API pages through all."""
AT_ONCE: Final = 50
"""So many ended requests are read in one go."""


class ApprovalState(StrEnum):
    """How it stands with an approval."""

    ALONE = "alone"
    """One person decided, and nobody else is asked."""
    DUE = "due"
    OVERDUE = "overdue"
    GIVEN = "given"
    MOOT = "moot"
    """What was decided was changed since."""
    CARRIED_OUT = "carried_out"
    """A request: approved, and done; from here on as `RequestEnd`."""
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    CHANGED = "changed"
    TIME_OVER = "time_over"
    ASKER_GONE = "asker_gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalShown:
    """One decision or request, and its approval."""

    record: ApprovalRecord
    decided_by: Person
    approved_by: Person | None
    ended_by: Person | None
    state: ApprovalState

    @property
    def is_request(self) -> bool:
        """Whether it has no effect before it is approved."""
        return self.record.mode is ApprovalMode.BEFORE


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalsPage:
    """All that waits, and the requests that ended last."""

    now: datetime
    requests: tuple[ApprovalShown, ...]
    """Acts that wait: nothing of them is done."""
    waiting: tuple[ApprovalShown, ...]
    """Decisions that have effect."""
    ended: tuple[ApprovalShown, ...]


def approvals_page(reader: Reader, now: datetime) -> ApprovalsPage:
    """Return what waits for an approval, the one that is due first at the top."""
    names = names_in(reader)
    found = reader.find(ApprovalRecord, WAITS, order_by="waits_until")
    shown = [shown_of(reader, names, one, now) for one in found]
    ended = reader.find(
        ApprovalRecord,
        Where("ended_entry", "!=", None),
        order_by="ended_entry",
        descending=True,
        limit=MOST_ENDED,
    )
    return ApprovalsPage(
        now=now,
        requests=tuple(one for one in shown if one.is_request),
        waiting=tuple(one for one in shown if not one.is_request),
        ended=tuple(shown_of(reader, names, one, now) for one in ended),
    )


def answers_since(
    reader: Reader, person_id: str, begin: datetime, now: datetime
) -> tuple[ApprovalShown, ...]:
    """Return which requests of a person have ended since an instant, but by their own hand, the newest first."""
    names = names_in(reader)
    theirs = (one for one in _ended_since(reader, begin) if one.decided_by == person_id)
    return tuple(
        shown_of(reader, names, one, now) for one in theirs if one.ended is not RequestEnd.WITHDRAWN
    )


def _ended_since(reader: Reader, begin: datetime) -> Iterator[ApprovalRecord]:
    bounds = [Where("ended_entry", "!=", None)]
    while True:
        found = reader.find(
            ApprovalRecord, *bounds, order_by="ended_entry", descending=True, limit=AT_ONCE
        )
        for one in found:
            if one.ended_at is None or one.ended_at < begin:
                return
            yield one
        if len(found) < AT_ONCE:
            return
        bounds = [
            Where("ended_entry", "!=", None),
            Where("ended_entry", "<", found[-1].ended_entry),
        ]


def some_approvals(
    reader: Reader, names: Names, now: datetime, *, waiting: bool, first: int, limit: int
) -> tuple[ApprovalShown, ...]:
    """Return approvals in the order of the entries that are to be signed, from one on; or those only that wait."""
    if waiting:  # few, whatever came before
        all_waiting = reader.find(ApprovalRecord, WAITS, order_by="waits_until")
        behind = (one for one in all_waiting if one.of_entry >= first)
        found = sorted(behind, key=lambda one: one.of_entry)[:limit]
    else:
        begin = Where("of_entry", ">=", first)
        found = reader.find(ApprovalRecord, begin, order_by="of_entry", limit=limit)
    return tuple(shown_of(reader, names, one, now) for one in found)


def excuses_asked(reader: Reader, names: Names, now: datetime) -> dict[str, ApprovalShown]:
    """Return the requests to excuse a check that wait, by its occurrence."""
    return {
        one.subject_id: shown_of(reader, names, one, now)
        for one in reader.find(ApprovalRecord, WAITS, order_by="waits_until")
        if one.is_waiting_request and one.subject is Subject.EXCUSE
    }


def approval_of(
    reader: Reader, names: Names, subject: Subject, subject_id: str, now: datetime
) -> ApprovalShown | None:
    """Return how it stands with the approval of a record as it is now; None where nothing was asked.

    A request that waits comes first; then the approval of what was decided, given before or afterwards.
    """
    if subject is Subject.REQUEST:
        asked = reader.get(ApprovalRecord, int(subject_id))
        return shown_of(reader, names, asked, now) if asked is not None else None
    of_it = (equals("subject", subject), equals("subject_id", subject_id))
    found = signable(reader.get, subject, subject_id)
    entry = found.entry if found is not None else None
    for one in reader.find(ApprovalRecord, *of_it):
        is_done = entry is not None and entry in {one.done_entry, one.of_entry}
        if is_done or one.is_waiting_request:
            return shown_of(reader, names, one, now)
    return None


def plan_as_approved(reader: Reader, plan: PlanRevisionRecord) -> PlanRevisionRecord:
    """Return a revision with who approved it: on request that is another person than in whose name it was done (D45)."""
    if plan.approved_entry is None:
        return plan
    of_it = (equals("subject", Subject.PLAN), equals("subject_id", plan.digest))
    for one in reader.find(ApprovalRecord, *of_it):
        if one.ended is RequestEnd.CARRIED_OUT and one.done_entry == plan.approved_entry:
            return replace(
                plan,
                approved_by=one.approved_by,
                approved_how=one.approved_how,
                approved_entry=one.approved_entry,
                approved_at=one.approved_at,
            )
    return plan


def waiting_count(reader: Reader) -> int:
    """Return how many decisions wait for an approval."""
    return reader.count(ApprovalRecord, WAITS)


def shown_of(reader: Reader, names: Names, one: ApprovalRecord, now: datetime) -> ApprovalShown:
    """Return a decision or request as it is shown, with how it stands now."""
    return ApprovalShown(
        record=one,
        decided_by=person(names, one.decided_by, one.decided_how, one.decided_entry),
        approved_by=person(names, one.approved_by, one.approved_how, one.approved_entry),
        ended_by=person(names, one.ended_by, one.ended_how, one.ended_entry),
        state=_state(reader, one, now),
    )


def _state(reader: Reader, one: ApprovalRecord, now: datetime) -> ApprovalState:
    if one.ended is not None:
        return ApprovalState(one.ended.value)
    if one.mode is ApprovalMode.BEFORE:
        return _waiting(one, now)
    found = signable(reader.get, one.subject, one.subject_id)
    if found is None or found.entry != one.of_entry:
        return ApprovalState.MOOT
    if one.approved_by is not None:
        return ApprovalState.GIVEN
    return _waiting(one, now)


def _waiting(one: ApprovalRecord, now: datetime) -> ApprovalState:
    if one.waits_until is None:
        return ApprovalState.ALONE
    return ApprovalState.OVERDUE if one.waits_until <= now else ApprovalState.DUE

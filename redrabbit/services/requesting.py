"""Acts that wait as a request until another person approves them: asked for, refused, withdrawn, carried out (D45).

Nothing of what is asked for is done before. The approval is a signature over the entry of the request, with all that a signature asks; in
its transaction the act is done, in the name of who asked. What it is about stands then as it did when it was asked: whatever
changes it ends the request (`redrabbit.domain.fallen_requests`).
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from redrabbit.base.messages import Message
from redrabbit.domain import acts, plan_acts
from redrabbit.domain.approval import LONGEST_WAIT, ApprovalMode, RequestEnd, due_after
from redrabbit.domain.asked_acts import ASKED, AskedAct, act_asked
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.approval_request import (
    ApprovalCarriedOut,
    ApprovalFell,
    ApprovalRefused,
    ApprovalRequested,
    ApprovalWithdrawn,
)
from redrabbit.domain.facts.fact import Record
from redrabbit.domain.fallen_requests import WAITS
from redrabbit.domain.identity import AGENT, SCHEDULER, Actor, LineId
from redrabbit.domain.plant import Plant
from redrabbit.domain.record_query import Where, equals, recorded
from redrabbit.domain.records import ApprovalRecord, OccurrenceRecord
from redrabbit.domain.signing import Signable, signable, standing
from redrabbit.domain.subject import Subject
from redrabbit.services import approving, containing, plan_revisions, planning
from redrabbit.services.permitting import require, somebody_is_registered
from redrabbit.services.ports import Reader, UnitOfWork
from redrabbit.services.record_fact import record

Do = Callable[[UnitOfWork, AskedAct, Actor], Record]
"""Carries an act out, in the name of somebody."""

WOULD: Final[Mapping[type[acts.Act[Any]], Callable[[UnitOfWork, Any], object]]] = {
    acts.ReleasePart: lambda uow, act: planning.releasing(uow, act.part_id),
    acts.CloseContainment: lambda uow, act: containing.closing(uow, act.containment_id),
    acts.Excuse: lambda uow, act: planning.excusing(uow, act.occurrence_id, reason=act.reason),
    plan_acts.ApprovePlan: lambda uow, act: plan_revisions.approving(uow, act.digest),
}
"""What each act would record; Refusal where it can't be done now, so nobody is asked for nothing."""


def ask_first(
    uow: UnitOfWork, plant: Plant, act: acts.Act[Any], actor: Actor
) -> ApprovalRecord | None:
    """Let an act wait as a request that another person approves before; None where the plant doesn't ask it.

    Refused where the act could not be done now, where one waits already, and as long as nobody is registered: nobody could approve it.
    """
    asked = ASKED.get(type(act))
    if asked is None or plant.people.approval.modes.get(asked[0]) is not ApprovalMode.BEFORE:
        return None
    if isinstance(act, plan_acts.ApprovePlan) and act.elsewhere_number is not None:
        return None  # it was approved; who says so did not bring it: `redrabbit.domain.role_limits`
    what, subject, name = asked
    WOULD[type(act)](uow, act)
    if not somebody_is_registered(uow):
        raise Refusal("nobody_to_approve", act=act.KIND)
    subject_id = getattr(act, name)
    waiting = request_for(uow, subject, subject_id)
    if waiting is not None:
        raise Refusal("requested_already", entry=waiting.of_entry)
    stands = standing(uow.get, subject, subject_id)
    assert stands is not None  # noqa: S101  or the act could not be done
    ends_at = _ends_at(uow, subject, subject_id)
    due_at = due_after(
        plant.calendars.get(LineId(stands.stream)), uow.now, plant.people.approval.within
    )
    request = ApprovalRequested(
        act=what,
        subject=subject,
        subject_id=subject_id,
        reason_text=planning.required_reason(act.reason) if isinstance(act, acts.Excuse) else None,
        stood_at=stands.entry,
        due_at=min(due_at, ends_at),
        ends_at=ends_at,
    )
    record(uow, request, stream=stands.stream, actor=actor)
    made = request_for(uow, subject, subject_id)
    assert made is not None  # noqa: S101  it was just recorded
    return made


def _ends_at(uow: UnitOfWork, subject: Subject, subject_id: str) -> datetime:
    """Return when a request ends without an approval: with the window of a check, and in any case after some days."""
    longest = uow.now + LONGEST_WAIT
    if subject is Subject.EXCUSE:
        return min(longest, recorded(uow, OccurrenceRecord, subject_id).closes_at)
    return longest


def request_for(reader: Reader, subject: Subject, subject_id: str) -> ApprovalRecord | None:
    """Return the request about a record that waits; None: none does."""
    of_it = (equals("subject", subject), equals("subject_id", subject_id), WAITS)
    waiting = (one for one in reader.find(ApprovalRecord, *of_it) if one.is_waiting_request)
    return next(waiting, None)


def refuse_late(uow: UnitOfWork, found: Signable) -> None:
    """Refuse to approve a request that has ended, or whose time is over."""
    if found.subject is not Subject.REQUEST:
        return
    request = _waiting(uow, found.entry)
    if request.ends_at is not None and request.ends_at <= uow.now:
        raise Refusal("request_ended", entry=found.entry, ended=RequestEnd.TIME_OVER.value)


def carry_out(uow: UnitOfWork, plant: Plant, entry: int, do: Do) -> None:
    """Do what a request asks for that was just approved, in the name of who asked; nothing where the entry is no such request.

    Refused, with the approval, where who asked may not do it any more, or where it can't be done now.
    """
    request = uow.get(ApprovalRecord, entry)
    if request is None or request.mode is not ApprovalMode.BEFORE or request.approved_by is None:
        return
    act = act_asked(request)
    asker = Actor(id=request.decided_by, how=request.decided_how)
    try:
        require(uow, plant, act, asker, uow.now)
    except Refusal as refusal:
        raise Refusal("asker_may_not", entry=entry, **_why(refusal)) from refusal
    try:
        do(uow, act, asker)
    except Refusal as refusal:
        raise Refusal("request_not_possible", entry=entry, **_why(refusal)) from refusal
    approving.forget_changed(uow, request.subject, request.subject_id)
    done = signable(uow.get, request.subject, request.subject_id)
    assert done is not None  # noqa: S101  what was asked for finishes the record
    carried_out = ApprovalCarriedOut(entry=entry, done_entry=done.entry)
    record(uow, carried_out, stream=request.stream, actor=AGENT)


def _why(refusal: Refusal) -> dict[str, object]:
    """Return what stood against an act, as the refusal of its approval has it: its code, and as it is said."""
    return {"why": refusal.code, "told": Message(f"refusal.{refusal.code}", refusal.params)}


def refuse(uow: UnitOfWork, entry: int, *, reason: str, actor: Actor) -> ApprovalRecord:
    """Refuse a request: nothing is done."""
    reason = planning.required_reason(reason)
    return _end(uow, ApprovalRefused(entry=entry, reason_text=reason), actor)


def withdraw(uow: UnitOfWork, entry: int, *, actor: Actor) -> ApprovalRecord:
    """Ask no more: nothing is done."""
    return _end(uow, ApprovalWithdrawn(entry=entry), actor)


def _end(
    uow: UnitOfWork, end: ApprovalRefused | ApprovalWithdrawn | ApprovalFell, actor: Actor
) -> ApprovalRecord:
    request = _waiting(uow, end.entry)
    record(uow, end, stream=request.stream, actor=actor)
    approving.end_alarm(uow, request)
    return recorded(uow, ApprovalRecord, end.entry)


def _waiting(uow: UnitOfWork, entry: int) -> ApprovalRecord:
    request = uow.get(ApprovalRecord, entry)
    if request is None or request.mode is not ApprovalMode.BEFORE:
        raise Refusal("no_such_request", entry=entry)
    if not request.is_waiting_request:
        ended = request.ended or RequestEnd.CARRIED_OUT
        raise Refusal("request_ended", entry=entry, ended=ended.value)
    return request


def next_end_at(reader: Reader) -> datetime | None:
    """Return when the next request ends without an approval; None: none will."""
    ending = (WAITS, Where("ends_at", "!=", None))
    waiting = reader.find(ApprovalRecord, *ending, order_by="ends_at", limit=1)
    return waiting[0].ends_at if waiting else None


def end_late(uow: UnitOfWork) -> None:
    """End each request that nobody approved in its time."""
    late = uow.find(
        ApprovalRecord,
        WAITS,
        Where("ends_at", "<=", uow.now),
        order_by="ends_at",
        limit=approving.AT_ONCE,
    )
    for request in late:
        fell = ApprovalFell(entry=request.of_entry, end=RequestEnd.TIME_OVER)
        _end(uow, fell, SCHEDULER)

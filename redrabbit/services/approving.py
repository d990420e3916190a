"""Approval of what one person decided: asked for, overdue, given, or no longer needed (D45, D46)."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from redrabbit.domain import acts, plan_acts
from redrabbit.domain.approval import Approvable, ApprovalMode, RequestEnd, due_after
from redrabbit.domain.asked_acts import ASKED
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.facts.approval import (
    ApprovalAsked,
    ApprovalMoot,
    ApprovalOverdue,
    ApprovalRecord,
)
from redrabbit.domain.facts.approval_request import ApprovalFell
from redrabbit.domain.facts.fact import read_json
from redrabbit.domain.facts.words import PlaceNames
from redrabbit.domain.fallen_requests import WAITS, end_of_alarm
from redrabbit.domain.identity import AGENT, SCHEDULER, SERVER, Actor, How, LineId, PersonId
from redrabbit.domain.ledger import PLANT_STREAM
from redrabbit.domain.permissions import PROOFS
from redrabbit.domain.plant import Plant
from redrabbit.domain.record_query import Where, equals
from redrabbit.domain.records import ContainmentRecord, OccurrenceRecord, PlanRevisionRecord
from redrabbit.domain.signing import signable
from redrabbit.domain.subject import Subject
from redrabbit.services import plan_revisions
from redrabbit.services.alarming import raise_alarm
from redrabbit.services.permitting import somebody_is_registered
from redrabbit.services.ports import Reader, UnitOfWork
from redrabbit.services.record_fact import record

AT_ONCE: Final = 50
"""Approvals that are told as overdue in one transaction."""


def after_act(uow: UnitOfWork, plant: Plant, act: acts.Act[Any], actor: Actor) -> None:
    """Ask for what the plant's rules want approved of an act that was just done.

    What waited for an approval of the same record before, and was changed by it, waits no more. As long as nobody is
    registered nobody can sign, and nothing is asked.
    """
    if isinstance(act, acts.QuarantinePart):
        forget_changed(uow, Subject.PART, act.part_id)
    if isinstance(act, plan_acts.DiscardPlan):
        forget_changed(uow, Subject.PLAN, act.digest)
    asked = ASKED.get(type(act))
    if asked is None:
        return
    what, subject, name = asked
    subject_id = getattr(act, name)
    forget_changed(uow, subject, subject_id)
    mode = plant.people.approval.modes.get(what)
    found = signable(uow.get, subject, subject_id)
    is_known = actor.how in PROOFS or actor == SERVER
    if mode in {None, ApprovalMode.BEFORE} or found is None or not is_known:
        return
    if isinstance(act, plan_acts.ApprovePlan) and _was_brought_by_another(uow, act.digest, actor):
        return  # two people have decided it
    calendar = plant.calendars.get(LineId(found.stream))
    within = plant.people.approval.within
    due_at = due_after(calendar, uow.now, within) if mode is ApprovalMode.AFTER else None
    approval = ApprovalAsked(
        entry=found.entry,
        act=what,
        subject=subject,
        subject_id=subject_id,
        mode=mode,
        due_at=due_at,
    )
    record(uow, approval, stream=found.stream, actor=actor)


def approve_at_server(
    uow: UnitOfWork, plant: Plant, act: plan_acts.ApprovePlan
) -> PlanRevisionRecord:
    """Say at the server by which document a plan was approved elsewhere.

    Refused where the plant wants another person before, as nobody is known there; where it wants one afterwards, one is asked.
    """
    if plant.people.approval.modes.get(Approvable.APPROVE_PLAN) is ApprovalMode.BEFORE:
        raise Refusal("approved_by_people", plan=plan_revisions.revision_of(uow, act.digest).label)
    approved = plan_revisions.approve(uow, act, actor=SERVER)
    if somebody_is_registered(uow):
        after_act(uow, plant, act, SERVER)
    return approved


def _was_brought_by_another(reader: Reader, digest: str, actor: Actor) -> bool:
    """Return whether a plan was brought by another person than who approves it, as far as both are known."""
    plan = reader.get(PlanRevisionRecord, digest)
    if plan is None or not {plan.stored_how, actor.how} <= PROOFS:
        return False
    return plan.stored_by != actor.id


def next_overdue_at(reader: Reader) -> datetime | None:
    """Return when the next approval falls overdue of which that was not told; None: none will."""
    waiting = reader.find(
        ApprovalRecord, WAITS, equals("overdue_at", None), order_by="waits_until", limit=1
    )
    return waiting[0].waits_until if waiting else None


def tell_overdue(uow: UnitOfWork) -> None:
    """Raise an alarm for each approval that nobody gave in time; those of what was changed since are forgotten."""
    late = uow.find(
        ApprovalRecord,
        WAITS,
        Where("waits_until", "<=", uow.now),
        equals("overdue_at", None),
        order_by="waits_until",
        limit=AT_ONCE,
    )
    for approval in late:
        if approval.mode is not ApprovalMode.BEFORE and _is_changed(uow, approval):
            _forget(uow, approval)
        else:
            _tell(uow, approval)


def after_signature(uow: UnitOfWork, entry: int) -> None:
    """End the alarm about an approval that was given now."""
    approval = uow.get(ApprovalRecord, entry)
    if approval is not None and approval.waits_until is None:
        end_alarm(uow, approval)


def _tell(uow: UnitOfWork, approval: ApprovalRecord) -> None:
    line = None if approval.stream == PLANT_STREAM else approval.stream
    about: dict[str, Any] = {}
    if approval.subject is Subject.PART:
        about = {"part_id": approval.subject_id}
    elif approval.subject is Subject.CONTAINMENT:
        case = uow.get(ContainmentRecord, approval.subject_id)
        about = {"run_id": case.run_id, **_where(case)} if case is not None else {}
    elif approval.subject is Subject.EXCUSE:
        due = uow.get(OccurrenceRecord, approval.subject_id)
        about = {"occurrence_id": due.occurrence_id, **_where(due)} if due is not None else {}
    at = approval.waits_until or uow.now
    alarm_id = raise_alarm(uow, AlarmKind.APPROVAL_OVERDUE, at=at, line=line, **about)
    told = ApprovalOverdue(entry=approval.of_entry, alarm_id=alarm_id)
    record(uow, told, stream=approval.stream, actor=SCHEDULER)


def _where(of: ContainmentRecord | OccurrenceRecord) -> dict[str, Any]:
    return {"station": of.station, "device": of.device, "names": read_json(PlaceNames, of.names)}


def _is_changed(reader: Reader, approval: ApprovalRecord) -> bool:
    found = signable(reader.get, approval.subject, approval.subject_id)
    return found is None or found.entry != approval.of_entry


def forget_changed(uow: UnitOfWork, subject: Subject, subject_id: str) -> None:
    """Let nobody wait for the approval of what was decided of a record before it was changed."""
    of_it = (equals("subject", subject), equals("subject_id", subject_id), WAITS)
    for approval in uow.find(ApprovalRecord, *of_it):
        if approval.mode is not ApprovalMode.BEFORE and _is_changed(uow, approval):
            _forget(uow, approval)


def end_requests_of(
    uow: UnitOfWork, person_id: PersonId, known_by: Collection[How] | None = None
) -> None:
    """End each request of somebody who has no rights any more: once they have them again, they ask anew.

    `known_by`: only those asked by somebody who was known so, as that was taken away (decision 54).
    """
    for request in uow.find(ApprovalRecord, WAITS, equals("decided_by", person_id)):
        is_of_it = known_by is None or request.decided_how in known_by
        if request.is_waiting_request and is_of_it:
            fell = ApprovalFell(entry=request.of_entry, end=RequestEnd.ASKER_GONE)
            record(uow, fell, stream=request.stream, actor=AGENT)
            end_alarm(uow, request)


def _forget(uow: UnitOfWork, approval: ApprovalRecord) -> None:
    moot = ApprovalMoot(entry=approval.of_entry)
    record(uow, moot, stream=approval.stream, actor=SCHEDULER)
    end_alarm(uow, approval)


def end_alarm(uow: UnitOfWork, approval: ApprovalRecord) -> None:
    """End the alarm about an approval for which nobody waits any more."""
    for ended in end_of_alarm(uow, approval):
        record(uow, ended, stream=approval.stream, actor=AGENT)

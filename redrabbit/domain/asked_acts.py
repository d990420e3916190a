"""Which acts a plant may want approved, of which record each is, and the act that a request asks for (D45)."""

from collections.abc import Mapping
from typing import Any, Final

from redrabbit.domain import acts, plan_acts
from redrabbit.domain.approval import Approvable
from redrabbit.domain.facts.approval import ApprovalRecord
from redrabbit.domain.identity import ContainmentId, OccurrenceId, PartId
from redrabbit.domain.subject import Subject

ASKED: Final[Mapping[type[acts.Act[Any]], tuple[Approvable, Subject, str]]] = {
    acts.ReleasePart: (Approvable.RELEASE_PART, Subject.PART, "part_id"),
    acts.CloseContainment: (
        Approvable.CLOSE_CONTAINMENT,
        Subject.CONTAINMENT,
        "containment_id",
    ),
    acts.Excuse: (Approvable.EXCUSE, Subject.EXCUSE, "occurrence_id"),
    plan_acts.ApprovePlan: (Approvable.APPROVE_PLAN, Subject.PLAN, "digest"),
}
"""What each act decides, of which record, and the act's field that names it."""

AskedAct = acts.ReleasePart | acts.CloseContainment | acts.Excuse | plan_acts.ApprovePlan


def act_asked(request: ApprovalRecord) -> AskedAct:
    """Return the act that a request asks for, with all that it says."""
    match request.act:
        case Approvable.RELEASE_PART:
            return acts.ReleasePart(part_id=PartId(request.subject_id))
        case Approvable.CLOSE_CONTAINMENT:
            return acts.CloseContainment(containment_id=ContainmentId(request.subject_id))
        case Approvable.EXCUSE:
            occurrence = OccurrenceId(request.subject_id)
            return acts.Excuse(occurrence_id=occurrence, reason=request.reason_text or "")
        case Approvable.APPROVE_PLAN:
            return plan_acts.approval_here(request.subject_id)

"""Revisions of the control plan: how far each is, approving, saying from when it counts, taking back (D44, D45)."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field
from starlette.responses import Response

from redrabbit.domain import plan_acts
from redrabbit.domain.facts.plan_revision import HeldBackCode, PlanOrigin, PlanState
from redrabbit.domain.records import ApprovalRecord, PlanRevisionRecord
from redrabbit.services.plan_revisions import revision_of
from redrabbit.services.ports import Reader
from redrabbit.services.queries.approvals import plan_as_approved
from redrabbit.services.queries.people import Names, names_in
from redrabbit.web.api.approval_models import OF_REQUESTS, WAITS, waiting_answer
from redrabbit.web.api.doing import By, do
from redrabbit.web.api.models import Model, Page, Who, WhoHow, model_of
from redrabbit.web.api.paging import Limit, part_of
from redrabbit.web.api.problems import refuses
from redrabbit.web.api.requests import Act, WithReason
from redrabbit.web.api.values import Id, IdCursor, Instant
from redrabbit.web.site import Site

Digest = Annotated[
    str, Path(pattern="^[0-9a-f]{64}$", description="SHA-256 of its content, by which it is known.")
]


class PlanRevision(Model):
    """One revision of the control plan that the database knows."""

    digest: str = Field(description="SHA-256, hex, of its content.")
    plan_number: str
    plan_revision: str
    state: PlanState
    origin: PlanOrigin
    source_file: str | None
    source_digest: str | None = Field(description="SHA-256, hex, of the file that was given.")
    compared_with: str | None = Field(description="The plan in force when it was stored.")
    stored_by: Who
    stored_how: WhoHow
    stored_at: datetime
    approved_by: Who | None
    approved_how: WhoHow | None
    approved_at: datetime | None
    elsewhere_number: str | None = Field(
        description="Of the document by which it was approved in another system."
    )
    elsewhere_on: date | None
    elsewhere_digest: str | None = Field(
        description="SHA-256, hex, of the picture or file that shows it."
    )
    scheduled_by: Who | None
    scheduled_how: WhoHow | None
    scheduled_at: datetime | None
    effective_at: datetime | None = Field(description="From when it counts, or counted.")
    superseded_at: datetime | None
    discarded_by: Who | None
    discarded_how: WhoHow | None
    discarded_at: datetime | None
    discarded_text: str | None
    held_back_code: HeldBackCode | None = Field(
        description="Why it did not take effect when it was to."
    )
    held_back_text: str | None


class WholePlanRevision(PlanRevision):
    """One revision with what it says."""

    content: str = Field(description="The plan in the words of the plan file.")


class ElsewhereApproved(Model):
    """By which document a plan was approved in another system."""

    number: Id = Field(examples=["DOC-2026-118"])
    on: date = Field(description="The day of that approval.")
    digest: str | None = Field(
        default=None,
        pattern="^[0-9a-f]{64}$",
        description="SHA-256, hex, of a picture or file that shows it.",
    )


class PlanApproval(Act):
    """Approve a draft."""

    elsewhere: ElsewhereApproved | None = Field(
        default=None, description="null: it is approved here."
    )


class PlanFrom(Act):
    """From when on a plan counts."""

    effective_at: Instant | None = Field(
        default=None, description="null: from the start of the next shift."
    )


def plans_api_router(site: Site) -> APIRouter:
    """Return the revisions of the control plan, and what is decided about them."""
    router = APIRouter(tags=["control plan"])

    @router.get("/control-plans")
    async def list_control_plans(limit: Limit = 50, cursor: IdCursor = None) -> Page[PlanRevision]:
        """Return the revisions that the database knows, the last stored first; a plan that is kept as a file only is none."""

        def query(reader: Reader) -> Page[PlanRevision]:
            known = sorted(
                reader.find(PlanRevisionRecord), key=lambda one: one.stored_entry, reverse=True
            )
            found, following = part_of(known, lambda one: one.digest, limit=limit, cursor=cursor)
            names = names_in(reader)
            return Page(
                items=[_model(plan_as_approved(reader, record), names) for record in found],
                next=following,
            )

        return await site.service.read(query)

    @router.get("/control-plans/{digest}", openapi_extra=refuses("no_such_plan"))
    async def read_control_plan(digest: Digest) -> WholePlanRevision:
        """Return one revision with its content."""

        def query(reader: Reader) -> WholePlanRevision:
            return model_of(
                WholePlanRevision,
                plan_as_approved(reader, revision_of(reader, digest)),
                names_in(reader),
            )

        return await site.service.read(query)

    @router.post(
        "/control-plans/{digest}/approve",
        response_model=PlanRevision,
        responses=WAITS,
        openapi_extra=refuses(
            *OF_REQUESTS,
            *("no_such_plan", "plan_document_unclear", "plan_not_so"),
            *("plan_of_own", "plan_of_nobody_known"),
            *("plan_below_minimum", "plan_turns_below_minimum"),
        ),
    )
    async def approve_control_plan(
        digest: Digest, body: PlanApproval, by: By
    ) -> PlanRevision | Response:
        """Approve a draft, or say by which document it was approved elsewhere; it counts once it is scheduled."""
        said = body.elsewhere
        act = plan_acts.ApprovePlan(
            digest=digest,
            elsewhere_number=said.number if said is not None else None,
            elsewhere_on=said.on if said is not None else None,
            elsewhere_digest=said.digest if said is not None else None,
        )
        done, names = await do(site, body, act, by)
        if isinstance(done, ApprovalRecord):
            return await waiting_answer(site, done)
        return _model(done, names)

    _add_moments(router, site)
    return router


def _add_moments(router: APIRouter, site: Site) -> None:
    """Add from when on a revision counts, and taking one back."""

    @router.post(
        "/control-plans/{digest}/schedule",
        openapi_extra=refuses(
            *("no_shift_start", "no_such_plan", "plan_not_so"),
            *("plan_instant_passed", "plan_instant_taken"),
            *("plan_below_minimum", "plan_turns_below_minimum"),
        ),
    )
    async def schedule_control_plan(digest: Digest, body: PlanFrom, by: By) -> PlanRevision:
        """Let an approved revision count from an instant on; the service takes it over by itself."""
        act = plan_acts.SchedulePlan(digest=digest, effective_at=body.effective_at)
        return _model(*await do(site, body, act, by))

    @router.post(
        "/control-plans/{digest}/discard", openapi_extra=refuses("no_such_plan", "plan_not_so")
    )
    async def discard_control_plan(digest: Digest, body: WithReason, by: By) -> PlanRevision:
        """Take back a revision that never took effect; it stays on record."""
        act = plan_acts.DiscardPlan(digest=digest, reason=body.reason)
        return _model(*await do(site, body, act, by))


def _model(record: PlanRevisionRecord, names: Names) -> PlanRevision:
    return model_of(PlanRevision, record, names)

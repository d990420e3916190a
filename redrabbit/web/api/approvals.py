"""Approvals: what waits for another person, refusing it, and asking no more (D45)."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from redrabbit.domain import acts
from redrabbit.services.ports import Reader
from redrabbit.services.queries.approvals import shown_of, some_approvals
from redrabbit.services.queries.people import names_in
from redrabbit.web.api.approval_models import Approval, approval_model
from redrabbit.web.api.doing import By, do
from redrabbit.web.api.models import Page
from redrabbit.web.api.paging import Limit, cursor_number
from redrabbit.web.api.problems import refuses
from redrabbit.web.api.requests import Act, WithReason
from redrabbit.web.api.signatures import MOST_ENTRIES
from redrabbit.web.api.values import Position
from redrabbit.web.site import Site

EntryInPath = Annotated[
    int, Path(ge=0, le=MOST_ENTRIES, description="The ledger entry of the request.")
]


def approvals_api_router(site: Site) -> APIRouter:
    """Return what waits for an approval, and what is done with requests; they are approved by a signature."""
    router = APIRouter(tags=["obligations"])

    @router.get("/approvals")
    async def list_approvals(
        *,
        waiting: Annotated[
            bool, Query(description="true: only those for which somebody waits.")
        ] = False,
        limit: Limit = 50,
        cursor: Position = None,
    ) -> Page[Approval]:
        """Return decisions and requests that another person approves, in the order of their entries.

        To approve one, sign its `of_entry` as `approved` (`POST /signatures`); a request is then carried out.
        """
        begin, now = cursor_number(cursor) if cursor is not None else 0, site.clock.now()

        def query(reader: Reader) -> Page[Approval]:
            names = names_in(reader)
            found = some_approvals(
                reader, names, now, waiting=waiting, first=begin, limit=limit + 1
            )
            more = str(found[limit].record.of_entry) if len(found) > limit else None
            return Page(items=[approval_model(one, names) for one in found[:limit]], next=more)

        return await site.service.read(query)

    @router.post(
        "/approvals/{entry}/refuse",
        openapi_extra=refuses(
            *("no_such_request", "request_ended"),
            *("request_of_own", "request_of_own_hand", "excuse_too_early"),
        ),
    )
    async def refuse_approval(entry: EntryInPath, body: WithReason, by: By) -> Approval:
        """Refuse what another person asks for: nothing of it is done."""
        return await _ended(site, body, acts.RefuseApproval(entry=entry, reason=body.reason), by)

    @router.post(
        "/approvals/{entry}/withdraw",
        openapi_extra=refuses("no_such_request", "request_of_another", "request_ended"),
    )
    async def withdraw_request(entry: EntryInPath, body: Act, by: By) -> Approval:
        """Ask no more: nothing of it is done."""
        return await _ended(site, body, acts.WithdrawRequest(entry=entry), by)

    return router


async def _ended(
    site: Site, body: Act, act: acts.RefuseApproval | acts.WithdrawRequest, by: By
) -> Approval:
    request, names = await do(site, body, act, by)
    now = site.clock.now()
    return await site.service.read(
        lambda reader: approval_model(shown_of(reader, names, request, now), names)
    )

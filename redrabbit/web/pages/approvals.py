"""`/approvals`: what one person asks for or decided and another is to sign; refusing it, and asking no more (D45)."""

from collections.abc import Callable, Mapping
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from redrabbit.domain import acts
from redrabbit.domain.errors import Refusal
from redrabbit.services.queries.approvals import approvals_page
from redrabbit.web.pages.forms import Form, carry_out
from redrabbit.web.pages.shell import shell_page
from redrabbit.web.rendering import Visit
from redrabbit.web.site import Site, number_in
from redrabbit.web.visitor import asker_at


def approvals_router(site: Site) -> APIRouter:
    """Return the list of what waits for an approval, and its forms; approving is signing."""
    router = APIRouter(include_in_schema=False)

    @router.get("/approvals")
    async def approvals(request: Request) -> HTMLResponse:
        return await _shown(site, site.visit(request))

    @router.get("/approvals/{act}")
    async def reloaded(act: str) -> Response:
        if act not in ACTS:
            raise Refusal("no_such_page")
        return RedirectResponse("/approvals", status_code=303)

    @router.post("/approvals/{act}")
    async def act(request: Request, act: str) -> Response:
        if act not in ACTS:
            raise Refusal("no_such_page")
        try:
            form = await site.form(request)
            await carry_out(site, request, form, ACTS[act](form))
        except Refusal as refusal:
            return await _shown(site, site.visit(request).with_refusal(refusal))
        return RedirectResponse("/approvals", status_code=303)

    return router


async def _shown(site: Site, visit: Visit) -> HTMLResponse:
    now, person = site.clock.now(), asker_at(visit.request).person
    content = await site.service.read(lambda reader: approvals_page(reader, now))
    status = 409 if visit.refused else 200
    extra = {"asker": person.person_id if person is not None else None}
    return await shell_page(site, visit, "approvals.html", content, status=status, extra=extra)


def _refuse(form: Form) -> acts.RefuseApproval:
    return acts.RefuseApproval(entry=number_in(form, "entry"), reason=form.get("reason", ""))


def _withdraw(form: Form) -> acts.WithdrawRequest:
    return acts.WithdrawRequest(entry=number_in(form, "entry"))


ACTS: Final[Mapping[str, Callable[[Form], acts.RefuseApproval | acts.WithdrawRequest]]] = {
    "refuse": _refuse,
    "withdraw": _withdraw,
}
"""What the forms of the page ask, by the last word of their address."""

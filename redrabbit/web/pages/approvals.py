"""`/approvals`: what one person asks for or decided and another is to sign; refusing it, and asking no more (D45)."""

from typing import Final

from fastapi import APIRouter
from starlette.responses import HTMLResponse

from redrabbit.domain import acts
from redrabbit.services.queries.approvals import approvals_page
from redrabbit.web.pages.forms import Form
from redrabbit.web.pages.page_of_acts import Asked, page_of_acts
from redrabbit.web.pages.shell import shell_page
from redrabbit.web.rendering import Visit
from redrabbit.web.site import Site, number_in
from redrabbit.web.visitor import asker_at


def approvals_router(site: Site) -> APIRouter:
    """Return the list of what waits for an approval, and its forms; approving is signing."""
    return page_of_acts(site, "/approvals", ACTS, _shown)


async def _shown(site: Site, visit: Visit, sent: Form) -> HTMLResponse:
    del sent
    now, person = site.clock.now(), asker_at(visit.request).person
    content = await site.service.read(lambda reader: approvals_page(reader, now))
    status = 409 if visit.refused else 200
    extra = {"asker": person.person_id if person is not None else None}
    return await shell_page(site, visit, "approvals.html", content, status=status, extra=extra)


def _refuse(form: Form) -> acts.RefuseApproval:
    return acts.RefuseApproval(entry=number_in(form, "entry"), reason=form.get("reason", ""))


def _withdraw(form: Form) -> acts.WithdrawRequest:
    return acts.WithdrawRequest(entry=number_in(form, "entry"))


ACTS: Final[Asked] = {
    "refuse": _refuse,
    "withdraw": _withdraw,
}

"""`/ledger`: how large the ledger is, how far it is verified, and how anybody can check it (D25, D26)."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from redrabbit.domain import acts
from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import AlarmId, Letter
from redrabbit.services.queries.ledger_page import ledger_page
from redrabbit.web.pages.forms import carry_out
from redrabbit.web.pages.shell import shell_page
from redrabbit.web.rendering import Visit
from redrabbit.web.site import Site, id_in


def ledger_page_router(site: Site) -> APIRouter:
    """Return the page of the ledger, and its form."""
    router = APIRouter(include_in_schema=False)

    @router.get("/ledger")
    async def ledger(request: Request) -> HTMLResponse:
        return await _shown(site, site.visit(request))

    @router.get("/ledger/public-key")
    async def public_key() -> Response:
        """Return the file of the public key that signs now, as an auditor keeps it; its name tells the key."""
        key_id = site.ledger_key.partition("+")[2].partition("+")[0]
        name = {"content-disposition": f'attachment; filename="ledger-{key_id}.pub"'}
        return PlainTextResponse(f"{site.ledger_key}\n", headers=name)

    @router.get("/ledger/acknowledge")
    async def reloaded() -> Response:
        return RedirectResponse("/ledger", status_code=303)

    @router.post("/ledger/acknowledge")
    async def acknowledge(request: Request) -> Response:
        try:
            form = await site.form(request)
            alarm = AlarmId(id_in(form, "alarm", Letter.ALARM))
            await carry_out(site, request, form, acts.AcknowledgeAlarm(alarm_id=alarm))
        except Refusal as refusal:
            return await _shown(site, site.visit(request).with_refusal(refusal))
        return RedirectResponse("/ledger", status_code=303)

    return router


async def _shown(site: Site, visit: Visit) -> HTMLResponse:
    plant, now = site.service.plant, site.clock.now()
    state, remembered = site.verification(), site.remembered()
    content = await site.service.read(
        lambda reader: ledger_page(
            reader,
            plant,
            now,
            key=site.ledger_key,
            verification=state,
            remembered=remembered,
        )
    )
    status = 409 if visit.refused else 200
    return await shell_page(site, visit, "ledger.html", content, status=status)

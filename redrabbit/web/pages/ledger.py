"""`/ledger`: how large the ledger is, how far it is verified, and how anybody can check it (D25, D26)."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from redrabbit.domain import acts
from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import AlarmId, Letter
from redrabbit.services.queries.ledger_page import key_id_in, ledger_page, signing_keys
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
        """Return the file of the public key that signs now."""
        return _key_file(site.ledger_key)

    @router.get("/ledger/public-key/{key_id}")
    async def public_key_of(key_id: str) -> Response:
        """Return the file of a public key that signed the ledger once, or signs it now."""
        keys = await site.service.read(lambda reader: signing_keys(reader, site.ledger_key))
        for text in (key.text for key in keys if key.key_id == key_id):
            return _key_file(text)
        raise Refusal("no_such_page")

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


def _key_file(text: str) -> Response:
    """Return a public key as an auditor keeps it; the file's name tells the key."""
    name = {"content-disposition": f'attachment; filename="ledger-{key_id_in(text)}.pub"'}
    return PlainTextResponse(f"{text}\n", headers=name)


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

"""`/ledger`: how large the ledger is, how far it is verified, and how anybody can check it (D25, D26)."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from redrabbit.services.queries.ledger_page import ledger_page
from redrabbit.web.pages.shell import shell_page
from redrabbit.web.site import Site


def ledger_page_router(site: Site) -> APIRouter:
    """Return the page of the ledger."""
    router = APIRouter(include_in_schema=False)

    @router.get("/ledger")
    async def ledger(request: Request) -> HTMLResponse:
        state = site.verification()
        content = await site.service.read(
            lambda reader: ledger_page(reader, site.ledger_key, state)
        )
        return await shell_page(site, site.visit(request), "ledger.html", content)

    return router

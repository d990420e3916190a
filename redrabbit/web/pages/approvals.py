"""`/approvals`: what one person decided and another is to sign (D45)."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from redrabbit.services.queries.approvals import approvals_page
from redrabbit.web.pages.shell import shell_page
from redrabbit.web.site import Site


def approvals_router(site: Site) -> APIRouter:
    """Return the list of what waits for an approval."""
    router = APIRouter(include_in_schema=False)

    @router.get("/approvals")
    async def approvals(request: Request) -> HTMLResponse:
        now = site.clock.now()
        content = await site.service.read(lambda reader: approvals_page(reader, now))
        return await shell_page(site, site.visit(request), "approvals.html", content)

    return router

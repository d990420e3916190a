"""`/receivers`: who is told of alarms, what waits for them, what did not get there (D48)."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from redrabbit.services.queries.receivers import receivers_page
from redrabbit.web.pages.shell import shell_page
from redrabbit.web.rendering import Visit
from redrabbit.web.site import Site


def receivers_router(site: Site) -> APIRouter:
    """Return the page of the receivers."""
    router = APIRouter(include_in_schema=False)

    @router.get("/receivers")
    async def receivers(request: Request) -> HTMLResponse:
        return await _shown(site, site.visit(request))

    return router


async def _shown(site: Site, visit: Visit) -> HTMLResponse:
    plant, now = site.service.plant, site.clock.now()
    content = await site.service.read(lambda reader: receivers_page(reader, plant, now))
    return await shell_page(site, visit, "receivers.html", content)

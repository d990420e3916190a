"""`/today`: what happened since I was last here, and what waits for me, one button each (R14, B34)."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from redrabbit.domain.errors import Refusal
from redrabbit.services.last_looks import note_looked
from redrabbit.services.queries.today import today_page
from redrabbit.web.pages.shell import shell_page
from redrabbit.web.rendering import Visit
from redrabbit.web.site import Site
from redrabbit.web.values import instant_from
from redrabbit.web.visitor import own_session


def today_router(site: Site) -> APIRouter:
    """Return the page of the day, and the form by which somebody says that they have seen it."""
    router = APIRouter(include_in_schema=False)

    @router.get("/today")
    async def today(request: Request) -> HTMLResponse:
        return await _shown(site, site.visit(request))

    @router.get("/today/seen")
    async def reloaded() -> Response:
        return RedirectResponse("/today", status_code=303)

    @router.post("/today/seen")
    async def seen(request: Request) -> Response:
        try:
            form = await site.form(request)
            person, zone = own_session(request).person_id, site.service.plant.zone
            until = instant_from(form.get("until", ""), zone)
            await site.sign_in.write(lambda uow: note_looked(uow, person, until))
        except Refusal as refusal:
            return await _shown(site, site.visit(request).with_refusal(refusal))
        return RedirectResponse("/today", status_code=303)

    return router


async def _shown(site: Site, visit: Visit) -> HTMLResponse:
    plant, now = site.service.plant, visit.now
    content = await site.service.read(lambda r: today_page(r, plant, visit.asker, now))
    status = 409 if visit.refused else 200
    return await shell_page(site, visit, "today.html", content, status=status)

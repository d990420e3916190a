"""`/due`: due, overdue, lapsed; excuses and pauses (R13, B17)."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import Actor, LineId, OccurrenceId
from redrabbit.services.queries.due import due_page
from redrabbit.web.pages.forms import actor_in
from redrabbit.web.pages.shell import shell_page
from redrabbit.web.rendering import Visit
from redrabbit.web.site import Site, number_in
from redrabbit.web.values import instant_from

Form = dict[str, str]


def due_router(site: Site) -> APIRouter:
    """Return the page of what is due, and its forms."""
    router = APIRouter(include_in_schema=False)

    @router.get("/due")
    async def due(request: Request) -> HTMLResponse:
        return await _shown(site, site.visit(request))

    @router.get("/due/{act}")
    async def reloaded(act: str) -> Response:
        if act not in ACTS:
            raise Refusal("no_such_page")
        return RedirectResponse("/due", status_code=303)

    @router.post("/due/{act}")
    async def act(request: Request, act: str) -> Response:
        if act not in ACTS:
            raise Refusal("no_such_page")
        try:
            form = await site.form(request)
            await ACTS[act](site, form, actor_in(request, form))
        except Refusal as refusal:
            return await _shown(site, site.visit(request).with_refusal(refusal))
        return RedirectResponse("/due", status_code=303)

    return router


async def _shown(site: Site, visit: Visit) -> HTMLResponse:
    plant, now = site.service.plant, site.clock.now()
    content = await site.service.read(lambda reader: due_page(reader, plant, now))
    status = 409 if visit.refused else 200
    return await shell_page(site, visit, "due.html", content, status=status)


async def _excuse(site: Site, form: Form, actor: Actor) -> None:
    occurrence = OccurrenceId(number_in(form, "occurrence"))
    await site.service.excuse(occurrence, reason=form.get("reason", ""), actor=actor)


async def _pause(site: Site, form: Form, actor: Actor) -> None:
    await site.service.declare_pause(
        line=LineId(form.get("line", "")),
        begins_at=_local(site, form, "begins_at"),
        ends_at=_local(site, form, "ends_at"),
        reason=form.get("reason", ""),
        actor=actor,
    )


async def _end_pause(site: Site, form: Form, actor: Actor) -> None:
    await site.service.end_pause(number_in(form, "pause"), actor=actor)


def _local(site: Site, form: Form, name: str) -> datetime:
    """Return the plant-local time of a field as an instant."""
    return instant_from(form.get(name, ""), site.service.plant.zone)


ACTS: Final[Mapping[str, Callable[[Site, Form, Actor], Awaitable[None]]]] = {
    "excuse": _excuse,
    "pause": _pause,
    "end-pause": _end_pause,
}
"""What the forms of the page do, by the last word of their address."""

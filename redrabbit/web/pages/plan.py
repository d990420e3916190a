"""`/plan`: the control plan in force and its revisions; approving, saying from when one counts, taking one back (D44, D45)."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from redrabbit.domain import plan_acts
from redrabbit.domain.acts import Act
from redrabbit.domain.errors import Refusal
from redrabbit.services.plan_revisions import revision_of
from redrabbit.services.queries.plan_page import plan_page, revision_page
from redrabbit.web.pages.forms import Form, carry_out
from redrabbit.web.pages.shell import shell_page
from redrabbit.web.rendering import Visit
from redrabbit.web.site import Site
from redrabbit.web.values import day_from, instant_from


def plan_router(site: Site) -> APIRouter:
    """Return the page of the plan, one of each revision, and their forms."""
    router = APIRouter(include_in_schema=False)

    @router.get("/plan")
    async def plan(request: Request, at: str = "") -> HTMLResponse:
        plant, now = site.service.plant, site.clock.now()
        then = instant_from(at, plant.zone) if at.strip() else None
        content = await site.service.read(lambda reader: plan_page(reader, plant, now, then))
        return await shell_page(site, site.visit(request), "plan.html", content)

    @router.get("/plan/{digest}")
    async def revision(request: Request, digest: str) -> Response:
        return await _shown(site, site.visit(request), digest)

    @router.get("/plan/{digest}/{act}")
    async def reloaded(digest: str, act: str) -> Response:
        if act not in ACTS:
            raise Refusal("no_such_page")
        known = await site.service.read(lambda reader: revision_of(reader, digest))
        return RedirectResponse(f"/plan/{known.digest}", status_code=303)

    @router.post("/plan/{digest}/{act}")
    async def act(request: Request, digest: str, act: str) -> Response:
        if act not in ACTS:
            raise Refusal("no_such_page")
        known = await site.service.read(lambda reader: revision_of(reader, digest))
        try:
            form = await site.form(request)
            await carry_out(site, request, form, ACTS[act](site, form, known.digest))
        except Refusal as refusal:
            return await _shown(site, site.visit(request).with_refusal(refusal), known.digest)
        return RedirectResponse(f"/plan/{known.digest}", status_code=303)

    return router


async def _shown(site: Site, visit: Visit, digest: str) -> HTMLResponse:
    record = await site.service.read(lambda reader: revision_of(reader, digest))
    revised = await asyncio.to_thread(site.revised, record.content)
    plant, now = site.service.plant, site.clock.now()
    content = await site.service.read(
        lambda reader: revision_page(reader, plant, revised, digest, now)
    )
    status = 409 if visit.refused else 200
    return await shell_page(site, visit, "plan_revision.html", content, status=status)


def _approve(site: Site, form: Form, digest: str) -> plan_acts.ApprovePlan:
    del site, form
    return plan_acts.approval_here(digest)


def _elsewhere(site: Site, form: Form, digest: str) -> plan_acts.ApprovePlan:
    del site
    return plan_acts.ApprovePlan(
        digest=digest,
        elsewhere_number=form.get("number", "").strip() or " ",
        elsewhere_on=day_from(form.get("on", "")),
        elsewhere_digest=form.get("picture", "").strip().lower() or None,
    )


def _schedule(site: Site, form: Form, digest: str) -> plan_acts.SchedulePlan:
    said = form.get("at", "").strip()
    at: datetime | None = instant_from(said, site.service.plant.zone) if said else None
    return plan_acts.SchedulePlan(digest=digest, effective_at=at)


def _discard(site: Site, form: Form, digest: str) -> plan_acts.DiscardPlan:
    del site
    return plan_acts.DiscardPlan(digest=digest, reason=form.get("reason", ""))


ACTS: Final[Mapping[str, Callable[[Site, Form, str], Act[Any]]]] = {
    "approve": _approve,
    "elsewhere": _elsewhere,
    "schedule": _schedule,
    "discard": _discard,
}
"""What the forms of a revision ask, by the last word of their address."""

"""`/containments`: the cases that misses opened (R24, R25)."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from redrabbit.domain import acts
from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import CheckId, ContainmentId, Letter
from redrabbit.domain.records import ContainmentRecord
from redrabbit.domain.repair import RepairCode
from redrabbit.services.ports import Reader
from redrabbit.services.queries.containment import containment_page, containments_page
from redrabbit.web.pages.forms import Form, carry_out
from redrabbit.web.pages.shell import shell_page
from redrabbit.web.rendering import Visit
from redrabbit.web.site import Site, number_in
from redrabbit.web.values import id_from, instant_from


def containment_router(site: Site) -> APIRouter:
    """Return the list of cases, one case, and its forms."""
    router = APIRouter(include_in_schema=False)

    @router.get("/containments")
    async def containments(request: Request) -> HTMLResponse:
        plant, now = site.service.plant, site.clock.now()
        views = site.service.views()
        content = await site.service.read(
            lambda reader: containments_page(reader, plant, now, views)
        )
        return await shell_page(site, site.visit(request), "containments.html", content)

    @router.get("/containments/{containment}")
    async def one_containment(request: Request, containment: str) -> Response:
        return await _shown(site, site.visit(request), _id(containment))

    @router.get("/containments/{containment}/{act}")
    async def reloaded(containment: str, act: str) -> Response:
        if act not in ASKED:
            raise Refusal("no_such_page")
        return RedirectResponse(_address(_id(containment)), status_code=303)

    @router.post("/containments/{containment}/{act}")
    async def act(request: Request, containment: str, act: str) -> Response:
        if act not in ASKED:
            raise Refusal("no_such_page")
        containment_id = _id(containment)
        try:
            form = await site.form(request)
            where = await _done(site, request, containment_id, act, form)
        except Refusal as refusal:
            return await _shown(site, site.visit(request).with_refusal(refusal), containment_id)
        return RedirectResponse(where, status_code=303)

    return router


def _id(text: str) -> ContainmentId:
    found = id_from(text, Letter.CONTAINMENT)
    if found is None:
        raise Refusal("no_such_page")
    return ContainmentId(found)


def _address(case: ContainmentId) -> str:
    return f"/containments/{quote(case, safe='')}"


async def _shown(site: Site, visit: Visit, containment_id: ContainmentId) -> HTMLResponse:
    plant, views, now = site.service.plant, site.service.views(), site.clock.now()
    try:
        content = await site.service.read(
            lambda reader: containment_page(reader, plant, containment_id, now, views)
        )
    except KeyError as error:
        raise Refusal("no_such_containment", containment=containment_id) from error
    status = 409 if visit.refused else 200
    return await shell_page(site, visit, "containment.html", content, status=status)


def repair_in(form: Form, case: ContainmentId) -> acts.RecordRepair:
    """Return what a form says was repaired: the button that was pressed, and words if there are any."""
    code = form.get("repair", "")
    if code not in set(RepairCode):
        raise Refusal("form_unreadable")
    text = form.get("text", "").strip()
    return acts.RecordRepair(containment_id=case, repair=RepairCode(code), text=text or None)


async def _done(site: Site, request: Request, case: ContainmentId, act: str, form: Form) -> str:
    """Do what the form asks and return the page that follows: of a re-verification, its station's."""
    if act == REVERIFY:
        run = await carry_out(site, request, form, await _reverification(site, case))
        return f"/stations/{quote(run.station, safe='')}"
    await carry_out(site, request, form, ACTS[act](site, form, case))
    return _address(case)


def _stop(site: Site, form: Form, case: ContainmentId) -> acts.RecordStop:
    return acts.RecordStop(
        containment_id=case,
        stopped_at=_happened_at(site, form),
        reason=form.get("reason") or None,
        box_label=form.get("label") or None,
    )


def _alternate(site: Site, form: Form, case: ContainmentId) -> acts.RecordAlternate:
    return acts.RecordAlternate(
        containment_id=case,
        began_at=_happened_at(site, form),
        reason=form.get("reason", ""),
        box_label=form.get("label", ""),
    )


def _tick(_site: Site, form: Form, case: ContainmentId) -> acts.TickReaction:
    return acts.TickReaction(containment_id=case, step=number_in(form, "step"))


def _happened_at(site: Site, form: Form) -> datetime | None:
    """Return the end of the minute that a form names, so that no window is told too short."""
    text = form.get("at", "").strip()
    if not text:
        return None
    began, now = instant_from(text, site.service.plant.zone), site.clock.now()
    return max(began, min(began + timedelta(seconds=59), now))


async def _reverification(site: Site, case: ContainmentId) -> acts.StartRun:
    def check_of_case(reader: Reader) -> str:
        found = reader.get(ContainmentRecord, case)
        if found is None:
            raise Refusal("no_such_containment", containment=case)
        return found.check_id

    return acts.StartRun(
        check_id=CheckId(await site.service.read(check_of_case)),
        occurrence_id=None,
        containment_id=case,
    )


ACTS: Final[Mapping[str, Callable[[Site, Form, ContainmentId], acts.Act[Any]]]] = {
    "stop": _stop,
    "alternate": _alternate,
    "tick": _tick,
    "repair": lambda _site, form, case: repair_in(form, case),
    "close": lambda _site, _form, case: acts.CloseContainment(containment_id=case),
}
"""What the forms of the page ask about the case, by the last word of their address."""
REVERIFY: Final = "reverify"
"""The one that starts a run."""
ASKED: Final = frozenset({*ACTS, REVERIFY})

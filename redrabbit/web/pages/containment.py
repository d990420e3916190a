"""`/containments`: the cases that misses opened (R24, R25)."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import Actor, CheckId, ContainmentId
from redrabbit.domain.records import ContainmentRecord
from redrabbit.services.ports import Reader
from redrabbit.services.queries.containment import containment_page, containments_page
from redrabbit.web.pages.forms import actor_in
from redrabbit.web.pages.shell import shell_page
from redrabbit.web.rendering import Visit
from redrabbit.web.site import Site, number_in
from redrabbit.web.values import number_from

Form = dict[str, str]


def containment_router(site: Site) -> APIRouter:
    """Return the list of cases, one case, and its forms."""
    router = APIRouter(include_in_schema=False)

    @router.get("/containments")
    async def containments(request: Request) -> HTMLResponse:
        plant, now = site.service.plant, site.clock.now()
        content = await site.service.read(lambda reader: containments_page(reader, plant, now))
        return await shell_page(site, site.visit(request), "containments.html", content)

    @router.get("/containments/{containment}")
    async def one_containment(request: Request, containment: str) -> Response:
        return await _shown(site, site.visit(request), _number(containment))

    @router.get("/containments/{containment}/{act}")
    async def reloaded(containment: str, act: str) -> Response:
        if act not in ACTS:
            raise Refusal("no_such_page")
        return RedirectResponse(f"/containments/{_number(containment)}", status_code=303)

    @router.post("/containments/{containment}/{act}")
    async def act(request: Request, containment: str, act: str) -> Response:
        if act not in ACTS:
            raise Refusal("no_such_page")
        containment_id = _number(containment)
        try:
            form = await site.form(request)
            where = await ACTS[act](site, containment_id, form, actor_in(request, form))
        except Refusal as refusal:
            return await _shown(site, site.visit(request).with_refusal(refusal), containment_id)
        return RedirectResponse(where, status_code=303)

    return router


def _number(text: str) -> ContainmentId:
    number = number_from(text)
    if number is None:
        raise Refusal("no_such_page")
    return ContainmentId(number)


async def _shown(site: Site, visit: Visit, containment_id: ContainmentId) -> HTMLResponse:
    plant, now = site.service.plant, site.clock.now()
    try:
        content = await site.service.read(
            lambda reader: containment_page(reader, plant, containment_id, now)
        )
    except KeyError as error:
        raise Refusal("no_such_containment", containment=containment_id) from error
    status = 409 if visit.refused else 200
    return await shell_page(site, visit, "containment.html", content, status=status)


async def _stop(site: Site, case: ContainmentId, form: Form, actor: Actor) -> str:
    del form
    await site.service.record_stop(case, actor=actor)
    return f"/containments/{case}"


async def _tick(site: Site, case: ContainmentId, form: Form, actor: Actor) -> str:
    await site.service.tick_reaction(case, step=number_in(form, "step"), actor=actor)
    return f"/containments/{case}"


async def _reverify(site: Site, case: ContainmentId, form: Form, actor: Actor) -> str:
    """Start the re-verification, and go to the station where it is made."""
    del form

    def check_of_case(reader: Reader) -> str:
        found = reader.get(ContainmentRecord, case)
        if found is None:
            raise Refusal("no_such_containment", containment=case)
        return found.check_id

    run = await site.service.start_run(
        check_id=CheckId(await site.service.read(check_of_case)),
        occurrence_id=None,
        containment_id=case,
        actor=actor,
    )
    return f"/stations/{run.station}"


ACTS: Final[Mapping[str, Callable[[Site, ContainmentId, Form, Actor], Awaitable[str]]]] = {
    "stop": _stop,
    "tick": _tick,
    "reverify": _reverify,
}
"""What the forms of the page do, by the last word of their address, and where they lead."""

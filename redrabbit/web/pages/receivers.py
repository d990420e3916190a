"""`/receivers`: who is told of alarms, what waits for them, what did not get there (D48)."""

from collections.abc import Callable, Mapping
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from redrabbit.domain import acts
from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import AlarmId, Letter
from redrabbit.domain.records import AlarmRecord
from redrabbit.services.queries.receivers import receivers_page
from redrabbit.web.pages.forms import Form, carry_out
from redrabbit.web.pages.shell import shell_page
from redrabbit.web.rendering import Visit
from redrabbit.web.site import Site, id_in


def receivers_router(site: Site) -> APIRouter:
    """Return the page of the receivers, and its forms."""
    router = APIRouter(include_in_schema=False)

    @router.get("/receivers")
    async def receivers(request: Request) -> HTMLResponse:
        return await _shown(site, site.visit(request))

    @router.get("/receivers/{act}")
    async def reloaded(act: str) -> Response:
        if act not in ACTS:
            raise Refusal("no_such_page")
        return RedirectResponse("/receivers", status_code=303)

    @router.post("/receivers/{act}")
    async def act(request: Request, act: str) -> Response:
        if act not in ACTS:
            raise Refusal("no_such_page")
        try:
            form = await site.form(request)
            await carry_out(site, request, form, ACTS[act](form))
        except Refusal as refusal:
            return await _shown(site, site.visit(request).with_refusal(refusal))
        return RedirectResponse("/receivers", status_code=303)

    return router


async def _shown(site: Site, visit: Visit) -> HTMLResponse:
    plant, now = site.service.plant, site.clock.now()
    content = await site.service.read(lambda reader: receivers_page(reader, plant, now))
    status = 409 if visit.refused else 200
    return await shell_page(
        site, visit, "receivers.html", content, status=status, extra={"watched": site.watched()}
    )


def _send_again(form: Form) -> acts.SendMessageAgain:
    return acts.SendMessageAgain(alarm_id=_alarm(form), receiver=form.get("receiver", ""))


def _drop(form: Form) -> acts.DropMessage:
    return acts.DropMessage(alarm_id=_alarm(form), receiver=form.get("receiver", ""))


def _test(form: Form) -> acts.TestReceiver:
    return acts.TestReceiver(receiver=form.get("receiver", ""))


def _alarm(form: Form) -> AlarmId:
    return AlarmId(id_in(form, "alarm", Letter.ALARM))


ACTS: Final[Mapping[str, Callable[[Form], acts.Act[AlarmRecord]]]] = {
    "send-again": _send_again,
    "drop": _drop,
    "test": _test,
}
"""What the forms of the page ask, by the last word of their address."""

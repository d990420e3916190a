"""`/account`: what a person who is signed in sees and changes of their own: password, PIN, where they are signed in."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from redrabbit.domain.errors import Refusal
from redrabbit.domain.session import Session
from redrabbit.services import sessions
from redrabbit.services.queries.registered_people import person_page
from redrabbit.web.pages.forms import Form
from redrabbit.web.pages.shell import shell_page
from redrabbit.web.proxies import is_confidential
from redrabbit.web.rendering import Visit
from redrabbit.web.site import Site
from redrabbit.web.visitor import asker_at, own_session, place_of
from redrabbit.web.ways import FORMS, change_by_form


def account_router(site: Site) -> APIRouter:
    """Return the page about oneself, and its forms."""
    router = APIRouter(include_in_schema=False)

    @router.get("/account")
    async def account(request: Request) -> Response:
        return await _shown(site, site.visit(request))

    @router.get("/account/{act}")
    async def reloaded(act: str) -> Response:
        if act not in ACTS:
            raise Refusal("no_such_page")
        return RedirectResponse("/account", status_code=303)

    @router.post("/account/{act}")
    async def change(request: Request, act: str) -> Response:
        if act not in ACTS:
            raise Refusal("no_such_page")
        try:
            form = await site.form(request)
            await ACTS[act](site, request, own_session(request), form)
        except Refusal as refusal:
            return await _shown(site, site.visit(request).with_refusal(refusal))
        return RedirectResponse("/account", status_code=303)

    return router


def _session(request: Request) -> Session:
    session = asker_at(request).session
    if session is None:
        raise Refusal("sign_in_required")
    return session


async def _shown(site: Site, visit: Visit) -> Response:
    session, plant = _session(visit.request), site.service.plant
    content = await site.service.read(
        lambda reader: person_page(
            reader, plant, session.person_id, visit.now, session=session.digest
        )
    )
    extra = {"is_confidential": is_confidential(visit.request), "mails": site.ways.mails}
    status = 409 if visit.refused is not None else 200
    return await shell_page(site, visit, "account.html", content, status=status, extra=extra)


async def _password(site: Site, request: Request, session: Session, form: Form) -> None:
    after = form.get("after", "")
    if after != form.get("again", ""):
        raise Refusal("password_typed_differently")
    place = place_of(request)
    await site.sign_in.change_password(session, form.get("password", ""), after, place)


async def _pin(site: Site, request: Request, session: Session, form: Form) -> None:
    place = place_of(request)
    await site.sign_in.set_pin(session, form.get("password", ""), form.get("pin", ""), place)


async def _end(site: Site, request: Request, session: Session, form: Form) -> None:
    del request
    wanted, person = form.get("session", ""), session.person_id
    if wanted:
        await site.sign_in.write(lambda uow: sessions.end_session(uow, person, wanted))
    else:
        await site.sign_in.write(lambda uow: sessions.end_sessions(uow, person, but=session.digest))


async def _ways(site: Site, request: Request, session: Session, form: Form) -> None:
    act = request.path_params["act"]
    await change_by_form(site, request, session.person_id, act, form)


ACTS: Final[Mapping[str, Callable[[Site, Request, Session, Form], Awaitable[None]]]] = {
    "password": _password,
    "pin": _pin,
    "end-sessions": _end,
    **dict.fromkeys(FORMS, _ways),
}
"""What the forms of the page ask, by the last word of their address."""

"""`/sign-in`, `/sign-out` and `/welcome/CODE`: how a person is known to this browser, and how not any more.

A password is taken only where nobody reads along (`proxies.is_confidential`). Whoever was led here from a page is led back to it.
"""

from dataclasses import dataclass
from urllib.parse import quote

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from redrabbit.domain.credential import FEWEST_CHARACTERS
from redrabbit.domain.errors import Refusal
from redrabbit.services.askers import Asker
from redrabbit.services.sessions import NewSession
from redrabbit.web.codes import REFUSALS
from redrabbit.web.cookies import forget, keep
from redrabbit.web.proxies import is_confidential
from redrabbit.web.reading_rights import Right, may
from redrabbit.web.rendering import Visit, page
from redrabbit.web.site import Site
from redrabbit.web.to_sign_in import page_of_ours
from redrabbit.web.visitor import SESSION_COOKIE, asker_at, end_session_of, place_of


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInPage:
    """What the page of signing in shows."""

    is_confidential: bool
    """A password may be typed here."""
    back_to: str
    """The page from which the person was led here; empty: none."""
    name: str
    """As it was typed before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WelcomePage:
    """What somebody sees who opens their link to set a password."""

    is_confidential: bool
    name: str
    """Whom the link is for; empty: it does not work."""
    fewest: int
    """Characters of a password."""


def sign_in_router(site: Site) -> APIRouter:
    """Return the pages of signing in and out."""
    router = APIRouter(include_in_schema=False)

    @router.get("/sign-in")
    async def sign_in(request: Request) -> Response:
        back_to = page_of_ours(request.query_params.get("to", ""))
        if asker_at(request).session is not None:
            return RedirectResponse(back_to or home_of(asker_at(request)), status_code=303)
        return _shown(site.visit(request), back_to)

    @router.post("/sign-in")
    async def signed_in(request: Request) -> Response:
        form: dict[str, str] = {}
        try:
            form = await site.form(request)
            begun = await _known(site, request, form)
        except Refusal as refusal:
            visit = site.visit(request).with_refusal(refusal)
            return _shown(visit, page_of_ours(form.get("to", "")), form.get("name", ""))
        return await _with_session(site, request, begun, page_of_ours(form.get("to", "")))

    @router.get("/sign-out")
    async def reloaded() -> Response:
        return RedirectResponse("/", status_code=303)

    @router.post("/sign-out")
    async def sign_out(request: Request) -> Response:
        await site.form(request)
        return await signed_out(site, request)

    _add_welcome(router, site)
    return router


def _add_welcome(router: APIRouter, site: Site) -> None:
    @router.get("/welcome/{code}")
    async def welcome(request: Request, code: str) -> Response:
        return await _welcome(site, site.visit(request), code)

    @router.post("/welcome/{code}")
    async def set_password(request: Request, code: str) -> Response:
        try:
            form = await site.form(request)
            password, place = _password_of(form), place_of(request)
            begun = await site.sign_in.set_password(code, password, place)
        except Refusal as refusal:
            return await _welcome(site, site.visit(request).with_refusal(refusal), code)
        return await _with_session(site, request, begun, "")


def _password_of(form: dict[str, str]) -> str:
    """Return the new password of a form; Refusal where it was not typed the same twice."""
    password = form.get("password", "")
    if password != form.get("again", ""):
        raise Refusal("password_typed_differently")
    return password


async def signed_out(site: Site, request: Request) -> Response:
    """End the session of this browser and return to the board."""
    await end_session_of(site.sign_in, request)
    answer = RedirectResponse("/", status_code=303)
    forget(answer, request, SESSION_COOKIE)
    return answer


async def _known(site: Site, request: Request, form: dict[str, str]) -> NewSession:
    place = place_of(request)
    name, password = form.get("name", ""), form.get("password", "")
    if not name.strip() or not password:
        raise Refusal("sign_in_failed")
    return await site.sign_in.with_password(name, password, place)


async def _with_session(
    site: Site, request: Request, begun: NewSession, back_to: str
) -> RedirectResponse:
    """Lead on with a new session in the browser; the one that it had ends."""
    await end_session_of(site.sign_in, request)
    to = back_to or home_of(await site.sign_in.of_session(begun.secret))
    answer = RedirectResponse(quote(to, safe="/?&=%:,+@~-._"), status_code=303)
    keep(answer, request, SESSION_COOKIE, begun.secret, max_age_s=None)
    return answer


def home_of(asker: Asker) -> str:
    """Return the page on which somebody begins who asked for none: the board; of who reads no records, what they look after."""
    is_for_people = may(asker, Right.PEOPLE) and not may(asker, Right.RECORDS)
    return "/people" if is_for_people else "/"


def _shown(visit: Visit, back_to: str, name: str = "") -> HTMLResponse:
    content = SignInPage(is_confidential=is_confidential(visit.request), back_to=back_to, name=name)
    return page(visit, "sign_in.html", content, status=_status(visit))


async def _welcome(site: Site, visit: Visit, code: str) -> HTMLResponse:
    try:
        name = (await site.sign_in.welcome(code)).name
    except Refusal as refusal:
        visit, name = visit.with_refusal(refusal), ""
    content = WelcomePage(
        is_confidential=is_confidential(visit.request), name=name, fewest=FEWEST_CHARACTERS
    )
    return page(visit, "welcome.html", content, status=_status(visit))


def _status(visit: Visit) -> int:
    return REFUSALS[visit.refused.code] if visit.refused is not None else 200

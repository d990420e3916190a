"""A page and its forms below its own address: shown, sent once, and shown again with what was refused."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from redrabbit.domain.acts import Act
from redrabbit.domain.errors import Refusal
from redrabbit.web.pages.forms import Form, carry_out
from redrabbit.web.rendering import Visit
from redrabbit.web.site import Site

Asked = Mapping[str, Callable[[Form], Act[Any]]]
"""What the forms of a page ask, by the last word of their address."""
Shown = Callable[[Site, Visit, Form], Awaitable[HTMLResponse]]
"""How a page is shown; the form is the refused one, so that nobody types it twice, and empty where none was sent."""


def page_of_acts(
    site: Site,
    address: str,
    asked: Asked,
    shown: Shown,
    *,
    there: Callable[[Form], str] = lambda _: "",
) -> APIRouter:
    """Return the routes of a page at an address; `there` is what is asked of it after a form was done: `?line=…`, or nothing."""
    router = APIRouter(include_in_schema=False)

    @router.get(address)
    async def page(request: Request) -> HTMLResponse:
        return await shown(site, site.visit(request), {})

    @router.get(f"{address}/{{act}}")
    async def reloaded(act: str) -> Response:
        if act not in asked:
            raise Refusal("no_such_page")
        return RedirectResponse(address, status_code=303)

    @router.post(f"{address}/{{act}}")
    async def act(request: Request, act: str) -> Response:
        if act not in asked:
            raise Refusal("no_such_page")
        form: Form = {}
        try:
            form = await site.form(request)
            await carry_out(site, request, form, asked[act](form))
        except Refusal as refusal:
            return await shown(site, site.visit(request).with_refusal(refusal), form)
        return RedirectResponse(f"{address}{there(form)}", status_code=303)

    return router

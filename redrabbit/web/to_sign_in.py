"""Whoever has to sign in is led to the page for it, and from there back to where they were; never to another site."""

from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse


def page_of_ours(address: str) -> str:
    """Return the address of a page of ours, as it may be led to; empty for any other text."""
    try:
        parts = urlsplit(address)
    except ValueError:  # `//[`: no page of ours has such an address
        return ""
    is_ours = address.startswith("/") and not address.startswith("//") and not parts.netloc
    if not is_ours or "\\" in address or " " in address or not address.isprintable():
        return ""
    return "" if parts.path.startswith(("/sign-", "/welcome/", "/api/", "/live/")) else address


def to_sign_in(request: Request) -> RedirectResponse:
    """Lead whoever has to sign in to the page for it, and from there back."""
    path = request.url.path
    if request.method != "GET":  # the page on which the form stands
        path = path.rpartition("/")[0] or "/"
    elif request.url.query:
        path = f"{path}?{request.url.query}"
    return RedirectResponse(f"/sign-in?{urlencode({'to': page_of_ours(path)})}", status_code=303)

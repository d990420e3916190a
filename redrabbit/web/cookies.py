"""What a browser keeps for us: every cookie is ours alone, for no script and for no other site.

Over TLS its name begins with `__Host-`, and it is Secure: then no other host of the plant's domain, no
other path and nobody who answers plain HTTP in our place can set or read it. Plain HTTP knows no such
cookies, so there it has the bare name, and is never taken for the one of TLS.

Sources: RFC 6265bis, 4.1.3 (name prefixes); OWASP Session Management cheat sheet.
"""

from typing import Final

from starlette.requests import HTTPConnection
from starlette.responses import Response

HOST_ONLY: Final = "__Host-"


def cookie_name(connection: HTTPConnection, name: str) -> str:
    """Return the name under which a cookie is kept on this connection."""
    return HOST_ONLY + name if _is_over_tls(connection) else name


def kept(connection: HTTPConnection, name: str) -> str | None:
    """Return the value of a cookie, None if the browser has none."""
    return connection.cookies.get(cookie_name(connection, name))


def keep(
    response: Response, connection: HTTPConnection, name: str, value: str, *, max_age_s: int | None
) -> None:
    """Let the browser keep a cookie; without an age until it is closed."""
    response.set_cookie(
        cookie_name(connection, name),
        value,
        max_age=max_age_s,
        httponly=True,
        secure=_is_over_tls(connection),
        samesite="strict",
        path="/",
    )


def forget(response: Response, connection: HTTPConnection, name: str) -> None:
    """Let the browser forget a cookie."""
    response.delete_cookie(
        cookie_name(connection, name),
        path="/",
        httponly=True,
        secure=_is_over_tls(connection),
        samesite="strict",
    )


def _is_over_tls(connection: HTTPConnection) -> bool:
    return str(connection.scope["scheme"]) == "https"

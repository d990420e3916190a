"""Who may reach what, whoever they are (D19): rules, form tokens, security headers.

1. The Host must be one of ours (no DNS rebinding). 2. Beyond loopback only the public pages answer
in the clear. 3. What a browser sends must come from our own pages (Origin,
Sec-Fetch-Site): acts, and reading as well, because whatever is read costs time, and a stream stays
open (D47). A person may follow a link to us, and anything may use static files. 4. Every answer
carries the security headers. Who asks over a proxy is said by `proxies`. Form tokens are signed
double-submit tokens: a cookie holds a random nonce, the form its HMAC. What was refused before (by a
budget in `fair_share` or `connections`, or by `proxies`) is answered here, like any other refusal.

Browsers send Sec-Fetch-Site to loopback and over TLS only; otherwise Origin tells of other sites'
scripts and streams, and their images and the like pass as far as the budgets let them.

Sources: OWASP Cross-Site Request Forgery Prevention and HTTP Headers cheat sheets; W3C Fetch
Metadata Request Headers.
"""

import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import URL, Headers, MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from redrabbit.base.settings import Network, is_loopback
from redrabbit.domain.errors import Refusal
from redrabbit.web.codes import REFUSALS
from redrabbit.web.cookies import kept
from redrabbit.web.proxies import BY_PROXY, PROBED, REFUSED, is_confidential, is_local

FORM_COOKIE: Final = "rr_form"
FORM_FIELD: Final = "form_token"
FORM_KEY: Final = "form_key"
"""The field that tells one showing of a form from the next."""
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
TRUST_PATHS: Final = frozenset({"/certificate", "/certificate/authority.crt"})
"""How to install the service's own authority, and the authority."""
PUBLIC_PATHS: Final = frozenset({"/", "/live/board", "/health"}) | TRUST_PATHS
MACHINE_PATHS: Final = ("/api/", "/health", "/ready", "/metrics", "/openapi.json")
"""What programs read."""
PUBLIC_PREFIX: Final = "/static/"
LOOPBACK_HOSTS: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})

HSTS_S: Final = 365 * 24 * 3600
"""For so long a browser asks by https only, once it was answered so; it counts from each answer."""

SECURITY_HEADERS: Final = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRules:
    """Who may reach what."""

    allowed_hosts: frozenset[str] = LOOPBACK_HOSTS
    """Host names without port; IPv6 in brackets."""
    look_only: bool = False
    """True: beyond this machine only the public pages answer, whoever asks (`--look-only`)."""
    is_reached: bool = False
    """True: other machines reach us, directly or by a proxy."""
    behind_proxy: tuple[Network, ...] = ()
    """Where declared proxies stand."""
    encrypts: bool = False
    """True: pages are asked for by https, and plain HTTP is only told so."""
    form_secret: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    """Signs form tokens; kept beside the ledger's key, so that a restart expires no form."""

    @classmethod
    def for_address(
        cls,
        host: str,
        allowed_hosts: Iterable[str] = (),
        *,
        look_only: bool = False,
        behind_proxy: Sequence[Network] = (),
        encrypts: bool = False,
        form_secret: bytes | None = None,
    ) -> "AccessRules":
        """Return the rules for a listening address; nobody but proxies and ourselves reaches loopback."""
        names = {_bracketed(name) for name in (*allowed_hosts, host)}
        is_reached = bool(behind_proxy) or not is_loopback(host)
        return cls(
            allowed_hosts=LOOPBACK_HOSTS | frozenset(names),
            look_only=look_only,
            is_reached=is_reached,
            behind_proxy=tuple(behind_proxy),
            encrypts=encrypts,
            form_secret=form_secret or secrets.token_bytes(32),
        )


Answer = Callable[[Scope, int, Refusal], ASGIApp]
"""Makes the answer to a refused request, in the form and language that it asks for."""


class Access:
    """Refuse what must not reach the pages, and put the security headers on every answer."""

    def __init__(self, app: ASGIApp, rules: AccessRules, answer: Answer) -> None:
        self._app = app
        self._rules = rules
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer why not."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        app = self._app
        refused = refused_request(scope, self._rules)
        if refused is not None:
            app = self._answer(scope, *refused)
        elif is_to_be_encrypted(scope, self._rules):
            app = RedirectResponse(URL(scope=scope).replace(scheme="https"), status_code=308)
        await app(scope, receive, _with_headers(send, scope))


def refused_request(scope: Scope, rules: AccessRules) -> tuple[int, Refusal] | None:
    """Return status and reason if a request must not pass."""
    refused = scope.get("state", {}).get(REFUSED)
    if refused is not None:
        return REFUSALS[refused.code], refused
    headers = Headers(scope=scope)
    host = headers.get("host", "")
    if not _is_ours(host_name(host), rules):
        return 400, Refusal("host_not_allowed", host=host)
    if is_to_be_encrypted(scope, rules):
        is_page = scope["method"] in SAFE_METHODS and not scope["path"].startswith(MACHINE_PATHS)
        return None if is_page else (403, Refusal("https_required"))
    if not is_local(scope) and not is_public(scope["path"]):
        if rules.look_only:
            return 403, Refusal("look_only")
        if not is_confidential(HTTPConnection(scope)):
            return 403, Refusal("network_not_trusted")  # over TLS people sign in: `reading_rights`
    if not _from_own_pages(headers, host) and not _is_for_all_sites(scope, headers):
        return 403, Refusal("cross_site_request")
    return None


def is_to_be_encrypted(scope: Scope, rules: AccessRules) -> bool:
    """Return whether a request came in the clear to a service that encrypts, and not for the authority's page.

    A page leads to the encrypted one. A program is refused: led on, it would send its token in the clear each time.
    """
    is_plain = rules.encrypts and scope["scheme"] == "http"
    by_proxy = scope.get("state", {}).get(BY_PROXY, False)  # how it was asked is the proxy's to say
    return is_plain and not by_proxy and not is_for_trust(scope["path"])


def is_for_trust(path: str) -> bool:
    """Return whether a path is given in the clear: what a tablet needs before it can trust us, and a probe."""
    return path in TRUST_PATHS or is_file(path) or path == PROBED


def _is_for_all_sites(scope: Scope, headers: Headers) -> bool:
    """Return whether another site may cause this: it changes nothing, and is a link or a file."""
    is_link = (
        headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    )
    return scope["method"] in SAFE_METHODS and (is_link or is_file(scope["path"]))


def _is_ours(name: str, rules: AccessRules) -> bool:
    """Return whether a Host is this service's; an address can't be rebound, so any is, if others reach us."""
    return name in rules.allowed_hosts or (rules.is_reached and _is_address(name.strip("[]")))


def is_public(path: str) -> bool:
    """Return whether a path is for everybody in the area (R35)."""
    return path in PUBLIC_PATHS or is_file(path)


def is_file(path: str) -> bool:
    """Return whether a path is that of a static file."""
    return path.startswith(PUBLIC_PREFIX) or path == "/favicon.ico"


def host_name(host: str) -> str:
    """Return the Host header without its port, in lower case."""
    name = host.rpartition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]
    return name.lower()


def new_nonce() -> str:
    """Return a fresh random value for the form cookie."""
    return secrets.token_urlsafe(24)


def form_token(rules: AccessRules, nonce: str, session: str = "") -> str:
    """Return the token that goes with a form cookie, and with the session in which the form was shown."""
    return hmac.new(rules.form_secret, f"{nonce}{session}".encode(), hashlib.sha256).hexdigest()


def form_key(rules: AccessRules, nonce: str, entries: int) -> str:
    """Return what tells the forms that a browser was shown now from those shown at another state.

    `entries` is how many entries the ledger had: whatever a form does makes more of them, so a form
    that is sent twice comes with the same key, and one that is filled in anew with another (D65).
    """
    shown = f"{nonce} {entries}".encode()
    return hmac.new(rules.form_secret, shown, hashlib.sha256).hexdigest()[:32]


def check_form_token(
    request: Request, token: object, rules: AccessRules, session: str = ""
) -> None:
    """Refuse a form that was not made for this browser, or not in this session."""
    nonce = kept(request, FORM_COOKIE) or ""
    expected = form_token(rules, nonce, session)
    if (
        not nonce
        or not isinstance(token, str)
        or not hmac.compare_digest(expected.encode(), token.encode())
    ):
        raise Refusal("form_expired")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _bracketed(host: str) -> str:
    return f"[{host}]".lower() if ":" in host and not host.startswith("[") else host.lower()


def _from_own_pages(headers: Headers, host: str) -> bool:
    """Return False where the browser itself says that another site sent the request."""
    if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = headers.get("origin")
    if origin is None:
        return True
    try:
        parts = urlsplit(origin)
    except ValueError:  # `http://[`: no browser sends it
        return False
    return parts.scheme in {"http", "https"} and parts.netloc.lower() == host.lower()


def _is_alone_on_its_host(scope: Scope) -> bool:
    """Return whether the browser asks by https without naming a port.

    What it then promises holds for every port of the host (RFC 6797, 8.3): where we have another port, other
    programs of the server may speak plain HTTP, and browsers would never reach them again.
    """
    host = Headers(scope=scope).get("host", "")
    return bool(scope["scheme"] == "https") and host_name(host) == host.lower()


def _with_headers(send: Send, scope: Scope) -> Callable[[Message], Awaitable[None]]:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY_HEADERS.items():
                headers.setdefault(name, value)
            if _is_alone_on_its_host(scope):
                headers.setdefault("strict-transport-security", f"max-age={HSTS_S}")
            if scope["path"].startswith(
                MACHINE_PATHS
            ):  # what was true a moment ago must not be read again
                headers.setdefault("cache-control", "no-store")
        await send(message)

    return send_with_headers

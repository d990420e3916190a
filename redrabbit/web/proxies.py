"""From whom a request came, where a proxy may stand between, and whether others can read along.

1. Who connects is who asks, unless it is a proxy that the site declared (`--behind-proxy`). 2. Forwarded
headers are believed from such a proxy only. From anybody else they refuse the request: either a proxy
stands there that nobody declared, and would lend its own address to everybody, or somebody forges. 3. Of
a chain the last address counts that is no declared proxy: what stands before it, anybody can have
written. 4. A proxy passes on what it doesn't write itself, so where `Forwarded` and `X-Forwarded-For`
differ neither is believed. 5. Who came over a proxy is never local. `X-Forwarded-Host` is never
believed: a script of a rebound name could set it.

A proxy on the same machine that sends none of these headers can't be told from a local browser: who
sets one up has to declare it.

Sources: RFC 7239; OWASP ASVS 5.0, 4.1.3 and 15.3.4 (headers of intermediaries).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, Final

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from redrabbit.base.settings import Network
from redrabbit.domain.errors import Refusal

REFUSED: Final = "refused"
"""Where a request's state has the Refusal with which it was refused on its way in."""
BY_PROXY: Final = "by_proxy"
"""Where a request's state says that a declared proxy brought it."""
OF_PROXIES: Final = (
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-forwarded-host",
    "x-real-ip",
    "via",
)
"""Headers that proxies write and browsers never do."""
PROBED: Final = "/health"
"""What a proxy asks for itself, to see whether we are there."""

_ELEMENT: Final = re.compile(r'\s*((?:"(?:[^"\\]|\\.)*"|[^",])*)\s*(?:,|$)')
_PAIR: Final = re.compile(r'\s*([A-Za-z]+)=("(?:[^"\\]|\\.)*"|[^\s";,]*)\s*(?:;|$)')
_WITH_PORT: Final = re.compile(r"\[([^\]]*)\](?::\d{1,5})?|([0-9.]+):\d{1,5}")

Address = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class Forwarded:
    """What one kind of header says: all addresses, the farthest first, and whether all used TLS."""

    addresses: tuple[str, ...]
    is_https: bool


class Proxies:
    """Put the client in the place of the declared proxy that brought its request."""

    def __init__(self, app: ASGIApp, networks: Sequence[Network] = ()) -> None:
        self._app = app
        self._networks = networks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on as its client's; `Access` answers what is refused."""
        if scope["type"] == "http":
            try:
                take_forwarded(scope, self._networks)
            except Refusal as refused:
                _state(scope)[REFUSED] = refused
        await self._app(scope, receive, send)


def is_proxy(address: str, networks: Sequence[Network]) -> bool:
    """Return whether an address is a declared proxy's."""
    found = _address(address)
    return found is not None and any(found in network for network in networks)


def is_local(scope: Scope) -> bool:
    """Return whether a program on this machine asks, without a proxy between."""
    client = scope.get("client")
    if client is None or scope.get("state", {}).get(BY_PROXY):
        return False
    address = _address(client[0])
    return address is not None and address.is_loopback


def is_confidential(connection: HTTPConnection) -> bool:
    """Return whether nobody on the network reads along: only then a PIN or a password is taken (D19).

    True on this machine, over our own TLS, and where a declared proxy says that it was asked by https.
    """
    return is_local(connection.scope) or connection.scope["scheme"] == "https"


def take_forwarded(scope: Scope, networks: Sequence[Network]) -> None:
    """Put client and scheme into the request's scope as its proxy says; Refusal if that can't be believed."""
    headers = Headers(scope=scope)
    peer = scope.get("client")
    peer_address = str(peer[0]) if peer is not None else ""
    if not is_proxy(peer_address, networks):
        found = next((name for name in OF_PROXIES if name in headers), None)
        if found is not None:
            raise Refusal("proxy_not_declared", header=found, address=peer_address)
        return
    _state(scope)[BY_PROXY] = True
    said = [each for each in (_of_x_forwarded(headers), _of_forwarded(headers)) if each is not None]
    if not said:
        scope["scheme"] = "http"
        if scope["path"] != PROBED:
            raise Refusal("proxy_names_nobody", address=peer_address)
        return
    clients = {str(_client_of(each.addresses, networks)) for each in said}
    if len(clients) > 1:
        raise Refusal("proxy_contradicts_itself", address=peer_address)
    scope["client"] = (clients.pop(), 0)
    scope["scheme"] = "https" if all(each.is_https for each in said) else "http"


def _client_of(addresses: Sequence[str], networks: Sequence[Network]) -> Address:
    """Return the last address that is no declared proxy, the first if all are."""
    found: Address | None = None
    for text in reversed(addresses):
        found = _address(_without_port(text))
        if found is None:
            raise Refusal("proxy_unreadable", found=text[:60])
        if not any(found in network for network in networks):
            break
    if found is None:
        raise Refusal("proxy_unreadable", found="")
    return found


def _of_x_forwarded(headers: Headers) -> Forwarded | None:
    addresses = headers.getlist("x-forwarded-for")
    if not addresses:
        return None
    schemes = [
        each.strip().lower() for each in ",".join(headers.getlist("x-forwarded-proto")).split(",")
    ]
    return Forwarded(
        addresses=tuple(each.strip() for each in ",".join(addresses).split(",")),
        is_https=all(each == "https" for each in schemes),
    )


def _of_forwarded(headers: Headers) -> Forwarded | None:
    """Read RFC 7239; an element that can't be read has no address, and is refused if it counts."""
    values = headers.getlist("forwarded")
    if not values:
        return None
    elements = [dict(_pairs(each)) for each in _elements(",".join(values))]
    return Forwarded(
        addresses=tuple(each.get("for", "") for each in elements),
        is_https=all(each.get("proto", "").lower() == "https" for each in elements),
    )


def _elements(value: str) -> Iterator[str]:
    place = 0
    while place < len(value):
        match = _ELEMENT.match(value, place)
        if match is None:  # a quotation mark that is never closed
            raise Refusal("proxy_unreadable", found=value[:60])
        yield match[1]
        place = match.end()


def _pairs(element: str) -> Iterator[tuple[str, str]]:
    place = 0
    while place < len(element):
        match = _PAIR.match(element, place)
        if match is None:
            raise Refusal("proxy_unreadable", found=element[:60])
        yield match[1].lower(), re.sub(r"\\(.)", r"\1", match[2].strip('"'))
        place = match.end()


def _without_port(text: str) -> str:
    match = _WITH_PORT.fullmatch(text)
    return text if match is None else match[1] or match[2]


def _address(text: str) -> Address | None:
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def _state(scope: Scope) -> dict[str, Any]:
    state: dict[str, Any] = scope.setdefault("state", {})
    return state

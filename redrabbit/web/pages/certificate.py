"""`/certificate`: how a tablet comes to trust the service's own authority (D45).

It is there for everybody, also by plain HTTP: who needs it trusts nothing yet. So what it gives is compared:
the fingerprint stands on the terminal of `redrabbit certificate` and in the tablet's own settings. Where
somebody else made the certificate there is no such page.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import segno
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from redrabbit.base.authority import OURS, Authority
from redrabbit.domain.errors import Refusal
from redrabbit.web.rendering import page
from redrabbit.web.site import Site

DEVICES: Final = ("android", "ipad", "windows")
"""For which the page says how, as codes of its words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificatePage:
    """What a tablet installs, and how."""

    fingerprint: tuple[str, ...]
    """SHA-256 as devices show it, in groups that break nowhere else."""
    until: datetime
    address: str
    """Of this page, for the tablet that is to trust us."""
    board: str
    """What opens without a warning afterwards."""
    qr: str
    """The address as a picture, a data URI."""
    devices: tuple[str, ...] = DEVICES


def certificate_router(site: Site) -> APIRouter:
    """Return the page, and the authority as a file."""
    router = APIRouter(include_in_schema=False)

    @router.get("/certificate")
    async def certificate(request: Request) -> HTMLResponse:
        """Say how to install the authority."""
        return page(site.visit(request), "certificate.html", _content(site, request))

    @router.get("/certificate/authority.crt")
    async def authority_file() -> Response:
        """Return the authority as every tablet takes it."""
        name = {"content-disposition": 'attachment; filename="red-rabbit-authority.crt"'}
        return Response(_authority(site).der, media_type="application/x-x509-ca-cert", headers=name)

    return router


def installed_at(name: str, port: int | None) -> str:
    """Return where a tablet finds this page: by plain HTTP, which is answered on the same port."""
    host = f"[{name}]" if ":" in name else name
    return f"http://{host}{'' if port is None else f':{port}'}/certificate"


def _content(site: Site, request: Request) -> CertificatePage:
    authority = _authority(site)
    names = site.tls.certificate.names if site.tls is not None else ()
    name = next((each for each in names if each not in OURS), "localhost")
    address = installed_at(name, request.url.port)
    groups = authority.fingerprint.split(":")
    return CertificatePage(
        fingerprint=tuple(":".join(groups[at : at + 4]) for at in range(0, len(groups), 4)),
        until=authority.holds_until,
        address=address,
        board=address.replace("http:", "https:", 1).removesuffix("certificate"),
        qr=segno.make(address, micro=False).svg_data_uri(scale=5, border=4, light="white"),
    )


def _authority(site: Site) -> Authority:
    if site.tls is None or site.tls.authority is None:
        raise Refusal("no_such_page")
    return site.tls.authority

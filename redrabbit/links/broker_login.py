"""What a broker asks for, read once, at the start, from where the plant file says (D24)."""

import re
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from redrabbit.base.certificates import CertificateUnusable
from redrabbit.base.client_tls import client_context
from redrabbit.base.secret_places import SecretPlaces, SecretUnusable, usable
from redrabbit.base.sentence import sentence, words_of
from redrabbit.domain.station import BrokerAccess, BrokerTls, MqttLink, Station

_PASSWORD: Final = re.compile(r"[ -~]+")


class BrokerUnusable(SecretUnusable):
    """What a broker asks for can't be had: of which endpoint, what was found, what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerLogin:
    """What one broker is told, and how it is judged."""

    user: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: ssl.SSLContext | None = None
    """None: nothing is encrypted."""


ANYBODY: Final = BrokerLogin()
"""Of a broker that lets everybody in, on a way that is not encrypted."""


def read_logins(
    stations: Iterable[Station], config_dir: Path, environment: Mapping[str, str]
) -> Mapping[str, BrokerLogin]:
    """Return what each broker asks for, by the name of its endpoint; BrokerUnusable names all that can't be had."""
    places = SecretPlaces(config_dir, environment)
    access = {
        each.link.endpoint: each.link.access for each in stations if isinstance(each.link, MqttLink)
    }
    found: dict[str, BrokerLogin] = {}
    problems: list[str] = []
    for endpoint, asked in access.items():
        try:
            found[endpoint] = _login(asked, places)
        except (SecretUnusable, CertificateUnusable) as unusable:
            said = sentence("endpoint {name}: {problem}", name=endpoint, problem=words_of(unusable))
            problems.append(said)
    if problems:
        raise BrokerUnusable("; ".join(problems))
    return found


def _login(access: BrokerAccess, places: SecretPlaces) -> BrokerLogin:
    password = None
    if access.password is not None:
        read = places.read(access.password.file, access.password.env)
        password = usable(*read, _PASSWORD, sentence("password"), "")
    tls = None if access.tls is None else _context(access.tls)
    return BrokerLogin(user=access.user, password=password, tls=tls)


class _ClosedIfRefused(ssl.SSLSocket):
    """A socket that closes where no encrypted way comes about: paho leaves it open then."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except (OSError, ValueError):
            self.close()
            raise


def _context(tls: BrokerTls) -> ssl.SSLContext:
    files = (tls.ca_file, tls.certificate_file, tls.key_file)
    context = client_context(*(None if file is None else Path(file) for file in files))
    context.sslsocket_class = _ClosedIfRefused
    return context

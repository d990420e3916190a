"""What whoever starts the service decides, apart from the plant's files."""

from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8080
LARGEST_LIMIT = 10_000
"""Of connections, streams, and seconds."""

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class WebLimits:
    """How much whoever looks may take of the service (D47).

    The defaults are for a hall with a screen at each of 200 stations and some boards. A client is
    one address; behind a router that hides many screens the two limits of a client must be larger.
    """

    most_connections: int = 400
    """Open at once; each is an open file of the process."""
    most_connections_per_client: int = 100
    """A browser opens up to six for each of its windows."""
    most_streams: int = 250
    """Live pages and programs that follow the ledger."""
    most_streams_per_client: int = 40
    header_deadline_s: int = 10
    """From the connection, or the request's first byte, until its header is here."""
    body_deadline_s: int = 20
    """From the end of the header until the body is here; it has at most 100 kB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeSettings:
    """How to serve one plant."""

    config_dir: Path
    database_url: str = field(repr=False)
    """May have a password in it, which no log may show (D24)."""
    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    """0 takes a free port."""
    look_only: bool = False
    """Beyond loopback the walls are shown (board, health), and nothing else is answered (D47)."""
    allowed_hosts: tuple[str, ...] = ()
    """Host names, beside the listening address, under which the pages may be asked for."""
    behind_proxy: tuple[Network, ...] = ()
    """Where the proxies stand whose forwarded headers are believed; nobody else's are."""
    tls_cert: Path | None = None
    """PEM: the server's certificate, those of its authorities behind it."""
    tls_key: Path | None = None
    own_certificate: bool = False
    """The service's own authority, beside the ledger's key, makes its certificate (D45)."""
    metrics: bool = True
    key_file: Path | None = None
    """The signing key; None: beside the SQLite file."""
    web_limits: WebLimits = WebLimits()
    plain_logs: bool = False
    """Log lines for people; otherwise each is one JSON object."""

    plant_renamed: bool = False
    """The plant's name differs from the one adopted last, and it is the same plant; for one start."""

    @property
    def listens_on_loopback(self) -> bool:
        """True where only this machine can connect."""
        return is_loopback(self.host)

    @property
    def is_encrypted(self) -> bool:
        """True where pages are asked for by https."""
        return self.own_certificate or self.tls_cert is not None


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches what listens there."""
    return host in {"127.0.0.1", "::1", "localhost"}


def network_of(text: str) -> Network:
    """Return the network that a text names, or one address; ValueError says what is wrong with it."""
    try:
        network = ip_network(text.strip())
    except ValueError as error:
        raise ValueError(f"{text.strip()!r} is no address or network: {error}") from None
    if network.prefixlen == 0:
        raise ValueError(f"{text.strip()} is every address; whoever asks would be believed")
    return network


def sqlite_url(path: Path) -> str:
    """Return the database URL of a SQLite file."""
    return f"sqlite:///{path.absolute()}"

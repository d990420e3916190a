"""What whoever starts the service decides, apart from the plant's files."""

from dataclasses import dataclass, field
from pathlib import Path

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8080


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeSettings:
    """How to serve one plant."""

    config_dir: Path
    database_url: str = field(repr=False)
    """May have a password in it, which no log may show (D24)."""
    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    """0 takes a free port."""
    trust_network: bool = False
    """Needed to listen on anything but loopback before sign-in exists (D19)."""
    allowed_hosts: tuple[str, ...] = ()
    """Host names, beside the listening address, under which the pages may be asked for."""
    metrics: bool = True
    key_file: Path | None = None
    """The signing key; None: beside the SQLite file."""
    plain_logs: bool = False
    """Log lines for people; otherwise each is one JSON object."""

    @property
    def listens_on_loopback(self) -> bool:
        """True where only this machine can connect."""
        return self.host in {"127.0.0.1", "::1", "localhost"}


def sqlite_url(path: Path) -> str:
    """Return the database URL of a SQLite file."""
    return f"sqlite:///{path.absolute()}"

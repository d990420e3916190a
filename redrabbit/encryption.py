"""What pages are encrypted with: the plant's certificate, the service's own, or nothing (D45)."""

from pathlib import Path

from redrabbit.base.authority import AuthorityFiles
from redrabbit.base.clock import Clock
from redrabbit.base.sentence import sentence
from redrabbit.base.settings import ServeSettings
from redrabbit.services.errors import StoreTrouble
from redrabbit.store.database_files import companion
from redrabbit.store.engine import parsed_url, sqlite_path
from redrabbit.web.tls import Tls, TlsFiles


def own_files(database_url: str, ledger_key: Path | None) -> AuthorityFiles:
    """Return where the service's own authority lies: beside the ledger's key; StoreTrouble if nobody says where."""
    path = sqlite_path(parsed_url(database_url))
    key = ledger_key or (path and companion(path, ".key"))
    if key is None:
        raise StoreTrouble(
            sentence(
                "PostgreSQL has no folder; expected --key FILE, the ledger's signing key, beside which the "
                "service's own authority lies"
            )
        )
    return AuthorityFiles.beside(key)


def tls_of(settings: ServeSettings, clock: Clock) -> Tls | None:
    """Return what pages are encrypted with, None if with nothing.

    Raises CertificateUnusable, AuthorityUnusable, StoreTrouble, or OSError for files that can't be had.
    """
    if settings.own_certificate:
        own = own_files(settings.database_url, settings.key_file)
        files = TlsFiles(certificate=own.server, key=own.server, own=own)
    elif settings.tls_cert is not None and settings.tls_key is not None:
        files = TlsFiles(certificate=settings.tls_cert, key=settings.tls_key)
    else:
        return None
    return Tls(files, clock, settings.allowed_hosts)

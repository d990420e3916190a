"""The certificate under which pages are served: read, judged, ready to be used (D45).

What can't be used is told in words: a key that others can read, that is encrypted or belongs to another
certificate, a file that holds none. One that has ended or does not hold yet is *not* refused: it keeps
people from pages, and refusing it would keep the service from watching stations, whenever the power
fails after its end or the clock's battery is empty. `said_of` says it, in the log and to whoever counts.

TLS 1.2 and 1.3, by Python's own list of ciphers (forward secrecy, no SHA-1).
Sources: RFC 8996 (no older versions), RFC 6125 (names), OWASP TLS cheat sheet.
"""

import ssl
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from redrabbit.base.bounded import KB, TooLarge, read_at_most
from redrabbit.base.private_files import ReadableByOthers, refuse_readable_by_others

MOST_BYTES: Final = 500 * KB
WARNED_BEFORE: Final = timedelta(days=30)
"""So long before its end a certificate is warned of."""


class CertificateUnusable(Exception):
    """Certificate and key can't be served with: what was found, what was expected, what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerCertificate:
    """A certificate with its key, ready to be used."""

    names: tuple[str, ...]
    """Host names and addresses for which it holds."""
    not_before: datetime
    not_after: datetime
    serial: int
    context: ssl.SSLContext = field(repr=False, compare=False)


def read_certificate(certificate: Path, key: Path) -> ServerCertificate:
    """Return what two PEM files hold, the certificate with those of its authorities behind it.

    Raises CertificateUnusable, OSError if a file isn't there.
    """
    first = certificate_of_key(certificate, key)
    return ServerCertificate(
        names=tuple(_names(first)),
        not_before=first.not_valid_before_utc,
        not_after=first.not_valid_after_utc,
        serial=first.serial_number,
        context=_context(certificate, key),
    )


def certificate_of_key(certificate: Path, key: Path) -> x509.Certificate:
    """Return the first certificate of a PEM file, whose key is in the other.

    Raises CertificateUnusable, also where others can read the key, OSError if a file isn't there.
    """
    try:
        refuse_readable_by_others(key, "a certificate's key")
        first = x509.load_pem_x509_certificates(read_at_most(certificate, MOST_BYTES, "PEM"))[0]
        _refuse_other_key(first, certificate, key)
    except (ReadableByOthers, TooLarge) as error:
        raise CertificateUnusable(str(error)) from None
    except ValueError:
        raise CertificateUnusable(
            f"{certificate}: found no certificate; expected PEM, -----BEGIN CERTIFICATE-----, "
            "its own first and those of its authorities behind it"
        ) from None
    return first


def said_of(certificate: ServerCertificate, now: datetime, asked_by: Iterable[str]) -> list[str]:
    """Return in words what keeps browsers from this certificate now, or will within thirty days.

    `asked_by` are the host names under which the pages are asked for.
    """
    ends = f"{certificate.not_after:%Y-%m-%d %H:%M} UTC"
    said = []
    if now < certificate.not_before:
        begins = f"{certificate.not_before:%Y-%m-%d %H:%M} UTC"
        said.append(
            f"the certificate holds from {begins} only, and it is {now:%Y-%m-%d %H:%M} UTC: browsers "
            "refuse it. Look whether the clock is right"
        )
    if now >= certificate.not_after:
        said.append(
            f"the certificate ended at {ends}: browsers refuse it. Put a new one in its place"
        )
    elif now >= certificate.not_after - WARNED_BEFORE:
        days = (certificate.not_after - now).days
        said.append(f"the certificate ends at {ends}, in {days} days. Put a new one in its place")
    missing = [name for name in asked_by if not _holds_for(certificate.names, name)]
    if missing:
        held = ", ".join(certificate.names) or "no name at all"
        said.append(f"the certificate holds for {held}, and not for {', '.join(missing)}")
    return said


def _refuse_other_key(certificate: x509.Certificate, path: Path, key_path: Path) -> None:
    content = read_at_most(key_path, MOST_BYTES, "PEM")
    try:
        key = load_pem_private_key(content, password=None)
    except TypeError:
        raise CertificateUnusable(
            f"{key_path}: the key is encrypted, and nobody is there to be asked for its password "
            "when the service starts. Keep it without one, for its owner only (0600)"
        ) from None
    except ValueError:
        raise CertificateUnusable(
            f"{key_path}: found no key; expected PEM, -----BEGIN PRIVATE KEY-----"
        ) from None
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if key.public_key().public_bytes(*form) != certificate.public_key().public_bytes(*form):
        raise CertificateUnusable(
            f"{key_path}: the key is not that of the certificate in {path}; expected the one with "
            "which it was asked for. In a file of several, the server's own certificate stands first"
        )


def _context(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(certificate, key)
    except ssl.SSLError as error:  # for instance a key of 1,024 bits, or replaced just now
        raise CertificateUnusable(
            f"{certificate} with {key} can't be used: {error.reason or error}"
        ) from None
    return context


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    addresses = found.get_values_for_type(x509.IPAddress)
    return [*found.get_values_for_type(x509.DNSName), *(str(each) for each in addresses)]


def _holds_for(names: Iterable[str], name: str) -> bool:
    wanted = name.lower().strip("[]")
    above = wanted.partition(".")[2]
    return any(each.lower() in {wanted, f"*.{above}"} for each in names)

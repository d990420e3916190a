"""The service's own certificate authority: for a plant that has none, and no public name (D45).

Tablets are told once to trust it; then the service makes its own certificates and renews them in time.
The authority's key lies beside the ledger's, for its owner only (0600), and leaves that place never.

Whoever has the key of an authority could stand in for any site that a tablet visits. So this one is
bound: it holds for the plant's own host names and for addresses that the internet doesn't route, and for
nothing else (name constraints). A tablet that trusts it gives away nothing besides.

Sources: RFC 5280, 4.2.1.10 (name constraints); Apple HT210176 (825 days at most, names in the
extension); CA/Browser Forum baseline requirements for forms, which private ones need not follow.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from redrabbit.base.bounded import KB, read_at_most
from redrabbit.base.private_files import (
    ReadableByOthers,
    refuse_readable_by_others,
    replace_private,
)
from redrabbit.base.sentence import sentence, words_of

AUTHORITY_HOLDS: Final = timedelta(days=3653)
"""Ten years: whoever walks to every tablet does not want to do it again soon."""
SERVER_HOLDS: Final = timedelta(days=397)
"""As browsers are used to; Apple refuses more than 825 days."""
RENEWED_BEFORE: Final = timedelta(days=90)
CLOCKS_DIFFER_BY: Final = timedelta(days=1)
"""A tablet's clock may be behind."""
MOST_BYTES: Final = 100 * KB
LONGEST_COMMON_NAME: Final = 64

OURS: Final = ("localhost", "127.0.0.1", "::1")
"""Every certificate holds for the server's own browser, too."""
NOT_ROUTED: Final = (
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "169.254.0.0/16",
    "127.0.0.0/8",
    "fc00::/7",
    "fe80::/10",
    "::1/128",
)
"""Addresses that mean something inside of a plant only (RFC 1918, 3927, 4193)."""

_LABEL: Final = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST_NAME: Final = re.compile(rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*")


class AuthorityUnusable(Exception):
    """The service's own authority can't be made or used: what was found, what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorityFiles:
    """Where an authority and what it made lie: beside the ledger's key."""

    key: Path
    certificate: Path
    """To be installed on tablets."""
    server: Path
    """The service's key and certificate in one file, so that they are changed as one."""

    @classmethod
    def beside(cls, ledger_key: Path) -> "AuthorityFiles":
        """Return the files that go with a ledger's key."""
        stem = ledger_key.with_suffix("")
        return cls(
            key=stem.with_name(f"{stem.name}.authority.key"),
            certificate=stem.with_name(f"{stem.name}.authority.crt"),
            server=stem.with_name(f"{stem.name}.server.pem"),
        )


@dataclass(frozen=True, slots=True)
class Authority:
    """An authority that makes certificates."""

    certificate: x509.Certificate
    _key: EllipticCurvePrivateKey

    @property
    def der(self) -> bytes:
        """Return its certificate as tablets install it."""
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def fingerprint(self) -> str:
        """Return SHA-256 of its certificate, as devices show it."""
        return self.certificate.fingerprint(SHA256()).hex(":").upper()

    @property
    def holds_until(self) -> datetime:
        """Return when it ends; what it makes ends no later."""
        return self.certificate.not_valid_after_utc

    def may_name(self, name: str) -> bool:
        """Return whether it may make a certificate for this name or address."""
        found = self.certificate.extensions.get_extension_for_class(x509.NameConstraints)
        subtrees = found.value.permitted_subtrees or []
        domains = [each.value for each in subtrees if isinstance(each, x509.DNSName)]
        networks = [each.value for each in subtrees if isinstance(each, x509.IPAddress)]
        try:
            address = ip_address(name)
        except ValueError:
            return any(name == each or name.endswith(f".{each}") for each in domains)
        return any(
            address in network
            for network in networks
            if isinstance(network, IPv4Network | IPv6Network)
        )

    def server_pem(self, names: Sequence[str], now: datetime) -> bytes:
        """Return a new key and certificate for these names, in one PEM text."""
        refused = [name for name in names if not self.may_name(name)]
        if refused:
            raise AuthorityUnusable(
                sentence(
                    "this authority may not name {refused}: tablets would not believe it. Make a new one with "
                    "--new-authority, and install it on each tablet again",
                    refused=", ".join(refused),
                )
            )
        key = generate_private_key(SECP256R1())
        named = list(dict.fromkeys([*names, *OURS]))
        until = min(now + SERVER_HOLDS, self.holds_until)
        builder = (
            _begun(self.certificate.subject, _named(named[0]), key, now, until)
            .add_extension(x509.SubjectAlternativeName(map(_general, named)), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(digital_signature=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()),
                critical=False,
            )
        )
        certificate = builder.sign(self._key, SHA256())
        return _pem(key) + certificate.public_bytes(Encoding.PEM)


def make_authority(
    files: AuthorityFiles, label: str, names: Sequence[str], now: datetime
) -> Authority:
    """Make an authority for these names and addresses, and put it into the place of an older one."""
    key = generate_private_key(SECP256R1())
    name = _named(f"Red Rabbit {label}")
    certificate = (
        _begun(name, name, key, now, now + AUTHORITY_HOLDS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(_bounds(names), critical=True)
        .sign(key, SHA256())
    )
    replace_private(files.key, _pem(key))
    replace_private(files.certificate, certificate.public_bytes(Encoding.PEM))
    return Authority(certificate, key)


def read_authority(files: AuthorityFiles) -> Authority | None:
    """Return the authority that lies there, None if there is none; AuthorityUnusable if it is damaged."""
    if not files.key.exists() and not files.certificate.exists():
        return None
    try:
        refuse_readable_by_others(files.key, "an authority's key")
        key = load_pem_private_key(read_at_most(files.key, MOST_BYTES, "a key"), password=None)
        certificate = x509.load_pem_x509_certificate(
            read_at_most(files.certificate, MOST_BYTES, "a certificate")
        )
        if not isinstance(key, EllipticCurvePrivateKey) or (
            key.public_key() != certificate.public_key()
        ):
            raise ValueError("they don't belong together")  # noqa: TRY301  because it is told as what can't be read is
    except (ReadableByOthers, OSError) as error:
        raise AuthorityUnusable(words_of(error)) from error
    except (ValueError, TypeError) as error:
        raise AuthorityUnusable(
            sentence(
                "{key} and {certificate} can't be used: {problem}. Put them back from a copy, or make new ones "
                "with --new-authority, and install the certificate on each tablet again",
                key=files.key,
                certificate=files.certificate,
                problem=words_of(error),
            )
        ) from error
    return Authority(certificate, key)


def names_of(files: AuthorityFiles) -> tuple[str, ...]:
    """Return the names of the server's certificate, without those that every one has; none if there is none.

    One for this machine only has no others: it is known by the first of those.
    """
    certificate = _server_certificate(files)
    if certificate is None:
        return ()
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    addresses = (str(each) for each in found.get_values_for_type(x509.IPAddress))
    named = (*found.get_values_for_type(x509.DNSName), *addresses)
    return tuple(name for name in named if name not in OURS) or OURS[:1]


def renew_if_due(files: AuthorityFiles, now: datetime) -> bool:
    """Make the server's certificate anew where it ends within ninety days; return whether it was made.

    Near the authority's own end a new one would hold no longer, so the old one is left.
    """
    authority, old = read_authority(files), _server_certificate(files)
    if authority is None or old is None:
        raise AuthorityUnusable(
            sentence(
                "found no certificate of the service's own at {server}; expected one that `redrabbit "
                "certificate` made",
                server=files.server,
            )
        )
    is_due = now >= old.not_valid_after_utc - RENEWED_BEFORE
    if not is_due or old.not_valid_after_utc >= authority.holds_until:
        return False
    replace_private(files.server, authority.server_pem(names_of(files), now))
    return True


def readable_name(text: str) -> str:
    """Return a host name or address as certificates have it; ValueError for anything else."""
    name = text.strip().strip("[]").lower().removesuffix(".")
    try:
        return str(ip_address(name))
    except ValueError:
        pass
    if not _HOST_NAME.fullmatch(name):
        raise ValueError(
            f"{text!r} is no host name or address; expected for example rabbit.plant.example or 192.168.1.5"
        )
    return name


def _server_certificate(files: AuthorityFiles) -> x509.Certificate | None:
    try:
        return x509.load_pem_x509_certificate(read_at_most(files.server, MOST_BYTES, "PEM"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise AuthorityUnusable(
            sentence(
                "{server} holds no certificate: {problem}",
                server=files.server,
                problem=words_of(error),
            )
        ) from error


def _begun(
    issuer: x509.Name,
    subject: x509.Name,
    key: EllipticCurvePrivateKey,
    now: datetime,
    until: datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .issuer_name(issuer)
        .subject_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCKS_DIFFER_BY)
        .not_valid_after(until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _bounds(names: Sequence[str]) -> x509.NameConstraints:
    """Return what the authority holds for: both kinds of names, because a kind left out is free."""
    asked = [_general(name) for name in ("localhost", *names)]
    domains = [each for each in asked if isinstance(each, x509.DNSName)]
    networks = [ip_network(each) for each in NOT_ROUTED]
    networks += [
        ip_network(each.value)
        for each in asked
        if isinstance(each, x509.IPAddress)
        and not any(each.value in network for network in networks)
    ]
    permitted = [*dict.fromkeys(domains), *map(x509.IPAddress, networks)]
    return x509.NameConstraints(permitted_subtrees=permitted, excluded_subtrees=None)


def _general(name: str) -> x509.DNSName | x509.IPAddress:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _named(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text[:LONGEST_COMMON_NAME])])


def _usage(
    *, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(key: EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

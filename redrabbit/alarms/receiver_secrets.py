"""What receivers need besides their address: read once, at the start, from where the plant file says.

A secret is in no configuration, ledger, log, message or page (D24): it lies in a file that only its
owner can read, outside of the configuration's folder, or in an environment variable.
"""

import re
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx2

from redrabbit.alarms.apprise_way import is_apprise_address, is_mail_server
from redrabbit.alarms.signature import signing_secret
from redrabbit.base.certificates import CertificateUnusable
from redrabbit.base.client_tls import client_context
from redrabbit.base.secret_places import SecretPlaces, SecretUnusable, usable
from redrabbit.base.sentence import sentence, words_of
from redrabbit.domain.plant import NotificationTarget, OutsideWatcher
from redrabbit.domain.secret_place import SecretPlace

_TOKEN: Final = re.compile(r"[!-~]+")
"""What a header can carry; an error about another character would quote the token."""
_WEB_ADDRESS: Final = re.compile(r"https?://[!-~]+")
_HEADER_VALUE: Final = re.compile(r"[!-~](?:[ -~]*[!-~])?")
MOST_SIGNING_SECRETS: Final = 2
"""The new one and the old one, while a receiver changes over."""


class ReceiverUnusable(SecretUnusable):
    """What a receiver needs can't be had: where it was looked for, what was found, what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverSecrets:
    """What one receiver needs."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Its token, and what else it asks for in headers."""
    signing: tuple[bytes, ...] = field(default=(), repr=False)
    """Secrets that messages are signed with, all of them."""
    tls: ssl.SSLContext | None = None
    """By which certificates its own is judged; None where nothing is encrypted."""
    apprise: str = field(default="", repr=False)
    """The address that Apprise is given; it holds secrets."""


def read_secrets(
    targets: Iterable[NotificationTarget], config_dir: Path, environment: Mapping[str, str]
) -> Mapping[str, ReceiverSecrets]:
    """Return what each receiver needs, by its name; ReceiverUnusable names all that can't be had."""
    places = _Places(config_dir, environment)
    found: dict[str, ReceiverSecrets] = {}
    problems: list[str] = []
    for target in targets:
        try:
            found[target.name] = _secrets_of(target, places)
        except SecretUnusable as unusable:
            problems.append(f"receiver {target.name}: {unusable}")
    if problems:
        raise ReceiverUnusable("; ".join(problems))
    return found


def watcher_address(
    watcher: OutsideWatcher, config_dir: Path, environment: Mapping[str, str]
) -> str:
    """Return where a watcher is pinged; ReceiverUnusable says what can't be had."""
    if watcher.url is not None:
        return watcher.url
    assert watcher.place is not None  # noqa: S101  because the plant file was checked
    try:
        return _Places(config_dir, environment).web_address(watcher.place)
    except SecretUnusable as unusable:
        raise ReceiverUnusable(
            sentence("watcher: {problem}", problem=words_of(unusable))
        ) from unusable


def mail_server(
    place: SecretPlace | None, config_dir: Path, environment: Mapping[str, str]
) -> str | None:
    """Return the Apprise address of the mail server by which people are reached, None for none; ReceiverUnusable."""
    if place is None:
        return None
    try:
        return _Places(config_dir, environment).mail_server(place)
    except SecretUnusable as unusable:
        raise ReceiverUnusable(
            sentence("mail: {problem}", problem=words_of(unusable))
        ) from unusable


def _secrets_of(target: NotificationTarget, places: "_Places") -> ReceiverSecrets:
    headers = {name: places.header_value(place) for name, place in target.headers}
    if target.token is not None:
        token = places.token(target.token)
        headers |= (
            {target.token_header: token}
            if target.token_header
            else {"Authorization": f"Bearer {token}"}
        )
    signing = () if target.signing_secret is None else places.signing_secrets(target.signing_secret)
    apprise = "" if target.apprise is None else places.apprise_address(target.apprise)
    return ReceiverSecrets(headers=headers, signing=signing, tls=tls_of(target), apprise=apprise)


def tls_of(target: NotificationTarget) -> ssl.SSLContext | None:
    """Return by what a webhook's certificate is judged; made once, because it takes long."""
    if target.url is None or not target.url.lower().startswith("https:"):
        return None
    if target.ca_file is None:
        return httpx2.create_ssl_context(trust_env=False)
    try:
        return client_context(Path(target.ca_file))
    except CertificateUnusable as error:
        raise ReceiverUnusable(words_of(error)) from error


class _Places:
    """Where secrets of receivers may lie."""

    def __init__(self, config_dir: Path, environment: Mapping[str, str]) -> None:
        self._places = SecretPlaces(config_dir, environment)

    def token(self, place: SecretPlace) -> str:
        """Return a token, which has no blanks."""
        return usable(*self._read(place), _TOKEN, sentence("token"), sentence(" without blanks"))

    def web_address(self, place: SecretPlace) -> str:
        """Return an address that can be posted to."""
        text, where = self._read(place)
        return usable(
            text.strip(), where, _WEB_ADDRESS, sentence("http:// or https:// address"), ""
        )

    def header_value(self, place: SecretPlace) -> str:
        """Return the value of a header, which may have blanks inside."""
        return usable(*self._read(place), _HEADER_VALUE, sentence("header's value"), "")

    def apprise_address(self, place: SecretPlace) -> str:
        """Return one address that Apprise knows a way to."""
        text, where = self._read(place)
        address = usable(
            text.strip(), where, _TOKEN, sentence("Apprise address"), sentence(" without blanks")
        )
        if not is_apprise_address(address):
            raise ReceiverUnusable(
                sentence(
                    "{where} holds no address that Apprise knows; see its documentation",
                    where=where,
                )
            )
        return address

    def mail_server(self, place: SecretPlace) -> str:
        """Return the address of a mail server, which names nobody to send to."""
        address = self.apprise_address(place)
        if not is_mail_server(address):
            raise ReceiverUnusable(
                sentence(
                    "{where} holds no mail server; expected mailtos://…?from=…, without to",
                    where=place.file or place.env,
                )
            )
        return address

    def signing_secrets(self, place: SecretPlace) -> tuple[bytes, ...]:
        """Return one secret, or two with a blank or a line's end between them."""
        text, where = self._read(place)
        written = text.split()
        if not 1 <= len(written) <= MOST_SIGNING_SECRETS:
            raise ReceiverUnusable(
                sentence("{where} does not hold one signing secret, or two", where=where)
            )
        try:
            return tuple(signing_secret(each) for each in written)
        except ValueError as error:
            raise ReceiverUnusable(
                sentence(
                    "{where} holds no signing secret: {problem}",
                    where=where,
                    problem=words_of(error),
                )
            ) from None

    def _read(self, place: SecretPlace) -> tuple[str, str]:
        return self._places.read(place.file, place.env)

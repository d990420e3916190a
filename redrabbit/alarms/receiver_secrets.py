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
from redrabbit.base.bounded import KB, read_at_most
from redrabbit.base.private_files import ReadableByOthers, refuse_readable_by_others
from redrabbit.base.sentence import sentence, system_words, words_of
from redrabbit.domain.plant import NotificationTarget, OutsideWatcher, SecretPlace

MOST_CHARACTERS: Final = 4096
"""Longer than any token that a header takes."""
MOST_CERTIFICATE_BYTES: Final = 500 * KB
"""Twice what all public authorities together have."""
_TOKEN: Final = re.compile(r"[!-~]+")
"""What a header can carry; an error about another character would quote the token."""
_WEB_ADDRESS: Final = re.compile(r"https?://[!-~]+")
_HEADER_VALUE: Final = re.compile(r"[!-~](?:[ -~]*[!-~])?")
MOST_SIGNING_SECRETS: Final = 2
"""The new one and the old one, while a receiver changes over."""


class ReceiverUnusable(Exception):
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
        except ReceiverUnusable as unusable:
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
    except ReceiverUnusable as unusable:
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
    except ReceiverUnusable as unusable:
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
    path = Path(target.ca_file)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts nobody until told whom
    try:
        pem = read_at_most(path, MOST_CERTIFICATE_BYTES, "certificates in PEM").decode("ascii")
        context.load_verify_locations(cadata=pem)
    except (ssl.SSLError, ValueError):
        raise ReceiverUnusable(
            sentence("{path} holds no certificates; expected PEM", path=path)
        ) from None
    except OSError as error:
        raise ReceiverUnusable(
            sentence("{path}: {problem}", path=path, problem=system_words(error))
        ) from error
    return context


class _Places:
    """Where secrets may lie."""

    def __init__(self, config_dir: Path, environment: Mapping[str, str]) -> None:
        self._config_dir = config_dir.resolve()
        self._environment = environment

    def token(self, place: SecretPlace) -> str:
        """Return a token, which has no blanks."""
        return _usable(*self._read(place), _TOKEN, sentence("token"), sentence(" without blanks"))

    def web_address(self, place: SecretPlace) -> str:
        """Return an address that can be posted to."""
        text, where = self._read(place)
        return _usable(
            text.strip(), where, _WEB_ADDRESS, sentence("http:// or https:// address"), ""
        )

    def header_value(self, place: SecretPlace) -> str:
        """Return the value of a header, which may have blanks inside."""
        return _usable(*self._read(place), _HEADER_VALUE, sentence("header's value"), "")

    def apprise_address(self, place: SecretPlace) -> str:
        """Return one address that Apprise knows a way to."""
        text, where = self._read(place)
        address = _usable(
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
        """Return what stands there, and how the place is called."""
        if place.file is not None:
            return self._of_file(Path(place.file)), place.file
        assert place.env is not None  # noqa: S101  because the plant file was checked
        if place.env not in self._environment:
            raise ReceiverUnusable(sentence("the environment has no variable {env}", env=place.env))
        return self._environment[place.env], f"the variable {place.env}"

    def _of_file(self, path: Path) -> str:
        if path.resolve().is_relative_to(self._config_dir):
            raise ReceiverUnusable(
                sentence("{path} lies in the configuration's folder; move it out", path=path)
            )
        try:
            if path.exists() and not path.is_file():  # a pipe would be waited for
                raise ReceiverUnusable(sentence("{path} is no file", path=path))
            refuse_readable_by_others(path, "a secret")
            with path.open("rb") as file:
                content = file.read(MOST_CHARACTERS + 2)  # two more: its line end
        except ReadableByOthers as error:
            raise ReceiverUnusable(words_of(error)) from error
        except OSError as error:
            raise ReceiverUnusable(
                sentence("{path}: {problem}", path=path, problem=system_words(error))
            ) from error
        return content.decode("ascii", errors="replace").rstrip("\r\n")


def _usable(text: str, where: str, form: re.Pattern[str], what: str, more: str) -> str:
    """Return the text; what is wrong with it is said without showing it."""
    if not form.fullmatch(text) or len(text) > MOST_CHARACTERS:
        raise ReceiverUnusable(
            sentence(
                "{where} does not hold one {what}; expected one line of at most {limit} visible ASCII "
                "characters{more}",
                where=where,
                what=what,
                limit=MOST_CHARACTERS,
                more=more,
            )
        )
    return text

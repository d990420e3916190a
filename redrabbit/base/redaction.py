"""What looks like a secret in a text: found, named without being shown, and removed (D24).

Rules: a configuration holds no secret, it names a file or a variable that does. So addresses with
user and password, parameters and keys named like secrets, and private keys are refused when files
are read (`secrets_in`, `names_a_secret`), and whatever slipped through, comments above all, is
removed from what the ledger keeps for ever (`redacted`). No rule finds every secret: a long random
path in a webhook's address is not found.

Every pattern is linear in the length of the text, which may be a stranger's: each tries a word from
its beginning only, once.
"""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote

from redrabbit.base.sentence import sentence

REMOVED: Final = "(removed)"
"""Stands where something was removed; plain text in YAML, CSV and addresses alike."""

_SUSPECT_WORDS: Final = (
    r"passw(?:or)?d|passphrase|pwd|secret|token|api[_-]?key|(?:private|access|signing)[_-]?key"
    r"|credentials?|authorization|auth|bearer|signature|jwt|密码|口令|密钥|令牌"
)
_SECRET_NAME: Final = re.compile(rf"(?i)(?:{_SUSPECT_WORDS})s?$")
_SECRET_PARAMETER: Final = re.compile(
    r"(?i)(?:^|[_.-])(?:key|sig|sas|pass|pw|pin|otp|code|session)$"
)
"""In an address these are secrets, too; elsewhere a plant may call a signal so."""

_USER_INFO: Final = re.compile(r"(?<![^\s\"'<>])((?>[^\s\"'<>]*?://))[^\s\"'<>]*@")
"""Up to the last `@`, because a password may hold slashes; in a path it is written %40."""
_USER_INFO_BARE: Final = re.compile(r"(?<![^\s\"'])[^\s/@:\"']+:[^\s@\"']+@(?=[\w.\[\]:-]+:[0-9])")
_PARAMETER: Final = re.compile(r"([?&;#]([^=&;#?\s\"']+)=)([^&;#\s\"',}\]]+)")
_NAMED: Final = re.compile(
    rf"(?i)((?:{_SUSPECT_WORDS})s?[\"']?[ \t]*[:=][ \t]*(?:(?:basic|bearer|digest)[ \t]+)?)"
    r"(\"[^\"\n]*\"|'[^'\n]*'|[^\s,;}\]{\[\"'|>&*#(][^\s,;}\]\"']*)"
)
_BEARER: Final = re.compile(r"(?i)(\bbearer\s+)([A-Za-z0-9+/_=.~-]{8,})")
_PRIVATE_KEY: Final = re.compile(r"PRIVATE\+KEY\+\S+|-----BEGIN [A-Z ]*PRIVATE KEY-----\S*")
_TELLS_OF_SECRETS: Final = re.compile(
    rf"(?i)(?:{_SUSPECT_WORDS})(?!s?[_-](?:file|env|header))|private key|@[\w.-]+:[0-9]"
)
_NUMBER: Final = re.compile(r"[-+]?[0-9.]+")


def names_a_secret(name: str) -> bool:
    """Tell whether a key of this name would hold a secret itself; `token_file` names where it is."""
    return bool(_SECRET_NAME.search(name.strip()))


def secrets_in(text: str) -> list[str]:
    """Return what in the text looks like a secret, in words that don't show it."""
    found = []
    if _USER_INFO.search(text) or _USER_INFO_BARE.search(text):
        found.append("an address with a user or password in it ('@')")
    if "://" in text:
        found += [
            sentence("an address with the parameter {name!r}", name=unquote(name))
            for _, name, value in _PARAMETER.findall(text)
            if _is_secret_parameter(name) and value != REMOVED
        ]
    if _PRIVATE_KEY.search(text):
        found.append("a private key")
    return found


def masked(text: str) -> str:
    """Return the text without what looks like a secret; what is left means what it meant."""
    text = _PRIVATE_KEY.sub(REMOVED, text)
    text = _USER_INFO.sub(rf"\1{REMOVED}@", text)
    text = _USER_INFO_BARE.sub(f"{REMOVED}@", text)
    text = _PARAMETER.sub(_masked_parameter, text)
    text = _BEARER.sub(rf"\1{REMOVED}", text)
    return _NAMED.sub(_masked_value, text)


def redacted(files: Mapping[str, str]) -> Mapping[str, str]:
    """Return a configuration's files as the ledger may keep them for ever.

    Comments stay unless one looks as if it told of a secret: then its whole block goes. The digest
    of a configuration is over its true texts, never over these.
    """
    return {
        name: masked(_without_telling_comments(text) if name.endswith(".yaml") else text)
        for name, text in files.items()
    }


def _masked_parameter(found: re.Match[str]) -> str:
    return f"{found[1]}{REMOVED}" if _is_secret_parameter(found[2]) else found[0]


def _is_secret_parameter(name: str) -> bool:
    plain = unquote(name)
    return names_a_secret(plain) or bool(_SECRET_PARAMETER.search(plain))


def _masked_value(found: re.Match[str]) -> str:
    """Mask a value, but no bare number: a failure mode `wrong_token: 17` has a reject code."""
    return found[0] if _NUMBER.fullmatch(found[2]) else f"{found[1]}{REMOVED}"


def _without_telling_comments(text: str) -> str:
    if not _tells_of_a_secret(text):
        return text
    lines = text.split("\n")
    starts = _comments(lines)
    told = {n for n, at in starts.items() if _tells_of_a_secret(lines[n][at:])}
    for step in (1, -1):  # the lines below and above in one block belong to what it tells
        for number in sorted(told, reverse=step < 0):
            near = number + step
            while near in starts and near not in told and not lines[near][: starts[near]].strip():
                told.add(near)
                near += step
    for number in told:
        lines[number] = f"{lines[number][: starts[number]]}# {REMOVED}"
    return "\n".join(lines)


def _tells_of_a_secret(words: str) -> bool:
    return bool(_TELLS_OF_SECRETS.search(words) or _USER_INFO.search(words))


def _comments(lines: list[str]) -> dict[int, int]:
    """Return where YAML comments begin, by line number: behind a blank and outside of quotes."""
    starts: dict[int, int] = {}
    quote, escaped = "", False
    for number, line in enumerate(lines):
        before = ""
        for column, character in enumerate(line):
            if quote:
                closes = character == quote and not escaped
                escaped = quote == '"' and character == "\\" and not escaped
                quote = "" if closes else quote
            elif character in _QUOTES and (
                before in _QUOTES_OPEN_AFTER or line[column - 1 : column] == character == "'"
            ):
                quote = character
            elif character == "#" and line[column - 1 : column] in _BEFORE_COMMENT:
                starts[number] = column
                break
            before = character if not character.isspace() else before
    return starts


_QUOTES: Final = frozenset("\"'")
_QUOTES_OPEN_AFTER: Final = frozenset(("", *":,[{-?"))
"""Elsewhere a quote is a character like others: `the device's signal`. (`''` within single quotes
is a quote.)"""
_BEFORE_COMMENT: Final = frozenset(("", " ", "\t"))

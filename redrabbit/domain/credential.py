"""What a person knows to show who they are: a password in the office, a PIN at the station; and what makes one good.

Sources: OWASP ASVS 4.0.3 level 2, 2.1 (passwords: 12 to 128 characters, any of them, no rules of composition, none that
is known) and 2.8; NIST SP 800-63B 5.1.1. Known means: on a list that is part of the software, so that no network is asked; or
made of something on it, of a name that anybody here knows, or of a sequence.
"""

import unicodedata
from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from typing import ClassVar, Final

from redrabbit.domain.beside import Beside
from redrabbit.domain.errors import Refusal

FEWEST_CHARACTERS: Final = 12
MOST_CHARACTERS: Final = 128
FEWEST_DIGITS: Final = 6
MOST_DIGITS: Final = 12
FEWEST_OWN: Final = 8
"""So many characters of a password are neither a name that is known here nor a word of the list."""

FEWEST_OF_NAME: Final = 3
"""A shorter name stands in many words by chance."""
MOST_DECORATION: Final = 6
"""So many digits and signs around a word hide it from nobody."""
MOST_ALIKE: Final = 3
"""A password of no more than three different characters is a pattern."""

FEWEST_OF_ROW: Final = 4
"""So many characters along a row of keys, or of one character, are a pattern wherever they stand."""

_ROWS: Final = (
    "abcdefghijklmnopqrstuvwxyz",
    "0123456789",
    "qwertyuiop",
    "qwertzuiop",
    "asdfghjkl",
    "zxcvbnm",
    "yxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "qazwsxedcrfvtgbyhnujmikolp",
)
_TRIVIAL_PINS: Final = frozenset(
    {"112233", "159753", "147258", "258369", "147369", "789456", "520131", "5201314"}
)
"""Patterns of a keypad, and what means *I love you for ever* in Chinese."""
_LOOKS_LIKE: Final = str.maketrans("013457@$!", "oleastasi")
_REFUSED: Final = frozenset({"Cc", "Cs", "Co", "Cn"})


class CredentialKind(StrEnum):
    """What it is that a person knows."""

    PASSWORD = "password"  # noqa: S105  because it is the name of a kind, not a secret
    PIN = "pin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential(Beside):
    """What is kept of a person's password or PIN."""

    TABLE: ClassVar[str] = "credentials"
    KEY: ClassVar[tuple[str, ...]] = ("person_id", "kind")

    person_id: str
    kind: CredentialKind
    hash: str
    """Argon2id over what was typed and the pepper of this installation."""
    set_at: datetime


def composed(typed: str) -> str:
    """Return a password as it is hashed: however a keyboard composes a letter, it is the same (NIST SP 800-63B, NFKC)."""
    return unicodedata.normalize("NFKC", typed)


def refuse_weak_password(
    password: str, *, common: Container[str], names: Iterable[str] = ()
) -> None:
    """Refuse a password that others would try first: too short, too long, known.

    `common` are well-known ones in small letters. `names` are what anybody here knows: of the person, of the plant.
    """
    typed = composed(password)
    if len(typed) < FEWEST_CHARACTERS:
        raise Refusal("password_too_short", limit=FEWEST_CHARACTERS)
    if len(typed) > MOST_CHARACTERS:
        raise Refusal("password_too_long", limit=MOST_CHARACTERS)
    if any(unicodedata.category(character) in _REFUSED for character in typed):
        raise Refusal("password_character")
    folded = typed.casefold()
    own = _without_rows(folded)
    cores = _cores(folded) | _cores(own)
    if len(own) < FEWEST_OWN or any(_is_known(each, common) for each in cores):
        raise Refusal("password_common")
    if len(_without_rows(_without(folded, names))) < FEWEST_OWN:
        raise Refusal("password_of_a_name")


def refuse_weak_pin(pin: str, *, names: Iterable[str] = ()) -> None:
    """Refuse a PIN that isn't six to twelve digits, or that others would try first."""
    if not (pin.isascii() and pin.isdigit() and FEWEST_DIGITS <= len(pin) <= MOST_DIGITS):
        raise Refusal("pin_form", fewest=FEWEST_DIGITS, most=MOST_DIGITS)
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    is_a_sequence = len(steps) == 1 and steps <= {0, 1, 9}
    if (
        is_a_sequence
        or pin in _TRIVIAL_PINS
        or _units(pin) != {pin}
        or any(pin in name for name in names)
    ):
        raise Refusal("pin_trivial")


def _cores(password: str) -> set[str]:
    """Return what a password may be made of: itself, without decoration, without repetition, with letters for digits."""
    decoration = "".join(character for character in password if not character.isalpha())
    core = password.strip(decoration)
    found = {password} | ({core} if len(password) - len(core) <= MOST_DECORATION else set())
    found |= {unit for each in found for unit in _units(each)}
    return found | {each.translate(_LOOKS_LIKE) for each in found}


def _is_known(text: str, common: Container[str]) -> bool:
    """Return whether a text in small letters is one that others would try first."""
    return text in common or len(set(text)) <= MOST_ALIKE or _is_a_row(text)


def _units(text: str) -> set[str]:
    """Return each text of which this one is a repetition, itself among them."""
    return {
        text[:length]
        for length in range(1, len(text) + 1)
        if text[:length] * (len(text) // length) == text
    }


def _is_a_row(text: str) -> bool:
    """Return whether a text goes along a row of keys or the alphabet, in either direction, from anywhere."""
    again = len(text) + 1  # a row may be gone along from anywhere, and from its end on anew
    return any(text in each * again for row in _ROWS for each in (row, row[::-1]))


def _without_rows(password: str) -> str:
    """Return what is left of a password in small letters without what goes along a row of keys or repeats one character."""
    left, at = "", 0
    while at < len(password):
        length = _row_from(password[at:])
        if length < FEWEST_OF_ROW:
            left += password[at]
        at += length if length >= FEWEST_OF_ROW else 1
    return left


def _row_from(text: str) -> int:
    """Return how many of the first characters of a text go along a row of keys, or are one character."""
    length = 1
    while length < len(text) and (
        len(set(text[: length + 1])) == 1 or _is_a_row(text[: length + 1])
    ):
        length += 1
    return length


def _without(password: str, names: Iterable[str]) -> str:
    """Return what is left of a password where the names that anybody knows are taken out, however they are written."""
    written = {each for name in names for each in _ways_to_write(composed(name).casefold())}
    for name in sorted(written, key=lambda name: (-len(name), name)):
        if len(name) >= FEWEST_OF_NAME:
            password = password.replace(name, "")
    return password


def _ways_to_write(name: str) -> set[str]:
    """Return a name as it is, its words and each two of them written together: `Chen Jing` is in `jingchen`, too."""
    words = "".join(each if each.isalnum() else " " for each in name).split()
    return {name, "".join(words), *words, *(a + b for a in words for b in words if a != b)}

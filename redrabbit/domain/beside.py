"""Rows that stand beside the ledger: kept here only, under no seal, and never told to anybody (D13, D23).

What proves who somebody is (digests of passwords, of sessions, of tokens) belongs to one installation. It is no record: no
entry folds to it, no export carries it, and losing all of it loses no history. Of secrets only digests are kept.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final, TypeVar

SECRET_BYTES: Final = 32
"""256 bits: nobody tries them all, so a plain digest keeps such a secret (OWASP ASVS 4.0.3, 2.9.2 and 3.2.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """A row of one of these tables.

    Field types are those of a record, less `Json`. Rows are found by key, or by fields that are equal.
    """

    TABLE: ClassVar[str]
    KEY: ClassVar[tuple[str, ...]]
    INDEXES: ClassVar[tuple[tuple[str, ...], ...]] = ()


B = TypeVar("B", bound=Beside)


def new_secret() -> str:
    """Return a fresh secret of 43 characters that fit into an address, a cookie and a header."""
    return secrets.token_urlsafe(SECRET_BYTES)


def digest_of(secret: str) -> str:
    """Return what is kept of a random secret: SHA-256, hex.

    Not for passwords and PINs, which people choose: those are hashed slowly (`redrabbit.base.password_hashing`).
    """
    return hashlib.sha256(secret.encode("utf-8")).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenSecret(Beside):
    """What an enrolled station screen shows to be the one that was enrolled."""

    TABLE: ClassVar[str] = "screen_secrets"
    KEY: ClassVar[tuple[str, ...]] = ("digest",)

    digest: str
    screen_id: str
    made_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSecret(Beside):
    """What a program shows to use a token."""

    TABLE: ClassVar[str] = "token_secrets"
    KEY: ClassVar[tuple[str, ...]] = ("token_id",)

    token_id: str
    digest: str
    made_at: datetime

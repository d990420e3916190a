"""API tokens: what programs act with, on a person's behalf, within scopes and for a time (R19, D65).

The secret is shown once; of it only a digest is kept, in a local table.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from redrabbit.domain.facts.fact import (
    Changes,
    Fact,
    Json,
    Look,
    Put,
    Record,
    did,
    did_not,
    found,
    json_of,
    made,
)
from redrabbit.domain.facts.person import PersonRecord
from redrabbit.domain.identity import How, PersonId, PlantLetter, TokenId, number_in_plant
from redrabbit.domain.ledger import Entry, from_json


class Scope(StrEnum):
    """What a token lets a program do, beside all that needs no sign-in."""

    READ = "read"
    LEDGER_READ = "ledger:read"
    RUN = "run"
    """Start a run, scan, say that the part is presented, give back, give up; never confirm."""
    PARTS_QUARANTINE = "parts:quarantine"
    PAUSE = "pause"
    """Declare a line not producing for at most 24 hours, and end that."""
    ALARMS = "alarms"
    """Acknowledge alarms, and send their messages again."""
    EVENTS = "events"
    """Tell what happened in production: a changeover, a change of tool, a new lot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRecord(Record):
    """One token of one owner."""

    TABLE: ClassVar = "tokens"
    KEY: ClassVar = ("token_id",)
    LETTER: ClassVar = PlantLetter.TOKEN
    STREAM: ClassVar = "stream"

    token_id: TokenId
    stream: str
    number: int
    name: str
    """What it is for, for example `MES Changchun`."""
    person_id: PersonId
    """Its owner: a token is worth nothing once its owner is disabled."""
    scopes: Json
    """A list of `Scope`."""
    line: str | None
    """None: all lines."""
    expires_at: datetime
    issued_at: datetime
    issued_by: str
    issued_how: How
    issued_entry: int
    revoked_at: datetime | None
    revoked_by: str | None
    revoked_how: How | None
    revoked_entry: int | None

    @property
    def allowed(self) -> frozenset[Scope]:
        """Its scopes."""
        scopes = from_json(self.scopes)
        assert isinstance(scopes, list)  # noqa: S101  its fold wrote one
        return frozenset(Scope(scope) for scope in scopes)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenIssued(Fact):
    """A program was given a token."""

    TYPE: ClassVar = "token_issued"

    token_id: TokenId
    name: str
    person_id: PersonId
    """Its owner."""
    scopes: tuple[Scope, ...]
    line: str | None
    """None: all lines."""
    expires_at: datetime
    """Up to, not including; at most 400 days after it was issued."""

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Keep the token."""
        found(look, PersonRecord, self.person_id)
        token = made(
            TokenRecord,
            self,
            stream=entry.stream,
            number=number_in_plant(self.token_id),
            scopes=json_of(self.scopes),
            **did("issued", entry),
            **did_not("revoked"),
        )
        return (Put(token),)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRevoked(Fact):
    """A token is worth nothing any more."""

    TYPE: ClassVar = "token_revoked"

    token_id: TokenId

    def fold(self, entry: Entry, look: Look) -> Changes:
        """End the token."""
        revoked = replace(
            found(look, TokenRecord, self.token_id),
            **did("revoked", entry),
        )
        return (Put(revoked),)

"""Roles granted to people, per line and with dates (R19, R47, D45).

A grant is never changed: another line, role or end is a grant of its own, and the old one is revoked. A
deputy has a grant with an end that says for whom.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from redrabbit.domain.facts.fact import (
    Changes,
    Fact,
    Look,
    Put,
    Record,
    did,
    did_not,
    found,
    made,
)
from redrabbit.domain.facts.person import PersonRecord
from redrabbit.domain.identity import GrantId, How, PersonId, PlantLetter, number_in_plant
from redrabbit.domain.ledger import Entry
from redrabbit.domain.role import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleGrantRecord(Record):
    """One role of one person, on one line or all, from and until when."""

    TABLE: ClassVar = "role_grants"
    KEY: ClassVar = ("grant_id",)
    LETTER: ClassVar = PlantLetter.GRANT
    STREAM: ClassVar = "stream"

    grant_id: GrantId
    stream: str
    number: int
    person_id: PersonId
    role: Role
    line: str | None
    """None: on all lines, and for what belongs to none."""
    from_at: datetime
    until_at: datetime | None
    """Up to, not including; None: no end."""
    deputy_for: PersonId | None
    """Whose deputy they are meanwhile; None: nobody's."""
    granted_at: datetime
    granted_by: str
    granted_how: How
    granted_entry: int
    revoked_at: datetime | None
    revoked_by: str | None
    revoked_how: How | None
    revoked_entry: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleGranted(Fact):
    """A person was given a role."""

    TYPE: ClassVar = "role_granted"

    grant_id: GrantId
    person_id: PersonId
    role: Role
    line: str | None
    """None: on all lines, and for what belongs to none."""
    from_at: datetime
    until_at: datetime | None
    """Up to, not including; None: no end."""
    deputy_for: PersonId | None

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Keep the grant; LookupError for a person who was never registered."""
        found(look, PersonRecord, self.person_id)
        grant = made(
            RoleGrantRecord,
            self,
            stream=entry.stream,
            number=number_in_plant(self.grant_id),
            **did("granted", entry),
            **did_not("revoked"),
        )
        return (Put(grant),)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleRevoked(Fact):
    """A grant ended before its time, for good."""

    TYPE: ClassVar = "role_revoked"

    grant_id: GrantId

    def fold(self, entry: Entry, look: Look) -> Changes:
        """End the grant."""
        revoked = replace(
            found(look, RoleGrantRecord, self.grant_id),
            **did("revoked", entry),
        )
        return (Put(revoked),)

"""Badges: which code stands for whom (R19, D45).

The ledger never has the code itself: `badge_id` is a keyed digest of it, and the key is a local file of the
plant. A badge says who somebody is; it is possession and no proof.
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
from redrabbit.domain.identity import BadgeId, How, PersonId
from redrabbit.domain.ledger import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class BadgeRecord(Record):
    """One badge, as it was issued last."""

    TABLE: ClassVar = "badges"
    KEY: ClassVar = ("badge_id",)

    badge_id: BadgeId
    """HMAC-SHA-256 of its code under the plant's pepper, hex."""
    person_id: PersonId
    provisional_until: datetime | None
    """A badge that was taught in at a station stands for nobody from then on; None: no such end."""
    issued_at: datetime
    issued_by: str
    issued_how: How
    issued_entry: int
    revoked_at: datetime | None
    revoked_by: str | None
    revoked_how: How | None
    revoked_entry: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BadgeIssued(Fact):
    """A badge stands for a person from now on; taught in at a station it does so for a day (D45)."""

    TYPE: ClassVar = "badge_issued"

    badge_id: BadgeId
    person_id: PersonId
    provisional_until: datetime | None

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Let the badge stand for this person, whomever it stood for before."""
        found(look, PersonRecord, self.person_id)
        badge = made(
            BadgeRecord,
            self,
            **did("issued", entry),
            **did_not("revoked"),
        )
        return (Put(badge),)


@dataclass(frozen=True, slots=True, kw_only=True)
class BadgeRevoked(Fact):
    """A badge stands for nobody any more: lost, given back, or replaced."""

    TYPE: ClassVar = "badge_revoked"

    badge_id: BadgeId

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Let the badge stand for nobody."""
        revoked = replace(
            found(look, BadgeRecord, self.badge_id),
            **did("revoked", entry),
        )
        return (Put(revoked),)

"""Challenge parts: registered, released and quarantined, missing and found (L5, L6, R04).

Their custody also moves with the runs that take them: see `redrabbit.domain.facts.run`.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import ClassVar

from redrabbit.domain.challenge_part import Category, Custody, PartState
from redrabbit.domain.facts.codec import plain
from redrabbit.domain.facts.fact import Changes, Fact, Json, Look, Put, Record, found, made
from redrabbit.domain.ledger import Entry, canonical_text
from redrabbit.domain.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengePartRecord(Record):
    """One part's state, uses and custody."""

    TABLE: ClassVar = "challenge_parts"
    KEY: ClassVar = ("part_id",)

    part_id: str
    name: Json
    category: Category
    failure_mode: str | None
    storage: str
    valid_until: date
    wear_limit_uses: int | None
    state: PartState
    state_reason: str | None
    custody: Custody
    custody_at: datetime
    run_id: int | None
    """The run that has it out."""
    uses: int


def _part(look: Look, part_id: str) -> ChallengePartRecord:
    return found(look, ChallengePartRecord, part_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartRegistered(Fact):
    """The configuration named the part, or changed what it says of it."""

    TYPE: ClassVar = "part_registered"

    part_id: str
    name: Text
    category: Category
    failure_mode: str | None
    """None: a good master."""
    storage: str
    valid_until: date
    """Plant-local; the last day on which it may be used."""
    wear_limit_uses: int | None
    certified_on: date | None
    measured: str | None
    """The measured value with its unit, from certification."""
    state: PartState
    state_reason: str | None

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Register the part, or adopt what changed about it; its custody and uses stay."""
        name = Json(canonical_text(plain(self.name)))
        known = look(ChallengePartRecord, self.part_id)
        new = made(
            ChallengePartRecord,
            self,
            name=name,
            custody=known.custody if known else Custody.STORED,
            custody_at=known.custody_at if known else entry.occurred_at,
            run_id=known.run_id if known else None,
            uses=known.uses if known else 0,
        )
        return (Put(new),)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartStateChanged(Fact):
    """The part was released, quarantined or retired."""

    TYPE: ClassVar = "part_state_changed"

    part_id: str
    state: PartState
    state_reason: str | None

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Keep its state and why."""
        del entry
        part = _part(look, self.part_id)
        return (Put(replace(part, state=self.state, state_reason=self.state_reason)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartMissing(Fact):
    """The part is not where it should be: not back in time, or seen where it must not be (L5)."""

    TYPE: ClassVar = "part_missing"

    part_id: str
    run_id: int | None
    station: str | None
    device: str | None

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Mark the part as missing."""
        part = _part(look, self.part_id)
        return (Put(replace(part, custody=Custody.MISSING, custody_at=entry.occurred_at)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartFound(Fact):
    """A missing part is back in its place."""

    TYPE: ClassVar = "part_found"

    part_id: str

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Take it back into its place."""
        part = _part(look, self.part_id)
        at = entry.occurred_at
        return (Put(replace(part, custody=Custody.STORED, custody_at=at, run_id=None)),)

"""Challenge parts: registered, released and quarantined, missing and found (L5, L6, R04).

A piece stands on its home stream, and only facts of that stream change it (D50): a run on its home
line moves its custody with the run's own facts; a run elsewhere hands it over by one fact on each
stream. Under schema 1 pieces stood on the stream of the plant; the first registration under schema 2
gives each its home.
"""

import json
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar

from redrabbit.domain.challenge_part import Category, Custody, PartState
from redrabbit.domain.facts.fact import Changes, Fact, Json, Look, Put, Record, found, json_of, made
from redrabbit.domain.identity import How, RunId
from redrabbit.domain.ledger import Entry
from redrabbit.domain.text import Text


class PartStateCode(StrEnum):
    """Why a part's state changed."""

    PERSON = "person"
    """Somebody's decision; their words stand beside."""
    NOT_IN_CONFIGURATION = "not_in_configuration"
    QUARANTINED_BEFORE = "quarantined_before"
    """It came back into the configuration: people had quarantined it before it left, and nobody released it since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengePartRecord(Record):
    """One piece's state, uses and custody."""

    TABLE: ClassVar = "challenge_parts"
    KEY: ClassVar = ("part_id",)

    part_id: str
    stream: str
    """Its home: the line, or `plant` where it belongs to none."""
    home_is_settled: bool
    """False under schema 1, which had all pieces on `plant`; from then on a home never changes."""
    kind: str
    """The kind of challenge part that it is a piece of (D36)."""
    name: Json
    category: Category
    failure_mode: str | None
    storage: str
    valid_until: date
    certified_on: date | None
    measured: str | None
    drawing_revision: str | None
    wear_limit_uses: int | None
    state: PartState
    state_code: PartStateCode | None
    state_text: str | None
    state_by: str
    state_how: How
    state_entry: int
    state_at: datetime
    custody: Custody
    custody_at: datetime
    run_id: RunId | None
    """The run that has it out."""
    uses: int
    entry: int
    """Index of the ledger entry that last changed what it is, or whether it may be used; not where it is."""
    all_who_quarantined: Json | None
    """A list of the ids of all people who quarantined it since it was last released; see `taken_out_by`."""

    @property
    def taken_out_by(self) -> list[str]:
        """Who quarantined it since it was last released, each once, the first one first: nobody of them is another person."""
        return (
            [] if self.all_who_quarantined is None else list(json.loads(self.all_who_quarantined))
        )


def _taken_out_by(known: ChallengePartRecord | None, state: PartState, entry: Entry) -> Json | None:
    """Return who quarantined a piece since its last release, once an entry has said its state.

    A piece that left the configuration keeps them, as it can come back.
    """
    before = [] if known is None else known.taken_out_by
    if state is PartState.QUARANTINED and entry.actor.how is not How.SYSTEM:
        before = [*dict.fromkeys((*before, entry.actor.id))]
    is_out = state in {PartState.QUARANTINED, PartState.RETIRED}
    return json_of(before) if is_out and before else None


def _part(look: Look, part_id: str) -> ChallengePartRecord:
    return found(look, ChallengePartRecord, part_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartRegistered(Fact):
    """The configuration named the piece, or changed what it says of it."""

    TYPE: ClassVar = "part_registered"

    part_id: str
    kind: str
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
    drawing_revision: str | None
    state: PartState
    state_code: PartStateCode | None
    state_text: str | None

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Register the piece, or adopt what changed about it; its custody and uses stay."""
        known = look(ChallengePartRecord, self.part_id)
        as_before = known is not None and known.state is self.state
        new = made(
            ChallengePartRecord,
            self,
            stream=entry.stream,
            home_is_settled=entry.schema > 1,
            name=json_of(self.name),
            state_by=known.state_by if known and as_before else entry.actor.id,
            state_how=known.state_how if known and as_before else entry.actor.how,
            state_entry=known.state_entry if known and as_before else entry.index,
            state_at=known.state_at if known and as_before else entry.occurred_at,
            custody=known.custody if known else Custody.STORED,
            custody_at=known.custody_at if known else entry.occurred_at,
            run_id=known.run_id if known else None,
            uses=known.uses if known else 0,
            entry=entry.index,
            all_who_quarantined=_taken_out_by(known, self.state, entry),
        )
        return (Put(new),)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartStateChanged(Fact):
    """The piece was released, quarantined or retired."""

    TYPE: ClassVar = "part_state_changed"

    part_id: str
    state: PartState
    state_code: PartStateCode | None
    state_text: str | None

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Keep its state, who changed it and why."""
        known = _part(look, self.part_id)
        changed = replace(
            known,
            state=self.state,
            state_code=self.state_code,
            state_text=self.state_text,
            state_by=entry.actor.id,
            state_how=entry.actor.how,
            state_entry=entry.index,
            state_at=entry.occurred_at,
            entry=entry.index,
            all_who_quarantined=_taken_out_by(known, self.state, entry),
        )
        return (Put(changed),)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartMissing(Fact):
    """The piece is not where it should be: not back in time, or seen where it must not be (L5)."""

    TYPE: ClassVar = "part_missing"

    part_id: str
    run_id: RunId | None
    station: str | None
    device: str | None
    box_label: str | None
    """Of the box in which it should have lain, if one."""

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Mark the piece as missing."""
        part = _part(look, self.part_id)
        return (Put(replace(part, custody=Custody.MISSING, custody_at=entry.occurred_at)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartFound(Fact):
    """A missing piece is back in its place."""

    TYPE: ClassVar = "part_found"

    part_id: str

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Take it back into its place."""
        part = _part(look, self.part_id)
        at = entry.occurred_at
        return (Put(replace(part, custody=Custody.STORED, custody_at=at, run_id=None)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartHandedOver(Fact):
    """A run of another line took the piece (D50): the fact on its home stream."""

    TYPE: ClassVar = "part_handed_over"

    part_id: str
    to_line: str
    run_id: RunId
    use_number: int

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Give it out: one use more."""
        out = replace(
            _part(look, self.part_id),
            custody=Custody.ISSUED,
            custody_at=entry.occurred_at,
            run_id=self.run_id,
            uses=self.use_number,
        )
        return (Put(out),)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartHandedBack(Fact):
    """A run of another line gave the piece back (D50): the fact on its home stream."""

    TYPE: ClassVar = "part_handed_back"

    part_id: str
    from_line: str
    run_id: RunId

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Take it back into its place."""
        part = _part(look, self.part_id)
        at = entry.occurred_at
        return (Put(replace(part, custody=Custody.STORED, custody_at=at, run_id=None)),)

"""Revisions of the control plan that the database owns: stored, approved, scheduled, in force, superseded (D44, D45, D55).

They stand on the plant's stream. A plan that a plant keeps only as a file is no such record: `configuration_adopted` has it. What is
in force is told by `in_force_changed`, as ever; the facts here say how a revision came to that.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar

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
from redrabbit.domain.identity import How
from redrabbit.domain.ledger import Entry, JsonValue


class PlanState(StrEnum):
    """How far a revision is."""

    DRAFT = "draft"
    APPROVED = "approved"
    """A person approved it, or says where it was; it has no moment yet from which it counts."""
    SCHEDULED = "scheduled"
    IN_FORCE = "in_force"
    SUPERSEDED = "superseded"
    """Another one took effect after it; it may be scheduled again."""
    DISCARDED = "discarded"


class PlanOrigin(StrEnum):
    """Whose a revision is."""

    FILE = "file"
    """The configuration's file gave it before its time: by file, not approved by a person (D66)."""
    IMPORT = "import"
    """A person stored it."""


class HeldBackCode(StrEnum):
    """Why a scheduled revision did not take effect."""

    DOES_NOT_FIT = "does_not_fit"
    """It does not fit the stations and parts of the plant any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDifference:
    """One difference between two revisions."""

    code: str
    """`check_new`, `check_left_out`, `schedule`, …: which words say it."""
    check_id: str
    params: Mapping[str, JsonValue]
    """The values in these words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRevisionRecord(Record):
    """One revision of the control plan with its content, and how far it is."""

    TABLE: ClassVar = "plan_revisions"
    KEY: ClassVar = ("digest",)

    digest: str
    """SHA-256, hex, over the content."""
    plan_number: str
    plan_revision: str
    origin: PlanOrigin
    content: str
    """The plan in the words of the plan file."""
    state: PlanState
    entry: int
    """Index of the entry that last changed it."""
    source_file: str | None
    """The file that a person gave, by its name, and the digest of its bytes."""
    source_digest: str | None
    compared_with: str | None
    """The plan in force when it was stored, as printed on records."""
    difference: Json
    """A list of `PlanDifference` to that one."""
    answers: Json
    """What whoever stored it answered to the questions of the import, by the place in the file or the check."""
    stored_by: str
    stored_how: How
    stored_entry: int
    stored_at: datetime
    approved_by: str | None
    approved_how: How | None
    approved_entry: int | None
    approved_at: datetime | None
    elsewhere_number: str | None
    """Of the document by which it was approved in another system."""
    elsewhere_on: date | None
    elsewhere_digest: str | None
    """SHA-256, hex, of the picture or file that shows that approval."""
    scheduled_by: str | None
    scheduled_how: How | None
    scheduled_entry: int | None
    scheduled_at: datetime | None
    effective_at: datetime | None
    """From when on it counts, or counted."""
    superseded_at: datetime | None
    discarded_by: str | None
    discarded_how: How | None
    discarded_entry: int | None
    discarded_at: datetime | None
    discarded_text: str | None
    """Why, in a person's words."""
    held_back_code: HeldBackCode | None
    """Why it did not take effect when it was to."""
    held_back_text: str | None

    @property
    def label(self) -> str:
        """As printed on records, for example `CP-204 rev F`."""
        return f"{self.plan_number} rev {self.plan_revision}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRevisionStored(Fact):
    """A revision was stored as a draft; nothing follows from it yet."""

    TYPE: ClassVar = "plan_revision_stored"

    digest: str
    """SHA-256, hex, over the content."""
    number: str
    revision: str
    origin: PlanOrigin
    content: str
    """The plan in the words of the plan file."""
    source_file: str | None
    source_digest: str | None
    """SHA-256, hex, over the bytes of the file that was given."""
    compared_with: str | None
    """The plan in force, as printed on records."""
    difference: tuple[PlanDifference, ...]
    answers: Mapping[str, JsonValue]

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Keep it as a draft; LookupError where it is known and was not discarded."""
        known = look(PlanRevisionRecord, self.digest)
        if known is not None and known.state is not PlanState.DISCARDED:
            raise LookupError(f"plan revision {self.digest} is stored already")
        stored = made(
            PlanRevisionRecord,
            self,
            plan_number=self.number,
            plan_revision=self.revision,
            state=PlanState.DRAFT,
            entry=entry.index,
            difference=json_of(self.difference),
            answers=json_of(self.answers),
            **did("stored", entry),
            **did_not("approved"),
            elsewhere_number=None,
            elsewhere_on=None,
            elsewhere_digest=None,
            **did_not("scheduled"),
            effective_at=None,
            superseded_at=None,
            **did_not("discarded"),
            discarded_text=None,
            held_back_code=None,
            held_back_text=None,
        )
        return (Put(stored),)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRevisionApproved(Fact):
    """A person approved a revision, or says by which document it was approved elsewhere."""

    TYPE: ClassVar = "plan_revision_approved"

    digest: str
    elsewhere_number: str | None
    elsewhere_on: date | None
    elsewhere_digest: str | None = None
    """SHA-256, hex, of the picture or file that shows that approval."""

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Approve it; LookupError where it is no draft."""
        known = _in(look, self.digest, PlanState.DRAFT)
        approved = _changed(
            known,
            entry,
            state=PlanState.APPROVED,
            elsewhere_number=self.elsewhere_number,
            elsewhere_on=self.elsewhere_on,
            elsewhere_digest=self.elsewhere_digest,
            **did("approved", entry),
        )
        return (approved,)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRevisionScheduled(Fact):
    """A revision is to count from an instant on."""

    TYPE: ClassVar = "plan_revision_scheduled"

    digest: str
    effective_at: datetime

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Schedule it, or change its instant; LookupError for a draft that a person stored, and for one in force."""
        known = found(look, PlanRevisionRecord, self.digest)
        by_file = known.origin is PlanOrigin.FILE and known.state is PlanState.DRAFT
        if known.state not in MAY_BE_SCHEDULED and not by_file:
            raise LookupError(f"plan revision {self.digest} is {known.state.value}")
        scheduled = _changed(
            known,
            entry,
            state=PlanState.SCHEDULED,
            effective_at=self.effective_at,
            superseded_at=None,
            held_back_code=None,
            held_back_text=None,
            **did("scheduled", entry),
        )
        return (scheduled,)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRevisionDiscarded(Fact):
    """A revision that never took effect is not wanted any more; it stays on record."""

    TYPE: ClassVar = "plan_revision_discarded"

    digest: str
    reason_text: str | None
    """In a person's words; null: the file does not have it any more."""

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Discard it; LookupError where it is or was in force."""
        known = _in(look, self.digest, *MAY_BE_DISCARDED)
        discarded = _changed(
            known,
            entry,
            state=PlanState.DISCARDED,
            effective_at=None,
            discarded_text=self.reason_text,
            **did("discarded", entry),
        )
        return (discarded,)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRevisionHeldBack(Fact):
    """A scheduled revision could not take effect at its instant; the one before goes on."""

    TYPE: ClassVar = "plan_revision_held_back"

    digest: str
    code: HeldBackCode
    text: str
    """What is wrong, as `check-config` says it."""

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Take its instant away; it stays approved."""
        known = _in(look, self.digest, PlanState.SCHEDULED)
        back = _changed(
            known,
            entry,
            state=PlanState.APPROVED if known.approved_at is not None else PlanState.DRAFT,
            effective_at=None,
            held_back_code=self.code,
            held_back_text=self.text,
        )
        return (back,)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRevisionTookEffect(Fact):
    """A scheduled revision is in force from here on."""

    TYPE: ClassVar = "plan_revision_took_effect"

    digest: str

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Put it in force; LookupError where nobody scheduled it."""
        known = _in(look, self.digest, PlanState.SCHEDULED)
        return (_changed(known, entry, state=PlanState.IN_FORCE),)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRevisionSuperseded(Fact):
    """Another plan took effect after a revision."""

    TYPE: ClassVar = "plan_revision_superseded"

    digest: str

    def fold(self, entry: Entry, look: Look) -> Changes:
        """End its time; LookupError where it was not in force and not to be."""
        known = _in(look, self.digest, PlanState.IN_FORCE, PlanState.SCHEDULED)
        at = entry.occurred_at
        return (_changed(known, entry, state=PlanState.SUPERSEDED, superseded_at=at),)


MAY_BE_SCHEDULED = frozenset({PlanState.APPROVED, PlanState.SCHEDULED, PlanState.SUPERSEDED})
MAY_BE_DISCARDED = frozenset({PlanState.DRAFT, PlanState.APPROVED, PlanState.SCHEDULED})


def _in(look: Look, digest: str, *states: PlanState) -> PlanRevisionRecord:
    known = found(look, PlanRevisionRecord, digest)
    if known.state not in states:
        raise LookupError(f"plan revision {digest} is {known.state.value}")
    return known


def _changed(known: PlanRevisionRecord, entry: Entry, **changes: Any) -> Put:
    return Put(replace(known, entry=entry.index, **changes))

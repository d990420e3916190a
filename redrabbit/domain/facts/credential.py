"""Credentials: that somebody has a password or a PIN, and when it was set, locked or removed (R19).

The secret itself, or a digest of it, is never in the ledger: it is in a local table.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from redrabbit.domain.credential import CredentialKind
from redrabbit.domain.facts.fact import Changes, Fact, Look, Put, Record, did, found
from redrabbit.domain.facts.person import PersonRecord
from redrabbit.domain.identity import How, PersonId
from redrabbit.domain.ledger import Entry


class CredentialState(StrEnum):
    """Whether a credential can be used."""

    SET = "set"
    LOCKED = "locked"
    """After too many attempts that failed, until somebody unlocks it."""
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialRecord(Record):
    """One credential of one person; how it stands, and who last changed that."""

    TABLE: ClassVar = "credential_states"
    KEY: ClassVar = ("person_id", "kind")

    person_id: PersonId
    kind: CredentialKind
    state: CredentialState
    set_at: datetime
    """When the secret was set that is in use, or was last."""
    changed_at: datetime
    changed_by: str
    changed_how: How
    changed_entry: int


def _stands(
    look: Look, entry: Entry, person_id: PersonId, kind: CredentialKind, state: CredentialState
) -> Changes:
    if state is CredentialState.SET:
        found(look, PersonRecord, person_id)
        set_at = entry.occurred_at
    else:
        set_at = found(look, CredentialRecord, person_id, kind).set_at
    return (Put(_credential(entry, person_id, kind, state, set_at)),)


def _credential(
    entry: Entry,
    person_id: PersonId,
    kind: CredentialKind,
    state: CredentialState,
    set_at: datetime,
) -> CredentialRecord:
    return CredentialRecord(
        person_id=person_id,
        kind=kind,
        state=state,
        set_at=set_at,
        **did("changed", entry),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialSet(Fact):
    """A person has a new password or PIN."""

    TYPE: ClassVar = "credential_set"

    person_id: PersonId
    kind: CredentialKind

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Let it be used, from now on."""
        return _stands(look, entry, self.person_id, self.kind, CredentialState.SET)


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialRemoved(Fact):
    """A person's password or PIN was taken away."""

    TYPE: ClassVar = "credential_removed"

    person_id: PersonId
    kind: CredentialKind

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Let it be used no more."""
        return _stands(look, entry, self.person_id, self.kind, CredentialState.REMOVED)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkGiven(Fact):
    """Somebody was given a link with which a person sets a password, once; it stands in the ledger only."""

    TYPE: ClassVar = "link_given"

    person_id: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialLocked(Fact):
    """Too many attempts failed in a row: it can't be used until somebody unlocks it."""

    TYPE: ClassVar = "credential_locked"

    person_id: PersonId
    kind: CredentialKind

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Lock it."""
        return _stands(look, entry, self.person_id, self.kind, CredentialState.LOCKED)


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialUnlocked(Fact):
    """Somebody who may do so let a locked credential be used again."""

    TYPE: ClassVar = "credential_unlocked"

    person_id: PersonId
    kind: CredentialKind

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Unlock it; the secret is the one that was set before."""
        known = found(look, CredentialRecord, self.person_id, self.kind)
        unlocked = _credential(entry, self.person_id, self.kind, CredentialState.SET, known.set_at)
        return (Put(unlocked),)

"""Electronic signatures: who stands for which entry, in which meaning (R20)."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from redrabbit.domain.facts.approval import ApprovalRecord
from redrabbit.domain.facts.fact import Changes, Fact, Look, Put, Record, made
from redrabbit.domain.facts.person import PersonLanguage
from redrabbit.domain.identity import How, PersonId
from redrabbit.domain.ledger import Entry
from redrabbit.domain.signing import Meaning, signable
from redrabbit.domain.subject import Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureRecord(Record):
    """One signature. Whether it stands says the record that it is of: its last entry is the one that was signed."""

    TABLE: ClassVar = "signatures"
    KEY: ClassVar = ("of_entry", "meaning", "signed_by")
    INDEXES: ClassVar = (
        ("subject", "subject_id", "of_entry", "meaning", "signed_by"),
        ("signed_entry", "of_entry", "meaning", "signed_by"),
        ("shown",),
    )
    STREAM: ClassVar = "stream"

    stream: str
    of_entry: int
    """What is signed: index of the entry that had last changed the record."""
    leaf_hash: str
    """Of that entry, hex."""
    subject: Subject
    subject_id: str
    meaning: Meaning
    signed_by: str
    signed_how: How
    """By what the person showed, just before, who they are."""
    signed_entry: int
    signed_at: datetime
    auth_at: datetime
    """When they did."""
    station: str | None
    """The station whose screen was used, if one was."""
    shown: str
    """Digest of the text that was on the screen."""
    language: PersonLanguage


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureGiven(Fact):
    """A person signed an entry of this stream: the last one of a finished record."""

    TYPE: ClassVar = "signature_given"

    entry: int
    """Index of the entry that is signed."""
    leaf_hash: str
    """Its leaf hash, hex: with it nobody can put another entry in its place."""
    subject: Subject
    subject_id: str
    """The record that it finished: its run, case, part or scheduled check."""
    meaning: Meaning
    person_id: PersonId
    how: How
    """By what they showed who they are: password, or badge and PIN."""
    auth_at: datetime
    """When they did, at most a minute before."""
    shown: str
    """Digest of the blob: the text that was on the screen."""
    language: PersonLanguage
    """In which that text is."""

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Keep it, and the approval that it gives; LookupError where the entry is not the last one of that record, or the person another.

        Nobody signs one entry twice in one meaning: the first signature would be gone.
        """
        found = signable(look, self.subject, self.subject_id)
        if found is None or (found.entry, found.stream) != (self.entry, entry.stream):
            raise LookupError(
                f"{self.subject.value} {self.subject_id} does not stand as ledger[{self.entry}] left it"
            )
        if self.person_id != entry.actor.id:
            raise LookupError(f"{entry.actor.id} signs as {self.person_id}")
        if look(SignatureRecord, self.entry, self.meaning, self.person_id) is not None:
            raise LookupError(f"{self.person_id} has signed ledger[{self.entry}] before")
        signature = made(
            SignatureRecord,
            self,
            signed_entry=entry.index,
            stream=entry.stream,
            of_entry=self.entry,
            signed_by=self.person_id,
            signed_how=self.how,
            signed_at=entry.occurred_at,
            station=entry.actor.station,
        )
        approval = look(ApprovalRecord, self.entry)
        if self.subject is Subject.REQUEST and found.done_by == self.person_id:
            raise LookupError(f"{self.person_id} approves their own request")
        if approval is None or self.meaning is not Meaning.APPROVED or approval.approved_by:
            return (Put(signature),)
        approved = replace(
            approval,
            waits_until=None,
            approved_by=self.person_id,
            approved_how=self.how,
            approved_entry=entry.index,
            approved_at=entry.occurred_at,
        )
        return (Put(signature), Put(approved))

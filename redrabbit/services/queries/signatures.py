"""The signatures of a record, and what stands before whoever signs it (R20)."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.person import PersonLanguage
from redrabbit.domain.ledger import PLANT_STREAM
from redrabbit.domain.plant import Plant
from redrabbit.domain.record_query import Where, equals
from redrabbit.domain.records import PersonRecord, SignatureRecord
from redrabbit.domain.rights import roles_of_person
from redrabbit.domain.signing import Meaning, Signable, may_sign, signable
from redrabbit.domain.subject import Subject
from redrabbit.services.askers import grants_of
from redrabbit.services.ports import Reader
from redrabbit.services.queries.approvals import ApprovalShown, ApprovalState, approval_of
from redrabbit.services.queries.people import Names, Person, names_in, person
from redrabbit.services.queries.signed_text import digest_of_text, text_to_sign
from redrabbit.services.signables import leaf_of, subject_at, who_took_part

_AWAITED: Final = frozenset({ApprovalState.DUE, ApprovalState.OVERDUE})
_DIGEST: Final = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureShown:
    """One signature, and whether it still stands for the record."""

    record: SignatureRecord
    by: Person
    stands: bool
    """False where the record was changed since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignPage:
    """What is signed, by what, and who has."""

    now: datetime
    subject: Subject
    subject_id: str
    stream: str
    entry: int
    """The last entry of the record: what is signed now."""
    leaf_hash: str
    text: str
    shown: str
    """Digest of the text."""
    language: PersonLanguage
    meanings: tuple[Meaning, ...]
    """In which whoever asks may sign now; those that they gave already are left out."""
    signatures: tuple[SignatureShown, ...]
    approval: ApprovalShown | None
    """How it stands with its approval; None where nobody is asked."""
    given: tuple[Meaning, ...]
    """In which whoever asks has signed what stands here."""

    @property
    def waits(self) -> bool:
        """Whether an approval is awaited: only a signature that says so gives it."""
        return self.approval is not None and self.approval.state in _AWAITED

    @property
    def chosen(self) -> Meaning | None:
        """The meaning that is set beforehand: the awaited approval's, or the only one there is; None: none."""
        if self.waits and Meaning.APPROVED in self.meanings:
            return Meaning.APPROVED
        return self.meanings[0] if len(self.meanings) == 1 else None


def sign_page(
    reader: Reader,
    plant: Plant,
    entry: int,
    asker: PersonRecord | None,
    *,
    language: PersonLanguage,
    now: datetime,
) -> SignPage:
    """Return what stands before whoever signs the record that an entry finished; Refusal where it finished none.

    Where the record has changed since, `entry` of the page is another: the one that left it as it is.
    """
    subject, subject_id = subject_at(reader, entry)
    found = signable(reader.get, subject, subject_id)
    assert found is not None  # noqa: S101  or there would be no subject
    text = text_to_sign(reader, plant, found, language)
    names = names_in(reader)
    signatures = signatures_of(reader, names, subject, subject_id)
    return SignPage(
        now=now,
        subject=subject,
        subject_id=subject_id,
        stream=found.stream,
        entry=found.entry,
        leaf_hash=leaf_of(reader, found.entry),
        text=text,
        shown=digest_of_text(text),
        language=language,
        meanings=() if asker is None else _meanings(reader, found, asker, now),
        signatures=signatures,
        approval=approval_of(reader, names, subject, subject_id, now),
        given=tuple(
            one.record.meaning
            for one in signatures
            if one.stands and asker is not None and one.record.signed_by == asker.person_id
        ),
    )


def signatures_of(
    reader: Reader, names: Names, subject: Subject, subject_id: str
) -> tuple[SignatureShown, ...]:
    """Return the signatures of a record, in the order in which they were given; of one that is not finished, none."""
    given = reader.find(
        SignatureRecord, equals("subject", subject), equals("subject_id", subject_id)
    )
    if not given:
        return ()
    found = signable(reader.get, subject, subject_id)
    in_order = sorted(given, key=lambda one: one.signed_entry)
    return tuple(_shown(names, one, found) for one in in_order)


def some_signatures(
    reader: Reader, names: Names, *, entry: int | None, first: int, limit: int
) -> tuple[SignatureShown, ...]:
    """Return signatures from an entry of the ledger on, in order: all, or those of the record that `entry` finished."""
    if entry is not None:
        try:
            of_record = signatures_of(reader, names, *subject_at(reader, entry))
        except Refusal as refusal:
            if refusal.code == "entry_damaged":
                raise
            return ()  # it finished none
        return tuple(one for one in of_record if one.record.signed_entry >= first)[:limit]
    given = reader.find(
        SignatureRecord,
        Where("signed_entry", ">=", first),
        order_by="signed_entry",
        limit=limit,
    )
    return tuple(
        _shown(names, one, signable(reader.get, one.subject, one.subject_id)) for one in given
    )


def entry_to_sign(reader: Reader, subject: Subject, subject_id: str) -> int | None:
    """Return which entry is signed of a record; None while it is not finished."""
    found = signable(reader.get, subject, subject_id)
    return found.entry if found is not None else None


def shown_of(reader: Reader, signature: SignatureRecord) -> SignatureShown:
    """Return one signature as it stands now."""
    found = signable(reader.get, signature.subject, signature.subject_id)
    return _shown(names_in(reader), signature, found)


def _shown(names: Names, one: SignatureRecord, found: Signable | None) -> SignatureShown:
    return SignatureShown(
        record=one,
        by=person(names, one.signed_by, one.signed_how, one.signed_entry),
        stands=found is not None and found.entry == one.of_entry,
    )


def text_signed(reader: Reader, digest: str) -> str:
    """Return a text that was signed, as it was on the screen; Refusal where it is not kept, or no longer."""
    kept = reader.blob(digest) if _DIGEST.fullmatch(digest) else None  # PostgreSQL takes no NUL
    if kept is None or not reader.find(SignatureRecord, equals("shown", digest), limit=1):
        raise Refusal("no_such_text")
    return kept.decode()


def _meanings(
    reader: Reader, found: Signable, asker: PersonRecord, now: datetime
) -> tuple[Meaning, ...]:
    line = None if found.stream == PLANT_STREAM else found.stream
    roles = roles_of_person(asker, grants_of(reader, asker), line, now)
    took_part = who_took_part(reader, found)
    return tuple(
        meaning
        for meaning in found.meanings
        if may_sign(found, meaning, asker.person_id, took_part, roles)
        and reader.get(SignatureRecord, found.entry, meaning, asker.person_id) is None
    )

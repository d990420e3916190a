"""What of the ledger can be signed now, and who had a hand in it (R20)."""

from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.approval_request import ApprovalRequested
from redrabbit.domain.facts.catalogue import fact_of
from redrabbit.domain.ledger import read_entry
from redrabbit.domain.merkle import leaf_hash
from redrabbit.domain.record_query import equals, recorded
from redrabbit.domain.records import (
    ApprovalRecord,
    ChallengePartRecord,
    ContainmentRecord,
    PlanRevisionRecord,
    PresentationRecord,
    RunRecord,
)
from redrabbit.domain.signing import (
    Signable,
    hands_on_case,
    hands_on_run,
    signable,
    subject_of,
)
from redrabbit.domain.subject import Subject
from redrabbit.services.ports import Reader


def signable_at(reader: Reader, index: int) -> Signable:
    """Return the finished record that an entry left as it stands, or the request that it asks for.

    Refusal for what is no entry, one that finishes no record that is signed, and one after which its record was
    changed.
    """
    subject = _subject_at(reader, index)
    found = signable(reader.get, *subject) if subject is not None else None
    if subject is None or found is None:
        _refuse_ended(reader, index)
        raise Refusal("nothing_to_sign", entry=index)
    if found.entry != index:
        raise Refusal("record_changed", entry=index, now=found.entry)
    return found


def subject_at(reader: Reader, index: int) -> tuple[Subject, str]:
    """Return the record that an entry finished, as it stands or not; Refusal as above."""
    subject = _subject_at(reader, index)
    if subject is None or signable(reader.get, *subject) is None:
        raise Refusal("nothing_to_sign", entry=index)
    return subject


def _refuse_ended(reader: Reader, index: int) -> None:
    """Refuse what is a request that was not approved, in words of its own."""
    request = reader.get(ApprovalRecord, index)
    if request is not None and request.ended is not None:
        raise Refusal("request_ended", entry=index, ended=request.ended.value)


def leaf_of(reader: Reader, index: int) -> str:
    """Return the leaf hash of an entry, hex; KeyError if there is none."""
    return leaf_hash(reader.stored_entry(index).raw).hex()


def _subject_at(reader: Reader, index: int) -> tuple[Subject, str] | None:
    try:
        stored = reader.stored_entry(index)
    except KeyError:
        raise Refusal("no_such_entry", entry=index) from None
    try:
        fact = fact_of(read_entry(stored, index))
    except ValueError as error:
        raise Refusal("entry_damaged", entry=index, found=str(error)) from error
    if isinstance(fact, ApprovalRequested):
        return Subject.REQUEST, str(index)
    return subject_of(fact) if fact is not None else None


def who_took_part(reader: Reader, found: Signable) -> frozenset[str]:
    """Return the ids of all whom the record names as having done something of what is signed: none of them looks it over."""
    done_by = frozenset({found.done_by} if found.done_by is not None else ())
    if found.subject is Subject.RUN:
        run = recorded(reader, RunRecord, found.subject_id)
        return done_by | hands_on_run(run, _presented(reader, run))
    about: Subject = found.subject
    about_id = found.subject_id
    if about is Subject.REQUEST:
        request = recorded(reader, ApprovalRecord, found.entry)
        about, about_id = request.subject, request.subject_id
    return done_by | who_had_a_hand_in(reader, about, about_id)


def who_had_a_hand_in(reader: Reader, subject: Subject, subject_id: str) -> frozenset[str]:
    """Return the ids of all who took a part in a containment, took a challenge part out of use, or brought a control plan."""
    if subject is Subject.CONTAINMENT:
        return hands_on_case(recorded(reader, ContainmentRecord, subject_id))
    if subject is Subject.PART:
        return frozenset(recorded(reader, ChallengePartRecord, subject_id).taken_out_by)
    if subject is Subject.PLAN:
        return frozenset({recorded(reader, PlanRevisionRecord, subject_id).stored_by})
    return frozenset()


def who_ran(reader: Reader, run: RunRecord) -> frozenset[str]:
    """Return who ran it: who started it, and who took a part for it or gave one back."""
    presented = _presented(reader, run)
    hands = {by for one in presented for by in (one.issued_by, one.given_back_by)}
    return frozenset({run.started_by, *(by for by in hands if by is not None)})


def _presented(reader: Reader, run: RunRecord) -> list[PresentationRecord]:
    return reader.find(PresentationRecord, equals("run_id", run.run_id))

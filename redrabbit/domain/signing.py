"""What can be signed, in which meaning, and by whom (R20, D45).

A signature is over one entry of the ledger: the one that last changed a record that is finished. It stands for as long as
that is so. Whatever changes the record afterwards is a later entry, so nobody has to remember to take a signature
away, and none is ever deleted.

Who did a thing signs that they did it (*performed, released, disposed*); whoever looks at it signs that they looked
(*witnessed, reviewed, approved*), and is somebody else: nobody who had a hand in it, in whatever step.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from redrabbit.domain.approval import ApprovalMode
from redrabbit.domain.challenge_part import PartState
from redrabbit.domain.containment_questions import reaction_of
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.approval import ApprovalRecord
from redrabbit.domain.facts.challenge_part import (
    ChallengePartRecord,
    PartRegistered,
    PartStateChanged,
)
from redrabbit.domain.facts.containment import (
    ContainmentClosed,
    ContainmentRecord,
    ContainmentState,
)
from redrabbit.domain.facts.fact import Fact, Look
from redrabbit.domain.facts.occurrence import DecisionCode, OccurrenceDecided, OccurrenceRecord
from redrabbit.domain.facts.plan_revision import (
    PlanRevisionApproved,
    PlanRevisionDiscarded,
    PlanRevisionRecord,
    PlanState,
)
from redrabbit.domain.facts.presentation import PresentationRecord, VerdictContradicted
from redrabbit.domain.facts.run import RunClosed, RunRecord
from redrabbit.domain.ledger import PLANT_STREAM
from redrabbit.domain.role import Role
from redrabbit.domain.run_words import RunState
from redrabbit.domain.subject import Subject


class Meaning(StrEnum):
    """What somebody says by signing (R20)."""

    PERFORMED = "performed"
    WITNESSED = "witnessed"
    REVIEWED = "reviewed"
    APPROVED = "approved"
    RELEASED = "released"
    DISPOSED = "disposed"
    """The failure was dealt with: what it let through, and the device."""

    @property
    def is_own(self) -> bool:
        """Whether who did it signs so; else somebody else does."""
        return self in {Meaning.PERFORMED, Meaning.RELEASED, Meaning.DISPOSED}


_FLOOR: Final = frozenset({Role.OPERATOR, Role.SHIFT_LEADER, Role.QUALITY_ENGINEER})
_LEADING: Final = frozenset({Role.SHIFT_LEADER, Role.QUALITY_ENGINEER})
_QUALITY: Final = frozenset({Role.QUALITY_ENGINEER})

SIGNERS: Final[Mapping[Subject, Mapping[Meaning, frozenset[Role]]]] = {
    Subject.RUN: {
        Meaning.PERFORMED: _FLOOR,
        Meaning.WITNESSED: _FLOOR,
        Meaning.REVIEWED: _LEADING,
    },
    Subject.CONTAINMENT: {
        Meaning.DISPOSED: _QUALITY,
        Meaning.REVIEWED: _LEADING,
        Meaning.APPROVED: _QUALITY,
    },
    Subject.PART: {
        Meaning.RELEASED: _QUALITY,
        Meaning.REVIEWED: _LEADING,
        Meaning.APPROVED: _QUALITY,
    },
    Subject.EXCUSE: {Meaning.REVIEWED: _LEADING, Meaning.APPROVED: _LEADING},
    Subject.PLAN: {Meaning.REVIEWED: _LEADING, Meaning.APPROVED: _QUALITY},
    Subject.REQUEST: {Meaning.APPROVED: _FLOOR},  # who may: as what it asks for is approved
}
"""In which meanings each kind of record is signed, and by whom."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signable:
    """A finished record as it stands now."""

    subject: Subject
    subject_id: str
    stream: str
    entry: int
    """Index of the ledger entry that last changed it: what is signed."""
    done_by: str | None
    """Who finished it; None: nobody did, it closed by itself."""
    is_release: bool = False
    """Whether it lets a part be used."""
    about: Subject | None = None
    """Of a request: what it asks for is signed as this one is."""

    @property
    def meanings(self) -> tuple[Meaning, ...]:
        """In which meanings it can be signed, by one or another."""
        return tuple(
            meaning
            for meaning in SIGNERS[self.subject]
            if meaning is not Meaning.RELEASED or self.is_release
        )

    def signers(self, meaning: Meaning) -> frozenset[Role]:
        """Return which roles may sign it in a meaning."""
        return SIGNERS[self.about or self.subject][meaning]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a record stands, finished or not."""

    stream: str
    entry: int
    """Index of the ledger entry that last changed it."""


def standing(look: Look, subject: Subject, subject_id: str) -> Standing | None:
    """Return how a record stands for which an act may be asked; None where there is none."""
    if subject is Subject.PART:
        part = look(ChallengePartRecord, subject_id)
        return Standing(stream=part.stream, entry=part.entry) if part is not None else None
    if subject is Subject.PLAN:
        plan = look(PlanRevisionRecord, subject_id)
        return Standing(stream=PLANT_STREAM, entry=plan.entry) if plan is not None else None
    found = (
        look(ContainmentRecord, subject_id)
        if subject is Subject.CONTAINMENT
        else look(OccurrenceRecord, subject_id)
    )
    return Standing(stream=found.line, entry=found.entry) if found is not None else None


def is_as_asked(look: Look, request: ApprovalRecord) -> bool:
    """Return whether what a request is about stands as it did when it was asked."""
    now = standing(look, request.subject, request.subject_id)
    return now is not None and now.entry == request.stood_at


def subject_of(fact: Fact) -> tuple[Subject, str] | None:
    """Return which record an entry may have finished, or changed after it was; None: none that is signed.

    A request is known by its entry's index, which a fact does not say.
    """
    match fact:
        case RunClosed() | VerdictContradicted():
            return Subject.RUN, fact.run_id
        case ContainmentClosed():
            return Subject.CONTAINMENT, fact.containment_id
        case PartRegistered() | PartStateChanged():
            return Subject.PART, fact.part_id
        case OccurrenceDecided():
            return Subject.EXCUSE, fact.occurrence_id
        case PlanRevisionApproved() | PlanRevisionDiscarded():
            return Subject.PLAN, fact.digest
    return None


def signable(look: Look, subject: Subject, subject_id: str) -> Signable | None:
    """Return a record as it can be signed now; None where there is none, or it isn't finished."""
    return _SIGNABLE[subject](look, subject_id)


def _run(look: Look, run_id: str) -> Signable | None:
    run = look(RunRecord, run_id)
    if run is None or run.state is not RunState.CLOSED:
        return None
    return Signable(
        subject=Subject.RUN,
        subject_id=run_id,
        stream=run.line,
        entry=run.entry,
        done_by=run.confirmed_by,
    )


def _containment(look: Look, containment_id: str) -> Signable | None:
    case = look(ContainmentRecord, containment_id)
    if case is None or case.state is not ContainmentState.CLOSED:
        return None
    return Signable(
        subject=Subject.CONTAINMENT,
        subject_id=containment_id,
        stream=case.line,
        entry=case.entry,
        done_by=case.closed_by,
    )


def _part(look: Look, part_id: str) -> Signable | None:
    part = look(ChallengePartRecord, part_id)
    if part is None:
        return None
    return Signable(
        subject=Subject.PART,
        subject_id=part_id,
        stream=part.stream,
        entry=part.entry,
        done_by=part.state_by,
        is_release=part.state is PartState.RELEASED,
    )


def _excuse(look: Look, occurrence_id: str) -> Signable | None:
    occurrence = look(OccurrenceRecord, occurrence_id)
    if (
        occurrence is None
        or occurrence.reason_code is not DecisionCode.PERSON
        or occurrence.decided_entry is None
    ):
        return None
    return Signable(
        subject=Subject.EXCUSE,
        subject_id=occurrence_id,
        stream=occurrence.line,
        entry=occurrence.decided_entry,
        done_by=occurrence.decided_by,
    )


def _plan(look: Look, digest: str) -> Signable | None:
    """Return a revision by the entry that approved it: its content never changes, only from when it counts."""
    plan = look(PlanRevisionRecord, digest)
    if plan is None or plan.approved_entry is None or plan.state is PlanState.DISCARDED:
        return None
    return Signable(
        subject=Subject.PLAN,
        subject_id=digest,
        stream=PLANT_STREAM,
        entry=plan.approved_entry,
        done_by=plan.approved_by,
    )


def _request(look: Look, subject_id: str) -> Signable | None:
    """Return a request that waits for an approval over what still stands as it did, or that has one."""
    request = look(ApprovalRecord, int(subject_id)) if subject_id.isdecimal() else None
    if request is None or request.mode is not ApprovalMode.BEFORE:
        return None
    has_approval = request.approved_entry is not None
    if not has_approval and not (request.ended is None and is_as_asked(look, request)):
        return None
    return Signable(
        subject=Subject.REQUEST,
        subject_id=subject_id,
        stream=request.stream,
        entry=request.of_entry,
        done_by=request.decided_by,
        about=request.subject,
    )


_SIGNABLE: Final = {
    Subject.RUN: _run,
    Subject.CONTAINMENT: _containment,
    Subject.PART: _part,
    Subject.EXCUSE: _excuse,
    Subject.PLAN: _plan,
    Subject.REQUEST: _request,
}


def hands_on_run(run: RunRecord, presented: Iterable[PresentationRecord]) -> frozenset[str]:
    """Return the ids of all who did something of a run: with its parts, its feed, or its end."""
    hands = {run.started_by, run.feed_held_by, run.stopped_by, run.confirmed_by}
    for one in presented:
        hands |= {one.issued_by, one.verdict_by, one.given_back_by}
    return frozenset(hand for hand in hands if hand is not None)


def hands_on_case(case: ContainmentRecord) -> frozenset[str]:
    """Return the ids of all who did something of a containment: ended its window, repaired, did a step, closed it."""
    hands = {case.stopped_by, case.repaired_by, case.closed_by}
    hands |= {step.done_by for step in reaction_of(case)}
    return frozenset(hand for hand in hands if hand is not None)


def may_sign(
    found: Signable,
    meaning: Meaning,
    person_id: str,
    took_part: frozenset[str],
    roles: frozenset[Role],
) -> bool:
    """Return whether somebody may sign a record in a meaning; see `refuse_signature`."""
    try:
        refuse_signature(found, meaning, person_id, took_part, roles)
    except Refusal:
        return False
    return True


def refuse_signature(
    found: Signable,
    meaning: Meaning,
    person_id: str,
    took_part: frozenset[str],
    roles: frozenset[Role],
) -> None:
    """Refuse a signature that says what is not so: of another's work as one's own, of one's own as another's.

    `took_part` are the ids of who had a hand in it, `roles` those of the person on its line. A run is performed by all of
    them; a part is released, and a failure dealt with, by who said so in the end.
    """
    if meaning not in found.meanings:
        raise Refusal("meaning_does_not_fit", meaning=meaning.value)
    needed = found.signers(meaning)
    if not roles & needed:
        needs = tuple(role.value for role in Role if role in needed)
        raise Refusal("not_permitted", act="give_signature", needs=needs)
    did_it = took_part if found.subject is Subject.RUN else {found.done_by}
    if meaning.is_own and person_id not in did_it:
        raise Refusal("signed_by_who_did_it", meaning=meaning.value)
    if not meaning.is_own and person_id in took_part:
        raise Refusal("signed_by_another", meaning=meaning.value)

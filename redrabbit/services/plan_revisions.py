"""Revisions of the control plan: stored, approved, scheduled, discarded, and taken into force (D44, D45, D55).

Approved ones never change, and one number and revision is one content. Who may do it is asked by the door; what the plant wants approved by
another person, too.
"""

import hashlib
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.codec import decode
from redrabbit.domain.facts.plan_revision import (
    MAY_BE_DISCARDED,
    MAY_BE_SCHEDULED,
    HeldBackCode,
    PlanOrigin,
    PlanRevisionApproved,
    PlanRevisionDiscarded,
    PlanRevisionHeldBack,
    PlanRevisionScheduled,
    PlanRevisionStored,
    PlanRevisionSuperseded,
    PlanRevisionTookEffect,
    PlanState,
)
from redrabbit.domain.facts.plant import InForceItem, InForceKind
from redrabbit.domain.identity import AGENT, CONFIGURATION, Actor
from redrabbit.domain.ledger import PLANT_STREAM, JsonValue
from redrabbit.domain.plan_acts import ApprovePlan
from redrabbit.domain.plan_difference import plan_difference
from redrabbit.domain.plant import Plant
from redrabbit.domain.record_query import recorded
from redrabbit.domain.records import ConfigurationRecord, InForceRecord, PlanRevisionRecord
from redrabbit.domain.schedule import EveryShiftStart, next_due
from redrabbit.services.as_of import A_MOMENT, as_of
from redrabbit.services.plan_forms import FormAnswer, remember
from redrabbit.services.planning import required_reason
from redrabbit.services.ports import Reader, UnitOfWork, equals
from redrabbit.services.record_fact import record

_DIGEST: Final = re.compile("[0-9a-f]{64}")
FEWEST_LETTERS: Final = 6
"""Of a digest that name a revision."""
FURTHEST_EAST: Final = timedelta(hours=14)
"""So far ahead of UTC a plant's day may be."""
MOST_TOLD: Final = 1_000
"""Characters that are kept of why a revision was held back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPlan:
    """A control plan that somebody brings, as it would be."""

    plant: Plant
    """The plant with it in the place of its plan: so it is known to fit."""
    content: str
    source_file: str | None
    source_digest: str | None
    answers: Mapping[str, JsonValue]
    of_forms: tuple[FormAnswer, ...] = ()
    """Those of the answers that are to be remembered of their forms."""

    @property
    def digest(self) -> str:
        """Return the digest by which the revision is known."""
        return plan_item(self.plant).digest


def plan_item(plant: Plant) -> InForceItem:
    """Return what entries name of the control plan of a plant; LookupError where it was made of no files."""
    found = plan_item_of(plant)
    if found is None:
        raise LookupError("a plant without a plan file")
    return found


def plan_item_of(plant: Plant) -> InForceItem | None:
    """Return what entries name of the control plan of a plant; None where it was made of no files."""
    return next((item for item in plant.in_force if item.kind is InForceKind.PLAN), None)


def store_draft(uow: UnitOfWork, plant: Plant, new: NewPlan, *, actor: Actor) -> PlanRevisionRecord:
    """Keep a plan as a draft, with what it would change of the one in force.

    Refused where this number and revision stands for another content, or is known already.
    """
    plan, digest = new.plant.plan, new.digest
    difference = plan_difference(plant.plan, plan)
    _refuse_known(uow, plant, new, is_same=not difference)
    remember(uow, new.of_forms, actor=actor)
    stored = PlanRevisionStored(
        digest=digest,
        number=plan.number,
        revision=plan.revision,
        origin=PlanOrigin.IMPORT,
        content=new.content,
        source_file=new.source_file,
        source_digest=new.source_digest,
        compared_with=plant.plan.label,
        difference=difference,
        answers=new.answers,
    )
    record(uow, stored, stream=PLANT_STREAM, actor=actor)
    return recorded(uow, PlanRevisionRecord, digest)


def _refuse_known(uow: UnitOfWork, plant: Plant, new: NewPlan, *, is_same: bool) -> None:
    plan, label = new.plant.plan, new.plant.plan.label
    if (plan.number, plan.revision) == (plant.plan.number, plant.plan.revision):
        _refuse(label, is_same=is_same)
    for known in uow.find(
        PlanRevisionRecord,
        equals("plan_number", plan.number),
        equals("plan_revision", plan.revision),
    ):
        if known.state is not PlanState.DISCARDED:
            _refuse(label, is_same=known.digest == new.digest)
    for digest in digests_in_force(uow, plan.number, plan.revision):
        _refuse(label, is_same=digest == new.digest)


def _refuse(label: str, *, is_same: bool) -> None:
    if is_same:
        raise Refusal("plan_known_already", plan=label)
    raise Refusal("same_revision", plan=label)


def digests_in_force(reader: Reader, number: str, revision: str) -> frozenset[str]:
    """Return the digests of all plans of a number and revision that ever were in force."""
    return frozenset(
        item.digest
        for item in plans_in_force(reader)
        if (item.id, item.revision) == (number, revision)
    )


def plans_in_force(reader: Reader) -> list[InForceItem]:
    """Return every plan that ever was in force, the first one first."""
    return [
        item
        for each in reader.find(InForceRecord, order_by="entry")
        for item in (decode(InForceItem, item) for item in json.loads(each.items))
        if item.kind is InForceKind.PLAN
    ]


def approve(uow: UnitOfWork, asked: ApprovePlan, *, actor: Actor) -> PlanRevisionRecord:
    """Approve a draft, or say by which document of another system it was approved; refused for what is no draft."""
    digest = asked.digest
    approving(uow, digest)
    _refuse_unclear(asked, uow.now)
    approved = PlanRevisionApproved(
        digest=digest,
        elsewhere_number=asked.elsewhere_number,
        elsewhere_on=asked.elsewhere_on,
        elsewhere_digest=asked.elsewhere_digest,
    )
    record(uow, approved, stream=PLANT_STREAM, actor=actor)
    return recorded(uow, PlanRevisionRecord, digest)


def _refuse_unclear(asked: ApprovePlan, now: datetime) -> None:
    """Refuse a document of another system without its number or its day, and one of a day still to come, wherever one lives."""
    number, on = asked.elsewhere_number, asked.elsewhere_on
    if number is None and on is None and asked.elsewhere_digest is None:
        return
    if not (number or "").strip() or on is None or on > (now + FURTHEST_EAST).date():
        raise Refusal("plan_document_unclear")


def approving(uow: UnitOfWork, digest: str) -> PlanRevisionRecord:
    """Return the draft that could be approved now; Refusal where it could not."""
    known = revision_of(uow, digest)
    if known.state is not PlanState.DRAFT:
        raise Refusal("plan_not_so", plan=known.label, state=known.state.value)
    return known


def schedule(
    uow: UnitOfWork, plant: Plant, digest: str, *, at: datetime | None, actor: Actor
) -> PlanRevisionRecord:
    """Let an approved revision count from an instant on, from the next shift start where none is said.

    Refused for one that is not approved, for an instant that has passed, and where another one is to count from the same instant.
    """
    known = revision_of(uow, digest)
    if known.state not in MAY_BE_SCHEDULED:
        raise Refusal("plan_not_so", plan=known.label, state=known.state.value)
    effective_at = next_shift_start(plant, uow.now) if at is None else at
    if effective_at <= uow.now:
        raise Refusal("plan_instant_passed", at=effective_at)
    for other in scheduled_revisions(uow):
        if other.digest != digest and other.effective_at == effective_at:
            raise Refusal("plan_instant_taken", plan=other.label, at=effective_at)
    scheduled = PlanRevisionScheduled(digest=digest, effective_at=effective_at)
    record(uow, scheduled, stream=PLANT_STREAM, actor=actor)
    return recorded(uow, PlanRevisionRecord, digest)


def next_shift_start(plant: Plant, now: datetime) -> datetime:
    """Return when the next shift of any line begins; Refusal where no line has one."""
    starts = [
        due.due_at
        for calendar in plant.calendars.values()
        if (due := next_due(EveryShiftStart(), calendar, now, now)) is not None
    ]
    if not starts:
        raise Refusal("no_shift_start")
    return min(starts)


def discard(uow: UnitOfWork, digest: str, *, reason: str, actor: Actor) -> PlanRevisionRecord:
    """Take back a revision that never took effect; it stays on record."""
    known = revision_of(uow, digest)
    if known.state not in MAY_BE_DISCARDED:
        raise Refusal("plan_not_so", plan=known.label, state=known.state.value)
    discarded = PlanRevisionDiscarded(digest=digest, reason_text=required_reason(reason))
    record(uow, discarded, stream=PLANT_STREAM, actor=actor)
    return recorded(uow, PlanRevisionRecord, digest)


def revision_of(reader: Reader, digest: str) -> PlanRevisionRecord:
    """Return the revision of a digest; Refusal where there is none."""
    is_one = _DIGEST.fullmatch(digest) is not None  # PostgreSQL takes no NUL
    known = reader.get(PlanRevisionRecord, digest) if is_one else None
    if known is None:
        raise Refusal("no_such_plan", plan=digest[:12] if is_one else ascii(digest[:12]))
    return known


def revision_said(reader: Reader, said: str) -> PlanRevisionRecord:
    """Return the revision that somebody names, by its label, its revision, or the beginning of its digest; Refusal where it is not one."""
    found = [
        each
        for each in reader.find(PlanRevisionRecord)
        if said in {each.label, each.plan_revision}
        or (len(said) >= FEWEST_LETTERS and each.digest.startswith(said))
    ]
    wanted = [each for each in found if each.state is not PlanState.DISCARDED] or found
    if len(wanted) != 1:
        raise Refusal("no_such_plan", plan=said)
    return wanted[0]


def plan_digest_at(reader: Reader, at: datetime) -> str | None:
    """Return the digest of the plan that was in force at an instant, as it is known now; None where none was."""
    began = [each for each in reader.find(InForceRecord) if each.since_at <= at]
    if not began:
        return None
    last = max(began, key=lambda each: (each.since_at, each.entry))
    items = (decode(InForceItem, item) for item in json.loads(last.items))
    return next((item.digest for item in items if item.kind is InForceKind.PLAN), None)


def adopted_text(reader: Reader, digest: str, names: Collection[str]) -> str | None:
    """Return the text of an adopted file of some names by its digest; None where no configuration had it."""
    for each in reader.find(ConfigurationRecord):
        texts = json.loads(each.content)
        for name in names:
            text = texts.get(name)
            if text is not None and hashlib.sha256(text.encode()).hexdigest() == digest:
                return str(text)
    return None


# What the scheduler does of itself


def scheduled_revisions(reader: Reader) -> list[PlanRevisionRecord]:
    """Return what is to take effect, in this order."""
    waiting = reader.find(PlanRevisionRecord, equals("state", PlanState.SCHEDULED))
    return sorted(waiting, key=lambda each: (_instant(each), each.digest))


def _instant(revision: PlanRevisionRecord) -> datetime:
    assert revision.effective_at is not None  # noqa: S101  it is scheduled
    return revision.effective_at


def next_change(reader: Reader) -> PlanRevisionRecord | None:
    """Return the revision that takes effect next; None: none is scheduled."""
    waiting = scheduled_revisions(reader)
    return waiting[0] if waiting else None


def until_change(uow: UnitOfWork) -> UnitOfWork:
    """Return the unit of work as it was before the next plan counts, where its instant has passed: what is due from then on is its own."""
    change = next_change(uow)
    if change is None or _instant(change) > uow.now:
        return uow
    return as_of(uow, _instant(change) - A_MOMENT)


def hold_back(uow: UnitOfWork, digest: str, problem: str) -> None:
    """Record that a scheduled revision can't take effect; the plan in force goes on."""
    held = PlanRevisionHeldBack(
        digest=digest, code=HeldBackCode.DOES_NOT_FIT, text=problem[:MOST_TOLD]
    )
    record(uow, held, stream=PLANT_STREAM, actor=AGENT)


def follow_plan(uow: UnitOfWork, plant: Plant) -> None:
    """Record which revision takes effect with a plant that is adopted, and which ones end with that."""
    item = plan_item_of(plant)
    digest = None if item is None else item.digest
    ended = uow.find(PlanRevisionRecord, equals("state", PlanState.IN_FORCE))
    ended += [each for each in scheduled_revisions(uow) if _instant(each) <= uow.now]
    for each in ended:
        if each.digest != digest:
            superseded = PlanRevisionSuperseded(digest=each.digest)
            record(uow, superseded, stream=PLANT_STREAM, actor=CONFIGURATION)
        elif each.state is PlanState.SCHEDULED:
            effect = PlanRevisionTookEffect(digest=each.digest)
            record(uow, effect, stream=PLANT_STREAM, actor=CONFIGURATION)


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedPlan:
    """A plan of the configuration's file that is to count from a moment still to come."""

    item: InForceItem
    content: str
    effective_at: datetime
    file: str


def stage(uow: UnitOfWork, plant: Plant, staged: StagedPlan | None) -> None:
    """Keep the plan that the file gives before its time, scheduled; one that it gave before and gives no more is discarded."""
    for each in scheduled_revisions(uow):
        if each.origin is PlanOrigin.FILE and (staged is None or each.digest != staged.item.digest):
            gone = PlanRevisionDiscarded(digest=each.digest, reason_text=None)
            record(uow, gone, stream=PLANT_STREAM, actor=CONFIGURATION)
    if staged is None:
        return
    known = uow.get(PlanRevisionRecord, staged.item.digest)
    if known is not None and known.state is not PlanState.DISCARDED:
        return
    stored = PlanRevisionStored(
        digest=staged.item.digest,
        number=staged.item.id,
        revision=staged.item.revision or "",
        origin=PlanOrigin.FILE,
        content=staged.content,
        source_file=staged.file,
        source_digest=staged.item.digest,
        compared_with=plant.plan.label,
        difference=(),
        answers={},
    )
    record(uow, stored, stream=PLANT_STREAM, actor=CONFIGURATION)
    scheduled = PlanRevisionScheduled(digest=staged.item.digest, effective_at=staged.effective_at)
    record(uow, scheduled, stream=PLANT_STREAM, actor=CONFIGURATION)

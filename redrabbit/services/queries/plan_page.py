"""The control plan: its revisions, what each would change of the one in force, and what was in force when (D44, D55)."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from redrabbit.base.messages import Message
from redrabbit.domain.control_plan import Check, ControlPlan
from redrabbit.domain.customer_minimum import CustomerMinimum, Least
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.codec import decode
from redrabbit.domain.facts.plan_revision import (
    MAY_BE_DISCARDED,
    MAY_BE_SCHEDULED,
    PlanDifference,
    PlanState,
)
from redrabbit.domain.facts.plant import InForceItem, InForceKind
from redrabbit.domain.plan_difference import plan_difference
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import InForceRecord, OccurrenceRecord, PlanRevisionRecord
from redrabbit.domain.schedule import next_dues
from redrabbit.domain.schedule_words import schedule_text
from redrabbit.domain.subject import Subject
from redrabbit.domain.text import Text
from redrabbit.services.plan_forms import AnswerSaid, answered_in, answers_said
from redrabbit.services.plan_revisions import next_shift_start, revision_of
from redrabbit.services.ports import Reader, equals
from redrabbit.services.queries.approvals import ApprovalShown, approval_of, plan_as_approved
from redrabbit.services.queries.people import Names, Person, names_in, person
from redrabbit.services.queries.plan_differences import difference_words, schedule_words
from redrabbit.services.queries.signatures import SignatureShown, entry_to_sign, signatures_of
from redrabbit.services.queries.wording import message

NEXT: Final = 5
"""Due times that are shown of a check (B16)."""
_MOVED: Final = frozenset({"check_new", "schedule"})
"""Differences after which a check falls due at other moments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineOfPlan:
    """One line of a control plan that verifies a device."""

    check: str
    plan_line: str
    special: str | None
    """Its special characteristic."""
    special_name: Text | None
    """What that means; None where the plant does not say."""
    device: Text | str
    parts: tuple[str, ...]
    schedule: Message
    opens_before: object
    grace: object
    closes_after: object
    reaction: tuple[Text, ...]
    below: tuple[Message, ...]
    """By which customers' minima it is verified too seldom."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MinimumShown:
    """How often a customer wants devices verified at least."""

    programme: Text
    special: tuple[str, ...]
    """Of which special characteristics; empty: every check."""
    lines: tuple[Text, ...]
    """Empty: every line."""
    least: Message
    source: str
    checks: tuple[str, ...]
    """The plan's checks that come under it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionShown:
    """One revision, and who did what with it."""

    record: PlanRevisionRecord
    stored_by: Person
    approved_by: Person | None
    """Of a request: who approved it, and not who asked for it."""
    scheduled_by: Person | None
    discarded_by: Person | None
    approval: ApprovalShown | None
    """How it stands with the approval by another person; None: nobody else is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThenInForce:
    """What was in force at a moment."""

    at: datetime
    label: str | None
    """None: nothing was."""
    digest: str | None
    """Of the revision that the database has; None: it was a file's plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPage:
    """The plan in force and all revisions."""

    now: datetime
    label: str
    since: datetime | None
    revisions: tuple[RevisionShown, ...]
    """The last stored one first."""
    lines: tuple[LineOfPlan, ...]
    """Of the plan in force."""
    minima: tuple[MinimumShown, ...]
    then: ThenInForce | None
    """What was asked for; None: nothing was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckChange:
    """What a revision changes of one check."""

    check: str
    device: Text | str
    words: tuple[Message, ...]
    next_due: tuple[datetime, ...]
    """When it would be due, where that changes."""
    open_now: int
    """Scheduled checks that are open now and end excused, as it is left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerShown:
    """What was answered to a question about the file."""

    about: str
    """The place, the name of the question, or the check."""
    words: str
    before_by: Person | None
    """Who gave it for the form before; None: whoever brought the file."""
    before_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionPage:
    """One revision with its lines and what it changes."""

    now: datetime
    in_force: str
    shown: RevisionShown
    changes: tuple[CheckChange, ...]
    """Against the plan in force now; for one that is or was in force, against the one it was compared with."""
    compared_with: str | None
    from_when: datetime | None
    """From when it counts, would count, or counted; None: no line has a shift."""
    lines: tuple[LineOfPlan, ...]
    does_not_fit: str | None
    """Why its lines can't be shown: it does not fit the stations and parts any more."""
    answers: tuple[AnswerShown, ...]
    signatures: tuple[SignatureShown, ...]
    to_sign: int | None

    @property
    def may_be_approved(self) -> bool:
        """Whether somebody may approve it now."""
        waits = self.shown.approval is not None and self.shown.approval.record.is_waiting_request
        return self.shown.record.state is PlanState.DRAFT and not waits

    @property
    def may_be_scheduled(self) -> bool:
        """Whether somebody may say from when it counts."""
        return self.shown.record.state in MAY_BE_SCHEDULED

    @property
    def may_be_discarded(self) -> bool:
        """Whether somebody may take it back."""
        return self.shown.record.state in MAY_BE_DISCARDED


def plan_page(reader: Reader, plant: Plant, now: datetime, at: datetime | None) -> PlanPage:
    """Return the plan in force, its revisions, and what was in force `at` a moment."""
    names = names_in(reader)
    known = sorted(reader.find(PlanRevisionRecord), key=lambda one: one.stored_entry, reverse=True)
    began = _began(reader, now)
    return PlanPage(
        now=now,
        label=plant.plan.label,
        since=None if began is None else _since(reader, began),
        revisions=tuple(_shown(reader, names, one, now) for one in known),
        lines=_lines(plant),
        minima=tuple(_minimum(plant, each) for each in plant.minima),
        then=None if at is None else _then(reader, at),
    )


def revision_page(
    reader: Reader, plant: Plant, revised: Plant | str, digest: str, now: datetime
) -> RevisionPage:
    """Return one revision; `revised` is the plant with it, or what does not fit. Refusal where there is none."""
    record, names = revision_of(reader, digest), names_in(reader)
    is_past = record.state in {PlanState.IN_FORCE, PlanState.SUPERSEDED, PlanState.DISCARDED}
    from_when = record.effective_at if record.effective_at is not None else _next_shift(plant, now)
    fits = isinstance(revised, Plant)
    if is_past or not isinstance(revised, Plant):
        found = [decode(PlanDifference, each) for each in json.loads(record.difference)]
        changes = _changes(reader, found, plant, None, None)
    else:
        found = list(plan_difference(plant.plan, revised.plan))
        begin = None if from_when is None else max(from_when, now)
        changes = _changes(reader, found, revised, plant.plan, begin)
    return RevisionPage(
        now=now,
        in_force=plant.plan.label,
        shown=_shown(reader, names, record, now),
        changes=changes,
        compared_with=record.compared_with if is_past or not fits else plant.plan.label,
        from_when=from_when,
        lines=_lines(revised) if isinstance(revised, Plant) else (),
        does_not_fit=None if isinstance(revised, Plant) else revised,
        answers=_answers(reader, names, record),
        signatures=signatures_of(reader, names, Subject.PLAN, digest),
        to_sign=entry_to_sign(reader, Subject.PLAN, digest),
    )


def _answers(reader: Reader, names: Names, record: PlanRevisionRecord) -> tuple[AnswerShown, ...]:
    def shown(about: str, said: AnswerSaid) -> AnswerShown:
        before = None if said.of_entry is None else answered_in(reader, said.of_entry, about)
        return AnswerShown(
            about=about,
            words=said.words,
            before_by=None
            if before is None
            else person(names, before.answered_by, before.answered_how, before.answered_entry),
            before_at=None if before is None else before.answered_at,
        )

    return tuple(shown(about, said) for about, said in answers_said(record.answers).items())


def _next_shift(plant: Plant, now: datetime) -> datetime | None:
    try:
        return next_shift_start(plant, now)
    except Refusal:
        return None


def _shown(
    reader: Reader, names: Names, record: PlanRevisionRecord, now: datetime
) -> RevisionShown:
    record = plan_as_approved(reader, record)
    return RevisionShown(
        record=record,
        stored_by=person(names, record.stored_by, record.stored_how, record.stored_entry),
        approved_by=person(names, record.approved_by, record.approved_how, record.approved_entry),
        scheduled_by=person(
            names, record.scheduled_by, record.scheduled_how, record.scheduled_entry
        ),
        discarded_by=person(
            names, record.discarded_by, record.discarded_how, record.discarded_entry
        ),
        approval=approval_of(reader, names, Subject.PLAN, record.digest, now),
    )


def _changes(
    reader: Reader,
    found: list[PlanDifference],
    plant: Plant,
    before: ControlPlan | None,
    begin: datetime | None,
) -> tuple[CheckChange, ...]:
    """Return differences check by check; next due times, where `begin` is a moment to come."""
    checks = {check.id: check for check in (before.checks if before is not None else ())}
    checks |= {check.id: check for check in plant.plan.checks}
    by_check: dict[str, list[PlanDifference]] = {}
    for each in found:
        by_check.setdefault(each.check_id, []).append(each)
    changes = []
    for check_id, differences in by_check.items():
        check = next((one for one in checks.values() if one.id == check_id), None)
        codes = {each.code for each in differences}
        changes.append(
            CheckChange(
                check=check_id,
                device=check_id if check is None else _device(plant, check),
                words=tuple(difference_words(each) for each in differences),
                next_due=_dues(plant, check, begin) if codes & _MOVED else (),
                open_now=_open_now(reader, check_id) if "check_left_out" in codes else 0,
            )
        )
    return tuple(changes)


def _dues(plant: Plant, check: Check | None, begin: datetime | None) -> tuple[datetime, ...]:
    calendar = None if check is None else plant.calendars.get(check.line)
    if check is None or calendar is None or begin is None:
        return ()
    return tuple(each.due_at for each in next_dues(check.schedule, calendar, begin, begin, NEXT))


def _open_now(reader: Reader, check_id: str) -> int:
    of_it = (equals("check_id", check_id), equals("outcome", None))
    return reader.count(OccurrenceRecord, *of_it)


def _lines(plant: Plant) -> tuple[LineOfPlan, ...]:
    below = plant.below
    return tuple(
        LineOfPlan(
            check=check.id,
            plan_line=check.plan_line,
            special=check.special_characteristic,
            special_name=plant.special_name(check.special_characteristic),
            device=_device(plant, check),
            parts=tuple(check.parts),
            schedule=schedule_words(schedule_text(check.schedule)),
            opens_before=check.opens_before,
            grace=check.grace,
            closes_after=check.closes_after,
            reaction=tuple(check.reaction),
            below=tuple(
                message(
                    "plan.below",
                    programme=each.minimum.name,
                    least=least_words(each.minimum.least),
                    source=each.minimum.source,
                )
                for each in below
                if each.check.id == check.id
            ),
        )
        for check in plant.plan.checks
    )


def least_words(least: Least) -> Message:
    """Return how often at least, in words."""
    return message(f"minimum.{least.unit.name.lower()}", n=least.amount)


def _minimum(plant: Plant, minimum: CustomerMinimum) -> MinimumShown:
    return MinimumShown(
        programme=minimum.name,
        special=tuple(sorted(minimum.special)),
        lines=tuple(line.name for line in plant.lines if line.id in minimum.lines),
        least=least_words(minimum.least),
        source=minimum.source,
        checks=tuple(
            check.id
            for check in plant.plan.checks
            if minimum.is_about(check.line, check.special_characteristic)
        ),
    )


def _device(plant: Plant, check: Check) -> Text | str:
    names = (
        device.name
        for station in plant.stations
        for device in station.devices
        if device.id == check.device
    )
    return next(names, str(check.device))


def _began(reader: Reader, at: datetime) -> InForceRecord | None:
    """Return what was in force at an instant, as it is known now; None where nothing was."""
    began = [each for each in reader.find(InForceRecord) if each.since_at <= at]
    return max(began, key=lambda each: (each.since_at, each.entry), default=None)


def _plan_of(of: InForceRecord) -> InForceItem | None:
    items = (decode(InForceItem, each) for each in json.loads(of.items))
    return next((each for each in items if each.kind is InForceKind.PLAN), None)


def _since(reader: Reader, last: InForceRecord) -> datetime:
    """Return since when the plan in force has been without another one between."""
    plan, since = _plan_of(last), last.since_at
    earlier = [each for each in reader.find(InForceRecord) if each.since_at <= last.since_at]
    for each in sorted(earlier, key=lambda one: (one.since_at, one.entry), reverse=True):
        if _plan_of(each) != plan:
            break
        since = each.since_at
    return since


def _then(reader: Reader, at: datetime) -> ThenInForce:
    began = _began(reader, at)
    plan = None if began is None else _plan_of(began)
    if plan is None:
        return ThenInForce(at=at, label=None, digest=None)
    known = reader.get(PlanRevisionRecord, plan.digest)
    label = f"{plan.id} rev {plan.revision}"
    return ThenInForce(at=at, label=label, digest=None if known is None else known.digest)

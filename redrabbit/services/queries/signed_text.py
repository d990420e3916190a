"""The plain text that a person has before them when they sign: one for each record, language and state (R20).

It is made of the record alone, in its own words, and is kept under its digest: what was signed can be read in twenty years. It
names people by their numbers, or by the ids that stand for stated names, and no name: a name can be erased, a text that was
signed can't be changed. Instants are in the plant's zone, to the second, with the zone.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from redrabbit.base.messages import Catalogue, Message, catalogue
from redrabbit.domain.containment_questions import reaction_of
from redrabbit.domain.facts.challenge_part import PartStateCode
from redrabbit.domain.facts.codec import decode
from redrabbit.domain.facts.fact import read_json
from redrabbit.domain.facts.plan_revision import PlanDifference
from redrabbit.domain.identity import How
from redrabbit.domain.plant import Plant
from redrabbit.domain.record_query import equals, recorded
from redrabbit.domain.records import (
    ApprovalRecord,
    ChallengePartRecord,
    ContainmentRecord,
    OccurrenceRecord,
    PlanRevisionRecord,
    PresentationRecord,
    RunRecord,
)
from redrabbit.domain.run_questions import outcome_reached
from redrabbit.domain.signing import Signable
from redrabbit.domain.subject import Subject
from redrabbit.domain.text import Text
from redrabbit.services.plan_forms import answers_said
from redrabbit.services.ports import Reader
from redrabbit.services.queries.place_names import failure_mode_name, place_of
from redrabbit.services.queries.plan_differences import difference_words
from redrabbit.services.queries.plans import plan_label
from redrabbit.services.queries.reasons import quoted, why_decided, why_stopped
from redrabbit.services.queries.verdicts import verdict_shown
from redrabbit.services.queries.why_made import why_message
from redrabbit.services.queries.wording import message
from redrabbit.services.signables import leaf_of

FORM: Final = 2
"""Of these texts; another arrangement is another number, so that old ones are known."""

Line = tuple[str, object]
"""The code of a label, and what stands behind it; nothing stands there for None."""


def digest_of_text(text: str) -> str:
    """Return what a signature names a text by: SHA-256 over its UTF-8, hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def text_to_sign(reader: Reader, plant: Plant, found: Signable, language: str) -> str:
    """Return what is signed of a record as it stands now, line by line."""
    says = catalogue(language, plant.zone)
    what = message(f"signed.subject.{found.subject.value}", id=found.subject_id)
    leaf = leaf_of(reader, found.entry)
    head = (
        says.render(message("signed.heading", plant=plant.name, what=what, form=FORM)),
        says.render(message("signed.of_entry", entry=found.entry, leaf=leaf)),
    )
    lines = _LINES[found.subject](reader, plant, found.subject_id)
    told = (_line(says, label, value) for label, value in lines if value is not None)
    return "\n".join((*head, *told, ""))


def _line(says: Catalogue, label: str, value: object) -> str:
    shown = says.shown("", value, "zoned") if isinstance(value, datetime) else value
    words = says.render(message(label))
    return says.render(message("signed.line", label=words[:1].upper() + words[1:], value=shown))


def _by(actor_id: str | None, how: How | None) -> Message | None:
    """Return who it was, by their number and how that is known."""
    if actor_id is None:
        return None
    return message("signed.by", who=actor_id, how=message(f"how.{(how or How.STATED).value}"))


def _run(reader: Reader, plant: Plant, run_id: str) -> Iterator[Line]:
    run = recorded(reader, RunRecord, run_id)
    place, outcome = place_of(plant, run), outcome_reached(run)
    yield "col.line", place.line
    yield "col.device", message("signed.device", operation=place.operation, device=place.device)
    yield "fact.plan", plan_label(run)
    yield "signed.plan_line", run.plan_line
    yield "fact.pfmea", run.pfmea
    yield "fact.due", why_message(reader, run, code="why.due.exact")
    yield "signed.late", timedelta(seconds=run.late_s) if run.late_s is not None else None
    yield "fact.started", run.started_at
    yield "fact.operator", _by(run.started_by, run.started_how)
    yield "fact.feed_held", _by(run.feed_held_by, run.feed_held_how)
    shown = reader.find(PresentationRecord, equals("run_id", run_id))
    for presentation in sorted(shown, key=lambda one: (one.step, one.attempt)):
        yield from _presentation(plant, presentation)
    yield "fact.ended", run.ended_at
    yield "col.outcome", message(f"outcome.{outcome.value}") if outcome is not None else None
    yield "signed.grade", run.grade
    yield (
        "run.not_counted",
        message(f"run.not_counted.{run.not_counted}") if run.not_counted else None,
    )
    yield "fact.reason", why_stopped(run)
    yield "fact.confirmed", run.confirmed_at
    yield "signed.confirmed_by", _by(run.confirmed_by, run.confirmed_how)


def _presentation(plant: Plant, one: PresentationRecord) -> Iterator[Line]:
    verdict = verdict_shown(one)
    mode = read_json(Text, one.failure_mode_name) or failure_mode_name(plant, one.failure_mode)
    yield (
        "fact.part",
        message(
            "signed.part",
            part=one.part_id,
            what=mode if mode is not None else message("part.good_master"),
            attempt=one.attempt,
        ),
    )
    yield "signed.issued_by", _by(one.issued_by, one.issued_how)
    yield "signed.presented_at", one.presented_at
    yield "col.verdict", verdict.word if verdict is not None else None
    yield "signed.why", verdict.sentence if verdict is not None else None
    yield "signed.disputed", verdict.dispute if verdict is not None else None
    yield "signed.grade", one.grade
    yield "signed.measured", one.measured
    yield "signed.code", one.observed_code
    yield "signed.given_back_at", one.given_back_at
    yield "signed.given_back_by", _by(one.given_back_by, one.given_back_how)


def _containment(reader: Reader, plant: Plant, containment_id: str) -> Iterator[Line]:
    case = recorded(reader, ContainmentRecord, containment_id)
    place = place_of(plant, case)
    yield "col.line", place.line
    yield "col.device", message("signed.device", operation=place.operation, device=place.device)
    yield (
        "signed.failure_mode",
        read_json(Text, case.failure_mode_name) or failure_mode_name(plant, case.failure_mode),
    )
    yield "fact.run", case.run_id
    yield "fact.opened", case.opened_at
    yield "window.from", case.window_from or message("window.unknown")
    yield "window.to", case.window_to
    yield "fact.stopped_by", _by(case.stopped_by, case.stopped_how)
    yield "fact.reason", quoted(case.stop_text) if case.stop_text is not None else None
    yield "window.label", case.box_label
    yield "window.parts", _quantity(case)
    yield (
        "repair.title",
        message(f"repair.{case.repair_code.value}") if case.repair_code is not None else None,
    )
    yield "repair.words", quoted(case.repair_text) if case.repair_text is not None else None
    yield "signed.repaired_by", _by(case.repaired_by, case.repaired_how)
    for step in reaction_of(case):
        yield "containment.reaction", Text(en=step.en, zh=step.zh)
        yield "signed.done_at", step.done_at
        yield "signed.done_by", _by(step.done_by, step.done_how)
    again = reader.get(RunRecord, case.reverified_by_run) if case.reverified_by_run else None
    yield (
        "containment.reverify",
        case.reverified_by_run or message("containment.not_reverified"),
    )
    yield "signed.reverified_at", again.ended_at if again is not None else None
    yield "fact.closed", case.closed_at
    yield "fact.closed_by", _by(case.closed_by, case.closed_how)


def _quantity(case: ContainmentRecord) -> Message:
    if case.quantity is None:
        return message("window.not_counted")
    at_least = case.quantity_is_lower_bound
    return message("window.quantity_at_least" if at_least else "window.quantity", n=case.quantity)


def _part(reader: Reader, plant: Plant, part_id: str) -> Iterator[Line]:
    part = recorded(reader, ChallengePartRecord, part_id)
    yield "signed.part_kind", part.kind
    yield "signed.part_name", read_json(Text, part.name)
    yield (
        "signed.failure_mode",
        failure_mode_name(plant, part.failure_mode) or message("part.good_master"),
    )
    yield "signed.drawing_revision", part.drawing_revision
    yield "signed.certified_on", part.certified_on
    yield "signed.valid_until", part.valid_until
    yield "signed.measured", part.measured
    yield "signed.wear_limit", part.wear_limit_uses
    yield "signed.storage", part.storage
    yield "signed.state", message(f"part_state.{part.state.value}")
    yield "signed.since", part.state_at
    yield "fact.reason", _why_in_state(part)
    yield "signed.done_by", _by(part.state_by, part.state_how)


def _why_in_state(part: ChallengePartRecord) -> Message | None:
    """Return why a part is in its state, where somebody said it, or decided it before the part left the configuration."""
    if part.state_code is PartStateCode.QUARANTINED_BEFORE:
        return message("given.quarantined_before")
    return quoted(part.state_text) if part.state_text is not None else None


def _excuse(reader: Reader, plant: Plant, occurrence_id: str) -> Iterator[Line]:
    excused = recorded(reader, OccurrenceRecord, occurrence_id)
    place = place_of(plant, excused)
    yield "col.line", place.line
    yield "col.device", message("signed.device", operation=place.operation, device=place.device)
    yield "fact.plan", plan_label(excused)
    yield "signed.plan_line", excused.plan_line
    yield "fact.due", excused.due_at
    yield "fact.reason", why_decided(plant, excused)
    yield "signed.excused_at", excused.decided_at
    yield "signed.done_by", _by(excused.decided_by, excused.decided_how)


def _plan(reader: Reader, plant: Plant, digest: str) -> Iterator[Line]:
    del plant
    plan = recorded(reader, PlanRevisionRecord, digest)
    yield "fact.plan", plan.label
    yield "plan.digest", digest
    yield "plan.stored", plan.stored_at
    yield "plan.stored_by", _by(plan.stored_by, plan.stored_how)
    yield "plan.file", plan.source_file
    yield "plan.file_digest", plan.source_digest
    yield "plan.compared_with", plan.compared_with
    for each in json.loads(plan.difference):
        difference = decode(PlanDifference, each)
        yield (
            "plan.difference",
            message(
                "plan.difference.of",
                check=difference.check_id,
                words=difference_words(difference),
            ),
        )
    for about, answer in sorted(answers_said(plan.answers).items()):
        of = "plan.answer.of" if answer.of_entry is None else "plan.answer.of_form"
        words = message(of, about=about, words=answer.words, entry=answer.of_entry)
        yield "plan.answer", words
    yield "plan.elsewhere", plan.elsewhere_number
    yield (
        "plan.elsewhere_on",
        plan.elsewhere_on.isoformat() if plan.elsewhere_on is not None else None,
    )
    yield "plan.elsewhere_digest", plan.elsewhere_digest
    yield "plan.approved", plan.approved_at
    yield "plan.approved_by", _by(plan.approved_by, plan.approved_how)


def _request(reader: Reader, plant: Plant, entry: str) -> Iterator[Line]:
    request = recorded(reader, ApprovalRecord, int(entry))
    yield "signed.asked_for", message(f"approval.asked.{request.act.value}", id=request.subject_id)
    yield "fact.reason", quoted(request.reason_text) if request.reason_text is not None else None
    yield "signed.asked_by", _by(request.decided_by, request.decided_how)
    yield "signed.asked_at", request.decided_at
    yield "signed.ends_at", request.ends_at
    yield "signed.stands_since", message("signed.entry", entry=request.stood_at)
    yield from _LINES[request.subject](reader, plant, request.subject_id)


_LINES: Final[Mapping[Subject, Callable[[Reader, Plant, str], Iterator[Line]]]] = {
    Subject.REQUEST: _request,
    Subject.RUN: _run,
    Subject.CONTAINMENT: _containment,
    Subject.PART: _part,
    Subject.EXCUSE: _excuse,
    Subject.PLAN: _plan,
}

"""One run as a record: what the station said, who did it, why it was due, where it is kept (R14)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from redrabbit.base.messages import Message
from redrabbit.domain.facts.fact import read_json
from redrabbit.domain.facts.presentation import Expected
from redrabbit.domain.facts.words import Certification
from redrabbit.domain.identity import How, RunId
from redrabbit.domain.plant import Plant
from redrabbit.domain.presentation_questions import was_silent
from redrabbit.domain.records import (
    ContainmentRecord,
    Json,
    PartToldRecord,
    PresentationRecord,
    RemarkRecord,
    RunRecord,
)
from redrabbit.domain.run_words import Verdict
from redrabbit.domain.station import Station
from redrabbit.domain.subject import Subject
from redrabbit.domain.text import Text
from redrabbit.services.ports import Reader, equals
from redrabbit.services.queries.containment import ContainmentRow, Views, containment_row, view_of
from redrabbit.services.queries.grades import GradeLine, grade_lines
from redrabbit.services.queries.people import Names, Person, names_in, person
from redrabbit.services.queries.place_names import (
    PlaceShown,
    failure_mode_name,
    place_of,
)
from redrabbit.services.queries.plans import plan_label
from redrabbit.services.queries.reasons import why_stopped
from redrabbit.services.queries.signatures import SignatureShown, entry_to_sign, signatures_of
from redrabbit.services.queries.telling import ToldShown, in_words, told_shown
from redrabbit.services.queries.verdicts import VerdictShown, verdict_shown
from redrabbit.services.queries.why_made import why_message
from redrabbit.services.queries.wording import grade_reached, message, outcome_word


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentationShown:
    """One presentation with its evidence."""

    step: int
    attempt: int
    part: str
    part_name: Text | None
    """None under schema 1, which kept no name."""
    certification: Certification | None
    failure_mode: Text | None
    expected: Message
    observed: Message
    verdict: VerdictShown | None
    elapsed: timedelta | None
    measured: str | None
    said: tuple[Message, ...]
    """What else was said of it: serial, variant, nest, pallet, program, mode (D33)."""
    told: tuple[ToldShown, ...]
    """What of that the operator told before, and who it was."""
    use_number: int
    issued_at: datetime
    issued_by: Person
    presented_at: datetime | None
    presented_how: str | None
    armed_for: timedelta | None
    """From the scan until the part was in place (D29); None where it never was, or for a later attempt."""
    disowned_by: Person | None
    """Who said that it was not the part; None: nobody."""
    given_back_at: datetime | None
    given_back_by: Person | None
    decides: bool
    evidence: Json | None
    graded: tuple[GradeLine, ...]
    """What its grade rests on."""
    entry: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RemarkShown:
    """What a person wanted kept with the run."""

    text: str
    by: Person
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPage:
    """One run."""

    now: datetime
    run: RunRecord
    where: PlaceShown
    outcome: str
    """Its outcome, or `under_way`."""
    grade: str | None
    """Of its evidence, once it is closed (D28)."""
    why: Message
    timing: Message | None
    plan: str
    """Number and revision of the control plan, of its time."""
    started_by: Person
    feed_held_by: Person | None
    """Who said that nothing is fed until the check is over; None: nobody."""
    confirmed_by: Person | None
    reason: Message | None
    stopped_by: Person | None
    """Who stopped it, in their own words; None where the software did, or nobody."""
    signals_bytes: int | None
    """How much is kept of what the signals did, compressed; None: nothing is."""
    presentations: tuple[PresentationShown, ...]
    containments: tuple[ContainmentRow, ...]
    """Those it opened, or re-verifies."""
    remarks: tuple[RemarkShown, ...]
    signatures: tuple[SignatureShown, ...]
    to_sign: int | None
    """The entry that is signed; None: it is not finished."""
    size: int
    root: str


def run_page(
    reader: Reader, plant: Plant, run_id: RunId, now: datetime, views: Views | None = None
) -> RunPage:
    """Return one run; KeyError if there is none of that id."""
    run = reader.get(RunRecord, run_id)
    if run is None:
        raise KeyError(run_id)
    presentations = reader.find(PresentationRecord, equals("run_id", run_id))
    cases = reader.find(ContainmentRecord, equals("run_id", run_id))
    if run.containment_id is not None:
        case = reader.get(ContainmentRecord, run.containment_id)
        cases += [case] if case is not None else []
    head, names = reader.head(), names_in(reader)
    told = reader.find(PartToldRecord, equals("run_id", run_id), order_by="told_entry")
    return RunPage(
        now=now,
        run=run,
        where=place_of(plant, run),
        outcome=outcome_word(run),
        grade=grade_reached(run),
        why=why_message(reader, run, code="why.due.exact"),
        timing=_timing(run),
        plan=plan_label(run),
        started_by=person(names, run.started_by, run.started_how, run.started_entry),
        feed_held_by=person(names, run.feed_held_by, run.feed_held_how, run.feed_held_entry),
        confirmed_by=person(names, run.confirmed_by, run.confirmed_how, run.confirmed_entry),
        reason=why_stopped(run),
        stopped_by=_stopped_by(names, run),
        signals_bytes=_size_of_signals(reader, run),
        presentations=tuple(
            _presentation(plant, names, p, told)
            for p in sorted(presentations, key=lambda p: (p.step, p.attempt))
        ),
        containments=tuple(containment_row(plant, case, view_of(views, case)) for case in cases),
        remarks=tuple(
            RemarkShown(
                text=kept.text,
                by=person(names, kept.remarked_by, kept.remarked_how, kept.remarked_entry),
                at=kept.remarked_at,
            )
            for kept in reader.find(RemarkRecord, equals("run_id", run_id))
        ),
        signatures=signatures_of(reader, names, Subject.RUN, run_id),
        to_sign=entry_to_sign(reader, Subject.RUN, run_id),
        size=head.size,
        root=head.root,
    )


def _stopped_by(names: Names, run: RunRecord) -> Person | None:
    if run.stopped_how is How.SYSTEM:  # its reason is a sentence of the software's already
        return None
    return person(names, run.stopped_by, run.stopped_how, run.stopped_entry)


def _timing(run: RunRecord) -> Message | None:
    if run.late_s is None:
        return None
    if run.late_s <= 0:
        return message("run.early", early=timedelta(seconds=-run.late_s))
    return message("run.late", late=timedelta(seconds=run.late_s))


def _size_of_signals(reader: Reader, run: RunRecord) -> int | None:
    kept = reader.blob(run.signals) if run.signals is not None else None
    return len(kept) if kept is not None else None


def _presentation(
    plant: Plant,
    names: Names,
    presentation: PresentationRecord,
    told: Sequence[PartToldRecord],
) -> PresentationShown:
    station = next((each for each in plant.stations if each.id == presentation.station), None)
    return PresentationShown(
        step=presentation.step,
        attempt=presentation.attempt,
        part=presentation.part_id,
        part_name=read_json(Text, presentation.part_name),
        certification=read_json(Certification, presentation.certification),
        failure_mode=read_json(Text, presentation.failure_mode_name)
        or failure_mode_name(plant, presentation.failure_mode),
        expected=_expected(presentation),
        observed=_observed(presentation),
        verdict=verdict_shown(presentation),
        elapsed=timedelta(seconds=presentation.elapsed_s)
        if presentation.elapsed_s is not None
        else None,
        measured=presentation.measured,
        said=_said(presentation, station),
        told=tuple(
            told_shown(each, names, station) for each in told if each.step == presentation.step
        ),
        use_number=presentation.use_number,
        issued_at=presentation.issued_at,
        issued_by=person(
            names, presentation.issued_by, presentation.issued_how, presentation.issued_entry
        ),
        presented_at=presentation.presented_at,
        disowned_by=person(
            names, presentation.verdict_by, presentation.verdict_how, presentation.verdict_entry
        ),
        armed_for=presentation.presented_at - presentation.issued_at
        if presentation.presented_at is not None and presentation.decides
        else None,
        presented_how=presentation.presented_how,
        given_back_at=presentation.given_back_at,
        given_back_by=person(
            names,
            presentation.given_back_by,
            presentation.given_back_how,
            presentation.given_back_entry,
        ),
        decides=presentation.decides,
        evidence=presentation.evidence,
        graded=grade_lines(presentation),
        entry=presentation.entry,
    )


def _said(presentation: PresentationRecord, station: Station | None) -> tuple[Message, ...]:
    told = {
        "serial": presentation.serial,
        "variant": presentation.variant,
        "nest": presentation.nest,
        "pallet": presentation.pallet,
        "program": presentation.program,
        "mode": presentation.mode,
    }
    sources = json.loads(presentation.sources) if presentation.sources is not None else {}
    judged = presentation.verdict is not None
    return (
        *(
            message(
                f"said.{name}",
                value=in_words(station, name, value),
            )
            for name, value in told.items()
            if value is not None
        ),
        *(message(f"said.{of}.unknown") for of in sources if judged and told[of] is None),
    )


def _expected(presentation: PresentationRecord) -> Message:
    if presentation.expected is Expected.ACCEPT:
        return message("expected.accept")
    if presentation.expected_code is not None:
        return message("expected.reject_code", code=presentation.expected_code)
    return message("expected.reject")


def _observed(presentation: PresentationRecord) -> Message:
    match presentation.verdict:
        case None:
            return message("observed.nothing_yet")
        case Verdict.DETECTED | Verdict.FALSE_REJECT if was_silent(presentation):
            return message("observed.stayed_off")
        case Verdict.ACCEPTED | Verdict.MISSED if was_silent(presentation):
            return message("observed.silence")
        case Verdict.DETECTED | Verdict.FALSE_REJECT:
            if presentation.observed_code is not None:
                return message("expected.reject_code", code=presentation.observed_code)
            return message("observed.rejected")
        case Verdict.ACCEPTED | Verdict.MISSED:
            return message("observed.accepted")
        case _:
            return message(f"why_inconclusive.{presentation.verdict_reason}")

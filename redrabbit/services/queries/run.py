"""One run as a record: what the station said, who did it, why it was due, where it is kept (R14)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from redrabbit.base.messages import Message
from redrabbit.domain.plant import Plant
from redrabbit.domain.presentation_questions import was_silent
from redrabbit.domain.records import (
    CheckRecord,
    ContainmentRecord,
    Json,
    PresentationRecord,
    RunRecord,
)
from redrabbit.domain.text import Text
from redrabbit.services.ports import Reader, equals
from redrabbit.services.queries.containment import ContainmentRow, containment_row
from redrabbit.services.queries.places import Place, failure_mode_name, place
from redrabbit.services.queries.verdicts import VerdictSaid, verdict_said
from redrabbit.services.queries.why_made import why_said
from redrabbit.services.queries.wording import outcome_word, say


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentationShown:
    """One presentation with its evidence."""

    step: int
    attempt: int
    part: str
    failure_mode: Text | None
    expected: Message
    observed: Message
    verdict: VerdictSaid | None
    elapsed: timedelta | None
    measured: str | None
    use_number: int
    issued_at: datetime
    issued_by: str
    presented_at: datetime | None
    presented_how: str | None
    given_back_at: datetime | None
    given_back_by: str | None
    decides: bool
    evidence: Json | None
    entry: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPage:
    """One run."""

    now: datetime
    run: RunRecord
    where: Place
    outcome: str
    """Its outcome, or `under_way`."""
    why: Message
    timing: Message | None
    plan_line: str | None
    pfmea: str | None
    presentations: tuple[PresentationShown, ...]
    containments: tuple[ContainmentRow, ...]
    """Those it opened, or re-verifies."""
    size: int
    root: str


def run_page(reader: Reader, plant: Plant, run_id: int, now: datetime) -> RunPage:
    """Return one run; KeyError if there is none of that number."""
    run = reader.get(RunRecord, run_id)
    if run is None:
        raise KeyError(run_id)
    shown = reader.find(PresentationRecord, equals("run_id", run_id))
    check = reader.get(CheckRecord, run.check_id)
    cases = reader.find(ContainmentRecord, equals("run_id", run_id))
    if run.containment_id is not None:
        case = reader.get(ContainmentRecord, run.containment_id)
        cases += [case] if case is not None else []
    head = reader.head()
    return RunPage(
        now=now,
        run=run,
        where=place(plant, run.line, run.station, run.device),
        outcome=outcome_word(run),
        why=why_said(reader, run),
        timing=_timing(run),
        plan_line=check.plan_line if check is not None else None,
        pfmea=check.pfmea if check is not None else None,
        presentations=tuple(
            _shown(plant, p) for p in sorted(shown, key=lambda p: (p.step, p.attempt))
        ),
        containments=tuple(containment_row(plant, case) for case in cases),
        size=head.size,
        root=head.root,
    )


def _timing(run: RunRecord) -> Message | None:
    if run.late_s is None:
        return None
    if run.late_s <= 0:
        return say("run.early", early=timedelta(seconds=-run.late_s))
    return say("run.late", late=timedelta(seconds=run.late_s))


def _shown(plant: Plant, shown: PresentationRecord) -> PresentationShown:
    return PresentationShown(
        step=shown.step,
        attempt=shown.attempt,
        part=shown.part_id,
        failure_mode=failure_mode_name(plant, shown.failure_mode),
        expected=_expected(shown),
        observed=_observed(shown),
        verdict=verdict_said(shown),
        elapsed=timedelta(seconds=shown.elapsed_s) if shown.elapsed_s is not None else None,
        measured=shown.measured,
        use_number=shown.use_number,
        issued_at=shown.issued_at,
        issued_by=shown.issued_by,
        presented_at=shown.presented_at,
        presented_how=shown.presented_how,
        given_back_at=shown.given_back_at,
        given_back_by=shown.given_back_by,
        decides=shown.decides,
        evidence=shown.evidence,
        entry=shown.entry,
    )


def _expected(shown: PresentationRecord) -> Message:
    if shown.expected == "accept":
        return say("expected.accept")
    if shown.expected_code is not None:
        return say("expected.reject_code", code=shown.expected_code)
    return say("expected.reject")


def _observed(shown: PresentationRecord) -> Message:
    match shown.verdict:
        case None:
            return say("observed.nothing_yet")
        case "detected" | "false_reject":
            if shown.observed_code is not None:
                return say("expected.reject_code", code=shown.observed_code)
            return say("observed.rejected")
        case "accepted":
            return say("observed.accepted")
        case "missed":
            return say("observed.silence" if was_silent(shown) else "observed.accepted")
        case _:
            return say(f"why_inconclusive.{shown.verdict_reason}")

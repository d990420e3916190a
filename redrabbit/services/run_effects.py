"""Carrying out what `advance` decided about a run: entries, custody, containment, messages.

One call is one transaction (L4). The effects arrive in the order in which they happened.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from redrabbit.domain.challenge_part import Custody
from redrabbit.domain.consequences import decision
from redrabbit.domain.control_plan import Check
from redrabbit.domain.erasable_content import SIGNALS
from redrabbit.domain.errors import Refusal
from redrabbit.domain.evidence import Evidence
from redrabbit.domain.facts import part_told
from redrabbit.domain.facts import presentation as presentations
from redrabbit.domain.facts import run as runs
from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.facts.challenge_part import PartHandedBack, PartHandedOver, PartMissing
from redrabbit.domain.facts.fact import Fact
from redrabbit.domain.facts.occurrence import OccurrenceOutcome
from redrabbit.domain.facts.plant_event import ToldBy
from redrabbit.domain.facts.presentation import Expected
from redrabbit.domain.facts.words import Certification
from redrabbit.domain.fulfilment import why_not_counted
from redrabbit.domain.grading import grading_of, known_by
from redrabbit.domain.identity import AGENT, Actor, RunId
from redrabbit.domain.observation import Value
from redrabbit.domain.part_count import PartCount
from redrabbit.domain.part_told import not_told
from redrabbit.domain.plant import Plant
from redrabbit.domain.record_query import recorded
from redrabbit.domain.records import ChallengePartRecord, RunRecord
from redrabbit.domain.run import (
    Effect,
    FeedHeld,
    FeedNotHeld,
    PartIssued,
    PartNotReturned,
    PartPresented,
    PartReturned,
    PartTold,
    Run,
    RunClosed,
    RunStopped,
    SetDeadline,
    VerdictContradicted,
    VerdictReached,
)
from redrabbit.domain.run_words import Outcome, Presented, Verdict, Why
from redrabbit.domain.schedule_rules import PlantEvent
from redrabbit.domain.signal_log import SignalLog
from redrabbit.domain.station import Station
from redrabbit.domain.station_says import Said, said
from redrabbit.domain.text import Text
from redrabbit.services.alarming import raise_alarm
from redrabbit.services.evidence_json import evidence_json
from redrabbit.services.line_running import note_running
from redrabbit.services.plant_events import is_waited_for, note_event
from redrabbit.services.ports import UnitOfWork
from redrabbit.services.record_fact import record
from redrabbit.services.running import refuse_unfit_now

MAX_CODE_CHARACTERS = 100
"""Of a refused scan that are kept: enough to tell what it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What carrying out needs to know beside the run itself."""

    plant: Plant
    station: Station
    check: Check
    counter: int | None
    """The station's part counter as last read."""
    count: PartCount | None
    """What the station has counted; None where that can't be told (D34)."""
    is_running: bool | None
    """As its running signal says; None where it has none, or that can't be read."""
    signals: SignalLog | None = None
    """All that the station's signals did since the run began."""


def carry_out(uow: UnitOfWork, scene: Scene, run: Run, effects: tuple[Effect, ...]) -> RunRecord:
    """Record the effects of one event on a run and return its record.

    `run` is the run *after* the event. Raises Refusal, and records nothing, where a part can't be
    issued after all.
    """
    for effect in effects:
        if not isinstance(effect, SetDeadline):
            CARRIED_OUT[type(effect)](uow, scene, run, effect)
    return recorded(uow, RunRecord, run.id)


def keep_refused_scan(
    uow: UnitOfWork, run: RunRecord, *, code: str, refusal: Refusal, actor: Actor
) -> None:
    """Record a scan that was refused, by whom and why (B25)."""
    expected = refusal.params.get("expected")
    refused = runs.ScanRefused(
        run_id=run.run_id,
        code=code[:MAX_CODE_CHARACTERS],
        refusal=refusal.code,
        expected=None if expected is None else str(expected),
    )
    record(uow, refused, stream=run.line, actor=actor)


def _record(uow: UnitOfWork, scene: Scene, fact: Fact, at: datetime, actor: Actor = AGENT) -> None:
    record(uow, fact, stream=scene.check.line, at=at, actor=actor, check=scene.check)


def _issue(uow: UnitOfWork, scene: Scene, run: Run, effect: PartIssued) -> None:
    expectation = run.steps[effect.step].expectation
    piece = refuse_unfit_now(uow, scene.plant, expectation.part)
    part = scene.plant.part(expectation.part)
    issued = presentations.PartIssued(
        station=scene.check.station,
        device=scene.check.device,
        run_id=run.id,
        step=effect.step,
        part_id=expectation.part,
        part_stream=piece.stream,
        part_kind=piece.kind,
        part_name=part.name,
        certification=Certification(
            certified_on=piece.certified_on,
            valid_until=piece.valid_until,
            measured=piece.measured,
            drawing_revision=piece.drawing_revision,
        ),
        failure_mode=expectation.failure_mode,
        failure_mode_name=_mode_name(scene.plant, expectation.failure_mode),
        expected=Expected.ACCEPT if expectation.failure_mode is None else Expected.REJECT,
        expected_code=_shown(expectation.code),
        use_number=piece.uses + 1,
    )
    _record(uow, scene, issued, effect.at, effect.actor)
    if piece.stream != scene.check.line:
        handed_over = PartHandedOver(
            part_id=piece.part_id,
            to_line=scene.check.line,
            run_id=run.id,
            use_number=piece.uses + 1,
        )
        record(uow, handed_over, stream=piece.stream, at=effect.at, actor=effect.actor)


def _tell(uow: UnitOfWork, scene: Scene, run: Run, effect: PartTold) -> None:
    told = part_told.PartTold(
        run_id=run.id, step=effect.step, of=effect.of, value=effect.value, source=effect.by
    )
    _record(uow, scene, told, effect.at, effect.actor)


def _hold_feed(uow: UnitOfWork, scene: Scene, run: Run, effect: FeedHeld) -> None:
    held = runs.FeedHeld(station=scene.check.station, device=scene.check.device, run_id=run.id)
    _record(uow, scene, held, effect.at, effect.actor)


def _void_held_feed(uow: UnitOfWork, scene: Scene, run: Run, effect: FeedNotHeld) -> None:
    void = runs.FeedNotHeld(station=scene.check.station, device=scene.check.device, run_id=run.id)
    _record(uow, scene, void, effect.at)


def _present(uow: UnitOfWork, scene: Scene, run: Run, effect: PartPresented) -> None:
    presented = presentations.PartPresented(
        station=scene.check.station,
        device=scene.check.device,
        run_id=run.id,
        step=effect.step,
        attempt=effect.attempt,
        presented_how=effect.how,
        count=scene.count,
    )
    said_by = run.operator if effect.how is Presented.STATED else AGENT
    _record(uow, scene, presented, effect.at, said_by)


def _reach_verdict(uow: UnitOfWork, scene: Scene, run: Run, effect: VerdictReached) -> None:
    judgement, evidence = effect.judgement, effect.evidence
    grading = grading_of(evidence, judgement.verdict)
    presented_at = evidence.presented_at
    told = _said(scene, evidence)
    is_challenge_part = evidence.expectation.failure_mode is not None
    not_counted = why_not_counted(
        in_production=told.in_production,
        all_told=not not_told(evidence.expectation.asked, evidence.told),
        grade=grading.grade if grading else None,
        demanded=scene.check.least_grade if is_challenge_part else None,
    )
    measured = evidence.expectation.rule.measured
    value = evidence.known.get(measured) if measured is not None else None
    elapsed = (judgement.decided_at - presented_at).total_seconds() if presented_at else None
    reached = presentations.VerdictReached(
        station=scene.check.station,
        device=scene.check.device,
        run_id=run.id,
        step=effect.step,
        attempt=effect.attempt,
        part_id=evidence.expectation.part,
        verdict=judgement.verdict,
        verdict_reason=judgement.why,
        decides=effect.decides,
        grade=grading.grade if grading else None,
        grade_part=grading.part if grading else None,
        grade_answer=grading.answer if grading else None,
        grade_watched=grading.watch if grading else None,
        identity_kind=None if judgement.why is Why.NOT_THE_PART else known_by(evidence),
        answer_kind=grading.answer_by if grading else None,
        watched=grading.watched if grading else None,
        identity_disputed=grading.disputed if grading else False,
        serial=told.serial,
        variant=told.variant,
        nest=told.nest,
        pallet=told.pallet,
        sources={of.value: source.value for of, source in told.sources.items()},
        program=told.program,
        mode=told.mode,
        not_counted=not_counted,
        pictures=(),
        elapsed_s=elapsed,
        observed_code=_shown(judgement.observed_code),
        measured=_with_unit(scene.station, measured, value),
        counter=scene.counter,
        count=scene.count,
        largest_gap_s=round(evidence.largest_gap_s, 6) if presented_at else None,
        evidence=evidence_json(evidence, scene.station),
    )
    _record(uow, scene, reached, judgement.decided_at, effect.actor or AGENT)
    if judgement.verdict is Verdict.MISSED and scene.is_running is False:
        # nothing was made since it stopped, so its window is over as soon as it is opened
        note_running(
            uow,
            scene.station,
            is_running=False,
            count=scene.count,
            at=judgement.decided_at,
        )


def _said(scene: Scene, evidence: Evidence) -> Said:
    """Return what was said of the part since it was presented; only who says what, where none was."""
    says, since = scene.station.says, evidence.presented_at
    if since is None:
        return Said(sources=says.sources())
    signals = scene.signals or SignalLog(since)
    return said(says, signals.values_since, since, evidence.told, evidence.expectation.places)


def _contradict(uow: UnitOfWork, scene: Scene, run: Run, effect: VerdictContradicted) -> None:
    why = effect.judgement.why
    assert why is not None  # noqa: S101  what is contradicted is inconclusive
    contradicted = presentations.VerdictContradicted(
        station=scene.check.station,
        device=scene.check.device,
        run_id=run.id,
        step=effect.step,
        attempt=1,
        verdict_reason=why,
        observed_code=_shown(effect.judgement.observed_code),
    )
    _record(uow, scene, contradicted, effect.at)


def _take_back(uow: UnitOfWork, scene: Scene, run: Run, effect: PartReturned) -> None:
    given_back = presentations.PartGivenBack(
        station=scene.check.station,
        device=scene.check.device,
        run_id=run.id,
        step=effect.step,
        run_step=run.index,
        part_id=run.steps[effect.step].expectation.part,
        state=run.state,
    )
    _record(uow, scene, given_back, effect.at, effect.actor)
    piece = recorded(uow, ChallengePartRecord, given_back.part_id)
    if piece.stream != scene.check.line:
        handed_back = PartHandedBack(
            part_id=piece.part_id, from_line=scene.check.line, run_id=run.id
        )
        record(uow, handed_back, stream=piece.stream, at=effect.at, actor=effect.actor)


def _miss_part(uow: UnitOfWork, scene: Scene, run: Run, effect: PartNotReturned) -> None:
    part_id = run.steps[effect.step].expectation.part
    station, device = scene.check.station, scene.check.device
    missing = PartMissing(
        part_id=part_id, run_id=run.id, station=station, device=device, box_label=None
    )
    piece = recorded(uow, ChallengePartRecord, part_id)
    record(uow, missing, stream=piece.stream, at=effect.at, actor=AGENT)
    raise_alarm(
        uow,
        AlarmKind.NOT_RETURNED,
        at=effect.at,
        line=scene.check.line,
        station=station,
        device=device,
        names=scene.plant.place_names(station, device),
        part_id=part_id,
        run_id=run.id,
    )


def _stop(uow: UnitOfWork, scene: Scene, run: Run, effect: RunStopped) -> None:
    stopped = runs.RunStopped(
        station=scene.check.station,
        device=scene.check.device,
        run_id=run.id,
        outcome=effect.outcome,
        reason_code=effect.reason.code,
        reason_text=effect.reason.text,
    )
    _record(uow, scene, stopped, effect.at, effect.actor or AGENT)


def _close(uow: UnitOfWork, scene: Scene, run: Run, effect: RunClosed) -> None:
    if effect.outcome is Outcome.PASSED:
        _pass_occurrence(uow, scene, run, effect.at)
    closed = runs.RunClosed(
        station=scene.check.station,
        device=scene.check.device,
        run_id=run.id,
        outcome=effect.outcome,
        reason_code=effect.reason.code if effect.reason is not None else None,
        reason_text=effect.reason.text if effect.reason is not None else None,
        confirmed=effect.confirmed_by is not None,
        signals=_kept_signals(uow, scene.signals),
    )
    _record(uow, scene, closed, effect.at, effect.confirmed_by or AGENT)
    line, station = scene.check.line, scene.check.station
    if effect.outcome is Outcome.FAILED and is_waited_for(
        scene.plant, line, station, PlantEvent.FAILED_CHECK
    ):
        note_event(
            uow,
            scene.plant,
            line=line,
            station=station,
            event=PlantEvent.FAILED_CHECK,
            told_by_what=ToldBy.SOFTWARE,
            run_id=run.id,
            actor=AGENT,
            at=effect.at,
        )


def _pass_occurrence(uow: UnitOfWork, scene: Scene, run: Run, at: datetime) -> None:
    """Decide the occurrence before the run lets go of it, if the run counts for the plan."""
    known = recorded(uow, RunRecord, run.id)
    if known.not_counted is not None:
        return
    passed = decision(known, at, OccurrenceOutcome.PASSED, None, uow)
    if passed is not None:
        _record(uow, scene, passed.fact, passed.at)


def raise_escape(
    uow: UnitOfWork,
    plant: Plant,
    station: Station,
    *,
    part_id: str,
    at: datetime,
    run_id: RunId | None,
) -> None:
    """Raise the escape alarm: a challenge part was seen where it must not be (L5)."""
    part = uow.get(ChallengePartRecord, part_id)
    if part is not None and part.custody is not Custody.MISSING:
        missing = PartMissing(
            part_id=part_id, run_id=run_id, station=station.id, device=None, box_label=None
        )
        record(uow, missing, stream=part.stream, at=at, actor=AGENT)
    raise_alarm(
        uow,
        AlarmKind.ESCAPE,
        at=at,
        line=station.line,
        station=station.id,
        names=plant.place_names(station.id, None),
        part_id=part_id,
        run_id=run_id,
    )


def _mode_name(plant: Plant, failure_mode: str | None) -> Text | None:
    return None if failure_mode is None else plant.failure_modes.get(failure_mode)


def _kept_signals(uow: UnitOfWork, signals: SignalLog | None) -> str | None:
    return None if signals is None else uow.keep_blob(SIGNALS, signals.packed())


def _shown(value: Value | None) -> str | None:
    return None if value is None else str(value)


def _with_unit(station: Station, signal: str | None, value: Value | None) -> str | None:
    if signal is None or value is None:
        return None
    unit = next((spec.unit for spec in station.signals if spec.name == signal), None)
    number = f"{value:.6g}" if isinstance(value, float) else str(value)
    return f"{number} {unit}" if unit else number


CARRIED_OUT: Mapping[type, Callable[[UnitOfWork, Scene, Run, Any], None]] = {
    PartTold: _tell,
    PartIssued: _issue,
    FeedHeld: _hold_feed,
    FeedNotHeld: _void_held_feed,
    PartPresented: _present,
    VerdictReached: _reach_verdict,
    VerdictContradicted: _contradict,
    PartReturned: _take_back,
    PartNotReturned: _miss_part,
    RunStopped: _stop,
    RunClosed: _close,
}
"""One row an effect."""

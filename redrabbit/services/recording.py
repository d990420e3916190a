"""Carrying out what `advance` decided about a run: entries, custody, containment, messages.

One call is one transaction (L4). The effects arrive in the order in which they happened.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from redrabbit.domain.control_plan import Check
from redrabbit.domain.errors import Refusal
from redrabbit.domain.folding import payload_of
from redrabbit.domain.identity import AGENT, Actor, CheckId
from redrabbit.domain.ledger import Event
from redrabbit.domain.observation import Readings, Value
from redrabbit.domain.occurrence import lapse_at
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import (
    ChallengePartRecord,
    OccurrenceRecord,
    PresentationRecord,
    RunRecord,
)
from redrabbit.domain.run import (
    Effect,
    Outcome,
    PartIssued,
    PartNotReturned,
    PartPresented,
    PartReturned,
    Purpose,
    Run,
    RunClosed,
    RunStopped,
    SetDeadline,
    VerdictContradicted,
    VerdictReached,
)
from redrabbit.domain.station import Station
from redrabbit.domain.verdict import Verdict
from redrabbit.services.alarming import raise_alarm
from redrabbit.services.containing import note_reverified, open_containment
from redrabbit.services.evidence_record import evidence_record
from redrabbit.services.ports import UnitOfWork
from redrabbit.services.running import refuse_unfit_now


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What carrying out needs to know beside the run itself."""

    plant: Plant
    station: Station
    check: Check
    readings: Readings
    counter: int | None
    """The station's part counter as last read."""


def carry_out(uow: UnitOfWork, scene: Scene, run: Run, effects: tuple[Effect, ...]) -> RunRecord:
    """Record the effects of one event on a run and return its record.

    `run` is the run *after* the event. Raises Refusal, and records nothing, where a part can't be
    issued after all.
    """
    for effect in effects:
        if not isinstance(effect, SetDeadline):
            CARRIED_OUT[type(effect)](uow, scene, run, effect)
    record = uow.get(RunRecord, run.id)
    assert record is not None  # noqa: S101  a run is recorded when it starts
    return record


def refuse_scan(
    uow: UnitOfWork, run_record: RunRecord, *, code: str, refusal: Refusal, actor: Actor
) -> None:
    """Record a scan that was refused: named and kept (B25)."""
    uow.append(
        Event(
            type="scan_refused",
            stream=run_record.line,
            occurred_at=uow.now,
            actor=actor,
            payload=payload_of(
                run_id=run_record.run_id,
                code=code[:100],
                refusal=refusal.code,
                expected=refusal.params.get("expected"),
            ),
        )
    )


def _append(
    uow: UnitOfWork,
    scene: Scene,
    event_type: str,
    at: datetime,
    actor: Actor,
    /,
    **payload: object,
) -> None:
    uow.append(
        Event(
            type=event_type,
            stream=scene.check.line,
            occurred_at=at,
            actor=actor,
            payload=payload_of(station=scene.check.station, device=scene.check.device, **payload),
        )
    )


def _issue(uow: UnitOfWork, scene: Scene, run: Run, effect: PartIssued) -> None:
    expectation = run.steps[effect.step].expectation
    record = refuse_unfit_now(uow, scene.plant, expectation.part)
    _append(
        uow,
        scene,
        "part_issued",
        effect.at,
        effect.actor,
        run_id=run.id,
        step=effect.step,
        part_id=expectation.part,
        failure_mode=expectation.failure_mode,
        expected="accept" if expectation.failure_mode is None else "reject",
        expected_code=_shown(expectation.code),
        use_number=record.uses + 1,
    )


def _present(uow: UnitOfWork, scene: Scene, run: Run, effect: PartPresented) -> None:
    _append(
        uow,
        scene,
        "part_presented",
        effect.at,
        AGENT if effect.how.value != "stated" else run.operator,
        run_id=run.id,
        step=effect.step,
        attempt=effect.attempt,
        presented_how=effect.how.value,
    )


def _reach_verdict(uow: UnitOfWork, scene: Scene, run: Run, effect: VerdictReached) -> None:
    judgement, evidence = effect.judgement, effect.evidence
    presented_at = evidence.presented_at
    measured = evidence.expectation.rule.measured
    value = evidence.known.get(measured) if measured is not None else None
    elapsed = (judgement.decided_at - presented_at).total_seconds() if presented_at else None
    _append(
        uow,
        scene,
        "verdict_reached",
        judgement.decided_at,
        AGENT,
        run_id=run.id,
        step=effect.step,
        attempt=effect.attempt,
        part_id=evidence.expectation.part,
        verdict=judgement.verdict.value,
        verdict_reason=judgement.why.value if judgement.why is not None else None,
        decides=effect.decides,
        elapsed_s=elapsed,
        observed_code=_shown(judgement.observed_code),
        measured=_with_unit(scene.station, measured, value),
        counter=scene.counter,
        evidence=evidence_record(evidence, scene.station),
    )
    if not effect.decides:
        return
    if judgement.verdict in {Verdict.MISSED, Verdict.FALSE_REJECT}:
        _fail_occurrence(uow, scene, run, judgement.decided_at, judgement.verdict)
    if judgement.verdict is Verdict.MISSED:
        presentation = uow.get(PresentationRecord, run.id, effect.step, effect.attempt)
        assert presentation is not None  # noqa: S101  recorded when the part was issued
        open_containment(uow, scene.check, presentation, at=judgement.decided_at, actor=AGENT)
    if not judgement.verdict.is_good:
        raise_alarm(
            uow,
            judgement.verdict.value,
            at=judgement.decided_at,
            line=scene.check.line,
            station=scene.check.station,
            device=scene.check.device,
            part_id=evidence.expectation.part,
            run_id=run.id,
        )


def _fail_occurrence(
    uow: UnitOfWork, scene: Scene, run: Run, at: datetime, verdict: Verdict
) -> None:
    """Fail the occurrence at once: a miss needs nobody's confirmation (D4)."""
    _decide(uow, scene, run, at=at, outcome="failed", reason=verdict.value)


def _decide(
    uow: UnitOfWork, scene: Scene, run: Run, *, at: datetime, outcome: str, reason: str | None
) -> None:
    occurrence = _held(uow, run)
    if occurrence is None:
        return
    lapses_at = lapse_at(occurrence)
    if at > lapses_at:  # the run ended after all that it may hold: the check lapsed at its close
        at, outcome, reason = lapses_at, "lapsed", "not_done"
    _append(
        uow,
        scene,
        "occurrence_decided",
        at,
        AGENT,
        occurrence_id=occurrence.occurrence_id,
        check_id=occurrence.check_id,
        outcome=outcome,
        reason=reason,
        run_id=run.id,
    )


def _held(uow: UnitOfWork, run: Run) -> OccurrenceRecord | None:
    record = uow.get(RunRecord, run.id)
    if record is None or record.occurrence_id is None:
        return None
    occurrence = uow.get(OccurrenceRecord, record.occurrence_id)
    if occurrence is None or occurrence.outcome is not None or occurrence.run_id != run.id:
        return None
    return occurrence


def _contradict(uow: UnitOfWork, scene: Scene, run: Run, effect: VerdictContradicted) -> None:
    _append(
        uow,
        scene,
        "verdict_contradicted",
        effect.at,
        AGENT,
        run_id=run.id,
        step=effect.step,
        attempt=1,
    )


def _take_back(uow: UnitOfWork, scene: Scene, run: Run, effect: PartReturned) -> None:
    _append(
        uow,
        scene,
        "part_given_back",
        effect.at,
        effect.actor,
        run_id=run.id,
        step=effect.step,
        run_step=run.index,
        part_id=run.steps[effect.step].expectation.part,
        state=run.state.value,
    )


def _miss_part(uow: UnitOfWork, scene: Scene, run: Run, effect: PartNotReturned) -> None:
    part_id = run.steps[effect.step].expectation.part
    _append(uow, scene, "part_missing", effect.at, AGENT, part_id=part_id, run_id=run.id)
    raise_alarm(
        uow,
        "not_returned",
        at=effect.at,
        line=scene.check.line,
        station=scene.check.station,
        device=scene.check.device,
        part_id=part_id,
        run_id=run.id,
    )


def _stop(uow: UnitOfWork, scene: Scene, run: Run, effect: RunStopped) -> None:
    _append(
        uow,
        scene,
        "run_stopped",
        effect.at,
        effect.actor or AGENT,
        run_id=run.id,
        outcome=effect.outcome.value,
        reason=effect.reason,
    )


def _close(uow: UnitOfWork, scene: Scene, run: Run, effect: RunClosed) -> None:
    actor = effect.confirmed_by or AGENT
    if effect.outcome is Outcome.PASSED:
        _decide(uow, scene, run, at=effect.at, outcome="passed", reason=None)
    _append(
        uow,
        scene,
        "run_closed",
        effect.at,
        actor,
        run_id=run.id,
        outcome=effect.outcome.value,
        reason=effect.reason,
        confirmed_by=effect.confirmed_by.name if effect.confirmed_by is not None else None,
    )
    if effect.outcome is Outcome.PASSED and run.purpose is Purpose.REVERIFICATION:
        assert run.containment_id is not None  # noqa: S101  a re-verification has its case
        note_reverified(uow, run.containment_id, run_id=run.id, actor=actor)
    if effect.outcome is Outcome.INCONCLUSIVE:
        _escalate_inconclusive(uow, scene, run, effect.at)


def _escalate_inconclusive(uow: UnitOfWork, scene: Scene, run: Run, at: datetime) -> None:
    """Tell the quality engineer after N inconclusive runs: nobody shops around a miss (D4)."""
    record = uow.get(RunRecord, run.id)
    if record is None or record.occurrence_id is None:
        return
    occurrence = uow.get(OccurrenceRecord, record.occurrence_id)
    if occurrence is None or occurrence.outcome is not None:
        return
    if occurrence.inconclusive_runs == scene.check.escalate_after_inconclusive:
        raise_alarm(
            uow,
            "inconclusive_again",
            at=at,
            line=scene.check.line,
            station=scene.check.station,
            device=scene.check.device,
            run_id=run.id,
            occurrence_id=occurrence.occurrence_id,
        )


def raise_escape(
    uow: UnitOfWork, scene_station: Station, *, part_id: str, at: datetime, run_id: int | None
) -> None:
    """Raise the escape alarm: a challenge part was seen where it must not be (L5)."""
    part = uow.get(ChallengePartRecord, part_id)
    if part is not None and part.custody != "missing":
        uow.append(
            Event(
                type="part_missing",
                stream=scene_station.line,
                occurred_at=at,
                actor=AGENT,
                payload=payload_of(part_id=part_id, run_id=run_id, station=scene_station.id),
            )
        )
    raise_alarm(
        uow,
        "escape",
        at=at,
        line=scene_station.line,
        station=scene_station.id,
        part_id=part_id,
        run_id=run_id,
    )


def check_of(plant: Plant, run: Run) -> Check:
    """Return the check that a run executes."""
    return plant.check(CheckId(run.check_id))


def _shown(value: Value | None) -> str | None:
    return None if value is None else str(value)


def _with_unit(station: Station, signal: str | None, value: Value | None) -> str | None:
    if signal is None or value is None:
        return None
    unit = next((spec.unit for spec in station.signals if spec.name == signal), None)
    shown = f"{value:.6g}" if isinstance(value, float) else str(value)
    return f"{shown} {unit}" if unit else shown


CARRIED_OUT: Mapping[type, Callable[[UnitOfWork, Scene, Run, Any], None]] = {
    PartIssued: _issue,
    PartPresented: _present,
    VerdictReached: _reach_verdict,
    VerdictContradicted: _contradict,
    PartReturned: _take_back,
    PartNotReturned: _miss_part,
    RunStopped: _stop,
    RunClosed: _close,
}
"""One row an effect."""

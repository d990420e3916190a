"""Runs and their presentations, from started to closed (L10, D4, R18).

A run holds its occurrence until its own timeout (D9), and moves the custody of the parts it takes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from redrabbit.domain.challenge_part import Custody
from redrabbit.domain.evidence import Presented
from redrabbit.domain.facts.challenge_part import ChallengePartRecord
from redrabbit.domain.facts.codec import plain
from redrabbit.domain.facts.fact import Changes, Fact, Json, Look, Put, Record, found, made
from redrabbit.domain.facts.occurrence import OccurrenceRecord
from redrabbit.domain.identity import Identified
from redrabbit.domain.ledger import Entry, JsonValue, canonical_text
from redrabbit.domain.run import Outcome, Purpose, RunState
from redrabbit.domain.verdict import Verdict, Why


class Expected(StrEnum):
    """What the device must do with a part."""

    REJECT = "reject"
    ACCEPT = "accept"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord(Record):
    """One execution of a check."""

    TABLE: ClassVar = "runs"
    KEY: ClassVar = ("run_id",)
    INDEXES: ClassVar = (
        ("station", "state"),
        ("started_at",),
        ("occurrence_id",),
        ("check_id", "outcome", "started_at"),
    )

    run_id: int
    occurrence_id: int | None
    check_id: str
    purpose: Purpose
    containment_id: int | None
    line: str
    station: str
    device: str
    plan: str
    configuration: str
    state: RunState
    outcome: Outcome | None
    reason: str | None
    step: int
    parts: Json
    """The part ids in order of presentation."""
    operator: str
    identified: Identified
    started_at: datetime
    late_s: float | None
    """How late after the due time it started; negative: early; None: not scheduled."""
    expires_at: datetime
    ended_at: datetime | None
    confirmed_by: str | None
    confirmed_at: datetime | None
    entry: int
    """Index of the ledger entry that last changed it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentationRecord(Record):
    """One part put before one device: the first of a part in a run decides (L10)."""

    TABLE: ClassVar = "presentations"
    KEY: ClassVar = ("run_id", "step", "attempt")
    INDEXES: ClassVar = (("device", "presented_at"),)

    run_id: int
    step: int
    attempt: int
    line: str
    station: str
    device: str
    part_id: str
    failure_mode: str | None
    expected: Expected
    expected_code: str | None
    use_number: int
    issued_at: datetime
    issued_by: str
    presented_at: datetime | None
    presented_how: Presented | None
    verdict: Verdict | None
    verdict_reason: Why | None
    verdict_at: datetime | None
    elapsed_s: float | None
    observed_code: str | None
    measured: str | None
    counter: int | None
    """The station's part counter at the verdict."""
    evidence: Json | None
    given_back_at: datetime | None
    given_back_by: str | None
    decides: bool
    entry: int


def _run(look: Look, run_id: int) -> RunRecord:
    return found(look, RunRecord, run_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted(Fact):
    """A person started a run."""

    TYPE: ClassVar = "run_started"

    run_id: int
    occurrence_id: int | None
    """None: on demand, or a re-verification."""
    check_id: str
    purpose: Purpose
    containment_id: int | None
    line: str
    station: str
    device: str
    parts: tuple[str, ...]
    late_s: float | None
    expires_at: datetime

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Start the run; it holds its occurrence until its own timeout (D9)."""
        started = made(
            RunRecord,
            self,
            plan=entry.plan,
            configuration=entry.configuration,
            state=RunState.AWAITING_PART,
            outcome=None,
            reason=None,
            step=0,
            parts=Json(canonical_text(plain(self.parts))),
            operator=entry.actor.name,
            identified=entry.actor.identified,
            started_at=entry.occurred_at,
            ended_at=None,
            confirmed_by=None,
            confirmed_at=None,
            entry=entry.index,
        )
        if self.occurrence_id is None:
            return (Put(started),)
        occurrence = found(look, OccurrenceRecord, self.occurrence_id)
        held = replace(occurrence, run_id=self.run_id, held_until=self.expires_at)
        return (Put(started), Put(held))


@dataclass(frozen=True, slots=True, kw_only=True)
class PartIssued(Fact):
    """The part is out, in the operator's hands."""

    TYPE: ClassVar = "part_issued"

    station: str
    device: str
    run_id: int
    step: int
    part_id: str
    failure_mode: str | None
    expected: Expected
    expected_code: str | None
    use_number: int

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Give the part out: one use more."""
        run = _run(look, self.run_id)
        part = found(look, ChallengePartRecord, self.part_id)
        presentation = made(
            PresentationRecord,
            self,
            attempt=1,
            line=run.line,
            station=run.station,
            device=run.device,
            issued_at=entry.occurred_at,
            issued_by=entry.actor.name,
            presented_at=None,
            presented_how=None,
            verdict=None,
            verdict_reason=None,
            verdict_at=None,
            elapsed_s=None,
            observed_code=None,
            measured=None,
            counter=None,
            evidence=None,
            given_back_at=None,
            given_back_by=None,
            decides=True,
            entry=entry.index,
        )
        out = replace(
            part,
            custody=Custody.ISSUED,
            custody_at=entry.occurred_at,
            run_id=self.run_id,
            uses=self.use_number,
        )
        armed = replace(run, step=self.step, state=RunState.ARMED, entry=entry.index)
        return (Put(presentation), Put(out), Put(armed))


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanRefused(Fact):
    """A scan was refused: which, and why (B25)."""

    TYPE: ClassVar = "scan_refused"

    run_id: int
    code: str
    refusal: str
    expected: str | None

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Point the run to the entry, which tells the rest."""
        return (Put(replace(_run(look, self.run_id), entry=entry.index)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartPresented(Fact):
    """The part is before the device; a later attempt is kept beside the first (L10)."""

    TYPE: ClassVar = "part_presented"

    station: str
    device: str
    run_id: int
    step: int
    attempt: int
    presented_how: Presented

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Put the part before the device."""
        run = _run(look, self.run_id)
        first = found(look, PresentationRecord, self.run_id, self.step, 1)
        presented = replace(
            first,
            attempt=self.attempt,
            presented_at=entry.occurred_at,
            presented_how=self.presented_how,
            entry=entry.index,
        )
        if self.attempt > 1:
            beside = _without_verdict(presented)
            return (Put(beside), Put(replace(run, entry=entry.index)))
        part = found(look, ChallengePartRecord, first.part_id)
        return (
            Put(presented),
            Put(replace(part, custody=Custody.PRESENTED, custody_at=entry.occurred_at)),
            Put(replace(run, state=RunState.PRESENTED, entry=entry.index)),
        )


def _without_verdict(first: PresentationRecord) -> PresentationRecord:
    return replace(
        first,
        verdict=None,
        verdict_reason=None,
        verdict_at=None,
        elapsed_s=None,
        observed_code=None,
        measured=None,
        counter=None,
        evidence=None,
        decides=False,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictReached(Fact):
    """One presentation was judged, on this evidence."""

    TYPE: ClassVar = "verdict_reached"

    station: str
    device: str
    run_id: int
    step: int
    attempt: int
    part_id: str
    verdict: Verdict
    verdict_reason: Why | None
    """Given exactly when the verdict is inconclusive."""
    decides: bool
    elapsed_s: float | None
    """From presented to the deciding reading."""
    observed_code: str | None
    measured: str | None
    counter: int | None
    evidence: Mapping[str, JsonValue]

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Keep the verdict with its evidence."""
        run = _run(look, self.run_id)
        judged = replace(
            found(look, PresentationRecord, self.run_id, self.step, self.attempt),
            verdict=self.verdict,
            verdict_reason=self.verdict_reason,
            verdict_at=entry.occurred_at,
            elapsed_s=self.elapsed_s,
            observed_code=self.observed_code,
            measured=self.measured,
            counter=self.counter,
            evidence=Json(canonical_text(plain(self.evidence))),
            entry=entry.index,
        )
        state = RunState.AWAITING_RETURN if judged.decides else run.state
        return (Put(judged), Put(replace(run, state=state, entry=entry.index)))


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictContradicted(Fact):
    """After a good verdict the opposite answer came for the same part: it proves nothing (R16)."""

    TYPE: ClassVar = "verdict_contradicted"

    station: str
    device: str
    run_id: int
    step: int
    attempt: int

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Correct the record; the first verdict stays in its own entry."""
        contradicted = replace(
            found(look, PresentationRecord, self.run_id, self.step, self.attempt),
            verdict=Verdict.INCONCLUSIVE,
            verdict_reason=Why.CONTRADICTORY,
            entry=entry.index,
        )
        return (Put(contradicted), Put(replace(_run(look, self.run_id), entry=entry.index)))


@dataclass(frozen=True, slots=True, kw_only=True)
class PartGivenBack(Fact):
    """The part is back in its place (L5)."""

    TYPE: ClassVar = "part_given_back"

    station: str
    device: str
    run_id: int
    step: int
    run_step: int
    """The step that the run goes on with."""
    part_id: str
    state: RunState

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Take the part back."""
        at, by = entry.occurred_at, entry.actor.name
        presentation = found(look, PresentationRecord, self.run_id, self.step, 1)
        part = found(look, ChallengePartRecord, presentation.part_id)
        run = replace(
            _run(look, self.run_id), state=self.state, step=self.run_step, entry=entry.index
        )
        return (
            Put(replace(presentation, given_back_at=at, given_back_by=by)),
            Put(replace(part, custody=Custody.STORED, custody_at=at, run_id=None)),
            Put(run),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStopped(Fact):
    """The run goes no further than the part's return."""

    TYPE: ClassVar = "run_stopped"

    station: str
    device: str
    run_id: int
    outcome: Outcome
    reason: str

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Let the run wait for nothing but its part."""
        stopped = replace(
            _run(look, self.run_id),
            state=RunState.AWAITING_RETURN,
            reason=self.reason,
            entry=entry.index,
        )
        return (Put(stopped),)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunClosed(Fact):
    """The run is over."""

    TYPE: ClassVar = "run_closed"

    station: str | None
    device: str | None
    run_id: int
    outcome: Outcome
    reason: str | None
    confirmed_by: str | None

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Close the run and free its occurrence, unless it was decided meanwhile."""
        closed = replace(
            _run(look, self.run_id),
            outcome=self.outcome,
            reason=self.reason,
            confirmed_by=self.confirmed_by,
            state=RunState.CLOSED,
            ended_at=entry.occurred_at,
            confirmed_at=entry.occurred_at if self.confirmed_by is not None else None,
            entry=entry.index,
        )
        if closed.occurrence_id is None:
            return (Put(closed),)
        occurrence = found(look, OccurrenceRecord, closed.occurrence_id)
        if occurrence.outcome is not None or occurrence.run_id != self.run_id:
            return (Put(closed),)
        more = 1 if self.outcome is Outcome.INCONCLUSIVE else 0
        freed = replace(
            occurrence,
            run_id=None,
            held_until=None,
            inconclusive_runs=occurrence.inconclusive_runs + more,
        )
        return (Put(closed), Put(freed))

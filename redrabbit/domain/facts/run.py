"""Runs, from started to closed (D4). A run holds its occurrence until its own timeout (D9)."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from redrabbit.domain.facts.check import CheckRecord
from redrabbit.domain.facts.fact import (
    Changes,
    Fact,
    Json,
    Look,
    PartialIndex,
    Put,
    Record,
    found,
    json_of,
    made,
)
from redrabbit.domain.facts.occurrence import OccurrenceRecord
from redrabbit.domain.facts.qualification import QualificationGap
from redrabbit.domain.facts.words import PlaceNames, PlanReference
from redrabbit.domain.fulfilment import NotCounted
from redrabbit.domain.grade import Grade
from redrabbit.domain.identity import ContainmentId, How, Letter, OccurrenceId, RunId, number_of
from redrabbit.domain.ledger import Entry
from redrabbit.domain.run_words import Outcome, Purpose, RunState, StopCode, is_verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord(Record):
    """One execution of a check."""

    TABLE: ClassVar = "runs"
    KEY: ClassVar = ("run_id",)
    INDEXES: ClassVar = (
        ("line", "number"),
        ("containment_id",),
        ("started_at", "line", "number"),
        ("line", "started_at", "number"),
        ("station", "started_at", "line", "number"),
        ("device", "started_at", "line", "number"),
        ("outcome", "started_at", "line", "number"),
        ("line", "outcome", "started_at", "number"),
        ("station", "outcome", "started_at", "line", "number"),
        ("device", "outcome", "started_at", "line", "number"),
        ("check_id", "outcome", "started_at", "line", "number"),
    )
    PARTIAL_INDEXES: ClassVar = (
        PartialIndex(
            name="counted",
            field="not_counted",
            is_none=True,
            names=("check_id", "outcome", "started_at", "line", "number"),
        ),
    )
    LETTER: ClassVar = Letter.RUN

    run_id: RunId
    line: str
    number: int
    occurrence_id: OccurrenceId | None
    check_id: str
    purpose: Purpose
    containment_id: ContainmentId | None
    station: str
    device: str
    plan_number: str
    plan_revision: str
    plan_line: str | None
    pfmea: str | None
    names: Json | None
    """`PlaceNames` of its time; None under schema 1."""
    in_force: str
    """Digest of what was in force when it started (D52)."""
    station_digest: str | None
    """Of its station's file; None under schema 1."""
    variant: str | None
    nest: str | None
    program: str | None
    state: RunState
    outcome: Outcome | None
    grade: Grade | None
    """The worst of its challenge parts (D28); None where one has none, or it neither passed nor
    failed."""
    not_counted: NotCounted | None
    """Why it fulfils nothing even if it passed (D28, D33): that of its first verdict that doesn't count."""
    reason_code: StopCode | None
    """Why it went no further; None where nothing stopped it."""
    reason_text: str | None
    """A person's words."""
    stopped_by: str | None
    """Whose the reason is; None where nothing stopped it."""
    stopped_how: How | None
    stopped_entry: int | None
    step: int
    parts: Json
    """The part ids in order of presentation."""
    feed_held_by: str | None
    """Who said that nothing is fed until the check is over (D29); None: nobody."""
    feed_held_how: How | None
    feed_held_entry: int | None
    """Where it is said; without who said it: where a part contradicted them."""
    feed_held_at: datetime | None
    started_by: str
    started_how: How
    started_entry: int
    started_at: datetime
    unqualified: QualificationGap | None
    """Why whoever started it was not qualified for it; None where they were, or nobody asked."""
    late_s: float | None
    """How late after the due time it started; negative: early; None: not scheduled."""
    expires_at: datetime
    ended_at: datetime | None
    confirmed_by: str | None
    confirmed_how: How | None
    confirmed_entry: int | None
    confirmed_at: datetime | None
    signals: str | None
    """Digest of the blob with all that its station's signals did during it."""
    entry: int
    """Index of the ledger entry that last changed it."""


def run_of(look: Look, run_id: RunId) -> RunRecord:
    """Return the run; LookupError if the ledger never started it."""
    return found(look, RunRecord, run_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted(Fact):
    """A person started a run."""

    TYPE: ClassVar = "run_started"

    run_id: RunId
    occurrence_id: OccurrenceId | None
    """None: on demand, or a re-verification."""
    check_id: str
    purpose: Purpose
    containment_id: ContainmentId | None
    line: str
    station: str
    device: str
    plan: PlanReference
    names: PlaceNames | None
    station_digest: str | None
    special_characteristic: str | None
    method: str | None
    """How it is verified, where not by the machine's signals: attested, paper, … (D40)."""
    variant: str | None
    nest: str | None
    program: str | None
    """The station's program or recipe, where it tells."""
    mode: str | None
    parts: tuple[str, ...]
    late_s: float | None
    expires_at: datetime
    entered_at: datetime | None
    """When it was entered, where that is later than when it happened (D40)."""

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Start the run; it holds its occurrence until its own timeout (D9)."""
        started = made(
            RunRecord,
            self,
            number=number_of(self.run_id),
            plan_number=self.plan.number,
            plan_revision=self.plan.revision,
            plan_line=self.plan.line,
            pfmea=self.plan.pfmea,
            names=json_of(self.names),
            in_force=entry.in_force,
            state=RunState.AWAITING_PART,
            outcome=None,
            grade=None,
            not_counted=None,
            reason_code=None,
            reason_text=None,
            stopped_by=None,
            stopped_how=None,
            stopped_entry=None,
            step=0,
            parts=json_of(self.parts),
            feed_held_by=None,
            feed_held_how=None,
            feed_held_entry=None,
            feed_held_at=None,
            started_by=entry.actor.id,
            started_how=entry.actor.how,
            started_entry=entry.index,
            started_at=entry.occurred_at,
            unqualified=None,
            ended_at=None,
            confirmed_by=None,
            confirmed_how=None,
            confirmed_entry=None,
            confirmed_at=None,
            signals=None,
            entry=entry.index,
        )
        if self.occurrence_id is None:
            return (Put(started),)
        occurrence = found(look, OccurrenceRecord, self.occurrence_id)
        held = replace(
            occurrence, run_id=self.run_id, held_until=self.expires_at, entry=entry.index
        )
        return (Put(started), Put(held))


@dataclass(frozen=True, slots=True, kw_only=True)
class RunUnqualified(Fact):
    """Who started the run had no qualification for it that held, and the plant lets them go on (R19)."""

    TYPE: ClassVar = "run_unqualified"

    run_id: RunId
    gap: QualificationGap

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Mark the run."""
        marked = replace(run_of(look, self.run_id), unqualified=self.gap, entry=entry.index)
        return (Put(marked),)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanRefused(Fact):
    """A scan was refused: which, and why (B25)."""

    TYPE: ClassVar = "scan_refused"

    run_id: RunId
    code: str
    refusal: str
    expected: str | None

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Point the run to the entry, which tells the rest."""
        return (Put(replace(run_of(look, self.run_id), entry=entry.index)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedHeld(Fact):
    """A person says that nothing is fed until the check is over, where no signal tells (D29)."""

    TYPE: ClassVar = "feed_held"

    station: str
    device: str
    run_id: RunId

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Keep who said it, and when."""
        held = replace(
            run_of(look, self.run_id),
            feed_held_by=entry.actor.id,
            feed_held_how=entry.actor.how,
            feed_held_entry=entry.index,
            feed_held_at=entry.occurred_at,
            entry=entry.index,
        )
        return (Put(held),)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedNotHeld(Fact):
    """A part came though a person had said that nothing is fed: their word is void, until it is given anew."""

    TYPE: ClassVar = "feed_not_held"

    station: str
    device: str
    run_id: RunId

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Forget who said it; the entry that contradicts it stays."""
        contradicted = replace(
            run_of(look, self.run_id),
            feed_held_by=None,
            feed_held_how=None,
            feed_held_entry=entry.index,
            feed_held_at=None,
            entry=entry.index,
        )
        return (Put(contradicted),)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStopped(Fact):
    """The run goes no further than the part's return."""

    TYPE: ClassVar = "run_stopped"

    station: str
    device: str
    run_id: RunId
    outcome: Outcome
    reason_code: StopCode
    reason_text: str | None
    """A person's words, where a person gave it up."""

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Let the run wait for nothing but its part."""
        stopped = replace(
            run_of(look, self.run_id),
            state=RunState.AWAITING_RETURN,
            reason_code=self.reason_code,
            reason_text=self.reason_text,
            stopped_by=entry.actor.id,
            stopped_how=entry.actor.how,
            stopped_entry=entry.index,
            entry=entry.index,
        )
        return (Put(stopped),)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunClosed(Fact):
    """The run is over."""

    TYPE: ClassVar = "run_closed"

    station: str | None
    device: str | None
    run_id: RunId
    outcome: Outcome
    reason_code: StopCode | None
    reason_text: str | None
    confirmed: bool
    """Whether a person confirmed it: the entry's actor."""
    signals: str | None
    """Digest of the blob with all that its station's signals did during it."""

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Close the run, count it with its check, and free its occurrence unless it was decided."""
        run = run_of(look, self.run_id)
        code, text = self.reason_code, self.reason_text
        if entry.schema == 1 and run.reason_text is not None and run.reason_text == code:
            # somebody's words that are one of ours, too: who said them stands in the stop (D23)
            code, text = run.reason_code, run.reason_text
        if code is not None and (code, text) != (run.reason_code, run.reason_text):
            # what ended it is not what stopped it: the plan lost its check, nobody confirmed
            run = replace(
                run,
                stopped_by=entry.actor.id,
                stopped_how=entry.actor.how,
                stopped_entry=entry.index,
            )
        closed = replace(
            run,
            outcome=self.outcome,
            grade=run.grade if is_verdict(self.outcome) else None,
            reason_code=code,
            reason_text=text,
            confirmed_by=entry.actor.id if self.confirmed else None,
            confirmed_how=entry.actor.how if self.confirmed else None,
            confirmed_entry=entry.index if self.confirmed else None,
            confirmed_at=entry.occurred_at if self.confirmed else None,
            signals=self.signals,
            state=RunState.CLOSED,
            ended_at=entry.occurred_at,
            entry=entry.index,
        )
        return (Put(closed), *self._counted(closed, entry, look), *self._freed(closed, entry, look))

    def _counted(self, run: RunRecord, entry: Entry, look: Look) -> Changes:
        """Count the run with its check where it came to no verdict; one that did ends the row."""
        check = look(CheckRecord, run.line, run.check_id)
        if check is None:  # its adoption was erased
            return ()
        if is_verdict(self.outcome):
            counted = replace(check, runs_without_verdict=0, without_verdict_since=None)
        else:
            counted = replace(
                check,
                runs_without_verdict=check.runs_without_verdict + 1,
                without_verdict_since=check.without_verdict_since or entry.occurred_at,
            )
        return (Put(counted),)

    def _freed(self, run: RunRecord, entry: Entry, look: Look) -> Changes:
        if run.occurrence_id is None:
            return ()
        occurrence = found(look, OccurrenceRecord, run.occurrence_id)
        if occurrence.outcome is not None or occurrence.run_id != self.run_id:
            return ()
        more = 1 if self.outcome is Outcome.INCONCLUSIVE else 0
        freed = replace(
            occurrence,
            run_id=None,
            held_until=None,
            inconclusive_runs=occurrence.inconclusive_runs + more,
            entry=entry.index,
        )
        return (Put(freed),)

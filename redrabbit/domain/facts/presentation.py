"""Presentations: a part issued, put before the device, judged, given back (L10, R18).

They move the custody of the pieces that are at home on the run's line; for others `PartHandedOver` and
`PartHandedBack` stand on their own stream (D50).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Final

from redrabbit.domain.challenge_part import Custody
from redrabbit.domain.facts.challenge_part import ChallengePartRecord
from redrabbit.domain.facts.fact import (
    Changes,
    Fact,
    Json,
    Look,
    PartialIndex,
    Put,
    Record,
    changed,
    found,
    json_of,
    made,
)
from redrabbit.domain.facts.part_count import CountedWhy, count_told
from redrabbit.domain.facts.run import run_of
from redrabbit.domain.facts.words import Certification
from redrabbit.domain.fulfilment import NotCounted
from redrabbit.domain.grade import AnswerBy, Grade, KnownBy, Watched, worst_grade
from redrabbit.domain.identity import How, RunId
from redrabbit.domain.ledger import Entry, JsonValue
from redrabbit.domain.part_count import PartCount
from redrabbit.domain.run_words import Presented, RunState, Verdict, Why
from redrabbit.domain.text import Text


class Expected(StrEnum):
    """What the device must do with a part."""

    REJECT = "reject"
    ACCEPT = "accept"


UNJUDGED: Final[Mapping[str, Any]] = {
    "verdict": None,
    "verdict_reason": None,
    "verdict_at": None,
    "verdict_by": None,
    "verdict_how": None,
    "verdict_entry": None,
    "grade": None,
    "identity_kind": None,
    "answer_kind": None,
    "watched": None,
    "identity_disputed": False,
    "elapsed_s": None,
    "observed_code": None,
    "measured": None,
    "counter": None,
    "count_after": None,
    "serial": None,
    "variant": None,
    "nest": None,
    "pallet": None,
    "sources": None,
    "program": None,
    "mode": None,
    "not_counted": None,
    "largest_gap_s": None,
    "evidence": None,
}
"""What of a presentation's record its verdict fills in."""

_IN_ORDER: Final = ("issued_entry", "run_id", "step", "attempt")


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentationRecord(Record):
    """One part put before one device: the first of a part in a run decides (L10)."""

    TABLE: ClassVar = "presentations"
    KEY: ClassVar = ("run_id", "step", "attempt")
    PARTIAL_INDEXES: ClassVar = (
        PartialIndex(
            name="counted_of_device",
            field="not_counted",
            is_none=True,
            names=("device", "verdict", "decides", *_IN_ORDER),
        ),
        PartialIndex(
            name="counted_of_failure_mode",
            field="not_counted",
            is_none=True,
            names=("device", "failure_mode", "verdict", "decides", *_IN_ORDER),
        ),
    )

    run_id: RunId
    step: int
    attempt: int
    line: str
    station: str
    device: str
    part_id: str
    part_stream: str | None
    """Where the piece is at home; None under schema 1, whose runs move any piece."""
    part_kind: str | None
    part_name: Json | None
    certification: Json | None
    """`Certification` when it was issued; None under schema 1."""
    failure_mode: str | None
    failure_mode_name: Json | None
    expected: Expected
    expected_code: str | None
    use_number: int
    issued_at: datetime
    issued_by: str
    issued_how: How
    issued_entry: int
    presented_at: datetime | None
    presented_how: Presented | None
    count_before: Json | None
    """`PartCount` of the station when the part was presented (D34); None where it is not known."""
    verdict: Verdict | None
    verdict_reason: Why | None
    verdict_at: datetime | None
    verdict_by: str | None
    """Who ended it by saying that it was not the part (D29); None: it was judged by its evidence."""
    verdict_how: How | None
    verdict_entry: int | None
    grade: Grade | None
    """Of the evidence (D28); None where it is inconclusive, and under schemas 1 and 2."""
    identity_kind: KnownBy | None
    """By what it is known which part it was (D29); None where none was presented, or it was not the part,
    and under schemas 1 and 2."""
    answer_kind: AnswerBy | None
    """By what the answer is known; None where `grade` is."""
    watched: Watched | None
    """How the station was watched (D30); None where `grade` is."""
    identity_disputed: bool
    elapsed_s: float | None
    observed_code: str | None
    measured: str | None
    counter: int | None
    """The station's part counter at the verdict."""
    count_after: Json | None
    """`PartCount` of the station at the verdict; None where it is not known."""
    serial: str | None
    variant: str | None
    nest: str | None
    pallet: str | None
    sources: Json | None
    """Who told which of these four (D33): `{"nest": "signal"}`; one without a value is not known. None
    under schemas 1 and 2."""
    program: str | None
    mode: str | None
    not_counted: NotCounted | None
    """Why it fulfils nothing (D28, D33); None where it counts."""
    largest_gap_s: float | None
    """Longest time without a good reading of a signal that the verdict rests on (D30); None under
    schemas 1 and 2."""
    evidence: Json | None
    given_back_at: datetime | None
    given_back_by: str | None
    given_back_how: How | None
    given_back_entry: int | None
    decides: bool
    entry: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PartIssued(Fact):
    """The part is out, in the operator's hands."""

    TYPE: ClassVar = "part_issued"

    station: str
    device: str
    run_id: RunId
    step: int
    part_id: str
    part_stream: str | None
    """Where the piece is at home; None under schema 1."""
    part_kind: str | None
    part_name: Text | None
    certification: Certification | None
    failure_mode: str | None
    failure_mode_name: Text | None
    expected: Expected
    expected_code: str | None
    use_number: int

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Give the part out: one use more."""
        run = run_of(look, self.run_id)
        presentation = made(
            PresentationRecord,
            self,
            attempt=1,
            line=run.line,
            part_name=json_of(self.part_name),
            certification=json_of(self.certification),
            failure_mode_name=json_of(self.failure_mode_name),
            issued_at=entry.occurred_at,
            issued_by=entry.actor.id,
            issued_how=entry.actor.how,
            issued_entry=entry.index,
            presented_at=None,
            presented_how=None,
            count_before=None,
            **UNJUDGED,
            given_back_at=None,
            given_back_by=None,
            given_back_how=None,
            given_back_entry=None,
            decides=True,
            entry=entry.index,
        )
        armed = changed(run, step=self.step, state=RunState.ARMED, entry=entry.index)
        moved = _at_home(presentation, entry, look)
        if moved is None:
            return (Put(presentation), Put(armed))
        out = changed(
            moved,
            custody=Custody.ISSUED,
            custody_at=entry.occurred_at,
            run_id=self.run_id,
            uses=self.use_number,
        )
        return (Put(presentation), Put(out), Put(armed))


def _at_home(
    presentation: PresentationRecord, entry: Entry, look: Look
) -> ChallengePartRecord | None:
    """Return the piece, if facts of this stream move it; None where it is at home elsewhere."""
    if presentation.part_stream not in {None, entry.stream}:
        return None
    return found(look, ChallengePartRecord, presentation.part_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartPresented(Fact):
    """The part is before the device; a later attempt is kept beside the first (L10)."""

    TYPE: ClassVar = "part_presented"

    station: str
    device: str
    run_id: RunId
    step: int
    attempt: int
    presented_how: Presented
    count: PartCount | None
    """What the station had counted before the part (D34); null where it doesn't tell, or can't be read."""

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Put the part before the device."""
        run = run_of(look, self.run_id)
        first = found(look, PresentationRecord, self.run_id, self.step, 1)
        presented = changed(
            first,
            attempt=self.attempt,
            presented_at=entry.occurred_at,
            presented_how=self.presented_how,
            count_before=json_of(self.count),
            entry=entry.index,
        )
        counted = count_told(
            self.count,
            entry,
            station=self.station,
            why=CountedWhy.PRESENTED,
            run_id=self.run_id,
        )
        if self.attempt > 1:
            later = changed(presented, **UNJUDGED, decides=False)
            return (Put(later), Put(changed(run, entry=entry.index)), *counted)
        shown = Put(changed(run, state=RunState.PRESENTED, entry=entry.index))
        part = _at_home(presented, entry, look)
        if part is None:
            return (Put(presented), shown, *counted)
        moved = changed(part, custody=Custody.PRESENTED, custody_at=entry.occurred_at)
        return (Put(presented), Put(moved), shown, *counted)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictReached(Fact):
    """One presentation was judged, on this evidence."""

    TYPE: ClassVar = "verdict_reached"

    station: str
    device: str
    run_id: RunId
    step: int
    attempt: int
    part_id: str
    verdict: Verdict
    verdict_reason: Why | None
    """Given exactly when the verdict is inconclusive."""
    decides: bool
    grade: Grade | None
    """The worst of the three below (D28); null where the verdict is inconclusive."""
    grade_part: Grade | None
    """How well it is known which part it was."""
    grade_answer: Grade | None
    """How well the answer is known."""
    grade_watched: Grade | None
    """How well the station was watched."""
    identity_kind: KnownBy | None
    """By what it is known which part it was (D29); null where none was presented, or it was not the part."""
    answer_kind: AnswerBy | None
    """By what the answer is known."""
    watched: Watched | None
    """How the station was watched from presented to the verdict (D30)."""
    identity_disputed: bool
    serial: str | None
    """The part's serial number, where it is told (D33)."""
    variant: str | None
    nest: str | None
    pallet: str | None
    sources: Mapping[str, JsonValue] | None
    """Who tells which of the four by the station's file, signal, scan or tap: `{"nest": "tap"}`. Where
    that stands and the value is null, it is not known; else there is one of it."""
    program: str | None
    """The program that the station ran by; of several the first that was not production's."""
    mode: str | None
    not_counted: NotCounted | None
    """Why it fulfils nothing, though it is kept and shown (D28, D33); null where it counts."""
    pictures: tuple[str, ...]
    """Digests of the blobs."""
    elapsed_s: float | None
    """From presented to the deciding reading."""
    observed_code: str | None
    measured: str | None
    counter: int | None
    count: PartCount | None
    """What the station had counted at the verdict (D34); null where it doesn't tell, or can't be read."""
    largest_gap_s: float | None
    """From presented to the verdict, the longest time without a good reading of a signal that it rests
    on (D30)."""
    evidence: Mapping[str, JsonValue]

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Keep the verdict with its evidence."""
        run = run_of(look, self.run_id)
        is_said = self.verdict_reason is Why.NOT_THE_PART
        judged = changed(
            found(look, PresentationRecord, self.run_id, self.step, self.attempt),
            verdict=self.verdict,
            verdict_reason=self.verdict_reason,
            verdict_at=entry.occurred_at,
            verdict_by=entry.actor.id if is_said else None,
            verdict_how=entry.actor.how if is_said else None,
            verdict_entry=entry.index if is_said else None,
            grade=self.grade,
            identity_kind=self.identity_kind,
            answer_kind=self.answer_kind,
            watched=self.watched,
            identity_disputed=self.identity_disputed,
            elapsed_s=self.elapsed_s,
            observed_code=self.observed_code,
            measured=self.measured,
            counter=self.counter,
            count_after=json_of(self.count),
            serial=self.serial,
            variant=self.variant,
            nest=self.nest,
            pallet=self.pallet,
            sources=json_of(self.sources),
            program=self.program,
            mode=self.mode,
            not_counted=self.not_counted,
            largest_gap_s=self.largest_gap_s,
            evidence=json_of(self.evidence),
            entry=entry.index,
        )
        if judged.decides:
            grade = _grade_of_run(look, judged)
            run = changed(
                run,
                state=RunState.AWAITING_RETURN,
                grade=grade,
                not_counted=run.not_counted or judged.not_counted,
            )
        counted = count_told(
            self.count,
            entry,
            station=self.station,
            why=CountedWhy.VERDICT,
            run_id=self.run_id,
            variant=self.variant,
            nest=self.nest,
        )
        return (Put(judged), Put(changed(run, entry=entry.index)), *counted)


def _grade_of_run(look: Look, latest: PresentationRecord) -> Grade | None:
    """Return the worst grade of the run's challenge parts so far; a good master lowers nothing."""
    earlier = [look(PresentationRecord, latest.run_id, step, 1) for step in range(latest.step)]
    return worst_grade(
        part.grade if part is not None else None
        for part in (*earlier, latest)
        if part is None or part.expected is Expected.REJECT
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictContradicted(Fact):
    """After a good verdict the opposite answer (R16), or another reason (D31), came for the same part."""

    TYPE: ClassVar = "verdict_contradicted"

    station: str
    device: str
    run_id: RunId
    step: int
    attempt: int
    verdict_reason: Why
    """Why it proves nothing: contradictory, or the wrong reject code."""
    observed_code: str | None
    """The other reason; null where the opposite answer came."""

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Correct the record; the first verdict and its grade stay in its own entry.

        A run that had gone on to its next part presents nothing more (D4).
        """
        judged = found(look, PresentationRecord, self.run_id, self.step, self.attempt)
        contradicted = changed(
            judged,
            verdict=Verdict.INCONCLUSIVE,
            verdict_reason=self.verdict_reason,
            grade=None,
            answer_kind=None,
            watched=None,
            observed_code=self.observed_code or judged.observed_code,
            entry=entry.index,
        )
        run = run_of(look, self.run_id)
        grade = _grade_of_run(look, contradicted)
        awaits_next = run.state is RunState.AWAITING_PART
        ended = changed(
            run,
            step=self.step,
            state=RunState.AWAITING_CONFIRMATION if awaits_next else run.state,
            grade=grade,
            entry=entry.index,
        )
        return (Put(contradicted), Put(ended))


@dataclass(frozen=True, slots=True, kw_only=True)
class PartGivenBack(Fact):
    """The part is back in its place (L5)."""

    TYPE: ClassVar = "part_given_back"

    station: str
    device: str
    run_id: RunId
    step: int
    run_step: int
    """The step that the run goes on with."""
    part_id: str
    state: RunState

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Take the part back."""
        presentation = found(look, PresentationRecord, self.run_id, self.step, 1)
        back = changed(
            presentation,
            given_back_at=entry.occurred_at,
            given_back_by=entry.actor.id,
            given_back_how=entry.actor.how,
            given_back_entry=entry.index,
        )
        run = changed(
            run_of(look, self.run_id), state=self.state, step=self.run_step, entry=entry.index
        )
        part = _at_home(presentation, entry, look)
        if part is None:
            return (Put(back), Put(run))
        stored = changed(part, custody=Custody.STORED, custody_at=entry.occurred_at, run_id=None)
        return (Put(back), Put(stored), Put(run))

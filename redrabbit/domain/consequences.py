"""What follows from a fact, in the same transaction and of itself (L4, D4, D22, D34).

A miss fails its occurrence and opens a containment with its suspect window, or moves the window of
the one that is open; a verdict that is not good raises an alarm; a miss after a repair tells that the
repair did not help; a re-verification that passed ends the miss and moves the window for the last time;
each variant and nest of a device has cases, good checks and re-verifications of its own (D36);
a count told after a recorded stop moves it, too. A request for an act falls when what it is about is changed (D45). A case is closed by a person, never of itself (D35).
Each fact that follows may have consequences of its own.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from redrabbit.domain.containment_questions import waits_for_reverification
from redrabbit.domain.control_plan import Check
from redrabbit.domain.facts.alarm import AlarmKind, AlarmRaised, AlarmRecord
from redrabbit.domain.facts.check import CheckRecord
from redrabbit.domain.facts.containment import (
    ContainmentOpened,
    ContainmentRecord,
    ContainmentReverified,
    ContainmentState,
    ReactionStep,
)
from redrabbit.domain.facts.fact import Fact, Record, read_json
from redrabbit.domain.facts.occurrence import (
    DecisionCode,
    OccurrenceDecided,
    OccurrenceOutcome,
    OccurrenceRecord,
)
from redrabbit.domain.facts.part_count import PartsCounted
from redrabbit.domain.facts.presentation import PresentationRecord, VerdictReached
from redrabbit.domain.facts.repair import RepairDisproved
from redrabbit.domain.facts.run import RunClosed, RunRecord
from redrabbit.domain.facts.words import PlaceNames
from redrabbit.domain.fallen_requests import fallen
from redrabbit.domain.good_checks import good_check_before, vouches_for
from redrabbit.domain.identity import AlarmId, ContainmentId, Letter, RunId, numbered
from redrabbit.domain.occurrence import holding_run, lapse_at
from redrabbit.domain.part_count import PartCount
from redrabbit.domain.pauses import stands_now
from redrabbit.domain.record_query import RecordReader, equals, recorded
from redrabbit.domain.run_words import (
    AGAIN_WITHOUT_VERDICT,
    Outcome,
    Purpose,
    Verdict,
    is_verdict,
    worst_outcome,
)
from redrabbit.domain.suspect_window import SINCE_RECORDS_BEGAN, WindowSide, suspect_parts
from redrabbit.domain.text import Text
from redrabbit.domain.unwatched import lapse_code
from redrabbit.domain.window_moves import (
    moved_by_count,
    moved_by_miss,
    moved_by_reverification,
    shown_since_end,
)


class Dated(NamedTuple):
    """A fact that follows, and when it holds from."""

    fact: Fact
    at: datetime


class Known(RecordReader, Protocol):
    """What is on record once the fact is, and which number comes next."""

    def next_number(self, kind: type[Record], stream: str) -> int:
        """Return the next free number of what is numbered on a stream, from 1 (D14, D50)."""
        ...


def next_id(known: Known, kind: type[Record], stream: str) -> str:
    """Return the id of the next one of a kind on a stream, for example `line1-R-1042`."""
    assert isinstance(kind.LETTER, Letter), kind  # noqa: S101  only what is numbered has a next number
    return numbered(stream, kind.LETTER, known.next_number(kind, stream))


def consequences(fact: Fact, at: datetime, known: Known, check: Check | None) -> tuple[Dated, ...]:
    """Return what follows from a fact that happened at `at`, in its order.

    `check` is the check that the fact speaks of, as the plan in force has it; None where the fact
    speaks of none.
    """
    follow = FOLLOWS.get(type(fact))
    follows = () if follow is None else tuple(follow(fact, at, known, check))
    return (*(Dated(fell, at) for fell in fallen(fact, at, known)), *follows)


def decision(
    run: RunRecord,
    at: datetime,
    outcome: OccurrenceOutcome,
    reason: DecisionCode | None,
    known: Known,
) -> Dated | None:
    """Return what a run decides of the occurrence that it holds; None where it holds none.

    A run that ended after all that it may hold decides nothing better: the check lapsed at its
    close (D9).
    """
    occurrence = _held(run, known)
    if occurrence is None:
        return None
    stands = stands_now(known, occurrence, at)
    if stands.decided_at is not None and at > stands.decided_at:  # pauses excuse it by then
        excused = OccurrenceDecided.of(
            occurrence,
            OccurrenceOutcome.EXCUSED,
            DecisionCode.PAUSE,
            run_id=run.run_id,
            pause_id=stands.pause_id,
        )
        return Dated(excused, stands.decided_at)
    lapses_at = lapse_at(stands)
    if at > lapses_at:
        reason = lapse_code(known, stands, at)
        at, outcome = lapses_at, OccurrenceOutcome.LAPSED
    decided = OccurrenceDecided.of(occurrence, outcome, reason, run_id=run.run_id)
    return Dated(decided, at)


def _held(run: RunRecord, known: Known) -> OccurrenceRecord | None:
    if run.occurrence_id is None:
        return None
    occurrence = known.get(OccurrenceRecord, run.occurrence_id)
    if occurrence is None or holding_run(occurrence) != run.run_id:
        return None
    return occurrence


def _after_verdict(
    fact: VerdictReached, at: datetime, known: Known, check: Check
) -> Iterator[Dated]:
    if not fact.decides:
        return
    run = recorded(known, RunRecord, fact.run_id)
    if worst_outcome([fact.verdict]) is Outcome.FAILED:  # needs nobody's confirmation (D4)
        failed = decision(
            run, at, OccurrenceOutcome.FAILED, DecisionCode(fact.verdict.value), known
        )
        if failed is not None:
            yield failed
    if fact.verdict is Verdict.MISSED:
        yield from _after_miss(fact, at, run, known, check)
    if not fact.verdict.is_good:
        alarm = _alarm(AlarmKind(fact.verdict.value), run, known, part_id=fact.part_id)
        missed = fact.verdict is Verdict.MISSED
        yield Dated(replace(alarm, answer_kind=fact.answer_kind if missed else None), at)


def _after_miss(
    fact: VerdictReached, at: datetime, run: RunRecord, known: Known, check: Check
) -> Iterator[Dated]:
    missed = recorded(known, PresentationRecord, fact.run_id, fact.step, fact.attempt)
    open_ones = known.find(
        ContainmentRecord,
        equals("device", missed.device),
        equals("failure_mode", missed.failure_mode),
        equals("variant", missed.variant),
        equals("nest", missed.nest),
        equals("state", ContainmentState.OPEN),
        limit=1,
    )
    for case in open_ones:
        for follows in _missed_again(case, missed, fact, known):
            yield Dated(follows, at)
    if not open_ones:
        yield Dated(_opened(missed, fact, run, known, check), at)


def _missed_again(
    case: ContainmentRecord, missed: PresentationRecord, fact: VerdictReached, known: Known
) -> Iterator[Fact]:
    """Yield that the last repair did not help, and how much further the window reaches."""
    if case.repair_code is not None:
        yield RepairDisproved(
            containment_id=case.containment_id, run_id=fact.run_id, repair_code=case.repair_code
        )
    until = _side(missed.counter, fact.count)
    moved = moved_by_miss(case, until, fact.run_id, shown_since_end(known, case))
    if moved is not None:
        yield moved


def _opened(
    missed: PresentationRecord, fact: VerdictReached, run: RunRecord, known: Known, check: Check
) -> ContainmentOpened:
    failure_mode = missed.failure_mode
    assert failure_mode is not None  # noqa: S101  a good master can't be missed
    until = _side(missed.counter, fact.count)
    good = good_check_before(known, missed, fact.count)
    since = SINCE_RECORDS_BEGAN if good is None else _presented(good)
    suspect = suspect_parts(since, until, has_ended=False, variant=fact.variant, nest=fact.nest)
    return ContainmentOpened(
        containment_id=ContainmentId(next_id(known, ContainmentRecord, missed.line)),
        line=missed.line,
        station=missed.station,
        device=missed.device,
        failure_mode=failure_mode,
        names=read_json(PlaceNames, run.names),
        failure_mode_name=read_json(Text, missed.failure_mode_name),
        check_id=check.id,
        run_id=missed.run_id,
        step=missed.step,
        variant=fact.variant,
        nest=fact.nest,
        identity_kind=fact.identity_kind,
        identity_disputed=fact.identity_disputed,
        window_from=good.presented_at if good else None,
        window_from_run=good.run_id if good else None,
        counter_from=since.counter if good else None,
        count_from=since.count if good else None,
        counter_to=until.counter,
        count_to=until.count,
        quantity=suspect.quantity,
        quantity_is_lower_bound=suspect.is_lower_bound,
        quantity_unknown=suspect.unknown,
        reaction=tuple(
            ReactionStep(en=text.en, zh=text.zh, done_at=None, done_by=None, done_how=None)
            for text in check.reaction
        ),
    )


def _side(counter: int | None, count: PartCount | None) -> WindowSide:
    return WindowSide(counter=counter if count is None else count.value, count=count)


def _presented(good: PresentationRecord) -> WindowSide:
    """Return the count when the last good check was presented: before anything that came after it."""
    return _side(good.counter, read_json(PartCount, good.count_before))


def _after_run(fact: RunClosed, at: datetime, known: Known, check: Check | None) -> Iterator[Dated]:
    run = recorded(known, RunRecord, fact.run_id)
    counts = fact.outcome is Outcome.PASSED and run.not_counted is None
    if counts and run.purpose is Purpose.REVERIFICATION:
        assert run.containment_id is not None  # noqa: S101  a re-verification has its case
        case = known.get(ContainmentRecord, run.containment_id)
        proof = _proof(known, fact.run_id, case) if case is not None else None
        if case is not None and proof is not None and waits_for_reverification(case):
            reverified = ContainmentReverified(
                containment_id=case.containment_id, run_id=fact.run_id
            )
            yield Dated(reverified, at)
    if not is_verdict(fact.outcome):
        yield from _told_again(run, at, known)
    if check is None or run.occurrence_id is None:
        return
    if fact.outcome is Outcome.INCONCLUSIVE:
        occurrence = recorded(known, OccurrenceRecord, run.occurrence_id)
        undecided = occurrence.outcome is None
        if undecided and occurrence.inconclusive_runs == check.escalate_after_inconclusive:
            # nobody shops around a miss: the quality engineer is told (D4)
            yield Dated(_alarm(AlarmKind.INCONCLUSIVE_AGAIN, run, known, occurrence=occurrence), at)


def _proof(known: Known, run_id: RunId, case: ContainmentRecord) -> PresentationRecord | None:
    """Return what shows that a case's device detects again, in its variant and nest; None: nothing."""
    found = known.find(
        PresentationRecord,
        equals("run_id", run_id),
        equals("failure_mode", case.failure_mode),
        equals("verdict", Verdict.DETECTED),
        order_by="verdict_at",
        descending=True,
    )
    return next((each for each in found if vouches_for(each, case.variant, case.nest)), None)


def _after_reverification(
    fact: ContainmentReverified, at: datetime, known: Known, check: Check | None
) -> Iterator[Dated]:
    del at, check  # it reaches to its proof, which came before
    case = recorded(known, ContainmentRecord, fact.containment_id)
    proof = _proof(known, fact.run_id, case)
    if proof is not None and proof.verdict_at is not None:
        until = _side(proof.counter, read_json(PartCount, proof.count_after))
        moved = moved_by_reverification(case, until, fact.run_id)
        if moved is not None:
            yield Dated(moved, proof.verdict_at)


def _after_count(
    fact: PartsCounted, at: datetime, known: Known, check: Check | None
) -> Iterator[Dated]:
    del check
    cases = known.find(
        ContainmentRecord,
        equals("state", ContainmentState.OPEN),
        equals("station", fact.station),
    )
    for case in cases:
        moved = moved_by_count(case, fact.count, shown_since_end(known, case))
        if moved is not None:
            yield Dated(moved, at)


def _told_again(run: RunRecord, at: datetime, known: Known) -> Iterator[Dated]:
    """Yield the alarm that one check was run again and again and came to no verdict (D4)."""
    check = known.get(CheckRecord, run.line, run.check_id)
    in_a_row = check.runs_without_verdict if check is not None else 0
    if in_a_row and in_a_row % AGAIN_WITHOUT_VERDICT == 0:
        alarm = _alarm(AlarmKind.NO_VERDICT_AGAIN, run, known)
        yield Dated(replace(alarm, runs_without_verdict=in_a_row), at)


def _alarm(
    kind: AlarmKind,
    run: RunRecord,
    known: Known,
    *,
    part_id: str | None = None,
    occurrence: OccurrenceRecord | None = None,
) -> AlarmRaised:
    return AlarmRaised(
        alarm_id=AlarmId(next_id(known, AlarmRecord, run.line)),
        kind=kind,
        line=run.line,
        station=run.station,
        device=run.device,
        names=read_json(PlaceNames, run.names),
        part_id=part_id,
        run_id=run.run_id,
        occurrence_id=occurrence.occurrence_id if occurrence else None,
        receiver=None,
        answer_kind=None,
        runs_without_verdict=None,
    )


FOLLOWS: Mapping[type[Fact], Callable[[Any, datetime, Known, Any], Iterator[Dated]]] = {
    VerdictReached: _after_verdict,
    RunClosed: _after_run,
    PartsCounted: _after_count,
    ContainmentReverified: _after_reverification,
}
"""One row a fact that has consequences."""

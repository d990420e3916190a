"""Evidence of one presentation: what the station said from the arming to the verdict.

Obeys L1 (only fresh, good-quality readings taken after the part was presented, in which a
condition *changed* to true in time), D1 (windows prove that a steady value is alive), D7 (a
retained value may set the *before*, never the edge), D27 (a duration counts as in time only if its
far end is: from the earliest that the part can have come to the latest that the answer can have) and
B1 (what is unknown is neither true nor false). It gathers; `redrabbit.domain.verdict` judges.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from redrabbit.domain.condition import edge_target, holds, same_value
from redrabbit.domain.evidence_trace import Trace, TracePoint, before_the_part, with_more
from redrabbit.domain.expectation import Expectation
from redrabbit.domain.feed_watch import FeedWatch
from redrabbit.domain.hearing import NO_MESSAGES, Hearing, clock_fell, hear, presented_by
from redrabbit.domain.identity import SignalName
from redrabbit.domain.machine_heard import NOTHING_HEARD, MachineHeard
from redrabbit.domain.observation import Acquisition, Readings, Reason, Value
from redrabbit.domain.part_coming import Unread, answer_may_be_older, came_since, unread_for_long
from redrabbit.domain.reject_reason import NOTHING_TOLD, RejectReason, at_rejection, heard, stood
from redrabbit.domain.rule import (
    Becomes,
    Edge,
    Falls,
    Rises,
    StaysOff,
    judging_signals,
    signals_of,
)
from redrabbit.domain.run_words import Presented
from redrabbit.domain.same_part import PartAtAnswer
from redrabbit.domain.station_says import SaidOf


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything that a verdict rests on, gathered one acquisition at a time."""

    expectation: Expectation
    told: Mapping[SaidOf, str] = field(default_factory=dict)
    """What the operator told of the part before it was put in (D33)."""
    armed_at: datetime | None = None
    presented_at: datetime | None = None
    """The latest that the part can have come: the end of the reading that showed it."""
    presented_from: datetime | None = None
    """The earliest: its begin, or the begin of the last one without it (`part_coming`)."""
    presented_by: str | None = None
    """The clock that told it, where one did."""
    presented_how: Presented | None = None
    deadline_at: datetime | None = None
    """The answer must have come by then, however late the part came."""
    known: Mapping[SignalName, Value] = field(default_factory=dict)
    """Current good values; a signal that is absent is unknown."""
    alive_at: Mapping[SignalName, datetime] = field(default_factory=dict)
    """Begin of the last good window per signal: until then it surely was as it is known."""
    read_since_presented: frozenset[SignalName] = frozenset()
    """Signals read in a window that began since the part was presented."""
    departed: frozenset[Edge] = frozenset()
    """Edges whose other side was seen since the part was presented, so that they can happen."""
    base: Mapping[SignalName, int | float] = field(default_factory=dict)
    """Numbers as they stood when the part was presented, for `increases`."""
    reset: frozenset[SignalName] = frozenset()
    """Counters seen below their `base`: whether they counted since can't be told any more (D6)."""
    demanded_at: datetime | None = None
    """When the rule's `demanded` was seen since the part was presented."""
    off_since: Mapping[StaysOff, datetime] = field(default_factory=dict)
    """From when each time of silence counts, for those that have begun."""
    came_on: frozenset[StaysOff] = frozenset()
    """Times of silence that the signal broke."""
    stayed_off: frozenset[StaysOff] = frozenset()
    """Times of silence that were seen to their end."""
    detected_was_false: bool = False
    accepted_was_false: bool = False
    rejected_at: datetime | None = None
    """When the reject condition changed to true."""
    rejected_seen_from: datetime | None = None
    """Begin of the window of that reading: the earliest it can have been so seen."""
    accepted_at: datetime | None = None
    reason: RejectReason = NOTHING_TOLD
    """Why it was rejected, as told since the part was presented (D31)."""
    lost: bool = False
    """Communication was lost for too long since the part was presented."""
    failed: Reason | None = None
    """Why the last acquisition failed, None when it was good."""
    machine: MachineHeard = NOTHING_HEARD
    """Since the part came."""
    feed: FeedWatch | None = None
    """Since the scan, where the rule says what tells that it is held (D29)."""
    answered_late: bool = False
    """An answer was seen too late to be surely in time, and not so late that it surely was not."""
    another_part: bool = False
    """Another part came before the answer: what follows is not about ours."""
    part_at_answer: PartAtAnswer = PartAtAnswer.AWAITED
    """Whether the part of the answer is ours, where the station tells which part it sees (D29)."""
    doubted: bool = False
    """A stale message contradicted an answer's signal: it may have been the answer, or not (D7)."""
    turned_at: datetime | None = None
    """When an answer last was first seen of which nobody knows whether it came after the part."""
    unread_before: Unread | None = None
    """The gap before the reading that showed the part, if it can have hidden an answer to it (D30)."""
    hearing: Hearing = NO_MESSAGES
    """By which clocks messages told their time, and which are missing (D27)."""
    windows: int = 0
    largest_gap_s: float = 0.0
    """Between two good readings of a judging signal since the part was presented (D30)."""
    blind: bool = False
    """Such a gap was long enough to hide an answer, or the next part."""
    trace: Trace = ()
    trace_points_dropped: int = 0

    @property
    def in_time_until(self) -> datetime | None:
        """The last instant at which an answer surely is in time; None before the part came."""
        if self.presented_from is None:
            return None
        return self.presented_from + timedelta(seconds=self.expectation.rule.within_s)


def begin(
    expectation: Expectation,
    readings: Readings,
    armed_at: datetime | None = None,
    told: Mapping[SaidOf, str] | None = None,
) -> Evidence:
    """Return the evidence at arming: what is known then is the *before*, never an edge."""
    watched = expectation.signals
    evidence = Evidence(expectation=expectation, armed_at=armed_at, told=told or {})
    known: dict[SignalName, Value] = {}
    alive: dict[SignalName, datetime] = {}
    points: list[TracePoint] = []
    for signal in sorted(watched):
        reading = readings.get(signal)
        if reading is None or reading.value is None or reading.window is None:
            continue
        known[signal] = reading.value
        alive[signal] = reading.window.began_at
        points.append(TracePoint(signal, reading.window.ended_at, reading.value, None))
    return replace(evidence, known=known, alive_at=alive, trace=tuple(points))


def present(
    evidence: Evidence,
    at: datetime,
    how: Presented,
    shown: Acquisition | None = None,
    before: Evidence | None = None,
) -> Evidence:
    """Return the evidence with the part in front of the device from `at` on.

    `shown` showed it, None where a person said so, at that instant; `before`: the evidence until then.
    A value that has expired by then is no *before*: the signal may have changed long ago (B2). A
    restart that `shown` tells counts: nobody can say which of the two came first (D32).
    """
    expected = evidence.expectation
    known = {
        signal: value
        for signal, value in evidence.known.items()
        if (lives_s := expected.expires_s.get(signal)) is None
        or (at - evidence.alive_at[signal]).total_seconds() <= lives_s
    }
    cut = evidence.failed is Reason.NOT_CONNECTED and expected.gaps_lose_messages
    read_at = before.alive_at if before is not None else {}
    since = came_since(expected, read_at, shown) if shown is not None else at
    placed = replace(
        evidence,
        known=known,
        presented_at=at,
        presented_from=min(since, evidence.hearing.heard_until or since),
        hearing=presented_by(evidence.hearing, shown),
        presented_by=shown.clock.name if shown is not None and shown.clock is not None else None,
        presented_how=how,
        machine=NOTHING_HEARD if shown is None else NOTHING_HEARD.after(shown),
        deadline_at=at + timedelta(seconds=expected.rule.within_s),
        lost=cut,
        unread_before=unread_for_long(expected, read_at, at),
    )
    placed = _with_trace(placed, before_the_part(placed.trace))
    return _as_before(placed, expected.signals)


def gather(evidence: Evidence, acquisition: Acquisition) -> Evidence:
    """Return the evidence with one more acquisition of the station taken in."""
    if evidence.presented_at is not None and acquisition.tells_of_machine:
        evidence = replace(evidence, machine=evidence.machine.after(acquisition))
    covered = acquisition.signals & evidence.expectation.signals
    if not covered:
        return evidence
    evidence = _with_hearing(evidence, acquisition)
    if acquisition.failure is not None:
        return _without_values(evidence, acquisition, covered, acquisition.failure)
    if not acquisition.speaks_of_now:
        return _with_history(evidence, acquisition, covered)
    taken = _with_values(evidence, acquisition, covered)
    if evidence.presented_from is not None and evidence.machine.restarted:
        return taken
    began_at, since = acquisition.window.began_at, evidence.presented_from
    earlier = since is None or min(began_at, taken.hearing.heard_until or began_at) < since
    rule = evidence.expectation.rule
    if answer_may_be_older(rule, evidence.known, taken.known, seen=not earlier):
        taken = replace(taken, turned_at=acquisition.window.ended_at)
    if earlier:  # what changed may have done so before the part came
        return taken if since is None else _as_before(taken, covered)
    taken = _with_gap(evidence, taken, acquisition, covered)
    taken = _note_silences(_note_departures(_note_reason(taken, covered)), acquisition)
    taken = _note_results(taken, acquisition)
    return _note_falsehood(taken)


def _with_hearing(evidence: Evidence, acquisition: Acquisition) -> Evidence:
    """Note what a message tells of itself; its clock may show that the part came earlier (D27)."""
    heard_at = [evidence.alive_at[s] for s in acquisition.signals if s in evidence.alive_at]
    known_at = min(heard_at, default=evidence.armed_at)
    presented = evidence.presented_at is not None
    hearing = hear(evidence.hearing, acquisition, presented=presented, known_at=known_at)
    if hearing is evidence.hearing:
        return evidence
    fell = clock_fell(evidence.hearing, hearing, evidence.presented_by)
    evidence = replace(evidence, hearing=hearing)
    return _with_part_earlier(evidence, fell) if fell else evidence


def _with_part_earlier(evidence: Evidence, by: timedelta) -> Evidence:
    """Let the part have come that much earlier: its clock is further ahead than was known then.

    An answer that was taken to be in time may not be, then.
    """
    assert evidence.presented_from is not None  # noqa: S101  a clock told that the part came
    came_from = evidence.presented_from - by
    until = came_from + timedelta(seconds=evidence.expectation.rule.within_s)
    rejected, accepted = evidence.rejected_at, evidence.accepted_at
    return replace(
        evidence,
        presented_from=came_from,
        rejected_at=rejected if rejected is not None and rejected <= until else None,
        accepted_at=accepted if accepted is not None and accepted <= until else None,
    )


def _as_before(evidence: Evidence, covered: frozenset[SignalName]) -> Evidence:
    """Take what is known of these as the *before*: what is true now must become false first (L1)."""
    rule = evidence.expectation.rule
    demands = signals_of(rule.demanded) if rule.demanded is not None else frozenset[SignalName]()
    kept = frozenset(each for each in evidence.off_since if not signals_of(each) & covered)
    bare = replace(
        evidence,
        departed=frozenset(edge for edge in evidence.departed if edge.signal not in covered),
        base={s: number for s, number in evidence.base.items() if s not in covered},
        reset=evidence.reset - covered,
        demanded_at=None if demands & covered else evidence.demanded_at,
        off_since={each: evidence.off_since[each] for each in kept},
        came_on=evidence.came_on & kept,
        stayed_off=evidence.stayed_off & kept,
        detected_was_false=False,
        accepted_was_false=False,
        reason=stood(evidence.known, rule) if rule.reject_code in covered else evidence.reason,
    )
    return _note_falsehood(_note_departures(bare))


def _with_history(
    evidence: Evidence, acquisition: Acquisition, covered: frozenset[SignalName]
) -> Evidence:
    """Take in what is stale: it makes unknown what it contradicts, and proves nothing (L1, D7).

    Until the part is presented it may tell the *before* of a signal that is not known.
    """
    changes = tuple(change for change in acquisition.changes if change.signal in covered)
    contradicted = {c.signal for c in changes if c.value != evidence.known.get(c.signal)}
    if evidence.presented_at is None:
        unheard = {c.signal for c in changes if c.signal not in evidence.known}
        evidence = _with_values(evidence, acquisition, frozenset(unheard))
        contradicted -= unheard
        doubted = False
    else:
        doubted = bool(contradicted & judging_signals(evidence.expectation.rule))
    known = {s: v for s, v in evidence.known.items() if s not in contradicted}
    reason_is_doubtful = evidence.expectation.rule.reject_code in contradicted
    return replace(
        evidence,
        known=known,
        reason=NOTHING_TOLD if reason_is_doubtful else evidence.reason,
        doubted=evidence.doubted or doubted,
    )


def _without_values(
    evidence: Evidence, acquisition: Acquisition, covered: frozenset[SignalName], failure: Reason
) -> Evidence:
    at = acquisition.window.ended_at
    presented = evidence.presented_at is not None
    lost = evidence.lost or (
        presented
        and (
            (evidence.expectation.gaps_lose_messages and failure is Reason.NOT_CONNECTED)
            or any(_expired(evidence, signal, at) for signal in covered)
        )
    )
    points = tuple(
        TracePoint(signal, at, None, failure) for signal in sorted(covered & set(evidence.known))
    )
    known = {s: v for s, v in evidence.known.items() if s not in covered}
    return _traced(replace(evidence, known=known, failed=failure, lost=lost), points)


def _with_values(
    evidence: Evidence, acquisition: Acquisition, covered: frozenset[SignalName]
) -> Evidence:
    window = acquisition.window
    known = evidence.known
    changes = [change for change in acquisition.changes if change.signal in covered]
    if changes:
        known = dict(known)
        for change in changes:
            if change.value is None:
                known.pop(change.signal, None)
            else:
                known[change.signal] = change.value
    points = tuple(TracePoint(c.signal, window.ended_at, c.value, c.reason) for c in changes)
    alive = dict(evidence.alive_at) | dict.fromkeys(covered & set(known), window.began_at)
    return _traced(replace(evidence, known=known, alive_at=alive, failed=None), points)


def _with_gap(
    before: Evidence, taken: Evidence, acquisition: Acquisition, covered: frozenset[SignalName]
) -> Evidence:
    """Measure how long each judging signal went unread: to its next reading, good or not (D30)."""
    at, expected = acquisition.window.ended_at, taken.expectation
    gap_s, blind = taken.largest_gap_s, taken.blind
    for signal in covered & judging_signals(expected.rule):
        since = _unread_since(before, signal)
        unread_s = (at - since).total_seconds()
        gap_s = max(gap_s, unread_s)
        limit_s = expected.blind_after_s.get(signal)
        blind = blind or (limit_s is not None and unread_s > limit_s)
    return replace(
        taken,
        read_since_presented=taken.read_since_presented | covered,
        lost=taken.lost or bool(expired_signals(before, at)),
        windows=taken.windows + 1,
        largest_gap_s=gap_s,
        blind=blind,
    )


def _unread_since(evidence: Evidence, signal: SignalName) -> datetime:
    """Return since when a signal has no good reading; at the earliest since the presentation."""
    assert evidence.presented_at is not None  # noqa: S101  the callers looked
    return max(evidence.alive_at.get(signal, evidence.presented_at), evidence.presented_at)


def _expired(evidence: Evidence, signal: SignalName, at: datetime) -> bool:
    """Return whether a signal that speaks regularly has been silent for too long at `at`."""
    expires_s = evidence.expectation.expires_s.get(signal)
    if expires_s is None or signal not in judging_signals(evidence.expectation.rule):
        return False
    if evidence.presented_at is None:
        return False
    return (at - _unread_since(evidence, signal)).total_seconds() > expires_s


def expired_signals(evidence: Evidence, at: datetime) -> frozenset[SignalName]:
    """Return the judging signals without a good reading for longer than they may be."""
    return frozenset(
        signal
        for signal in judging_signals(evidence.expectation.rule)
        if _expired(evidence, signal, at)
    )


def _note_departures(evidence: Evidence) -> Evidence:
    """Note every edge whose other side is seen now, and how each counter stands to its before."""
    rule = evidence.expectation.rule
    departed, base, reset = set(evidence.departed), dict(evidence.base), set(evidence.reset)
    for edge in rule.awaited():
        value = evidence.known.get(edge.signal)
        if value is None:
            continue
        if isinstance(edge, Becomes | Rises | Falls):
            if not same_value(value, edge_target(edge)):
                departed.add(edge)
        elif not isinstance(value, str) and value < base.setdefault(edge.signal, value):
            reset.add(edge.signal)
    return replace(evidence, departed=frozenset(departed), base=base, reset=frozenset(reset))


def _note_silences(evidence: Evidence, acquisition: Acquisition) -> Evidence:
    """Note when a cycle was demanded, and how each time of silence goes on (D33).

    It counts from the end of the reading that showed its begin, and is over only with a reading
    that began after its time: so it is never said to be longer than it was.
    """
    rule = evidence.expectation.rule
    demanded_at = evidence.demanded_at
    if demanded_at is None and rule.demanded is not None and holds(rule.demanded, evidence):
        demanded_at = acquisition.window.ended_at
    since, came_on, over = dict(evidence.off_since), set(evidence.came_on), set(evidence.stayed_off)
    for leaf in (each for each in rule.answers() if isinstance(each, StaysOff)):
        begun_at = since.get(leaf) or _begun_at(leaf, evidence, acquisition)
        if begun_at is None:
            continue
        since[leaf] = begun_at
        value = evidence.known.get(leaf.signal)
        if value is None or leaf.signal not in acquisition.signals:
            continue
        ends_at = begun_at + timedelta(seconds=leaf.for_s)
        if value is not False:
            came_on.add(leaf)
        elif leaf not in came_on and acquisition.window.began_at >= ends_at:
            over.add(leaf)
    return replace(
        evidence,
        demanded_at=demanded_at,
        off_since=since,
        came_on=frozenset(came_on),
        stayed_off=frozenset(over),
    )


def _begun_at(leaf: StaysOff, evidence: Evidence, acquisition: Acquisition) -> datetime | None:
    """Return from when a time of silence counts, if it has begun by this reading."""
    if leaf.after is None:
        return evidence.presented_at
    return acquisition.window.ended_at if holds(leaf.after, evidence) else None


def _note_reason(evidence: Evidence, covered: frozenset[SignalName]) -> Evidence:
    """Note what the reject code says now; once another part came, it is not about ours."""
    if evidence.expectation.rule.reject_code not in covered or evidence.another_part:
        return evidence
    rejected = evidence.rejected_at is not None
    reason = heard(evidence.reason, evidence.known, evidence.expectation, rejected=rejected)
    return evidence if reason == evidence.reason else replace(evidence, reason=reason)


def _note_falsehood(evidence: Evidence) -> Evidence:
    """Note that a condition was known to be false since the part was presented (L1)."""
    rule = evidence.expectation.rule
    detected = evidence.detected_was_false or holds(rule.detected, evidence) is False
    accepted = evidence.accepted_was_false or (
        rule.accepted is not None and holds(rule.accepted, evidence) is False
    )
    if (detected, accepted) == (evidence.detected_was_false, evidence.accepted_was_false):
        return evidence
    return replace(evidence, detected_was_false=detected, accepted_was_false=accepted)


def _note_results(evidence: Evidence, acquisition: Acquisition) -> Evidence:
    """Note the first reading in which each condition changed to true, surely in time (D27).

    Of one that came too late to be sure only that it came: it may be gone before silence is judged.
    """
    window, rule = acquisition.window, evidence.expectation.rule
    until, deadline_at = evidence.in_time_until, evidence.deadline_at
    assert until is not None and deadline_at is not None  # noqa: S101, PT018  present() set both
    rejected = evidence.detected_was_false and holds(rule.detected, evidence)
    accepted = evidence.accepted_was_false and (
        rule.accepted is not None and holds(rule.accepted, evidence)
    )
    if evidence.lost or evidence.another_part or not (rejected or accepted):
        return evidence
    if window.ended_at > until:
        late = evidence.answered_late or window.began_at <= deadline_at
        return replace(evidence, answered_late=late)
    if rejected and evidence.rejected_at is None:
        evidence = replace(
            evidence,
            rejected_at=window.ended_at,
            rejected_seen_from=window.began_at,
            reason=at_rejection(evidence.reason, rule, evidence.read_since_presented),
        )
    if accepted and evidence.accepted_at is None:
        evidence = replace(evidence, accepted_at=window.ended_at)
    return evidence


def _traced(evidence: Evidence, points: Trace) -> Evidence:
    presented = evidence.presented_at is not None
    kept = with_more(evidence.trace, points, presented=presented)
    return _with_trace(evidence, kept, more=len(points))


def _with_trace(evidence: Evidence, kept: Trace, more: int = 0) -> Evidence:
    """Return the evidence with what is kept of its trace and of so many points more."""
    dropped = len(evidence.trace) + more - len(kept)
    if not more and not dropped:
        return evidence
    return replace(
        evidence, trace=kept, trace_points_dropped=evidence.trace_points_dropped + dropped
    )

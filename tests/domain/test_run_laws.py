"""Laws over random runs: whatever station, network and people do, in whatever order.

L1 is stated by an oracle of its own that knows nothing of how evidence is gathered: it looks back
over everything that was ever read and asks whether anybody could have seen the rejection.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from redrabbit.domain.errors import Refusal
from redrabbit.domain.expectation import Expectation
from redrabbit.domain.grade import AnswerBy, Grade, KnownBy
from redrabbit.domain.grading import grading_of
from redrabbit.domain.identity import SignalName
from redrabbit.domain.observation import Acquisition, Reason, Value
from redrabbit.domain.rule import DetectionRule, Equals, OnSilence, Rises
from redrabbit.domain.run import (
    DeadlineExpired,
    DeadlineKind,
    Effect,
    Observed,
    PartIssued,
    PartPresented,
    PartReturned,
    Run,
    RunClosed,
    VerdictContradicted,
    VerdictReached,
)
from redrabbit.domain.run import Event as RunEvent
from redrabbit.domain.run_transitions import TRANSITIONS
from redrabbit.domain.run_words import Outcome, RunState, Verdict, Why
from tests.builders import (
    ACCEPTED,
    CODE,
    MASTER,
    OTHER_RABBIT,
    PART,
    PRESENT,
    REJECTED,
    Story,
    a_rule,
    a_run,
    an_expectation,
    at,
    told_up_to,
)

RIGHT_CODE, WRONG_CODE = 12, 31
EXPIRES = timedelta(seconds=2)
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A busy machine is no failure."""


class Told(Story):
    """A story that keeps what was read, and checks what must hold at every single event."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self.log: list[tuple[RunEvent, Run, tuple[Effect, ...]]] = []
        self.refusals = 0

    def event(self, event: RunEvent) -> tuple[Effect, ...]:
        """Let it happen; a refused event must change nothing, a closed run must not move."""
        before = self.run
        try:
            effects = super().event(event)
        except Refusal:
            self.refusals += 1
            assert self.run is before
            return ()
        row = TRANSITIONS.get((before.state, type(event)))
        reachable = {before.state} if row is None else {before.state, *row.to}
        assert self.run.state in reachable
        if before.state is RunState.CLOSED:
            assert (self.run, effects) == (before, ())
        self.log.append((event, self.run, effects))
        return effects


# What can happen ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Move:
    """One thing that happens, so many seconds after the one before."""

    what: str
    after_s: float
    values: dict[str, Value] = field(default_factory=dict)
    took_s: float = 0.02
    reason: Reason = Reason.TIMEOUT


OURS = "ours"
"""Stands for the code of the part that is asked for."""
SHORT = st.sampled_from([0.05, 0.1, 0.3, 0.5, 0.5, 1.0])
LONG = st.sampled_from([0.0, 0.05, 0.1, 0.3, 0.5, 2.1])
BIT = st.sampled_from([True, True, False])
CHANGES = st.one_of(
    st.just({}),
    st.just({}),
    st.fixed_dictionaries({REJECTED: BIT}),
    st.fixed_dictionaries({REJECTED: BIT, CODE: st.sampled_from([0, RIGHT_CODE, WRONG_CODE])}),
    st.fixed_dictionaries({REJECTED: BIT, CODE: st.just(RIGHT_CODE)}),
    st.fixed_dictionaries({ACCEPTED: BIT}),
    st.fixed_dictionaries({ACCEPTED: st.just(True), REJECTED: st.just(False)}),
    st.fixed_dictionaries({PRESENT: BIT}),
    st.fixed_dictionaries({PART: st.sampled_from(["", OURS, OURS, OTHER_RABBIT, "P-4711"])}),
)
POLLS = st.builds(
    Move,
    what=st.just("poll"),
    after_s=SHORT,
    values=CHANGES,
    took_s=st.sampled_from([0.0, 0.02, 0.3]),
)
FAULTS = st.builds(
    Move,
    what=st.sampled_from(["message", "stale", "fails", "repeat", "poll", "old_timer"]),
    after_s=LONG,
    values=CHANGES,
    reason=st.sampled_from([Reason.TIMEOUT, Reason.NOT_CONNECTED]),
)
PEOPLE = st.builds(
    Move,
    what=st.sampled_from(
        [
            *["scan", "tap", "give_back", "give_back", "wrong_back"],
            *["confirm", "abort", "restart", "time_over", "not_recordable", "not_recorded"],
        ]
    ),
    after_s=SHORT,
)
RULES = st.builds(
    lambda who, answer, accepts, silence, code, settle_s: a_rule(
        part_code=PART if who == "code" else None,
        presented=Rises(signal=PRESENT) if who == "edge" else None,
        detected=answer[0],
        accepted=answer[1] if accepts else None,
        within_s=1.0,
        on_silence=silence,
        reject_code=code,
        settle_s=settle_s,
    ),
    st.sampled_from(["code", "edge", "tap"]),
    st.sampled_from(
        [
            (Rises(signal=REJECTED), Rises(signal=ACCEPTED)),
            (Equals(signal=REJECTED, value=True), Equals(signal=ACCEPTED, value=True)),
        ]
    ),
    st.booleans(),
    st.sampled_from(OnSilence),
    st.sampled_from([None, CODE]),
    st.sampled_from([0.0, 0.4]),
)
OPENING = [
    Move("poll", 0.5),
    Move("scan", 0.1),
    Move("poll", 0.5),
    Move("tap", 0.1),
    Move("poll", 0.1, {PART: OURS, PRESENT: True}),
]
"""Leads any rule to *presented*, so that most stories get somewhere."""
LEFTOVERS = st.sampled_from([{}, {REJECTED: True}, {CODE: RIGHT_CODE}, {ACCEPTED: True}])
"""What the last part left standing at the station."""
BEFORE = st.lists(FAULTS, max_size=1)
"""What goes wrong just before the part comes."""
PRESENTATIONS = st.builds(
    lambda leftover, before, after: [
        *OPENING[:1],
        Move("poll", 0.1, leftover),
        *OPENING[1:3],
        *before,
        *OPENING[3:],
        *after,
    ],
    LEFTOVERS,
    BEFORE,
    st.lists(st.one_of(POLLS, POLLS, POLLS, FAULTS), min_size=2, max_size=8),
)
"""One part before one device, watched closely."""
NEXT = [
    Move("give_back", 0.5),
    Move("confirm", 0.1),
    Move("poll", 0.1, {PART: "", PRESENT: False, REJECTED: False, ACCEPTED: False}),
    *OPENING,
]
MOVES = st.lists(
    st.one_of(
        st.lists(POLLS, min_size=1, max_size=6),
        st.lists(POLLS, min_size=1, max_size=6),
        FAULTS.map(lambda move: [move]),
        PEOPLE.map(lambda move: [move]),
        st.just(NEXT),
    ),
    max_size=10,
).flatmap(
    lambda told: st.sampled_from([OPENING, OPENING, OPENING, []]).map(
        lambda opening: [*opening, *(move for moves in told for move in moves)]
    )
)


def tell(rule: DetectionRule, messages: bool, moves: Sequence[Move], blind_s: float = 2.0) -> Told:
    """Tell the story of a rabbit, and of a good master after it."""
    story = Told(
        a_run(
            an_expectation(rule, code=RIGHT_CODE, messages=messages, blind_s=blind_s),
            an_expectation(rule, part=MASTER, messages=messages, blind_s=blind_s),
        )
    )
    world: dict[str, Value] = {REJECTED: False, ACCEPTED: False, PRESENT: False, PART: "", CODE: 0}
    now_s = 0.0
    for move in moves:
        now_s += move.after_s
        values = {s: story.run.part if v == OURS else v for s, v in move.values.items()}
        told = messages and move.what == "poll" and values
        if move.what in {"poll", "message", "stale"}:
            world |= values
        happening = replace(move, what="message" if told else move.what, values=values)
        now_s = happen(story, happening, world, now_s)
    return story


def happen(story: Told, move: Move, world: dict[str, Value], now_s: float) -> float:
    """Let one thing happen and return the moment after it."""
    deadline = story.run.deadline
    match move.what:
        case "poll":
            story.poll(now_s, took_s=move.took_s, **world)
        case "message":
            story.message(now_s, fresh=True, **move.values)
        case "stale":
            story.message(now_s, fresh=False, **move.values)
        case "repeat":
            reading = [e for e, _, _ in story.log if isinstance(e, Observed)]
            if reading:
                story.observe(reading[-1].acquisition)
        case "fails":
            story.fails(now_s, move.reason)
        case "scan":
            story.scan(now_s, story.run.part)
        case "tap":
            story.tap(now_s)
        case "give_back":
            story.give_back(now_s, story.run.part)
        case "wrong_back":
            story.give_back(now_s, OTHER_RABBIT)
        case "confirm":
            story.confirm(now_s)
        case "abort":
            story.abort(now_s)
        case "restart":
            story.restart(now_s)
        case "not_recordable":
            story.not_recorded(now_s)
        case "not_recorded":
            story.not_recorded(now_s, Why.NOT_RECORDED)
        case "old_timer":
            story.event(DeadlineExpired(at=at(now_s), kind=DeadlineKind.VERDICT))
        case _:
            if deadline is not None:
                now_s = max(now_s, (deadline.at - at(0)).total_seconds())
                story.time_over()
    return now_s


# L1, by looking back -------------------------------------------------------------------------------


def could_be_seen(
    expectation: Expectation, read: Sequence[Acquisition], before: int, presented_at: datetime
) -> bool:
    """Return whether anybody could have seen our part's rejection in what was read.

    `read` is everything up to the verdict, `before` how many of these came before the part, the
    reading that showed it included. The reject bit must have been known to be off when the part
    came or later, then read as on: freshly, after the part, in time, with no reading missing for
    longer than a value lives, on a link that was not cut, before any other part came, and for the
    right reason.
    """
    return any(
        seen_on(expectation, read[: last + 1], before, presented_at)
        for last in range(before, len(read))
    ) and right_reason(expectation, read, before, presented_at)


def seen_on(
    expectation: Expectation, read: Sequence[Acquisition], before: int, presented_at: datetime
) -> bool:
    """Return whether the last of these readings shows the rejection."""
    deadline_at = presented_at + timedelta(seconds=expectation.rule.within_s)
    last = read[-1]
    since = read[before:]
    in_time = speaks(last, presented_at) and last.window.ended_at <= deadline_at
    if not in_time or value_after(read, REJECTED) is not True:
        return False
    was_off = value_after(read[:before], REJECTED) is False or any(
        speaks(read[i], presented_at) and value_after(read[: i + 1], REJECTED) is False
        for i in range(before, len(read) - 1)
    )
    heard = [presented_at] + [
        a.window.ended_at for a in since if speaks(a, presented_at) and REJECTED in a.signals
    ]
    gapless = all(b - a <= EXPIRES for a, b in itertools.pairwise(heard))
    cut = expectation.gaps_lose_messages and any(a.failure is Reason.NOT_CONNECTED for a in since)
    others = any(
        change.value not in {"", expectation.part}
        for a in since
        if expectation.rule.part_code is not None and a.fresh and a.failure is None
        for change in a.changes
        if change.signal == PART
    )
    return was_off and gapless and not cut and not others


def right_reason(
    expectation: Expectation, read: Sequence[Acquisition], before: int, presented_at: datetime
) -> bool:
    """Return whether the expected reason was read after the part came, where one is told."""
    if expectation.rule.reject_code is None:
        return True
    return any(
        speaks(read[i], presented_at)
        and CODE in read[i].signals
        and value_after(read[: i + 1], CODE) == RIGHT_CODE
        for i in range(before, len(read))
    )


def speaks(acquisition: Acquisition, presented_at: datetime) -> bool:
    """Return whether a reading is good, fresh, and wholly after the part came."""
    good = acquisition.failure is None and acquisition.fresh
    return good and acquisition.window.began_at >= presented_at


def value_after(read: Sequence[Acquisition], signal: SignalName) -> Value | None:
    """Return what a signal was last told to be, None where it was lost or never told."""
    value: Value | None = {REJECTED: False, CODE: 0}[signal]
    for acquisition in read:
        if acquisition.failure is not None:
            value = None
        for change in acquisition.changes:
            if change.signal == signal:
                value = change.value
    return value


@settings(PATIENT, max_examples=300)
@given(rule=RULES, messages=st.booleans(), moves=st.one_of(PRESENTATIONS, PRESENTATIONS, MOVES))
def test_nothing_is_detected_that_nobody_could_have_seen(
    rule: DetectionRule, messages: bool, moves: list[Move]
) -> None:
    """L1, L2."""
    story = tell(rule, messages, moves)
    read: list[Acquisition] = []
    before = 0
    for event, run, effects in story.log:
        if isinstance(event, Observed):
            read.append(event.acquisition)
        for effect in effects:
            if isinstance(effect, PartPresented):
                before = len(read)
            if isinstance(effect, VerdictReached) and (
                effect.judgement.verdict is Verdict.DETECTED
            ):
                presented_at = effect.evidence.presented_at
                assert presented_at is not None
                expectation = run.steps[effect.step].expectation
                assert could_be_seen(expectation, read, before, presented_at)


def test_the_oracle_itself_sees_what_is_there_and_not_what_is_not() -> None:
    """Else the law above would hold of anything."""
    off, on = Move("poll", 0.3), Move("poll", 0.3, {REJECTED: True})
    wrong = Move("poll", 0.3, {REJECTED: True, CODE: WRONG_CODE})
    quick = a_rule(within_s=1.0)

    def sees(rule: DetectionRule, *moves: Move, messages: bool = False) -> bool:
        story = tell(rule, messages, [*OPENING, *moves])
        read = [e.acquisition for e, _, _ in story.log if isinstance(e, Observed)]
        expectation = an_expectation(rule, code=RIGHT_CODE, messages=messages)
        presented = next(e for e in story.effects if isinstance(e, PartPresented))
        return could_be_seen(expectation, read, 3, presented.at)

    assert sees(quick, off, on)
    assert not sees(quick, off, off)
    assert not sees(quick, off, off, off, on)
    assert not sees(a_rule(), Move("poll", 2.5, {REJECTED: True}))
    assert sees(quick, Move("fails", 0.1), off, on)
    assert not sees(quick, Move("fails", 0.1, reason=Reason.NOT_CONNECTED), off, on, messages=True)
    assert not sees(quick, Move("stale", 0.5, {REJECTED: True}))
    assert not sees(quick, Move("poll", 0.5, {PART: "P-4711"}), on)
    assert not sees(a_rule(within_s=1.0, reject_code=CODE), wrong)


# D28 to D31, by looking back ------------------------------------------------------------------------

BLIND_S = 0.6
"""A gap of two of the longer pauses between readings is beyond it."""


def largest_gap_s(
    rule: DetectionRule, read: Sequence[Acquisition], before: int, presented_at: datetime
) -> float:
    """Return how long, at the longest, one of the answers' signals was not read since the part came."""
    judging = [REJECTED] if rule.accepted is None else [REJECTED, ACCEPTED]
    largest = timedelta(0)
    for signal in judging:
        heard = [presented_at] + [
            read[i].window.ended_at
            for i in range(before, len(read))
            if speaks(read[i], presented_at) and signal in read[i].signals
        ]
        largest = max(largest, *(b - a for a, b in itertools.pairwise(heard)), timedelta(0))
    return largest.total_seconds()


def told_anew(read: Sequence[Acquisition], before: int, presented_at: datetime) -> bool:
    """Return whether the right reason was seen to come since the part was there."""
    stood = value_after(read[:before], CODE)
    for i in range(before, len(read)):
        if not speaks(read[i], presented_at) or CODE not in read[i].signals:
            continue
        code = value_after(read[: i + 1], CODE)
        if code == RIGHT_CODE and stood not in {None, RIGHT_CODE}:
            return True
        stood = code if code is not None else stood
    return False


CODES = st.sampled_from([0, RIGHT_CODE, RIGHT_CODE, WRONG_CODE])
WATCHED = st.builds(
    lambda code, pauses, answer, after: [
        Move("poll", 0.5, {CODE: code}),
        *OPENING[1:],
        *(Move("poll", pause) for pause in pauses),
        answer,
        *after,
    ],
    CODES,
    st.lists(st.sampled_from([0.1, 0.5, 0.5, 0.9]), max_size=3),
    st.builds(
        Move,
        what=st.just("poll"),
        after_s=st.sampled_from([0.1, 0.5, 0.9]),
        values=st.one_of(
            st.just({REJECTED: True}),
            st.fixed_dictionaries({REJECTED: st.just(True), CODE: CODES}),
            st.just({ACCEPTED: True}),
            st.just({}),
        ),
    ),
    st.lists(st.one_of(POLLS, FAULTS), max_size=5),
)
"""One part, left-over codes and bits, and readings that are now close together and now far apart."""
SLOW_RULES = RULES.map(lambda rule: replace(rule, within_s=3.0))


@settings(PATIENT, max_examples=300)
@given(
    rule=st.one_of(SLOW_RULES, RULES),
    messages=st.booleans(),
    moves=st.one_of(WATCHED, WATCHED, WATCHED, PRESENTATIONS, MOVES),
)
def test_no_grade_is_better_than_what_was_seen_and_silence_counts_only_where_it_was_heard(
    rule: DetectionRule, messages: bool, moves: list[Move]
) -> None:
    """D28, D30, D31: by what was read, and nothing that evidence or reason keep."""
    story = tell(rule, messages, moves, BLIND_S)
    read: list[Acquisition] = []
    before = 0
    for event, _, effects in story.log:
        if isinstance(event, Observed):
            read.append(event.acquisition)
        for effect in effects:
            if isinstance(effect, PartPresented):
                before = len(read)
            if isinstance(effect, VerdictReached):
                _bears_its_grade(rule, read, before, effect)


def _bears_its_grade(
    rule: DetectionRule, read: Sequence[Acquisition], before: int, reached: VerdictReached
) -> None:
    evidence, verdict = reached.evidence, reached.judgement.verdict
    grading = grading_of(evidence, verdict)
    assert (grading is None) == (verdict is Verdict.INCONCLUSIVE)
    if grading is None or evidence.presented_at is None:
        return
    unseen = largest_gap_s(rule, read, before, evidence.presented_at) > BLIND_S
    anew = rule.reject_code is not None and told_anew(read, before, evidence.presented_at)
    if unseen:
        assert grading.grade >= Grade.C
        assert grading.answer_by is not AnswerBy.SILENCE
        assert grading.known_by is not KnownBy.ORDER or (verdict is Verdict.DETECTED and anew)
    if verdict is Verdict.DETECTED:
        assert grading.answer is not Grade.A or anew
        assert grading.answer > Grade.B or rule.reject_code is not None


def test_what_looks_back_at_grades_sees_gaps_and_new_reasons() -> None:
    """Else the law above would hold of anything."""
    coded = a_rule(within_s=3.0, reject_code=CODE)

    def looked_back(*moves: Move) -> tuple[bool, bool]:
        story = tell(coded, False, [*OPENING, *moves], BLIND_S)
        read = [e.acquisition for e, _, _ in story.log if isinstance(e, Observed)]
        presented = next(e for e in story.effects if isinstance(e, PartPresented))
        gap_s = largest_gap_s(coded, read, 3, presented.at)
        return gap_s > BLIND_S, told_anew(read, 3, presented.at)

    idle, right = Move("poll", 0.5), Move("poll", 0.5, {REJECTED: True, CODE: RIGHT_CODE})
    assert looked_back(idle, right) == (False, True)
    assert looked_back(idle, Move("fails", 0.3), right) == (True, True)
    assert looked_back(idle, Move("poll", 0.5, {REJECTED: True})) == (False, False)


# The other laws -----------------------------------------------------------------------------------


@settings(PATIENT, max_examples=100)
@given(rule=RULES, messages=st.booleans(), moves=MOVES)
def test_a_run_closes_only_when_every_part_that_was_issued_is_back(
    rule: DetectionRule, messages: bool, moves: list[Move]
) -> None:
    """L5; events that are refused change nothing, and a closed run never moves (see Told)."""
    story = tell(rule, messages, [*moves, Move("confirm", 1), Move("abort", 1)])
    out: set[int] = set()
    for effect in story.effects:
        match effect:
            case PartIssued():
                assert effect.step not in out
                out.add(effect.step)
            case PartReturned():
                out.remove(effect.step)
            case RunClosed():
                assert out == set()
                assert effect is story.effects[-1]
    if story.run.state in {RunState.ARMED, RunState.PRESENTED, RunState.AWAITING_RETURN}:
        assert out == {story.run.index}


@settings(PATIENT, max_examples=150)
@given(rule=RULES, messages=st.booleans(), moves=MOVES)
def test_the_first_presentation_decides_and_no_later_one_is_lost(
    rule: DetectionRule, messages: bool, moves: list[Move]
) -> None:
    """L10, R18."""
    story = tell(rule, messages, moves)
    verdicts = [e for e in story.effects if isinstance(e, VerdictReached)]
    shown = [(e.step, e.attempt) for e in story.effects if isinstance(e, PartPresented)]
    judged = [(e.step, e.attempt) for e in verdicts]

    assert len(set(judged)) == len(judged)
    assert len(set(shown)) == len(shown)
    assert all(v.decides == (v.attempt == 1) for v in verdicts)
    contradicted = {e.step for e in story.effects if isinstance(e, VerdictContradicted)}
    for verdict in verdicts:
        if verdict.decides and verdict.step not in contradicted:
            assert story.run.steps[verdict.step].judgement == verdict.judgement
    if story.run.state in {RunState.AWAITING_CONFIRMATION, RunState.CLOSED}:
        assert set(shown) <= set(judged)


@settings(PATIENT, max_examples=150)
@given(rule=RULES, messages=st.booleans(), moves=MOVES)
def test_a_run_passes_only_confirmed_and_with_every_step_good_and_fails_on_any_miss(
    rule: DetectionRule, messages: bool, moves: list[Move]
) -> None:
    """D4."""
    back = [Move("time_over", 0), Move("give_back", 1), Move("confirm", 1)]
    story = tell(rule, messages, [*moves, *back])
    good = [s.judgement is not None and s.judgement.verdict.is_good for s in story.run.steps]
    bad = {Verdict.MISSED, Verdict.FALSE_REJECT}
    worst = any(s.judgement is not None and s.judgement.verdict in bad for s in story.run.steps)

    for effect in story.effects:
        if isinstance(effect, RunClosed):
            assert (effect.outcome is Outcome.FAILED) == worst
            if effect.outcome is Outcome.PASSED:
                assert all(good)
                assert effect.confirmed_by is not None


@settings(PATIENT, max_examples=100)
@given(rule=RULES, messages=st.booleans(), moves=MOVES)
def test_a_run_that_is_left_alone_comes_to_an_end_or_asks_for_its_part(
    rule: DetectionRule, messages: bool, moves: list[Move]
) -> None:
    """Every state but closed has a deadline; only a part that is missing is waited for for ever."""
    story = tell(rule, messages, moves)
    for _ in range(4):
        if story.run.deadline is not None:
            story.time_over()

    waits_for_part = story.run.state is RunState.AWAITING_RETURN and story.run.not_returned
    assert waits_for_part or story.run.state is RunState.CLOSED


# D29: what was on at the station before it was said that it is not the part ----------------------------

POLLED = st.lists(
    st.tuples(st.integers(20, 1000), st.integers(0, 300), st.integers(0, 300)),
    min_size=4,
    max_size=8,
)
"""Milliseconds since the reading before, how long it took, and when in it the station looked."""


@PATIENT
@given(POLLED, st.integers(10, 3000), st.integers(0, 2000), st.sampled_from([ACCEPTED, REJECTED]))
def test_no_answer_is_taken_away_by_a_word_that_came_after_it(
    polled: list[tuple[int, int, int]], answered_ms: int, later_ms: int, answer: SignalName
) -> None:
    """Decision 0024: however slowly the station is read."""
    story = told_up_to(RunState.PRESENTED)  # at 2, until 7
    said_ms, ends_ms, shown = answered_ms + later_ms, 0, False
    for after_ms, took_ms, looked_ms in polled:
        began_ms = ends_ms + after_ms
        ends_ms = began_ms + took_ms
        if said_ms < ends_ms and story.run.state is RunState.PRESENTED and not story.run.disowned:
            try:
                story.disown(2 + said_ms / 1000)
            except Refusal:
                assert shown
        shown = shown or began_ms + min(looked_ms, took_ms) >= answered_ms
        story.poll(2 + ends_ms / 1000, took_s=took_ms / 1000, **{answer: shown})

    assert "inconclusive not_the_part" not in story.verdicts

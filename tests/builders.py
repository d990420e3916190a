"""Small builders for tests: instants, rules, and runs told as stories.

A story is a script of a run: event, expected effects, event… Its station is read like a real link
reads it: each poll carries only what changed, a failure takes every value away.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from redrabbit.domain.expectation import Expectation
from redrabbit.domain.identity import (
    Actor,
    CheckId,
    DeviceId,
    FailureMode,
    PartId,
    RunId,
    SignalName,
    StationId,
)
from redrabbit.domain.observation import (
    Acquisition,
    Observation,
    Reading,
    Readings,
    Reason,
    Value,
    Window,
)
from redrabbit.domain.part_count import CounterHabits
from redrabbit.domain.records import OccurrenceRecord
from redrabbit.domain.rule import DetectionRule, Equals, HeldFeed, OnSilence, Rises
from redrabbit.domain.run import (
    Aborted,
    Confirmed,
    DeadlineExpired,
    Disowned,
    Effect,
    Event,
    GivenBack,
    NotRecorded,
    Observed,
    Restarted,
    Run,
    RunClosed,
    SaidHeld,
    Scanned,
    SetDeadline,
    Step,
    Tapped,
    Told,
    VerdictReached,
)
from redrabbit.domain.run_transitions import advance, start_deadline
from redrabbit.domain.run_words import Purpose, RunState, Why
from tests.stored import bare

T0 = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
STATION = StationId("op20")
RABBIT = PartId("RR-0007")
OTHER_RABBIT = PartId("RR-0008")
MASTER = PartId("GM-0001")
TORQUE_LOW = FailureMode("torque_low")
ANNA = Actor.stated("anna")

REJECTED = SignalName("rejected")
ACCEPTED = SignalName("accepted")
PRESENT = SignalName("part_present")
PART = SignalName("part_code")
CODE = SignalName("reject_code")
COUNT = SignalName("good_count")
FEED = SignalName("feed_held")

IDLE: Mapping[SignalName, Value] = {
    REJECTED: False,
    ACCEPTED: False,
    PRESENT: False,
    PART: "",
    CODE: 0,
    COUNT: 100,
    FEED: False,
}
"""A station with nothing before its device."""


def at(seconds: float) -> datetime:
    """Return the instant so many seconds into the story."""
    return T0 + timedelta(seconds=seconds)


def a_rule(**changes: Any) -> DetectionRule:
    """Return a rule whose station tells the part's code, a reject and an accept bit."""
    usual: dict[str, Any] = {
        "presented": None,
        "part_code": PART,
        "detected": Rises(signal=REJECTED),
        "accepted": Rises(signal=ACCEPTED),
        "within_s": 5.0,
        "on_silence": OnSilence.MISSED,
    }
    return DetectionRule(**(usual | changes))


def an_expectation(
    rule: DetectionRule | None = None,
    *,
    part: PartId = RABBIT,
    code: Value | None = None,
    every_s: float | None = 2.0,
    blind_s: float | None = 2.0,
    habits: CounterHabits | None = None,
    messages: bool = False,
) -> Expectation:
    """Return what presenting a rabbit, or the good master, is to prove at a polled station."""
    rule = rule or a_rule()
    return Expectation(
        part=part,
        failure_mode=None if part == MASTER else TORQUE_LOW,
        code=code,
        rule=rule,
        expires_s=dict.fromkeys(IDLE, every_s),
        blind_after_s=dict.fromkeys(IDLE, blind_s),
        counter_habits={COUNT: habits or CounterHabits()},
        gaps_lose_messages=messages,
    )


def a_run(*expectations: Expectation, **changes: Any) -> Run:
    """Return a new run of one step, or of the given ones, with its first deadline set."""
    run = Run(
        id=RunId("line1-R-1"),
        check_id=CheckId("torque-check"),
        device=DeviceId("op20-torque"),
        purpose=Purpose.CHECK,
        operator=ANNA,
        steps=tuple(Step(expectation=e) for e in expectations or (an_expectation(),)),
        known_parts=frozenset({RABBIT, OTHER_RABBIT, MASTER}),
        arming_timeout_s=60.0,
        return_timeout_s=120.0,
        verdict_slack_s=2.5,
        expires_at=at(900),
    )
    return start_deadline(replace(run, **changes))[0]


def an_acquisition(
    seconds: float,
    changes: Mapping[SignalName, Value | Reason] | None = None,
    *,
    covers: frozenset[SignalName] = frozenset(IDLE),
    took_s: float = 0.02,
    **more: Any,
) -> Acquisition:
    """Return one poll that ended so many seconds into the story (a message took no time)."""
    return Acquisition(
        station=STATION,
        window=Window(began_at=at(seconds - took_s), ended_at=at(seconds)),
        signals=covers,
        changes=tuple(
            Observation(signal=signal, reason=told)
            if isinstance(told, Reason)
            else Observation(signal=signal, value=told)
            for signal, told in (changes or {}).items()
        ),
        **more,
    )


def readings_of(values: Mapping[SignalName, Value], seconds: float = -0.1) -> Readings:
    """Return readings with these values, all last read at that moment."""
    window = Window(began_at=at(seconds - 0.02), ended_at=at(seconds))
    return {
        signal: Reading(
            signal=signal, value=value, reason=None, window=window, changed_at=window.ended_at
        )
        for signal, value in values.items()
    }


BY_EDGE = a_rule(part_code=None, presented=Rises(signal=PRESENT))
HELD = replace(BY_EDGE, held=HeldFeed(signal=FEED, counters=(COUNT,), travel_s=1.0))
"""A station that shows that its feed is held, and counts each part."""
SAID_HELD = replace(BY_EDGE, held=HeldFeed(signal=None, counters=(COUNT,), travel_s=1.0))
"""One where the operator says that it is held."""
BY_TAP = a_rule(part_code=None)
"""A station that can't tell when a part is before it."""
LEVELS = a_rule(
    detected=Equals(signal=REJECTED, value=True), accepted=Equals(signal=ACCEPTED, value=True)
)


class Story:
    """A run told event by event; each event returns its effects, all are kept in `effects`."""

    def __init__(self, run: Run | None = None, **idle: Value) -> None:
        self.run = run if run is not None else a_run()
        self.effects: list[Effect] = []
        started = dict(IDLE) | {SignalName(name): value for name, value in idle.items()}
        self.readings = dict(readings_of(started))

    def event(self, event: Event) -> tuple[Effect, ...]:
        """Let it happen."""
        self.run, effects = advance(self.run, event)
        self.effects.extend(effects)
        return effects

    def scan(self, seconds: float, code: str = RABBIT) -> tuple[Effect, ...]:
        """The operator takes the part; the station has been read until then."""
        until = Window(began_at=at(seconds - 0.12), ended_at=at(seconds - 0.1))
        for signal, reading in self.readings.items():
            if reading.window is not None and reading.window.ended_at < until.ended_at:
                self.readings[signal] = replace(reading, window=until)
        return self.event(
            Scanned(at=at(seconds), code=code, actor=ANNA, readings=dict(self.readings))
        )

    def tell(self, seconds: float, of: str, value: str) -> tuple[Effect, ...]:
        """The operator tells something of the part before taking it."""
        return self.event(Told(at=at(seconds), of=of, value=value, actor=ANNA))

    def tap(self, seconds: float) -> tuple[Effect, ...]:
        """The operator says that the part is in front of the device."""
        return self.event(Tapped(at=at(seconds), actor=ANNA))

    def say_held(self, seconds: float) -> tuple[Effect, ...]:
        """The operator says that nothing is fed."""
        return self.event(SaidHeld(at=at(seconds), actor=ANNA))

    def disown(self, seconds: float) -> tuple[Effect, ...]:
        """The operator says that it is not the part."""
        return self.event(Disowned(at=at(seconds), actor=ANNA))

    def give_back(self, seconds: float, code: str = RABBIT) -> tuple[Effect, ...]:
        """The operator puts the part back."""
        return self.event(GivenBack(at=at(seconds), code=code, actor=ANNA))

    def confirm(self, seconds: float) -> tuple[Effect, ...]:
        """The operator confirms."""
        return self.event(Confirmed(at=at(seconds), actor=ANNA))

    def abort(self, seconds: float, reason: str = "fixture jammed") -> tuple[Effect, ...]:
        """The operator gives up."""
        return self.event(Aborted(at=at(seconds), actor=ANNA, reason=reason))

    def restart(self, seconds: float) -> tuple[Effect, ...]:
        """The software that watches was restarted."""
        return self.event(Restarted(at=at(seconds)))

    def not_recorded(
        self,
        seconds: float,
        why: Literal[Why.NOT_RECORDABLE, Why.NOT_RECORDED] = Why.NOT_RECORDABLE,
    ) -> tuple[Effect, ...]:
        """Something of it could not be recorded."""
        return self.event(NotRecorded(at=at(seconds), why=why))

    def time_over(self) -> tuple[Effect, ...]:
        """The deadline set last is over."""
        assert self.run.deadline is not None
        deadline = self.run.deadline
        return self.event(DeadlineExpired(at=deadline.at, kind=deadline.kind))

    def poll(self, seconds: float, *, took_s: float = 0.02, **told: Value) -> tuple[Effect, ...]:
        """The station is read: as before, but for what is told."""
        values = {SignalName(name): value for name, value in told.items()}
        changes = {
            signal: value
            for signal, value in values.items()
            if signal not in self.readings or self.readings[signal].value != value
        }
        return self.observe(an_acquisition(seconds, changes, took_s=took_s))

    def polls(self, first: float, last: float, every_s: float = 0.5) -> None:
        """The station is read over and over, and nothing changes."""
        for i in range(int((last - first) / every_s + 1.000001)):
            self.poll(first + i * every_s)

    def message(self, seconds: float, *, fresh: bool = True, **told: Value) -> tuple[Effect, ...]:
        """The station publishes these signals, and no others."""
        values: dict[SignalName, Value | Reason] = {
            SignalName(name): value for name, value in told.items()
        }
        covers = frozenset(values)
        return self.observe(an_acquisition(seconds, values, covers=covers, took_s=0.0, fresh=fresh))

    def fails(self, seconds: float, reason: Reason = Reason.TIMEOUT) -> tuple[Effect, ...]:
        """The station could not be read: every value is gone."""
        return self.observe(an_acquisition(seconds, failure=reason))

    def comes_back(self, seconds: float, **told: Value) -> tuple[Effect, ...]:
        """The station is read again after a failure: every value is told anew."""
        everything: dict[SignalName, Value | Reason] = dict(IDLE)
        everything |= {SignalName(name): value for name, value in told.items()}
        return self.observe(an_acquisition(seconds, everything))

    def observe(self, acquisition: Acquisition) -> tuple[Effect, ...]:
        """The run gets the acquisition with the readings before it; then they move on."""
        effects = self.event(Observed(acquisition=acquisition, readings=dict(self.readings)))
        if acquisition.failure is not None:
            self.readings = {}
            return effects
        for change in acquisition.changes:
            self.readings[change.signal] = Reading(
                signal=change.signal,
                value=change.value,
                reason=change.reason,
                window=acquisition.window,
                changed_at=acquisition.window.ended_at,
                retained=change.retained,
            )
        for signal in acquisition.signals & self.readings.keys():
            self.readings[signal] = replace(self.readings[signal], window=acquisition.window)
        return effects

    @property
    def verdicts(self) -> list[str]:
        """Every verdict reached, in words: `detected`, `inconclusive stuck`."""
        return [
            f"{e.judgement.verdict.value} {e.judgement.why.value if e.judgement.why else ''}".strip()
            for e in self.effects
            if isinstance(e, VerdictReached)
        ]

    @property
    def verdict(self) -> str:
        """The one verdict that was reached; an assertion fails where there is none or more."""
        assert len(self.verdicts) == 1, self.verdicts
        return self.verdicts[0]

    @property
    def outcome(self) -> str:
        """What the closed run came to."""
        closed = [e for e in self.effects if isinstance(e, RunClosed)]
        assert len(closed) == 1, closed
        return closed[0].outcome.value


def story_of(rule: DetectionRule, code: Value | None = None, **idle: Value) -> Story:
    """The story of one rabbit under this rule."""
    return Story(a_run(an_expectation(rule, code=code)), **idle)


def messages_of(rule: DetectionRule, every_s: float | None = 2.0, **idle: Value) -> Story:
    """The story of one rabbit at a station that publishes to a broker, told up to its scan."""
    story = Story(a_run(an_expectation(rule, every_s=every_s, messages=True)), **idle)
    story.scan(1)
    story.message(1.5, rejected=False, accepted=False)
    return story


def told_up_to(state: RunState) -> Story:
    """The story of one rabbit, told up to this state."""
    story = Story()
    if state is RunState.AWAITING_PART:
        return story
    story.scan(1)
    if state is RunState.ARMED:
        return story
    story.poll(2, part_code=RABBIT)
    if state is RunState.PRESENTED:
        return story
    story.poll(3, rejected=True)
    if state is RunState.AWAITING_RETURN:
        return story
    story.give_back(10)
    if state is RunState.AWAITING_CONFIRMATION:
        return story
    story.confirm(11)
    return story


def kinds(effects: tuple[Effect, ...]) -> list[str]:
    """Return what the effects are, in words, without the deadlines."""
    return [type(e).__name__ for e in effects if not isinstance(e, SetDeadline)]


def deadlines(effects: tuple[Effect, ...]) -> list[tuple[str, float]]:
    """Return the deadlines set: their kind, and the seconds into the story."""
    return [
        (e.kind.value, (e.at - T0).total_seconds()) for e in effects if isinstance(e, SetDeadline)
    ]


def an_occurrence(**changes: Any) -> OccurrenceRecord:
    """Return an undecided occurrence: open 30 min before T0, due at T0, grace 10 min, 1 h to close."""
    made: OccurrenceRecord = bare(
        OccurrenceRecord,
        occurrence_id="line1-O-1",
        line="line1",
        number=1,
        check_id="op20-torque",
        trigger_key="2026-03-02T06:00:00Z",
        station="op20",
        device="op20-torque",
        plan_number="CP-204",
        plan_revision="F",
        opens_at=at(-1800),
        due_at=T0,
        grace_ends_at=at(600),
        closes_at=at(3600),
        made_at=at(-1800),
        inconclusive_runs=0,
        overdue_told=False,
    )
    return replace(made, **changes)

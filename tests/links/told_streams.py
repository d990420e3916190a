"""A station that publishes, a network that delays, repeats, reorders and drops, and the run between.

The world's time is ours: a message is *made* at one instant and *arrives* at another. What a verdict
must be follows from when the part came and when the device answered; nothing here knows how the
product learns clocks or gathers evidence.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from redrabbit.domain.identity import SignalName
from redrabbit.domain.rule import OnSilence, Rises
from redrabbit.domain.run import DeadlineExpired, DeadlineKind
from redrabbit.domain.run_words import RunState
from redrabbit.domain.signals import Encoding, MqttAddress, SignalSpec
from redrabbit.links.topic_reader import TopicReader
from tests.builders import (
    ACCEPTED,
    PRESENT,
    REJECTED,
    STATION,
    T0,
    Story,
    a_rule,
    a_run,
    an_expectation,
    at,
)

SCANNED_AT_S = 10.0
"""Until then everything is live, so that the source's clock is known."""
BEGINS_AT_S = 6.0
ENDS_AT_S = 26.0
SIGNALS = (PRESENT, REJECTED, ACCEPTED)


@dataclass(frozen=True)
class Truth:
    """What happens at the station, in seconds of our clock."""

    part_at: float
    answer: SignalName | None
    """The device's only answer to our part."""
    answers_after: float
    stands_for: float
    """How long the answer stands."""
    within: float
    leftover: bool = False
    """The part before ours was rejected, and its answer goes off only when ours is there."""
    earlier_part_at: float | None = None
    """A part that was there before, and was rejected."""

    @property
    def in_time(self) -> bool:
        return self.answer is not None and self.answers_after <= self.within

    def state(self, made: float) -> dict[SignalName, bool]:
        """Return what the signals are at an instant."""
        since = made - self.part_at
        stands = self.answers_after <= since < self.answers_after + self.stands_for
        state = {
            PRESENT: since >= 0,
            REJECTED: self.answer == REJECTED and stands,
            ACCEPTED: self.answer == ACCEPTED and stands,
        }
        if self.leftover and -1.5 <= since < 0.2:
            state[REJECTED] = True
        if self.earlier_part_at is not None:
            before = made - self.earlier_part_at
            state[PRESENT] = state[PRESENT] or 0 <= before < 1.5
            state[REJECTED] = state[REJECTED] or 0.4 <= before < 1.5
        return state

    def changes(self) -> list[float]:
        """Return every instant at which a signal changes."""
        answered = self.part_at + self.answers_after
        found = [self.part_at, answered, answered + self.stands_for]
        if self.leftover:
            found += [self.part_at - 1.5, self.part_at + 0.2]
        if self.earlier_part_at is not None:
            found += [self.earlier_part_at + each for each in (0.0, 0.4, 1.5)]
        return found


@dataclass(frozen=True)
class Station:
    """How it publishes: at each change and at its rate, in one topic or in two."""

    every: float
    topics: tuple[tuple[SignalName, ...], ...] = (SIGNALS,)
    tells_sequence: bool = True
    tells_time: bool = True
    promises: bool = True
    """To publish at that rate: so a silence shows that something was held back."""
    modulus: int | None = None
    decimals: int = 6
    """Of the time that it tells."""


@dataclass(frozen=True)
class Network:
    """What happens to messages on their way, by when they were made."""

    base: float = 0.0
    """What every message takes."""
    jitter: tuple[float, ...] = ()
    """More for some of them."""
    in_order: bool = False
    """No message overtakes another of its topic."""
    held: tuple[tuple[float, float], ...] = ()
    """From when, and for how long, nothing gets through; then all comes at once."""
    lost: tuple[tuple[float, float], ...] = ()
    """From when, and for how long, what is sent does not come at all."""
    repeated: Mapping[int, float] = field(default_factory=dict)
    """Messages that come a second time, so much later."""
    resent: Mapping[int, float] = field(default_factory=dict)
    """Messages that the source sends again so much later, as old as they are, with a new number."""


@dataclass(frozen=True)
class Clock:
    """The source's clock: how far ours is ahead, and when it is set by how much."""

    offset: float = 0.0
    set_at: tuple[tuple[float, float], ...] = ()

    def told(self, made: float) -> float:
        return T0.timestamp() + made - self.offset + sum(by for at, by in self.set_at if at <= made)


@dataclass(frozen=True)
class _Message:
    made: float
    sent: float
    number: int


def verdict(
    truth: Truth, station: Station, network: Network, clock: Clock | None = None
) -> str | None:
    """Tell the whole story and return the verdict in words; None where nothing was presented."""
    story = _story(truth)
    readers = [_reader(place, station) for place in range(len(station.topics))]
    for reader in readers:
        reader.connected(at(BEGINS_AT_S - 1))
    scanned = False
    for arrives, place, payload in _arrivals(truth, station, network, clock or Clock()):
        if not scanned and arrives > SCANNED_AT_S:
            scanned = True
            story.scan(SCANNED_AT_S)
        _pass_time(story, arrives)
        story.observe(readers[place].take(payload, at(arrives)).acquisition)
        if story.verdicts:
            return story.verdict
    _pass_time(story, ENDS_AT_S + 60)
    return story.verdicts[0] if story.verdicts else None


def _story(truth: Truth) -> Story:
    rule = a_rule(
        part_code=None,
        presented=Rises(signal=PRESENT),
        detected=Rises(signal=REJECTED),
        accepted=Rises(signal=ACCEPTED),
        within_s=truth.within,
        on_silence=OnSilence.MISSED,
    )
    story = Story(a_run(an_expectation(rule, messages=True)))
    story.readings = {}
    return story


def _pass_time(story: Story, until: float) -> None:
    """Let the verdict's deadline come, as the agent's ticks do."""
    deadline = story.run.deadline
    waits = story.run.state is RunState.PRESENTED and deadline is not None
    if waits and deadline is not None and deadline.at <= at(until):
        story.event(DeadlineExpired(at=deadline.at, kind=DeadlineKind.VERDICT))


def _reader(place: int, station: Station) -> TopicReader:
    specs = [
        SignalSpec(
            name=signal,
            address=MqttAddress(
                topic=f"line/{place}",
                encoding=Encoding.BOOL,
                path=(str(signal),),
                sequence_path=("seq",) if station.tells_sequence else (),
                sequence_modulus=station.modulus,
                time_path=("at",) if station.tells_time else (),
                expected_every_s=station.every if station.promises else None,
            ),
        )
        for signal in station.topics[place]
    ]
    return TopicReader(STATION, f"line/{place}", specs, settle_s=0.5)


def _arrivals(
    truth: Truth, station: Station, network: Network, clock: Clock
) -> Iterator[tuple[float, int, bytes]]:
    """Yield every message as it comes: when, on which topic, what."""
    coming: list[tuple[float, int, int, bytes]] = []
    for place, signals in enumerate(station.topics):
        messages = _sent(truth, station, signals, network)
        latest = 0.0
        for order, message in enumerate(messages):
            values = truth.state(message.made)
            values = {signal: values[signal] for signal in signals}
            payload = _payload(values, station, order, clock.told(message.made))
            arrives = _arrives(message, network)
            latest = max(latest, arrives)
            arrives = latest if network.in_order else arrives
            repeated = network.repeated.get(message.number)
            if not any(since <= message.sent < since + lasts for since, lasts in network.lost):
                coming.append((arrives, order, place, payload))
            if repeated is not None:
                coming.append((arrives + repeated, order, place, payload))
    for arrives, _, place, payload in sorted(coming, key=lambda each: each[:3]):
        yield arrives, place, payload


def _sent(
    truth: Truth, station: Station, signals: Sequence[SignalName], network: Network
) -> list[_Message]:
    count = int((ENDS_AT_S - BEGINS_AT_S) / station.every)
    made = {round(BEGINS_AT_S + n * station.every, 6) for n in range(count + 1)}
    for change in truth.changes():
        before, after = truth.state(change - 1e-6), truth.state(change + 1e-6)
        if any(before[s] != after[s] for s in signals):
            made.add(round(change + 2e-6, 6))  # once it is so
    messages = [_Message(each, each, n) for n, each in enumerate(sorted(made))]
    again = [
        replace(each, sent=each.sent + later)
        for each in messages
        if (later := network.resent.get(each.number)) is not None
        and each.sent + later > SCANNED_AT_S
    ]
    return sorted([*messages, *again], key=lambda each: each.sent)


def _arrives(message: _Message, network: Network) -> float:
    arrives = message.sent + network.base
    if network.jitter and message.sent >= SCANNED_AT_S - 1:
        arrives += network.jitter[message.number % len(network.jitter)]
    for since, lasts in network.held:
        if since <= arrives < since + lasts:
            arrives = since + lasts
    return arrives


def _payload(
    values: Mapping[SignalName, bool], station: Station, order: int, told_s: float
) -> bytes:
    told: dict[str, Any] = {str(signal): value for signal, value in values.items()}
    if station.tells_sequence:
        told["seq"] = order % station.modulus if station.modulus else order
    if station.tells_time:
        parts = 10**station.decimals
        told["at"] = math.floor(told_s * parts) / parts
    return json.dumps(told).encode()

"""A station that publishes: JSON or plain topics, at each change and at its own rate, with mishaps.

`Voice` is pure: it turns what a station shows into messages, in the order in which a station sends
them (reason and measured value before the bits), each mishap as its plan says. `MqttStation` sends
them, through whatever can publish.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Protocol

from redrabbit.base.clock import Clock
from simulators.device import Value
from simulators.encoding import MqttPlace, json_payload, plain_payload, scaled
from simulators.station import Change

SPEAKING_ORDER = (
    "feed_held",
    "part_present",
    "part_code",
    "nest",
    "pallet",
    "measured",
    "reject_code",
    "part_count",
    "good_count",
    "uptime",
    "start",
    "rejected",
    "accepted",
    "cycle",
)
"""A reason is published before the bit that it explains."""


OFTEN = 4
"""Four times as often as promised, so that a lost or late message is not yet silence."""


class Mishap(Enum):
    """What can happen to one message on its way."""

    LOST = "lost"
    DUPLICATED = "duplicated"
    REORDERED = "reordered"
    """It arrives behind the message that follows it."""
    RETAINED = "retained"
    """It is published as retained: a leftover for whoever subscribes later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttSignal:
    """One signal of a publishing station."""

    name: str
    place: MqttPlace
    expected_every_s: float | None = None
    scale: float = 1.0
    offset: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One message as it leaves the station."""

    topic: str
    payload: bytes
    retain: bool = False


class Voice:
    """Says what one station shows."""

    def __init__(self, signals: Iterable[MqttSignal]) -> None:
        order = {name: place for place, name in enumerate(SPEAKING_ORDER)}
        ordered = sorted(signals, key=lambda each: order.get(each.name, len(order)))
        self._topics: dict[str, list[MqttSignal]] = {}
        for signal in ordered:
            self._topics.setdefault(signal.place.topic, []).append(signal)
        self.clock_ahead = timedelta(0)
        """How far the clock by which it tells the time is ahead of the world's."""
        self._sequence = 0
        self._mishaps: deque[Mishap] = deque()
        self._spoilt: dict[str, Mishap] = {}
        """What happens to the next message on a topic."""
        self._held_back: Sent | None = None
        rates = [each.expected_every_s for each in ordered if each.expected_every_s is not None]
        self.every_s = min(rates, default=1.0) / OFTEN

    def plan(self, *mishaps: Mishap) -> None:
        """Let the next messages go wrong, one mishap each."""
        self._mishaps.extend(mishaps)

    def spoil(self, signal: str, mishap: Mishap) -> None:
        """Let the next message that tells this signal go wrong."""
        for topic, signals in self._topics.items():
            if any(each.name == signal for each in signals):
                self._spoilt[topic] = mishap

    def forget_plan(self) -> None:
        """Let no more messages go wrong."""
        self._mishaps.clear()
        self._spoilt.clear()

    def say(
        self, shown: Mapping[str, Value], at: datetime, *, only: Iterable[str] | None = None
    ) -> list[Sent]:
        """Return the messages that tell the present state, or of it only some signals."""
        wanted = None if only is None else set(only)
        sent: list[Sent] = []
        for topic, signals in self._topics.items():
            if wanted is None or any(signal.name in wanted for signal in signals):
                message = Sent(topic=topic, payload=self._payload(signals, shown, at))
                sent += self._on_its_way(message)
        return sent

    def _payload(
        self, signals: list[MqttSignal], shown: Mapping[str, Value], at: datetime
    ) -> bytes:
        first = signals[0]
        values = [
            (each, scaled(shown[each.name], scale=each.scale, offset=each.offset))
            for each in signals
        ]
        if not first.place.path:
            return plain_payload(values[0][1])
        sequence = time = None
        if first.place.sequence_path:
            self._sequence = _following(self._sequence, first.place.sequence_modulus)
            sequence = (first.place.sequence_path, self._sequence)
        if first.place.time_path:
            time = (first.place.time_path, at + self.clock_ahead)
        fields = [(each.place.path, value) for each, value in values]
        return json_payload(fields, sequence=sequence, time=time)

    def _on_its_way(self, message: Sent) -> list[Sent]:
        held_back, self._held_back = self._held_back, None
        behind = [] if held_back is None else [held_back]
        mishap = self._spoilt.pop(message.topic, None)
        if mishap is None and self._mishaps:
            mishap = self._mishaps.popleft()
        match mishap:
            case Mishap.LOST:
                return behind
            case Mishap.DUPLICATED:
                return [message, *behind, message]
            case Mishap.REORDERED:
                self._held_back = message
                return behind
            case Mishap.RETAINED:
                return [Sent(topic=message.topic, payload=message.payload, retain=True), *behind]
            case None:
                return [message, *behind]


def _following(sequence: int, modulus: int | None) -> int:
    return sequence + 1 if modulus is None else (sequence + 1) % modulus


class Publish(Protocol):
    """Whatever can publish; the small broker can."""

    def __call__(self, topic: str, payload: bytes, *, qos: int, retain: bool) -> None:
        """Publish one message."""
        ...


class MqttStation:
    """Publishes one station of the world, at each change and at its rate."""

    def __init__(
        self,
        voice: Voice,
        snapshot: Callable[[], Mapping[str, Value]],
        publish: Publish,
        clock: Clock,
    ) -> None:
        self.voice = voice
        self.is_mute = False
        """While true nothing is published: the station lost its own network."""
        self.late_s = 0.0
        """How late messages leave: they wait in a gateway."""
        self._snapshot = snapshot
        self._publish = publish
        self._clock = clock

    def on_change(self, change: Change) -> None:
        """Publish the topics in which something changed."""
        self._send(only=change.signals)

    async def run(self) -> None:
        """Publish everything again and again until cancelled."""
        while True:
            self._send()
            await self._clock.sleep(self.voice.every_s)

    def leave_retained(self) -> None:
        """Leave the present state behind as retained messages."""
        for message in self.voice.say(self._snapshot(), self._clock.now()):
            self._publish(message.topic, message.payload, qos=1, retain=True)

    def _send(self, *, only: Iterable[str] | None = None) -> None:
        if self.is_mute:
            return
        for message in self.voice.say(self._snapshot(), self._clock.now(), only=only):
            if self.late_s:
                asyncio.get_running_loop().call_later(self.late_s, self._send_one, message)
            else:
                self._send_one(message)

    def _send_one(self, message: Sent) -> None:
        self._publish(message.topic, message.payload, qos=1, retain=message.retain)

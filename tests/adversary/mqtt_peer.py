"""A broker with stations behind it, on a network that does with their messages as it likes.

The product's own client connects to it over a real socket. Each machine publishes at each change and
four times a second, with a sequence number, its time and the quality of its values.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from simulators.mqtt_codec import (
    FrameReader,
    Message,
    PacketType,
    decode_subscribe,
    encode_ack,
    encode_connack,
    encode_publish,
    packet,
)
from tests.adversary.machine import RIGHT_CODE, Machine, Value
from tests.adversary.virtual_loop import BEGIN

PUBLISHES_EVERY_S = 0.25
USUALLY_TAKES_S = 0.005
ONE_AFTER_THE_OTHER_S = 1e-6
"""Timers of one instant have no order; messages on one connection have."""
HUGE = "B" * 300_000
"""More than a topic takes by default."""
DUP = 0b1000


class Way(Enum):
    """What happens to one message on its way."""

    PASSES = auto()
    LATE = auto()
    TWICE = auto()
    LOST = auto()
    AGAIN = auto()
    """The station sends it once more, as old as it is, with a new number."""
    HUGE = auto()
    """It is too large to be looked at, and would prove a detection."""
    CUT_OFF = auto()
    """Its payload ends in the middle."""
    BAD_QUALITY = auto()
    """It says itself that its values, which would prove a detection, are not good."""
    RETAINED = auto()
    """An old one that was kept comes before it, and would prove a detection."""


@dataclass(frozen=True, slots=True)
class Passage:
    """How one message fares."""

    way: Way = Way.PASSES
    after_s: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Publishing:
    """How a station publishes."""

    topics: tuple[tuple[str, tuple[str, ...]], ...]
    """Each with what it tells."""
    modulus: int | None = None
    clock_offset_s: float = 0.0
    """Ours ahead of the machine's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """What happens to a station's messages from the scan on; the passages take turns."""

    passages: tuple[Passage, ...] = (Passage(),)
    held: tuple[tuple[float, float], ...] = ()
    """From when after the scan, and for how long, nothing gets through; then all comes at once."""


class Publisher:
    """Publishes for one machine."""

    def __init__(
        self, machine: Machine, publishing: Publishing, network: Network, broker: "HostileBroker"
    ) -> None:
        self._machine, self._publishing, self._network = machine, publishing, network
        self._broker = broker
        self._loop = asyncio.get_running_loop()
        self._told: dict[str, dict[str, Value]] = {}
        self._sequence = {topic: 0 for topic, _ in publishing.topics}
        self._number = self._sent = 0
        self.misbehaves_since: float | None = None
        machine.on_change = self._changed
        self._regularly()

    def _regularly(self) -> None:
        for topic, fields in self._publishing.topics:
            self._publish(topic, fields)
        self._loop.call_later(PUBLISHES_EVERY_S, self._regularly)

    def _changed(self) -> None:
        for topic, fields in self._publishing.topics:
            if self._told.get(topic) != self._fields(fields):
                self._publish(topic, fields)

    def _fields(self, fields: Sequence[str]) -> dict[str, Value]:
        return {name: self._machine.values[name] for name in fields}

    def _publish(self, topic: str, fields: Sequence[str]) -> None:
        values = self._told[topic] = self._fields(fields)
        passage = Passage()
        if self.misbehaves_since is not None:
            passages = self._network.passages
            passage = passages[self._number % len(passages)]
            self._number += 1
        alarming = values | {name: value for name, value in _ALARM.items() if name in values}
        made_at = self._loop.time()
        match passage.way:
            case Way.PASSES:
                self._send(topic, self._payload(topic, values, made_at))
            case Way.LATE:
                self._send(topic, self._payload(topic, values, made_at), passage.after_s)
            case Way.TWICE:
                payload = self._payload(topic, values, made_at)
                self._send(topic, payload)
                self._send(topic, payload, passage.after_s, flags=DUP)
            case Way.LOST:
                self._payload(topic, values, made_at)
            case Way.AGAIN:
                self._send(topic, self._payload(topic, values, made_at))
                self._loop.call_later(
                    1.5 + passage.after_s, self._send_again, topic, values, made_at
                )
            case Way.HUGE:
                self._send(topic, self._payload(topic, alarming, made_at, pad=HUGE))
            case Way.CUT_OFF:
                self._send(topic, self._payload(topic, alarming, made_at)[:-3])
            case Way.BAD_QUALITY:
                self._send(topic, self._payload(topic, alarming, made_at, q=False))
            case Way.RETAINED:
                kept = self._payload(topic, alarming, made_at, count=False)
                self._send(topic, kept, retain=True)
                self._send(topic, self._payload(topic, values, made_at))

    def _send_again(self, topic: str, values: dict[str, Value], made_at: float) -> None:
        self._send(topic, self._payload(topic, values, made_at))

    def _payload(
        self,
        topic: str,
        values: dict[str, Value],
        made_at: float,
        *,
        count: bool = True,
        **more: object,
    ) -> bytes:
        number = self._sequence[topic]
        if count:
            self._sequence[topic] += 1
        modulus = self._publishing.modulus
        told_at = BEGIN.timestamp() + made_at - self._publishing.clock_offset_s
        told = {
            "seq": number % modulus if modulus else number,
            "at": round(told_at, 6),
            "q": True,
            **values,
            **more,
        }
        return json.dumps(told).encode()

    def _send(
        self,
        topic: str,
        payload: bytes,
        late_s: float = 0.0,
        *,
        retain: bool = False,
        flags: int = 0,
    ) -> None:
        self._sent += 1
        arrives_at = self._loop.time() + USUALLY_TAKES_S + late_s
        since = self.misbehaves_since
        for begins_s, lasts_s in self._network.held if since is not None else ():
            assert since is not None
            if since + begins_s <= arrives_at < since + begins_s + lasts_s:
                arrives_at = since + begins_s + lasts_s
        message = Message(topic, payload, qos=1, retain=retain)
        in_order_at = arrives_at + self._sent * ONE_AFTER_THE_OTHER_S
        self._loop.call_at(in_order_at, self._broker.deliver, message, flags)


_ALARM: dict[str, Value] = {
    "rejected": True,
    "result": 2,
    "code": RIGHT_CODE,
    "rejects": 60_000,
}


@dataclass(slots=True)
class HostileBroker:
    """Grants every subscription, and sends in pieces of the sizes that it is given."""

    pieces: Sequence[int] = ()
    """How many bytes at a time, in turns; nothing: whole packets."""
    port: int = 0
    _clients: dict["_Client", set[str]] = field(default_factory=dict)
    _server: asyncio.Server | None = None

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Client(self), "127.0.0.1", 0)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        self.cut()
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    def cut(self) -> None:
        """Cut every connection."""
        for client in list(self._clients):
            client.transport.abort()

    def deliver(self, message: Message, flags: int = 0) -> None:
        """Hand a message to whoever has subscribed by now."""
        for client, topics in self._clients.items():
            if message.topic in topics:
                client.publish(message, flags)


class _Client(asyncio.Protocol):
    def __init__(self, broker: HostileBroker) -> None:
        self._broker = broker
        self._frames = FrameReader()
        self._packet_id = self._piece = 0
        self.transport: asyncio.Transport

    def __hash__(self) -> int:
        return id(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._broker._clients[self] = set()

    def connection_lost(self, _exc: Exception | None) -> None:
        self._broker._clients.pop(self, None)

    def data_received(self, data: bytes) -> None:
        for frame in self._frames.feed(data):
            if frame.kind == PacketType.CONNECT:
                self._send(encode_connack(0))
            elif frame.kind == PacketType.SUBSCRIBE:
                packet_id, requests = decode_subscribe(frame.body)
                self._broker._clients[self] |= {topic for topic, _ in requests}
                self._send(encode_ack(PacketType.SUBACK, packet_id, bytes(len(requests) * [1])))
            elif frame.kind == PacketType.PINGREQ:
                self._send(packet(PacketType.PINGRESP))

    def publish(self, message: Message, flags: int) -> None:
        self._packet_id = self._packet_id % 0xFFFF + 1
        data = encode_publish(message, packet_id=self._packet_id)
        self._send(bytes([data[0] | flags]) + data[1:])

    def _send(self, data: bytes) -> None:
        """Send in pieces; the loop may read something else between two of them."""
        sizes = self._broker.pieces
        while sizes and data and len(data) < len(HUGE):
            size = sizes[self._piece % len(sizes)]
            self._piece += 1
            self.transport.write(data[:size])
            data = data[size:]
        if data:
            self.transport.write(data)

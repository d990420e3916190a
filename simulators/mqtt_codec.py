"""MQTT control packets: bytes to values and values to bytes, for the small broker.

Rules: MQTT 3.1.1 (OASIS, 2014), sections 2 and 3. Whatever does not parse, or asks for QoS 2, raises
`MalformedPacketError` and nothing else. Decides nothing: no session, no routing.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

PROTOCOL_LEVEL = 4
"""MQTT 3.1.1 says so of itself (section 3.1.2.2); 3 is 3.1, 5 is 5.0."""
MAX_QOS = 1
MAX_PACKET_BYTES = 1 << 20
"""A simulated plant sends small messages; more than 1 MiB is garbage or an attack."""
MORE_BYTES_FOLLOW = 0x80
"""The top bit of a byte of the remaining length."""
MAX_LENGTH_BYTES = 4
"""Section 2.2.3: the remaining length has at most four bytes."""


class MalformedPacketError(Exception):
    """Bytes that are no MQTT packet, or one that its sender may not send to this broker."""


class UnknownVersionError(MalformedPacketError):
    """A CONNECT of another protocol or version; answered with a refusal, not with silence."""


class PacketType(IntEnum):
    """The first four bits of a packet; those of QoS 2 are left out."""

    CONNECT = 1
    CONNACK = 2
    PUBLISH = 3
    PUBACK = 4
    SUBSCRIBE = 8
    SUBACK = 9
    UNSUBSCRIBE = 10
    UNSUBACK = 11
    PINGREQ = 12
    PINGRESP = 13
    DISCONNECT = 14


@dataclass(frozen=True, slots=True)
class Frame:
    """One packet, not yet understood."""

    kind: int
    flags: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """An application message on its way."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False


@dataclass(frozen=True, slots=True)
class Connect:
    """A CONNECT packet."""

    client_id: str
    clean: bool
    keepalive_s: int
    will: Message | None


class FrameReader:
    """Cuts a byte stream into frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, received: bytes) -> Iterator[Frame]:
        """Yield every frame that is complete now."""
        self._buffer += received
        while (frame := self._next_frame()) is not None:
            yield frame

    def _next_frame(self) -> Frame | None:
        buffer = self._buffer
        length = 0
        for index in range(1, MAX_LENGTH_BYTES + 1):
            if len(buffer) <= index:
                return None
            length |= (buffer[index] & 0x7F) << (7 * (index - 1))
            if buffer[index] < MORE_BYTES_FOLLOW:
                break
        else:
            raise MalformedPacketError("the remaining length has more than four bytes")
        if length > MAX_PACKET_BYTES:
            raise MalformedPacketError(f"a packet of {length} bytes")
        start = index + 1
        if len(buffer) < start + length:
            return None
        frame = Frame(buffer[0] >> 4, buffer[0] & 0x0F, bytes(buffer[start : start + length]))
        del buffer[: start + length]
        return frame


class Cursor:
    """Reads fields one after the other; raises MalformedPacketError at the end of the bytes."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._position = 0

    def take(self, count: int) -> bytes:
        """Return the next `count` bytes."""
        end = self._position + count
        if end > len(self._body):
            raise MalformedPacketError("the packet ends in the middle of a field")
        taken = self._body[self._position : end]
        self._position = end
        return taken

    def rest(self) -> bytes:
        """Return all that is left."""
        return self.take(len(self._body) - self._position)

    def is_at_end(self) -> bool:
        """True when every byte was read."""
        return self._position == len(self._body)

    def number(self, size: int) -> int:
        """Return a big-endian whole number of `size` bytes."""
        return int.from_bytes(self.take(size), "big")

    def packet_id(self) -> int:
        """Return a packet id, which is never 0 (section 2.3.1)."""
        packet_id = self.number(2)
        if packet_id == 0:
            raise MalformedPacketError("packet id 0")
        return packet_id

    def binary(self) -> bytes:
        """Return bytes with their length in front."""
        return self.take(self.number(2))

    def text(self) -> str:
        """Return a UTF-8 string without U+0000 (section 1.5.3)."""
        try:
            text = self.binary().decode("utf-8")
        except UnicodeDecodeError as error:
            raise MalformedPacketError("a string is not UTF-8") from error
        if "\0" in text:
            raise MalformedPacketError("a string contains U+0000")
        return text


def decode_connect(body: bytes) -> Connect:
    """Decode a CONNECT; another protocol or version raises `UnknownVersionError`.

    User name and password are not looked at: this broker lets everybody in.
    """
    cursor = Cursor(body)
    name, level = cursor.text(), cursor.number(1)
    if (name, level) != ("MQTT", PROTOCOL_LEVEL):
        raise UnknownVersionError(f"{name!r} of protocol level {level}")
    flags, keepalive_s = cursor.number(1), cursor.number(2)
    if flags & 0x01:
        raise MalformedPacketError("the reserved connect flag is set")
    client_id = cursor.text()
    will = None
    if flags & 0x04:
        topic, payload = _topic(cursor), cursor.binary()
        will = Message(topic, payload, _qos(flags >> 3), bool(flags & 0x20))
    return Connect(client_id, bool(flags & 0x02), keepalive_s, will)


def decode_publish(flags: int, body: bytes) -> tuple[Message, int]:
    """Decode a PUBLISH into its message and its packet id, which is 0 for QoS 0."""
    cursor = Cursor(body)
    qos = _qos(flags >> 1)
    topic = _topic(cursor)
    packet_id = cursor.packet_id() if qos else 0
    return Message(topic, cursor.rest(), qos, bool(flags & 0x01)), packet_id


def decode_subscribe(body: bytes) -> tuple[int, list[tuple[str, int]]]:
    """Decode a SUBSCRIBE into its packet id and its filters, each with the QoS asked for (0 to 2)."""
    cursor = Cursor(body)
    packet_id = cursor.packet_id()
    requests = []
    while not cursor.is_at_end():
        topic_filter, qos = cursor.text(), cursor.number(1)
        if qos > 2:  # noqa: PLR2004  the highest QoS there is (section 3.8.3.1)
            raise MalformedPacketError(f"a subscription of QoS {qos}")
        requests.append((topic_filter, qos))
    if not requests:
        raise MalformedPacketError("a subscribe without a filter")
    return packet_id, requests


def decode_unsubscribe(body: bytes) -> tuple[int, list[str]]:
    """Decode an UNSUBSCRIBE into its packet id and its filters."""
    cursor = Cursor(body)
    packet_id = cursor.packet_id()
    filters = []
    while not cursor.is_at_end():
        filters.append(cursor.text())
    if not filters:
        raise MalformedPacketError("an unsubscribe without a filter")
    return packet_id, filters


def decode_puback(body: bytes) -> int:
    """Return the packet id of a PUBACK."""
    return Cursor(body).packet_id()


def _topic(cursor: Cursor) -> str:
    topic = cursor.text()
    if not topic or "+" in topic or "#" in topic:
        raise MalformedPacketError(f"{topic!r} is no topic to publish to")
    return topic


def _qos(bits: int) -> int:
    qos = bits & 0x03
    if qos > MAX_QOS:
        raise MalformedPacketError(f"a message of QoS {qos}, where only 0 and 1 are taken")
    return qos


def varint(value: int) -> bytes:
    """Encode a remaining length."""
    encoded = bytearray()
    while True:
        value, digit = divmod(value, 128)
        encoded.append(digit | (MORE_BYTES_FOLLOW if value else 0))
        if not value:
            return bytes(encoded)


def text(value: str) -> bytes:
    """Encode a string with its length in front."""
    encoded = value.encode("utf-8")
    return struct.pack(">H", len(encoded)) + encoded


def packet(kind: PacketType, body: bytes = b"", flags: int = 0) -> bytes:
    """Put the fixed header in front of a body."""
    return bytes([kind << 4 | flags]) + varint(len(body)) + body


def encode_connack(code: int) -> bytes:
    """Encode a CONNACK; it never says that a session was there already (section 3.2.2.2)."""
    return packet(PacketType.CONNACK, bytes([0, code]))


def encode_publish(message: Message, *, packet_id: int = 0) -> bytes:
    """Encode a PUBLISH with the message's own QoS and retain flag."""
    head = text(message.topic) + (struct.pack(">H", packet_id) if message.qos else b"")
    return packet(PacketType.PUBLISH, head + message.payload, message.qos << 1 | message.retain)


def encode_ack(kind: PacketType, packet_id: int, codes: bytes = b"") -> bytes:
    """Encode a PUBACK, an UNSUBACK, or a SUBACK with one code per filter."""
    return packet(kind, struct.pack(">H", packet_id) + codes)

"""MQTT control packets: bytes to values and values to bytes, for the small broker.

Rules: MQTT 3.1.1 (OASIS, 2014) and 5.0 (OASIS, 2019), sections 2 and 3. Whatever does not parse
raises `MalformedPacketError` and nothing else. Properties that a broker must hand on with a message are
kept as the raw bytes they came in. Decides nothing: no session, no routing.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum

V311 = 4
V5 = 5

MAX_PACKET_BYTES = 1 << 20
"""A simulated plant sends small messages; more than 1 MiB is garbage or an attack."""
MAX_QOS = 2
MORE_BYTES_FOLLOW = 0x80
"""The top bit of a byte of a variable byte integer."""
MAX_VARINT_BYTES = 4
"""Section 1.5.5: a variable byte integer has at most four bytes."""


class MalformedPacketError(Exception):
    """Bytes that are no MQTT packet, or one that its sender may not send."""


class PacketType(IntEnum):
    """The first four bits of a packet."""

    CONNECT = 1
    CONNACK = 2
    PUBLISH = 3
    PUBACK = 4
    PUBREC = 5
    PUBREL = 6
    PUBCOMP = 7
    SUBSCRIBE = 8
    SUBACK = 9
    UNSUBSCRIBE = 10
    UNSUBACK = 11
    PINGREQ = 12
    PINGRESP = 13
    DISCONNECT = 14
    AUTH = 15


class Property(IntEnum):
    """The MQTT 5.0 properties that the broker reads or writes (section 2.2.2.2)."""

    SESSION_EXPIRY_S = 0x11
    ASSIGNED_CLIENT_ID = 0x12
    WILL_DELAY_S = 0x18
    RECEIVE_MAXIMUM = 0x21
    TOPIC_ALIAS = 0x23
    SUBSCRIPTION_IDENTIFIER = 0x0B
    SUBSCRIPTION_IDENTIFIERS_AVAILABLE = 0x29
    SHARED_SUBSCRIPTIONS_AVAILABLE = 0x2A


PROPERTY_FORMS = {
    **dict.fromkeys((0x01, 0x17, 0x19, 0x24, 0x25, 0x28, 0x29, 0x2A), "byte"),
    **dict.fromkeys((0x13, 0x21, 0x22, 0x23), "u16"),
    **dict.fromkeys((0x02, 0x11, 0x18, 0x27), "u32"),
    **dict.fromkeys((0x03, 0x08, 0x12, 0x15, 0x1A, 0x1C, 0x1F), "text"),
    **dict.fromkeys((0x09, 0x16), "bytes"),
    0x0B: "varint",
    0x26: "pair",
}
HANDED_ON = frozenset({0x01, 0x02, 0x03, 0x08, 0x09, 0x26})
"""Payload format, expiry, content type, response topic, correlation, user property."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One packet, not yet understood."""

    kind: int
    flags: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Properties:
    """Decoded properties: whole numbers by id, and the raw bytes of those to hand on."""

    numbers: dict[int, int] = field(default_factory=dict)
    handed_on: bytes = b""


NO_PROPERTIES = Properties()


@dataclass(frozen=True, slots=True)
class Message:
    """An application message on its way."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    properties: bytes = b""


@dataclass(frozen=True, slots=True)
class Connect:
    """A CONNECT packet."""

    version: int
    client_id: str
    clean: bool
    keepalive_s: int
    will: Message | None
    will_delay_s: int
    properties: Properties


@dataclass(frozen=True, slots=True)
class Publish:
    """A PUBLISH packet."""

    message: Message
    packet_id: int
    duplicate: bool


RETAIN_IF_NEW = 1
RETAIN_NEVER = 2


@dataclass(frozen=True, slots=True)
class TopicRequest:
    """One filter of a SUBSCRIBE with its options."""

    topic_filter: str
    qos: int
    no_local: bool = False
    retain_as_published: bool = False
    retain_rule: int = 0
    """0: send what is retained, `RETAIN_IF_NEW`: only for a new subscription, `RETAIN_NEVER`."""


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
        for index in range(1, MAX_VARINT_BYTES + 1):
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
        self.position = 0

    def take(self, count: int) -> bytes:
        """Return the next `count` bytes."""
        end = self.position + count
        if end > len(self._body):
            raise MalformedPacketError("the packet ends in the middle of a field")
        taken = self._body[self.position : end]
        self.position = end
        return taken

    def rest(self) -> bytes:
        """Return all that is left."""
        return self.take(len(self._body) - self.position)

    def between(self, start: int, end: int) -> bytes:
        """Return bytes that were already read."""
        return self._body[start:end]

    def is_at_end(self) -> bool:
        """True when every byte was read."""
        return self.position == len(self._body)

    def number(self, size: int) -> int:
        """Return a big-endian whole number of `size` bytes."""
        return int.from_bytes(self.take(size), "big")

    def varint(self) -> int:
        """Return a variable byte integer."""
        value = 0
        for index in range(MAX_VARINT_BYTES):
            byte = self.number(1)
            value |= (byte & 0x7F) << (7 * index)
            if byte < MORE_BYTES_FOLLOW:
                return value
        raise MalformedPacketError("a variable byte integer has more than four bytes")

    def binary(self) -> bytes:
        """Return bytes with their length in front."""
        return self.take(self.number(2))

    def text(self) -> str:
        """Return a UTF-8 string without U+0000 (section 1.5.4)."""
        try:
            text = self.binary().decode("utf-8")
        except UnicodeDecodeError as error:
            raise MalformedPacketError("a string is not UTF-8") from error
        if "\0" in text:
            raise MalformedPacketError("a string contains U+0000")
        return text

    def properties(self, version: int) -> Properties:
        """Return the properties of an MQTT 5.0 packet; none in 3.1.1."""
        if version < V5:
            return NO_PROPERTIES
        end = self.varint() + self.position
        numbers: dict[int, int] = {}
        handed_on = bytearray()
        while self.position < end:
            start = self.position
            identifier = self.varint()
            value = self._property(identifier)
            if isinstance(value, int):
                numbers[identifier] = value
            if identifier in HANDED_ON:
                handed_on += self.between(start, self.position)
        if self.position != end:
            raise MalformedPacketError("the properties do not end where they say")
        return Properties(numbers, bytes(handed_on))

    def _property(self, identifier: int) -> int | None:
        match PROPERTY_FORMS.get(identifier):
            case "byte":
                return self.number(1)
            case "u16":
                return self.number(2)
            case "u32":
                return self.number(4)
            case "varint":
                return self.varint()
            case "text":
                self.text()
            case "bytes":
                self.binary()
            case "pair":
                self.text()
                self.text()
            case _:
                raise MalformedPacketError(f"unknown property 0x{identifier:02X}")
        return None


def decode_connect(body: bytes) -> Connect:
    """Decode a CONNECT; an unknown protocol version raises `UnknownVersionError`."""
    cursor = Cursor(body)
    name, version = cursor.text(), cursor.number(1)
    if name != "MQTT" or version not in {V311, V5}:
        raise UnknownVersionError(f"{name!r} version {version}")
    flags, keepalive_s = cursor.number(1), cursor.number(2)
    if flags & 0x01:
        raise MalformedPacketError("the reserved connect flag is set")
    properties = cursor.properties(version)
    client_id = cursor.text()
    will, will_delay_s = None, 0
    if flags & 0x04:
        about = cursor.properties(version)
        topic = cursor.text()
        qos, retain = (flags >> 3) & 0x03, bool(flags & 0x20)
        if qos > MAX_QOS:
            raise MalformedPacketError("a will of QoS 3")
        will = Message(topic, cursor.binary(), qos, retain, about.handed_on)
        will_delay_s = about.numbers.get(Property.WILL_DELAY_S, 0)
    if flags & 0x80:
        cursor.text()
    if flags & 0x40:
        cursor.binary()
    return Connect(
        version, client_id, bool(flags & 0x02), keepalive_s, will, will_delay_s, properties
    )


class UnknownVersionError(MalformedPacketError):
    """A CONNECT of another protocol or version; answered with a refusal, not with silence."""


def decode_publish(flags: int, body: bytes, version: int) -> Publish:
    """Decode a PUBLISH."""
    cursor = Cursor(body)
    qos = (flags >> 1) & 0x03
    topic = cursor.text()
    if qos > MAX_QOS:
        raise MalformedPacketError("a publish of QoS 3")
    if not topic or "+" in topic or "#" in topic:
        raise MalformedPacketError(f"{topic!r} is no topic to publish to")
    packet_id = _packet_id(cursor) if qos else 0
    properties = cursor.properties(version)
    if Property.TOPIC_ALIAS in properties.numbers:
        raise MalformedPacketError("a topic alias, though none is allowed")
    message = Message(topic, cursor.rest(), qos, bool(flags & 0x01), properties.handed_on)
    return Publish(message, packet_id, bool(flags & 0x08))


def decode_subscribe(body: bytes, version: int) -> tuple[int, list[TopicRequest]]:
    """Decode a SUBSCRIBE into its packet id and its filters."""
    cursor = Cursor(body)
    packet_id = _packet_id(cursor)
    cursor.properties(version)
    requests = []
    while not cursor.is_at_end():
        topic_filter, options = cursor.text(), cursor.number(1)
        qos, retain_rule = options & 0x03, (options >> 4) & 0x03
        reserved = 0xC0 if version == V5 else 0xFC
        if qos > MAX_QOS or retain_rule > RETAIN_NEVER or options & reserved:
            raise MalformedPacketError(f"subscription options 0x{options:02X}")
        requests.append(
            TopicRequest(topic_filter, qos, bool(options & 4), bool(options & 8), retain_rule)
        )
    if not requests:
        raise MalformedPacketError("a subscribe without a filter")
    return packet_id, requests


def decode_unsubscribe(body: bytes, version: int) -> tuple[int, list[str]]:
    """Decode an UNSUBSCRIBE into its packet id and its filters."""
    cursor = Cursor(body)
    packet_id = _packet_id(cursor)
    cursor.properties(version)
    filters = []
    while not cursor.is_at_end():
        filters.append(cursor.text())
    if not filters:
        raise MalformedPacketError("an unsubscribe without a filter")
    return packet_id, filters


def decode_ack(body: bytes) -> int:
    """Return the packet id of a PUBACK, PUBREC, PUBREL or PUBCOMP."""
    return _packet_id(Cursor(body))


def decode_disconnect(body: bytes, version: int) -> tuple[int, Properties]:
    """Return the reason code of a DISCONNECT (0: normal) and its properties."""
    cursor = Cursor(body)
    if version < V5 or cursor.is_at_end():
        return 0, NO_PROPERTIES
    reason = cursor.number(1)
    return reason, NO_PROPERTIES if cursor.is_at_end() else cursor.properties(version)


def _packet_id(cursor: Cursor) -> int:
    packet_id = cursor.number(2)
    if packet_id == 0:
        raise MalformedPacketError("packet id 0")
    return packet_id


def varint(value: int) -> bytes:
    """Encode a variable byte integer."""
    encoded = bytearray()
    while True:
        value, digit = divmod(value, 128)
        encoded.append(digit | (0x80 if value else 0))
        if not value:
            return bytes(encoded)


def text(value: str) -> bytes:
    """Encode a string with its length in front."""
    encoded = value.encode("utf-8")
    return struct.pack(">H", len(encoded)) + encoded


def packet(kind: PacketType, body: bytes = b"", flags: int = 0) -> bytes:
    """Put the fixed header in front of a body."""
    return bytes([kind << 4 | flags]) + varint(len(body)) + body


def encode_connack(
    version: int, reason: int, *, present: bool = False, assigned: str = ""
) -> bytes:
    """Encode a CONNACK; `assigned` is the client id that the broker chose."""
    body = bytes([present, reason])
    if version == V5:
        about = bytes([Property.SUBSCRIPTION_IDENTIFIERS_AVAILABLE, 0])
        about += bytes([Property.SHARED_SUBSCRIPTIONS_AVAILABLE, 0])
        if assigned:
            about += bytes([Property.ASSIGNED_CLIENT_ID]) + text(assigned)
        body += varint(len(about)) + about
    return packet(PacketType.CONNACK, body)


def encode_publish(
    version: int, message: Message, *, packet_id: int = 0, duplicate: bool = False
) -> bytes:
    """Encode a PUBLISH with the message's own QoS and retain flag."""
    parts = [text(message.topic)]
    if message.qos:
        parts.append(struct.pack(">H", packet_id))
    if version == V5:
        parts += [varint(len(message.properties)), message.properties]
    parts.append(message.payload)
    flags = duplicate << 3 | message.qos << 1 | message.retain
    return packet(PacketType.PUBLISH, b"".join(parts), flags)


def encode_ack(kind: PacketType, packet_id: int, version: int, reason: int = 0) -> bytes:
    """Encode a PUBACK, PUBREC, PUBREL or PUBCOMP; 3.1.1 knows no reason."""
    body = struct.pack(">H", packet_id)
    if version == V5 and reason:
        body += bytes([reason])
    return packet(kind, body, flags=2 if kind is PacketType.PUBREL else 0)


def encode_suback(
    packet_id: int, codes: list[int], version: int, kind: PacketType = PacketType.SUBACK
) -> bytes:
    """Encode a SUBACK or, with its kind, an UNSUBACK; a 3.1.1 UNSUBACK carries no codes."""
    body = struct.pack(">H", packet_id) + (b"\0" if version == V5 else b"")
    if kind is PacketType.SUBACK or version == V5:
        body += bytes(codes)
    return packet(kind, body)


def encode_disconnect(reason: int) -> bytes:
    """Encode the DISCONNECT that a 5.0 server may send."""
    return packet(PacketType.DISCONNECT, bytes([reason]))

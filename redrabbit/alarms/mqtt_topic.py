"""The way to an MQTT topic: connect, publish at QoS 1, wait for the acknowledgement, go.

It speaks the five packets of MQTT 3.1.1 that this takes by itself: aiomqtt, which reads stations,
opens its sockets in threads that nothing can stop and leaves one open after each connect that
failed; a broker that never answers would take all descriptors.

Source: MQTT 3.1.1, 3.1 to 3.4 and 3.14.
"""

import asyncio
import secrets
from typing import Final

from redrabbit.alarms.connection import connected
from redrabbit.alarms.delivery import DeliveryFailed, DeliveryRefused
from redrabbit.domain.plant import NotificationTarget

PORT: Final = 1883
KEEP_ALIVE_S: Final = 60
"""Longer than an attempt; nobody pings."""
MOST_TOPIC_BYTES: Final = 65_535
MOST_ANSWER_BYTES: Final = 2
"""What stands behind the fixed header of both answers that are waited for."""

_CONNECT, _CONNACK = 0x10, 0x20
_PUBLISH_QOS_1, _PUBACK = 0x32, 0x40
_DISCONNECT: Final = b"\xe0\x00"
_CLEAN_SESSION: Final = 0x02
_PACKET_ID: Final = 1

REFUSALS: Final = {
    1: "unacceptable protocol version",
    2: "identifier rejected",
    3: "server unavailable",
    4: "bad user name or password",
    5: "not authorized",
}
"""What a broker says with CONNACK (3.2.2.3)."""


class MqttTopic:
    """Publishes messages to one topic."""

    def __init__(self, target: NotificationTarget) -> None:
        assert target.host is not None  # noqa: S101  because the plant file was checked
        assert target.topic is not None  # noqa: S101  because the plant file was checked
        self._host, self._port = target.host, target.port or PORT
        self._topic = target.topic

    async def send(self, key: str, body: str) -> None:
        """Publish, and return when the broker has said that it has the message."""
        del key  # it is in the body: topics have no headers before MQTT 5
        publish = _publish(self._topic, body.encode())
        try:
            async with connected(self._host, self._port) as (reader, writer):
                writer.write(_connect())
                accepted = await _answer(reader, _CONNACK)
                if accepted[1]:
                    why = REFUSALS.get(accepted[1], f"code {accepted[1]}")
                    raise DeliveryFailed(f"the broker refuses the connection: {why}")
                writer.write(publish)
                if int.from_bytes(await _answer(reader, _PUBACK)) != _PACKET_ID:
                    raise DeliveryFailed("the broker acknowledged another message")
                writer.write(_DISCONNECT)
        except asyncio.IncompleteReadError:
            raise DeliveryFailed("the broker closed the connection") from None
        except OSError as error:
            raise DeliveryFailed(f"{type(error).__name__}: {error}") from None


def _connect() -> bytes:
    variable = _text("MQTT") + bytes((4, _CLEAN_SESSION)) + KEEP_ALIVE_S.to_bytes(2)
    return _packet(_CONNECT, variable + _text(f"redrabbit{secrets.token_hex(6)}"))


def _publish(topic: str, payload: bytes) -> bytes:
    """Return the packet; DeliveryRefused where no broker would ever take it (3.3.2.1, 4.7)."""
    if any(each in topic for each in "#+\0") or not 0 < len(topic.encode()) <= MOST_TOPIC_BYTES:
        raise DeliveryRefused("nothing can be published to this topic")
    return _packet(_PUBLISH_QOS_1, _text(topic) + _PACKET_ID.to_bytes(2) + payload)


async def _answer(reader: asyncio.StreamReader, expected: int) -> bytes:
    """Return what stands behind the fixed header of the answer that is expected."""
    kind, length = await reader.readexactly(2)
    if (kind, length) != (expected, MOST_ANSWER_BYTES):
        raise DeliveryFailed(f"the broker answered with packet 0x{kind:02x}")
    return await reader.readexactly(length)


def _packet(kind: int, content: bytes) -> bytes:
    length, left = bytearray(), len(content)
    while True:
        left, octet = left >> 7, left & 0x7F
        length.append(octet | (0x80 if left else 0))
        if not left:
            return bytes((kind,)) + bytes(length) + content


def _text(text: str) -> bytes:
    encoded = text.encode()
    return len(encoded).to_bytes(2) + encoded

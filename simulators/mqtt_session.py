"""What the broker keeps of one client, whether it is connected or not.

Rules: MQTT 3.1.1 and 5.0, sections 3.1.2 and 4.4: a message of QoS 1 stays until it is
acknowledged and is sent again, marked as duplicate, when the client comes back; no more are under
way at once than the client allows. Does not route: the broker says what is for whom.
"""

from collections import deque
from dataclasses import replace
from typing import Protocol

from simulators.mqtt_codec import Message, TopicRequest

MAX_QUEUED = 10_000
"""Messages kept for one client that is away or slow; later ones are dropped and counted."""
MAX_IN_FLIGHT = 1_000
"""Unacknowledged messages under way to one client, unless it allows fewer."""
PACKET_IDS = 65_535


class Wire(Protocol):
    """The connection of a session, as far as the session uses it."""

    @property
    def is_writable(self) -> bool:
        """False while the client does not read."""
        ...

    def send_publish(self, message: Message, *, packet_id: int, duplicate: bool) -> None:
        """Send one message."""
        ...


class Session:
    """One client's subscriptions and the messages on their way to it."""

    def __init__(self, client_id: str, *, expiry_s: float) -> None:
        self.client_id = client_id
        self.expiry_s = expiry_s
        self.wire: Wire | None = None
        self.subscriptions: dict[str, TopicRequest] = {}
        self.received: set[int] = set()
        """Packet ids of inbound QoS 2 messages that were routed and not yet released."""
        self.dropped = 0
        self.window = MAX_IN_FLIGHT
        self._in_flight: dict[int, Message] = {}
        self._queue: deque[Message] = deque()
        self._last_id = 0

    def attach(self, wire: Wire, *, receive_maximum: int | None) -> None:
        """Take a new connection and send again what was not acknowledged."""
        self.wire = wire
        self.window = min(receive_maximum or MAX_IN_FLIGHT, MAX_IN_FLIGHT)
        for packet_id, message in self._in_flight.items():
            wire.send_publish(message, packet_id=packet_id, duplicate=True)
        self.drain()

    def detach(self) -> None:
        """Lose the connection; QoS 0 messages are not kept."""
        self.wire = None
        self._queue = deque(message for message in self._queue if message.qos)

    def deliver(self, message: Message) -> None:
        """Send a message, or keep it for later."""
        wire = self.wire
        if message.qos == 0 and (wire is None or not wire.is_writable):
            self.dropped += 1
        elif message.qos == 0 and wire is not None and not self._queue:
            wire.send_publish(message, packet_id=0, duplicate=False)
        elif len(self._queue) >= MAX_QUEUED:
            self.dropped += 1
        else:
            self._queue.append(message)
            self.drain()

    def acknowledged(self, packet_id: int) -> None:
        """Forget a message that the client has; an unknown id means nothing."""
        if self._in_flight.pop(packet_id, None) is not None:
            self.drain()

    def drain(self) -> None:
        """Send what waits, as far as the client allows."""
        wire = self.wire
        while wire is not None and self._queue and wire.is_writable:
            message = self._queue[0]
            if message.qos and len(self._in_flight) >= self.window:
                return
            self._queue.popleft()
            packet_id = 0
            if message.qos:
                packet_id = self._next_packet_id()
                self._in_flight[packet_id] = message
            wire.send_publish(message, packet_id=packet_id, duplicate=False)

    def _next_packet_id(self) -> int:
        while True:
            self._last_id = self._last_id % PACKET_IDS + 1
            if self._last_id not in self._in_flight:
                return self._last_id


def for_subscriber(message: Message, request: TopicRequest, *, from_retained: bool) -> Message:
    """Return the message as this subscription gets it: its QoS and its retain flag."""
    retain = from_retained or (request.retain_as_published and message.retain)
    qos = min(message.qos, request.qos, 1)
    if retain == message.retain and qos == message.qos:
        return message
    return replace(message, qos=qos, retain=retain)

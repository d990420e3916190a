"""The messages on their way to one connected client.

Rules: MQTT 3.1.1, sections 4.3 and 4.6: messages of QoS 1 leave in order, and each counts as under
way until it is acknowledged. Ends with the connection: nothing is kept for a client that is away.
Does not route: the broker says what is for whom.
"""

from collections import deque
from collections.abc import Callable

from simulators.mqtt_codec import Message, encode_publish

MAX_IN_FLIGHT = 20
"""Unacknowledged messages under way to one client; Mosquitto's `max_inflight_messages`."""
MAX_QUEUED = 1_000
"""Messages of QoS 1 that wait behind those, later ones are dropped; its `max_queued_messages`."""
PACKET_IDS = 65_535


class Session:
    """What one client has not got yet, or not acknowledged."""

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._send = send
        self._client_reads = True
        self._in_flight: set[int] = set()
        """Packet ids."""
        self._queue: deque[Message] = deque()
        self._last_id = 0

    def deliver(self, message: Message) -> None:
        """Send a message, or keep it until the client reads; QoS 0 is lost instead."""
        if message.qos == 0:
            if self._client_reads:
                self._send(encode_publish(message))
        elif len(self._queue) < MAX_QUEUED:
            self._queue.append(message)
            self._drain()

    def pause(self) -> None:
        """Keep messages back while the client does not read."""
        self._client_reads = False

    def resume(self) -> None:
        """Go on with what was kept back."""
        self._client_reads = True
        self._drain()

    def acknowledged(self, packet_id: int) -> None:
        """Forget a message that the client has; an unknown id means nothing."""
        self._in_flight.discard(packet_id)
        self._drain()

    def _drain(self) -> None:
        """Send what waits, as far as the client reads and acknowledges."""
        while self._queue and self._client_reads and len(self._in_flight) < MAX_IN_FLIGHT:
            packet_id = self._next_packet_id()
            self._in_flight.add(packet_id)
            self._send(encode_publish(self._queue.popleft(), packet_id=packet_id))

    def _next_packet_id(self) -> int:
        while True:
            self._last_id = self._last_id % PACKET_IDS + 1
            if self._last_id not in self._in_flight:
                return self._last_id

"""A small MQTT broker, part of the simulated plant and never of the product.

For what has to fail on cue and in this process: it can be cut off, mended, and robbed of all that it
kept, and stations publish through it without a client. Speaks MQTT 3.1.1 with QoS 0 and 1: retained
messages, wildcards, will, keepalive, takeover by the same client id. Rules: the OASIS specification;
section numbers stand where they act.

What it does not speak it refuses: other versions in words (CONNACK 0x01), shared subscriptions in
words (SUBACK 0x80), publishing at QoS 2 by closing, as Mosquitto does with `max_qos 1`, because 3.1.1
has no word for that. Subscriptions are granted QoS 1 at most. A session ends with its connection,
as CONNACK says. No passwords, no TLS. In plants and in continuous integration the real broker is
Mosquitto.
"""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import cast

from simulators.mqtt_codec import (
    MAX_QOS,
    Frame,
    FrameReader,
    MalformedPacketError,
    Message,
    PacketType,
    UnknownVersionError,
    decode_connect,
    decode_puback,
    decode_publish,
    decode_subscribe,
    decode_unsubscribe,
    encode_ack,
    encode_connack,
    packet,
)
from simulators.mqtt_session import Session
from simulators.mqtt_topics import Subscriptions, filter_is_valid, matches

CONNECT_TIMEOUT_S = 10.0
"""A connection that says nothing is closed (section 3.1)."""
KEEPALIVE_MARGIN = 1.5
"""Section 3.1.2.10: one and a half times the keepalive."""

ACCEPTED, VERSION_REFUSED, CLIENT_ID_REFUSED = 0x00, 0x01, 0x02
"""Section 3.2.2.3."""
FILTER_REFUSED = 0x80

_LOG = logging.getLogger("simulators.broker")


class Broker:
    """Subscriptions and retained messages; hands messages from client to client."""

    def __init__(self) -> None:
        self.retained: dict[str, Message] = {}
        self.subscriptions: Subscriptions[Connection] = Subscriptions()
        self.connections: set[Connection] = set()
        self.is_cut = False
        """While true every connection is cut and new ones are dropped at once."""
        self._server: asyncio.Server | None = None

    async def start(
        self, host: str = "127.0.0.1", port: int = 0, *, bound: socket.socket | None = None
    ) -> int:
        """Listen, on a socket that is bound already if one is given, and return the port."""
        loop = asyncio.get_running_loop()
        if bound is not None:
            self._server = await loop.create_server(lambda: Connection(self), sock=bound)
        else:
            self._server = await loop.create_server(lambda: Connection(self), host, port)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop listening and cut every connection, also of clients that do not read any more."""
        for connection in list(self.connections):
            connection.abort()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    def cut(self) -> None:
        """Cut every connection, as a pulled cable or a stopped broker does, until `mend`."""
        self.is_cut = True
        for connection in list(self.connections):
            connection.abort()

    def mend(self) -> None:
        """Take connections again."""
        self.is_cut = False

    def forget(self) -> None:
        """Lose connections and retained messages, as a broker without persistence restarting."""
        for connection in list(self.connections):
            connection.abort()
        self.retained.clear()

    def publish(self, topic: str, payload: bytes, *, qos: int = 0, retain: bool = False) -> None:
        """Publish from inside the process, as if a client had."""
        self.route(Message(topic, payload, qos, retain))

    def route(self, message: Message) -> None:
        """Keep a retained message and deliver to each matching client once (section 3.3.5)."""
        if message.retain and message.payload:
            self.retained[message.topic] = message
        elif message.retain:
            self.retained.pop(message.topic, None)
        for connection, qos in self.subscriptions.matching(message.topic).items():
            connection.deliver(replace(message, qos=min(message.qos, qos), retain=False))

    def subscribe(self, connection: "Connection", topic_filter: str, qos: int) -> None:
        """Subscribe, and send what is retained under the filter (section 3.8.4)."""
        self.subscriptions.put(topic_filter, connection, qos)
        for topic, message in list(self.retained.items()):
            if matches(topic_filter, topic):
                connection.deliver(replace(message, qos=min(message.qos, qos)))

    def take_over(self, client_id: str) -> None:
        """Close the connection that has this client id already (section 3.1.4)."""
        for connection in list(self.connections):
            if client_id and connection.client_id == client_id:
                connection.close()


class Connection(asyncio.Protocol):
    """One client's TCP connection: frames in, answers out."""

    def __init__(self, broker: Broker) -> None:
        self.client_id: str | None = None
        """None until its CONNECT was accepted."""
        self._broker = broker
        self._session = Session(self._send)
        self._reader = FrameReader()
        self._will: Message | None = None
        self._heard_at = 0.0
        self._longest_silence_s = CONNECT_TIMEOUT_S
        self._timer: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None
        self._answers: dict[int, Callable[[Frame], None]] = {
            PacketType.PUBLISH: self._on_publish,
            PacketType.PUBACK: self._on_puback,
            PacketType.SUBSCRIBE: self._on_subscribe,
            PacketType.UNSUBSCRIBE: self._on_unsubscribe,
            PacketType.PINGREQ: self._on_pingreq,
            PacketType.DISCONNECT: self._on_disconnect,
        }

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for a CONNECT, unless the broker is cut off."""
        self._transport = cast("asyncio.Transport", transport)
        if self._broker.is_cut:
            self._transport.abort()
            return
        self._broker.connections.add(self)
        self._heard_at = asyncio.get_running_loop().time()
        self._watch_silence()

    def data_received(self, data: bytes) -> None:
        """Take what arrived, frame by frame; malformed bytes end this connection only."""
        self._heard_at = asyncio.get_running_loop().time()
        try:
            for frame in self._reader.feed(data):
                self._take(frame)
                if self._is_closing:
                    return
        except MalformedPacketError as error:
            _LOG.warning("MQTT client %r is cut off: %s", self.client_id, error)
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Publish the will and forget the client."""
        del exc  # why it went does not matter
        self._leave()

    def pause_writing(self) -> None:
        """Keep messages back while the client does not read."""
        self._session.pause()

    def resume_writing(self) -> None:
        """Go on with what was kept back."""
        self._session.resume()

    def deliver(self, message: Message) -> None:
        """Send a message, now or when the client reads and acknowledges."""
        self._session.deliver(message)

    def close(self) -> None:
        """Close after what was written has left; 3.1.1 has no word for why."""
        if self._transport is not None:
            self._transport.close()
        self._leave()

    def abort(self) -> None:
        """Cut the connection at once."""
        if self._transport is not None:
            self._transport.abort()
        self._leave()

    @property
    def _is_closing(self) -> bool:
        return self._transport is None or self._transport.is_closing()

    def _leave(self) -> None:
        self._broker.connections.discard(self)
        self._broker.subscriptions.remove_all(self)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        will, self._will = self._will, None
        if will is not None:
            self._broker.route(will)

    def _send(self, encoded: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(encoded)

    def _watch_silence(self) -> None:
        """Cut the connection once nothing was heard for too long."""
        loop = asyncio.get_running_loop()
        left_s = self._heard_at + self._longest_silence_s - loop.time()
        if left_s <= 0:
            self.abort()
        else:
            self._timer = loop.call_later(left_s, self._watch_silence)

    def _take(self, frame: Frame) -> None:
        if self.client_id is None:
            if frame.kind != PacketType.CONNECT:
                raise MalformedPacketError("the first packet is no CONNECT")
            self._on_connect(frame)
            return
        answer = self._answers.get(frame.kind)
        if answer is None:
            raise MalformedPacketError(f"a client may not send packet type {frame.kind} here")
        answer(frame)

    def _on_connect(self, frame: Frame) -> None:
        try:
            connect = decode_connect(frame.body)
        except UnknownVersionError as error:
            self._refuse(VERSION_REFUSED, f"{error}; this broker speaks MQTT 3.1.1 only")
            return
        if not connect.client_id and not connect.clean:
            self._refuse(CLIENT_ID_REFUSED, "no client id, and a session to keep (3.1.3.1)")
            return
        self._broker.take_over(connect.client_id)
        self.client_id, self._will = connect.client_id, connect.will
        if self._timer is not None:
            self._timer.cancel()
        if connect.keepalive_s:
            self._longest_silence_s = connect.keepalive_s * KEEPALIVE_MARGIN
            self._watch_silence()
        self._send(encode_connack(ACCEPTED))

    def _refuse(self, code: int, why: str) -> None:
        _LOG.warning("an MQTT client is refused: %s", why)
        self._send(encode_connack(code))
        self.close()

    def _on_publish(self, frame: Frame) -> None:
        message, packet_id = decode_publish(frame.flags, frame.body)
        self._broker.route(message)
        if message.qos:
            self._send(encode_ack(PacketType.PUBACK, packet_id))

    def _on_puback(self, frame: Frame) -> None:
        self._session.acknowledged(decode_puback(frame.body))

    def _on_subscribe(self, frame: Frame) -> None:
        packet_id, requests = decode_subscribe(frame.body)
        granted = {each: _granted(each, qos) for each, qos in requests}
        codes = bytes(granted[each] for each, _ in requests)
        self._send(encode_ack(PacketType.SUBACK, packet_id, codes))
        for topic_filter, qos in granted.items():
            if qos != FILTER_REFUSED:
                self._broker.subscribe(self, topic_filter, qos)

    def _on_unsubscribe(self, frame: Frame) -> None:
        packet_id, filters = decode_unsubscribe(frame.body)
        for topic_filter in filters:
            self._broker.subscriptions.remove(topic_filter, self)
        self._send(encode_ack(PacketType.UNSUBACK, packet_id))

    def _on_pingreq(self, frame: Frame) -> None:
        del frame  # a ping says nothing but that the client lives
        self._send(packet(PacketType.PINGRESP))

    def _on_disconnect(self, frame: Frame) -> None:
        del frame  # it is empty
        self._will = None
        self.close()


def _granted(topic_filter: str, qos: int) -> int:
    """Return the QoS that a subscription gets, or the code that refuses it."""
    if not filter_is_valid(topic_filter):
        raise MalformedPacketError(f"{topic_filter!r} is no topic filter (4.7.1)")
    if topic_filter.startswith("$share/"):
        return FILTER_REFUSED  # nobody publishes to such a topic: meant is a share, which 5.0 has
    return min(qos, MAX_QOS)


@asynccontextmanager
async def serving(host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[tuple[Broker, int]]:
    """Run a broker for the length of a `with` block; yields it and its port."""
    broker = Broker()
    bound_port = await broker.start(host, port)
    try:
        yield broker, bound_port
    finally:
        await broker.close()

"""A small MQTT broker, part of the simulated plant and never of the product.

Speaks MQTT 3.1.1 and as much of 5.0 as ordinary clients use: QoS 0 and 1, inbound QoS 2, retained
messages, will with delay, keepalive, persistent sessions with expiry, takeover by the same client
id. Rules: the OASIS specifications; section numbers stand where they act. No passwords, no TLS, no
shared subscriptions, no topic aliases; message expiry is handed on but not counted down. In plants
and in continuous integration the real one is Mosquitto.
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast

from simulators.mqtt_codec import (
    NO_PROPERTIES,
    RETAIN_IF_NEW,
    RETAIN_NEVER,
    V5,
    V311,
    Connect,
    Frame,
    FrameReader,
    MalformedPacketError,
    Message,
    PacketType,
    Properties,
    Property,
    TopicRequest,
    UnknownVersionError,
    decode_ack,
    decode_connect,
    decode_disconnect,
    decode_publish,
    decode_subscribe,
    decode_unsubscribe,
    encode_ack,
    encode_connack,
    encode_disconnect,
    encode_publish,
    encode_suback,
    packet,
)
from simulators.mqtt_session import Session, for_subscriber
from simulators.mqtt_topics import SubscriptionTrie, filter_is_valid, matches

CONNECT_TIMEOUT_S = 10.0
"""A connection that says nothing is closed (section 3.1)."""
KEEPALIVE_MARGIN = 1.5
"""Section 3.1.2.10: one and a half times the keepalive."""
FOREVER_S = 0xFFFFFFFF
"""Section 3.1.2.11.2: this session expiry means never."""

SUCCESS = 0x00
MALFORMED = 0x81
PACKET_ID_UNKNOWN = 0x92
SESSION_TAKEN_OVER = 0x8E
SHUTTING_DOWN = 0x8B
FILTER_REFUSED = 0x80
SHARED_REFUSED = 0x9E
NO_SUBSCRIPTION_EXISTED = 0x11
DISCONNECT_WITH_WILL = 0x04
VERSION_REFUSED_311 = 0x01
CLIENT_ID_REFUSED_311 = 0x02


class Broker:
    """Sessions, subscriptions and retained messages; hands messages from client to client."""

    def __init__(self) -> None:
        self.sessions: dict[str, Session] = {}
        self.retained: dict[str, Message] = {}
        self.subscriptions: SubscriptionTrie[TopicRequest] = SubscriptionTrie()
        self.connections: set[Connection] = set()
        self.is_cut = False
        """While true every connection is cut and new ones are dropped at once."""
        self.published = 0
        self._expiries: dict[str, asyncio.TimerHandle] = {}
        self._wills: dict[str, tuple[asyncio.TimerHandle, Message]] = {}
        self._server: asyncio.Server | None = None
        self._named = 0

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
        """Stop listening and drop every connection and every timer."""
        for connection in list(self.connections):
            connection.refuse(SHUTTING_DOWN)
        for timer in [*self._expiries.values(), *(timer for timer, _ in self._wills.values())]:
            timer.cancel()
        self._expiries.clear()
        self._wills.clear()
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
        """Lose all sessions and retained messages, as a broker without persistence restarting."""
        for connection in list(self.connections):
            connection.abort()
        for client_id in list(self.sessions):
            self.drop_session(client_id)
        self.retained.clear()

    def publish(self, topic: str, payload: bytes, *, qos: int = 0, retain: bool = False) -> None:
        """Publish from inside the process, as if a client had."""
        self.route(Message(topic, payload, qos, retain), sender="")

    def route(self, message: Message, *, sender: str) -> None:
        """Keep a retained message and deliver to each matching session once (section 3.3.5)."""
        self.published += 1
        if message.retain:
            if message.payload:
                self.retained[message.topic] = message
            else:
                self.retained.pop(message.topic, None)
        best: dict[str, TopicRequest] = {}
        for client_id, request in self.subscriptions.matching(message.topic):
            if request.no_local and client_id == sender:
                continue
            known = best.get(client_id)
            if known is None or request.qos > known.qos:
                best[client_id] = request
        for client_id, request in best.items():
            as_received = for_subscriber(message, request, from_retained=False)
            self.sessions[client_id].deliver(as_received)

    def subscribe(self, session: Session, request: TopicRequest) -> None:
        """Subscribe and send what is retained under the filter, as the request wants it."""
        is_new = self.subscriptions.put(request.topic_filter, session.client_id, request)
        session.subscriptions[request.topic_filter] = request
        if request.retain_rule == RETAIN_NEVER or (
            request.retain_rule == RETAIN_IF_NEW and not is_new
        ):
            return
        for topic, message in list(self.retained.items()):
            if matches(request.topic_filter, topic):
                session.deliver(for_subscriber(message, request, from_retained=True))

    def unsubscribe(self, session: Session, topic_filter: str) -> bool:
        """Remove a subscription; False when there was none."""
        session.subscriptions.pop(topic_filter, None)
        return self.subscriptions.remove(topic_filter, session.client_id)

    def open_session(self, connect: Connect) -> tuple[Session, bool]:
        """Return the client's session and whether it was there already; takes over (3.1.4)."""
        client_id = connect.client_id or self._new_client_id()
        for other in [
            c for c in self.connections if c.session and c.session.client_id == client_id
        ]:
            other.refuse(SESSION_TAKEN_OVER)
        for timers in (self._expiries, self._wills):
            timer = timers.pop(client_id, None)
            if timer is not None:
                (timer[0] if isinstance(timer, tuple) else timer).cancel()
        if connect.clean:
            self.drop_session(client_id)
        session = self.sessions.get(client_id)
        present = session is not None
        if session is None:
            session = self.sessions[client_id] = Session(client_id, expiry_s=0)
        session.expiry_s = _expiry_s(connect)
        return session, present

    def end_session(self, session: Session, will: Message | None, will_delay_s: int) -> None:
        """Detach a session whose connection is gone; its will and its expiry take their time."""
        session.detach()
        loop = asyncio.get_running_loop()
        delay_s = min(will_delay_s, session.expiry_s)
        if will is not None and delay_s > 0:
            timer = loop.call_later(delay_s, self._publish_will, session.client_id)
            self._wills[session.client_id] = (timer, will)
        elif will is not None:
            self.route(will, sender=session.client_id)
        if session.expiry_s <= 0:
            self.drop_session(session.client_id)
        elif session.expiry_s < FOREVER_S:
            self._expiries[session.client_id] = loop.call_later(
                session.expiry_s, self.drop_session, session.client_id
            )

    def drop_session(self, client_id: str) -> None:
        """Forget a session and its subscriptions."""
        self._expiries.pop(client_id, None)
        session = self.sessions.pop(client_id, None)
        for topic_filter in session.subscriptions if session else ():
            self.subscriptions.remove(topic_filter, client_id)

    def _publish_will(self, client_id: str) -> None:
        _, will = self._wills.pop(client_id)
        self.route(will, sender=client_id)

    def _new_client_id(self) -> str:
        self._named += 1
        return f"auto-{self._named}"


def _expiry_s(connect: Connect) -> float:
    if connect.version == V5:
        return float(connect.properties.numbers.get(Property.SESSION_EXPIRY_S, 0))
    return 0.0 if connect.clean else float(FOREVER_S)


class Connection(asyncio.Protocol):
    """One client's TCP connection: frames in, answers out."""

    def __init__(self, broker: Broker) -> None:
        self.session: Session | None = None
        self.is_writable = True
        self._broker = broker
        self._reader = FrameReader()
        self._version = V311
        self._will: Message | None = None
        self._will_delay_s = 0
        self._keepalive_s = 0.0
        self._heard_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None
        self._answers: dict[int, Callable[[Frame, Session], None]] = {
            PacketType.PUBLISH: self._on_publish,
            PacketType.PUBACK: self._on_puback,
            PacketType.PUBREL: self._on_pubrel,
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
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(CONNECT_TIMEOUT_S, self.abort)

    def data_received(self, data: bytes) -> None:
        """Take what arrived, frame by frame; malformed bytes end this connection only."""
        self._heard_at = asyncio.get_running_loop().time()
        try:
            for frame in self._reader.feed(data):
                self._take(frame)
                if self._is_closing:
                    return
        except MalformedPacketError:
            self.refuse(MALFORMED)

    def connection_lost(self, exc: Exception | None) -> None:
        """Publish the will and detach the session."""
        del exc  # why it went does not matter
        self._leave()

    def pause_writing(self) -> None:
        """Keep messages back while the client does not read."""
        self.is_writable = False

    def resume_writing(self) -> None:
        """Go on with what was kept back."""
        self.is_writable = True
        if self.session is not None:
            self.session.drain()

    def send_publish(self, message: Message, *, packet_id: int, duplicate: bool) -> None:
        """Send one message."""
        self._send(encode_publish(self._version, message, packet_id=packet_id, duplicate=duplicate))

    def refuse(self, reason: int) -> None:
        """Close with a reason, which only a 5.0 client can be told."""
        if self._version == V5 and self.session is not None:
            self._send(encode_disconnect(reason))
        self._close()

    def abort(self) -> None:
        """Cut the connection without a word."""
        if self._transport is not None:
            self._transport.abort()
        self._leave()

    @property
    def _is_closing(self) -> bool:
        return self._transport is None or self._transport.is_closing()

    def _close(self) -> None:
        if self._transport is not None:
            self._transport.close()
        self._leave()

    def _leave(self) -> None:
        self._broker.connections.discard(self)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        session, self.session = self.session, None
        if session is not None and session.wire is self:
            self._broker.end_session(session, self._will, self._will_delay_s)

    def _send(self, encoded: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(encoded)

    def _take(self, frame: Frame) -> None:
        if self.session is None:
            if frame.kind != PacketType.CONNECT:
                raise MalformedPacketError("the first packet is no CONNECT")
            self._on_connect(frame)
            return
        answer = self._answers.get(frame.kind)
        if answer is None:
            raise MalformedPacketError(f"a client may not send packet type {frame.kind} here")
        answer(frame, self.session)

    def _on_connect(self, frame: Frame) -> None:
        try:
            connect = decode_connect(frame.body)
        except UnknownVersionError:
            self._send(encode_connack(V311, VERSION_REFUSED_311))
            self._close()
            return
        self._version = connect.version
        if not connect.client_id and connect.version == V311 and not connect.clean:
            self._send(encode_connack(V311, CLIENT_ID_REFUSED_311))
            self._close()
            return
        session, present = self._broker.open_session(connect)
        self.session = session
        self._will, self._will_delay_s = connect.will, connect.will_delay_s
        self._watch_keepalive(connect.keepalive_s)
        assigned = "" if connect.client_id else session.client_id
        self._send(encode_connack(self._version, SUCCESS, present=present, assigned=assigned))
        maximum = connect.properties.numbers.get(Property.RECEIVE_MAXIMUM)
        session.attach(self, receive_maximum=maximum)

    def _watch_keepalive(self, keepalive_s: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._keepalive_s = keepalive_s * KEEPALIVE_MARGIN
        if self._keepalive_s:
            self._check_keepalive()

    def _check_keepalive(self) -> None:
        loop = asyncio.get_running_loop()
        left_s = self._heard_at + self._keepalive_s - loop.time()
        if left_s <= 0:
            self.abort()
        else:
            self._timer = loop.call_later(left_s, self._check_keepalive)

    def _on_publish(self, frame: Frame, session: Session) -> None:
        publish = decode_publish(frame.flags, frame.body, self._version)
        match publish.message.qos:
            case 0:
                self._broker.route(publish.message, sender=session.client_id)
            case 1:
                self._broker.route(publish.message, sender=session.client_id)
                self._send(encode_ack(PacketType.PUBACK, publish.packet_id, self._version))
            case _:
                if publish.packet_id not in session.received:
                    session.received.add(publish.packet_id)
                    self._broker.route(publish.message, sender=session.client_id)
                self._send(encode_ack(PacketType.PUBREC, publish.packet_id, self._version))

    def _on_puback(self, frame: Frame, session: Session) -> None:
        session.acknowledged(decode_ack(frame.body))

    def _on_pubrel(self, frame: Frame, session: Session) -> None:
        packet_id = decode_ack(frame.body)
        reason = SUCCESS if packet_id in session.received else PACKET_ID_UNKNOWN
        session.received.discard(packet_id)
        self._send(encode_ack(PacketType.PUBCOMP, packet_id, self._version, reason))

    def _on_subscribe(self, frame: Frame, session: Session) -> None:
        packet_id, requests = decode_subscribe(frame.body, self._version)
        codes = [self._answer_to(request) for request in requests]
        self._send(encode_suback(packet_id, codes, self._version))
        for request, code in zip(requests, codes, strict=True):
            if code < FILTER_REFUSED:
                self._broker.subscribe(session, request)

    def _answer_to(self, request: TopicRequest) -> int:
        if not filter_is_valid(request.topic_filter):
            return FILTER_REFUSED
        if request.topic_filter.startswith("$share/"):
            return SHARED_REFUSED if self._version == V5 else FILTER_REFUSED
        return min(request.qos, 1)

    def _on_unsubscribe(self, frame: Frame, session: Session) -> None:
        packet_id, filters = decode_unsubscribe(frame.body, self._version)
        codes = [
            SUCCESS if self._broker.unsubscribe(session, each) else NO_SUBSCRIPTION_EXISTED
            for each in filters
        ]
        self._send(encode_suback(packet_id, codes, self._version, PacketType.UNSUBACK))

    def _on_pingreq(self, frame: Frame, session: Session) -> None:
        del frame, session  # a ping says nothing but that the client lives
        self._send(packet(PacketType.PINGRESP))

    def _on_disconnect(self, frame: Frame, session: Session) -> None:
        reason, properties = decode_disconnect(frame.body, self._version)
        if reason != DISCONNECT_WITH_WILL:
            self._will = None
        _change_expiry(session, properties)
        self._close()


def _change_expiry(session: Session, properties: Properties = NO_PROPERTIES) -> None:
    """Take the session expiry that a 5.0 client gives when it leaves (section 3.14.2.2.2)."""
    expiry_s = properties.numbers.get(Property.SESSION_EXPIRY_S)
    if expiry_s is not None and session.expiry_s > 0:
        session.expiry_s = float(expiry_s)


@asynccontextmanager
async def serving(host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[tuple[Broker, int]]:
    """Run a broker for the length of a `with` block; yields it and its port."""
    broker = Broker()
    bound_port = await broker.start(host, port)
    try:
        yield broker, bound_port
    finally:
        with contextlib.suppress(asyncio.CancelledError):
            await broker.close()

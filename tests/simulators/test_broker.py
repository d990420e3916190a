"""The small broker, spoken to by real clients: aiomqtt, Mosquitto's own, and raw sockets."""

import asyncio
import contextlib
import random
import shutil
from collections.abc import AsyncIterator, Callable

import aiomqtt
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from simulators.broker import Broker, serving
from simulators.mqtt_codec import text, varint

LIMIT_S = 10.0
VERSIONS = [aiomqtt.ProtocolVersion.V311, aiomqtt.ProtocolVersion.V5]
versions = pytest.mark.parametrize("version", VERSIONS, ids=["3.1.1", "5.0"])


@pytest.fixture
async def served() -> AsyncIterator[tuple[Broker, int]]:
    async with serving() as pair:
        yield pair


def client(
    port: int,
    name: str | None = None,
    version: aiomqtt.ProtocolVersion = aiomqtt.ProtocolVersion.V311,
    *,
    will: aiomqtt.Will | None = None,
    clean: bool | None = True,
    timeout_s: float = LIMIT_S,
) -> aiomqtt.Client:
    return aiomqtt.Client(
        "127.0.0.1",
        port,
        identifier=name,
        protocol=version,
        will=will,
        timeout=timeout_s,
        clean_session=clean if version is aiomqtt.ProtocolVersion.V311 else None,
    )


async def next_message(subscriber: aiomqtt.Client) -> tuple[str, bytes, int, bool]:
    async with asyncio.timeout(LIMIT_S):
        message = await anext(aiter(subscriber.messages))
    assert isinstance(message.payload, bytes)
    return message.topic.value, message.payload, message.qos, message.retain


@versions
@pytest.mark.parametrize("qos", [0, 1, 2])
async def test_a_message_reaches_its_subscriber(
    served: tuple[Broker, int], version: aiomqtt.ProtocolVersion, qos: int
) -> None:
    async with client(served[1], version=version) as one, client(served[1], version=version) as two:
        await two.subscribe("line1/+/result", qos=1)
        await one.publish("line1/op20/result", b"NG", qos=qos)
        assert await next_message(two) == ("line1/op20/result", b"NG", min(qos, 1), False)


@versions
async def test_a_retained_message_is_marked_for_who_comes_later_only(
    served: tuple[Broker, int], version: aiomqtt.ProtocolVersion
) -> None:
    async with client(served[1], version=version) as one, client(served[1], version=version) as two:
        await two.subscribe("state")
        await one.publish("state", b"on", qos=1, retain=True)
        assert await next_message(two) == ("state", b"on", 0, False)
        async with client(served[1], version=version) as three:
            await three.subscribe("#")
            assert await next_message(three) == ("state", b"on", 0, True)


async def test_an_empty_retained_message_removes_the_old_one(served: tuple[Broker, int]) -> None:
    broker, port = served
    broker.publish("state", b"on", retain=True)
    async with client(port) as one:
        await one.publish("state", b"", qos=1, retain=True)
    assert broker.retained == {}


async def test_overlapping_subscriptions_deliver_once(served: tuple[Broker, int]) -> None:
    broker, port = served
    async with client(port) as one:
        await one.subscribe([("a/#", 0), ("a/b", 1), ("+/b", 0)])
        broker.publish("a/b", b"first", qos=1)
        broker.publish("a/b", b"second", qos=1)
        assert [(await next_message(one))[1:3] for _ in range(2)] == [
            (b"first", 1),
            (b"second", 1),
        ]


@versions
async def test_a_will_is_published_when_the_connection_is_cut(
    served: tuple[Broker, int], version: aiomqtt.ProtocolVersion
) -> None:
    broker, port = served
    async with client(port) as watcher:
        await watcher.subscribe("gone")
        will = aiomqtt.Will("gone", b"station", qos=1)
        with contextlib.suppress(aiomqtt.MqttError):
            async with client(port, "station", version, will=will) as station:
                (connection,) = [
                    each
                    for each in broker.connections
                    if each.session is not None and each.session.client_id == "station"
                ]
                connection.abort()
                assert await next_message(watcher) == ("gone", b"station", 0, False)
                await next_message(station)


async def test_a_will_is_not_published_after_a_proper_goodbye(served: tuple[Broker, int]) -> None:
    broker, port = served
    async with client(port) as watcher:
        await watcher.subscribe("#")
        async with client(port, "station", will=aiomqtt.Will("gone", b"")):
            pass
        broker.publish("after", b"")
        assert (await next_message(watcher))[0] == "after"


async def test_a_persistent_session_gets_what_it_missed(served: tuple[Broker, int]) -> None:
    broker, port = served
    async with client(port, "agent", clean=False) as agent:
        await agent.subscribe("result", qos=1)
    broker.publish("result", b"1", qos=1)
    broker.publish("result", b"unsure", qos=0)
    broker.publish("result", b"2", qos=1)
    async with client(port, "agent", clean=False) as agent:
        assert [(await next_message(agent))[1] for _ in range(2)] == [b"1", b"2"]


async def test_a_clean_session_forgets_what_was_before(served: tuple[Broker, int]) -> None:
    broker, port = served
    async with client(port, "agent", clean=False) as agent:
        await agent.subscribe("result", qos=1)
    async with client(port, "agent", clean=True):
        assert broker.subscriptions.is_empty
    assert "agent" not in broker.sessions


@versions
async def test_the_same_client_id_takes_over(
    served: tuple[Broker, int], version: aiomqtt.ProtocolVersion
) -> None:
    _, port = served
    with contextlib.suppress(aiomqtt.MqttError):  # how the first one hears of it at its end
        async with client(port, "agent", version) as first:
            async with client(port, "agent", version) as second:
                await second.subscribe("x")
                await second.publish("x", b"mine", qos=1)
                assert (await next_message(second))[1] == b"mine"
            with pytest.raises(aiomqtt.MqttError):
                await next_message(first)


async def test_clients_come_back_after_a_cut(served: tuple[Broker, int]) -> None:
    broker, port = served
    with contextlib.suppress(aiomqtt.MqttError):
        async with client(port) as one:
            broker.cut()
            with pytest.raises(aiomqtt.MqttError):
                await next_message(one)
    with pytest.raises(aiomqtt.MqttError):
        await client(port, timeout_s=0.5).__aenter__()
    broker.mend()
    async with client(port) as one:
        await one.publish("x", b"", qos=1)
    assert broker.published == 1


async def test_a_slow_client_loses_only_qos_0(served: tuple[Broker, int]) -> None:
    """Section 4.3: QoS 1 is kept while the client does not read; QoS 0 may be lost."""
    broker, port = served
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 24)
    writer.write(connect("slow") + b"\x82\x06\x00\x01" + text("x") + b"\x01")
    await reader.readexactly(4 + 5)
    for number in range(500):
        broker.publish("x", number.to_bytes(2, "big") + b"q" * 50_000, qos=1)
        broker.publish("x", b"lost", qos=0)
    seen: list[int] = []
    async with asyncio.timeout(LIMIT_S):
        while len(seen) < 500:
            header = await reader.readexactly(1)
            length, shift = 0, 0
            while True:
                (digit,) = await reader.readexactly(1)
                length |= (digit & 0x7F) << shift
                shift += 7
                if digit < 0x80:
                    break
            body = await reader.readexactly(length)
            if header[0] & 0x06:
                seen.append(int.from_bytes(body[5:7], "big"))
    assert seen == list(range(500))
    assert broker.sessions["slow"].dropped > 0
    writer.close()


def connect(client_id: str, keepalive_s: int = 0) -> bytes:
    body = text("MQTT") + b"\x04\x02" + keepalive_s.to_bytes(2, "big") + text(client_id)
    return b"\x10" + varint(len(body)) + body


async def test_a_silent_client_is_dropped_after_its_keepalive(served: tuple[Broker, int]) -> None:
    _, port = served
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(connect("silent", keepalive_s=1))
    assert await reader.readexactly(4) == b"\x20\x02\x00\x00"
    async with asyncio.timeout(LIMIT_S):
        with contextlib.suppress(ConnectionResetError):
            assert await reader.read() == b""
    writer.close()


async def test_another_protocol_version_is_told_so(served: tuple[Broker, int]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", served[1])
    writer.write(b"\x10\x0c" + text("MQTT") + b"\x07\x02\x00\x00" + text(""))
    async with asyncio.timeout(LIMIT_S):
        assert await reader.read() == b"\x20\x02\x00\x01"
    writer.close()


async def test_garbage_never_kills_the_broker(served: tuple[Broker, int]) -> None:
    broker, port = served
    random_bytes = random.Random(20)
    for attempt in range(300):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        start = connect("fuzz") if attempt % 2 else b""
        kind = bytes([random_bytes.randrange(256)])
        garbage = random_bytes.randbytes(random_bytes.randrange(60))
        writer.write(start + kind + varint(len(garbage)) + garbage)
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
    async with client(port) as one:
        await one.subscribe("alive")
        broker.publish("alive", b"yes")
        assert (await next_message(one))[1] == b"yes"


needs_mosquitto = pytest.mark.skipif(
    shutil.which("mosquitto_sub") is None, reason="mosquitto_sub and mosquitto_pub not installed"
)


@needs_mosquitto
@pytest.mark.parametrize("version", ["mqttv311", "mqttv5"])
@pytest.mark.parametrize("qos", ["0", "1", "2"])
async def test_mosquittos_own_clients_are_served(
    served: tuple[Broker, int], version: str, qos: str
) -> None:
    broker, port = served
    common = ["-h", "127.0.0.1", "-p", str(port), "-V", version, "-q", qos]
    subscriber = await asyncio.create_subprocess_exec(
        "mosquitto_sub", *common, "-t", "line1/#", "-C", "2", "-W", "10", "-F", "%t %r %p",
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(LIMIT_S):
        while broker.subscriptions.is_empty:
            await asyncio.create_subprocess_exec("true")
        for topic, payload in [("line1/a", "1"), ("line1/b", "2")]:
            publisher = await asyncio.create_subprocess_exec(
                "mosquitto_pub", *common, "-t", topic, "-m", payload, "-r"
            )
            assert await publisher.wait() == 0
        output, _ = await subscriber.communicate()
    assert output.decode().splitlines() == ["line1/a 0 1", "line1/b 0 2"]
    assert set(broker.retained) == {"line1/a", "line1/b"}


def v5_client(port: int, name: str, *, expiry_s: int = 0, **more: object) -> aiomqtt.Client:
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho has no types here
    properties.SessionExpiryInterval = expiry_s
    return aiomqtt.Client(
        "127.0.0.1",
        port,
        identifier=name,
        protocol=aiomqtt.ProtocolVersion.V5,
        properties=properties,
        clean_start=False,
        **more,  # type: ignore[arg-type]  # a will, and nothing else
    )


async def until(condition: Callable[[], bool]) -> None:
    """Wait, with a deadline, until something has come about in the broker."""
    async with asyncio.timeout(LIMIT_S):
        while not condition():
            await asyncio.to_thread(bool)


async def test_a_session_lives_as_long_as_its_client_wants(served: tuple[Broker, int]) -> None:
    """MQTT 5.0, section 3.1.2.11.2."""
    broker, port = served
    async with v5_client(port, "long", expiry_s=3600) as client_long:
        await client_long.subscribe("x", qos=1)
    async with v5_client(port, "short", expiry_s=1) as client_short:
        await client_short.subscribe("x", qos=1)
    assert set(broker.sessions) == {"long", "short"}
    broker.publish("x", b"kept", qos=1)
    await until(lambda: "short" not in broker.sessions)
    async with v5_client(port, "long") as client_long:
        assert (await next_message(client_long))[1] == b"kept"
    await until(lambda: not broker.sessions)
    assert broker.subscriptions.is_empty


async def test_a_will_waits_for_its_delay_and_not_if_the_client_comes_back(
    served: tuple[Broker, int],
) -> None:
    """MQTT 5.0, section 3.1.3.2.2: a short interruption is no reason to say goodbye."""
    broker, port = served
    properties = Properties(PacketTypes.WILLMESSAGE)  # type: ignore[no-untyped-call]  # as above
    properties.WillDelayInterval = 1
    for comes_back in (True, False):
        will = aiomqtt.Will("gone", b"", qos=1, properties=properties)
        with contextlib.suppress(aiomqtt.MqttError):
            async with v5_client(port, "station", expiry_s=60, will=will):
                for connection in list(broker.connections):
                    connection.abort()
        assert broker.published == 0
        if comes_back:
            async with v5_client(port, "station", expiry_s=60):
                pass
    await until(lambda: broker.published == 1)


async def test_an_unsubscribed_client_hears_no_more(served: tuple[Broker, int]) -> None:
    broker, port = served
    for version in VERSIONS:
        async with client(port, version=version) as one:
            await one.subscribe([("a", 1), ("b", 1)])
            await one.unsubscribe("a")
            broker.publish("a", b"")
            broker.publish("b", b"")
            assert (await next_message(one))[0] == "b"


async def test_options_of_a_5_0_subscription_are_kept(served: tuple[Broker, int]) -> None:
    """Section 3.8.3.1: no local, retain as published, retain handling."""
    broker, port = served
    broker.publish("old", b"", retain=True)
    broker.publish("old", b"kept", retain=True)
    version = aiomqtt.ProtocolVersion.V5
    async with client(port, version=version) as one:
        options = SubscribeOptions(qos=1, noLocal=True, retainAsPublished=True, retainHandling=2)
        await one.subscribe("#", options=options)
        await one.publish("mine", b"own", qos=1)
        broker.publish("state", b"on", retain=True)
        assert await next_message(one) == ("state", b"on", 0, True)


async def test_what_the_broker_does_not_offer_is_refused(served: tuple[Broker, int]) -> None:
    broker, port = served
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(connect("asks") + b"\x82" + varint(2 + 2 + 11 + 1 + 2 + 2 + 1) + b"\x00\x01")
    writer.write(text("$share/g/xy") + b"\x00" + text("a#") + b"\x00")
    async with asyncio.timeout(LIMIT_S):
        assert (await reader.readexactly(4 + 6))[4:] == b"\x90\x04\x00\x01\x80\x80"
    assert broker.subscriptions.is_empty
    writer.close()


async def test_a_nameless_client_must_be_clean_and_gets_a_name(served: tuple[Broker, int]) -> None:
    """MQTT 3.1.1, section 3.1.3.1."""
    broker, port = served
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"\x10\x0c" + text("MQTT") + b"\x04\x00\x00\x00" + text(""))
    async with asyncio.timeout(LIMIT_S):
        assert await reader.read() == b"\x20\x02\x00\x02"
    writer.close()
    async with client(port, version=aiomqtt.ProtocolVersion.V5):
        assert len(broker.sessions) == 1


async def test_a_qos_2_message_that_is_sent_again_is_routed_once(
    served: tuple[Broker, int],
) -> None:
    """Section 4.3.3."""
    broker, port = served
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    twice = b"\x34\x06" + text("x") + b"\x00\x07!" + b"\x3c\x06" + text("x") + b"\x00\x07!"
    writer.write(connect("sends") + twice + b"\x62\x02\x00\x07" * 2)
    async with asyncio.timeout(LIMIT_S):
        answers = (await reader.readexactly(4 + 4 * 4))[4:]
    assert answers == b"\x50\x02\x00\x07" * 2 + b"\x70\x02\x00\x07" * 2
    assert broker.published == 1
    writer.close()


async def test_a_broker_without_memory_forgets_all(served: tuple[Broker, int]) -> None:
    broker, port = served
    broker.publish("state", b"on", retain=True)
    async with client(port, "agent", clean=False) as one:
        await one.subscribe("x", qos=1)
    broker.forget()
    assert (broker.sessions, broker.retained) == ({}, {})
    assert broker.subscriptions.is_empty

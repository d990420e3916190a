"""The small broker, spoken to by real clients: what it does, a real Mosquitto does as well.

Each test with a `port` is held by both. Mosquitto is told to take QoS 0 and 1 only: that is the one
way in which the small broker speaks less of MQTT 3.1.1. What it refuses has tests of its own.
"""

import asyncio
import contextlib
import random
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import aiomqtt
import pytest

from simulators.broker import Broker, serving
from simulators.mqtt_codec import PacketType, packet, text, varint
from tests.links.brokers import mosquitto, read_packet, simulated

LIMIT_S = 10.0


@pytest.fixture(params=["simulated", "mosquitto"])
async def port(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[int]:
    is_real = request.param == "mosquitto"
    async with mosquitto(tmp_path, "max_qos 1") if is_real else simulated(tmp_path) as there:
        yield there


@pytest.fixture
async def served() -> AsyncIterator[tuple[Broker, int]]:
    async with serving() as pair:
        yield pair


def client(
    port: int,
    name: str | None = None,
    *,
    will: aiomqtt.Will | None = None,
    clean: bool = True,
    timeout_s: float = LIMIT_S,
    version: aiomqtt.ProtocolVersion = aiomqtt.ProtocolVersion.V311,
) -> aiomqtt.Client:
    is_v5 = version is aiomqtt.ProtocolVersion.V5
    return aiomqtt.Client(
        "127.0.0.1",
        port,
        identifier=name,
        will=will,
        clean_session=None if is_v5 else clean,
        timeout=timeout_s,
        protocol=version,
    )


async def next_message(subscriber: aiomqtt.Client) -> tuple[str, bytes, int, bool]:
    async with asyncio.timeout(LIMIT_S):
        message = await anext(aiter(subscriber.messages))
    assert isinstance(message.payload, bytes)
    return message.topic.value, message.payload, message.qos, message.retain


class Raw:
    """A client that sends and sees plain bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def send(self, *packets: bytes) -> None:
        self._writer.write(b"".join(packets))

    async def next(self) -> bytes:
        async with asyncio.timeout(LIMIT_S):
            return await read_packet(self._reader)

    async def rest(self) -> bytes:
        """Return what comes until the broker closes."""
        async with asyncio.timeout(LIMIT_S):
            try:
                return await self._reader.read()
            except ConnectionResetError:
                return b""


@contextlib.asynccontextmanager
async def raw(port: int) -> AsyncIterator[Raw]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 24)
    try:
        yield Raw(reader, writer)
    finally:
        writer.transport.abort()


def connect(client_id: str, *, level: int = 4, flags: int = 2, keepalive_s: int = 0) -> bytes:
    head = text("MQTT") + bytes([level, flags]) + keepalive_s.to_bytes(2, "big")
    return packet(PacketType.CONNECT, head + text(client_id))


def subscribe(*requests: tuple[str, int]) -> bytes:
    filters = b"".join(text(topic_filter) + bytes([qos]) for topic_filter, qos in requests)
    return packet(PacketType.SUBSCRIBE, b"\x00\x01" + filters, flags=2)


CONNACK = b"\x20\x02\x00\x00"


# What Mosquitto does as well -----------------------------------------------------------------


@pytest.mark.parametrize("qos", [0, 1])
async def test_a_message_reaches_its_subscriber(port: int, qos: int) -> None:
    async with client(port) as one, client(port) as two:
        await two.subscribe("line1/+/result", qos=1)
        await one.publish("line1/op20/result", b"NG", qos=qos)
        assert await next_message(two) == ("line1/op20/result", b"NG", qos, False)


async def test_a_retained_message_is_marked_for_who_comes_later_only(port: int) -> None:
    async with client(port) as one, client(port) as two:
        await two.subscribe("state")
        await one.publish("state", b"on", qos=1, retain=True)
        assert await next_message(two) == ("state", b"on", 0, False)
        async with client(port) as three:
            await three.subscribe("#")
            assert await next_message(three) == ("state", b"on", 0, True)


async def test_an_empty_retained_message_removes_the_old_one(port: int) -> None:
    async with client(port) as one:
        await one.publish("state", b"on", qos=1, retain=True)
        await one.publish("state", b"", qos=1, retain=True)
        await one.publish("other", b"on", qos=1, retain=True)
        await one.subscribe("state")
        await one.subscribe("other")
        assert (await next_message(one))[0] == "other"


async def test_what_begins_with_a_dollar_is_not_everything(port: int) -> None:
    """Section 4.7.2."""
    async with client(port) as one:
        await one.subscribe([("#", 1), ("+/state", 1)])
        await one.publish("$plant/state", b"", qos=1)
        await one.publish("plant", b"", qos=1)
        assert (await next_message(one))[0] == "plant"


async def test_a_will_is_published_when_the_connection_is_cut(port: int) -> None:
    will = b"\x00\x04gone" + b"\x00\x07station"
    body = text("MQTT") + b"\x04\x2e\x00\x00" + text("station") + will
    async with client(port) as watcher:
        await watcher.subscribe("gone", qos=1)
        async with raw(port) as station:
            station.send(packet(PacketType.CONNECT, body))
            assert await station.next() == CONNACK
        assert await next_message(watcher) == ("gone", b"station", 1, False)
        async with client(port) as late:
            await late.subscribe("gone")
            assert await next_message(late) == ("gone", b"station", 0, True)


async def test_a_will_is_not_published_after_a_proper_goodbye(port: int) -> None:
    async with client(port) as watcher:
        await watcher.subscribe("#")
        async with client(port, "station", will=aiomqtt.Will("gone", b"")):
            pass
        await watcher.publish("after", b"")
        assert (await next_message(watcher))[0] == "after"


async def test_the_same_client_id_takes_over(port: int) -> None:
    async with raw(port) as first, client(port) as watcher:
        first.send(connect("agent"), subscribe(("x", 1)))
        assert [await first.next(), await first.next()] == [CONNACK, b"\x90\x03\x00\x01\x01"]
        await watcher.subscribe("x")
        async with raw(port) as second:
            second.send(connect("agent"))
            assert await second.next() == CONNACK
            assert await first.rest() == b""
            await watcher.publish("x", b"", qos=1)
            await next_message(watcher)
            second.send(packet(PacketType.PINGREQ))
            assert await second.next() == packet(PacketType.PINGRESP)


async def test_an_unsubscribed_client_hears_no_more(port: int) -> None:
    async with client(port) as one:
        await one.subscribe([("a", 1), ("b", 1)])
        await one.unsubscribe("a")
        await one.publish("a", b"")
        await one.publish("b", b"")
        assert (await next_message(one))[0] == "b"


async def test_a_silent_client_is_dropped_after_its_keepalive(port: int) -> None:
    async with raw(port) as silent:
        silent.send(connect("silent", keepalive_s=1))
        assert await silent.next() == CONNACK
        assert await silent.rest() == b""


async def test_another_protocol_version_is_told_so(port: int) -> None:
    async with raw(port) as asks:
        asks.send(connect("asks", level=7))
        assert await asks.rest() == b"\x20\x02\x00\x01"


async def test_a_nameless_client_must_be_clean(port: int) -> None:
    """Section 3.1.3.1."""
    async with raw(port) as asks:
        asks.send(connect("", flags=0))
        assert await asks.rest() == b"\x20\x02\x00\x02"
    async with raw(port) as asks:
        asks.send(connect(""))
        assert await asks.next() == CONNACK


async def test_qos_2_is_not_granted_and_not_taken(port: int) -> None:
    """3.1.1 has no word against a publish: whoever tries is cut off, and nobody hears of it."""
    async with client(port) as watcher, raw(port) as asks:
        await watcher.subscribe("#")
        asks.send(connect("asks"), subscribe(("x", 2)))
        assert [await asks.next(), await asks.next()] == [CONNACK, b"\x90\x03\x00\x01\x01"]
        asks.send(packet(PacketType.PUBLISH, text("x") + b"\x00\x07!", flags=4))
        assert await asks.rest() == b""
        await watcher.publish("after", b"")
        assert (await next_message(watcher))[0] == "after"


@pytest.mark.parametrize("topic_filter", ["a#", "a/#/b", "a+/b", ""])
async def test_who_asks_for_no_filter_at_all_is_cut_off(port: int, topic_filter: str) -> None:
    """Section 4.7.1."""
    async with raw(port) as asks:
        asks.send(connect("asks"), subscribe((topic_filter, 0)))
        assert await asks.next() == CONNACK
        assert await asks.rest() == b""


async def test_as_much_is_under_way_and_waits_as_mosquitto_allows(port: int) -> None:
    """3.1.1 leaves both to the broker: 20 unacknowledged, and 1000 behind them, then loss."""
    async with raw(port) as hears, client(port) as says:
        hears.send(connect("hears"), subscribe(("x", 1)))
        await hears.next()
        await hears.next()
        await asyncio.gather(*(says.publish("x", b"%d" % n, qos=1) for n in range(1100)))
        hears.send(packet(PacketType.PINGREQ))
        unacknowledged = []
        while (received := await hears.next()) != packet(PacketType.PINGRESP):
            unacknowledged.append(received)
        assert len(unacknowledged) == 20
        heard = 0
        while unacknowledged:
            packet_id, payload = unacknowledged[0][5:7], unacknowledged.pop(0)[7:]
            assert payload == b"%d" % heard
            heard += 1
            hears.send(packet(PacketType.PUBACK, packet_id))
            if heard <= 1000:
                unacknowledged.append(await hears.next())
        hears.send(packet(PacketType.PINGREQ))
        assert await hears.next() == packet(PacketType.PINGRESP)


# What the small broker refuses ----------------------------------------------------------------


async def test_a_client_of_mqtt_5_is_refused_in_its_own_words(
    served: tuple[Broker, int], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(aiomqtt.MqttError, match=r"(?i)unsupported protocol version"):
        await client(served[1], version=aiomqtt.ProtocolVersion.V5).__aenter__()
    assert "'MQTT' of protocol level 5; this broker speaks MQTT 3.1.1 only" in caplog.text


async def test_a_shared_subscription_is_refused_and_others_beside_it_are_not(
    served: tuple[Broker, int],
) -> None:
    async with raw(served[1]) as asks:
        asks.send(connect("asks"), subscribe(("$share/g/x", 1), ("x", 1)))
        assert [await asks.next(), await asks.next()] == [CONNACK, b"\x90\x04\x00\x01\x80\x01"]
        served[0].publish("x", b"!")
        assert await asks.next() == b"\x30\x04\x00\x01x!"


async def test_nothing_is_kept_for_a_client_that_is_away_and_it_is_told_so(
    served: tuple[Broker, int],
) -> None:
    broker, port = served
    for _ in range(2):
        async with raw(port) as agent:
            agent.send(connect("agent", flags=0))
            assert await agent.next() == CONNACK  # without "session present"
            agent.send(subscribe(("result", 1)), packet(PacketType.DISCONNECT))
            await agent.rest()
        assert broker.subscriptions.is_empty
        broker.publish("result", b"", qos=1)


# Faults ---------------------------------------------------------------------------------------


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


async def test_a_broker_without_memory_forgets_all(served: tuple[Broker, int]) -> None:
    broker, port = served
    broker.publish("state", b"on", retain=True)
    async with raw(port) as one:
        one.send(connect("agent"), subscribe(("state", 1)))
        await one.next()
        broker.forget()
        await one.rest()
    assert (broker.connections, broker.retained) == (set(), {})
    assert broker.subscriptions.is_empty


async def test_overlapping_subscriptions_deliver_once(served: tuple[Broker, int]) -> None:
    """Section 3.3.5 lets a broker send one copy or several; Mosquitto's number is a setting."""
    broker, port = served
    async with client(port) as one:
        await one.subscribe([("a/#", 0), ("a/b", 1), ("+/b", 0)])
        broker.publish("a/b", b"first", qos=1)
        broker.publish("a/b", b"second", qos=1)
        assert [(await next_message(one))[1:3] for _ in range(2)] == [
            (b"first", 1),
            (b"second", 1),
        ]


async def test_a_slow_client_loses_only_qos_0(served: tuple[Broker, int]) -> None:
    """Section 4.3: QoS 1 is kept while the client does not read; QoS 0 may be lost."""
    broker, port = served
    kept: list[int] = []
    other = 0
    async with raw(port) as slow:
        slow.send(connect("slow"), subscribe(("x", 1)))
        await slow.next()
        await slow.next()
        for number in range(50):
            broker.publish("x", bytes([number]) + b"q" * 500_000, qos=1)
            broker.publish("x", b"may be lost", qos=0)
        while len(kept) < 50:
            received = await slow.next()
            if received[0] & 0x06:
                after_topic = received.index(b"\x00\x01x") + 3
                slow.send(packet(PacketType.PUBACK, received[after_topic : after_topic + 2]))
                kept.append(received[after_topic + 2])
            else:
                other += 1
    assert kept == list(range(50))
    assert other < 50


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
@pytest.mark.parametrize("qos", ["0", "1"])
async def test_mosquittos_own_clients_are_served(served: tuple[Broker, int], qos: str) -> None:
    broker, port = served
    common = ["-h", "127.0.0.1", "-p", str(port), "-q", qos]
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


@needs_mosquitto
async def test_mosquittos_client_of_mqtt_5_understands_the_refusal(
    served: tuple[Broker, int],
) -> None:
    asks = await asyncio.create_subprocess_exec(
        "mosquitto_pub", "-h", "127.0.0.1", "-p", str(served[1]), "-V", "mqttv5", "-t", "x", "-n",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    async with asyncio.timeout(LIMIT_S):
        said, _ = await asks.communicate()
    assert asks.returncode != 0
    assert b"Unsupported Protocol Version" in said

"""Messages to an MQTT topic: acknowledged by the broker, and no broker costs more than its message."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import aiomqtt
import pytest

from redrabbit.alarms.delivery import DeliveryFailed, DeliveryRefused
from redrabbit.alarms.mqtt_topic import MqttTopic
from redrabbit.domain.plant import NotificationTarget, TargetKind
from tests.alarms.moody import until
from tests.links.brokers import CONNECT, DISCONNECT, PUBLISH, answering, mosquitto, simulated

BODY = '{"key":"k","event":"missed","说明":"未检出"}'
DESCRIPTORS = Path("/proc/self/fd")
CONNACK, PUBACK = b"\x20\x02\x00\x00", b"\x40\x02\x00\x01"


def topic(port: int, name: str = "plant/events", host: str = "127.0.0.1") -> MqttTopic:
    return MqttTopic(
        NotificationTarget(name="andon", kind=TargetKind.MQTT, host=host, port=port, topic=name)
    )


@pytest.fixture(params=[simulated, mosquitto], ids=["simulated", "mosquitto"])
async def broker(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[int]:
    run: Callable[[Path], AbstractAsyncContextManager[int]] = request.param
    async with run(tmp_path) as port:
        yield port


@pytest.mark.parametrize("size", [0, 100, 200, 20_000])
async def test_a_broker_hands_the_message_on_as_it_was(broker: int, size: int) -> None:
    """Whatever its length: the length of a packet is written in one to four octets (2.2.3)."""
    await check_that_it_arrives(broker, BODY + " " * size)


async def test_the_longest_form_of_a_length_is_understood_by_mosquitto(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as port:
        await check_that_it_arrives(port, BODY + " " * 2_100_000)


async def check_that_it_arrives(port: int, body: str) -> None:
    async with aiomqtt.Client("127.0.0.1", port) as client:
        await client.subscribe("plant/+", qos=1)
        await topic(port).send("k", body)
        async with asyncio.timeout(10):
            message = await anext(aiter(client.messages))
    assert (message.topic.value, message.qos, message.retain) == ("plant/events", 1, False)
    assert message.payload == body.encode()


async def test_it_goes_as_a_client_does() -> None:
    async with answering({CONNECT: CONNACK, PUBLISH: PUBACK}) as (port, got):
        await topic(port).send("k", BODY)
        await until(lambda: len(got) == 3)
    assert got == [CONNECT, PUBLISH, DISCONNECT]


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({CONNECT: b"\x20\x02\x00\x05"}, "refuses the connection: not authorized"),
        ({CONNECT: b"\x20\x02\x00\x77"}, "refuses the connection: code 119"),
        ({CONNECT: b"\x30\x02\x00\x00"}, "answered with packet 0x30"),
        ({CONNECT: b"\x20\x7f\x00\x00"}, "answered with packet 0x20"),
        ({CONNECT: b"HTTP/1.1 400 Bad Request\r\n"}, "answered with packet 0x48"),
        ({CONNECT: CONNACK, PUBLISH: b"\x40\x02\x00\x02"}, "acknowledged another message"),
        ({CONNECT: CONNACK, PUBLISH: b"\xd0\x00"}, "answered with packet 0xd0"),
    ],
)
async def test_a_broker_that_does_not_take_the_message_is_told_in_words(
    answers: dict[int, bytes], said: str
) -> None:
    async with answering(answers) as (port, _):
        with pytest.raises(DeliveryFailed, match=said) as failed:
            await topic(port).send("k", BODY)
    assert not isinstance(failed.value, DeliveryRefused)


@asynccontextmanager
async def hanging_up_after(octets: int) -> AsyncIterator[int]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(CONNACK[:octets])
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize("octets", [0, 1, 3, 4])
async def test_a_broker_that_hangs_up_is_told_in_words(octets: int) -> None:
    async with hanging_up_after(octets) as port:
        with pytest.raises(DeliveryFailed, match=r"closed the connection|Connection"):
            await topic(port).send("k", BODY)


async def test_a_broker_that_is_away_is_told_in_words() -> None:
    async with hanging_up_after(0) as port:
        pass
    with pytest.raises(DeliveryFailed, match="Connect"):
        await topic(port).send("k", BODY)


@pytest.mark.parametrize("name", ["plant/#", "plant/+/x", "plant\0", "x" * 65_536, "é" * 32_768])
async def test_a_topic_that_nothing_can_be_published_to_refuses_every_message(name: str) -> None:
    """No broker is asked: none may ever take it (MQTT 3.1.1, 3.3.2.1 and 4.7)."""
    with pytest.raises(DeliveryRefused, match="nothing can be published"):
        await topic(1, name).send("k", BODY)


async def test_a_host_that_is_no_name_refuses_every_message() -> None:
    with pytest.raises(DeliveryRefused, match="no name"):
        await topic(1, host="a..b").send("k", BODY)


def open_descriptors() -> int:
    return len(list(DESCRIPTORS.iterdir()))


@pytest.mark.parametrize("answers", [{}, {CONNECT: CONNACK}], ids=["connect", "publish"])
@pytest.mark.skipif(not DESCRIPTORS.is_dir(), reason="only Linux tells descriptors")
async def test_a_broker_that_never_answers_costs_no_descriptor(answers: dict[int, bytes]) -> None:
    """aiomqtt left a socket open after each connect that failed: a thousand and the service ends."""
    async with answering(answers) as (port, got):  # it waits for every socket to be closed
        before = open_descriptors()
        for _ in range(5):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await topic(port).send("k", BODY)
        await until(lambda: open_descriptors() <= before)
    assert len(got) >= 5

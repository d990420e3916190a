"""The MQTT link and its broker: acknowledgements, queue, connecting, leaving (B11, B12)."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest

from redrabbit.domain.identity import LineId, SignalName, StationId
from redrabbit.domain.observation import Acquisition, Reason
from redrabbit.domain.signals import Encoding, ModbusAddress, SignalSpec, Table
from redrabbit.domain.station import ModbusLink, Station
from redrabbit.domain.text import Text
from redrabbit.links import mqtt, mqtt_session, topic_reader
from redrabbit.links.mqtt import MqttBrokerLink
from redrabbit.links.mqtt_session import MqttSession
from tests.fakes import JumpClock
from tests.links.brokers import (
    CONNECT,
    DISCONNECT,
    PINGREQ,
    PUBACK,
    SUBSCRIBE,
    answering,
    free_port,
)
from tests.links.mqtt_bench import (
    BROKERS,
    TOPIC,
    Bench,
    reconnected,
    signal,
    state,
    station_at,
    told,
    turn,
)

MANY = 40
"""Messages of one station: twice as many as Mosquitto sends unacknowledged."""


@pytest.fixture(params=list(BROKERS))
async def bench(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Bench]:
    async with BROKERS[request.param](tmp_path) as port:
        made = Bench(port)
        await made.tap.start()
        yield made
        await made.stop()
        await made.tap.stop()


async def test_one_station_whose_decisions_wait_holds_up_no_other(bench: Bench) -> None:
    """K3, B4: Mosquitto sends twenty messages and no more until one of them is acknowledged."""
    stations = [
        station_at(bench.tap.port, (signal("n", Encoding.INTEGER, f"line/{name}"),), name=name)
        for name in ("op30", "op31")
    ]
    await bench.listen(*stations)
    never: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    bench.outcomes += [never] * MANY
    await bench.publish_all([("line/op30", number) for number in range(MANY)])
    await bench.publish_all([("line/op31", number) for number in range(MANY)])
    heard = [await bench.next() for _ in range(2 * MANY)]
    assert [one.station for one in heard] == ["op30"] * MANY + ["op31"] * MANY
    assert not never.done()
    await bench.tap.until(lambda: bench.tap.sent.count(PUBACK) == 2 * MANY)


async def test_a_fault_of_ours_in_one_stations_message_ends_nobody_elses_reading(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """B4: one message stopped the link of all stations of a broker, again and again."""

    def fail(*_: object) -> bool:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(topic_reader, "decode_field", fail)
    await bench.listen(
        station_at(bench.tap.port),
        station_at(bench.tap.port, (signal("n", Encoding.INTEGER, "line/op31"),), name="op31"),
    )
    for seq in range(1, 4):
        await bench.publish(state(seq, reject=True))
        failed = await bench.next()
        assert (failed.station, failed.failure) == ("op30", Reason.UNREADABLE)
        await bench.publish(seq, "line/op31")
        assert told(await bench.next()) == {"n": seq}
    assert bench.tap.connections == 1
    assert [record.message for record in caplog.records if record.exc_info] == [
        f"{TOPIC}: a fault of ours in reading it"
    ]


async def test_messages_are_acknowledged_in_the_order_of_their_arrival(bench: Bench) -> None:
    """MQTT 3.1.1, MQTT-4.6.0-2: whatever they lead to."""
    await bench.listen()
    bench.outcomes.append(asyncio.get_running_loop().create_future())
    for seq in range(1, 6):
        await bench.publish(state(seq, reject=bool(seq % 2)))
        await bench.next()
    await bench.tap.until(lambda: len(bench.tap.acknowledged) == 5)
    assert bench.tap.acknowledged == sorted(bench.tap.acknowledged)


async def test_what_a_clean_session_did_not_acknowledge_never_comes_again(bench: Bench) -> None:
    """Why no acknowledgement waits for a decision: it would protect nothing (docs/decisions/0010)."""
    first = MqttSession("127.0.0.1", bench.broker_port, identifier="the same", keepalive_s=10)
    await first.open([TOPIC])
    await bench.publish(state(1, reject=True))
    assert (await anext(aiter(first.messages()))).payload
    await first.close()
    again = MqttSession("127.0.0.1", bench.broker_port, identifier="the same", keepalive_s=10)
    await again.open([TOPIC])
    await bench.publish(state(2, reject=False))
    message = await anext(aiter(again.messages()))
    await again.close()
    assert json.loads(message.payload)["seq"] == 2


async def test_piling_messages_are_measured_and_told_once(
    bench: Bench, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mqtt, "LONG_QUEUE", 2)
    await bench.listen()
    queued: list[int] = []
    bench.on_sink = lambda: queued.append(bench.diagnostics.queued)
    bench.tap.hold()
    for seq in range(1, 6):
        await bench.publish(state(seq, reject=False))
    await bench.tap.until(lambda: bench.tap.held.count(b"reject") == 5)
    bench.tap.release()
    for _ in range(5):
        await bench.next()
    texts = [record.message for record in caplog.records if record.__dict__["reason"] == "queue"]
    assert texts == ["messages pile up", "messages no longer pile up"]
    assert max(queued) > 2
    assert queued[-1] == 0


async def test_the_link_never_publishes(bench: Bench) -> None:
    """L9: nothing but these packets ever leaves the link."""
    await bench.listen()
    await bench.publish(state(1, reject=True))
    await bench.publish(b"{")
    await bench.next()
    await bench.next()
    bench.tap.cut()
    await bench.next()
    await reconnected(bench)
    await bench.stop()
    await bench.tap.until(lambda: bench.tap.sent.count(DISCONNECT) == 1)
    assert set(bench.tap.sent) <= {CONNECT, PUBACK, SUBSCRIBE, PINGREQ, DISCONNECT}
    assert {name for name in vars(MqttBrokerLink) if not name.startswith("_")} == {
        "diagnostics",
        "run",
    }
    assert {name for name in vars(mqtt_session.MqttSession) if not name.startswith("_")} == {
        "queued",
        "open",
        "messages",
        "acknowledge",
        "close",
    }


async def test_two_stations_may_share_a_topic(bench: Bench) -> None:
    stations = [station_at(bench.tap.port, name=name) for name in ("op30", "op31")]
    await bench.listen(*stations)
    await bench.publish(state(1, reject=True))
    both = [await bench.next(), await bench.next()]
    assert [one.station for one in both] == ["op30", "op31"]
    assert [told(one) for one in both] == [{"reject": True, "code": 0}] * 2
    assert bench.tap.connections == 1


async def test_cancelling_disconnects(bench: Bench) -> None:
    await bench.listen()
    await bench.stop()
    await bench.tap.until(lambda: not bench.tap.open_connections)
    assert bench.tap.sent[-1] == DISCONNECT


async def test_a_broker_that_falls_silent_is_given_up_after_its_keepalive(bench: Bench) -> None:
    await bench.listen(station_at(bench.tap.port, keepalive_s=1))
    bench.tap.is_mute = True
    assert (await bench.next()).failure is Reason.NOT_CONNECTED


CONNACK = b"\x20\x02\x00\x00"
CONNACK_REFUSED = b"\x20\x02\x00\x05"
SUBACK_REFUSED = b"\x90\x03\x00\x00\x80"


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({}, "timed out"),
        ({CONNECT: CONNACK_REFUSED}, "authori"),
        ({CONNECT: CONNACK}, "timed out"),
        ({CONNECT: CONNACK, SUBSCRIBE: SUBACK_REFUSED}, "refuses 1 subscriptions"),
    ],
    ids=["says nothing", "refuses us", "never confirms subscriptions", "refuses the subscription"],
)
async def test_a_broker_that_does_not_let_us_in_is_no_connection_and_leaves_no_socket(
    monkeypatch: pytest.MonkeyPatch, answers: dict[int, bytes], words: str
) -> None:
    monkeypatch.setattr(mqtt_session, "TIMEOUT_S", 0.3)
    async with answering(answers) as (port, got):
        bench = Bench(port)
        bench.link = MqttBrokerLink([station_at(port)], bench.sink, bench.clock, Random(3))
        bench._task = asyncio.create_task(bench.link.run())
        failed = await bench.next()
        assert failed.failure is Reason.NOT_CONNECTED
        assert words in str(failed.detail)
        await bench.until(lambda: bench.clock.next_wake_at() is not None)
        bench.advance(30)
        await bench.next()
        assert got.count(CONNECT) == 2
        await bench.stop()


@pytest.mark.parametrize("answers", [{}, {CONNECT: CONNACK}], ids=["connect", "subscribe"])
async def test_cancelling_in_the_middle_of_a_connect_is_quick_and_leaves_no_socket(
    answers: dict[int, bytes],
) -> None:
    async with answering(answers) as (port, got):
        bench = Bench(port)
        bench.link = MqttBrokerLink([station_at(port)], bench.sink, bench.clock, Random(3))
        bench._task = asyncio.create_task(bench.link.run())
        await bench.until(lambda: len(got) > len(answers))
        async with asyncio.timeout(1.5):
            await bench.stop()
        assert bench._task.cancelled()


async def test_cancelling_before_the_socket_is_open_is_clean() -> None:
    bench = Bench(free_port())
    bench.link = MqttBrokerLink([station_at(bench.broker_port)], bench.sink, bench.clock, Random(3))
    bench._task = asyncio.create_task(bench.link.run())
    await turn()
    await bench.stop()
    assert bench._task.cancelled()


def test_a_link_is_for_the_mqtt_stations_of_one_broker() -> None:
    clock = JumpClock()
    with pytest.raises(ValueError, match="exactly one broker"):
        MqttBrokerLink([station_at(1), station_at(2)], print_nothing, clock, Random(1))
    modbus = ModbusLink(endpoint="plc", host="h", port=1, unit_id=1, poll_interval_s=1, timeout_s=1)
    polled = Station(
        id=StationId("op1"),
        line=LineId("line"),
        operation="OP1",
        name=Text(en="", zh=""),
        link=modbus,
        signals=(),
        devices=(),
    )
    with pytest.raises(TypeError, match="not read over MQTT"):
        MqttBrokerLink([polled], print_nothing, clock, Random(1))
    coil = SignalSpec(
        name=SignalName("coil"),
        address=ModbusAddress(table=Table.COIL, address=0, encoding=Encoding.BOOL),
    )
    with pytest.raises(TypeError, match="coil is not read over MQTT"):
        MqttBrokerLink([station_at(1, (coil,))], print_nothing, clock, Random(1))


def print_nothing(_acquisition: Acquisition) -> None:
    """Take an acquisition and say nothing."""

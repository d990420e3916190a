"""The MQTT link over real sockets: against Mosquitto, and against the simulated broker."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import aiomqtt
import pytest

from redrabbit.domain.identity import LineId, SignalName, StationId
from redrabbit.domain.observation import Acquisition, Reason, Value
from redrabbit.domain.signals import Encoding, ModbusAddress, MqttAddress, SignalSpec, Table
from redrabbit.domain.station import ModbusLink, MqttLink, Station
from redrabbit.domain.text import Text
from redrabbit.links import mqtt, mqtt_session
from redrabbit.links.mqtt import MqttBrokerLink
from redrabbit.services.station_link import Diagnostics
from simulators.virtual_clock import VirtualClock
from tests.fakes import JumpClock
from tests.links.brokers import (
    CONNECT,
    DISCONNECT,
    PINGREQ,
    PUBACK,
    SUBSCRIBE,
    Tap,
    answering,
    free_port,
    mosquitto,
    simulated,
)

DEADLINE_S = 15.0
SETTLE_S = 0.5
TOPIC = "line/op30/state"


def signal(name: str, encoding: Encoding, topic: str = TOPIC, **more: Any) -> SignalSpec:
    address = MqttAddress(topic=topic, encoding=encoding, **more)
    return SignalSpec(name=SignalName(name), address=address)


JSON_SIGNALS = (
    signal("reject", Encoding.BOOL, path=("reject",), sequence_path=("seq",)),
    signal("code", Encoding.INTEGER, path=("result", "code"), sequence_path=("seq",)),
)

PLAIN_SIGNALS = (
    signal("present", Encoding.BOOL, "line/op30/present", expected_every_s=5.0),
    signal("torque", Encoding.NUMBER, "line/op30/torque"),
)


def station_at(
    port: int, signals: tuple[SignalSpec, ...] = JSON_SIGNALS, name: str = "op30", **more: Any
) -> Station:
    return Station(
        id=StationId(name),
        line=LineId("line"),
        operation="OP30",
        name=Text(en="Station", zh="工位"),
        link=MqttLink(endpoint="broker", host="127.0.0.1", port=port, settle_s=SETTLE_S, **more),
        signals=signals,
        devices=(),
    )


def turn() -> Awaitable[None]:
    return JumpClock().sleep(0)


class Bench:
    """A link whose connection runs through a tap, its clock, and what it has said."""

    def __init__(self, broker_port: int) -> None:
        self.broker_port = broker_port
        self.tap = Tap(broker_port)
        self.clock = VirtualClock(datetime(2026, 3, 2, 6, 0, tzinfo=UTC))
        self.heard: asyncio.Queue[Acquisition] = asyncio.Queue()
        self.outcomes: list[asyncio.Future[None]] = []
        """What the sink returns for the next acquisitions; nothing: None."""
        self._task: asyncio.Task[None] | None = None

    def sink(self, acquisition: Acquisition) -> Awaitable[object] | None:
        self.heard.put_nowait(acquisition)
        return self.outcomes.pop(0) if self.outcomes else None

    async def listen(self, *stations: Station, settled: bool = True) -> None:
        """Start the link and wait until it has subscribed."""
        self.link = MqttBrokerLink(
            stations or [station_at(self.tap.port)], self.sink, self.clock, Random(3)
        )
        self._task = asyncio.create_task(self.link.run())
        await self.until(lambda: self.diagnostics.connected_since is not None)
        if settled:
            self.advance(SETTLE_S)

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while not condition():
                assert self._task is None or not self._task.done()
                await turn()

    def advance(self, seconds: float) -> None:
        self.clock.advance_to(self.clock.steady + timedelta(seconds=seconds))

    @property
    def diagnostics(self) -> Diagnostics:
        return next(iter(self.link.diagnostics.values()))

    async def publish(self, payload: object, topic: str = TOPIC, **more: Any) -> None:
        """Publish as a station does, past the tap; QoS 1 unless told otherwise."""
        text = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        async with aiomqtt.Client("127.0.0.1", self.broker_port) as client:
            await client.publish(topic, text, **{"qos": 1, **more})

    async def next(self) -> Acquisition:
        async with asyncio.timeout(DEADLINE_S):
            return await self.heard.get()

    async def stop(self) -> None:
        if self._task is not None and not self._task.done():
            self._task.cancel()
            async with asyncio.timeout(DEADLINE_S):
                await asyncio.gather(self._task, return_exceptions=True)


BROKERS = {"mosquitto": mosquitto, "simulated": simulated}


@pytest.fixture(params=list(BROKERS))
async def bench(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Bench]:
    async with BROKERS[request.param](tmp_path) as port:
        made = Bench(port)
        await made.tap.start()
        yield made
        await made.stop()
        await made.tap.stop()


def told(acquisition: Acquisition) -> dict[str, Value | Reason | None]:
    return {
        seen.signal: seen.reason if seen.value is None else seen.value
        for seen in acquisition.changes
    }


def state(seq: int, *, reject: bool, code: int = 0) -> dict[str, object]:
    return {"seq": seq, "reject": reject, "result": {"code": code}}


async def test_a_message_is_one_fresh_acquisition_and_later_ones_tell_changes(
    bench: Bench,
) -> None:
    await bench.listen()
    await bench.publish(state(1, reject=False))
    first = await bench.next()
    assert (first.fresh, first.failure) == (True, None)
    assert first.window.began_at == first.window.ended_at == bench.clock.now()
    assert told(first) == {"reject": False, "code": 0}
    assert not any(seen.retained for seen in first.changes)
    await bench.publish(state(2, reject=True))
    second = await bench.next()
    assert told(second) == {"reject": True}
    assert second.signals == {"reject", "code"}
    await bench.publish(state(3, reject=True))
    third = await bench.next()
    assert third.fresh
    assert not third.changes
    assert third.signals == {"reject", "code"}


async def test_plain_topics_are_read_each_by_itself(bench: Bench) -> None:
    await bench.listen(station_at(bench.tap.port, PLAIN_SIGNALS))
    await bench.publish(b"ON", "line/op30/present")
    present = await bench.next()
    assert told(present) == {"present": True}
    assert present.signals == {"present"}
    await bench.publish(b"12.5", "line/op30/torque")
    assert told(await bench.next()) == {"torque": 12.5}


async def test_a_retained_message_is_never_fresh(bench: Bench) -> None:
    """D7, L1: even after the settle time, as when the broker is slow to send it."""
    await bench.publish(state(5, reject=True), retain=True)
    await bench.listen(settled=False)
    retained = await bench.next()
    assert not retained.fresh
    assert told(retained) == {"reject": True, "code": 0}
    assert all(seen.retained for seen in retained.changes)
    bench.advance(SETTLE_S)
    await bench.publish(state(6, reject=True), retain=True)
    live = await bench.next()
    assert live.fresh
    assert told(live) == {"reject": True, "code": 0}
    assert not any(seen.retained for seen in live.changes)


async def test_what_arrives_before_the_settle_time_is_not_fresh(bench: Bench) -> None:
    await bench.listen(settled=False)
    bench.advance(SETTLE_S - 0.01)
    await bench.publish(state(1, reject=True))
    early = await bench.next()
    assert not early.fresh
    assert all(seen.retained for seen in early.changes)
    bench.advance(0.01)
    await bench.publish(state(2, reject=False))
    assert (await bench.next()).fresh


async def test_duplicates_and_late_messages_tell_nothing(bench: Bench) -> None:
    """B12: an old value shown as the present one would make an edge of the next message."""
    await bench.listen()
    await bench.publish(state(7, reject=True))
    await bench.next()
    for seq in (7, 5):
        await bench.publish(state(seq, reject=False))
        useless = await bench.next()
        assert not useless.fresh
        assert not useless.changes
        assert not useless.signals
    await bench.publish(state(8, reject=True))
    assert (await bench.next()).changes == ()
    assert (bench.diagnostics.duplicates, bench.diagnostics.out_of_order) == (1, 1)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"{", Reason.UNREADABLE),
        (b'{"reject": true, "result": {"code": 1}}', Reason.MISSING),
        (b'{"seq": "one", "reject": true}', Reason.UNREADABLE),
    ],
    ids=["no JSON", "no sequence", "a sequence in words"],
)
async def test_what_nobody_can_read_is_a_failure_kept_aside_and_counted(
    bench: Bench, caplog: pytest.LogCaptureFixture, payload: bytes, reason: Reason
) -> None:
    await bench.listen()
    await bench.publish(state(1, reject=True))
    await bench.next()
    caplog.set_level(logging.INFO, "redrabbit.links")
    for _ in range(2):
        await bench.publish(payload)
        failed = await bench.next()
        assert failed.failure is reason
        assert failed.signals == {"reject", "code"}
    assert bench.diagnostics.failures == {reason: 2}
    assert bench.diagnostics.set_aside == ((TOPIC, payload), (TOPIC, payload))
    assert len(caplog.records) == 1
    await bench.publish(state(2, reject=True))
    assert told(await bench.next()) == {"reject": True, "code": 0}


async def test_a_missing_field_is_a_reason_for_its_signal_only(bench: Bench) -> None:
    await bench.listen()
    await bench.publish({"seq": 1, "reject": True})
    acquisition = await bench.next()
    assert acquisition.failure is None
    assert told(acquisition) == {"reject": True, "code": Reason.MISSING}
    assert bench.diagnostics.failures == {Reason.MISSING: 1}


async def test_a_cut_connection_fails_every_station_and_is_made_anew(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    """B11: resubscribed on each connect, nothing carried over (B1)."""
    caplog.set_level(logging.INFO)
    other = station_at(
        bench.tap.port, (signal("lamp", Encoding.BOOL, "line/op40/lamp"),), name="op40"
    )
    await bench.listen(station_at(bench.tap.port), other)
    await bench.publish(state(1, reject=True))
    await bench.next()
    bench.tap.cut()
    failed = [await bench.next(), await bench.next()]
    assert {one.station for one in failed} == {"op30", "op40"}
    assert {one.failure for one in failed} == {Reason.NOT_CONNECTED}
    assert bench.diagnostics.connected_since is None
    await reconnected(bench)
    bench.advance(SETTLE_S)
    await bench.publish(state(2, reject=True))
    again = await bench.next()
    assert again.fresh
    assert told(again) == {"reject": True, "code": 0}
    assert bench.diagnostics.reconnects == 1
    assert not any(record.exc_info for record in caplog.records)
    words = [
        (record.message.split(":")[0], record.__dict__["reason"])
        for record in caplog.records
        if record.name == "redrabbit.links.mqtt" and record.__dict__["station"] == "op30"
    ]
    assert words == [
        ("station is read", None),
        ("station can't be read", "not_connected"),
        ("station is read", None),
    ]


async def reconnected(bench: Bench) -> None:
    """Let the pause pass and wait for the next connection."""
    await bench.until(lambda: bench.clock.next_wake_at() is not None)
    bench.advance(30)
    await bench.until(lambda: bench.diagnostics.connected_since is not None)


async def test_settling_begins_anew_with_each_connect(bench: Bench) -> None:
    await bench.listen()
    bench.tap.cut()
    await bench.next()
    await reconnected(bench)
    await bench.publish(state(1, reject=True))
    assert not (await bench.next()).fresh


async def test_a_broker_that_is_not_there_is_waited_for(bench: Bench) -> None:
    port = bench.tap.port
    await bench.tap.stop()
    bench.link = MqttBrokerLink([station_at(port)], bench.sink, bench.clock, Random(3))
    bench._task = asyncio.create_task(bench.link.run())
    failed = await bench.next()
    assert failed.failure is Reason.NOT_CONNECTED
    assert failed.detail is not None
    assert "MQTT broker" in failed.detail
    await bench.tap.start(port)
    await reconnected(bench)
    bench.advance(SETTLE_S)
    await bench.publish(state(1, reject=False))
    assert (await bench.next()).failure is None


async def test_connected_but_silent_is_expired_once_until_the_topic_speaks(bench: Bench) -> None:
    """B11: the broker is there, the station promised a message every five seconds."""
    await bench.listen(station_at(bench.tap.port, PLAIN_SIGNALS))
    await bench.publish(b"1", "line/op30/present")
    await bench.next()
    bench.advance(4.9)
    await bench.publish(b"7", "line/op30/torque")
    assert told(await bench.next()) == {"torque": 7}
    bench.advance(0.2)
    silent = await bench.next()
    assert silent.failure is Reason.EXPIRED
    assert silent.signals == {"present"}
    bench.advance(60)
    await bench.publish(b"1", "line/op30/present")
    back = await bench.next()
    assert (back.failure, told(back)) == (None, {"present": True})


async def test_a_retained_message_is_no_sign_of_life(bench: Bench) -> None:
    await bench.publish(b"1", "line/op30/present", retain=True)
    await bench.listen(station_at(bench.tap.port, PLAIN_SIGNALS), settled=False)
    assert not (await bench.next()).fresh
    bench.advance(5.1)
    assert (await bench.next()).failure is Reason.EXPIRED


async def test_a_message_is_acknowledged_after_the_decision_it_led_to(bench: Bench) -> None:
    """D7, B12: and those behind it not before it, although they are taken in at once."""
    await bench.listen()
    decision: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    bench.outcomes.append(decision)
    await bench.publish(state(1, reject=True))
    await bench.publish(state(2, reject=False))
    assert told(await bench.next()) == {"reject": True, "code": 0}
    assert told(await bench.next()) == {"reject": False}
    await bench.until(lambda: bench.diagnostics.queued == 2)
    assert PUBACK not in bench.tap.sent
    decision.set_result(None)
    await bench.tap.until(lambda: bench.tap.sent.count(PUBACK) == 2)
    assert bench.diagnostics.queued == 0


async def test_a_message_that_leads_to_nothing_is_acknowledged_at_once(bench: Bench) -> None:
    await bench.listen()
    await bench.publish(state(1, reject=True))
    await bench.tap.until(lambda: PUBACK in bench.tap.sent)
    assert PUBACK in bench.tap.sent


async def test_piling_messages_are_measured_and_told_once(
    bench: Bench, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mqtt, "LONG_QUEUE", 2)
    await bench.listen()
    decision: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    bench.outcomes.append(decision)
    for seq in range(1, 6):
        await bench.publish(state(seq, reject=False))
        await bench.next()
    assert bench.diagnostics.queued == 5
    decision.set_result(None)
    await bench.until(lambda: bench.diagnostics.queued == 0)
    await bench.publish(state(6, reject=False))
    await bench.next()
    texts = [record.message for record in caplog.records if record.__dict__["reason"] == "queue"]
    assert texts == ["messages pile up", "messages no longer pile up"]


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

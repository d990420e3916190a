"""The MQTT link over real sockets: what a message means (against Mosquitto and the simulated broker)."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest

from redrabbit.domain.observation import Reason
from redrabbit.domain.signals import Encoding
from redrabbit.links.mqtt import MqttBrokerLink
from tests.links.mqtt_bench import (
    BROKERS,
    PLAIN_SIGNALS,
    SETTLE_S,
    TOPIC,
    Bench,
    reconnected,
    signal,
    state,
    station_at,
    told,
)

SMALL_SIGNALS = (
    signal("reject", Encoding.BOOL, path=("reject",), sequence_path=("seq",), most_bytes=1000),
)


@pytest.fixture(params=list(BROKERS))
async def bench(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Bench]:
    async with BROKERS[request.param](tmp_path) as port:
        made = Bench(port)
        await made.tap.start()
        yield made
        await made.stop()
        await made.tap.stop()


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


async def test_a_message_larger_than_its_limit_is_set_aside_unread(bench: Bench) -> None:
    """K3: neither parsed nor kept; told, counted, and the next one is read."""
    await bench.listen(station_at(bench.tap.port, SMALL_SIGNALS))
    large = json.dumps({"seq": 1, "reject": True, "more": "B" * 300_000}).encode()
    await bench.publish(large)
    refused = await bench.next()
    assert refused.failure is Reason.TOO_LARGE
    assert refused.signals == {"reject"}
    assert refused.detail == f"{TOPIC}: {len(large)} bytes; expected at most 1000"
    assert bench.diagnostics.failures == {Reason.TOO_LARGE: 1}
    assert bench.diagnostics.set_aside == ((TOPIC, large[:256]),)
    await bench.publish({"seq": 1, "reject": True})
    assert told(await bench.next()) == {"reject": True}


async def test_a_message_of_too_many_parts_is_set_aside_unread(bench: Bench) -> None:
    await bench.listen()
    await bench.publish(b"[" + b"{}," * 20_000 + b"0]")
    refused = await bench.next()
    assert (refused.failure, refused.detail) == (
        Reason.TOO_LARGE,
        f"{TOPIC}: too many objects and lists",
    )


async def test_stations_that_share_a_large_message_are_read_in_turns(bench: Bench) -> None:
    """K3: between two of them all other tasks have theirs."""
    names = [f"op{number}" for number in range(30, 40)]
    await bench.listen(*(station_at(bench.tap.port, name=name) for name in names))
    heard: set[int] = set()

    def all_are_heard() -> bool:
        heard.add(bench.heard.qsize())
        return bench.heard.qsize() == len(names)

    watching = asyncio.create_task(bench.until(all_are_heard))
    await bench.publish(state(1, reject=True) | {"more": "B" * 100_000})
    await watching
    assert len(heard) > 3, heard  # in one go it would have been none and all
    assert [(await bench.next()).station for _ in names] == names


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
    await bench.pass_time(1)
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

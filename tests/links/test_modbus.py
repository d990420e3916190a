"""The Modbus link over real sockets, against a station that misbehaves in every daily way."""

import asyncio
import logging
import struct
from collections.abc import AsyncIterator, Callable, Coroutine
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from redrabbit.base.clock import SteadyClock
from redrabbit.domain.identity import LineId, SignalName, StationId
from redrabbit.domain.observation import Acquisition, Reason, Value
from redrabbit.domain.signals import Encoding, ModbusAddress, SignalSpec, Table
from redrabbit.domain.station import ModbusLink, MqttLink, Station
from redrabbit.domain.text import Text
from redrabbit.links.modbus import ModbusStationLink
from redrabbit.links.ticks import staggered_phase
from redrabbit.services.station_link import Diagnostics, StationLink
from tests.fakes import JumpClock
from tests.links.recording_station import RESET, Asked, RecordingStation, frame

TIMEOUT_S = 0.25
DEADLINE_S = 10.0


def signal(name: str, table: Table, address: int, encoding: Encoding, **more: Any) -> SignalSpec:
    place = ModbusAddress(table=table, address=address, encoding=encoding, **more)
    return SignalSpec(name=SignalName(name), address=place)


SIGNALS = (
    signal("reject", Table.COIL, 0, Encoding.BOOL),
    signal("part_present", Table.COIL, 3, Encoding.BOOL),
    signal("code", Table.HOLDING_REGISTER, 0, Encoding.UINT16),
    signal("torque", Table.HOLDING_REGISTER, 1, Encoding.FLOAT32),
)


def station_at(
    port: int, *, signals: tuple[SignalSpec, ...] = SIGNALS, unit_id: int = 1
) -> Station:
    return Station(
        id=StationId(f"op{unit_id}"),
        line=LineId("line"),
        operation="OP10",
        name=Text(en="Station", zh="工位"),
        link=ModbusLink(
            endpoint="plc",
            host="127.0.0.1",
            port=port,
            unit_id=unit_id,
            poll_interval_s=0.1,
            timeout_s=TIMEOUT_S,
        ),
        signals=signals,
        devices=(),
    )


class Bench:
    """A station, a link to it, and what the link has said."""

    def __init__(self, station: RecordingStation, **more: Any) -> None:
        self.station = station
        self.clock = JumpClock()
        self.heard: list[Acquisition] = []
        self.link = ModbusStationLink(
            station_at(station.port, **more), self.heard.append, self.clock, Random(1)
        )

    async def cycle(self) -> Acquisition:
        async with asyncio.timeout(DEADLINE_S):
            return await self.link.cycle()

    @property
    def diagnostics(self) -> Diagnostics:
        (only,) = self.link.diagnostics.values()
        return only

    async def close(self) -> None:
        run = asyncio.create_task(self.link.run())
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)
        self.link._connection.close()
        await self.clock.sleep(0)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with RecordingStation(registers={0: 7, 1: 0x41C8, 2: 0}) as station:
        made = Bench(station)
        yield made
        await made.close()


def told(acquisition: Acquisition) -> dict[str, Value | Reason | None]:
    return {
        seen.signal: seen.reason if seen.value is None else seen.value
        for seen in acquisition.changes
    }


async def test_the_first_good_cycle_tells_every_signal(bench: Bench) -> None:
    acquisition = await bench.cycle()
    assert acquisition.failure is None
    assert acquisition.fresh
    assert acquisition.signals == {spec.name for spec in SIGNALS}
    assert told(acquisition) == {
        "reject": False,
        "part_present": False,
        "code": 7,
        "torque": 25.0,
    }


async def test_a_steady_station_is_alive_without_changes(bench: Bench) -> None:
    """D1: each good poll passes on its window, changed or not."""
    await bench.cycle()
    bench.clock.jump(0.1)
    acquisition = await bench.cycle()
    assert acquisition.changes == ()
    assert acquisition.signals == {spec.name for spec in SIGNALS}
    assert acquisition.window.began_at == bench.clock.now()


async def test_only_what_changed_is_told(bench: Bench) -> None:
    await bench.cycle()
    bench.station.bits[0] = True
    assert told(await bench.cycle()) == {"reject": True}
    bench.station.registers[0] = 9
    assert told(await bench.cycle()) == {"code": 9}


async def test_a_neighbouring_bit_in_the_same_register_is_no_change() -> None:
    bit = signal("bit", Table.INPUT_REGISTER, 5, Encoding.BOOL, bit=2)
    async with RecordingStation(registers={5: 0b0100}) as station:
        made = Bench(station, signals=(bit,))
        assert told(await made.cycle()) == {"bit": True}
        station.registers[5] = 0b1101
        assert told(await made.cycle()) == {}
        station.registers[5] = 0b1001
        assert told(await made.cycle()) == {"bit": False}
        await made.close()


async def test_bits_are_asked_for_before_registers_in_two_requests(bench: Bench) -> None:
    await bench.cycle()
    assert [(one.function, one.address, one.count) for one in bench.station.asked] == [
        (1, 0, 4),
        (3, 0, 3),
    ]


async def test_only_reading_function_codes_are_ever_sent() -> None:
    """L9: whatever happens, codes 1 to 4 are all that is seen on the wire."""
    signals = tuple(
        signal(table.value, table, 4, Encoding.BOOL if table.holds_bits else Encoding.UINT16)
        for table in Table
    )
    async with RecordingStation(illegal={4}) as station:
        made = Bench(station, signals=signals)
        station.faults.extend([drop, pass_on, cut_short, pass_on])
        for _ in range(6):
            await made.cycle()
        await made.close()
        assert {one.function for one in station.asked} == {1, 2, 3, 4}


def test_the_port_and_the_link_have_no_way_to_write() -> None:
    """L9, B10: reading is harmless because there is nothing else to call."""
    assert public(StationLink) == {"diagnostics", "run"}
    assert public(ModbusStationLink) == {"diagnostics", "run", "cycle", "plan"}


def public(kind: type) -> set[str]:
    return {name for name in vars(kind) if not name.startswith("_")}


def drop(_asked: Asked, _proper: bytes) -> None:
    return None


def pass_on(_asked: Asked, proper: bytes) -> bytes:
    return proper


def cut_short(_asked: Asked, proper: bytes) -> bytes:
    return proper[:-3]


def reset_connection(_asked: Asked, _proper: bytes) -> bytes:
    return RESET


def fewer_bytes(asked: Asked, proper: bytes) -> bytes:
    """Well framed, but one register or byte short of what was asked for."""
    values = proper[9:-2] if asked.function in {3, 4} else b""
    return frame(asked.transaction, asked.unit, bytes((asked.function, len(values))) + values)


def byte_count_lies(asked: Asked, proper: bytes) -> bytes:
    pdu = bytearray(proper[7:])
    pdu[1] += 2
    return frame(asked.transaction, asked.unit, bytes(pdu))


def wrong_transaction(asked: Asked, proper: bytes) -> bytes:
    return frame(asked.transaction + 1, asked.unit, proper[7:])


def transaction_zero(asked: Asked, proper: bytes) -> bytes:
    return frame(0, asked.unit, proper[7:])


def wrong_unit(asked: Asked, proper: bytes) -> bytes:
    return frame(asked.transaction, asked.unit + 1, proper[7:])


def wrong_function(asked: Asked, proper: bytes) -> bytes:
    other = 2 if asked.function in {1, 3} else 1
    return frame(asked.transaction, asked.unit, bytes((other,)) + proper[8:])


def unknown_function(asked: Asked, _proper: bytes) -> bytes:
    return frame(asked.transaction, asked.unit, b"\x63\x01\x02")


def refusal_of_another_function(asked: Asked, _proper: bytes) -> bytes:
    return frame(asked.transaction, asked.unit, bytes(((asked.function + 1) | 0x80, 2)))


def refusal_without_code(asked: Asked, _proper: bytes) -> bytes:
    return frame(asked.transaction, asked.unit, bytes((asked.function | 0x80,)))


def not_modbus(_asked: Asked, _proper: bytes) -> bytes:
    return b"HTTP/1.1 400 Bad Request\r\n\r\n" * 3


TROUBLES: list[tuple[Callable[[Asked, bytes], bytes | None], Reason]] = [
    (drop, Reason.TIMEOUT),
    (reset_connection, Reason.NOT_CONNECTED),
    (cut_short, Reason.BAD_REPLY),
    (fewer_bytes, Reason.BAD_REPLY),
    (byte_count_lies, Reason.BAD_REPLY),
    (wrong_transaction, Reason.BAD_REPLY),
    (transaction_zero, Reason.BAD_REPLY),
    (wrong_unit, Reason.BAD_REPLY),
    (wrong_function, Reason.BAD_REPLY),
    (unknown_function, Reason.BAD_REPLY),
    (refusal_of_another_function, Reason.BAD_REPLY),
    (refusal_without_code, Reason.BAD_REPLY),
    (not_modbus, Reason.BAD_REPLY),
]


@pytest.mark.parametrize("at_request", [0, 1], ids=["bits", "registers"])
@pytest.mark.parametrize(
    ("fault", "reason"), TROUBLES, ids=[fault.__name__ for fault, _ in TROUBLES]
)
async def test_trouble_is_a_reason_and_afterwards_everything_is_told_anew(
    bench: Bench,
    caplog: pytest.LogCaptureFixture,
    fault: Callable[[Asked, bytes], bytes | None],
    reason: Reason,
    at_request: int,
) -> None:
    """B1: never 0, never the last value; and nothing is carried over."""
    caplog.set_level(logging.INFO)
    await bench.cycle()
    bench.station.faults.extend([*[pass_on] * at_request, fault])
    failed = await bench.cycle()
    assert (failed.failure, failed.changes) == (reason, ())
    assert failed.signals == {spec.name for spec in SIGNALS}
    again = await bench.cycle()
    assert again.failure is None
    assert set(told(again)) == {spec.name for spec in SIGNALS}
    assert bench.diagnostics.failures == {reason: 1}
    assert [(record.message.split(":")[0], reason_of(record)) for record in caplog.records] == [
        ("station is read", None),
        ("station can't be read", reason.value),
        ("station is read", None),
    ]
    assert not any(record.exc_info for record in caplog.records)


def reason_of(record: logging.LogRecord) -> object:
    assert record.__dict__["station"] == "op1"
    return record.__dict__["reason"]


async def test_a_late_reply_is_never_taken_for_the_next_one(bench: Bench) -> None:
    """B3: the old answer says reject, the new one does not."""
    await bench.cycle()
    kept: list[bytes] = []

    def keep(_asked: Asked, proper: bytes) -> None:
        kept.append(proper)

    def late_and_proper(_asked: Asked, proper: bytes) -> bytes:
        return kept[0] + proper

    bench.station.bits[0] = True
    bench.station.faults.append(keep)
    assert (await bench.cycle()).failure is Reason.TIMEOUT
    bench.station.bits[0] = False
    bench.station.faults.append(late_and_proper)
    late_frame_first = await bench.cycle()
    assert told(late_frame_first).get("reject", False) is False


async def test_a_foreign_frame_before_the_proper_one_is_skipped(bench: Bench) -> None:
    await bench.cycle()

    def foreign_first(asked: Asked, proper: bytes) -> bytes:
        lie = frame(asked.transaction + 7, asked.unit, bytes((1, 1, 0xFF)))
        return lie + proper

    bench.station.faults.append(foreign_first)
    acquisition = await bench.cycle()
    assert (acquisition.failure, acquisition.changes) == (None, ())


async def test_a_timeout_closes_the_connection(bench: Bench) -> None:
    await bench.cycle()
    bench.station.faults.append(drop)
    await bench.cycle()
    await bench.cycle()
    assert bench.station.connections == 2
    assert bench.diagnostics.reconnects == 1
    assert bench.station.open_connections == 1


async def test_a_reply_in_pieces_is_one_reply(bench: Bench) -> None:
    """TCP may cut anywhere."""
    await bench.cycle()
    pieces: list[bytes] = []

    def first_half(_asked: Asked, proper: bytes) -> bytes:
        pieces.append(proper[5:])
        (writer,) = bench.station._writers
        asyncio.get_running_loop().call_later(0.02, writer.write, pieces[0])
        return proper[:5]

    bench.station.bits[0] = True
    bench.station.faults.append(first_half)
    assert told(await bench.cycle()) == {"reject": True}


async def test_a_connection_closed_between_polls_is_made_anew(bench: Bench) -> None:
    await bench.cycle()
    await bench.station.stop()
    await bench.station.start()
    acquisition = await bench.cycle()
    if acquisition.failure is not None:  # the end had not arrived yet when the cycle began
        assert acquisition.failure is Reason.NOT_CONNECTED
        acquisition = await bench.cycle()
    assert set(told(acquisition)) == {spec.name for spec in SIGNALS}


async def test_a_station_that_is_not_there_is_not_connected(bench: Bench) -> None:
    await bench.station.stop()
    acquisition = await bench.cycle()
    assert acquisition.failure is Reason.NOT_CONNECTED
    assert acquisition.detail is not None
    assert "TCP connect failed" in acquisition.detail
    assert bench.diagnostics.connected_since is None
    await bench.station.start()
    assert (await bench.cycle()).failure is None
    assert bench.diagnostics.connected_since == bench.clock.now()


async def test_a_busy_device_costs_only_the_signals_of_its_block(bench: Bench) -> None:
    await bench.cycle()
    bench.station.refusals[3] = 6
    acquisition = await bench.cycle()
    assert acquisition.failure is None
    assert told(acquisition) == {"code": Reason.DEVICE_ERROR, "torque": Reason.DEVICE_ERROR}
    assert (await bench.cycle()).changes == ()
    bench.station.refusals.clear()
    assert told(await bench.cycle()) == {"code": 7, "torque": 25.0}
    assert bench.station.connections == 1


@pytest.mark.parametrize("code", [1, 2, 4, 6])
async def test_a_device_that_refuses_everything_is_a_failed_cycle(bench: Bench, code: int) -> None:
    await bench.cycle()
    bench.station.refusals.update({1: code, 3: code})
    assert (await bench.cycle()).failure is Reason.DEVICE_ERROR
    bench.station.refusals.clear()
    assert set(told(await bench.cycle())) == {spec.name for spec in SIGNALS}


@pytest.mark.parametrize("code", [10, 11])
async def test_a_gateway_without_its_unit_is_a_failed_cycle(bench: Bench, code: int) -> None:
    bench.station.refusals[1] = code
    assert (await bench.cycle()).failure is Reason.DEVICE_ERROR
    assert [one.function for one in bench.station.asked] == [1]


WORDS = tuple(signal(f"w{at}", Table.HOLDING_REGISTER, at, Encoding.UINT16) for at in range(40))


async def test_an_illegal_address_is_bisected_within_the_cycle_and_remembered() -> None:
    """B6: the culprit has a reason, the others go on, later cycles ask around it."""
    async with RecordingStation(illegal={17}) as station:
        made = Bench(station, signals=WORDS)
        first = told(await made.cycle())
        assert first.pop("w17") is Reason.DEVICE_ERROR
        assert first == {f"w{at}": 0 for at in range(40) if at != 17}
        asked_so_far = len(station.asked)
        second = await made.cycle()
        assert (second.failure, second.changes) == (None, ())
        assert [(one.address, one.count) for one in station.asked[asked_so_far:]] == [
            (0, 17),
            (18, 22),
        ]
        assert second.signals == {spec.name for spec in WORDS}
        await made.close()


async def test_a_culprit_is_tried_again_after_a_minute() -> None:
    async with RecordingStation(illegal={17}) as station:
        made = Bench(station, signals=WORDS)
        await made.cycle()
        station.illegal.clear()
        made.clock.jump(59)
        assert (await made.cycle()).changes == ()
        made.clock.jump(2)
        assert told(await made.cycle()) == {"w17": 0}
        assert len(made.link.plan.blocks) == 1
        await made.close()


async def running(
    link: ModbusStationLink, until: Callable[[], bool], heard: list[Acquisition]
) -> None:
    """Run a link until a condition on what it said holds, then cancel it."""
    async with asyncio.timeout(DEADLINE_S):
        task = asyncio.create_task(link.run())
        seen = -1
        while not until():
            assert not task.done()
            seen = len(heard)
            while len(heard) == seen:
                await turn()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


def turn() -> Coroutine[Any, Any, None]:
    return JumpClock().sleep(0)


async def test_polls_keep_their_raster_from_the_staggered_phase_on(bench: Bench) -> None:
    bench.link = ModbusStationLink(
        station_at(bench.station.port),
        bench.heard.append,
        bench.clock,
        Random(1),
        phase=staggered_phase(1),
    )
    start = bench.clock.now()
    await running(bench.link, lambda: len(bench.heard) >= 5, bench.heard)
    offsets = [(one.window.began_at - start).total_seconds() for one in bench.heard[:5]]
    assert offsets == pytest.approx([0.0618, 0.1618, 0.2618, 0.3618, 0.4618], abs=1e-3)
    assert bench.diagnostics.skipped_ticks == 0


async def test_ticks_missed_by_a_slow_station_are_counted_not_made_up_for(bench: Bench) -> None:
    """B5: no backlog."""

    def slow(_asked: Asked, proper: bytes) -> bytes:
        bench.clock.jump(0.35)
        return proper

    bench.station.faults.append(slow)
    start = bench.clock.now()
    await running(bench.link, lambda: len(bench.heard) >= 4, bench.heard)
    offsets = [(one.window.began_at - start).total_seconds() for one in bench.heard[:4]]
    assert offsets == pytest.approx([0.0, 0.35, 0.4, 0.5], abs=1e-3)
    assert bench.diagnostics.skipped_ticks == 2


async def test_polls_go_on_while_what_they_led_to_is_being_committed(bench: Bench) -> None:
    """A database that is away holds up no poll; the commit still runs to its end."""
    database_is_back = asyncio.Event()
    committed = asyncio.Event()

    async def commit() -> None:
        await database_is_back.wait()
        committed.set()

    def hear(acquisition: Acquisition) -> Coroutine[Any, Any, None] | None:
        bench.heard.append(acquisition)
        return commit() if len(bench.heard) == 1 else None

    link = ModbusStationLink(station_at(bench.station.port), hear, bench.clock, Random(1))
    await running(link, lambda: len(bench.heard) >= 3, bench.heard)
    assert not committed.is_set()
    database_is_back.set()
    async with asyncio.timeout(DEADLINE_S):
        await committed.wait()


async def test_a_connection_that_ends_between_two_requests_is_a_failed_cycle(bench: Bench) -> None:
    """The first reply came, the second can't be asked for any more."""
    ended = asyncio.Event()
    await bench.cycle()
    original = bench.link._connection.read

    async def read(request: Any) -> bytes:
        if request.code == 3:
            await bench.station.stop()
            while bench.link._connection.is_open:
                await turn()
            ended.set()
        return await original(request)

    bench.link._connection.read = read  # type: ignore[method-assign]  # because the end must come in between
    assert (await bench.cycle()).failure is Reason.NOT_CONNECTED
    assert ended.is_set()
    await bench.station.start()


async def test_a_clock_stepped_back_stops_no_polls(bench: Bench) -> None:
    def step(_asked: Asked, proper: bytes) -> bytes:
        bench.clock.jump(-3600)
        return proper

    bench.station.faults.append(step)
    await running(bench.link, lambda: len(bench.heard) >= 3, bench.heard)
    assert max(bench.clock.slept_s) <= 0.1 + 1e-6
    assert all(one.failure is None for one in bench.heard)


async def test_a_dead_unit_is_suspended_and_takes_a_bounded_share(bench: Bench) -> None:
    """B4: three tries, then pauses of at least three times the attempt, doubling up to 30 s."""
    bench.station.dead_units.add(1)
    spent_s = 0.3

    original = bench.link._connection.read

    async def read(request: Any) -> bytes:
        bench.clock.jump(spent_s)
        return await original(request)

    bench.link._connection.read = read  # type: ignore[method-assign]  # because the virtual clock must feel the timeout
    await running(bench.link, lambda: len(bench.heard) >= 8, bench.heard)
    windows = [one.window for one in bench.heard]
    pauses = [
        (after.began_at - before.ended_at).total_seconds() for before, after in pairwise(windows)
    ]
    assert all(one.failure is Reason.TIMEOUT for one in bench.heard)
    assert all(pause < 0.1 for pause in pauses[:2])
    assert all(pause >= 3 * spent_s for pause in pauses[2:])
    assert bench.diagnostics.suspended_until is not None


async def test_a_dead_unit_costs_its_living_neighbour_no_poll() -> None:
    """B4: two units behind one gateway, each with its own connection."""
    async with RecordingStation(dead_units={2}) as station:
        clock = SteadyClock()
        heard: list[Acquisition] = []
        done = asyncio.Event()

        def hear(acquisition: Acquisition) -> None:
            heard.append(acquisition)
            if count(heard, "op1") >= 8 and count(heard, "op2") >= 2:
                done.set()

        links = [
            ModbusStationLink(station_at(station.port, unit_id=unit), hear, clock, Random(unit))
            for unit in (1, 2)
        ]
        async with asyncio.timeout(DEADLINE_S):
            tasks = [asyncio.create_task(link.run()) for link in links]
            await done.wait()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        living = [one for one in heard if one.station == "op1"]
        assert all(one.failure is None for one in living)
        longest = max((one.window.ended_at - one.window.began_at).total_seconds() for one in living)
        assert longest < TIMEOUT_S
        assert {one.failure for one in heard if one.station == "op2"} == {Reason.TIMEOUT}


def count(heard: list[Acquisition], station: str) -> int:
    return sum(one.station == station for one in heard)


async def test_cancelling_closes_the_socket(bench: Bench) -> None:
    await running(bench.link, lambda: len(bench.heard) >= 2, bench.heard)
    async with asyncio.timeout(DEADLINE_S):
        while bench.station.open_connections:
            await turn()
    assert bench.station.connections == 1


async def test_cancelling_in_the_middle_of_a_request_closes_the_socket(bench: Bench) -> None:
    asked = asyncio.Event()

    def never_answer(_asked: Asked, _proper: bytes) -> None:
        asked.set()

    bench.station.faults.append(never_answer)
    async with asyncio.timeout(DEADLINE_S):
        task = asyncio.create_task(bench.link.run())
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        while bench.station.open_connections:
            await turn()
    assert bench.heard == []


async def test_the_link_outlives_an_outage_by_itself(bench: Bench) -> None:
    """B11: reconnect without being asked, everything told anew."""
    restarted: list[bool] = []

    def healed() -> bool:
        return bool(restarted) and bench.heard[-1].failure is None

    async def outage() -> None:
        await bench.station.stop()
        seen = len(bench.heard)
        while len(bench.heard) < seen + 5:
            await turn()
        await bench.station.start()
        restarted.append(True)

    async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as group:
        group.create_task(outage())
        await running(bench.link, healed, bench.heard)
    reasons = {one.failure for one in bench.heard} - {None}
    assert reasons <= {Reason.NOT_CONNECTED, Reason.TIMEOUT}
    back = next(
        after
        for before, after in pairwise(bench.heard)
        if before.failure is not None and after.failure is None
    )
    assert set(told(back)) == {spec.name for spec in SIGNALS}
    assert max(bench.clock.slept_s) <= 30.1


async def test_diagnostics_count_requests_and_time_them(bench: Bench) -> None:
    def slow(_asked: Asked, proper: bytes) -> bytes:
        bench.clock.jump(0.02)
        return proper

    bench.station.faults.extend([slow, slow])
    await bench.cycle()
    seen = bench.diagnostics
    assert (seen.cycles, seen.requests, seen.reconnects) == (1, 2, 0)
    assert seen.round_trip_s == pytest.approx(0.02)
    assert seen.connected_since is not None


def test_a_station_of_another_protocol_is_a_mistake_of_the_caller() -> None:
    station = station_at(502)
    mqtt = MqttLink(endpoint="broker", host="127.0.0.1", port=1883)
    other = Station(
        id=station.id,
        line=station.line,
        operation=station.operation,
        name=station.name,
        link=mqtt,
        signals=(),
        devices=(),
    )
    with pytest.raises(TypeError):
        ModbusStationLink(other, print, JumpClock(), Random(1))


async def test_pymodbus_keeps_quiet_unless_somebody_chose_a_level(bench: Bench) -> None:
    bench.station.faults.extend([drop, wrong_unit])
    await bench.cycle()
    assert logging.getLogger("pymodbus").level == logging.CRITICAL
    logging.getLogger("pymodbus").setLevel(logging.DEBUG)
    try:
        Bench(bench.station)
        assert logging.getLogger("pymodbus").level == logging.DEBUG
    finally:
        logging.getLogger("pymodbus").setLevel(logging.CRITICAL)


def test_the_recording_station_frames_as_the_specification_says() -> None:
    assert frame(1, 17, b"\x03\x02\x00\x07") == struct.pack(">HHHBBBH", 1, 0, 5, 17, 3, 2, 7)

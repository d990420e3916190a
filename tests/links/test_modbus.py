"""The Modbus link over real sockets: what is read, and what is refused."""

import logging
import struct
from collections.abc import AsyncIterator
from random import Random

import pytest

from redrabbit.domain.observation import Reason
from redrabbit.domain.signals import Encoding, Table
from redrabbit.domain.station import MqttLink, Station
from redrabbit.links.modbus import ModbusStationLink
from redrabbit.services.station_link import StationLink
from tests.fakes import JumpClock
from tests.links.modbus_bench import (
    SIGNALS,
    Bench,
    benched,
    cut_short,
    drop,
    pass_on,
    signal,
    station_at,
    told,
)
from tests.links.recording_station import Asked, RecordingStation, frame


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with benched() as made:
        yield made


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


async def test_each_cycle_tells_in_which_order_its_signals_were_asked_for() -> None:
    """D29: of two blocks the second is of a later instant, and tells more of whose the answer is."""
    late = signal("late", Table.HOLDING_REGISTER, 50, Encoding.UINT16)
    refused = signal("refused", Table.HOLDING_REGISTER, 51, Encoding.UINT16)
    async with RecordingStation(registers={0: 7, 50: 3}, illegal={51}) as station:
        made = Bench(station, signals=(*SIGNALS, late, refused))
        for _ in range(2):
            acquisition = await made.cycle()
            station.asked.clear()
        await made.cycle()
        await made.close()
        addresses = [one.address for one in station.asked]

    assert addresses == [0, 0, 50]
    assert acquisition.request_of == {
        "reject": 0,
        "part_present": 0,
        "code": 1,
        "torque": 1,
        "late": 2,
    }


async def test_a_failed_cycle_tells_of_no_order(bench: Bench) -> None:
    bench.station.faults.append(drop)
    assert (await bench.cycle()).request_of == {}


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
    bench.station.faults.extend([drop, drop])
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

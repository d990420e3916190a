"""The simulated Modbus endpoint, asked by pymodbus and by raw, pipelined frames."""

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator

import pytest
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException

from simulators.modbus_station import (
    DEVICE_BUSY,
    ILLEGAL_ADDRESS,
    ILLEGAL_FUNCTION,
    NO_TARGET,
    Failure,
    Image,
    ModbusStation,
    ReplyFault,
)

LIMIT_S = 5.0
COILS, DISCRETE, HOLDING, INPUTS = 1, 2, 3, 4


def an_image() -> Image:
    image = Image(coils=40, discrete_inputs=16, holding=20, inputs=10)
    for address in (0, 9, 10, 33):
        image.set_bit(COILS, address, True)
    image.set_bit(DISCRETE, 3, True)
    image.set_registers(HOLDING, 2, struct.pack(">HH", 0x1234, 0xABCD))
    image.set_registers(INPUTS, 9, struct.pack(">H", 77))
    return image


@pytest.fixture
async def served() -> AsyncIterator[tuple[ModbusStation, int]]:
    station = ModbusStation({1: an_image(), 2: Image(holding=4)})
    port = await station.start()
    yield station, port
    await station.close()


@contextlib.asynccontextmanager
async def client(port: int) -> AsyncIterator[AsyncModbusTcpClient]:
    one = AsyncModbusTcpClient("127.0.0.1", port=port, timeout=0.2, retries=0)
    assert await one.connect()
    try:
        yield one
    finally:
        one.close()


def request(transaction: int, function: int, first: int, count: int, unit: int = 1) -> bytes:
    return struct.pack(">HHHBBHH", transaction, 0, 6, unit, function, first, count)


async def test_pymodbus_reads_all_four_tables(served: tuple[ModbusStation, int]) -> None:
    async with client(served[1]) as one:
        coils = await one.read_coils(8, count=27, device_id=1)
        assert [n + 8 for n, bit in enumerate(coils.bits[:27]) if bit] == [9, 10, 33]
        discrete = await one.read_discrete_inputs(0, count=16, device_id=1)
        assert [n for n, bit in enumerate(discrete.bits) if bit] == [3]
        holding = await one.read_holding_registers(1, count=4, device_id=1)
        assert holding.registers == [0, 0x1234, 0xABCD, 0]
        inputs = await one.read_input_registers(9, count=1, device_id=1)
        assert inputs.registers == [77]


async def test_what_does_not_exist_is_an_exception(served: tuple[ModbusStation, int]) -> None:
    station, port = served
    station.images[1].forbidden.append((HOLDING, 5, 6))
    async with client(port) as one:
        beyond = await one.read_holding_registers(19, count=2, device_id=1)
        hole = await one.read_holding_registers(4, count=2, device_id=1)
        beside = await one.read_holding_registers(7, count=2, device_id=1)
        unknown = await one.read_coils(0, count=1, device_id=9)
    assert (beyond.exception_code, hole.exception_code) == (ILLEGAL_ADDRESS, ILLEGAL_ADDRESS)
    assert not beside.isError()
    assert unknown.exception_code == NO_TARGET


async def test_a_write_is_refused_and_remembered(served: tuple[ModbusStation, int]) -> None:
    """L9: whoever writes to a station is found out."""
    station, port = served
    async with client(port) as one:
        answer = await one.write_register(2, 1, device_id=1)
        assert answer.exception_code == ILLEGAL_FUNCTION
        after = await one.read_holding_registers(2, count=1, device_id=1)
    assert after.registers == [0x1234]
    (attempt,) = station.write_attempts
    assert (attempt.unit, attempt.function) == (1, 6)


async def test_pipelined_requests_are_all_answered_in_order(
    served: tuple[ModbusStation, int],
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", served[1])
    stream = b"".join(request(number, HOLDING, 2, 1) for number in range(50))
    for start in range(0, len(stream), 7):
        writer.write(stream[start : start + 7])
        await writer.drain()
    async with asyncio.timeout(LIMIT_S):
        replies = [await reader.readexactly(11) for _ in range(50)]
    assert [int.from_bytes(reply[:2], "big") for reply in replies] == list(range(50))
    assert {reply[9:] for reply in replies} == {b"\x12\x34"}
    writer.close()


async def test_a_stream_out_of_step_is_reset(served: tuple[ModbusStation, int]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", served[1])
    writer.write(b"\xff" * 20)
    async with asyncio.timeout(LIMIT_S):
        with contextlib.suppress(ConnectionResetError):
            assert await reader.read() == b""
    writer.close()
    async with client(served[1]) as one:
        assert not (await one.read_coils(0, count=1, device_id=1)).isError()


@pytest.mark.parametrize(
    "fault", [ReplyFault.DROPPED, ReplyFault.RESET, ReplyFault.SHORT], ids=lambda each: each.value
)
async def test_a_fault_spoils_one_reply_and_the_next_is_good(
    served: tuple[ModbusStation, int], fault: ReplyFault
) -> None:
    station, port = served
    station.fail(Failure(fault=fault))
    async with client(port) as one:
        if fault is ReplyFault.SHORT:
            short = await one.read_holding_registers(2, count=2, device_id=1)
            assert short.isError() or len(short.registers) < 2
        else:
            with pytest.raises(ModbusException):
                await one.read_holding_registers(2, count=2, device_id=1)
    async with client(port) as one:
        assert (await one.read_holding_registers(2, count=2, device_id=1)).registers[0] == 0x1234


async def test_a_failure_may_hit_one_unit_so_many_times(
    served: tuple[ModbusStation, int],
) -> None:
    station, port = served
    station.fail(Failure(fault=ReplyFault.EXCEPTION, times=2, unit=2))
    async with client(port) as one:
        assert not (await one.read_holding_registers(0, count=1, device_id=1)).isError()
        codes = [
            (await one.read_holding_registers(0, count=1, device_id=2)).exception_code
            for _ in range(3)
        ]
    assert codes == [DEVICE_BUSY, DEVICE_BUSY, 0]


async def test_a_late_reply_comes_with_its_own_transaction(
    served: tuple[ModbusStation, int],
) -> None:
    station, port = served
    station.fail(Failure(fault=ReplyFault.LATE, delay_s=0.05))
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request(1, HOLDING, 2, 1) + request(2, HOLDING, 3, 1))
    async with asyncio.timeout(LIMIT_S):
        replies = [await reader.readexactly(11) for _ in range(2)]
    assert [(reply[1], reply[9:]) for reply in replies] == [(2, b"\xab\xcd"), (1, b"\x12\x34")]
    writer.close()


async def test_frozen_registers_no_longer_follow_the_station(
    served: tuple[ModbusStation, int],
) -> None:
    station, port = served
    station.freeze(1)
    station.images[1].set_registers(HOLDING, 2, b"\x00\x01")
    async with client(port) as one:
        assert (await one.read_holding_registers(2, count=1, device_id=1)).registers == [0x1234]
        station.thaw(1)
        assert (await one.read_holding_registers(2, count=1, device_id=1)).registers == [1]


async def test_a_cut_link_takes_no_connection_until_it_is_mended(
    served: tuple[ModbusStation, int],
) -> None:
    station, port = served
    async with client(port) as one:
        station.cut()
        with pytest.raises(ModbusException):
            await one.read_coils(0, count=1, device_id=1)
        while station.connections:
            await asyncio.to_thread(len, "a turn of the loop")
    async with asyncio.timeout(LIMIT_S):
        with contextlib.suppress(ConnectionError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b""
            writer.close()
            await writer.wait_closed()
    station.mend()
    async with client(port) as one:
        assert not (await one.read_coils(0, count=1, device_id=1)).isError()


def test_a_bit_of_a_register_leaves_its_neighbours_alone() -> None:
    image = an_image()
    image.set_register_bit(HOLDING, 2, 0, True)
    image.set_register_bit(HOLDING, 2, 2, False)
    assert image.read(HOLDING, 2, 1) == b"\x12\x31"


def test_the_world_is_asked_before_each_read() -> None:
    image = an_image()
    station = ModbusStation(
        {1: image}, before_read=lambda unit: image.set_registers(HOLDING, 0, bytes([0, unit]))
    )
    assert station.answer(request(7, HOLDING, 0, 1))[-2:] == b"\x00\x01"

"""The Modbus link against a station that misbehaves in every daily way (B1, B3)."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from redrabbit.domain.observation import Reason
from tests.links.modbus_bench import (
    SIGNALS,
    Bench,
    benched,
    cut_short,
    drop,
    pass_on,
    told,
    turn,
)
from tests.links.recording_station import RESET, Asked, frame


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with benched() as made:
        yield made


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

"""What reading costs: a bare asyncio Modbus loop, plain pymodbus, and our link, in the same run.

100 stations, each 16 coils and 20 holding registers in two requests a cycle, against a server in
a process of its own. Two questions:

- *saturated*: every station polls as fast as it can; requests per second of wall time, and per
  second of this process's CPU time ("per core"), which the server does not disturb;
- *at rate*: every 100 ms (2,000 requests/s asked for); the share of one core it takes.

Run: `pytest tests/benchmarks/test_bench_links.py --benchmark-enable --benchmark-only -s`.
"""

import asyncio
import struct
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest
import uvloop
from pymodbus.client import AsyncModbusTcpClient

from redrabbit.base.clock import SteadyClock
from redrabbit.domain.identity import LineId, SignalName, StationId
from redrabbit.domain.observation import Acquisition
from redrabbit.domain.signals import Encoding, ModbusAddress, SignalSpec, Table
from redrabbit.domain.station import ModbusLink, Station
from redrabbit.domain.text import Text
from redrabbit.links.modbus import ModbusStationLink
from redrabbit.links.modbus_connection import quieten_pymodbus

STATIONS = 100
COILS = 16
REGISTERS = 20
REQUESTS_PER_CYCLE = 2
INTERVAL_S = 0.1
SATURATED_S = 1.0
SATURATED_ROUNDS = 5
"""Short rounds of each way in turn and their median: a noisy machine disturbs all ways alike."""
AT_RATE_S = 4.0

Poll = Callable[[], Awaitable[object]]


@dataclass(frozen=True)
class Figures:
    """What one way of reading did in one measurement."""

    requests_per_s: float
    core_share: float

    @property
    def requests_per_core_s(self) -> float:
        return self.requests_per_s / self.core_share


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    program = Path(__file__).with_name("modbus_server.py")
    with subprocess.Popen(
        [sys.executable, str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        yield int(server.stdout.readline())


async def bare_polls(port: int) -> list[Poll]:
    """Streams and struct, no checks beyond the length: the floor."""

    async def station(unit: int) -> Poll:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        transaction = 0

        async def ask(function: int, count: int) -> tuple[Any, ...]:
            nonlocal transaction
            transaction = (transaction + 1) & 0xFFFF
            writer.write(struct.pack(">HHHBBHH", transaction, 0, 6, unit, function, 0, count))
            head = await reader.readexactly(7)
            pdu = await reader.readexactly(int.from_bytes(head[4:6], "big") - 1)
            if function == 1:
                return tuple(pdu[2 + at // 8] >> at % 8 & 1 for at in range(count))
            return struct.unpack(f">{count}H", pdu[2:])

        async def poll() -> None:
            await ask(1, COILS)
            await ask(3, REGISTERS)

        return poll

    return [await station(unit + 1) for unit in range(STATIONS)]


async def pymodbus_polls(port: int) -> list[Poll]:
    """The library as its documentation shows it."""
    quieten_pymodbus()

    async def station(unit: int) -> Poll:
        client = AsyncModbusTcpClient("127.0.0.1", port=port, timeout=5, retries=0)
        await client.connect()

        async def poll() -> None:
            await client.read_coils(0, count=COILS, device_id=unit)
            await client.read_holding_registers(0, count=REGISTERS, device_id=unit)

        return poll

    return [await station(unit + 1) for unit in range(STATIONS)]


async def link_polls(port: int) -> list[Poll]:
    """Our link's cycle: reading, checking, comparing, one acquisition."""
    polls = [made_link(port, unit, lambda _: None).cycle for unit in range(STATIONS)]
    await asyncio.gather(*(poll() for poll in polls))
    return list(polls)


def made_link(port: int, unit: int, sink: Callable[[Acquisition], None]) -> ModbusStationLink:
    signals = [
        (f"c{at}", ModbusAddress(table=Table.COIL, address=at, encoding=Encoding.BOOL))
        for at in range(COILS)
    ] + [
        (f"r{at}", ModbusAddress(table=Table.HOLDING_REGISTER, address=at, encoding=Encoding.INT16))
        for at in range(REGISTERS)
    ]
    station = Station(
        id=StationId(f"op{unit}"),
        line=LineId("line"),
        operation=f"OP{unit}",
        name=Text(en="", zh=""),
        link=ModbusLink(
            endpoint="plc",
            host="127.0.0.1",
            port=port,
            unit_id=unit + 1,
            poll_interval_s=INTERVAL_S,
            timeout_s=5.0,
        ),
        signals=tuple(SignalSpec(name=SignalName(name), address=where) for name, where in signals),
        devices=(),
    )
    return ModbusStationLink(station, sink, SteadyClock(), Random(unit), phase=unit / STATIONS)


WAYS = {"bare asyncio": bare_polls, "plain pymodbus": pymodbus_polls, "redrabbit link": link_polls}


async def saturated(port: int, way: Callable[[int], Awaitable[list[Poll]]]) -> Figures:
    """Let every station poll without a pause."""
    polls = await way(port)
    cycles = 0

    async def hurry(poll: Poll) -> None:
        nonlocal cycles
        while time.perf_counter() < end:
            await poll()
            cycles += 1

    begin, cpu = time.perf_counter(), time.process_time()
    end = begin + SATURATED_S
    await asyncio.gather(*(hurry(poll) for poll in polls))
    return figures(cycles, begin, cpu)


async def at_rate(port: int, way: Callable[[int], Awaitable[list[Poll]]]) -> Figures:
    """Let every station poll at its interval; our link with its own `run`."""
    cycles = 0
    stopped = False
    loop = asyncio.get_running_loop()

    def heard(acquisition: Acquisition) -> None:
        nonlocal cycles
        assert acquisition.failure is None
        cycles += 1

    async def paced(poll: Poll, phase: float) -> None:
        nonlocal cycles
        due = loop.time() + phase * INTERVAL_S
        clock = SteadyClock()
        while not stopped:  # pymodbus may swallow a cancellation (asyncio.wait_for, Python 3.11)
            await clock.sleep(due - loop.time())
            await poll()
            cycles += 1
            due += INTERVAL_S

    if way is link_polls:
        running = [made_link(port, unit, heard).run() for unit in range(STATIONS)]
    else:
        polls = await way(port)
        running = [paced(poll, unit / STATIONS) for unit, poll in enumerate(polls)]
    tasks = [asyncio.create_task(one) for one in running]
    await SteadyClock().sleep(1.0)
    cycles, begin, cpu = 0, time.perf_counter(), time.process_time()
    await SteadyClock().sleep(AT_RATE_S)
    result = figures(cycles, begin, cpu)
    stopped = True
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return result


def figures(cycles: int, begin: float, cpu: float) -> Figures:
    seconds = time.perf_counter() - begin
    return Figures(cycles * REQUESTS_PER_CYCLE / seconds, (time.process_time() - cpu) / seconds)


def middle(rounds: list[Figures]) -> Figures:
    """Return the round whose requests per core are the median."""
    return sorted(rounds, key=lambda figures: figures.requests_per_core_s)[len(rounds) // 2]


@pytest.mark.parametrize("loop_name", ["asyncio", "uvloop"])
@pytest.mark.filterwarnings("ignore::ResourceWarning")  # the floor's streams are simply dropped
def test_requests_and_registers_per_second_against_a_bare_loop(
    benchmark: Any, port: int, loop_name: str
) -> None:
    run: Callable[[Any], Figures] = asyncio.run if loop_name == "asyncio" else uvloop.run
    rounds: dict[str, list[Figures]] = {name: [] for name in WAYS}
    table: dict[str, tuple[Figures, Figures]] = {}

    def measure() -> None:
        for _ in range(SATURATED_ROUNDS):
            for name, way in WAYS.items():
                rounds[name].append(run(saturated(port, way)))
        for name, way in WAYS.items():
            table[name] = (middle(rounds[name]), run(at_rate(port, way)))

    benchmark.pedantic(measure, rounds=1, iterations=1)
    floor = table["plain pymodbus"][0].requests_per_core_s
    print(  # noqa: T201  because the table is what the run is for
        f"\n{loop_name}: {'':15s} {'req/s':>8s} {'req/s/core':>11s} {'registers/s/core':>17s}"
        f" {'to pymodbus':>12s} | at 100 ms: {'req/s':>6s} {'core':>6s}"
    )
    for name, (most, paced) in table.items():
        registers = most.requests_per_core_s * REGISTERS / REQUESTS_PER_CYCLE
        benchmark.extra_info[name] = {
            "requests_per_s": round(most.requests_per_s),
            "requests_per_core_s": round(most.requests_per_core_s),
            "registers_per_core_s": round(registers),
            "to_plain_pymodbus": round(most.requests_per_core_s / floor, 2),
            "core_share_at_100_ms": round(paced.core_share, 3),
            "requests_per_s_at_100_ms": round(paced.requests_per_s),
        }
        print(  # noqa: T201  because of the same
            f"{loop_name}: {name:15s} {most.requests_per_s:8.0f} {most.requests_per_core_s:11.0f}"
            f" {registers:17.0f} {most.requests_per_core_s / floor:12.2f} |"
            f"            {paced.requests_per_s:6.0f} {paced.core_share:6.1%}"
        )

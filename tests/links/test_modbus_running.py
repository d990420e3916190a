"""The Modbus link as it runs: its raster, its pauses, its ends (B4, B5, B11)."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from redrabbit.base.clock import SteadyClock
from redrabbit.domain.observation import Acquisition, Reason
from redrabbit.links.modbus import ModbusStationLink
from tests.links.modbus_bench import (
    DEADLINE_S,
    SIGNALS,
    TIMEOUT_S,
    Bench,
    benched,
    station_at,
    told,
    turn,
)
from tests.links.recording_station import Asked, RecordingStation


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with benched() as made:
        yield made


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


async def test_polls_keep_their_raster_from_the_staggered_phase_on(bench: Bench) -> None:
    bench.link = ModbusStationLink(
        station_at(bench.station.port),
        bench.heard.append,
        bench.clock,
        Random(1),
        phase=0.618,
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
    """A database that is away holds up no poll: the station's queue has what was read."""
    never: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def hear(acquisition: Acquisition) -> asyncio.Future[None]:
        bench.heard.append(acquisition)
        return never

    link = ModbusStationLink(station_at(bench.station.port), hear, bench.clock, Random(1))
    await running(link, lambda: len(bench.heard) >= 3, bench.heard)
    assert not never.done()


async def test_a_clock_stepped_back_stops_no_polls_and_leaves_none_in_the_future(
    bench: Bench,
) -> None:
    """C2: the poll in flight ended at its begin, an hour ahead."""

    def step(_asked: Asked, proper: bytes) -> bytes:
        bench.clock.jump(-3600)
        return proper

    bench.station.faults.append(step)
    start = bench.clock.now()
    await running(bench.link, lambda: len(bench.heard) >= 3, bench.heard)
    assert all(one.window.ended_at < start for one in bench.heard)
    assert all(
        one.window.ended_at - one.window.began_at < timedelta(seconds=1) for one in bench.heard
    )
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

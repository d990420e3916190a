"""A fault plan brought about over sockets: each fault is felt while it lasts, and no longer."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiomqtt
import pytest
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException

from redrabbit.base.clock import SteadyClock
from simulators.faults import POLLED, PUBLISHED, Fault, FaultKind, FaultPlan
from simulators.plant import SimulatedPlant, read_plant, simulate
from simulators.sabotage import carry_out
from simulators.virtual_clock import VirtualClock

START = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
POLLED_STATION, PUBLISHING_STATION = "line2-op10", "line2-op50"
LIMIT_S = 10.0


def a_plan(kind: FaultKind, station: str | None) -> FaultPlan:
    at = START + timedelta(seconds=10)
    return FaultPlan((Fault(kind=kind, at=at, until=at + timedelta(seconds=5), station=station),))


async def until_second(clock: VirtualClock, second: float) -> None:
    """Let time pass for the plan, which wakes at each instant on the way."""
    end_at = START + timedelta(seconds=second)
    while (wake_at := clock.next_wake_at()) is not None and wake_at <= end_at:
        clock.advance_to(wake_at)
        for _ in range(3):
            await asyncio.wait([asyncio.ensure_future(clock.sleep(0))])
    clock.advance_to(end_at)


async def counter(plant: SimulatedPlant) -> int:
    """Read the part counter of the polled station once; raises when that fails."""
    port = plant.ports["line2-op10-plc"]
    client = AsyncModbusTcpClient("127.0.0.1", port=port, retries=0, timeout=0.3)
    await client.connect()
    try:
        reply = await client.read_holding_registers(0, count=1, device_id=1)
    finally:
        client.close()
    return reply.registers[0]


async def bits_are_refused(plant: SimulatedPlant) -> bool:
    """Return whether the polled station answers for a coil with an exception."""
    client = AsyncModbusTcpClient(
        "127.0.0.1", port=plant.ports["line2-op10-plc"], retries=0, timeout=0.3
    )
    await client.connect()
    try:
        return (await client.read_coils(3, count=1, device_id=1)).isError()
    finally:
        client.close()


async def test_a_machine_that_restarts_begins_to_count_at_zero_and_stays_connected() -> None:
    clock = VirtualClock(START)
    plant = simulate(read_plant(Path("station_configs")), SteadyClock(), seed=1)
    async with plant.serving(host="127.0.0.1"):
        assert await counter(plant) > 0
        plan = a_plan(FaultKind.MACHINE_RESTART, POLLED_STATION)
        task = asyncio.create_task(carry_out(plan, plant, clock))
        await until_second(clock, 12)
        assert await counter(plant) == 0
        await until_second(clock, 16)
        await task


@pytest.mark.parametrize("kind", POLLED, ids=lambda kind: kind.value)
async def test_a_polled_station_suffers_while_its_fault_lasts(kind: FaultKind) -> None:
    clock = VirtualClock(START)
    plant = simulate(read_plant(Path("station_configs")), SteadyClock(), seed=1)
    async with plant.serving(host="127.0.0.1"):
        task = asyncio.create_task(carry_out(a_plan(kind, POLLED_STATION), plant, clock))
        await asyncio.wait([asyncio.ensure_future(clock.sleep(0))])
        before = await counter(plant)
        await until_second(clock, 12)
        plant.world.put_in(POLLED_STATION, "GM-0004")
        plant.world.take_out(POLLED_STATION)
        if kind is FaultKind.SLOW_REPLY:
            assert await counter(plant) >= before
        elif kind is FaultKind.DEAD_BLOCK:
            assert await counter(plant) >= before
            assert await bits_are_refused(plant)
        elif kind is FaultKind.STALE_REGISTERS:
            plant.world.advance(plant.world.now + timedelta(hours=1))
            assert await counter(plant) == before
        else:
            with pytest.raises(ModbusException):
                await counter(plant)
        await until_second(clock, 16)
        plant.world.advance(plant.world.now + timedelta(hours=1))
        assert await counter(plant) > before
        await task


@pytest.mark.parametrize("kind", PUBLISHED, ids=lambda kind: kind.value)
async def test_a_publishing_station_suffers_while_its_fault_lasts(kind: FaultKind) -> None:
    clock = VirtualClock(START)
    plant = simulate(read_plant(Path("station_configs")), SteadyClock(), seed=1)
    async with plant.serving(host="127.0.0.1"):
        voice = plant.publishing[PUBLISHING_STATION].voice
        shown = plant.world.snapshot(PUBLISHING_STATION)
        good = [(each.topic, each.payload) for each in voice.say(shown, START)]
        task = asyncio.create_task(carry_out(a_plan(kind, PUBLISHING_STATION), plant, clock))
        await asyncio.wait([asyncio.ensure_future(clock.sleep(0))])
        await until_second(clock, 12)
        if kind is FaultKind.BROKER_RESTART:
            with pytest.raises(aiomqtt.MqttError):
                await aiomqtt.Client(
                    "127.0.0.1", plant.ports["plant-broker"], timeout=0.5
                ).__aenter__()
        elif kind is FaultKind.LINK_CUT:
            assert plant.publishing[PUBLISHING_STATION].is_mute
        else:
            said = voice.say(shown, START)
            assert [(each.topic, each.payload) for each in said] != good or said[0].retain
        await until_second(clock, 16)
        voice.say(shown, START)  # what was held back comes with the next
        assert [(each.topic, each.payload) for each in voice.say(shown, START)] == good
        assert not plant.publishing[PUBLISHING_STATION].is_mute
        async with asyncio.timeout(LIMIT_S):
            async with aiomqtt.Client("127.0.0.1", plant.ports["plant-broker"]):
                pass
            await task


async def test_messages_of_a_station_come_late_while_a_gateway_holds_them_back() -> None:
    clock = VirtualClock(START)
    plant = simulate(read_plant(Path("station_configs")), SteadyClock(), seed=1)
    station = plant.publishing[PUBLISHING_STATION]
    sent: list[str] = []
    station._publish = lambda topic, *_args, **_more: sent.append(topic)
    task = asyncio.create_task(
        carry_out(a_plan(FaultKind.LATE_MESSAGE, PUBLISHING_STATION), plant, clock)
    )
    await asyncio.wait([asyncio.ensure_future(clock.sleep(0))])
    await until_second(clock, 12)
    assert station.late_s > 0
    station.late_s = 0.02
    station._send()
    assert not sent
    await SteadyClock().sleep(0.1)
    late = len(sent)
    await until_second(clock, 16)
    station._send()
    assert len(sent) == 2 * late > 0
    await task


async def test_a_plan_that_is_given_up_leaves_nothing_broken() -> None:
    clock = VirtualClock(START)
    plant = simulate(read_plant(Path("station_configs")), SteadyClock(), seed=1)
    plan = a_plan(FaultKind.LINK_CUT, POLLED_STATION)
    task = asyncio.create_task(carry_out(plan, plant, clock))
    await asyncio.wait([asyncio.ensure_future(clock.sleep(0))])
    await until_second(clock, 12)
    assert plant.modbus["line2-op10-plc"].is_cut
    task.cancel()
    await asyncio.wait([task])
    assert not plant.modbus["line2-op10-plc"].is_cut


async def test_what_happens_to_the_product_is_not_done_here() -> None:
    clock = VirtualClock(START)
    plant = simulate(read_plant(Path("station_configs")), SteadyClock(), seed=1)
    task = asyncio.create_task(carry_out(a_plan(FaultKind.CLOCK_STEP, None), plant, clock))
    await asyncio.wait([asyncio.ensure_future(clock.sleep(0))])
    await until_second(clock, 20)
    await task
    assert plant.world.truth == []

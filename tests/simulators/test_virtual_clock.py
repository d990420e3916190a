import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from redrabbit.base.clock import Clock
from simulators.virtual_clock import VirtualClock

START = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


async def a_turn() -> None:
    await VirtualClock(START).sleep(0)


async def test_sleepers_wake_in_the_order_of_their_instants() -> None:
    clock, woken = VirtualClock(START), []

    async def sleeper(name: str, delay_s: float) -> None:
        await clock.sleep(delay_s)
        woken.append((name, clock.now()))

    tasks = [asyncio.create_task(sleeper(name, s)) for name, s in [("b", 2), ("a", 1), ("c", 9)]]
    await a_turn()
    while (wake_at := clock.next_wake_at()) is not None:
        clock.advance_to(wake_at)
        await asyncio.gather(*tasks[: len(woken)])
        await a_turn()
    assert woken == [
        ("a", START + seconds(1)),
        ("b", START + seconds(2)),
        ("c", START + seconds(9)),
    ]


async def test_a_sleeper_that_gave_up_is_forgotten() -> None:
    clock = VirtualClock(START)
    task = asyncio.create_task(clock.sleep(5))
    await a_turn()
    task.cancel()
    await asyncio.wait([task])
    assert clock.next_wake_at() is None


async def test_a_step_of_the_wall_clock_is_drift_until_it_is_adopted() -> None:
    clock: VirtualClock = VirtualClock(START)
    clock.step_wall(seconds(-420))
    assert clock.now() == START
    assert clock.drift() == seconds(-420)
    assert clock.reanchor() == seconds(-420)
    assert (clock.now(), clock.drift()) == (START - seconds(420), seconds(0))
    assert clock.steady == START


async def test_sleeping_until_an_instant_survives_a_step_back() -> None:
    clock = VirtualClock(START)
    task = asyncio.create_task(clock.sleep_until(START + seconds(10)))
    await a_turn()
    clock.step_wall(seconds(-5))
    clock.reanchor()
    clock.advance_to(START + seconds(10))
    await a_turn()
    await a_turn()
    assert not task.done()
    clock.advance_to(START + seconds(15))
    await task
    assert clock.now() == START + seconds(10)


def test_time_never_runs_back() -> None:
    clock: Clock = VirtualClock(START)
    assert isinstance(clock, VirtualClock)
    with pytest.raises(ValueError, match="back"):
        clock.advance_to(START - seconds(1))

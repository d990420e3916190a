"""The agent's own tasks on a clock that is set, and beside a database that goes away."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

import pytest

from redrabbit.domain.records import AlarmRecord
from redrabbit.services import scheduling
from redrabbit.services.agent import Agent
from redrabbit.services.errors import StoreTrouble, Superseded
from redrabbit.services.ports import Reader, UnitOfWork, equals
from simulators.virtual_clock import VirtualClock
from tests.plants import BEGIN, a_memory_database, a_plant

T = TypeVar("T")


async def turns(count: int = 40) -> None:
    """Let everything that can run do so."""
    for _ in range(count):
        turn = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(turn.set_result, None)
        await turn


class Running:
    """An agent that runs over the memory store, moved by hand."""

    def __init__(self) -> None:
        self.plant = a_plant()
        self.clock = VirtualClock(BEGIN)
        self.database = a_memory_database(self.plant, self.clock)
        self.away = False
        self.agent = Agent(self.plant, {"plant.yaml": "plant: x\n"}, self, self.clock, "test")

    async def write(self, command: Callable[[UnitOfWork], T]) -> T:
        if self.away:
            raise StoreTrouble("connection refused")
        return self.database.write_now(command)

    async def read(self, query: Callable[[Reader], T]) -> T:
        return self.database.read_now(query)

    async def pass_time(self, seconds: float) -> None:
        """Let time pass in steps that no task of the agent sleeps through."""
        await turns()
        until = self.clock.steady + timedelta(seconds=seconds)
        while (wake := self.clock.next_wake_at()) is not None and wake <= until:
            self.clock.advance_to(wake)
            await turns()
        self.clock.advance_to(until)
        await turns()


async def test_a_step_of_the_clock_is_told_even_if_the_database_was_away() -> None:
    """R46."""
    running = Running()
    await running.agent.open()
    task = asyncio.ensure_future(running.agent.run())
    await running.pass_time(2)
    running.away = True
    running.clock.step_wall(timedelta(minutes=5))
    await running.pass_time(5)
    running.away = False
    await running.pass_time(5)
    task.cancel()
    alarms = running.database.read_now(
        lambda reader: reader.find(AlarmRecord, equals("kind", "clock_step"))
    )
    assert len(alarms) == 1
    assert running.agent.supervisor.restarts == {}


async def test_an_agent_that_was_superseded_writes_nothing_and_says_so() -> None:
    """B22: cut off from the database, it was replaced meanwhile."""
    first = Running()
    await first.agent.open()
    second = Agent(first.plant, {"plant.yaml": "plant: x\n"}, first, first.clock, "test")
    await second.open()
    size = first.database.read_now(lambda reader: reader.head()).size
    with pytest.raises(Superseded):
        await first.agent.database.write(lambda uow: scheduling.step(uow, first.plant))
    await first.agent.close()
    assert first.agent.superseded.is_set()
    assert not second.superseded.is_set()
    assert first.database.read_now(lambda reader: reader.head()).size == size

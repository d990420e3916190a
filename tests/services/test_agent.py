"""The agent's own tasks on a clock that is set, and beside a database that goes away."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import pytest

from redrabbit.domain.facts.part_count import CountedWhy
from redrabbit.domain.identity import Actor, SignalName
from redrabbit.domain.observation import Acquisition, Observation, Window
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import AlarmRecord, PartCountRecord
from redrabbit.services import agent as agent_module
from redrabbit.services import planning, scheduling
from redrabbit.services.agent import Agent
from redrabbit.services.errors import OtherPlant, StoreTrouble, Superseded
from redrabbit.services.ports import Reader, UnitOfWork, equals
from redrabbit.services.recording_watch import STOPPED_AFTER_S
from simulators.virtual_clock import VirtualClock
from tests.plants import BEGIN, IDLE_SIGNALS, LINE, OP20, OP30, a_memory_database, a_plant

T = TypeVar("T")


async def turns(count: int = 40) -> None:
    """Let everything that can run do so."""
    for _ in range(count):
        turn = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(turn.set_result, None)
        await turn


class Running:
    """An agent that runs over the memory store, moved by hand."""

    def __init__(self, plant: Plant | None = None) -> None:
        self.plant = plant or a_plant()
        self.clock = VirtualClock(BEGIN)
        self.database = a_memory_database(self.plant, self.clock)
        self.away = False
        self.is_silent = False
        self.agent = Agent(self.plant, {"plant.yaml": "plant: x\n"}, self, self.clock, "test")

    async def write(self, command: Callable[[UnitOfWork], T]) -> T:
        if self.away:
            raise StoreTrouble("connection refused")
        if self.is_silent:
            await asyncio.Event().wait()
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


async def test_an_agent_ends_though_nobody_knows_what_became_of_its_last_commit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What would end that wait, closing the database, comes after it."""
    monkeypatch.setattr(agent_module, "CLOSE_WITHIN_S", 0.05)
    running = Running()
    await running.agent.open()
    running.is_silent = True
    closing = asyncio.ensure_future(running.agent.close())
    await asyncio.wait({closing}, timeout=10)
    assert closing.done()
    await closing


async def test_it_is_told_that_nothing_is_recorded_though_nothing_was_since_the_beginning() -> None:
    running = Running()
    await running.agent.open()
    running.agent.recording_watch.recorded()  # as whoever starts the service says at once
    assert running.agent.recording_watch.stopped() is None
    await running.pass_time(STOPPED_AFTER_S + 1)
    stopped = running.agent.recording_watch.stopped()
    assert stopped is not None
    assert stopped.since == BEGIN


async def read_all(running: Running, count: int) -> None:
    """Let every station be read, its counter at this."""
    now = running.clock.now()
    for name, queue in running.agent.queues.items():
        taken = running.agent.sink(
            Acquisition(
                station=name,
                window=Window(began_at=now, ended_at=now),
                signals=frozenset(spec.name for spec in queue.owner.station.signals),
                changes=tuple(
                    Observation(signal=SignalName(signal), value=value)
                    for signal, value in (IDLE_SIGNALS | {"part_count": count}).items()
                ),
            )
        )
        if taken is not None:
            await taken


def told(running: Running) -> list[tuple[str, CountedWhy, int]]:
    rows = running.database.read_now(lambda reader: reader.find(PartCountRecord))
    return [(row.station, row.why, row.made) for row in sorted(rows, key=lambda row: row.entry)]


async def test_counts_are_told_when_a_pause_begins_and_ends_and_when_the_life_ends() -> None:
    """D34: what a later life goes on from."""
    running = Running()
    await running.agent.open()
    task = asyncio.ensure_future(running.agent.run())
    await read_all(running, 1000)
    await running.pass_time(1.5)
    begun = (OP20, CountedWhy.UNPROVED, 1000)
    assert told(running) == [begun], "its check is new, and nothing proves its device yet"
    now = running.clock.now()
    running.database.write_now(
        lambda uow: planning.declare_pause(
            uow,
            running.plant,
            line=LINE,
            begins_at=now,
            ends_at=now + timedelta(minutes=5),
            reason="no material",
            actor=Actor.stated("li"),
        )
    )
    await read_all(running, 1007)
    running.away = True
    await running.pass_time(1.1)
    running.away = False
    await read_all(running, 1007)
    await running.pass_time(1.1)
    paused = [begun, (OP20, CountedWhy.PAUSE, 1007), (OP30, CountedWhy.PAUSE, 1007)]
    assert told(running) == paused, "tried again after the database was away"
    await running.pass_time(1.5)
    assert told(running) == paused, "once"
    await read_all(running, 1009)
    task.cancel()
    await running.agent.close()
    ended = CountedWhy.SERVICE_ENDED
    assert told(running) == [*paused, (OP20, ended, 1009), (OP30, ended, 1009)]
    assert running.agent.supervisor.restarts == {}


async def test_a_configuration_of_another_plant_is_refused_and_nothing_changes() -> None:
    """T7: all checks of the one plant would be retired, for ever."""
    running = Running()
    await running.agent.open()
    other = replace(running.plant, name="Other Plant")
    size = running.database.read_now(lambda reader: reader.head()).size

    def agent(*, may_be_renamed: bool) -> Agent:
        return Agent(
            other,
            {"plant.yaml": "plant: x\n"},
            running,
            running.clock,
            "test",
            previous_plant=lambda _: running.plant,
            may_be_renamed=may_be_renamed,
        )

    with pytest.raises(OtherPlant, match="--plant-renamed") as refused:
        await agent(may_be_renamed=False).open()
    assert "'Other Plant'" in str(refused.value)
    assert running.database.read_now(lambda reader: reader.head()).size == size
    await agent(may_be_renamed=True).open()
    assert running.database.read_now(lambda reader: reader.head()).size > size

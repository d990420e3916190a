"""Whole runs at sixteen stations at once, against peers that misbehave.

Links, agent, queues, judging, door and memory store are the product's own, put together as `serve` does;
what is simulated is outside: machines, network and people. Time is virtual, bytes are real.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from redrabbit.bootstrap import make_links
from redrabbit.domain import acts
from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import Actor, CheckId, RunId, StationId
from redrabbit.domain.records import PresentationRecord, RunRecord
from redrabbit.domain.run_words import RunState
from redrabbit.links.broker_login import read_logins
from redrabbit.services.agent import Agent
from redrabbit.services.plant_service import LocalPlantService
from redrabbit.services.ports import Reader, UnitOfWork
from redrabbit.store.memory import MemoryDatabase
from tests.adversary.machine import WITHIN_S, Machine, Story
from tests.adversary.modbus_peer import ModbusPeer, Treatment
from tests.adversary.mqtt_peer import HostileBroker, Network, Publisher, Publishing
from tests.adversary.plant import SLOTS, Slot, files, plant_at, port_of, rabbit, topic_of
from tests.adversary.virtual_loop import LoopClock, VirtualLoop
from tests.plants import a_memory_database

T = TypeVar("T")

LOOKS_EVERY_S = 0.1
TRIES, TRIES_AGAIN_AFTER_S = 40, 0.25
WAITS_FOR_THE_PART_S, WAITS_FOR_A_VERDICT_S = 2.0, WITHIN_S + 5.0
LEAVES_IT_IN_FOR_S = 0.8


@dataclass(frozen=True, kw_only=True)
class Adversity:
    """What goes on at one station, and how its peer behaves from the scan on."""

    story: Story = field(default_factory=Story)
    misbehaves_after_s: float = 0.0
    """From the scan on."""
    treatments: tuple[Treatment, ...] = ()
    network: Network = field(default_factory=Network)
    clock_offset_s: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Example:
    """Sixteen stations at once."""

    stations: tuple[Adversity, ...]
    """In the order of `SLOTS`."""
    pieces: tuple[int, ...] = ()
    """Of how many bytes the broker's writes are."""
    broker_cut_at_s: float | None = None
    store_takes_s: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Told:
    """What the records say of one run, beside what really happened."""

    slot: Slot
    machine: Machine
    run: RunRecord | None
    shown: PresentationRecord | None

    @property
    def verdict(self) -> str | None:
        """The verdict, with its reason where it is inconclusive."""
        if self.shown is None or self.shown.verdict is None:
            return None
        return " ".join(filter(None, (self.shown.verdict, self.shown.verdict_reason)))


def tell(example: Example) -> list[Told]:
    """Tell one example and return what came of it."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(_tell(example))


class _Store:
    """The memory store as the agent asks for it; each write may take a while."""

    def __init__(self, database: MemoryDatabase, takes_s: float) -> None:
        self._database, self._takes_s = database, takes_s

    async def write(self, command: Callable[[UnitOfWork], T]) -> T:
        if self._takes_s:
            await asyncio.sleep(self._takes_s)  # noqa: TID251  because the loop's time is virtual
        return self._database.write_now(command)

    async def read(self, query: Callable[[Reader], T]) -> T:
        return self._database.read_now(query)


async def _tell(example: Example) -> list[Told]:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    clock, broker = LoopClock(loop), HostileBroker(example.pieces)
    await broker.start()
    plant = plant_at(broker.port)
    database = a_memory_database(plant, clock)
    agent = Agent(plant, files(), _Store(database, example.store_takes_s), clock, "test")
    await agent.open()
    works: list[Callable[[], Awaitable[None]]] = [agent.run]
    works += [
        link.run
        for link in make_links(plant, agent.sink, clock, read_logins(plant.stations, Path(), {}))
    ]
    stations = [
        _Station(slot, adversity, loop, broker)
        for slot, adversity in zip(SLOTS, example.stations, strict=True)
    ]
    tasks = [asyncio.ensure_future(work()) for work in works]
    if example.broker_cut_at_s is not None:
        loop.call_later(example.broker_cut_at_s, broker.cut)
    service = LocalPlantService(agent)
    person = await service.stated("Li Wei")
    await asyncio.gather(*(_Operator(each, agent, service, person).work() for each in stations))
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await agent.close()
    await broker.close()
    return [each.told(database) for each in stations]


class _Station:
    """A machine and its peer."""

    def __init__(
        self, slot: Slot, adversity: Adversity, loop: VirtualLoop, broker: HostileBroker
    ) -> None:
        self.slot = slot
        self.machine = Machine(adversity.story, rabbit(slot))
        self._misbehaves_after_s = adversity.misbehaves_after_s
        self._loop = loop
        if slot.publishes:
            topics = tuple((topic_of(slot, n), names) for n, names in enumerate(slot.topics))
            publishing = Publishing(
                topics=topics, modulus=slot.modulus, clock_offset_s=adversity.clock_offset_s
            )
            self._publisher = Publisher(self.machine, publishing, adversity.network, broker)
        else:
            self._peer = ModbusPeer(self.machine, adversity.treatments)
            loop.wires[port_of(slot)] = self._peer.connect

    def scanned(self) -> None:
        """The operator has the part in hand."""
        self.machine.scanned()
        self._loop.call_later(self._misbehaves_after_s, self._misbehave)

    def _misbehave(self) -> None:
        if self.slot.publishes:
            self._publisher.misbehaves_since = self._loop.time()
        else:
            self._peer.misbehaves = True

    def told(self, database: MemoryDatabase) -> Told:
        """Return what came of its run."""
        runs = database.read_now(lambda reader: reader.find(RunRecord))
        shown = database.read_now(lambda reader: reader.find(PresentationRecord))
        return Told(
            slot=self.slot,
            machine=self.machine,
            run=next((each for each in runs if each.station == self.slot.name), None),
            shown=next((p for p in shown if p.station == self.slot.name and p.decides), None),
        )


class _Operator:
    """Makes one whole run at one station, and never looks twice."""

    def __init__(
        self, station: _Station, agent: Agent, service: LocalPlantService, person: Actor
    ) -> None:
        self._station, self._service, self._person = station, service, person
        self._queue = agent.queues[StationId(station.slot.name)]

    async def work(self) -> None:
        machine, story = self._station.machine, self._station.machine.story
        await _pass(story.starts_after_s)
        run_id = await self._started()
        if run_id is None:
            return
        part = machine.part
        if not await self._do(acts.ScanPart(run_id=run_id, code=part)):
            return
        self._station.scanned()
        await _pass(story.part_after_s)
        if self._station.slot.is_tapped:
            await _pass(story.taps_after_s)
            machine.tapped()
            await self._do(acts.SayPresented(run_id=run_id))
        if not await self._is_judged():
            await self._do(acts.AbortRun(run_id=run_id, reason="nothing happens"))
        await _pass(LEAVES_IT_IN_FOR_S)
        machine.taken_out()
        await _pass(LOOKS_EVERY_S)
        await self._do(acts.GiveBackPart(run_id=run_id, code=part))
        for _ in range(round(WAITS_FOR_A_VERDICT_S / LOOKS_EVERY_S)):
            if await self._do(acts.ConfirmRun(run_id=run_id)):
                return
            await _pass(LOOKS_EVERY_S)  # the verdict is still open (decision 0024)

    async def _started(self) -> RunId | None:
        check = CheckId(f"check-{self._station.slot.name}")
        start = acts.StartRun(check_id=check, occurrence_id=None, containment_id=None)
        for _ in range(TRIES):
            if await self._do(start) and self._queue.owner.run is not None:
                return self._queue.owner.run.id
            await _pass(TRIES_AGAIN_AFTER_S)
        return None

    async def _is_judged(self) -> bool:
        for look in range(round(WAITS_FOR_A_VERDICT_S / LOOKS_EVERY_S)):
            run = self._queue.owner.run
            if run is None or run.state not in {RunState.ARMED, RunState.PRESENTED}:
                return True
            if run.state is RunState.ARMED and look * LOOKS_EVERY_S > WAITS_FOR_THE_PART_S:
                return False
            await _pass(LOOKS_EVERY_S)
        return False

    async def _do(self, act: acts.Act[RunRecord]) -> bool:
        try:
            await self._service.do(act, self._person)
        except Refusal:
            return False
        return True


async def _pass(seconds: float) -> None:
    await asyncio.sleep(seconds)  # noqa: TID251  because the loop's time is virtual


def calm() -> Sequence[Adversity]:
    """Return sixteen stations at which nothing goes wrong."""
    return tuple(Adversity() for _ in SLOTS)

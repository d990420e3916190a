"""The product's service over the memory store, its stations read by hand, for tests of the door."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from redrabbit.domain import acts
from redrabbit.domain.identity import Actor, RunId, SignalName, StationId
from redrabbit.domain.observation import Acquisition, Observation, Value, Window
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import RunRecord
from redrabbit.services.agent import Agent
from redrabbit.services.plant_service import LocalPlantService
from redrabbit.services.ports import Reader, UnitOfWork
from simulators.virtual_clock import VirtualClock
from tests.plants import BEGIN, IDLE_SIGNALS, OP20, TORQUE_CHECK, a_memory_database, a_plant

T = TypeVar("T")

ANNA = Actor.stated("2207")
LI = Actor.stated("Li")
START = acts.StartRun(check_id=TORQUE_CHECK, occurrence_id=None, containment_id=None)


class Served:
    """A service over the memory store; itself the database that the service is given."""

    def __init__(self, plant: Plant | None = None) -> None:
        self.plant = plant or a_plant()
        self.clock = VirtualClock(BEGIN)
        self.database = a_memory_database(self.plant, self.clock)
        self.answers: asyncio.Event | None = None
        """Where it is given, the database does what it is told, and says so only then."""
        self.agent, self.service = self._life()

    def _life(self) -> tuple[Agent, LocalPlantService]:
        agent = Agent(self.plant, {"plant.yaml": "plant: x\n"}, self, self.clock, "test")
        return agent, LocalPlantService(agent)

    @classmethod
    async def opened(cls, plant: Plant | None = None) -> "Served":
        """Return a service whose stations have been read."""
        served = cls(plant)
        await served.open()
        return served

    async def open(self) -> None:
        await self.agent.open()
        for station in self.agent.queues:
            await self.read_station(station, **IDLE_SIGNALS)

    async def restart(self) -> None:
        """Begin another life; what only memory held is gone."""
        self.agent, self.service = self._life()
        await self.open()

    async def write(self, command: Callable[[UnitOfWork], T]) -> T:
        result = self.database.write_now(command)
        if self.answers is not None:
            await self.answers.wait()
        return result

    async def read(self, query: Callable[[Reader], T]) -> T:
        return self.database.read_now(query)

    async def read_station(self, station: StationId = OP20, /, **values: Value) -> None:
        """Let a station be read once: these values changed."""
        now = self.clock.now()
        queue = self.agent.queues[station]
        taken = self.agent.sink(
            Acquisition(
                station=station,
                window=Window(began_at=now, ended_at=now),
                signals=frozenset(spec.name for spec in queue.owner.station.signals),
                changes=tuple(
                    Observation(signal=SignalName(name), value=value)
                    for name, value in values.items()
                ),
            )
        )
        if taken is not None:
            await taken

    def pass_time(self, seconds: float) -> None:
        self.clock.advance_to(self.clock.steady + timedelta(seconds=seconds))

    async def start(self, key: str | None = None) -> RunRecord:
        return await self.service.do(START, ANNA, key)

    async def see_free(self) -> None:
        """Read OP20 twice within a second; nothing changes."""
        for _ in range(2):
            self.pass_time(0.5)
            await self.read_station()

    async def put_in(self, **answer: Value) -> None:
        """Put the part in at OP20, let the device answer, and take the part out again."""
        await self.see_free()
        await self.read_station(part_present=True)
        self.pass_time(0.9)
        await self.read_station(**answer)
        self.pass_time(0.9)
        gone: dict[str, Value] = {"rejected": False, "accepted": False, "reject_code": 0}
        await self.read_station(part_present=False, **gone)

    async def awaiting_return(self) -> RunId:
        """Have a run whose first part is to be given back."""
        run = RunId((await self.start()).run_id)
        await self.service.do(acts.ScanPart(run_id=run, code="RR-0001"), ANNA)
        await self.put_in(rejected=True, reject_code=11)
        return run

    def types(self) -> list[str]:
        """Return the types of all entries so far."""
        return [entry.type for entry in self.database.read_now(lambda r: r.entries())]

    def run(self, run_id: str) -> RunRecord:
        """Return a run as recorded."""
        found = self.database.read_now(lambda reader: reader.get(RunRecord, run_id))
        assert found is not None
        return found

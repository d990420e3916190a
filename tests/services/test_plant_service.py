"""People's acts through the service: what is refused is named, and a refused scan is kept."""

from collections.abc import Callable
from typing import TypeVar

import pytest

from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import Actor, RunId
from redrabbit.domain.observation import Acquisition, Observation, Window
from redrabbit.domain.records import RunRecord
from redrabbit.services.agent import Agent
from redrabbit.services.plant_service import LocalPlantService
from redrabbit.services.ports import Reader, UnitOfWork
from simulators.virtual_clock import VirtualClock
from tests.plants import BEGIN, IDLE_SIGNALS, OP20, TORQUE_CHECK, a_memory_database, a_plant

T = TypeVar("T")

ANNA = Actor.stated("2207")


class Served:
    """A service over the memory store."""

    def __init__(self) -> None:
        self.plant = a_plant()
        self.clock = VirtualClock(BEGIN)
        self.database = a_memory_database(self.plant, self.clock)
        self.agent = Agent(self.plant, {"plant.yaml": "plant: x\n"}, self, self.clock, "test")
        self.service = LocalPlantService(self.agent)

    async def write(self, command: Callable[[UnitOfWork], T]) -> T:
        return self.database.write_now(command)

    async def read(self, query: Callable[[Reader], T]) -> T:
        return self.database.read_now(query)

    async def read_station(self) -> None:
        now = self.clock.now()
        signals = self.agent.desks[OP20].watch.station.signals
        self.agent.sink(
            Acquisition(
                station=OP20,
                window=Window(began_at=now, ended_at=now),
                signals=frozenset(spec.name for spec in signals),
                changes=tuple(
                    Observation(signal=spec.name, value=IDLE_SIGNALS[spec.name]) for spec in signals
                ),
            )
        )
        await self.agent.desks[OP20].close()

    async def start(self) -> RunRecord:
        return await self.service.start_run(
            check_id=TORQUE_CHECK, occurrence_id=None, containment_id=None, actor=ANNA
        )

    def last_entry(self) -> tuple[str, object, object]:
        last = self.database.read_now(lambda reader: reader.entries())[-1]
        return last.type, last.payload.get("code"), last.payload.get("refusal")


async def test_a_wrong_part_given_back_is_refused_and_kept() -> None:
    """B25."""
    served = Served()
    await served.agent.open()
    await served.read_station()
    run = await served.start()
    await served.service.scan(RunId(run.run_id), code="RR-0001", actor=ANNA)
    await served.service.abort(RunId(run.run_id), reason="gloves", actor=ANNA)
    with pytest.raises(Refusal) as refused:
        await served.service.given_back(RunId(run.run_id), code=" RR-0002 ", actor=ANNA)
    assert refused.value.code == "wrong_part_back"
    assert served.last_entry() == ("scan_refused", "RR-0002", "wrong_part_back")


async def test_a_scan_for_a_closed_run_says_that_it_is_closed() -> None:
    served = Served()
    await served.agent.open()
    await served.read_station()
    run = await served.start()
    await served.service.abort(RunId(run.run_id), reason="gloves", actor=ANNA)
    with pytest.raises(Refusal) as refused:
        await served.service.scan(RunId(run.run_id), code="RR-0001", actor=ANNA)
    assert refused.value.code == "run_closed"

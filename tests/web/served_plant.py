"""The real service over the memory store, served in the process: a plant in the middle of a shift.

One check has missed, so a case is open; a run is under way at the other station; a line is paused.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from fastapi import FastAPI

from redrabbit.domain.folding import payload_of
from redrabbit.domain.identity import Actor, CheckId, LineId, PartId, RunId, StationId
from redrabbit.domain.ledger import Event
from redrabbit.domain.observation import Acquisition, Observation, Value, Window
from redrabbit.domain.plant import Plant
from redrabbit.services.agent import Agent
from redrabbit.services.plant_service import LocalPlantService
from redrabbit.services.ports import Database, Reader, UnitOfWork
from redrabbit.web.access import AccessRules
from redrabbit.web.app import create_app
from simulators.virtual_clock import VirtualClock
from tests.plants import (
    BEGIN,
    IDLE_SIGNALS,
    LINE,
    OP20,
    OP30,
    TORQUE_CHECK,
    a_check,
    a_memory_database,
    a_plant,
)

T = TypeVar("T")

RULES = AccessRules(form_secret=b"k" * 32)
ANNA = Actor.stated("2207")
OTHER_CHECK = CheckId("op30-torque")
ZONE = ZoneInfo("Asia/Shanghai")
"""East of Greenwich: the last hours of the year 9999 can't be said there."""


Opening = Callable[[Plant, VirtualClock], Database]
"""Opens the database of a plant."""


class ServedPlant:
    """A small plant with its agent and its web application."""

    def __init__(self, opened: Opening | None = None) -> None:
        other = a_check(OTHER_CHECK, OP30, parts=(PartId("RR-0002"), PartId("GM-0002")))
        calendar = a_plant().calendars[LINE]
        self.plant = a_plant(
            a_check(), other, zone=ZONE, calendars={LINE: replace(calendar, zone=ZONE)}
        )
        self.clock = VirtualClock(BEGIN)
        memory = a_memory_database(self.plant, self.clock)
        self._database = opened(self.plant, self.clock) if opened is not None else memory
        self.agent = Agent(self.plant, {"plant.yaml": "plant: x\n"}, self, self.clock, "test")
        self.service = LocalPlantService(self.agent)
        self.app: FastAPI = create_app(self.service, clock=self.clock, access=RULES)

    async def write(self, command: Callable[[UnitOfWork], T]) -> T:
        """Run a command, as the database port does."""
        return await self._database.write(lambda uow: command(_strict(uow)))

    async def read(self, query: Callable[[Reader], T]) -> T:
        """Run a query, as the database port does."""
        return await self._database.read(lambda reader: query(_strict(reader)))

    async def open(self) -> None:
        """Begin the life of the agent, and bring the plant into the middle of a shift."""
        await self.agent.open()
        for station in (OP20, OP30):
            await self.say(station, **IDLE_SIGNALS)
        await self._miss()
        run = await self.service.start_run(
            check_id=OTHER_CHECK, occurrence_id=None, containment_id=None, actor=ANNA
        )
        await self.service.scan(RunId(run.run_id), code="RR-0002", actor=ANNA)
        await self.service.declare_pause(
            line=LineId(LINE),
            begins_at=BEGIN + timedelta(days=2),
            ends_at=BEGIN + timedelta(days=3),
            reason="inventory",
            actor=ANNA,
        )

        await self.append(
            "pause_declared",
            pause_id=2,
            line=LINE,
            begins_at=BEGIN + timedelta(days=9000),
            ends_at=datetime(9999, 12, 31, 23, tzinfo=UTC),
            reason="an old database holds this",
        )

    async def _miss(self) -> None:
        """Let the device accept a part that it had to reject: a case opens."""
        run = await self.service.start_run(
            check_id=TORQUE_CHECK, occurrence_id=None, containment_id=None, actor=ANNA
        )
        await self.service.scan(RunId(run.run_id), code="RR-0001", actor=ANNA)
        for changed in ({"part_present": True}, {"accepted": True}, {"part_present": False}):
            self.pass_time(0.5)
            await self.say(OP20, **changed)
        await self.service.given_back(RunId(run.run_id), code="RR-0001", actor=ANNA)

    def pass_time(self, seconds: float) -> None:
        """Let time pass; nothing else happens."""
        self.clock.advance_to(self.clock.steady + timedelta(seconds=seconds))

    async def say(self, station: StationId, /, **values: Value) -> None:
        """Let a station be read once: these values changed."""
        now = self.clock.now()
        desk = self.agent.desks[station]
        self.agent.sink(
            Acquisition(
                station=station,
                window=Window(began_at=now, ended_at=now),
                signals=frozenset(spec.name for spec in desk.watch.station.signals),
                changes=tuple(
                    Observation(signal=spec.name, value=values[spec.name])
                    for spec in desk.watch.station.signals
                    if spec.name in values
                ),
            )
        )
        await desk.close()

    async def append(self, event_type: str, /, **payload: Any) -> None:
        """Put something into the records that no command would write today."""
        event = Event(
            type=event_type,
            stream=LINE,
            occurred_at=self.clock.now(),
            actor=ANNA,
            payload=payload_of(**payload),
        )
        await self._database.write(lambda uow: uow.append(event))


class Strict:
    """A reader or unit of work that takes only what PostgreSQL takes (K6.2)."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not callable(found):
            return found

        def strict(*args: Any, **named: Any) -> Any:
            assert_storable((args, named))
            return found(*args, **named)

        return strict


def _strict(inner: Any) -> Any:
    return Strict(inner)


def assert_storable(value: object) -> None:
    """Fail for what no column holds, however deep it is."""
    match value:
        case str():
            assert "\0" not in value, "PostgreSQL keeps no NUL"
            value.encode("utf-8")
        case int():
            assert -(2**63) <= value < 2**63, "no column holds more than 64 bits"
        case datetime():
            assert value.astimezone(UTC) == value, "no column holds what UTC can't say"
        case Mapping():
            assert_storable((*value.keys(), *value.values()))
        case tuple() | list() | set() | frozenset():
            for one in value:
                assert_storable(one)
        case _ if is_dataclass(value) and not isinstance(value, type):
            assert_storable([getattr(value, field.name) for field in fields(value)])

"""A short story of a few stations over real sockets and SQLite, for the same checkers.

Links, agent and database are the product's own, in real time; the world is served by the
simulators' faces. Each operator makes one run; while one part is put in, one thing goes wrong. A
machine that stands still for a moment is kept as a fault, too: it hides what a station says.
"""

import asyncio
import random
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import TypeVar

from redrabbit.base.clock import Clock
from redrabbit.bootstrap import make_links
from redrabbit.domain import acts
from redrabbit.domain.control_plan import Check
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.catalogue import fold
from redrabbit.domain.identity import CheckId, RunId, StationId
from redrabbit.domain.ledger import Entry
from redrabbit.domain.observation import Acquisition
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import RunRecord
from redrabbit.domain.schedule import EveryInterval, OnDemand
from redrabbit.links.broker_login import read_logins
from redrabbit.services import scheduling
from redrabbit.services.agent import Agent
from redrabbit.services.plant_service import LocalPlantService
from redrabbit.services.ports import Reader
from redrabbit.store.database import SqlDatabase
from redrabbit.store.opening import open_database
from redrabbit.store.unit_of_work import Recording
from simulators.faults import POLLED, PUBLISHED, Fault, FaultKind
from simulators.line import World
from simulators.line_operator import (
    BY_HAND,
    TO_WAIT,
    Act,
    Action,
    DueCheck,
    HumanFault,
    LineOperator,
    Prompt,
    do_by_hand,
)
from simulators.plant import PlantModel, SimulatedPlant, read_plant, simulate
from simulators.sabotage import begin
from tests.simulation.busy_plant import FOLDER, configured
from tests.simulation.people import drawn_behaviour, shown
from tests.simulation.product import Commit, Standstill
from tests.simulation.true_answers import TrueAnswers

T = TypeVar("T")

CYCLE_S = 2.0
PACE = 0.15
BY_HAND_S = 0.5
"""Long enough for a station to be read between two acts."""
WAITS = timedelta(seconds=8)
"""Who waits so long for an answer gives up: longer than any verdict takes."""
STATIONS = 3
SICK_SHARE, HUMAN_FAULT_SHARE = 0.3, 0.25
FAULTY = (
    HumanFault.SCANS_WRONG_PART,
    HumanFault.PUTS_IN_WRONG_PART,
    HumanFault.LEAVES_IT_IN_THE_DRAWER,
    HumanFault.SCANS_TWICE,
)
"""What goes wrong with people within seconds."""
_ONE_MIGRATION = threading.Lock()
"""Alembic keeps its context in module globals: a process makes one database at a time."""
STOOD_STILL_S, LOOK_S, LONGEST_S = 0.12, 0.05, 90.0
"""A pause that is told as a fault: two of them between two polls would make silence worthless (D30)."""


class RealPlant:
    """One plant in real time; what the checkers look at."""

    def __init__(self, seed: int, folder: Path, clock: Clock) -> None:
        self.chance = random.Random(seed)
        self.clock = clock
        model, self._plant = _few_stations(self.chance)
        self.simulated: SimulatedPlant = simulate(model, clock, seed=seed)
        self.url = f"sqlite:///{folder / f'{seed}.sqlite3'}"
        self.public_key = folder / f"{seed}.sqlite3.pub"
        self.all_faults: list[Fault] = []
        self.stops: list[datetime] = []
        self.aborted_runs: set[RunId] = set()
        self._database: SqlDatabase | None = None
        self._size = 0
        self._sabotaged = False
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def plant(self) -> Plant:
        return self._plant

    @property
    def plants(self) -> Sequence[Plant]:
        return [self._plant]

    @property
    def standstills(self) -> Sequence[Standstill] | None:
        return None

    @property
    def heard(self) -> Mapping[str, Sequence[Acquisition]]:
        return {}

    @property
    def true_answers(self) -> TrueAnswers | None:
        return None

    @property
    def world(self) -> World:
        return self.simulated.world

    def ask(self, query: Callable[[Reader], T]) -> T:
        """Read the records."""
        assert self._database is not None
        return self._database.read_now(query)

    def commits(self) -> Iterator[Commit]:
        """Yield what was recorded since the last call."""
        entries = self.ask(lambda reader: list(reader.entries(self._size)))
        self._size += len(entries)
        for at, together in groupby(entries, key=_recorded_at):
            yield Commit(entries=tuple(together), at=at, offset=timedelta(0))

    async def tell(self, look: Callable[["RealPlant"], None]) -> None:
        """Tell the whole story; `look` is called again and again, and once more at its end."""
        async with self.simulated.serving(host="127.0.0.1"), self._serving() as agent:
            service = LocalPlantService(agent)
            people = [
                asyncio.create_task(
                    self._operate(str(station.id), agent, service), name=str(station.id)
                )
                for station in self._plant.stations
            ]
            until = self.clock.now() + timedelta(seconds=LONGEST_S)
            while not all(task.done() for task in people) and self.clock.now() < until:
                await self.clock.sleep(LOOK_S)
                look(self)
            late = [self._stuck_at(agent, task) for task in people if not task.done()]
            assert not late, f"after {LONGEST_S:g} s somebody still has no run behind him: {late}"
            results = await asyncio.gather(*people, return_exceptions=True)
            for result in results:
                if isinstance(result, Exception):
                    raise result

    def _stuck_at(self, agent: Agent, task: asyncio.Task[None]) -> str:
        """Return in words at what an operator's station stands."""
        station = task.get_name()
        owner = agent.queues[StationId(station)].owner
        model = self.world.model(station)
        run = shown(owner.run, model) if owner.run is not None else "no run"
        return f"{station}: {run}, reading {owner.live.lost(self.clock.now()) or 'good'}"

    async def conclude(self) -> None:
        """Let what came due until now be written, so that nothing is in between."""
        assert self._database is not None
        await self._database.write(lambda uow: scheduling.step(uow, self._plant))

    def close(self) -> None:
        """Close the database."""
        if self._database is not None:
            self._database.close()

    # The product

    @asynccontextmanager
    async def _serving(self) -> AsyncIterator[Agent]:
        self._plant = _at_ports(self._plant, self.simulated.ports)
        recording = Recording(fold=fold, software="real sockets", targets=())
        self._database = await asyncio.to_thread(self._open, recording)
        agent = Agent(self._plant, {"plant.yaml": "x\n"}, self._database, self.clock, "test")
        await agent.open()
        works = [agent.run, self._notice_standstills]
        logins = read_logins(self._plant.stations, Path(), {})
        links = make_links(self._plant, agent.sink, self.clock, logins)
        works += [link.run for link in links]
        tasks = [asyncio.create_task(work()) for work in works]
        try:
            yield agent
        finally:
            for task in (*tasks, *self._tasks):
                task.cancel()
            await asyncio.gather(*tasks, *self._tasks, return_exceptions=True)
            await agent.close()

    def _open(self, recording: Recording) -> SqlDatabase:
        with _ONE_MIGRATION:
            return open_database(
                self.url, plant=self._plant.name, clock=self.clock, recording=recording
            )

    async def _notice_standstills(self) -> None:
        """Keep every moment in which this machine did nothing as a fault."""
        while True:
            before = self.clock.now()
            await self.clock.sleep(LOOK_S)
            now = self.clock.now()
            if (now - before).total_seconds() > STOOD_STILL_S:
                self.all_faults.append(Fault(kind=FaultKind.SLOW_REPLY, at=before, until=now))

    # People and faults

    async def _operate(self, station: str, agent: Agent, service: LocalPlantService) -> None:
        """Make one run, and leave the station as it was."""
        owner = agent.queues[StationId(station)].owner
        check = next(c for c in self._plant.plan.checks if c.station == station)
        operator = LineOperator(
            f"operator-{station}",
            seed=self.chance.randrange(1 << 30),
            wrong_code=self.chance.choice(self._plant.parts).id,
            pace=PACE,
            by_hand_s=BY_HAND_S,
            fault_for=lambda _check: self._human_fault(),
        )
        has_started, waits_since = False, self.clock.now()
        while True:
            due = () if has_started else (DueCheck(check_id=check.id, occurrence_id=None),)
            run = shown(owner.run, self.world.model(station)) if owner.run is not None else None
            prompt = Prompt(run=run) if run is not None else Prompt(due=due)
            readable = owner.live.lost(self.clock.now()) is None
            if has_started and owner.run is None and operator.hands.part_inside is None:
                self.world.release(station)
                return
            action = operator.next_action(prompt) if readable or has_started else None
            if action is not None:
                waits_since = self.clock.now()
            elif prompt.run is not None and self.clock.now() - waits_since > WAITS:
                action = Action(act=Act.ABORT, after_s=0.0, run_id=prompt.run.run_id)
            else:
                await self.clock.sleep(LOOK_S)
                continue
            if action.act is Act.PUT_IN:
                self._sabotage(station, self.clock.now() + timedelta(seconds=action.after_s))
            await self.clock.sleep(action.after_s)
            if action.act in BY_HAND:
                busy_s = self._by_hand(action, station)
                operator.did(action)
                await self.clock.sleep(busy_s)
                continue
            before = prompt.run
            model = self.world.model(station)
            if (shown(owner.run, model) if owner.run is not None else None) != before:
                continue
            try:
                await self._say(service, action, operator.name, station)
            except Refusal as refusal:
                if refusal.code == TO_WAIT:
                    await self.clock.sleep(LOOK_S)
                    continue
                operator.did(action, refused=True)
                operator._refused.clear()
            else:
                operator.did(action)
                has_started = True

    def _human_fault(self) -> HumanFault:
        if self.chance.random() >= HUMAN_FAULT_SHARE:
            return HumanFault.NONE
        return self.chance.choice(FAULTY)

    def _by_hand(self, action: Action, station: str) -> float:
        self.simulated.driver.catch_up()
        return do_by_hand(action, self.world, station)

    async def _say(
        self, service: LocalPlantService, action: Action, operator: str, station: str
    ) -> None:
        if action.act is Act.SCAN:
            self._perhaps_sicken(station)
        if action.act is Act.ABORT:
            self.aborted_runs.add(RunId(action.run_id or ""))
        key = f"{station}-{self.chance.randrange(1 << 60):x}"
        await service.do(act_of(action), await service.stated(operator), key)

    def _perhaps_sicken(self, station: str) -> None:
        self.simulated.driver.catch_up()
        behaves = drawn_behaviour(self.chance, self.world.model(station), SICK_SHARE)
        if behaves != self.world.behaves(station):
            self.world.set_behaviour(station, *behaves)

    def _sabotage(self, station: str, moment: datetime) -> None:
        """Let one thing go wrong in this story, at whatever station presents first or second."""
        if self._sabotaged or self.chance.random() < 0.5:
            return
        self._sabotaged = True
        kinds = PUBLISHED if station in self.simulated.publishing else POLLED
        at = moment + timedelta(seconds=self.chance.random())
        fault = Fault(
            kind=self.chance.choice(kinds),
            at=at,
            until=at + timedelta(seconds=0.5 + 2.5 * self.chance.random()),
            station=station,
        )
        self.all_faults.append(fault)
        if fault.kind is FaultKind.BROKER_RESTART:
            others = [name for name in self.simulated.publishing if name != station]
            self.all_faults += [replace(fault, station=name) for name in others]
        self._tasks.add(asyncio.create_task(self._spoil(fault)))

    async def _spoil(self, fault: Fault) -> None:
        await self.clock.sleep_until(fault.at)
        undo = begin(fault, self.simulated)
        try:
            await self.clock.sleep_until(fault.until)
        finally:
            undo()


def act_of(action: Action) -> acts.Act[RunRecord]:
    """Return what an operator's action asks of the software."""
    run, code = RunId(action.run_id or ""), action.code or ""
    match action.act:
        case Act.START:
            check = CheckId(action.check_id or "")
            return acts.StartRun(check_id=check, occurrence_id=None, containment_id=None)
        case Act.SCAN:
            return acts.ScanPart(run_id=run, code=code)
        case Act.TELL:
            return acts.TellOfPart(run_id=run, of=action.place_told or "", value=str(action.place))
        case Act.TAP:
            return acts.SayPresented(run_id=run)
        case Act.GIVE_BACK:
            return acts.GiveBackPart(run_id=run, code=code)
        case Act.CONFIRM:
            return acts.ConfirmRun(run_id=run)
        case _:
            return acts.AbortRun(run_id=run, reason="why")


def _recorded_at(entry: Entry) -> datetime:
    return entry.recorded_at


def _few_stations(chance: random.Random) -> tuple[PlantModel, Plant]:
    """Return some stations of the configured plant, one of them publishing."""
    plant, _ = configured()
    model = read_plant(FOLDER, cycle_s=CYCLE_S)
    publishing = [face.station for face in model.faces if face.mqtt]
    polled = [face.station for face in model.faces if face.modbus]
    chosen = {chance.choice(publishing), *chance.sample(polled, STATIONS - 1)}
    checks = tuple(c for c in plant.plan.checks if c.station in chosen)
    return (
        replace(
            model,
            stations=tuple(
                replace(each, next_station=None) for each in model.stations if each.id in chosen
            ),
            faces=tuple(face for face in model.faces if face.station in chosen),
        ),
        replace(
            plant,
            stations=tuple(each for each in plant.stations if each.id in chosen),
            plan=replace(
                plant.plan,
                checks=(_often(checks[0]), *(replace(c, schedule=OnDemand()) for c in checks[1:])),
            ),
            targets=(),
        ),
    )


def _often(check: Check) -> Check:
    return replace(
        check,
        schedule=EveryInterval(interval_s=5.0),
        opens_before=timedelta(seconds=2),
        grace=timedelta(seconds=1),
        closes_after=timedelta(seconds=4),
    )


def _at_ports(plant: Plant, ports: dict[str, int]) -> Plant:
    return replace(
        plant,
        stations=tuple(
            replace(each, link=replace(each.link, host="127.0.0.1", port=ports[each.link.endpoint]))
            for each in plant.stations
        ),
    )

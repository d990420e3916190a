"""The real service over the memory store, moved by hand: readings, people's acts and time.

Nothing here decides anything: the agent, its queues and the stations' owners are the product's
own, and so is every record (style 29). Only the links are left out: acquisitions come from the test.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from redrabbit.base.clock import Clock
from redrabbit.domain import acts
from redrabbit.domain.facts.catalogue import fold
from redrabbit.domain.identity import Actor, CheckId, ContainmentId, OccurrenceId, StationId
from redrabbit.domain.ledger import LogState
from redrabbit.domain.observation import Acquisition, Observation, Reason, Value, Window
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import RunRecord
from redrabbit.services import scheduling
from redrabbit.services.agent import Agent
from redrabbit.services.errors import StoreTrouble
from redrabbit.services.plant_service import LocalPlantService
from redrabbit.services.ports import Reader, UnitOfWork
from redrabbit.store.memory import MemoryDatabase
from redrabbit.store.outbox import Outbox
from redrabbit.store.unit_of_work import Recording

T = TypeVar("T")

READ_TAKES_S = 0.02
POLL_S = 0.2
"""Between two readings while something is judged: closer than three polls of any station (D30)."""


class SettableClock(Clock, Protocol):
    """A clock that a test moves."""

    def jump(self, seconds: float) -> None:
        """Let time pass."""
        ...


class ServedPlant:
    """One plant with its agent and service."""

    def __init__(self, plant: Plant, clock: SettableClock, idle: dict[str, Value]) -> None:
        self.clock = clock
        self.unread: set[StationId] = set()
        """Stations whose every poll fails."""
        self.away: StoreTrouble | None = None
        """What the database answers while it is away."""
        self.taken_off = {"part_present", "nok", "ok", "reject_code", "part_code", "torque"}
        """Signals that are idle again once the part is out."""
        self._idle = idle
        self._shown: dict[StationId, dict[str, Value]] = {}
        self._failed: set[StationId] = set()
        self._kept = MemoryDatabase(
            origin="changchun2",
            clock=clock,
            recording=Recording(
                fold=fold,
                software="redrabbit test",
                targets=plant.targets,
            ),
            seal=_unsigned,
        )
        self.agent = Agent(plant, {"plant.yaml": "plant: x\n"}, self, clock, "redrabbit test")
        self.service = LocalPlantService(self.agent)

    # The database, which can go away

    async def write(self, command: Callable[[UnitOfWork], T]) -> T:
        if self.away is not None:
            raise self.away
        return self._kept.write_now(command)

    async def read(self, query: Callable[[Reader], T]) -> T:
        if self.away is not None:
            raise self.away
        return self._kept.read_now(query)

    @contextmanager
    def database_away(self, trouble: StoreTrouble | None = None) -> Iterator[None]:
        """Let the database be away for a while; or answer in another way."""
        self.away = trouble or StoreTrouble("the disk is full")
        yield
        self.away = None

    @property
    def outbox(self) -> Outbox:
        """What the receivers are to be told; nobody delivers it."""
        return self._kept.outbox

    def ask(self, query: Callable[[Reader], T]) -> T:
        """Ask the records, whoever else may be unable to."""
        return self._kept.read_now(query)

    # Time and readings

    @property
    def plant(self) -> Plant:
        return self.agent.plant

    async def open(self) -> None:
        """Begin the agent's life, with every station read once."""
        await self.agent.open()
        for station in self.agent.queues:
            await self.show(station, **self._idle)
        await self.beat()

    async def show(self, station: StationId | str, **values: Value) -> None:
        """Let a station be read: these signals are as given, all others as before."""
        watched = self.agent.queues[StationId(station)].owner.station
        now = self.clock.now()
        before = self._shown.setdefault(watched.id, {})
        known = {spec.name: spec.name for spec in watched.signals}
        changed = {
            signal: value
            for name, value in values.items()
            if (signal := next((s for s in known if s == name), None)) is not None
            and (name not in before or before[name] != value)
        }
        before.update({str(signal): value for signal, value in changed.items()})
        if watched.id in self._failed:  # a link tells everything anew after a failure
            self._failed.discard(watched.id)
            changed = {signal: before[signal] for signal in known.values() if signal in before}
        await self._take(
            Acquisition(
                station=watched.id,
                window=Window(began_at=now - timedelta(seconds=READ_TAKES_S), ended_at=now),
                signals=frozenset(known),
                changes=tuple(
                    Observation(signal=signal, value=value) for signal, value in changed.items()
                ),
            )
        )

    async def fail(self, station: StationId | str) -> None:
        """Let one poll of a station fail."""
        self._failed.add(StationId(station))
        watched = self.agent.queues[StationId(station)].owner.station
        now = self.clock.now()
        await self._take(
            Acquisition(
                station=watched.id,
                window=Window(began_at=now, ended_at=now),
                signals=frozenset(spec.name for spec in watched.signals),
                failure=Reason.TIMEOUT,
            )
        )

    async def beat(self) -> None:
        """Read every station once, and look at every deadline."""
        for station in self.agent.queues:
            if station in self.unread:
                await self.fail(station)
            else:
                await self.show(station)
        self.agent.tick(self.clock.now())
        while any(queue.busy for queue in self.agent.queues.values()):
            await _turn()

    async def pass_time(self, seconds: float) -> None:
        """Let time pass as the agent's tasks would, each deadline and due time in its turn."""
        until = self.clock.now() + timedelta(seconds=seconds)
        while (at := self._next_at()) is not None and at <= until:
            await self._jump_to(at)
            await self.write(lambda uow: scheduling.step(uow, self.plant))
        await self._jump_to(until)

    async def pass_to(self, instant: datetime) -> None:
        """Let time pass to an instant; none passes where it is over."""
        await self.pass_time(max(0.0, (instant - self.clock.now()).total_seconds()))

    async def live(self) -> None:
        """Live on a clock that runs by itself, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.agent.run())
            while True:
                await self.beat()
                await self.clock.sleep(POLL_S)

    # People

    async def start(
        self, check: str, by: str, *, occurrence: str | None = None, case: str | None = None
    ) -> RunRecord:
        """Start a run of a check."""
        act = acts.StartRun(
            check_id=CheckId(check),
            occurrence_id=OccurrenceId(occurrence) if occurrence is not None else None,
            containment_id=ContainmentId(case) if case is not None else None,
        )
        return await self.service.do(act, await self.service.stated(by))

    async def take(self, run: RunRecord, part: str) -> RunRecord:
        """Scan the part, and carry it to the station."""
        self.clock.jump(5)
        await self.show(run.station)
        taken = await self.service.do(acts.ScanPart(run_id=run.run_id, code=part), who(run))
        for _ in range(2):
            self.clock.jump(0.5)
            await self.show(run.station)
        return taken

    async def put_on(self, run: RunRecord, part: str) -> None:
        """Put the part in front of the device; the operator says so where the station can't."""
        station = self.plant.station(StationId(run.station))
        rule = station.device(station.devices[0].id).rule
        if rule.part_code is not None:
            await self.show(run.station, part_present=True, part_code=part)
        else:
            await self.show(run.station, part_present=True)
        if rule.part_code is None and rule.presented is None:
            await self.service.do(acts.SayPresented(run_id=run.run_id), who(run))

    async def answer(self, run: RunRecord, seconds: float, **values: Value) -> None:
        """Let the station answer so long after, read all the time until then."""
        left = seconds
        while left > POLL_S:
            self.clock.jump(POLL_S)
            await self.show(run.station)
            left -= POLL_S
        self.clock.jump(left)
        await self.show(run.station, **values)

    async def take_off(self, run: RunRecord) -> None:
        """Take the part out; the station is as before."""
        self.clock.jump(1)
        idle = {name: value for name, value in self._idle.items() if name in self.taken_off}
        await self.show(run.station, **idle)

    async def give_back(self, run: RunRecord, part: str) -> RunRecord:
        """Scan the part back into its place."""
        self.clock.jump(6)
        await self.show(run.station)
        return await self.service.do(acts.GiveBackPart(run_id=run.run_id, code=part), who(run))

    async def confirm(self, run: RunRecord) -> RunRecord:
        """Confirm the run."""
        self.clock.jump(2)
        return await self.service.do(acts.ConfirmRun(run_id=run.run_id), who(run))

    async def abort(self, run: RunRecord, reason: str) -> RunRecord:
        """Give the run up."""
        return await self.service.do(acts.AbortRun(run_id=run.run_id, reason=reason), who(run))

    async def _take(self, acquisition: Acquisition) -> None:
        done = self.agent.sink(acquisition)
        if done is not None:
            await done

    async def _jump_to(self, instant: datetime) -> None:
        self.clock.jump(max(0.0, (instant - self.clock.now()).total_seconds()))
        await self.beat()

    def _next_at(self) -> datetime | None:
        now = self.clock.now()
        deadlines = [queue.owner.deadline() for queue in self.agent.queues.values()]
        instants = [deadline.at for deadline in deadlines if deadline is not None]
        step_at = self.ask(lambda reader: scheduling.next_step_at(reader, self.plant, now))
        return min([*instants, *([step_at] if step_at is not None else [])], default=None)


def who(run: RunRecord) -> Actor:
    """Return the person who started the run."""
    return Actor.stated(run.started_by)


async def _turn() -> None:
    turn = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(turn.set_result, None)
    await turn


def _unsigned(log: LogState) -> str:
    return f"changchun2\n{log.size}\n{log.root.hex()}\n"

"""What the tests of the queue share: queues over a database that answers as it is told."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from redrabbit.domain.identity import Actor, SignalName, StationId
from redrabbit.domain.ledger import Entry, Event
from redrabbit.domain.observation import Acquisition, Observation, Value, Window
from redrabbit.domain.records import AlarmRecord, PresentationRecord, RunRecord
from redrabbit.services.errors import NotRecordable, StoreTrouble
from redrabbit.services.ports import Database, UnitOfWork, equals
from redrabbit.services.station_queue import StationQueue
from tests.plants import OP20, OP30, TORQUE_CHECK, Bench, a_check, a_part, a_plant

T = TypeVar("T")

ANNA = Actor.stated("2207")
OTHER_CHECK = "other-check"
CHECKS = {OP20: TORQUE_CHECK, OP30: OTHER_CHECK}
PARTS = {OP20: ("RR-0001", "GM-0001"), OP30: ("RR-0002", "GM-0002")}

Answer = Callable[[Event], Exception | None]
"""What the database says to one entry; None: it takes it."""


def takes_all(_event: Event) -> None:
    """Take every entry."""


def away(_event: Event) -> StoreTrouble:
    """Take nothing now."""
    return StoreTrouble("database is locked")


def never(_event: Event) -> NotRecordable:
    """Take nothing, ever."""
    return NotRecordable("Python int too large to convert to SQLite INTEGER")


def never_takes(*types: str) -> Answer:
    """Take no entry of these types, ever."""
    return lambda event: never(event) if event.type in types else None


def never_takes_readings(event: Event) -> NotRecordable | None:
    """Take no verdict that rests on what was read."""
    payload: Any = event.payload
    is_poisoned = event.type == "verdict_reached" and bool(payload["evidence"]["trace"])
    return never(event) if is_poisoned else None


class _Answering:
    """A unit of work whose entries are taken as the database is told."""

    def __init__(self, work: UnitOfWork, answer: Answer) -> None:
        self._work = work
        self._answer = answer

    def append(self, event: Event) -> Entry:
        error = self._answer(event)
        if error is not None:
            raise error
        return self._work.append(event)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._work, name)


@dataclass
class ToldDatabase:
    """One station's way to the database."""

    bench: Bench
    answer: Answer = takes_all
    gate: asyncio.Event | None = None
    """Where it is given, writes wait for it: a lock that somebody else holds."""
    tries: int = 0

    async def write(self, command: Callable[[UnitOfWork], T]) -> T:
        self.tries += 1
        if self.gate is not None:
            await self.gate.wait()
        answer = self.answer
        return self.bench.write(lambda work: command(cast("UnitOfWork", _Answering(work, answer))))


@dataclass
class QueueBench:
    """Two stations, each behind its queue and its own way to one database."""

    bench: Bench = field(
        default_factory=lambda: Bench(
            a_plant(
                a_check(parts=PARTS[OP20]),
                a_check(OTHER_CHECK, OP30, parts=PARTS[OP30]),
                parts=(
                    *(a_part(part) for part in ("RR-0001", "RR-0002", "RR-0003")),
                    *(a_part(part, None) for part in ("GM-0001", "GM-0002")),
                ),
            )
        )
    )
    changes: int = 0

    def __post_init__(self) -> None:
        def changed() -> None:
            self.changes += 1

        self.databases = {name: ToldDatabase(self.bench) for name in CHECKS}
        self.queues = {
            name: StationQueue(
                self.bench.owners[name],
                cast("Database", self.databases[name]),
                self.bench.clock,
                changed,
            )
            for name in CHECKS
        }

    @property
    def queue(self) -> StationQueue:
        return self.queues[OP20]

    @property
    def database(self) -> ToldDatabase:
        return self.databases[OP20]

    async def pass_time(self, seconds: float) -> None:
        """Let time pass in steps of a retry, and let everything look at it."""
        for _ in range(max(1, round(seconds / 0.5))):
            self.bench.pass_time(min(seconds, 0.5))
            for queue in self.queues.values():
                queue.tick(self.bench.clock.now())
            await turns()

    def reads(self, station: StationId = OP20, /, **values: Value) -> None:
        """Let the station be read: these values changed."""
        now = self.bench.clock.now()
        signals = self.bench.owners[station].station.signals
        self.queues[station].take(
            Acquisition(
                station=station,
                window=Window(began_at=now, ended_at=now),
                signals=frozenset(spec.name for spec in signals),
                changes=tuple(
                    Observation(signal=SignalName(name), value=value)
                    for name, value in values.items()
                ),
            )
        )

    async def start(self, station: StationId = OP20, *, scanning: bool = True) -> RunRecord:
        """Start a run and take its first part."""
        queue = self.queues[station]
        run = await queue.act(
            lambda: queue.owner.start(
                check_id=CHECKS[station],
                occurrence_id=None,
                containment_id=None,
                actor=ANNA,
                now=self.bench.clock.now(),
            )
        )
        return await self.scan(PARTS[station][0], station) if scanning else run

    async def scan(self, code: str, station: StationId = OP20) -> RunRecord:
        queue = self.queues[station]
        run = await queue.act(
            lambda: queue.owner.scan(code, actor=ANNA, now=self.bench.clock.now())
        )
        await self.see_free(station)
        return run

    async def see_free(self, station: StationId = OP20) -> None:
        """Let the station be read twice within a second: the part's place is free."""
        for _ in range(2):
            self.bench.pass_time(0.5)
            self.reads(station)
            await turns()

    async def abort(self, station: StationId = OP20) -> RunRecord:
        queue = self.queues[station]
        return await queue.act(
            lambda: queue.owner.abort("why", actor=ANNA, now=self.bench.clock.now())
        )

    async def show(self, station: StationId = OP20, /, **answer: Value) -> None:
        """Put the part in front of the device, and let it answer."""
        self.reads(station, part_present=True)
        await turns()
        self.bench.pass_time(0.3)
        self.reads(station, **answer)
        await turns()

    async def give_back(self, code: str, station: StationId = OP20) -> RunRecord:
        queue = self.queues[station]
        return await queue.act(
            lambda: queue.owner.give_back(code, actor=ANNA, now=self.bench.clock.now())
        )

    def runs(self, station: StationId = OP20) -> list[RunRecord]:
        return self.bench.database.read_now(
            lambda reader: reader.find(RunRecord, equals("station", station))
        )

    def run(self, station: StationId = OP20) -> RunRecord:
        (run,) = self.runs(station)
        return run

    def verdict(self, station: StationId = OP20) -> str | None:
        """Return the verdict of the station's only run."""
        return self.verdict_of(self.run(station))

    def verdict_of(self, run: RunRecord) -> str | None:
        """Return the verdict of the run's first presentation as it is recorded."""
        shown = self.bench.database.read_now(
            lambda reader: reader.find(PresentationRecord, equals("run_id", run.run_id))
        )
        if not shown or shown[0].verdict is None:
            return None
        why = shown[0].verdict_reason
        return shown[0].verdict.value + (f" {why.value}" if why is not None else "")

    def alarms(self) -> list[str]:
        found = self.bench.database.read_now(lambda reader: reader.find(AlarmRecord))
        return [alarm.kind.value for alarm in found]


async def turns(count: int = 20) -> None:
    """Let everything that can run do so."""
    for _ in range(count):
        turn = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(turn.set_result, None)
        await turn

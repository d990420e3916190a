"""The product in a simulated shift: the services over the memory store, moved by direct calls.

It does by hand what the agent's tasks do: readings, deadlines, obligations when they are due, a
wall clock that was set, and a new life after each kill. Every commit is kept with the world's time
at which it was made, so that the checkers can lay the records beside the truth.
"""

import asyncio
import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TypeVar, cast

from redrabbit.base.signing import Signer, new_signer
from redrabbit.domain.checkpoint import sign_checkpoint
from redrabbit.domain.erasable import SALT_BYTES, StatedName
from redrabbit.domain.facts.catalogue import fold
from redrabbit.domain.identity import Actor, LineId, StationId
from redrabbit.domain.ledger import Entry, LogState
from redrabbit.domain.observation import Acquisition
from redrabbit.domain.part_count import PartCount
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import PulseRecord
from redrabbit.services import scheduling
from redrabbit.services.clock_steps import ClockWatch
from redrabbit.services.errors import StoreTrouble
from redrabbit.services.fenced_database import FencedDatabase
from redrabbit.services.loop_watch import LoopWatch
from redrabbit.services.pending import Pending
from redrabbit.services.ports import Database, UnitOfWork
from redrabbit.services.pulse_learning import PulseNews, keep
from redrabbit.services.station_owner import StationOwner
from redrabbit.services.station_queue import Move
from redrabbit.services.taking_up import open_life, take_over
from redrabbit.services.telling_counts import counts_to_tell, paused_lines, tell_all
from redrabbit.store.memory import MemoryDatabase, MemoryUnitOfWork
from redrabbit.store.unit_of_work import Recording
from simulators.faults import FaultKind
from simulators.line import World
from simulators.station import Made
from simulators.virtual_clock import VirtualClock
from tests.simulation.agenda import Agenda
from tests.simulation.store_way import (
    NotingOwner,
    StationWay,
    StoreFaults,
    event_loop,
    in_loop,
    run_at_once,
    turn,
)

T = TypeVar("T")

OBLIGATIONS = ("occurrence_", "run_", "pause_", "check_", "clock_", "agent_")
"""Entries after which it must be asked anew when obligations are due."""
LOOKS_AFTER = timedelta(seconds=1)
"""While something waits for the database."""
HEART_BEATS_S = 2.0
ADOPTS_AFTER = timedelta(seconds=1)
"""The agent looks at the wall clock once a second."""


@lru_cache(maxsize=1)
def signer() -> Signer:
    """Return the key that signs all simulated ledgers of this process."""
    return new_signer("simulated")


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One transaction that recorded something."""

    entries: tuple[Entry, ...]
    at: datetime
    """In the world."""
    offset: timedelta
    """How far the product's clock was ahead of the world's."""
    heard: Mapping[str, int] = field(default_factory=dict)
    """How often each station had been read until then."""
    made: Mapping[str, Made] = field(default_factory=dict)
    """How many parts each station had really made; empty where nobody counted along."""

    def in_world(self, instant: datetime) -> datetime:
        """Return the world's time of an instant that the product told."""
        return instant - self.offset


@dataclass(frozen=True, slots=True, kw_only=True)
class Standstill:
    """A time in which the product's process stood still; instants of the world."""

    begins_at: datetime
    ends_at: datetime


class Product:
    """One plant's service, through all its lives."""

    def __init__(
        self,
        plant: Plant,
        world: World,
        clock: VirtualClock,
        agenda: Agenda,
        faults: StoreFaults,
        *,
        seed: int = 0,
    ) -> None:
        self.plant = plant
        self.clock = clock
        self._faults = faults
        self.owners: dict[str, StationOwner] = {}
        """The owner of each station, as it is when all that could be recorded was."""
        self._ways: dict[str, StationWay] = {}
        self._asked: set[asyncio.Task[object]] = set()
        """What people asked for and were not answered yet."""
        self._waits = False
        """Something waits for the database."""
        agenda.on_wake = self._wake
        self.commits: list[Commit] = []
        self.stops: list[datetime] = []
        """When it was killed."""
        self.standstills: list[Standstill] = []
        """When it stood still."""
        self._stands_still = False
        self._fenced: FencedDatabase | None = None
        """What writes in its life; None before."""
        self._held: list[Callable[[], None]] = []
        """What would have happened had it not stood still."""
        self._orders = random.Random(f"{seed}: what goes on first")
        self.heard: dict[str, list[Acquisition]] = {}
        """What was read of each station."""
        self.up = False
        self.on_commit: Callable[[Commit], None] = lambda _commit: None
        self.on_obligations: Callable[[], None] = lambda: None
        self._world = world
        self._agenda = agenda
        self._size = 0
        self._salts = random.Random(f"{seed}: salts")
        self._stated: dict[str, Actor] = {}
        self._step_at: datetime | None = None
        self._dirty = False
        self._paused: frozenset[LineId] = frozenset()
        self.database = MemoryDatabase(
            origin=signer().name,
            clock=clock,
            recording=Recording(
                fold=fold,
                software="simulated",
                targets=plant.targets,
                salt=self._salt,
            ),
            seal=_seal,
        )

    # Lives

    def start(self) -> None:
        """Begin a life."""
        files = {"plant.yaml": "simulated\n"}
        self.up = True
        before = self.plant if self.stops else None
        self._fenced, self._clock_watch = None, ClockWatch(self.clock)
        opened = self.write(
            lambda uow: open_life(uow, self.plant, files, "simulated", before=before)
        )
        self._agent_id = opened.agent_id
        self._watch_anew()
        self._ways = {owner.station.id: self._way(owner) for owner in opened.owners}
        self.owners = {name: way.noting.owner for name, way in self._ways.items()}
        self.reschedule()

    def _way(self, owner: StationOwner) -> StationWay:
        noting = self._noting(owner)
        return StationWay(noting, self._write, self._faults, self.clock, self.reschedule)

    def _noting(self, owner: StationOwner) -> NotingOwner:
        name = owner.station.id
        heard = self.heard.setdefault(name, [])
        return NotingOwner(owner, heard, lambda: self._world.made(name))

    @property
    def is_held_up(self) -> bool:
        """True while something waits for the database."""
        busy = any(way.queue.busy for way in self._ways.values())
        return busy or self._stands_still or not self._takes_commands

    def is_waiting(self, station: str) -> bool:
        """Return whether something of a station waits for the database."""
        return self._ways[station].queue.busy

    def take_over(self, plant: Plant) -> None:
        """Take over another configuration, as the agent does while every queue stands still."""
        files = {"plant.yaml": f"simulated {plant.digest}\n"}
        owners = {StationId(name): owner for name, owner in self.owners.items()}
        taken = self.write(
            lambda uow: take_over(uow, plant, files, "simulated", before=self.plant, owners=owners)
        )
        assert taken.adopted
        assert not taken.relink
        self.plant = plant
        for owner in self.owners.values():
            owner.go_on_under(plant)
        for name, rebuilt in taken.rebuilt.items():
            self._ways[name].change_owner(self._noting(rebuilt))
            self.owners[name] = rebuilt
        self._dirty = True
        self.reschedule()

    def kill(self) -> None:
        """End it without a word: what only memory held is gone, and its heart beat a moment ago."""
        ago = timedelta(seconds=HEART_BEATS_S * self._orders.random())
        run_at_once(self.database.heartbeat("agent", self.clock.now() - ago))
        self.up = False
        for way in self._ways.values():
            way.drop()
        for task in self._asked:
            task.cancel()
        turn()
        self._ways, self.owners = {}, {}
        self.stops.append(self._world.now)

    # Standing still

    @property
    def stands_still(self) -> bool:
        """True while its process was stopped, or its machine sleeps."""
        return self._stands_still

    def freeze(self, until: datetime) -> None:
        """Stand still: the world goes on, and nothing of what it waits for happens."""
        self._watch.turned()
        self._stands_still = True
        self.standstills.append(Standstill(begins_at=self._world.now, ends_at=until))

    def thaw(self, *reads: Callable[[], None]) -> None:
        """Go on: with what was held, the loop's own turn and the readings, in whatever order."""
        self._stands_still = False
        held, self._held = self._held, []
        goes_on = [*held, turn, self._turn_loop, *reads]
        self._orders.shuffle(goes_on)
        for happen in goes_on:
            happen()
        assert not self._watch.holes()
        self._watch_anew()

    def is_held(self, happen: Callable[[], None]) -> bool:
        """Return whether it stands still; then it happens as soon as it goes on."""
        if self._stands_still:
            self._held.append(happen)
        return self._stands_still

    def _turn_loop(self) -> None:
        """Look at every deadline, and record that nobody watched, as the agent's own loop does."""
        self._watch.turned()
        for station in self._ways:
            self.tick(station)
        if self._watch.holes():
            self.write(lambda _uow: None)

    def _watch_anew(self) -> None:
        """Watch the loop, which turns all the time: so its turns are told only where it stands still."""
        self._watch = LoopWatch(self.clock)
        database = cast("Database", self.database)
        self._fenced = FencedDatabase(
            database, self._agent_id, _nobody_else, self._watch, self._clock_watch
        )

    def _wake(self) -> None:
        if not self._stands_still:
            turn()

    def counts(self) -> dict[StationId, PartCount]:
        """Return what each station has counted that tells it now."""
        now = self.clock.now()
        told = {
            StationId(name): owner.production.counting.at(now)
            for name, owner in self.owners.items()
        }
        return {station: count for station, count in told.items() if count is not None}

    # People

    def stated(self, name: str) -> Actor:
        """Return the person who states this name, as the service does; salts are the seed's."""
        if name not in self._stated:
            fresh = StatedName(name=name, salt=self._salt())
            actor_id = self.database.write_now(lambda uow: uow.keep_name(fresh))
            self._stated[name] = Actor.stated(actor_id)
        return self._stated[name]

    def _salt(self) -> bytes:
        return self._salts.randbytes(SALT_BYTES)

    # Commits

    @property
    def _takes_commands(self) -> bool:
        fault = self._faults.of_the_store(self._world.now)
        return fault is None or fault.kind is FaultKind.RECORD_REFUSED

    def write(self, command: Callable[[MemoryUnitOfWork], T]) -> T:
        """Run a command that concerns no single station; raises StoreTrouble while there is some."""
        if not self._takes_commands:
            raise StoreTrouble("database is locked")
        return self._write(command)

    def _write(
        self, command: Callable[[MemoryUnitOfWork], T], made: Mapping[str, Made] | None = None
    ) -> T:
        """Run a command, and keep its commit if it recorded anything."""
        assert not self._stands_still
        if self._fenced is None:  # before its life
            result = self.database.write_now(command)
        else:
            fenced = self._fenced.write(cast("Callable[[UnitOfWork], T]", command))
            result = run_at_once(fenced)
        entries = tuple(self.database.read_now(lambda reader: reader.entries(self._size)))
        self._size += len(entries)
        if entries:
            commit = Commit(
                entries=entries,
                at=self._world.now,
                offset=self.clock.now() - self.clock.steady,
                heard={station: len(told) for station, told in self.heard.items()},
                made={name: self._world.made(name) for name in self._world.stations}
                | dict(made or {}),
            )
            self.commits.append(commit)
            self._dirty |= any(entry.type.startswith(OBLIGATIONS) for entry in entries)
            self.on_commit(commit)
        return result

    def take(self, station: str, acquisition: Acquisition) -> None:
        """Take in what was read of a station."""
        way = self._ways[station]
        is_behind = way.queue.busy
        way.noting.waiting.append(self._world.made(station) if is_behind else None)
        in_loop(lambda: way.queue.take(acquisition))
        self._go_on(way, is_behind=is_behind)
        self._tell_counts()
        self._tell_pulses(self.owners[station])

    def tick(self, station: str) -> None:
        """Let a station look at the clock."""
        way = self._ways[station]
        is_behind = way.queue.busy
        in_loop(lambda: way.queue.tick(self.clock.now()))
        self._go_on(way, is_behind=is_behind)

    def act(self, station: str, move: Move, answered: Callable[[Exception | None], None]) -> None:
        """Carry out what a person asks for; whoever asks is told once it is done, or is not."""
        if self.is_held(lambda: self.act(station, move, answered)):
            return
        way = self._ways[station]

        def moved() -> Pending | None:
            way.noting.made = self._world.made(station)
            return move()

        asked = event_loop().create_task(way.queue.act(moved))
        turn()
        self._looks_again_soon()
        if asked.done():
            answered(_error(asked))
            return
        self._asked.add(asked)
        asked.add_done_callback(self._asked.discard)
        asked.add_done_callback(
            lambda task: self._agenda.at(self._world.now, lambda: answered(_error(task)))
        )

    def _go_on(self, way: StationWay, *, is_behind: bool) -> None:
        """Let what waits at a station go on, as far as it can; behind something else it can't."""
        if way.queue.busy and (self._asked or not is_behind):
            turn()
            self._looks_again_soon()

    def _looks_again_soon(self) -> None:
        """Look at the clock again as the service does, while somebody waits for the database."""
        if not self._waits and any(way.queue.busy for way in self._ways.values()):
            self._waits = True
            self._agenda.at(self._world.now + LOOKS_AFTER, self._look_again)

    def _look_again(self) -> None:
        if self.is_held(self._look_again):
            return
        self._waits = False
        self._looks_again_soon()
        for station in self._ways:
            self.tick(station)

    def _tell_pulses(self, owner: StationOwner) -> None:
        """Tell what was learnt of how long answers last, as the agent does every second."""
        for news in owner.pulses.news():
            with suppress(StoreTrouble):  # it is still news
                owner.pulses.recorded(news, self._kept(news))

    def _kept(self, news: PulseNews) -> PulseRecord | None:
        return self.write(lambda uow: keep(uow, self.plant, news))

    def _tell_counts(self) -> None:
        """Tell counts that matter, as the agent does every second."""
        now, counts = self.clock.now(), self.counts()
        busy = {StationId(name) for name, owner in self.owners.items() if owner.run is not None}
        news = self.database.read_now(
            lambda reader: counts_to_tell(
                reader, self.plant, counts, busy, paused_before=self._paused, now=now
            )
        )
        self._paused = self.database.read_now(lambda reader: paused_lines(reader, now))
        if news:
            with suppress(StoreTrouble):  # what it would have told is still true
                self.write(lambda uow: tell_all(uow, news))

    # Obligations

    def reschedule(self) -> None:
        """Plan the next look at the obligations, where something changed about them."""
        if not self.up or not self._dirty:
            return
        self._dirty = False
        now = self.clock.now()
        at = self.database.read_now(lambda r: scheduling.next_step_at(r, self.plant, now))
        self._step_at = at
        if at is not None:
            steady = self.in_world(at)
            self._agenda.at(steady, lambda: self._keep_obligations(at))

    def _keep_obligations(self, planned: datetime) -> None:
        if not self.up or planned != self._step_at:
            return
        if self.is_held(lambda: self._keep_obligations(planned)):
            return
        if not self._takes_commands:
            again_at = self._world.now + LOOKS_AFTER
            self._agenda.at(again_at, lambda: self._keep_obligations(planned))
            return
        self._step_at = None
        self._dirty = True
        self.write(lambda uow: scheduling.step(uow, self.plant))
        self.reschedule()
        self.on_obligations()

    # Time

    def in_world(self, instant: datetime) -> datetime:
        """Return the world's time of an instant on the product's clock, as it goes now."""
        return instant - (self.clock.now() - self.clock.steady)

    def adopt_clock(self) -> None:
        """Adopt the machine's wall clock at the first quiet moment, as the agent does (R46)."""
        if not self.up or self.is_held(self.adopt_clock):
            return
        if not all(way.queue.is_quiet for way in self._ways.values()):
            self._agenda.at(self._world.now + ADOPTS_AFTER, self.adopt_clock)
            return
        step = self._clock_watch.adopt()
        for way in self._ways.values():
            way.queue.shift(step)
        self._note_steps()

    def _note_steps(self) -> None:
        """Record a step of the clock, unless something else that was recorded did so."""
        if self.is_held(self._note_steps):
            return
        if not self._takes_commands:
            self._agenda.at(self._world.now + LOOKS_AFTER, self._note_steps)
            return
        if self.up:
            self.write(self._clock_watch.look)
            self.reschedule()


def _nobody_else() -> None:
    raise AssertionError("another agent has begun")


def _error(asked: asyncio.Task[object]) -> Exception | None:
    """Return why what was asked for was not done; None: it was."""
    if asked.cancelled():
        return StoreTrouble("the product was killed")
    error = asked.exception()
    assert error is None or isinstance(error, Exception)
    return error


def _seal(log: LogState) -> str:
    return sign_checkpoint(log, signer())

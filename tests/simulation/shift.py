"""One simulated shift: the product and the world on one virtual clock, moved by direct calls.

Time jumps from event to event: what the world does, what people do, a reading that matters now, a
deadline, a due time, a fault. After each step `check` is called; the checkers compare the world's
truth with the records. Everything follows from the seed.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from redrabbit.domain.identity import RunId, SignalName
from redrabbit.domain.learnt_pulse import to_be_learnt
from redrabbit.domain.observation import Acquisition
from redrabbit.domain.place_free import shows_place
from redrabbit.domain.plant import Plant
from redrabbit.domain.run import Run
from redrabbit.domain.run_words import RunState
from redrabbit.domain.station import MqttLink
from redrabbit.services import scheduling
from redrabbit.services.errors import StoreTrouble
from redrabbit.services.ports import Reader
from simulators.faults import LONGEST_S, OF_THE_STORE, Fault, FaultKind
from simulators.line import World
from simulators.station import OTHER_PROGRAM, PROGRAM
from simulators.virtual_clock import VirtualClock
from tests.simulation.agenda import Agenda
from tests.simulation.aimed_faults import AimedFaults
from tests.simulation.busy_plant import (
    BEGIN,
    HOURS,
    busy_plant,
    configured,
    revised_plant,
)
from tests.simulation.declared import declare, shift_begins_at
from tests.simulation.people import People
from tests.simulation.product import Commit, Product, Standstill
from tests.simulation.reading import reader_of
from tests.simulation.true_answers import TrueAnswers

GRID = timedelta(seconds=0.1)
"""Reads stand on the grid of the real poll interval."""
SELDOM_S = 20.0
"""Between two reads of a station where nothing changes and no verdict is open."""
PASSES_S = 0.7
"""No part that escaped passes a station in so short a time."""
RESET_LATER = timedelta(minutes=3)
LEARNING_EVERY = 50
"""One shift of so many has a station read closely for twenty answers: a thousand readings more."""
LEARNING_AFTER, LEARNING_FOR = timedelta(minutes=20), timedelta(minutes=20)
BEFORE = timedelta(seconds=0.2)
"""Before a change a station of which something is learnt is read: not later than three polls before the next."""
ACCEPTED = SignalName("accepted")
"""It goes on with each good part, so twenty answers are not long in coming."""
LONGEST_STORE_FAULT = timedelta(seconds=max(LONGEST_S[kind] for kind in OF_THE_STORE))
CLOCK_WATCH_S = 90.0
"""A station whose clock was set is heard all the time: a minute until the product believes it (D27)."""
OVERTIME = timedelta(minutes=5)
MOST_STEPS = 20_000
"""A shift takes some hundred; more than this is a loop."""

T = TypeVar("T")

Check = Callable[["SimulatedShift"], None]


class SimulatedShift:
    """Eight hours of a plant, from a seed."""

    def __init__(self, seed: int, *, hours: float = HOURS, revised_at: float | None = None) -> None:
        """`revised_at`: after this share of the shift its plan is revised, without a restart."""
        _, model = configured()
        chance = random.Random(seed)
        self.seed = seed
        declared = declare(
            busy_plant(chance), model.stations, random.Random(f"{seed}: what stations declare")
        )
        self.plant = declared.plant
        self.plants = [self.plant]
        """All that was in force, in order."""
        self.end = BEGIN + timedelta(hours=hours)
        self.steps = 0
        self.world = World(declared.models, model.parts, starts_at=BEGIN, seed=seed)
        self.clock = VirtualClock(BEGIN)
        self.agenda = Agenda(self.world, self.clock)
        self.faults = AimedFaults(self.plant, chance)
        self.product = Product(
            self.plant, self.world, self.clock, self.agenda, self.faults, seed=seed
        )
        self.people = People(self.product, self.world, self.agenda, self.faults, chance)
        faces = {face.station: face for face in model.faces}
        self._readers = {
            str(station.id): reader_of(
                station, faces[station.id], self.world, self.faults, self.clock
            )
            for station in self.plant.stations
        }
        self._publishing = {s.id for s in self.plant.stations if isinstance(s.link, MqttLink)}
        self._read_until: dict[str, datetime] = {}
        self._closely_until: dict[str, datetime] = {}
        self._planned: dict[str, datetime | None] = {}
        self._read_at: dict[str, datetime] = {}
        self.faults.on_new = self._plan_fault
        self.people.read = self._read
        self.people.watch_for = self._watch_for
        self.people.watch_closely = self._watch_closely
        self.people.moved = self._plan_read
        self._learning: str | None = None
        """The station of which a pulse is learnt."""
        self.product.on_commit = self._hear
        self.product.on_obligations = self.people.look_everywhere
        self._begin_life()
        self.people.plan_the_day(BEGIN, hours)
        if revised_at is not None:
            after = revised_plant(self.plant, random.Random(f"{seed}: revision"))
            moment = BEGIN + timedelta(hours=hours * revised_at)
            self.agenda.at(moment, lambda: self._revise(after))
        for station, share in declared.resets.items():
            moment = BEGIN + timedelta(hours=hours * share)
            self.agenda.at(moment, lambda name=station: self._reset_in_quiet(name))  # type: ignore[misc]  # because mypy has no type for a default of a lambda
        for station in sorted(declared.reset_at_start):
            moment = shift_begins_at(self.plant, station, BEGIN)
            self.agenda.at(moment, lambda name=station: self._reset(name))  # type: ignore[misc]  # because mypy has no type for a default of a lambda
        self.true_answers: TrueAnswers | None = None
        if seed % LEARNING_EVERY == 0:
            self.agenda.at(BEGIN + LEARNING_AFTER, self._learn)
        target = chance.choice(self.plant.stations).id
        self.faults.surely_at(target, BEGIN + timedelta(hours=hours * chance.random()))

    @property
    def all_faults(self) -> list[Fault]:
        """Everything that went wrong, and will."""
        return self.faults.faults

    @property
    def stops(self) -> list[datetime]:
        """When the product was killed."""
        return self.product.stops

    @property
    def standstills(self) -> Sequence[Standstill] | None:
        """When the product stood still."""
        return self.product.standstills

    @property
    def heard(self) -> Mapping[str, Sequence[Acquisition]]:
        """What was read of each station."""
        return self.product.heard

    @property
    def aborted_runs(self) -> set[RunId]:
        """Runs that somebody gave up, or of which somebody said that it was not the part."""
        return self.people.aborted

    def ask(self, query: Callable[[Reader], T]) -> T:
        """Read the records."""
        return self.product.database.read_now(query)

    def run(self, check: Check = lambda _shift: None) -> None:
        """Tell the whole shift; `check` is called after every step."""
        check(self)
        while self.agenda.step(self.end + OVERTIME if self._judging() else self.end):
            self.steps += 1
            if self.steps > MOST_STEPS:
                raise AssertionError(f"seed {self.seed} goes round in circles at {self.world.now}")
            check(self)
        self._close(check)

    def _judging(self) -> bool:
        """Return whether a part is before a device: nobody goes home then."""
        owners = self.product.owners.values()
        return any(
            w.judging or (w.run is not None and w.run.later_presentation is not None)
            for w in owners
        )

    def _close(self, check: Check) -> None:
        """Let hours pass: what was undone is decided, what is out stays out."""
        if not self.product.up:
            self.agenda.pass_to(self.world.now + LONGEST_STORE_FAULT)
            self._begin_life()
        if self.product.stands_still:
            self.agenda.pass_to(self.product.standstills[-1].ends_at)
            self._thaw()
        for later in (timedelta(hours=2), timedelta(hours=5)):
            self.agenda.pass_to(self.end + OVERTIME + later)
            for _ in range(3):
                for station in self.product.owners:
                    self.product.tick(station)
            self.product.write(lambda uow: scheduling.step(uow, self.plant))
            check(self)

    def _revise(self, plant: Plant) -> None:
        if not self.product.up or self.product.is_held_up:
            self.agenda.at(self.world.now + timedelta(seconds=30), lambda: self._revise(plant))
            return
        self.plant = plant
        self.plants.append(plant)
        self.product.take_over(plant)
        for station in self._readers:
            self._plan_read(station)
        self.people.look_everywhere()

    def _reset_in_quiet(self, station: str) -> None:
        """Set a counter back; while a run may rest on it, later."""
        owner = self.product.owners.get(station)
        if owner is None or owner.run is not None:
            self.agenda.at(self.world.now + RESET_LATER, lambda: self._reset_in_quiet(station))
            return
        self._reset(station)

    def _reset(self, station: str) -> None:
        """Set a counter back, whatever is going on."""
        self.world.reset_counter(station)
        self._plan_read(station)

    def _hear(self, commit: Commit) -> None:
        if any(entry.type == "pulse_proposed" for entry in commit.entries):
            self._end_learning()
        self.people.hear_of(commit)

    # Faults of the product

    def _learn(self) -> None:
        """Read one station as closely as in a real plant, until its pulse is learnt (D30)."""
        polled = [s for s in self.plant.stations if ACCEPTED in to_be_learnt(s)]
        if not polled:  # all of them declare it
            return
        station = polled[self.seed // LEARNING_EVERY % len(polled)].id
        self.true_answers = TrueAnswers(station)
        self.world.watch(station)
        self.agenda.on_change = self.true_answers.take
        self._learning = str(station)
        self.agenda.at(self.world.now + LEARNING_FOR, self._end_learning)
        self._plan_read(str(station))

    def _end_learning(self) -> None:
        self._learning = None

    def _begin_life(self) -> None:
        try:
            self.product.start()
        except StoreTrouble:
            self.agenda.at(self.world.now + timedelta(seconds=5), self._begin_life)
            return
        self._planned.clear()
        for station, reader in self._readers.items():
            reader.restart()
            self._read(station)
            self._plan_read(station)
        self.people.look_everywhere()

    def _plan_fault(self, fault: Fault) -> None:
        if fault.station is not None:
            station = fault.station
            for at in (fault.at, fault.until):
                self.agenda.at(at, lambda: self._plan_read(station))
            if fault.kind is FaultKind.STATION_CLOCK:
                self.agenda.at(fault.at, lambda: self._watch_for(station, CLOCK_WATCH_S))
            if fault.kind is FaultKind.WRONG_PROGRAM:
                for at, program in ((fault.at, OTHER_PROGRAM), (fault.until, PROGRAM)):
                    self.agenda.at(at, lambda p=program: self._set_program(station, p))  # type: ignore[misc]  # because mypy has no type for a default of a lambda
        elif fault.kind is FaultKind.CLOCK_STEP:
            self.agenda.at(fault.at, lambda: self._step_clock(fault.step_s))
        elif fault.kind is FaultKind.PRODUCT_RESTART:
            self.agenda.at(fault.at, self.product.kill)
            self.agenda.at(fault.until, self._begin_life)
        elif fault.kind is FaultKind.FREEZE:
            self.agenda.at(fault.at, lambda: self._freeze(fault.until))

    def _freeze(self, until: datetime) -> None:
        if not self.product.up:
            return
        self.product.freeze(until)
        for station, reader in self._readers.items():
            reader.freeze()
            self._plan_read(station)
        self.agenda.at(until, self._thaw)

    def _thaw(self) -> None:
        if not self.product.stands_still:
            return
        self.product.thaw(*(lambda name=station: self._read(name) for station in self._readers))
        for station in self._readers:
            self._plan_read(station)
        self.people.look_everywhere()

    def _set_program(self, station: str, program: int) -> None:
        self.world.set_program(station, program)
        self._plan_read(station)

    def _step_clock(self, step_s: float) -> None:
        self.clock.step_wall(timedelta(seconds=step_s))
        self.product.adopt_clock()
        for station in self._readers:
            self._plan_read(station)

    # Reading the stations

    def _watch_for(self, station: str, seconds: float) -> None:
        until = self.world.now + timedelta(seconds=seconds)
        self._read_until[station] = max(self._read_until.get(station, until), until)
        self._plan_read(station)

    def _watch_closely(self, station: str, seconds: float) -> None:
        until = self.world.now + timedelta(seconds=seconds)
        self._closely_until[station] = max(self._closely_until.get(station, until), until)
        self._plan_read(station)

    def _plan_read(self, station: str) -> None:
        """Plan the next read, if it is to come before the one that is planned already."""
        at, planned = self._next_read_at(station), self._planned.get(station)
        if at is not None and (planned is None or at < planned):
            self._planned[station] = at
            self.agenda.at(at, lambda: self._on_time(station, at))

    def _next_read_at(self, station: str) -> datetime | None:
        if not self.product.up:
            return None
        now, run = self.world.now, self.product.owners[station].run
        wanted: list[datetime] = []
        gap_s = self._longest_gap_s(station, run)
        if gap_s is not None:
            change = self.world.next_change_at(station)
            last = self._read_at.get(station, now)
            wanted += [last + timedelta(seconds=gap_s), *([change] if change is not None else [])]
        if station == self._learning:
            wanted.append(self._next_look_at(station))
        if run is not None and run.deadline is not None and not self.product.is_held_up:
            wanted.append(self.product.in_world(run.deadline.at))
        if not wanted:
            return None
        beats = (min(wanted) - BEGIN) // GRID + 1
        return max(BEGIN + beats * GRID, now + GRID)

    def _next_look_at(self, station: str) -> datetime:
        """Return when a station is read next of which a pulse is learnt: closely while it answers."""
        shown, now = self.world.snapshot(station), self.world.now
        change = self.world.next_change_at(station)
        answers = shown[ACCEPTED] is True or shown["rejected"] is True
        soon = now + timedelta(seconds=self._readers[station].longest_gap_s)
        return soon if answers or change is None else max(now, change - BEFORE)

    def _longest_gap_s(self, station: str, run: Run | None) -> float | None:
        """Return how long the station may go unread; None: it need not be read at all."""
        judging = run is not None and (
            run.state is RunState.PRESENTED or run.later_presentation is not None
        )
        armed = run is not None and run.state is RunState.ARMED
        by_order = run is not None and shows_place(run.step.expectation.rule.presented)
        waiting = self.product.is_waiting(station)
        if self.product.stands_still:  # what it says is kept for us
            return self._readers[station].longest_gap_s if station in self._publishing else None
        if judging or waiting or (armed and (by_order or station in self._publishing)):
            return self._readers[station].longest_gap_s
        if self.world.now < self._closely_until.get(station, self.world.now):
            return PASSES_S
        returning = run is not None and run.state is RunState.AWAITING_RETURN and run.evidence
        watched = self.world.now < self._read_until.get(station, self.world.now)
        return SELDOM_S if armed or watched or returning else None

    def _on_time(self, station: str, planned: datetime) -> None:
        if self._planned.get(station) != planned or not self.product.up:
            return
        self._planned[station] = None
        self._read(station)
        if not self.product.stands_still:
            self.product.tick(station)
        self._plan_read(station)
        self.people.look(station)

    def _read(self, station: str) -> None:
        self._read_at[station] = self.world.now
        if self.product.stands_still:
            self._readers[station].hold()
            return
        for acquisition in self._readers[station].read():
            self.product.take(station, acquisition)

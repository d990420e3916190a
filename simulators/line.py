"""The simulated world: stations of lines through which parts flow, on a clock that its driver sets.

One deterministic core for every use: events stand in a heap, chance comes from one seed, and time
passes only in `advance`. Over sockets a driver advances it with the real clock; the simulation test
jumps from event to event. What really happened is kept as `truth`, for those who check what the
product recorded. Knows nothing of checks, runs or verdicts.
"""

import heapq
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from itertools import count

from simulators.device import (
    Answer,
    Behaviour,
    Device,
    Part,
    Value,
    reason_after_s,
    stuck_bit,
)
from simulators.station import GAP_SHARE, PRESSED, Change, Made, SimulatedStation

BOOTED_BEFORE = timedelta(hours=20)
"""How long every machine has been running when the story begins."""
TRANSFER_S = 2.0
"""How long a part takes from one station to the next."""
BUSY_S = 0.2
"""How long a part waits before it is tried again at a station that is busy."""


class What(Enum):
    """What can really happen in the world."""

    PUT_IN = "put_in"
    REJECTED = "rejected"
    """The reject bit rose for the part, or its cycle was prevented; `code` is what the device said."""
    ACCEPTED = "accepted"
    DEMANDED = "demanded"
    """Somebody pressed start with the part in."""
    NO_ANSWER = "no_answer"
    """The device's time for an answer came and neither bit changed."""
    TAKEN_OUT = "taken_out"
    LET_GO = "let_go"
    """The part was left in and the line carried it on."""
    BEHAVIOUR = "behaviour"
    HELD = "held"
    RELEASED = "released"
    RESTARTED = "restarted"
    """The machine was switched off and on."""
    LINK_BROKEN = "link_broken"
    LINK_MENDED = "link_mended"
    COUNTER_RESET = "counter_reset"
    PROGRAM = "program"
    """It works by another program from now on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing that really happened."""

    at: datetime
    station: str
    what: What
    part: str | None = None
    code: Value | None = None
    note: str = ""
    place: Value | None = None
    """The nest or pallet of a part that was put in, or the only one in which the device is blind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StationModel:
    """One station of the world."""

    id: str
    line: str
    device: Device
    signals: frozenset[str]
    """Which of the signal roles it shows; see `simulators.station`."""
    cycle_s: float = 30.0
    next_station: str | None = None
    needs_tap: bool = False
    """It can't tell that a part is there: the operator says so to the software."""
    places: tuple[Value, ...] = ()
    """Its nests, or the pallets that come by."""
    place_told: str | None = None
    """What the operator tells the software before a part is put in: `nest`, `pallet`, or nothing."""
    counter_modulus: int = 1 << 32
    counter_start: int = 4_000
    pulse_s: float | None = None
    """How long its bits stay on for a labelled part; None: for as long as the part is there."""


class World:
    """All stations, the events to come, and the truth so far."""

    def __init__(
        self,
        stations: Iterable[StationModel],
        parts: Iterable[Part],
        *,
        starts_at: datetime,
        seed: int,
    ) -> None:
        self.now = starts_at
        self.chance = random.Random(seed)
        self.truth: list[Fact] = []
        self.on_schedule: Callable[[], None] | None = None
        """Called when an event was added, so that a driver in real time can wake up."""
        self._parts: Mapping[str, Part] = {part.code: part for part in parts}
        self._events: list[tuple[datetime, int, str, Callable[[], None]]] = []
        self._order = count()
        self._watched: set[str] = set()
        self._shown: dict[str, dict[str, Value]] = {}
        self._models = {model.id: model for model in stations}
        self._stations = {
            model.id: SimulatedStation(
                device=model.device,
                signals=model.signals,
                cycle=timedelta(seconds=model.cycle_s),
                counter_modulus=model.counter_modulus,
                counter_start=model.counter_start,
                pulse_s=model.pulse_s,
                places=model.places,
                booted_at=starts_at - BOOTED_BEFORE,
            )
            for model in self._models.values()
        }
        for station in self._stations.values():
            begins_at = starts_at + station.cycle * round(self.chance.random(), 3)
            station.start_flow(begins_at)
        self._shown = {name: self.snapshot(name) for name in self._stations}

    @property
    def stations(self) -> tuple[str, ...]:
        """Return the names of all stations."""
        return tuple(self._stations)

    def model(self, station: str) -> StationModel:
        """Return what a station was built from."""
        return self._models[station]

    # Time

    def next_event_at(self) -> datetime | None:
        """Return when something happens next, or None; parts nobody watches don't count."""
        upcoming = [self._events[0][0]] if self._events else []
        for name in self._watched:
            change_at = self._stations[name].next_flow_change_at(self.now)
            if change_at is not None:
                upcoming.append(change_at)
        return min(upcoming, default=None)

    def next_change_at(self, station: str) -> datetime | None:
        """Return when this station changes next, normal parts included, or None."""
        upcoming = [at for at, _, name, _ in self._events if name == station]
        change_at = self._stations[station].next_flow_change_at(self.now)
        if change_at is not None:
            upcoming.append(change_at)
        return min(upcoming, default=None)

    def advance(self, to: datetime) -> list[Change]:
        """Let time pass; return what changed at which station, in order.

        Each change carries all signals that differ from the last one reported for its station. Of
        the normal parts of a station nobody watches, only the sum of their changes is seen.
        """
        changes: list[Change] = []
        while (at := self.next_event_at()) is not None and at <= to:
            self.now = at
            touched = set(self._watched)
            while self._events and self._events[0][0] <= at:
                _, _, name, happen = heapq.heappop(self._events)
                happen()
                touched.add(name)
            changes += self._differences(touched)
        self.now = max(self.now, to)
        return changes

    def watch(self, station: str) -> None:
        """Report every single change of a station from now on."""
        self._watched.add(station)

    def unwatch(self, station: str) -> None:
        """Stop reporting the normal parts of a station."""
        self._watched.discard(station)

    def snapshot(self, station: str) -> dict[str, Value]:
        """Return what every signal of a station shows now."""
        return self._stations[station].outputs(self.now)

    def after(self, delay_s: float, station: str, happen: Callable[[], None]) -> None:
        """Let something happen at a station after a while."""
        at = self.now + timedelta(seconds=max(0.0, delay_s))
        heapq.heappush(self._events, (at, next(self._order), station, happen))
        if self.on_schedule is not None:
            self.on_schedule()

    # What people and faults do

    def hold(self, station: str) -> datetime:
        """Feed no further normal part; return when the station will be clear of them."""
        self._note(station, What.HELD)
        simulated = self._stations[station]
        simulated.is_held = True
        return simulated.stop_flow(self.now)

    def release(self, station: str) -> None:
        """Let normal parts flow again, as soon as the station is empty."""
        self._note(station, What.RELEASED)
        self._stations[station].is_held = False
        self._resume(station)

    def put_in(self, station: str, code: str, place: Value | None = None) -> None:
        """Put a labelled part in, or one without a known label, which is a good one.

        A station that is still busy with another part takes this one as soon as it is clear. Without a
        place it lies in whichever comes.
        """
        part = self._parts.get(code, Part(code=code, failure_mode=None, from_production=True))
        self._enter(station, part, self._any_place(station) if place is None else place)

    def press_start(self, station: str) -> None:
        """Press the start button: the machine begins its cycle, unless its device prevents that."""
        simulated = self._stations[station]
        part = simulated.inside
        said = simulated.press_start(self.chance, self.now)
        self._touch(station)
        self.after(PRESSED.total_seconds(), station, lambda: None)
        if part is not None and said is not None:
            self._note(station, What.DEMANDED, part=part.code)
            self.after(said.after_s, station, lambda: self._answer(station, part, said))

    def take_out(self, station: str) -> str | None:
        """Take the part out by hand; return its code, or None when there is none."""
        part = self._remove(station, What.TAKEN_OUT)
        return None if part is None else part.code

    def let_go(self, station: str) -> None:
        """Leave the part in: the line carries it on to the next station."""
        part = self._remove(station, What.LET_GO)
        following = self._models[station].next_station
        if part is not None and following is not None:
            self.after(TRANSFER_S, following, lambda: self._pass(following, part))

    def set_behaviour(self, station: str, behaviour: Behaviour, place: Value | None = None) -> None:
        """Change how the device does its work, from the next part on; a bit sticks at once.

        With a place only there; elsewhere it is healthy.
        """
        self._note(station, What.BEHAVIOUR, note=behaviour.value, place=place)
        self._stations[station].set_behaviour(behaviour, self.now, place)
        self._touch(station)

    def restart_machine(self, station: str) -> None:
        """Switch the machine off and on: its counters begin at zero, its bits are off, its part stays."""
        self._note(station, What.RESTARTED)
        self._stations[station].restart(self.now)
        self._touch(station)

    def behaves(self, station: str) -> tuple[Behaviour, Value | None]:
        """Return how the device does its work, and the only place in which it does so; None: everywhere."""
        simulated = self._stations[station]
        return simulated.behaviour, simulated.sick_place

    def made(self, station: str) -> Made:
        """Return how many parts a station has really made."""
        return self._stations[station].made(self.now)

    def reset_counter(self, station: str) -> None:
        """Set a station's part counter back, as at a shift's start."""
        self._note(station, What.COUNTER_RESET)
        self._stations[station].reset_counter(self.now)
        self._touch(station)

    def set_program(self, station: str, program: int) -> None:
        """Let a station work by another program; what its device does stays the same."""
        self._note(station, What.PROGRAM, code=program)
        self._stations[station].program = program
        self._touch(station)

    def note_link(self, station: str, *, is_up: bool, note: str = "") -> None:
        """Keep in the truth that a link broke or was mended."""
        self._note(station, What.LINK_MENDED if is_up else What.LINK_BROKEN, note=note)

    def part_inside(self, station: str) -> str | None:
        """Return the code of the labelled part that is in a station."""
        inside = self._stations[station].inside
        return inside.code if inside is not None else None

    def facts(self, station: str, *whats: What) -> list[Fact]:
        """Return what happened at a station, of these kinds or of all."""
        return [
            fact
            for fact in self.truth
            if fact.station == station and (not whats or fact.what in whats)
        ]

    def _any_place(self, station: str) -> Value | None:
        places = self._models[station].places
        return self.chance.choice(places) if places else None

    def _enter(self, station: str, part: Part, place: Value | None) -> None:
        """Put a part in as soon as there is room."""
        simulated = self._stations[station]
        wait = simulated.stop_flow(self.now) - self.now
        wait_s = BUSY_S if simulated.inside is not None else wait.total_seconds()
        if wait_s > 0:
            self.after(wait_s, station, lambda: self._enter(station, part, place))
            return
        self._note(station, What.PUT_IN, part=part.code, place=place)
        said = simulated.insert(part, self.chance, self.now, place)
        if said is not None:
            self.after(said.after_s, station, lambda: self._answer(station, part, said))
        self._touch(station)

    def _answer(self, station: str, part: Part, said: Answer) -> None:
        simulated = self._stations[station]
        if not simulated.awaits(said):  # taken out before the device was done
            return
        stuck = stuck_bit(simulated.behaviour) is not None
        simulated.give_answer(said, self.now)
        for later_s in (reason_after_s(simulated.behaviour), simulated.pulse_s or 0.0):
            self.after(later_s, station, lambda: None)
        if said.rejected and not stuck:
            self._note(station, What.REJECTED, part=part.code, code=said.code)
        elif said.accepted:
            self._note(station, What.ACCEPTED, part=part.code)
        else:
            self._note(station, What.NO_ANSWER, part=part.code)

    def _remove(self, station: str, what: What) -> Part | None:
        simulated = self._stations[station]
        part = simulated.inside
        if part is not None:
            simulated.remove()
            self._note(station, what, part=part.code)
            self._resume(station)
            self._touch(station)
        return part

    def _resume(self, station: str) -> None:
        simulated = self._stations[station]
        if simulated.inside is None:
            simulated.start_flow(simulated.stop_flow(self.now) + simulated.cycle * GAP_SHARE)

    def _pass(self, station: str, part: Part) -> None:
        """Run a part that was left in through a following station, and on, once that is fed."""
        simulated = self._stations[station]
        is_free = simulated.inside is None and not simulated.is_stopped
        if not is_free or simulated.stop_flow(self.now) > self.now:
            self.after(BUSY_S, station, lambda: self._pass(station, part))
            return
        self._enter(station, part, self._any_place(station))
        self.after(simulated.device.answer_s * 2, station, lambda: self._pass_on(station, part))

    def _pass_on(self, station: str, part: Part) -> None:
        if self._stations[station].inside is part:
            self.let_go(station)

    def _touch(self, station: str) -> None:
        """Let the next `advance` report what was changed by hand."""
        self.after(0, station, lambda: None)

    def _note(
        self,
        station: str,
        what: What,
        *,
        part: str | None = None,
        code: Value | None = None,
        note: str = "",
        place: Value | None = None,
    ) -> None:
        told = Fact(
            at=self.now, station=station, what=what, part=part, code=code, note=note, place=place
        )
        self.truth.append(told)

    def _differences(self, stations: set[str]) -> list[Change]:
        changes = []
        for name in sorted(stations):
            shown, before = self.snapshot(name), self._shown[name]
            different = {
                signal: shown[signal] for signal in shown if shown[signal] != before[signal]
            }
            if different:
                self._shown[name] = shown
                changes.append(Change(at=self.now, station=name, signals=different))
        return changes

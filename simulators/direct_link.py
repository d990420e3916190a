"""What a client would get from a station, without sockets: for simulations on a virtual clock.

`DirectModbus.poll` answers one poll cycle: the values and the window in which they were read, or
the reason word for which nothing was. `DirectMqtt` gives the messages of a station with the instant
of each arrival. Both obey a fault plan. Product types are the test's own business: this knows none.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from simulators.device import Value
from simulators.faults import Fault, FaultKind
from simulators.line import World
from simulators.mqtt_station import Mishap, Sent, Voice

TIMEOUT_S = 0.3
LATE_BY = timedelta(seconds=2.5)
"""How late a late message is: longer than most devices may take to answer."""
ROUND_TRIP_S = 0.004

FAILURES = {
    FaultKind.DROPPED_REPLY: "timeout",
    FaultKind.LATE_REPLY: "timeout",
    FaultKind.LINK_GAP: "timeout",
    FaultKind.RESET_CONNECTION: "not_connected",
    FaultKind.LINK_CUT: "not_connected",
    FaultKind.BROKER_RESTART: "not_connected",
}
"""Why nothing is read, in the words of the reasons a reading can have."""
BITS = frozenset({"feed_held", "part_present", "rejected", "accepted", "start", "cycle"})
"""What a dead block holds: the signals that are single bits, at the stations that have them so."""
MISHAPS = {
    FaultKind.REORDERED_MESSAGE: Mishap.REORDERED,
    FaultKind.DUPLICATED_MESSAGE: Mishap.DUPLICATED,
    FaultKind.LOST_MESSAGE: Mishap.LOST,
    FaultKind.RETAINED_MESSAGE: Mishap.RETAINED,
}


class Faults(Protocol):
    """What goes wrong when: a `FaultPlan`, or one that grows as the story goes on."""

    def at_station(self, station: str, now: datetime) -> Fault | None:
        """Return what is wrong at a station at this instant, or None."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PollReply:
    """One poll cycle as the client saw it: values, or why there are none.

    `refused` are signals that the device answered with an exception; `values` has none of them, and
    none of `no_values`.
    """

    began_at: datetime
    ended_at: datetime
    values: Mapping[str, Value] | None
    failure: str | None = None
    refused: frozenset[str] = frozenset()
    no_values: Mapping[str, Value] = field(default_factory=dict)
    """Signals that show a code which means "no value", as it stands at the station."""


class DirectModbus:
    """One polled station; `no_value` are the codes that mean "no value" there, by signal."""

    def __init__(
        self,
        world: World,
        station: str,
        plan: Faults,
        chance: random.Random,
        no_value: Mapping[str, Value] | None = None,
    ) -> None:
        self._world = world
        self._station = station
        self._plan = plan
        self._chance = chance
        self._no_value = no_value or {}
        self._frozen: tuple[Fault, Mapping[str, Value]] | None = None
        self._begun = Begun(world, station)

    def poll(self) -> PollReply:
        """Read the station as it is in the world now; the world must stand at the poll's begin."""
        now = self._world.now
        fault = self._plan.at_station(self._station, now)
        self._begun.see(fault)
        took_s = ROUND_TRIP_S * (1 + self._chance.random())
        failure = None if fault is None else FAILURES.get(fault.kind)
        if failure is not None:
            took_s = TIMEOUT_S if failure == "timeout" else ROUND_TRIP_S
        elif fault is not None and fault.kind is FaultKind.SLOW_REPLY:
            took_s = TIMEOUT_S * 0.9 * self._chance.random()
        ended_at = now + timedelta(seconds=took_s)
        if failure is not None:
            return PollReply(began_at=now, ended_at=ended_at, values=None, failure=failure)
        values = _as_its_reader_tells(self._values(fault), fault)
        refused = BITS & values.keys() if _is(fault, FaultKind.DEAD_BLOCK) else frozenset[str]()
        no_values = self._no_value if _is(fault, FaultKind.NO_VALUE) else {}
        left_out = refused | no_values.keys()
        return PollReply(
            began_at=now,
            ended_at=ended_at,
            values={name: value for name, value in values.items() if name not in left_out},
            refused=refused,
            no_values=no_values,
        )

    def _values(self, fault: Fault | None) -> Mapping[str, Value]:
        if fault is None or fault.kind is not FaultKind.STALE_REGISTERS:
            self._frozen = None
            return self._world.snapshot(self._station)
        if self._frozen is None or self._frozen[0] is not fault:
            self._frozen = (fault, self._world.snapshot(self._station))
        return self._frozen[1]


class Begun:
    """What happens once in a fault, when its station is read first meanwhile."""

    def __init__(self, world: World, station: str) -> None:
        self._world = world
        self._station = station
        self._seen: Fault | None = None

    def see(self, fault: Fault | None) -> bool:
        """Let it happen; return whether this is the first that is seen of a fault."""
        if fault is None or fault is self._seen:
            return False
        self._seen = fault
        if fault.kind is FaultKind.MACHINE_RESTART:
            self._world.restart_machine(self._station)
        elif fault.kind is FaultKind.COUNTER_RESET:
            self._world.reset_counter(self._station)
        return True


def _as_its_reader_tells(values: Mapping[str, Value], fault: Fault | None) -> Mapping[str, Value]:
    """Return what a station shows, without its label where that can't be read."""
    if _is(fault, FaultKind.LABEL_UNREAD) and "part_code" in values:
        return {**values, "part_code": ""}
    return values


def _is(fault: Fault | None, kind: FaultKind) -> bool:
    return fault is not None and fault.kind is kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One message as the client got it."""

    at: datetime
    topic: str
    payload: bytes
    retained: bool


class DirectMqtt:
    """One publishing station; `no_value` are the codes that mean "no value" there, by signal."""

    def __init__(
        self,
        world: World,
        station: str,
        plan: Faults,
        voice: Voice,
        no_value: Mapping[str, Value] | None = None,
    ) -> None:
        self._world = world
        self._station = station
        self._plan = plan
        self._voice = voice
        self._no_value = no_value or {}
        self._begun = Begun(world, station)
        self._shown = world.snapshot(station)
        self._under_way: list[tuple[datetime, Sent]] = []
        """Late messages, each with the instant at which it arrives."""
        self.every_s = voice.every_s
        """How often it says everything, changed or not."""

    @property
    def is_connected(self) -> bool:
        """Return whether the client has the broker at this instant."""
        fault = self._plan.at_station(self._station, self._world.now)
        return fault is None or fault.kind not in FAILURES

    def arrivals(self, *, everything: bool = False) -> list[Arrival]:
        """Return what arrives now: what changed since the last call, or all topics.

        Nothing arrives while the link is down, and what was said meanwhile is lost.
        """
        now = self._world.now
        if not self.is_connected:
            self._shown = self._world.snapshot(self._station)
            return []
        fault = self._plan.at_station(self._station, now)
        if self._begun.see(fault) and fault is not None and fault.kind is FaultKind.STATION_CLOCK:
            self._voice.clock_ahead += timedelta(seconds=fault.step_s)
        late = [sent for at, sent in self._under_way if at <= now]
        self._under_way = [each for each in self._under_way if each[0] > now]
        said = self._said(now, fault, everything=everything)
        return [_arrival(now, sent) for sent in (*late, *said)]

    def _said(self, now: datetime, fault: Fault | None, *, everything: bool) -> list[Sent]:
        shown = dict(_as_its_reader_tells(self._world.snapshot(self._station), fault))
        if _is(fault, FaultKind.NO_VALUE):
            shown |= self._no_value
        different = [name for name in shown if shown[name] != self._shown[name]]
        self._shown = shown
        if not everything and not different:
            return []
        only = None if everything else different
        if fault is not None and fault.kind in MISHAPS:
            told = self._world.chance.choice(different or list(shown))
            self._voice.spoil(told, MISHAPS[fault.kind])
        said = self._voice.say(shown, now, only=only)
        if fault is None or fault.kind not in {FaultKind.LATE_MESSAGE, FaultKind.HELD_MESSAGES}:
            return said
        late = (now + LATE_BY,) if fault.kind is FaultKind.LATE_MESSAGE else ()
        self._under_way += [(at, sent) for sent in said for at in (*late, fault.until)]
        self._under_way.sort(key=lambda each: each[0])
        return []


def _arrival(now: datetime, sent: Sent) -> Arrival:
    return Arrival(at=now, topic=sent.topic, payload=sent.payload, retained=sent.retain)

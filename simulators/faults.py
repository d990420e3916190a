"""What goes wrong with machines and networks, as values with times.

A plan is drawn from a seed and carried out by whoever drives the simulation: the faces over
sockets, `simulators.direct_link` without. Two faults of one plan never overlap at one station, so
that a failing seed has one cause at a time.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum


class FaultKind(Enum):
    """What can go wrong, and what it does between its two instants."""

    DROPPED_REPLY = "dropped_reply"
    """Requests are not answered."""
    LATE_REPLY = "late_reply"
    """Replies come later than the client waits."""
    SLOW_REPLY = "slow_reply"
    """Replies come late, and still in time."""
    RESET_CONNECTION = "reset_connection"
    LINK_CUT = "link_cut"
    STALE_REGISTERS = "stale_registers"
    """Replies come in time with registers that no longer follow the station: as a controller in STOP."""
    DEAD_BLOCK = "dead_block"
    """Its bits are answered with an exception; its registers are read as ever."""
    MACHINE_RESTART = "machine_restart"
    """The controller restarts, so fast that no connection is lost: counters and bits begin at zero."""
    LINK_GAP = "link_gap"
    """A few polls are not answered: less than makes a link lost, and enough for a pulse to hide in."""
    NO_VALUE = "no_value"
    """Its numbers and codes show what means "no value" there; its bits are read as ever."""
    COUNTER_RESET = "counter_reset"
    """Its counters begin at zero, as somebody sets them back at a shift's change."""
    WRONG_PROGRAM = "wrong_program"
    """It works by another program than production's, and tells which."""
    LABEL_UNREAD = "label_unread"
    """It tells no part any more though one lies there: a dirty label, or one that is told for a moment only."""
    REORDERED_MESSAGE = "reordered_message"
    DUPLICATED_MESSAGE = "duplicated_message"
    LOST_MESSAGE = "lost_message"
    RETAINED_MESSAGE = "retained_message"
    LATE_MESSAGE = "late_message"
    """Each message comes seconds late, with the time at which it was made; at the end they come twice."""
    HELD_MESSAGES = "held_messages"
    """The broker holds every message back, and delivers them all at once at the end."""
    STATION_CLOCK = "station_clock"
    """The clock by which the station tells the time is set by `step_s`, and stays so."""
    BROKER_RESTART = "broker_restart"
    STORE_STALL = "store_stall"
    """The database answers nobody: a write hangs for as long as it waits for a lock, and fails."""
    STORE_AWAY = "store_away"
    """The database takes nothing; what is kept can still be read."""
    RECORD_REFUSED = "record_refused"
    """The database takes all but a verdict that rests on what was read, however often it is asked."""
    CLOCK_STEP = "clock_step"
    """The product's wall clock jumps by `step_s`; of no station."""
    PRODUCT_RESTART = "product_restart"
    """The product is killed and comes back at `until`; of no station."""
    FREEZE = "freeze"
    """The product's process stands still, or its machine sleeps, and goes on at `until`; of no station."""


POLLED = (
    FaultKind.DROPPED_REPLY,
    FaultKind.LATE_REPLY,
    FaultKind.SLOW_REPLY,
    FaultKind.RESET_CONNECTION,
    FaultKind.LINK_CUT,
    FaultKind.STALE_REGISTERS,
    FaultKind.DEAD_BLOCK,
)
PUBLISHED = (
    FaultKind.REORDERED_MESSAGE,
    FaultKind.DUPLICATED_MESSAGE,
    FaultKind.LOST_MESSAGE,
    FaultKind.RETAINED_MESSAGE,
    FaultKind.BROKER_RESTART,
    FaultKind.LINK_CUT,
)
OF_TIMED_MESSAGES = (
    *PUBLISHED,
    *[FaultKind.LATE_MESSAGE] * 3,
    *[FaultKind.STATION_CLOCK] * 2,
)
"""Of publishing stations that tell the time: of others nobody could tell that a message is late."""
OF_TELLING_MACHINES = (
    *POLLED,
    *[FaultKind.STALE_REGISTERS] * 2,
    *[FaultKind.MACHINE_RESTART] * 4,
)
"""Of polled stations that show an uptime: of others nobody could tell that they were restarted.

They are few, so that what concerns them comes often there."""
OF_THE_PRODUCT = (FaultKind.CLOCK_STEP, FaultKind.PRODUCT_RESTART, FaultKind.FREEZE)
OF_THE_STORE = (FaultKind.STORE_STALL, FaultKind.STORE_AWAY, FaultKind.RECORD_REFUSED)
"""Of the product's database; of no station."""

LONGEST_S = {
    FaultKind.DROPPED_REPLY: 5.0,
    FaultKind.LATE_REPLY: 5.0,
    FaultKind.SLOW_REPLY: 30.0,
    FaultKind.RESET_CONNECTION: 1.0,
    FaultKind.LINK_CUT: 120.0,
    FaultKind.STALE_REGISTERS: 60.0,
    FaultKind.DEAD_BLOCK: 60.0,
    FaultKind.MACHINE_RESTART: 3.0,
    FaultKind.LINK_GAP: 1.8,
    FaultKind.NO_VALUE: 10.0,
    FaultKind.COUNTER_RESET: 1.0,
    FaultKind.WRONG_PROGRAM: 60.0,
    FaultKind.LABEL_UNREAD: 10.0,
    FaultKind.REORDERED_MESSAGE: 10.0,
    FaultKind.DUPLICATED_MESSAGE: 10.0,
    FaultKind.LOST_MESSAGE: 10.0,
    FaultKind.RETAINED_MESSAGE: 10.0,
    FaultKind.LATE_MESSAGE: 20.0,
    FaultKind.HELD_MESSAGES: 12.0,
    FaultKind.STATION_CLOCK: 1.0,
    FaultKind.BROKER_RESTART: 20.0,
    FaultKind.STORE_STALL: 15.0,
    FaultKind.STORE_AWAY: 100.0,
    FaultKind.RECORD_REFUSED: 20.0,
    FaultKind.CLOCK_STEP: 0.0,
    FaultKind.PRODUCT_RESTART: 300.0,
    FaultKind.FREEZE: 40.0,
}
"""How long each lasts at most."""
LONGEST_STEP_S = 420.0
"""Seven minutes: the station clock of the story in requirements.md."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong from `at` until `until`."""

    kind: FaultKind
    at: datetime
    until: datetime
    station: str | None = None
    step_s: float = 0.0

    def is_on(self, now: datetime) -> bool:
        """Return whether it is wrong at this instant."""
        return self.at <= now < self.until


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """All faults of one simulated shift, in order."""

    faults: tuple[Fault, ...] = ()

    def at_station(self, station: str, now: datetime) -> Fault | None:
        """Return what is wrong at a station at this instant, or None."""
        for fault in self.faults:
            if fault.station == station and fault.is_on(now):
                return fault
        return None

    def of_the_product(self) -> tuple[Fault, ...]:
        """Return the clock steps, restarts and standstills."""
        return tuple(fault for fault in self.faults if fault.station is None)

    def change_instants(self) -> tuple[datetime, ...]:
        """Return every instant at which a fault begins or ends, in order."""
        return tuple(sorted({at for fault in self.faults for at in (fault.at, fault.until)}))


def draw_fault(chance: random.Random, kind: FaultKind, at: datetime, station: str | None) -> Fault:
    """Draw one fault of a kind that begins at an instant."""
    lasts_s = LONGEST_S[kind] * (0.1 + 0.9 * chance.random())
    step_s = 0.0
    if kind in {FaultKind.CLOCK_STEP, FaultKind.STATION_CLOCK}:
        step_s = round(LONGEST_STEP_S * (2 * chance.random() - 1), 3)
    until = at + timedelta(seconds=round(lasts_s, 3))
    return Fault(kind=kind, at=at, until=until, station=station, step_s=step_s)


def draw_plan(
    chance: random.Random,
    *,
    polled: Sequence[str],
    publishing: Sequence[str],
    moments: Iterable[datetime],
) -> FaultPlan:
    """Draw one fault near each of the moments, at any station or of the product.

    Pass the moments at which something is about to be presented: a fault at any other time says
    little.
    """
    faults: list[Fault] = []
    for moment in moments:
        at = moment + timedelta(seconds=round(4.0 * chance.random() - 1.0, 3))
        targets: list[tuple[str, Sequence[FaultKind]]] = [(each, POLLED) for each in polled]
        targets += [(each, PUBLISHED) for each in publishing]
        station: str | None = None
        kinds: Sequence[FaultKind] = OF_THE_PRODUCT
        if targets and chance.random() < STATION_SHARE:
            station, kinds = chance.choice(targets)
        fault = draw_fault(chance, chance.choice(kinds), at, station)
        if not any(_overlap(fault, other) for other in faults):
            faults.append(fault)
    return FaultPlan(tuple(sorted(faults, key=lambda fault: fault.at)))


STATION_SHARE = 0.8
"""Of all faults, those at stations; the others are of the product's own machine."""


def _overlap(one: Fault, other: Fault) -> bool:
    same = one.station == other.station or one.station is None or other.station is None
    return same and one.at <= other.until and other.at <= one.until

"""The faults of one shift, aimed: most of them come just when a part is about to be presented."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from redrabbit.domain.plant import Plant
from redrabbit.domain.signals import MqttAddress, Resets
from redrabbit.domain.station import ModbusLink, Station
from simulators.faults import (
    OF_TELLING_MACHINES,
    OF_THE_PRODUCT,
    OF_THE_STORE,
    OF_TIMED_MESSAGES,
    POLLED,
    PUBLISHED,
    Fault,
    FaultKind,
    draw_fault,
)

AIMED_SHARE, PUBLISHED_SHARE = 0.15, 0.4
"""Of all presentations, those that something goes wrong with; messages get lost in more ways."""
PRODUCT_SHARE = 0.15
APART = timedelta(seconds=30)
"""Between two faults at one station, so that each verdict has one cause."""


class AimedFaults:
    """All faults so far; it grows as the story goes on."""

    def __init__(self, plant: Plant, chance: random.Random) -> None:
        self.faults: list[Fault] = []
        self.on_new: Callable[[Fault], None] = lambda _fault: None
        self._chance = chance
        self._kinds: Mapping[str, Sequence[FaultKind]] = {
            station.id: kinds_at(station) for station in plant.stations
        }
        self._publishing = {s.id for s in plant.stations if not isinstance(s.link, ModbusLink)}

    def at_station(self, station: str, now: datetime) -> Fault | None:
        """Return what is wrong at a station at this instant, or None."""
        for fault in self.faults:
            if fault.station == station and fault.is_on(now):
                return fault
        return None

    def of_the_store(self, now: datetime) -> Fault | None:
        """Return what is wrong with the database at this instant, or None."""
        for fault in self.faults:
            if fault.kind in OF_THE_STORE and fault.is_on(now):
                return fault
        return None

    def perhaps_at(self, station: str, moment: datetime) -> None:
        """Let something go wrong near a moment at which a part is put in, or not."""
        share = PUBLISHED_SHARE if station in self._publishing else AIMED_SHARE
        if self._chance.random() < share:
            self.surely_at(station, moment)

    def surely_at(self, station: str, moment: datetime) -> None:
        """Let something go wrong near this moment, unless something does already."""
        at = moment + timedelta(seconds=round(3.5 * self._chance.random() - 0.5, 3))
        of_product = self._chance.random() < PRODUCT_SHARE
        of_ours = (*OF_THE_PRODUCT, *OF_THE_STORE)
        kind = self._chance.choice(of_ours if of_product else self._kinds[station])
        fault = draw_fault(self._chance, kind, at, None if of_product else station)
        if not any(_close(fault, other) for other in self.faults):
            self.faults.append(fault)
            self.on_new(fault)


def kinds_at(station: Station) -> Sequence[FaultKind]:
    """Return what can go wrong at a station: how it is read, and what it tells of itself."""
    return (*_of_its_link(station), *_of_its_signals(station))


def _of_its_link(station: Station) -> Sequence[FaultKind]:
    if not isinstance(station.link, ModbusLink):
        addresses = [spec.address for spec in station.signals]
        tells_time = any(isinstance(one, MqttAddress) and one.time_path for one in addresses)
        return (*(OF_TIMED_MESSAGES if tells_time else PUBLISHED), FaultKind.HELD_MESSAGES)
    pulses = any(spec.pulse_s is not None for spec in station.signals)
    gaps = [FaultKind.LINK_GAP] * (3 if pulses else 1)
    return (*(OF_TELLING_MACHINES if station.heartbeat is not None else POLLED), *gaps)


def _of_its_signals(station: Station) -> Iterator[FaultKind]:
    yield FaultKind.NO_VALUE
    kept = {spec.name for spec in station.signals if spec.resets is Resets.NEVER}
    if station.part_counter not in kept:  # else it would tell a restart (D32)
        yield FaultKind.COUNTER_RESET
    if station.part_code is not None:
        yield FaultKind.LABEL_UNREAD
    if station.says.program is not None:
        yield FaultKind.WRONG_PROGRAM


def _close(one: Fault, other: Fault) -> bool:
    same = one.station == other.station or one.station is None or other.station is None
    return same and one.at <= other.until + APART and other.at <= one.until + APART

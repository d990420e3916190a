"""What the stations of one simulated shift declare beyond `station_configs/`, and what is so.

How counters are set back, how short an answer may be, which codes mean "no value", which program is
production's. The world and the files agree; what the world does against them is a fault of the shift
(`aimed_faults`). Drawn from the seed.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from redrabbit.domain.identity import SignalName, StationId
from redrabbit.domain.plant import Plant
from redrabbit.domain.signals import (
    Encoding,
    ModbusAddress,
    Resets,
    SignalSpec,
    Table,
)
from redrabbit.domain.station import ModbusLink, Station
from redrabbit.domain.station_says import ProductionSignal
from simulators.line import StationModel
from simulators.station import PROGRAM
from tests.simulation.by_silence import silence_s

RESET_SHARE, EACH_SHIFT_SHARE = 0.4, 0.5
"""Of all stations, those whose part counter is set back in a shift; of these, at its start, and told so."""
PULSE_SHARE, PULSE_S = 0.3, 0.4
"""Of polled stations, those whose answers stand for so long only: four polls."""
PROGRAM_SHARE = 0.4
"""Of polled stations, those that tell by which program they work."""
PROGRAM_REGISTER = 900
NO_VALUE: Mapping[Encoding, float | str] = {
    Encoding.INT16: -32_768,
    Encoding.UINT16: 65_535,
    Encoding.INT32: 2_147_483_647,
    Encoding.UINT32: 4_294_967_295,
    Encoding.FLOAT32: -999.0,
    Encoding.INTEGER: -1,
    Encoding.NUMBER: -999.0,
    Encoding.STRING: "----",
}
"""What machines show where they have nothing to show, by encoding."""
WITHOUT_VALUE = ("measured", "reject_code", "part_count", "good_count")
"""Roles whose signals may show it."""
ANSWERS = ("rejected", "accepted")
"""Roles of the bits that a device answers by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A plant whose files say more, the world that agrees, and when counters are set back."""

    plant: Plant
    models: tuple[StationModel, ...]
    resets: Mapping[str, float]
    """Station → the share of the shift after which somebody sets its part counter back."""
    reset_at_start: frozenset[str]
    """Stations whose counter is set back as the shift begins, whatever is going on."""


def declare(plant: Plant, models: tuple[StationModel, ...], chance: random.Random) -> Declared:
    """Draw what each station declares."""
    reset = {str(s.id): chance.random() for s in plant.stations if chance.random() < RESET_SHARE}
    at_start = frozenset(name for name in reset if chance.random() < EACH_SHIFT_SHARE)
    polled = [s.id for s in plant.stations if isinstance(s.link, ModbusLink)]
    pulsing = {name for name in polled if chance.random() < PULSE_SHARE} - _by_silence(plant)
    telling = {name for name in polled if chance.random() < PROGRAM_SHARE}
    stations = []
    for station in plant.stations:
        kept = None if station.id in reset else Resets.NEVER
        habit = Resets.EACH_SHIFT if station.id in at_start else kept
        specs = [_with_no_value(_with_counter(s, station, habit)) for s in station.signals]
        pulse_s = PULSE_S if station.id in pulsing else None  # where nobody tells it, it is learnt
        specs = [_with_pulse(spec, pulse_s) for spec in specs]
        changed = replace(station, signals=tuple(specs))
        stations.append(_with_program(changed) if station.id in telling else changed)
    return Declared(
        plant=replace(plant, stations=tuple(stations)),
        models=tuple(
            replace(
                model,
                pulse_s=PULSE_S if model.id in pulsing else None,
                signals=model.signals | ({"program"} if model.id in telling else set()),
            )
            for model in models
        ),
        resets={name: share for name, share in reset.items() if name not in at_start},
        reset_at_start=at_start,
    )


def _by_silence(plant: Plant) -> set[StationId]:
    """Return the stations with a device that answers by silence: a lamp, a pin; no bits that go off."""
    return {
        station.id
        for station in plant.stations
        for device in station.devices
        if silence_s(device.rule.detected) or silence_s(device.rule.accepted)
    }


def shift_begins_at(plant: Plant, station: str, after: datetime) -> datetime:
    """Return when the next shift of that day begins at a station."""
    calendar = plant.calendars[plant.station(StationId(station)).line]
    today = after.astimezone(calendar.zone).date()
    begins = (
        datetime.combine(today, shift.starts_at, tzinfo=calendar.zone) for shift in calendar.shifts
    )
    return min(at for at in begins if at > after)


def _with_counter(spec: SignalSpec, station: Station, resets: Resets | None) -> SignalSpec:
    is_counter = spec.name == station.part_counter
    return replace(spec, resets=resets) if is_counter and resets is not None else spec


def _with_no_value(spec: SignalSpec) -> SignalSpec:
    if spec.name not in WITHOUT_VALUE:
        return spec
    return replace(spec, invalid=(NO_VALUE[spec.address.encoding],))


def _with_pulse(spec: SignalSpec, pulse_s: float | None) -> SignalSpec:
    return replace(spec, pulse_s=pulse_s if spec.name in ANSWERS else None)


def _with_program(station: Station) -> Station:
    name = SignalName("program")
    address = ModbusAddress(
        table=Table.HOLDING_REGISTER, address=PROGRAM_REGISTER, encoding=Encoding.UINT16
    )
    told = ProductionSignal(signal=name, values=(PROGRAM,))
    return replace(
        station,
        signals=(*station.signals, SignalSpec(name=name, address=address)),
        says=replace(station.says, program=told),
    )

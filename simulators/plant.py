"""A whole simulated plant from a configuration folder: the world, its faces, and their links.

Takes values from `redrabbit.config` and translates them into the simulators' own; nothing here, or
below, knows the code that judges. What the configuration does not say (how long a cycle takes, what
a good part measures) is chosen here.
"""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from redrabbit.base.clock import Clock
from redrabbit.config.plant import load_plant
from simulators.broker import Broker
from simulators.device import Device, Part, Value
from simulators.driver import WorldDriver
from simulators.encoding import ModbusPlace, MqttPlace
from simulators.line import StationModel, World
from simulators.modbus_face import ModbusFace, ModbusSignal, modbus_endpoint
from simulators.modbus_station import ModbusStation
from simulators.mqtt_station import SPEAKING_ORDER, MqttSignal, MqttStation, Voice

CYCLE_S = 6.0
"""From one normal part to the next."""
ANSWER_SHARE = 0.4
"""Of the time in which a device must answer: when a healthy one does."""
START_S = 0.4
"""From the start button to the cycle, where no device prevents it."""
COUNTER_BITS = {"int16": 15, "uint16": 16, "int32": 31, "uint32": 32}
NO_CODE_TEXT = "OK"
"""What a tester with text codes says while nothing is rejected."""
WRONG_CODE, WRONG_CODE_TEXT = 99, "F99"
"""Codes that stand for no failure mode of any device."""
TYPICAL: Mapping[str | None, tuple[float, float]] = {
    "%": (97.4, 12.0),
    "N·m": (28.0, 18.0),
    "Ω": (2.41, 99.0),
    "cm³/min": (0.4, 6.0),
}
"""(good, bad) by unit, where no challenge part tells its certified value."""
PLACES = ("pallet", "nest")
"""What the operator tells of where a part lies, where the station tells it, too."""
PALLETS = tuple(f"P{number:02d}" for number in range(1, 13))
"""The pallets of a line, where the configuration does not say which."""
A_NUMBER = re.compile(r"\s*(-?\d+(?:\.\d+)?)")


class Spec(Protocol):
    """A signal of the configuration, as far as faces need it."""

    @property
    def name(self) -> str: ...  # noqa: D102  named as in the configuration
    @property
    def address(self) -> object: ...  # noqa: D102  named as in the configuration
    @property
    def scale(self) -> float: ...  # noqa: D102  named as in the configuration
    @property
    def offset(self) -> float: ...  # noqa: D102  named as in the configuration
    @property
    def unit(self) -> str | None: ...  # noqa: D102  named as in the configuration


@dataclass(frozen=True, slots=True, kw_only=True)
class StationFace:
    """How one station is reached."""

    station: str
    endpoint: str
    host: str
    port: int
    modbus: tuple[ModbusSignal, ...] = ()
    unit_id: int = 0
    mqtt: tuple[MqttSignal, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantModel:
    """What the simulators take from a configuration."""

    name: str
    stations: tuple[StationModel, ...]
    parts: tuple[Part, ...]
    faces: tuple[StationFace, ...]


def read_plant(source: Path | Mapping[str, str], *, cycle_s: float = CYCLE_S) -> PlantModel:
    """Translate a configuration folder, or its texts by name; raises what `redrabbit.config` raises on problems."""
    plant = load_plant(source)
    parts = {
        part.id: Part(code=part.id, failure_mode=part.failure_mode, measured=_number(part.measured))
        for part in plant.parts
    }
    used: dict[str, list[Part]] = {}
    for check in plant.plan.checks:
        used.setdefault(check.device, []).extend(parts[each] for each in check.parts)
    models, faces = [], []
    for index, station in enumerate(plant.stations):
        device = station.devices[0]
        following = [
            other.id for other in plant.stations[index + 1 :] if other.line == station.line
        ]
        specs: dict[str, Spec] = {spec.name: spec for spec in station.signals}
        codes: dict[str, Value] = dict(device.rule.reject_codes.items())
        asked = {of.value: each.values for of, each in station.says.asked.items()}
        told = next((place for place in PLACES if place in asked and place in specs), None)
        models.append(
            StationModel(
                id=station.id,
                line=station.line,
                signals=frozenset(specs) & frozenset(SPEAKING_ORDER),
                cycle_s=cycle_s,
                next_station=following[0] if following else None,
                places=_places(asked.get(told or "", ())) if told is not None else (),
                place_told=told,
                needs_tap=device.rule.presented is None and device.rule.part_code is None,
                counter_modulus=1 << _counter_bits(specs.get("part_count")),
                device=_device(
                    device.id,
                    device.rule.within_s,
                    codes,
                    _typical(specs.get("measured"), used.get(device.id, [])),
                    prevents="cycle" in specs,
                ),
            )
        )
        shown = [spec for spec in station.signals if spec.name in SPEAKING_ORDER]
        faces.append(
            StationFace(
                station=station.id,
                endpoint=station.link.endpoint,
                host=station.link.host,
                port=station.link.port,
                unit_id=getattr(station.link, "unit_id", 0),
                modbus=modbus_signals(shown),
                mqtt=mqtt_signals(shown),
            )
        )
    return PlantModel(
        name=plant.name, stations=tuple(models), parts=tuple(parts.values()), faces=tuple(faces)
    )


def modbus_signals(specs: Iterable[Spec]) -> tuple[ModbusSignal, ...]:
    """Return those of the signals that stand in Modbus tables."""
    return tuple(
        ModbusSignal(name=spec.name, place=spec.address, scale=spec.scale, offset=spec.offset)
        for spec in specs
        if isinstance(spec.address, ModbusPlace)
    )


def mqtt_signals(specs: Iterable[Spec]) -> tuple[MqttSignal, ...]:
    """Return those of the signals that are published."""
    return tuple(
        MqttSignal(
            name=spec.name,
            place=spec.address,
            scale=spec.scale,
            offset=spec.offset,
            expected_every_s=spec.address.expected_every_s,
        )
        for spec in specs
        if isinstance(spec.address, MqttPlace)
    )


@dataclass(slots=True)
class SimulatedPlant:
    """A plant that can be reached over sockets."""

    model: PlantModel
    world: World
    driver: WorldDriver
    modbus: dict[str, ModbusStation] = field(default_factory=dict)
    """By endpoint."""
    brokers: dict[str, Broker] = field(default_factory=dict)
    """By endpoint."""
    publishing: dict[str, MqttStation] = field(default_factory=dict)
    """By station."""
    ports: dict[str, int] = field(default_factory=dict)
    """By endpoint, once it listens."""

    def cut_link(self, station: str) -> None:
        """Cut what connects a station with everybody: its endpoint, or its own publishing."""
        if station in self.publishing:
            self.publishing[station].is_mute = True
        else:
            self.modbus[self._endpoint(station)].cut()
        self.world.note_link(station, is_up=False)

    def mend_link(self, station: str) -> None:
        """Undo `cut_link`."""
        if station in self.publishing:
            self.publishing[station].is_mute = False
        else:
            self.modbus[self._endpoint(station)].mend()
        self.world.note_link(station, is_up=True)

    def write_attempts(self) -> int:
        """Return how often anybody tried to write to a station (L9)."""
        return sum(len(server.write_attempts) for server in self.modbus.values())

    @asynccontextmanager
    async def serving(
        self, bound: Mapping[str, socket.socket] | None = None, *, host: str | None = None
    ) -> AsyncIterator["SimulatedPlant"]:
        """Listen at every endpoint and let the world run, for the length of a `with` block.

        `bound` are sockets by endpoint that are bound already; others bind as configured, or on
        free ports of `host`.
        """
        bound = bound or {}
        addresses = {face.endpoint: (face.host, face.port) for face in self.model.faces}
        servers: dict[str, ModbusStation | Broker] = {**self.modbus, **self.brokers}
        running = [asyncio.create_task(self.driver.run(), name="world")]
        running += [
            asyncio.create_task(station.run(), name=f"publish {name}")
            for name, station in self.publishing.items()
        ]
        try:
            for endpoint, server in servers.items():
                named, port = addresses[endpoint]
                where = (named, port) if host is None else (host, 0)
                self.ports[endpoint] = await server.start(*where, bound=bound.get(endpoint))
            yield self
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            for server in servers.values():
                await server.close()

    def _endpoint(self, station: str) -> str:
        return next(face.endpoint for face in self.model.faces if face.station == station)


def simulate(model: PlantModel, clock: Clock, *, seed: int) -> SimulatedPlant:
    """Build the world and the faces of a plant; nothing listens yet."""
    world = World(model.stations, model.parts, starts_at=clock.now(), seed=seed)
    plant = SimulatedPlant(model=model, world=world, driver=WorldDriver(world, clock))
    units: dict[str, dict[int, ModbusFace]] = {}
    for face in model.faces:
        if face.modbus:
            units.setdefault(face.endpoint, {})[face.unit_id] = _modbus_face(world, face)
        else:
            plant.publishing[face.station] = _publishing(plant, face, clock)
    for endpoint, faces in units.items():
        plant.modbus[endpoint] = modbus_endpoint(faces, plant.driver.catch_up)
    return plant


def _modbus_face(world: World, face: StationFace) -> ModbusFace:
    return ModbusFace(face.modbus, lambda: world.snapshot(face.station))


def _publishing(plant: SimulatedPlant, face: StationFace, clock: Clock) -> MqttStation:
    broker = plant.brokers.setdefault(face.endpoint, Broker())
    station = MqttStation(
        Voice(face.mqtt), lambda: plant.world.snapshot(face.station), broker.publish, clock
    )
    plant.driver.listen(face.station, station.on_change)
    return station


def _device(
    name: str,
    within_s: float,
    codes: Mapping[str, Value],
    measures: tuple[float, float],
    *,
    prevents: bool,
) -> Device:
    says_text = any(isinstance(code, str) for code in codes.values())
    return Device(
        id=name,
        within_s=within_s,
        answer_s=START_S if prevents else within_s * ANSWER_SHARE,
        prevents=prevents,
        reject_codes=codes,
        no_code=NO_CODE_TEXT if says_text else 0,
        wrong_code=WRONG_CODE_TEXT if says_text else WRONG_CODE,
        measured_good=measures[0],
        measured_bad=measures[1],
    )


def _places(tapped: Sequence[str]) -> tuple[Value, ...]:
    """Return the nests that can be tapped, or the pallets of a line, which are scanned."""
    return tuple(int(each) if each.isdigit() else each for each in tapped) or PALLETS


def _number(measured: str | None) -> float | None:
    """Return the number at the beginning of a certified value such as `18.2 N·m`."""
    found = A_NUMBER.match(measured or "")
    return float(found[1]) if found else None


def _typical(spec: Spec | None, parts: list[Part]) -> tuple[float, float]:
    good, bad = TYPICAL.get(spec.unit if spec else None, (50.0, 10.0))
    for part in parts:
        if part.measured is not None and part.failure_mode is None:
            good = part.measured
        elif part.measured is not None:
            bad = part.measured
    return good, bad


def _counter_bits(spec: Spec | None) -> int:
    encoding = getattr(getattr(spec, "address", None), "encoding", None)
    return COUNTER_BITS.get(getattr(encoding, "value", ""), 32)

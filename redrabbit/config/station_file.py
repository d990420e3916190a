"""One station's file: link, signals, devices with their rules.

The sections below are what the loader reads by and what the JSON Schema is made of. The link is
read in `station_link`, signals in `signal_table`, rules in `rules`, in this order, because each
needs what is known from the one before.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from redrabbit.base.sentence import sentence
from redrabbit.config.file_schema import (
    Bilingual,
    Block,
    Choice,
    Entry,
    Key,
    ListOf,
    Located,
    MapOf,
    Section,
    Words,
)
from redrabbit.config.file_version import VERSION, is_newer
from redrabbit.config.heartbeat import HEARTBEAT, read_heartbeat
from redrabbit.config.located_yaml import Node
from redrabbit.config.plant_file import PlantFile
from redrabbit.config.problem import Problems, SourcePosition
from redrabbit.config.rules import RULE, Watched, read_rule
from redrabbit.config.signal_table import (
    SIGNALS,
    SignalTable,
    read_modbus_signals,
    read_mqtt_signals,
)
from redrabbit.config.spellings import DURATION, FAILURE_MODE, SIGNAL, SLUG
from redrabbit.config.station_events import STATION_EVENTS, read_station_events
from redrabbit.config.station_link import LINK, LinkSection, check_pace, read_link
from redrabbit.config.station_says import STATION_SAYS, read_station_says
from redrabbit.config.told_of_part import check_places
from redrabbit.domain.identity import DeviceId, FailureMode, LineId, SignalName, StationId
from redrabbit.domain.station import Device, DeviceKind, Link, ModbusLink, Station
from redrabbit.domain.station_says import StationSays

DEVICE: Final = Section(
    {
        "name": Key(Bilingual(), "The device's name."),
        "kind": Key(
            Choice({kind.value: kind for kind in DeviceKind}),
            "Whether the defect can't be made, can't pass, or is found by a human.",
        ),
        "failure_modes": Key(
            ListOf(FAILURE_MODE, at_least=1), "The defects it must catch, from plant.yaml."
        ),
        "rule": Key(RULE, "How its answer is read."),
    },
    "a device's mapping",
)

STATION: Final = Section(
    {
        "version": VERSION,
        "station": Key(SLUG, "The station's id; goes into records and never changes."),
        "line": Key(SLUG, "The line's id in plant.yaml."),
        "operation": Key(Words(), "As on the line's layout, for example OP20."),
        "name": Key(Bilingual(), "The station's name."),
        "link": Key(LINK, "How the station is reached."),
        "signals": Key(SIGNALS, "Each value of the station that is read, by name."),
        "part_counter": Key(
            SIGNAL, "The signal that counts every part; sizes a suspect window.", required=False
        ),
        "part_code": Key(
            SIGNAL, "The signal that says which part the station sees.", required=False
        ),
        "says": Key(
            STATION_SAYS,
            "What else the station says of the part and of how it runs.",
            required=False,
        ),
        "heartbeat": Key(
            HEARTBEAT,
            "What changes as long as the machine runs; a machine that stopped is not read.",
            required=False,
        ),
        "running": Key(
            SIGNAL,
            "The signal that is on while parts are made; off ends a suspect window.",
            required=False,
        ),
        "events": Key(
            STATION_EVENTS,
            "What its signals tell of production, and makes checks due: changeovers, lots, tools.",
            required=False,
        ),
        "value_expires": Key(
            DURATION,
            "A value older than this supports no verdict; 2 s if left out.",
            required=False,
            default=timedelta(seconds=2),
        ),
        "devices": Key(MapOf(SLUG, DEVICE, at_least=1), "The error-proofing devices, by id."),
    },
    "a mapping with a station's keys",
    dropped=frozenset({"labels"}),  # nothing ever read them
)


@dataclass(frozen=True)
class NamedDevice:
    """A device that a file names; `device` is None if it could not be read."""

    place: SourcePosition
    has_rule: bool
    failure_modes: tuple[str, ...]
    device: Device | None


@dataclass(frozen=True)
class StationFile:
    """One station's file as far as it could be read."""

    id: str | None
    place: SourcePosition
    line: str | None
    station: Station | None
    devices: Mapping[str, NamedDevice] = field(default_factory=dict)


def read_station_file(root: Node, plant: PlantFile, problems: Problems) -> StationFile | None:
    """Return what the file says, after noting what is wrong with it."""
    if is_newer(root, problems):
        return None
    before = len(problems.found)
    block = STATION.read(root, problems)
    if block is None:
        return None
    if block["line"] is not None:
        problems.refuse_unknown("line", block["line"], block.place_of("line"), plant.lines)
    link_node: Node | None = block["link"]
    section = read_link(link_node, plant, problems) if link_node is not None else None
    table = _read_signals(block["signals"], section, problems)
    for key in ("part_counter", "part_code", "running"):
        table.refuse_unknown(block[key], block.place_of(key), problems)
    _refuse_counter(block, table, problems)
    _refuse_running(block, table, problems)
    says = read_station_says(block["says"], table, problems)
    events = read_station_events(block["events"], table, problems)
    if section is not None and block["value_expires"] is not None:
        expires = Located(block["value_expires"], block.place_of("value_expires"))
        check_pace(section, table, expires, problems)
    link = section.link if section is not None else None
    heartbeat = read_heartbeat(block["heartbeat"], table, link, block["value_expires"], problems)
    watched = Watched(signals=table, link=link)
    devices = {
        entry.key: _read_device(entry, watched, plant, problems) for entry in block["devices"] or ()
    }
    named = [each.device for each in devices.values() if each.device is not None]
    rules = [(device.id, device.rule) for device in named]
    if len(rules) == len(devices):
        check_places(says.told, rules, table, problems)
    station = None
    if len(problems.found) == before:
        station = _station(block, watched.link, table, devices, says.says)
    if station is not None:
        station = replace(station, heartbeat=heartbeat, events=events)
    return StationFile(
        id=block["station"],
        place=block.place_of("station"),
        line=block["line"],
        station=station,
        devices=devices,
    )


def _station(
    block: Block,
    link: Link | None,
    table: SignalTable,
    devices: Mapping[str, NamedDevice],
    says: StationSays,
) -> Station | None:
    if link is None:
        return None
    return Station(
        id=StationId(block["station"]),
        line=LineId(block["line"]),
        operation=block["operation"],
        name=block["name"],
        link=link,
        signals=tuple(
            replace(spec, counts_parts=True) if name == block["part_counter"] else spec
            for name, spec in table.specs.items()
        ),
        devices=tuple(named.device for named in devices.values() if named.device is not None),
        part_counter=_name(block["part_counter"]),
        part_code=_name(block["part_code"]),
        running=_name(block["running"]),
        says=says,
        value_expires_s=block["value_expires"].total_seconds(),
    )


def _name(text: str | None) -> SignalName | None:
    return SignalName(text) if text is not None else None


def _refuse_counter(block: Block, table: SignalTable, problems: Problems) -> None:
    spec = table.specs.get(SignalName(block["part_counter"] or ""))
    if spec is not None and not table.ranges[spec.name].whole:
        problems.add(
            block.place_of("part_counter"),
            sentence(
                "part_counter {name!r} is {value}",
                name=spec.name,
                value=spec.address.encoding.value,
            ),
            "a signal that counts, of a whole number's encoding",
        )


def _refuse_running(block: Block, table: SignalTable, problems: Problems) -> None:
    spec = table.specs.get(SignalName(block["running"] or ""))
    if spec is not None and table.ranges[spec.name].kind != "bool":
        problems.add(
            block.place_of("running"),
            sentence(
                "running {name!r} is {value}", name=spec.name, value=spec.address.encoding.value
            ),
            "a signal that is on or off, of encoding bool",
        )


def _read_signals(
    node: Node | None, section: LinkSection | None, problems: Problems
) -> SignalTable:
    if node is None or section is None:
        return SignalTable(readable=False)
    if section.protocol == "mqtt":
        return read_mqtt_signals(node, section.block["topics"] or (), problems)
    link = section.link if isinstance(section.link, ModbusLink) else None
    return read_modbus_signals(node, link, problems)


def _read_device(
    entry: Entry[Block], watched: Watched, plant: PlantFile, problems: Problems
) -> NamedDevice:
    block = entry.value
    if block is None:
        return NamedDevice(entry.place, has_rule=False, failure_modes=(), device=None)
    before = len(problems.found)
    modes: list[str] = []
    for mode in block["failure_modes"] or ():
        if mode.value in modes:
            problems.add(
                mode.place,
                sentence("{value!r} a second time", value=mode.value),
                "each failure mode once",
            )
        else:
            problems.refuse_unknown("failure mode", mode.value, mode.place, plant.failure_modes)
        modes.append(mode.value)
    rule = read_rule(block["rule"], tuple(modes), watched, problems) if block["rule"] else None
    device = None
    if rule is not None and block.complete and len(problems.found) == before:
        device = Device(
            id=DeviceId(entry.key),
            name=block["name"],
            kind=block["kind"],
            failure_modes=tuple(FailureMode(mode) for mode in modes),
            rule=rule,
        )
    return NamedDevice(
        entry.place, has_rule="rule" in block, failure_modes=tuple(modes), device=device
    )

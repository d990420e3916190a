"""Names of lines, stations and devices: of their time where the record kept them (B35).

Schema 1 kept none; there today's names stand, and ids for what files no longer mention (D14).
"""

from dataclasses import dataclass
from typing import Protocol

from redrabbit.domain.control_plan import Check
from redrabbit.domain.facts.fact import read_json
from redrabbit.domain.facts.words import PlaceNames
from redrabbit.domain.identity import CheckId, DeviceId
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import Json
from redrabbit.domain.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceShown:
    """Where something happened, as people call it."""

    line: Text
    station: str
    operation: str
    device: Text


class Located(Protocol):
    """A record of something that happened at a device."""

    @property
    def line(self) -> str:
        """Id of the line."""
        ...

    @property
    def station(self) -> str:
        """Id of the station."""
        ...

    @property
    def device(self) -> str:
        """Id of the device."""
        ...

    @property
    def names(self) -> Json | None:
        """What they were called then; None under schema 1."""
        ...


def place_of(plant: Plant, record: Located) -> PlaceShown:
    """Return where something happened, in the words of its time."""
    names = read_json(PlaceNames, record.names)
    if names is None:
        return place_today(plant, record.line, record.station, record.device)
    return PlaceShown(
        line=names.line,
        station=record.station,
        operation=names.operation,
        device=names.device or names.station,
    )


def place_today(plant: Plant, line: str, station: str, device: str) -> PlaceShown:
    """Return the names that go with these ids."""
    try:
        at_station, at_device = plant.station_of(DeviceId(device))
    except KeyError:
        return PlaceShown(
            line=line_name(plant, line),
            station=station,
            operation=station,
            device=Text(en=device, zh=device),
        )
    return PlaceShown(
        line=line_name(plant, line),
        station=at_station.id,
        operation=at_station.operation,
        device=at_device.name,
    )


def line_name(plant: Plant, line: str) -> Text:
    """Return a line's name, or its id where the files no longer have it."""
    names = {str(each.id): each.name for each in plant.lines}
    return names.get(line, Text(en=line, zh=line))


def failure_mode_name(plant: Plant, failure_mode: str | None) -> Text | None:
    """Return the words of a failure mode; None for a good master."""
    if failure_mode is None:
        return None
    return plant.failure_modes.get(failure_mode, Text(en=failure_mode, zh=failure_mode))


def known_check(plant: Plant, check_id: str) -> Check | None:
    """Return the check as the plan in force has it; None when it was retired."""
    try:
        return plant.check(CheckId(check_id))
    except KeyError:
        return None

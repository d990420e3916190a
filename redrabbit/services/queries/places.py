"""Names of lines, stations and devices, also of those that files no longer mention (D14)."""

from dataclasses import dataclass

from redrabbit.domain.control_plan import Check
from redrabbit.domain.identity import CheckId, DeviceId
from redrabbit.domain.plant import Plant
from redrabbit.domain.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something happened, as people call it."""

    line: Text
    station: str
    operation: str
    device: Text
    known: bool
    """False: retired from the files; ids stand for the names."""


def place(plant: Plant, line: str, station: str, device: str) -> Place:
    """Return the names that go with these ids."""
    try:
        found, watching = plant.station_of(DeviceId(device))
    except KeyError:
        return Place(
            line=line_name(plant, line),
            station=station,
            operation=station,
            device=Text(en=device, zh=device),
            known=False,
        )
    return Place(
        line=line_name(plant, line),
        station=found.id,
        operation=found.operation,
        device=watching.name,
        known=True,
    )


def line_name(plant: Plant, line: str) -> Text:
    """Return a line's name, or its id where the files no longer have it."""
    names = {str(found.id): found.name for found in plant.lines}
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

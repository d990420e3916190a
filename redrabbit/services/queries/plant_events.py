"""What happened at a station: what people there can tell of, and what was told last (R08)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from redrabbit.domain.facts.plant_event import PlantEventRecord, ToldBy
from redrabbit.domain.identity import LineId
from redrabbit.domain.plant import Plant
from redrabbit.domain.plant_events import waits_for
from redrabbit.domain.schedule_rules import PlantEvent
from redrabbit.domain.shift_production import shift_at
from redrabbit.domain.station import Station
from redrabbit.services.begun_shifts import checks_by_first_part, owes
from redrabbit.services.ports import Reader, Where, equals
from redrabbit.services.queries.people import Names, Person, names_in, person

OF_THE_SOFTWARE: Final = frozenset({PlantEvent.FAILED_CHECK})
"""It is a record of the software itself: nobody has to tell it."""

_SHOWN_FOR: Final = timedelta(hours=8)
_MOST_SHOWN: Final = 3
_MOST_LOOKED_AT: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class EventShown:
    """One telling of an event."""

    event: PlantEvent
    at: datetime
    by: Person | None
    """None: a signal told it, or the software."""
    is_told_again: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsHere:
    """The events of a station."""

    line: LineId
    offered: tuple[PlantEvent, ...]
    """What the checks of this station wait for and somebody has to tell, each once."""
    is_running_asked: bool
    """A check of this station waits for the first part of this shift, and nothing but people tells it (D42)."""
    told: tuple[EventShown, ...]
    """Of this shift's time, the latest first."""


def events_here(reader: Reader, plant: Plant, station: Station, now: datetime) -> EventsHere:
    """Return what can be told at a station, and what was told of it or of its whole line."""
    told = reader.find(
        PlantEventRecord,
        equals("line", station.line),
        Where("happened_at", ">", now - _SHOWN_FOR),
        order_by="happened_at",
        descending=True,
        limit=_MOST_LOOKED_AT,
    )
    names = names_in(reader)
    return EventsHere(
        line=station.line,
        offered=tuple(
            event
            for event in PlantEvent
            if event not in OF_THE_SOFTWARE
            and any(
                waits_for(check, station.line, station.id, event) for check in plant.plan.checks
            )
        ),
        is_running_asked=_is_running_asked(reader, plant, station, now),
        told=tuple(_shown(each, names) for each in told if each.station in {None, station.id})[
            :_MOST_SHOWN
        ],
    )


def _is_running_asked(reader: Reader, plant: Plant, station: Station, now: datetime) -> bool:
    if station.tells_running:
        return False
    shift = shift_at(plant.calendars[station.line], now)
    checks = checks_by_first_part(plant, station.line, station.id)
    return shift is not None and any(owes(reader, check, shift, now) for check in checks)


def _shown(told: PlantEventRecord, names: Names) -> EventShown:
    by_somebody = told.told_by_what in {ToldBy.PERSON, ToldBy.PROGRAM}
    return EventShown(
        event=told.event,
        at=told.happened_at,
        by=person(names, told.told_by, told.told_how, told.told_entry) if by_somebody else None,
        is_told_again=told.same_as is not None,
    )

"""For what a person is qualified, and for what the plant can qualify somebody (R19)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from redrabbit.domain.identity import How
from redrabbit.domain.plant import Plant
from redrabbit.domain.record_query import equals
from redrabbit.domain.records import QualificationRecord
from redrabbit.domain.station import Device, Station
from redrabbit.domain.text import Text
from redrabbit.services.ports import Reader
from redrabbit.services.queries.people import Names, name_then


class QualifiedFor(StrEnum):
    """What somebody can be qualified for."""

    STATION = "station"
    DEVICE = "device"
    CHECK = "check"


@dataclass(frozen=True, slots=True, kw_only=True)
class QualificationRow:
    """One qualification of a person that was not withdrawn."""

    qualification: str
    kind: QualifiedFor
    what: str
    """The id of the station, device or check; the plant may have it no more."""
    valid_until: datetime | None
    """Up to, not including; None: no end."""
    is_over: bool
    recorded_at: datetime
    recorded_by: str
    recorded_how: How


@dataclass(frozen=True, slots=True, kw_only=True)
class QualificationChoice:
    """A station, device or check of the plant, to choose."""

    what: str
    name: Text | None
    """None: it is known by its id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QualificationChoices:
    """All stations, all devices, or all checks of the plant."""

    kind: QualifiedFor
    choices: tuple[QualificationChoice, ...]


def qualification_row(held: QualificationRecord, names: Names, now: datetime) -> QualificationRow:
    """Return a qualification as pages and programs say it."""
    kind, what = _subject(held)
    return QualificationRow(
        qualification=held.qualification_id,
        kind=kind,
        what=what,
        valid_until=held.valid_until,
        is_over=held.valid_until is not None and held.valid_until <= now,
        recorded_at=held.recorded_at,
        recorded_by=name_then(names, held.recorded_by, held.recorded_entry),
        recorded_how=held.recorded_how,
    )


def qualification_rows(
    reader: Reader, person_id: str, names: Names, now: datetime
) -> tuple[QualificationRow, ...]:
    """Return the qualifications of a person that were not withdrawn, the oldest first."""
    found = reader.find(QualificationRecord, equals("person_id", person_id))
    held = sorted(
        (each for each in found if each.withdrawn_at is None), key=lambda each: each.number
    )
    return tuple(qualification_row(each, names, now) for each in held)


def qualification_choices(plant: Plant) -> tuple[QualificationChoices, ...]:
    """Return what the plant can qualify somebody for: its stations, its devices, its checks."""
    devices = (device for station in plant.stations for device in station.devices)
    checks = (QualificationChoice(what=check.id, name=None) for check in plant.plan.checks)
    return (
        _choices(QualifiedFor.STATION, plant.stations),
        _choices(QualifiedFor.DEVICE, devices),
        QualificationChoices(kind=QualifiedFor.CHECK, choices=tuple(checks)),
    )


def _choices(kind: QualifiedFor, found: Iterable[Station | Device]) -> QualificationChoices:
    choices = (QualificationChoice(what=each.id, name=each.name) for each in found)
    return QualificationChoices(kind=kind, choices=tuple(choices))


def _subject(held: QualificationRecord) -> tuple[QualifiedFor, str]:
    if held.station is not None:
        return QualifiedFor.STATION, held.station
    if held.device is not None:
        return QualifiedFor.DEVICE, held.device
    return QualifiedFor.CHECK, str(held.check_id)

"""Adopting a configuration: its content, redacted, into the ledger, what it names into the records.

D14: files own stations, signals, rules and calendars; loading appends `configuration_adopted`;
what disappears from a file is retired, never deleted. A configuration already in force is adopted
again without an entry.
"""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Final

from redrabbit.base.redaction import redacted
from redrabbit.domain.challenge_part import ChallengePart, PartState
from redrabbit.domain.control_plan import Check
from redrabbit.domain.facts.challenge_part import (
    PartRegistered,
    PartStateChanged,
    PartStateCode,
)
from redrabbit.domain.facts.check import CheckAdopted, CheckDueAnew, CheckRetired
from redrabbit.domain.facts.fact import json_of
from redrabbit.domain.facts.occurrence import (
    DecisionCode,
    OccurrenceDecided,
    OccurrenceOutcome,
    is_of_production,
)
from redrabbit.domain.facts.plant import ConfigurationAdopted, InForceChanged, in_force_digest
from redrabbit.domain.facts.plant_event import ToldBy
from redrabbit.domain.facts.station import StationAdopted, StationRetired
from redrabbit.domain.facts.words import PlanReference
from redrabbit.domain.identity import CONFIGURATION
from redrabbit.domain.ledger import PLANT_STREAM
from redrabbit.domain.occurrence import trigger_key, under_way
from redrabbit.domain.plant import Plant
from redrabbit.domain.record_query import latest
from redrabbit.domain.records import (
    ChallengePartRecord,
    CheckRecord,
    ConfigurationRecord,
    OccurrenceRecord,
    StationRecord,
)
from redrabbit.domain.schedule import due_times
from redrabbit.domain.schedule_rules import PlantEvent
from redrabbit.domain.schedule_words import schedule_text
from redrabbit.domain.station import Station
from redrabbit.services.as_of import A_MOMENT, as_of
from redrabbit.services.plan_revisions import follow_plan
from redrabbit.services.plant_events import is_waited_for, note_event
from redrabbit.services.ports import UnitOfWork, equals
from redrabbit.services.record_fact import record

LONGEST_MOVE: Final = timedelta(days=2)
"""A shift whose times were moved begins at most a day earlier or later on its plant date, and ends at most two."""


def adopt(
    uow: UnitOfWork,
    plant: Plant,
    files: Mapping[str, str],
    software: str,
    *,
    before: Plant | None = None,
    at: datetime | None = None,
) -> bool:
    """Adopt the plant's configuration; return whether anything is new.

    `before` is the plant in force until now; None where there is none, or it can't be known.

    `files` maps each file's name to its text. The ledger keeps them without what looks like a
    secret, for ever; the digest is over the true texts (D24).

    `at` is the instant from which a plan was to count, and may have passed: what is due at it, or later, is owed by that plan
    (D55). None: it counts from now, and what is due now is still owed by the one before.
    """
    uow = uow if at is None else as_of(uow, at)
    owed_until = uow.now if at is None else at - A_MOMENT
    last = latest(uow, ConfigurationRecord, by="entry")
    is_known = last is not None and (last.digest, last.software) == (plant.digest, software)
    if is_known and uow.in_force == in_force_digest(plant.in_force):
        follow_plan(uow, plant)
        return False
    adopted = ConfigurationAdopted(
        digest=plant.digest, software=software, plan=plant.plan.label, files=dict(redacted(files))
    )
    record(uow, adopted, stream=PLANT_STREAM, actor=CONFIGURATION)
    in_force = InForceChanged(items=plant.in_force)
    record(uow, in_force, stream=PLANT_STREAM, actor=CONFIGURATION)
    _adopt_stations(uow, plant)
    follow_plan(uow, plant)
    _adopt_checks(uow, plant, before, owed_until)
    _adopt_parts(uow, plant)
    if before is not None:
        _note_changed_rules(uow, plant, before)
    return True


def _adopt_stations(uow: UnitOfWork, plant: Plant) -> None:
    for station in plant.stations:
        known = uow.get(StationRecord, station.line, station.id)
        if known is None or known.retired_at is not None:
            named = StationAdopted(station_id=station.id, line=station.line)
            record(uow, named, stream=station.line, actor=CONFIGURATION)
    there = {(station.line, station.id) for station in plant.stations}
    for known in uow.find(StationRecord, equals("retired_at", None)):
        if (known.line, known.station_id) not in there:
            retired = StationRetired(station_id=known.station_id)
            record(uow, retired, stream=known.line, actor=CONFIGURATION)


def _adopt_checks(
    uow: UnitOfWork, plant: Plant, before: Plant | None, owed_until: datetime
) -> None:
    for check in plant.plan.checks:
        wanted = _adopted(check, plant)
        known = uow.get(CheckRecord, check.line, check.id)
        if known is None or known.retired_at is not None or _check_differs(known, wanted):
            record(uow, wanted, stream=check.line, actor=CONFIGURATION)
        goes_on = known if known is not None and known.retired_at is None else None
        if owed_until < uow.now and (goes_on is None or goes_on.schedule != wanted.schedule):
            _look_from(uow, check, owed_until)
        if goes_on is None:
            continue
        if goes_on.schedule != wanted.schedule:
            _excuse_superseded(uow, check, plant, owed_until)
        elif before is not None and before.calendars.get(check.line) != plant.calendars[check.line]:
            anew = CheckDueAnew(check_id=check.id)
            record(uow, anew, stream=check.line, actor=CONFIGURATION)
            _excuse_superseded(uow, check, plant, owed_until)
    there = {(check.line, check.id) for check in plant.plan.checks}
    for known in uow.find(CheckRecord, equals("retired_at", None)):
        if (known.line, known.check_id) not in there:
            retired = CheckRetired(check_id=known.check_id)
            record(uow, retired, stream=known.line, actor=CONFIGURATION)
            _excuse_open(uow, known, owed_until)


def _look_from(uow: UnitOfWork, check: Check, owed_until: datetime) -> None:
    """Look for due times of a schedule from the instant itself on, at which the plan counts already."""
    anew = CheckDueAnew(check_id=check.id)
    record(uow, anew, stream=check.line, actor=CONFIGURATION, at=owed_until)


def _check_differs(known: CheckRecord, wanted: CheckAdopted) -> bool:
    stands = PlanReference(
        number=known.plan_number,
        revision=known.plan_revision,
        line=known.plan_line,
        pfmea=known.pfmea,
    )
    return (stands, known.station, known.device, known.schedule, known.special_characteristic) != (
        wanted.plan,
        wanted.station,
        wanted.device,
        wanted.schedule,
        wanted.special_characteristic,
    )


def _excuse_superseded(uow: UnitOfWork, check: Check, plant: Plant, owed_until: datetime) -> None:
    """Excuse what was made already, is due later, is not begun, and is not due by the plan of now (D55).

    What is due by it, too, keeps the times that it was made with: the same moment of a shift, or the same instant.
    """
    known = uow.get(CheckRecord, check.line, check.id)
    assert known is not None  # noqa: S101  it was adopted just now
    for occurrence in _undecided(uow, check.line, check.id):
        due_at = occurrence.first_due_at or occurrence.due_at  # a pause gives no amnesty, either
        if due_at <= owed_until or under_way(occurrence, uow.now):
            continue
        if is_of_production(occurrence.trigger_key):  # its cause has happened
            continue
        still_due = due_times(
            check.schedule,
            plant.calendars[check.line],
            known.adopted_at,
            min(uow.now, due_at) - LONGEST_MOVE,
            due_at + LONGEST_MOVE,
        )
        instants = {each.due_at for each in still_due}
        keys = {trigger_key(each.trigger_key) for each in still_due}
        if occurrence.trigger_key not in keys and due_at not in instants:
            _excuse(uow, occurrence, DecisionCode.SUPERSEDED)


def _excuse_open(uow: UnitOfWork, retired: CheckRecord, owed_until: datetime) -> None:
    """Excuse what a retired check was to owe later: the plan no longer asks for it. What was due stays owed (L7, D55)."""
    for occurrence in _undecided(uow, retired.line, retired.check_id):
        if (occurrence.first_due_at or occurrence.due_at) > owed_until:
            _excuse(uow, occurrence, DecisionCode.CHECK_RETIRED)


def _undecided(uow: UnitOfWork, line: str, check_id: str) -> list[OccurrenceRecord]:
    """Return what a check owes; asked by the check alone, for which there is an index, and of its line."""
    of_check = (equals("check_id", check_id), equals("outcome", None))
    found = uow.find(OccurrenceRecord, *of_check, order_by="due_at")
    return [occurrence for occurrence in found if occurrence.line == line]


def _excuse(uow: UnitOfWork, occurrence: OccurrenceRecord, code: DecisionCode) -> None:
    excused = OccurrenceDecided.of(occurrence, OccurrenceOutcome.EXCUSED, code)
    record(uow, excused, stream=occurrence.line, actor=CONFIGURATION)


def _adopted(check: Check, plant: Plant) -> CheckAdopted:
    return CheckAdopted(
        check_id=check.id,
        line=check.line,
        station=check.station,
        device=check.device,
        plan=plant.plan_reference(check),
        schedule=schedule_text(check.schedule),
        special_characteristic=check.special_characteristic,
    )


def _note_changed_rules(uow: UnitOfWork, plant: Plant, before: Plant) -> None:
    """Tell of each station by which rules its devices are judged otherwise from here on, where a check waits for that."""
    known = {station.id: station for station in before.stations}
    for station in plant.stations:
        was = known.get(station.id)
        is_waited = is_waited_for(plant, station.line, station.id, PlantEvent.PARAMETER_CHANGE)
        if was is not None and is_waited and _judged_by(was) != _judged_by(station):
            note_event(
                uow,
                plant,
                line=station.line,
                station=station.id,
                event=PlantEvent.PARAMETER_CHANGE,
                told_by_what=ToldBy.SOFTWARE,
                actor=CONFIGURATION,
                at=uow.now,
            )


def _judged_by(station: Station) -> tuple[object, ...]:
    """Return all by which the devices of a station are judged: their rules, and what their signals are."""
    rules = {device.id: device.rule for device in station.devices}
    return rules, tuple(replace(spec, label=None) for spec in station.signals)


def _adopt_parts(uow: UnitOfWork, plant: Plant) -> None:
    for part in plant.parts:
        known = uow.get(ChallengePartRecord, part.id)
        home = _home(plant, part, known)
        wanted = _registered(part, known)
        if known is None or known.stream != home or _part_differs(known, wanted):
            record(uow, wanted, stream=home, actor=CONFIGURATION)
    ids = {part.id for part in plant.parts}
    for known in uow.find(ChallengePartRecord):
        if known.part_id not in ids and known.state is not PartState.RETIRED:
            retired = PartStateChanged(
                part_id=known.part_id,
                state=PartState.RETIRED,
                state_code=PartStateCode.NOT_IN_CONFIGURATION,
                state_text=None,
            )
            record(uow, retired, stream=known.stream, actor=CONFIGURATION)


def _home(plant: Plant, part: ChallengePart, known: ChallengePartRecord | None) -> str:
    """Return the piece's home: the one that it has for good, else the first line that takes it."""
    if known is not None and known.home_is_settled:
        return known.stream
    return plant.home_of(part.id)


def _registered(part: ChallengePart, known: ChallengePartRecord | None) -> PartRegistered:
    state, code, text = _state(known, part)
    return PartRegistered(
        part_id=part.id,
        kind=part.kind,
        name=part.name,
        category=part.category,
        failure_mode=part.failure_mode,
        storage=part.storage,
        valid_until=part.valid_until,
        wear_limit_uses=part.wear_limit_uses,
        certified_on=part.certified_on,
        measured=part.measured,
        drawing_revision=part.drawing_revision,
        state=state,
        state_code=code,
        state_text=text,
    )


def _part_differs(known: ChallengePartRecord, wanted: PartRegistered) -> bool:
    values = {field.name: getattr(wanted, field.name) for field in fields(wanted)}
    values["name"] = json_of(wanted.name)
    return any(getattr(known, name) != value for name, value in values.items())


def _state(
    known: ChallengePartRecord | None, part: ChallengePart
) -> tuple[PartState, PartStateCode | None, str | None]:
    """Return the part's state: a quarantine on record is lifted by people, never by a file.

    Neither by one that leaves the part out for a while.
    """
    wanted = PartState.RELEASED if part.released else PartState.UNRELEASED
    if known is not None and known.state in {PartState.QUARANTINED, wanted}:
        return known.state, known.state_code, known.state_text
    if known is not None and known.taken_out_by:
        return PartState.QUARANTINED, PartStateCode.QUARANTINED_BEFORE, None
    return wanted, None, None

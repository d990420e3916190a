"""Adopting a configuration: its full content into the ledger, what it names into the records.

D14: files own stations, signals, rules and calendars; loading appends `configuration_adopted`;
what disappears from a file is retired, never deleted. A configuration already in force is adopted
again without an entry.
"""

from collections.abc import Mapping

from redrabbit.domain.challenge_part import ChallengePart, PartState
from redrabbit.domain.control_plan import Check
from redrabbit.domain.facts.challenge_part import PartRegistered, PartStateChanged
from redrabbit.domain.facts.check import CheckAdopted, CheckRetired
from redrabbit.domain.facts.codec import encode
from redrabbit.domain.facts.occurrence import OccurrenceDecided, OccurrenceOutcome
from redrabbit.domain.facts.plant import ConfigurationAdopted
from redrabbit.domain.facts.station import StationAdopted
from redrabbit.domain.identity import CONFIGURATION
from redrabbit.domain.ledger import PLANT_STREAM
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import (
    ChallengePartRecord,
    CheckRecord,
    ConfigurationRecord,
    OccurrenceRecord,
    StationRecord,
)
from redrabbit.domain.schedule_words import schedule_text
from redrabbit.services.ports import UnitOfWork, equals
from redrabbit.services.record_fact import record


def adopt(uow: UnitOfWork, plant: Plant, files: Mapping[str, str], software: str) -> bool:
    """Adopt the plant's configuration; return whether anything is new.

    `files` maps each file's name to its text.
    """
    latest = uow.find(ConfigurationRecord, order_by="adopted_at", descending=True, limit=1)
    if latest and latest[0].digest == plant.digest and latest[0].software == software:
        return False
    adopted = ConfigurationAdopted(
        digest=plant.digest, software=software, plan=plant.plan.label, files=dict(files)
    )
    record(uow, adopted, stream=PLANT_STREAM, actor=CONFIGURATION)
    for station in plant.stations:
        known = uow.get(StationRecord, station.id)
        if known is None or known.line != station.line:
            named = StationAdopted(station_id=station.id, line=station.line)
            record(uow, named, stream=station.line, actor=CONFIGURATION)
    _adopt_checks(uow, plant)
    _adopt_parts(uow, plant)
    return True


def _adopt_checks(uow: UnitOfWork, plant: Plant) -> None:
    for check in plant.plan.checks:
        wanted = _adopted(check, plant)
        known = uow.get(CheckRecord, check.id)
        as_known = known is not None and known.retired_at is None
        if as_known and encode(wanted).items() <= encode(known).items():
            continue
        record(uow, wanted, stream=check.line, actor=CONFIGURATION)
    ids = {check.id for check in plant.plan.checks}
    for known in uow.find(CheckRecord, equals("retired_at", None)):
        if known.check_id not in ids:
            retired = CheckRetired(check_id=known.check_id)
            record(uow, retired, stream=known.line, actor=CONFIGURATION)
            _excuse_open(uow, known)


def _excuse_open(uow: UnitOfWork, retired: CheckRecord) -> None:
    """Excuse what a retired check still owes: the plan no longer asks for it (L7)."""
    for occurrence in uow.find(
        OccurrenceRecord, equals("check_id", retired.check_id), equals("outcome", None)
    ):
        excused = OccurrenceDecided(
            occurrence_id=occurrence.occurrence_id,
            check_id=occurrence.check_id,
            station=occurrence.station,
            device=occurrence.device,
            run_id=None,
            outcome=OccurrenceOutcome.EXCUSED,
            reason="check_retired",
        )
        record(uow, excused, stream=retired.line, actor=CONFIGURATION)


def _adopted(check: Check, plant: Plant) -> CheckAdopted:
    return CheckAdopted(
        check_id=check.id,
        line=check.line,
        station=check.station,
        device=check.device,
        plan=plant.plan.label,
        plan_line=check.plan_line,
        pfmea=check.pfmea,
        schedule=schedule_text(check.schedule),
    )


def _adopt_parts(uow: UnitOfWork, plant: Plant) -> None:
    for part in plant.parts:
        known = uow.get(ChallengePartRecord, part.id)
        if known is None or _differs(known, part):
            state, reason = _state(known, part)
            registered = PartRegistered(
                part_id=part.id,
                name=part.name,
                category=part.category,
                failure_mode=part.failure_mode,
                storage=part.storage,
                valid_until=part.valid_until,
                wear_limit_uses=part.wear_limit_uses,
                certified_on=part.certified_on,
                measured=part.measured,
                state=state,
                state_reason=reason,
            )
            record(uow, registered, stream=PLANT_STREAM, actor=CONFIGURATION)
    ids = {part.id for part in plant.parts}
    for known in uow.find(ChallengePartRecord):
        if known.part_id not in ids and known.state is not PartState.RETIRED:
            retired = PartStateChanged(
                part_id=known.part_id,
                state=PartState.RETIRED,
                state_reason="not_in_configuration",
            )
            record(uow, retired, stream=PLANT_STREAM, actor=CONFIGURATION)


def _differs(known: ChallengePartRecord, part: ChallengePart) -> bool:
    stands = (
        known.category,
        known.failure_mode,
        known.storage,
        known.valid_until,
        known.wear_limit_uses,
    )
    wanted = (
        part.category,
        part.failure_mode,
        part.storage,
        part.valid_until,
        part.wear_limit_uses,
    )
    return stands != wanted or known.state != _state(known, part)[0]


def _state(known: ChallengePartRecord | None, part: ChallengePart) -> tuple[PartState, str | None]:
    """Return the part's state: a quarantine on record is lifted by people, never by a file."""
    if known is not None and known.state is PartState.QUARANTINED:
        return known.state, known.state_reason
    return (PartState.RELEASED if part.released else PartState.UNRELEASED), None

"""Adopting a configuration: its content, redacted, into the ledger, what it names into the records.

D14: files own stations, signals, rules and calendars; loading appends `configuration_adopted`;
what disappears from a file is retired, never deleted. A configuration already in force is adopted
again without an entry.
"""

from collections.abc import Mapping

from redrabbit.base.redaction import redacted
from redrabbit.domain.challenge_part import ChallengePart
from redrabbit.domain.control_plan import Check
from redrabbit.domain.folding import payload_of
from redrabbit.domain.identity import CONFIGURATION
from redrabbit.domain.ledger import PLANT_STREAM, Event
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


def adopt(uow: UnitOfWork, plant: Plant, files: Mapping[str, str], software: str) -> bool:
    """Adopt the plant's configuration; return whether anything is new.

    `files` maps each file's name to its text. The ledger keeps them without what looks like a
    secret, for ever; the digest is over the true texts (D24).
    """
    latest = uow.find(ConfigurationRecord, order_by="adopted_at", descending=True, limit=1)
    if latest and latest[0].digest == plant.digest and latest[0].software == software:
        return False
    _append(
        uow,
        PLANT_STREAM,
        "configuration_adopted",
        digest=plant.digest,
        software=software,
        plan=plant.plan.label,
        files=dict(redacted(files)),
    )
    for station in plant.stations:
        known = uow.get(StationRecord, station.id)
        if known is None or known.line != station.line:
            _append(uow, station.line, "station_adopted", station_id=station.id, line=station.line)
    _adopt_checks(uow, plant)
    _adopt_parts(uow, plant)
    return True


def _adopt_checks(uow: UnitOfWork, plant: Plant) -> None:
    for check in plant.plan.checks:
        wanted = _check_payload(check, plant)
        known = uow.get(CheckRecord, check.id)
        as_known = known is not None and known.retired_at is None
        if as_known and all(getattr(known, name) == value for name, value in wanted.items()):
            continue
        _append(uow, check.line, "check_adopted", **wanted)
    ids = {check.id for check in plant.plan.checks}
    for record in uow.find(CheckRecord, equals("retired_at", None)):
        if record.check_id not in ids:
            _append(uow, record.line, "check_retired", check_id=record.check_id)
            _excuse_open(uow, record)


def _excuse_open(uow: UnitOfWork, record: CheckRecord) -> None:
    """Excuse what a retired check still owes: the plan no longer asks for it (L7)."""
    for occurrence in uow.find(
        OccurrenceRecord, equals("check_id", record.check_id), equals("outcome", None)
    ):
        _append(
            uow,
            record.line,
            "occurrence_decided",
            occurrence_id=occurrence.occurrence_id,
            check_id=occurrence.check_id,
            station=occurrence.station,
            outcome="excused",
            reason="check_retired",
        )


def _check_payload(check: Check, plant: Plant) -> dict[str, str]:
    return {
        "check_id": check.id,
        "line": check.line,
        "station": check.station,
        "device": check.device,
        "plan": plant.plan.label,
        "plan_line": check.plan_line,
        "pfmea": check.pfmea,
        "schedule": schedule_text(check.schedule),
    }


def _adopt_parts(uow: UnitOfWork, plant: Plant) -> None:
    for part in plant.parts:
        known = uow.get(ChallengePartRecord, part.id)
        if known is None or _differs(known, part):
            state, reason = _state(known, part)
            _append(
                uow,
                PLANT_STREAM,
                "part_registered",
                part_id=part.id,
                name={"en": part.name.en, "zh": part.name.zh},
                category=part.category.value,
                failure_mode=part.failure_mode,
                storage=part.storage,
                valid_until=part.valid_until,
                wear_limit_uses=part.wear_limit_uses,
                certified_on=part.certified_on,
                measured=part.measured,
                state=state,
                state_reason=reason,
            )
    ids = {part.id for part in plant.parts}
    for record in uow.find(ChallengePartRecord):
        if record.part_id not in ids and record.state != "retired":
            _append(
                uow,
                PLANT_STREAM,
                "part_state_changed",
                part_id=record.part_id,
                state="retired",
                state_reason="not_in_configuration",
            )


def _differs(known: ChallengePartRecord, part: ChallengePart) -> bool:
    stands = (
        known.category,
        known.failure_mode,
        known.storage,
        known.valid_until,
        known.wear_limit_uses,
    )
    wanted = (
        part.category.value,
        part.failure_mode,
        part.storage,
        part.valid_until,
        part.wear_limit_uses,
    )
    return stands != wanted or known.state != _state(known, part)[0]


def _state(known: ChallengePartRecord | None, part: ChallengePart) -> tuple[str, str | None]:
    """Return the part's state: a quarantine on record is lifted by people, never by a file."""
    if known is not None and known.state == "quarantined":
        return known.state, known.state_reason
    return ("released" if part.released else "unreleased"), None


def _append(uow: UnitOfWork, stream: str, event_type: str, /, **payload: object) -> None:
    uow.append(
        Event(
            type=event_type,
            stream=stream,
            occurred_at=uow.now,
            actor=CONFIGURATION,
            payload=payload_of(**payload),
        )
    )

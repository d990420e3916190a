"""Qualifications: for what somebody was trained, and until when (R19)."""

from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.qualification import QualificationRecorded, QualificationWithdrawn
from redrabbit.domain.identity import Actor, CheckId, DeviceId, QualificationId, StationId
from redrabbit.domain.ledger import PLANT_STREAM
from redrabbit.domain.limits import can_be_recorded
from redrabbit.domain.people_acts import RecordQualification, WithdrawQualification
from redrabbit.domain.plant import Plant
from redrabbit.domain.record_query import recorded
from redrabbit.domain.records import QualificationRecord
from redrabbit.domain.rights import refuse_own_grant
from redrabbit.services.people import the_active_person
from redrabbit.services.plant_numbers import next_in_plant
from redrabbit.services.ports import UnitOfWork
from redrabbit.services.record_fact import record


def qualify(
    uow: UnitOfWork, plant: Plant, asked: RecordQualification, *, actor: Actor
) -> QualificationRecord:
    """Say what somebody else was trained for: one station, one device or one check of the plant."""
    refuse_own_grant(actor.id, asked.person_id)
    the_active_person(uow, asked.person_id)
    _refuse_unknown(plant, asked)
    until = asked.valid_until
    if until is not None and not can_be_recorded(until):
        raise Refusal("instant_out_of_range", value=until.isoformat())
    if until is not None and until <= uow.now:
        raise Refusal("end_is_past", value=until)
    qualification_id = QualificationId(next_in_plant(uow, QualificationRecord))
    qualified = QualificationRecorded(
        qualification_id=qualification_id,
        person_id=asked.person_id,
        station=asked.station,
        device=asked.device,
        check_id=asked.check_id,
        valid_until=until,
    )
    record(uow, qualified, stream=PLANT_STREAM, actor=actor)
    return recorded(uow, QualificationRecord, qualification_id)


def withdraw(uow: UnitOfWork, asked: WithdrawQualification, *, actor: Actor) -> QualificationRecord:
    """Say that a qualification of a person counts no longer; Refusal where that person has none of this number."""
    qualification_id = asked.qualification_id
    known = uow.get(QualificationRecord, qualification_id)
    if known is None or known.withdrawn_at is not None or known.person_id != asked.person_id:
        raise Refusal("no_such_qualification", qualification=qualification_id)
    withdrawn = QualificationWithdrawn(qualification_id=qualification_id)
    record(uow, withdrawn, stream=PLANT_STREAM, actor=actor)
    return recorded(uow, QualificationRecord, qualification_id)


def _refuse_unknown(plant: Plant, asked: RecordQualification) -> None:
    if [asked.station, asked.device, asked.check_id].count(None) != 2:  # noqa: PLR2004  one of three
        raise Refusal("qualified_for_one_thing")
    try:
        if asked.station is not None:
            plant.station(StationId(asked.station))
        elif asked.device is not None:
            plant.station_of(DeviceId(asked.device))
        else:
            plant.check(CheckId(str(asked.check_id)))
    except KeyError:
        what = asked.station or asked.device or asked.check_id
        raise Refusal("qualified_for_nothing_known", what=what) from None

"""Raising an alarm: a record, an entry and an outgoing message in one transaction (B19, B21)."""

from datetime import datetime

from redrabbit.domain.consequences import next_id
from redrabbit.domain.facts.alarm import AlarmKind, AlarmRaised, AlarmRecord
from redrabbit.domain.facts.words import PlaceNames
from redrabbit.domain.identity import AGENT, Actor, AlarmId, OccurrenceId, RunId
from redrabbit.domain.ledger import PLANT_STREAM
from redrabbit.services.ports import UnitOfWork
from redrabbit.services.record_fact import record


def raise_alarm(
    uow: UnitOfWork,
    kind: AlarmKind,
    *,
    at: datetime,
    line: str | None = None,
    station: str | None = None,
    device: str | None = None,
    names: PlaceNames | None = None,
    part_id: str | None = None,
    run_id: RunId | None = None,
    occurrence_id: OccurrenceId | None = None,
    receiver: str | None = None,
    actor: Actor = AGENT,
) -> AlarmId:
    """Record the alarm and tell the receivers that are to be told of its kind; return its id."""
    stream = line or PLANT_STREAM
    raised = AlarmRaised(
        alarm_id=AlarmId(next_id(uow, AlarmRecord, stream)),
        kind=kind,
        line=line,
        station=station,
        device=device,
        names=names,
        part_id=part_id,
        run_id=run_id,
        occurrence_id=occurrence_id,
        receiver=receiver,
        answer_kind=None,
        runs_without_verdict=None,
    )
    record(uow, raised, stream=stream, at=at, actor=actor)
    return raised.alarm_id

"""Raising an alarm: a record, an entry and an outgoing message in one transaction (B19, B21)."""

from datetime import datetime

from redrabbit.domain.facts.alarm import AlarmKind, AlarmRaised, AlarmRecord
from redrabbit.domain.identity import AGENT, Actor
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
    part_id: str | None = None,
    run_id: int | None = None,
    occurrence_id: int | None = None,
    actor: Actor = AGENT,
) -> None:
    """Record the alarm and send it to the receivers that want its kind."""
    raised = AlarmRaised(
        alarm_id=uow.next_number(AlarmRecord),
        kind=kind,
        line=line,
        station=station,
        device=device,
        part_id=part_id,
        run_id=run_id,
        occurrence_id=occurrence_id,
    )
    record(uow, raised, stream=line or PLANT_STREAM, at=at, actor=actor)

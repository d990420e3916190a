"""Raising an alarm: a record, an entry and an outgoing message in one transaction (B19, B21)."""

from datetime import datetime

from redrabbit.domain.folding import payload_of
from redrabbit.domain.identity import AGENT, Actor
from redrabbit.domain.ledger import PLANT_STREAM, Event, instant_text
from redrabbit.domain.records import AlarmRecord
from redrabbit.services.ports import OutgoingMessage, UnitOfWork


def raise_alarm(
    uow: UnitOfWork,
    kind: str,
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
    number = uow.next_number(AlarmRecord)
    about = payload_of(
        line=line,
        station=station,
        device=device,
        part_id=part_id,
        run_id=run_id,
        occurrence_id=occurrence_id,
    )
    uow.append(
        Event(
            type="alarm_raised",
            stream=line or PLANT_STREAM,
            occurred_at=at,
            actor=actor,
            payload={"alarm_id": number, "kind": kind, **about},
        )
    )
    uow.send(
        OutgoingMessage(
            event=kind,
            key=f"alarm-{number}",
            payload={"event": kind, "alarm_id": number, "raised_at": instant_text(at), **about},
        )
    )

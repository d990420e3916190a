"""A scheduled check that lapses, as a command: why, as of when, and its alarm."""

from datetime import datetime

from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.facts.fact import read_json
from redrabbit.domain.facts.occurrence import OccurrenceDecided, OccurrenceOutcome
from redrabbit.domain.facts.words import PlaceNames
from redrabbit.domain.identity import SCHEDULER
from redrabbit.domain.occurrence import lapse_at
from redrabbit.domain.records import OccurrenceRecord
from redrabbit.domain.unwatched import lapse_code
from redrabbit.services.alarming import raise_alarm
from redrabbit.services.as_of import recorded_at
from redrabbit.services.ports import UnitOfWork
from redrabbit.services.record_fact import record


def lapse(uow: UnitOfWork, occurrence: OccurrenceRecord) -> None:
    """Let an occurrence lapse that nothing decided, with the alarm of that."""
    at, code = lapse_at(occurrence), lapse_code(uow, occurrence, recorded_at(uow))
    lapsed = OccurrenceDecided.of(occurrence, OccurrenceOutcome.LAPSED, code)
    record(uow, lapsed, stream=occurrence.line, actor=SCHEDULER, at=at)
    alarm_of(uow, occurrence, AlarmKind.LAPSED, at)


def alarm_of(uow: UnitOfWork, occurrence: OccurrenceRecord, kind: AlarmKind, at: datetime) -> None:
    """Raise an alarm of an occurrence."""
    raise_alarm(
        uow,
        kind,
        at=at,
        line=occurrence.line,
        station=occurrence.station,
        device=occurrence.device,
        names=read_json(PlaceNames, occurrence.names),
        occurrence_id=occurrence.occurrence_id,
        actor=SCHEDULER,
    )

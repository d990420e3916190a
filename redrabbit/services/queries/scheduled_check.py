"""One scheduled check: why and when it was due, what became of it, who was told, and where that is recorded (R14, B33)."""

from dataclasses import dataclass
from datetime import datetime

from redrabbit.domain.identity import CheckId, OccurrenceId
from redrabbit.domain.pauses import stands_now
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import AlarmRecord, LapseReasonRecord, OccurrenceRecord, RunRecord
from redrabbit.domain.subject import Subject
from redrabbit.domain.unwatched import unwatched
from redrabbit.services.ports import Reader, equals
from redrabbit.services.queries.alarms import AlarmRow, alarm_row
from redrabbit.services.queries.people import Person, names_in, person
from redrabbit.services.queries.people_told import ToldNames
from redrabbit.services.queries.scheduled_checks import End, end_of
from redrabbit.services.queries.signatures import SignatureShown, entry_to_sign, signatures_of
from redrabbit.services.queries.verifications import CheckRow, check_row
from redrabbit.services.queries.why_due import WhyDue, why_made_due
from redrabbit.services.unmade import adopted_checks


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonShown:
    """Why it was not done, as somebody said afterwards."""

    text: str
    by: Person
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledCheckPage:
    """One scheduled check."""

    now: datetime
    row: CheckRow
    record: OccurrenceRecord
    why: WhyDue | None
    """Why it was due; None where its check is none of the plan in force."""
    reasons: tuple[ReasonShown, ...]
    may_be_explained: bool
    """Whether it lapsed: then somebody can say why."""
    alarms: tuple[AlarmRow, ...]
    signatures: tuple[SignatureShown, ...]
    to_sign: int | None
    """The entry that is signed; None: there is none to sign."""
    size: int
    root: str


def scheduled_check_page(
    reader: Reader, plant: Plant, occurrence_id: OccurrenceId, now: datetime
) -> ScheduledCheckPage:
    """Return one scheduled check; KeyError if there is none of that id."""
    record = reader.get(OccurrenceRecord, occurrence_id)
    if record is None:
        raise KeyError(occurrence_id)
    stands = stands_now(reader, record, now)
    names, head = names_in(reader), reader.head()
    told = ToldNames(reader, plant)
    of_this = equals("occurrence_id", occurrence_id)
    run = None if stands.run_id is None else reader.get(RunRecord, stands.run_id)
    share = unwatched(reader, stands) if end_of(stands, now) is End.LAPSED else None
    row = check_row(plant, names, stands, run, now=now, unwatched=share)
    return ScheduledCheckPage(
        now=now,
        row=row,
        record=stands,
        why=_why(reader, plant, stands),
        reasons=tuple(
            ReasonShown(
                text=each.text,
                by=person(names, each.explained_by, each.explained_how, each.explained_entry),
                at=each.explained_at,
            )
            for each in reader.find(LapseReasonRecord, of_this)
        ),
        may_be_explained=record.outcome is not None and row.end is End.LAPSED,
        alarms=tuple(
            alarm_row(reader, each, told)
            for each in sorted(reader.find(AlarmRecord, of_this), key=lambda each: each.raised_at)
        ),
        signatures=signatures_of(reader, names, Subject.EXCUSE, occurrence_id),
        to_sign=entry_to_sign(reader, Subject.EXCUSE, occurrence_id),
        size=head.size,
        root=head.root,
    )


def _why(reader: Reader, plant: Plant, record: OccurrenceRecord) -> WhyDue | None:
    for check, adopted in adopted_checks(reader, plant, CheckId(record.check_id)):
        if check.line == record.line:
            return why_made_due(reader, plant, check, adopted, record)
    return None

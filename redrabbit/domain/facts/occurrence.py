"""Occurrences, from made to decided (L7, D8, D9), and the pauses in which nothing is produced (R13)."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar, Final, Self

from redrabbit.domain.facts.check import CheckRecord
from redrabbit.domain.facts.fact import (
    Changes,
    Fact,
    Json,
    Look,
    PartialIndex,
    Put,
    Record,
    found,
    json_of,
    made,
)
from redrabbit.domain.facts.words import PlaceNames, PlanReference
from redrabbit.domain.identity import EventId, How, Letter, OccurrenceId, PauseId, RunId, number_of
from redrabbit.domain.ledger import Entry

_OF_EVENT: Final = "event:"
_OF_PARTS: Final = "parts:"
_OF_SHIFT: Final = "production:"
_OF_MODE: Final = "mode:"


class OccurrenceOutcome(StrEnum):
    """How an occurrence ended; exactly one of these (L7)."""

    PASSED = "passed"
    FAILED = "failed"
    LAPSED = "lapsed"
    EXCUSED = "excused"


class DecisionCode(StrEnum):
    """Why an occurrence did not pass."""

    MISSED = "missed"
    FALSE_REJECT = "false_reject"
    NOT_DONE = "not_done"
    NOT_WATCHING = "not_watching"
    """Nobody watched when it lapsed, or for a part of the time in which it was due (R12)."""
    HISTORY_LOST = "history_lost"
    """What was recorded of a part of the time in which it was due is lost: it may have been done (D62)."""
    CHECK_RETIRED = "check_retired"
    SUPERSEDED = "superseded"
    """It was to be due later, and by the schedule or calendar of then it is not (D55)."""
    PAUSE = "pause"
    """The line was not producing (R13)."""
    NOT_PRODUCING = "not_producing"
    """Its station made no part in the shift, which its counter proves (D42)."""
    MODE_NOT_SHOWN = "mode_not_shown"
    """A failure mode of the check was not shown within the shifts of its rotation."""
    PERSON = "person"
    """Somebody excused it; their words stand beside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OccurrenceRecord(Record):
    """One moment at which a check is due; times are frozen when it is made (D8, D9).

    `outcome` is the stored decision; what it *is* now is computed by
    `redrabbit.domain.occurrence.status`.
    """

    TABLE: ClassVar = "occurrences"
    KEY: ClassVar = ("occurrence_id",)
    UNIQUE: ClassVar = ("line", "check_id", "trigger_key")
    INDEXES: ClassVar = (
        ("line", "number"),
        ("due_at", "line", "number"),
        ("outcome", "due_at", "line", "number"),
        ("line", "outcome", "due_at", "number"),
        ("device", "outcome", "due_at", "line", "number"),
        ("check_id", "outcome", "due_at", "line", "number"),
        ("check_id", "outcome", "grace_ends_at", "line", "number"),
    )
    PARTIAL_INDEXES: ClassVar = tuple(
        PartialIndex(name=name, field="decided_at", is_none=True, names=(*by, "line", "number"))
        for name, *by in (
            ("open", "due_at"),
            ("closing", "closes_at"),
            ("to_be_told", "overdue_told", "grace_ends_at"),
            ("postponed", "first_due_at"),
        )
    )
    LETTER: ClassVar = Letter.OCCURRENCE

    occurrence_id: OccurrenceId
    line: str
    number: int
    check_id: str
    trigger_key: str
    station: str
    device: str
    plan_number: str
    plan_revision: str
    plan_line: str | None
    pfmea: str | None
    names: Json | None
    """`PlaceNames` of its time; None under schema 1."""
    variant: str | None
    nest: str | None
    opens_at: datetime
    due_at: datetime
    grace_ends_at: datetime
    closes_at: datetime
    made_at: datetime
    outcome: OccurrenceOutcome | None
    decided_at: datetime | None
    decided_by: str | None
    decided_how: How | None
    decided_entry: int | None
    reason_code: DecisionCode | None
    reason_text: str | None
    """A person's words."""
    pause_id: PauseId | None
    run_id: RunId | None
    """The run that holds it now, or that decided it."""
    held_until: datetime | None
    """The holding run's own timeout; None when no run is under way."""
    inconclusive_runs: int
    overdue_told: bool
    first_due_at: datetime | None
    """When it was due before a pause moved it; None: none did."""
    first_closes_at: datetime | None
    moved_by_pause: PauseId | None
    """The pause at whose end it is due now (D56)."""
    entry: int
    """Index of the ledger entry that last changed it otherwise than by telling that it is overdue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseRecord(Record):
    """A line declared not producing: what falls due in it is due at its end, or excused and counted apart (R13, D56)."""

    TABLE: ClassVar = "pauses"
    KEY: ClassVar = ("pause_id",)
    INDEXES: ClassVar = (
        ("line", "number"),
        ("begins_at", "line", "number"),
        ("ends_at", "line", "number"),
    )
    LETTER: ClassVar = Letter.PAUSE

    pause_id: PauseId
    line: str
    number: int
    begins_at: datetime
    ends_at: datetime
    reason_text: str
    """A person's words."""
    declared_by: str
    declared_how: How
    declared_entry: int
    ended_by: str | None
    ended_how: How | None
    ended_entry: int | None


def event_key(event_id: EventId) -> str:
    """Return the trigger key of what an event makes due: one for each check, however often it is told."""
    return f"{_OF_EVENT}{event_id}"


def parts_key(since: str, parts: int) -> str:
    """Return the trigger key of what so many parts since the last good check make due (D57)."""
    return f"{_OF_PARTS}{since}+{parts}"


def shift_key(plant_date: date, shift: str) -> str:
    """Return the trigger key of what the first part of a shift makes due (D42): one for each shift, whether it made any or not."""
    return f"{_OF_SHIFT}{plant_date.isoformat()}:{shift}"


def mode_key(mode: str, turn: str) -> str:
    """Return the trigger key of a failure mode that was not shown up to a turn of its rotation."""
    return f"{_OF_MODE}{mode}:{turn}"


def mode_of_key(trigger_key: str) -> str | None:
    """Return the failure mode that was not shown, if it is owed for that; else None."""
    return trigger_key.split(":")[1] if trigger_key.startswith(_OF_MODE) else None


class MadeBy(StrEnum):
    """What made a check due."""

    SCHEDULE = "schedule"
    """The clock and the calendar."""
    EVENT = "event"
    PARTS = "parts"
    FIRST_PART = "first_part"
    ROTATION = "rotation"
    """A failure mode was not shown in its time."""


def made_by(trigger_key: str) -> MadeBy:
    """Return what made an occurrence due."""
    kinds = {
        _OF_EVENT: MadeBy.EVENT,
        _OF_PARTS: MadeBy.PARTS,
        _OF_SHIFT: MadeBy.FIRST_PART,
        _OF_MODE: MadeBy.ROTATION,
    }
    for prefix, kind in kinds.items():
        if trigger_key.startswith(prefix):
            return kind
    return MadeBy.SCHEDULE


def event_of(trigger_key: str) -> EventId:
    """Return the event that made an occurrence due; of one that none did, nothing that is recorded."""
    return EventId(trigger_key.removeprefix(_OF_EVENT).partition("|")[0])


def is_of_production(trigger_key: str) -> bool:
    """Tell whether what happened, or did not, made it due, an event, a count of parts or a rotation, and no due time of a schedule."""
    return made_by(trigger_key) is not MadeBy.SCHEDULE


def first_times(occurrence: OccurrenceRecord) -> OccurrenceRecord:
    """Return an occurrence with the times that it was made with."""
    if occurrence.first_due_at is None or occurrence.first_closes_at is None:
        return occurrence
    grace = occurrence.grace_ends_at - occurrence.due_at
    return replace(
        occurrence,
        due_at=occurrence.first_due_at,
        grace_ends_at=occurrence.first_due_at + grace,
        closes_at=occurrence.first_closes_at,
    )


def _occurrence(look: Look, occurrence_id: OccurrenceId) -> OccurrenceRecord:
    return found(look, OccurrenceRecord, occurrence_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class OccurrenceMade(Fact):
    """A check became due, or will be; its times are frozen (D9)."""

    TYPE: ClassVar = "occurrence_made"

    occurrence_id: OccurrenceId
    check_id: str
    trigger_key: str
    line: str
    station: str
    device: str
    plan: PlanReference
    names: PlaceNames | None
    variant: str | None
    nest: str | None
    opens_at: datetime
    due_at: datetime
    grace_ends_at: datetime
    closes_at: datetime

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Make the occurrence; its check's due times have been looked at up to here, where it is one of them."""
        fresh = made(
            OccurrenceRecord,
            self,
            number=number_of(self.occurrence_id),
            plan_number=self.plan.number,
            plan_revision=self.plan.revision,
            plan_line=self.plan.line,
            pfmea=self.plan.pfmea,
            names=json_of(self.names),
            made_at=entry.recorded_at,
            outcome=None,
            decided_at=None,
            decided_by=None,
            decided_how=None,
            decided_entry=None,
            reason_code=None,
            reason_text=None,
            pause_id=None,
            run_id=None,
            held_until=None,
            inconclusive_runs=0,
            overdue_told=False,
            first_due_at=None,
            first_closes_at=None,
            moved_by_pause=None,
            entry=entry.index,
        )
        check = found(look, CheckRecord, self.line, self.check_id)
        if is_of_production(self.trigger_key):
            return (Put(fresh),)  # it says nothing of the due times before it
        until = max(check.scheduled_until, self.due_at)
        return (Put(fresh), Put(replace(check, scheduled_until=until)))


@dataclass(frozen=True, slots=True, kw_only=True)
class OccurrenceOverdue(Fact):
    """Its grace is over, and this was told (R10)."""

    TYPE: ClassVar = "occurrence_overdue"

    occurrence_id: OccurrenceId
    check_id: str
    station: str
    device: str | None

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Note that its being overdue was told."""
        del entry
        return (Put(replace(_occurrence(look, self.occurrence_id), overdue_told=True)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class OccurrencePostponed(Fact):
    """It falls due in a pause of its line, so it is due at the end of that pause (D56).

    Told again where the pause ends earlier, or another one goes on from there.
    """

    TYPE: ClassVar = "occurrence_postponed"

    occurrence_id: OccurrenceId
    check_id: str
    station: str
    device: str
    pause_id: PauseId | None
    """None: no pause is over its due time any more."""
    due_at: datetime
    grace_ends_at: datetime
    closes_at: datetime
    """As it was, or the end of the new grace where that is later."""

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Give it these times, and keep those that it was made with."""
        before = _occurrence(look, self.occurrence_id)
        postponed = replace(
            before,
            due_at=self.due_at,
            grace_ends_at=self.grace_ends_at,
            closes_at=self.closes_at,
            overdue_told=False,
            first_due_at=before.first_due_at or before.due_at,
            first_closes_at=before.first_closes_at or before.closes_at,
            moved_by_pause=self.pause_id,
            entry=entry.index,
        )
        return (Put(postponed),)


@dataclass(frozen=True, slots=True, kw_only=True)
class OccurrenceDecided(Fact):
    """It ended: passed, failed, lapsed or excused, for good (L7)."""

    TYPE: ClassVar = "occurrence_decided"

    occurrence_id: OccurrenceId
    check_id: str
    station: str | None
    device: str | None
    run_id: RunId | None
    """The run that decided it, if one did."""
    outcome: OccurrenceOutcome
    reason_code: DecisionCode | None
    """None: passed."""
    reason_text: str | None
    pause_id: PauseId | None

    @classmethod
    def of(
        cls,
        occurrence: OccurrenceRecord,
        outcome: OccurrenceOutcome,
        code: DecisionCode | None,
        *,
        text: str | None = None,
        run_id: RunId | None = None,
        pause_id: PauseId | None = None,
    ) -> Self:
        """Return the decision of an occurrence as it stands on record."""
        return cls(
            occurrence_id=occurrence.occurrence_id,
            check_id=occurrence.check_id,
            station=occurrence.station,
            device=occurrence.device,
            run_id=run_id,
            outcome=outcome,
            reason_code=code,
            reason_text=text,
            pause_id=pause_id,
        )

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Decide it; what a pause excuses never was due at another time."""
        before = _occurrence(look, self.occurrence_id)
        if self.reason_code is DecisionCode.PAUSE:
            before = first_times(before)
        decided = replace(
            before,
            outcome=self.outcome,
            run_id=self.run_id or before.run_id,
            reason_code=self.reason_code,
            reason_text=self.reason_text,
            pause_id=self.pause_id,
            decided_at=entry.occurred_at,
            decided_by=entry.actor.id,
            decided_how=entry.actor.how,
            decided_entry=entry.index,
            held_until=None,
            entry=entry.index,
        )
        return (Put(decided),)


@dataclass(frozen=True, slots=True, kw_only=True)
class OccurrenceReopened(Fact):
    """What the scheduler said of it is of a time still to come: the clock had been ahead, and was set back (D43)."""

    TYPE: ClassVar = "occurrence_reopened"

    occurrence_id: OccurrenceId
    check_id: str
    station: str
    device: str

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Nothing has decided it; that it is overdue is told again when it is."""
        before = _occurrence(look, self.occurrence_id)
        reopened = replace(
            before,
            outcome=None,
            reason_code=None,
            reason_text=None,
            pause_id=None,
            decided_at=None,
            decided_by=None,
            decided_how=None,
            decided_entry=None,
            overdue_told=before.overdue_told and before.grace_ends_at <= entry.occurred_at,
            entry=entry.index,
        )
        return (Put(reopened),)


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseDeclared(Fact):
    """A line will not produce for a time (R13)."""

    TYPE: ClassVar = "pause_declared"

    pause_id: PauseId
    line: str
    begins_at: datetime
    ends_at: datetime
    reason_text: str

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Declare the pause."""
        del look
        declared = made(
            PauseRecord,
            self,
            number=number_of(self.pause_id),
            declared_by=entry.actor.id,
            declared_how=entry.actor.how,
            declared_entry=entry.index,
            ended_by=None,
            ended_how=None,
            ended_entry=None,
        )
        return (Put(declared),)


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseEnded(Fact):
    """Somebody ended the pause before its time."""

    TYPE: ClassVar = "pause_ended"

    pause_id: PauseId

    def fold(self, entry: Entry, look: Look) -> Changes:
        """End it when the entry says."""
        ended = replace(
            found(look, PauseRecord, self.pause_id),
            ends_at=entry.occurred_at,
            ended_by=entry.actor.id,
            ended_how=entry.actor.how,
            ended_entry=entry.index,
        )
        return (Put(ended),)

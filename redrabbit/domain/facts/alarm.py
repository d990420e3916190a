"""Alarms: each raised once, kept for ever, acknowledged by a person (B21)."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

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
from redrabbit.domain.facts.words import PlaceNames
from redrabbit.domain.grade import AnswerBy
from redrabbit.domain.identity import AlarmId, How, Letter, OccurrenceId, RunId, number_of
from redrabbit.domain.ledger import Entry


class AlarmKind(StrEnum):
    """What an alarm is about; also the event word of the outgoing message."""

    MISSED = "missed"
    FALSE_REJECT = "false_reject"
    INCONCLUSIVE = "inconclusive"
    INCONCLUSIVE_AGAIN = "inconclusive_again"
    OVERDUE = "overdue"
    LAPSED = "lapsed"
    ESCAPE = "escape"
    NOT_RETURNED = "not_returned"
    NO_VERDICT_AGAIN = "no_verdict_again"
    """Runs of one check came to no verdict, several in a row (D4)."""
    SHORTER_PULSE = "shorter_pulse"
    """An answer surely was shorter than what people confirmed: verdicts are weaker from here on (D30)."""
    CLOCK_STEP = "clock_step"
    DAMAGE_FOUND = "damage_found"
    """What is verified beside the service is not what was recorded; it ends when a whole pass finds nothing (D62)."""
    HISTORY_LOST = "history_lost"
    """Entries that had been signed are gone, and a person went on without them; until one acknowledges it (D62)."""
    RECEIVER_NOT_REACHED = "receiver_not_reached"
    """A receiver of these messages has taken none for minutes; it ends when it takes one (D48)."""
    ADMINISTRATOR_ADDED = "administrator_added"
    """Somebody was made administrator at the server's command line, or may act as one again, though there were administrators (decision 38)."""
    NO_DATA = "no_data"
    """A station has not been read for a while, so nothing there can be verified; it ends when it is read again (R17)."""
    APPROVAL_OVERDUE = "approval_overdue"
    """Nobody signed in time what another one had decided; it ends when somebody does, or it is changed (D45)."""
    TEST = "test"
    """A person wants to know whether a receiver is reached: only that one is told; it is over at once."""

    @property
    def is_about_its_receiver(self) -> bool:
        """Whether the receiver that it names is the one that is told of it."""
        return self is AlarmKind.TEST


class MessageDecision(StrEnum):
    """What a person decides about a message that a receiver did not take."""

    SEND_AGAIN = "send_again"
    DROP = "drop"
    """The receiver is never told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRecord(Record):
    """One alarm raised, until acknowledged."""

    TABLE: ClassVar = "alarms"
    KEY: ClassVar = ("alarm_id",)
    INDEXES: ClassVar = (
        ("stream", "number"),
        ("kind", "ended_at"),
        ("run_id", "part_id", "kind"),
        ("occurrence_id",),
        ("raised_at", "stream", "number"),
    )
    PARTIAL_INDEXES: ClassVar = (
        PartialIndex(
            name="unacknowledged",
            field="acknowledged_at",
            is_none=True,
            names=("raised_at", "stream", "number"),
        ),
        PartialIndex(
            name="unacknowledged_at",
            field="acknowledged_at",
            is_none=True,
            names=("station", "kind"),
        ),
        PartialIndex(
            name="acknowledged",
            field="acknowledged_at",
            is_none=False,
            names=("raised_at", "stream", "number"),
        ),
        PartialIndex(
            name="to_be_told",
            field="next_step_at",
            is_none=False,
            names=("next_step_at", "stream", "number"),
        ),
        PartialIndex(
            name="open",
            field="acknowledged_at",
            is_none=True,
            names=("ended_at", "raised_at", "stream", "number"),
        ),
    )
    LETTER: ClassVar = Letter.ALARM
    STREAM: ClassVar = "stream"

    alarm_id: AlarmId
    stream: str
    number: int
    kind: AlarmKind
    line: str | None
    station: str | None
    device: str | None
    names: Json | None
    """`PlaceNames` of its time; None under schema 1, and where it is about no station."""
    part_id: str | None
    run_id: RunId | None
    occurrence_id: OccurrenceId | None
    receiver: str | None
    answer_kind: AnswerBy | None
    """Of a miss, by what the answer is known: silence is no acceptance; None before schema 3."""
    runs_without_verdict: int | None
    """How many in a row, where it is about that."""
    raised_at: datetime
    raised_entry: int
    ended_at: datetime | None
    """When what it is about was over by itself; most alarms are about what stays."""
    ended_entry: int | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    acknowledged_how: How | None
    acknowledged_entry: int | None
    next_step_at: datetime | None
    """When receivers are to be told next by the steps of the plant's rules; None: nobody is to be."""
    steps_told: int
    """The last step of its rule that was told, from 1; 0: none."""
    repeats_told: int
    """How often that step was told again."""
    told_at: datetime | None
    """When a step was told last; repeats count from here."""
    noted_at: datetime | None
    """When it was noted last how far the steps are: one was told, or put off."""
    raised_silenced: bool
    """Whether nobody was told when it was raised, because of a silence."""
    held_for: str | None
    """The silence, or the alarm of a dead station, for which it was put off last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRaised(Fact):
    """An alarm, with all that it is about."""

    TYPE: ClassVar = "alarm_raised"

    alarm_id: AlarmId
    kind: AlarmKind
    line: str | None
    station: str | None
    device: str | None
    names: PlaceNames | None
    part_id: str | None
    run_id: RunId | None
    occurrence_id: OccurrenceId | None
    receiver: str | None
    """The name of a receiver of messages in the plant file."""
    answer_kind: AnswerBy | None
    """Of a miss, by what the answer is known: silence is no acceptance."""
    runs_without_verdict: int | None
    """How many in a row, where it is about that."""

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Raise the alarm."""
        del look
        raised = made(
            AlarmRecord,
            self,
            stream=entry.stream,
            number=number_of(self.alarm_id),
            names=json_of(self.names),
            raised_at=entry.occurred_at,
            raised_entry=entry.index,
            ended_at=None,
            ended_entry=None,
            acknowledged_at=None,
            acknowledged_by=None,
            acknowledged_how=None,
            acknowledged_entry=None,
            next_step_at=None,
            steps_told=0,
            repeats_told=0,
            told_at=None,
            noted_at=None,
            raised_silenced=False,
            held_for=None,
        )
        return (Put(raised),)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmEnded(Fact):
    """What the alarm is about is over; it stays on record, acknowledged or not."""

    TYPE: ClassVar = "alarm_ended"

    alarm_id: AlarmId

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Note when it ended."""
        alarm = found(look, AlarmRecord, self.alarm_id)
        ended = replace(
            alarm, ended_at=entry.occurred_at, ended_entry=entry.index, next_step_at=None
        )
        return (Put(ended),)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmAcknowledged(Fact):
    """A person has taken it; it stays on record, and nobody is told again."""

    TYPE: ClassVar = "alarm_acknowledged"

    alarm_id: AlarmId

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Note who acknowledged it, and when."""
        acknowledged = replace(
            found(look, AlarmRecord, self.alarm_id),
            acknowledged_at=entry.occurred_at,
            acknowledged_by=entry.actor.id,
            acknowledged_how=entry.actor.how,
            acknowledged_entry=entry.index,
            next_step_at=None,
        )
        return (Put(acknowledged),)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageDecided(Fact):
    """What becomes of an alarm's message that a receiver did not take; it stands in the ledger only."""

    TYPE: ClassVar = "message_decided"

    alarm_id: AlarmId
    receiver: str
    """Its name in the plant file, or in that of then."""
    decision: MessageDecision

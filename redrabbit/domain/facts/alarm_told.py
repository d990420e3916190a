"""Who was told of alarms by the steps of a plant's rules, and when: facts of the ledger (R10, B21)."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from redrabbit.domain.facts.alarm import AlarmRecord
from redrabbit.domain.facts.fact import Changes, Fact, Json, Look, Put, Record, found, json_of
from redrabbit.domain.identity import AlarmId
from redrabbit.domain.ledger import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmToldRecord(Record):
    """One message that told receivers of an alarm, or that it was held back."""

    TABLE: ClassVar = "alarm_tellings"
    KEY: ClassVar = ("alarm_id", "entry")
    STREAM: ClassVar = "stream"

    alarm_id: AlarmId
    entry: int
    stream: str
    told_at: datetime
    step: int
    """The step of its rule, from 1; 0: none was told yet."""
    repeat: int
    """How often that step was told before."""
    receivers: Json
    """Names in the plant file, and numbers of people; an empty list: it was held back, or nobody could be told."""
    key: str | None
    """Of the message; None: there was none."""
    held_for: str | None
    """The silence, or the alarm with whose next message it is told."""
    nobody_at: Json
    """Numbers of steps of which nobody could be told."""
    unreached: Json
    """Numbers of people who could not be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldStep:
    """How far the steps of one alarm are."""

    alarm_id: AlarmId
    step: int
    repeat: int
    next_at: datetime | None
    """When the next message is due; null: the steps are over."""
    nobody_at: tuple[int, ...]
    """Steps that were due, or took their place, and of which nobody could be told."""
    unreached: tuple[str, ...]
    """People of these steps who could not be told: disabled, expired, without a role on the line, or a way to reach them."""

    @classmethod
    def to_come(cls, alarm_id: AlarmId, first_at: datetime) -> "ToldStep":
        """Return that of an alarm of which nobody was told by steps yet."""
        return cls(
            alarm_id=alarm_id, step=0, repeat=0, next_at=first_at, nobody_at=(), unreached=()
        )

    @classmethod
    def put_off(cls, alarm: AlarmRecord, until: datetime) -> "ToldStep":
        """Return that of an alarm whose next message is due at another instant."""
        return cls(
            alarm_id=alarm.alarm_id,
            step=alarm.steps_told,
            repeat=alarm.repeats_told,
            next_at=until,
            nobody_at=(),
            unreached=(),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmsTold(Fact):
    """Receivers are told of alarms of one stream by one message, or are to be told later.

    Right behind an alarm that a rule of the plant takes, or a silence, stands when its first step is due.
    """

    TYPE: ClassVar = "alarms_told"

    receivers: tuple[str, ...]
    """By their names in the plant file; people by their numbers."""
    key: str | None
    held_for: str | None
    steps: tuple[ToldStep, ...]

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Note for each alarm who was told, and when the next message is due.

        What was put off is still due since it was: only what is told begins the time to the next repeat anew.
        """
        changes: list[Put] = []
        for step in self.steps:
            alarm = found(look, AlarmRecord, step.alarm_id)
            is_silenced = self.held_for is not None and alarm.noted_at is None
            is_open = alarm.ended_at is None and alarm.acknowledged_at is None
            changes += [
                Put(
                    replace(
                        alarm,
                        steps_told=step.step,
                        repeats_told=step.repeat,
                        told_at=entry.occurred_at if self.receivers else alarm.told_at,
                        noted_at=entry.occurred_at,
                        next_step_at=step.next_at if is_open else None,
                        held_for=self.held_for,
                        raised_silenced=alarm.raised_silenced or is_silenced,
                    )
                ),
                Put(
                    AlarmToldRecord(
                        alarm_id=step.alarm_id,
                        entry=entry.index,
                        stream=entry.stream,
                        told_at=entry.occurred_at,
                        step=step.step,
                        repeat=step.repeat,
                        receivers=json_of(self.receivers),
                        key=self.key,
                        held_for=self.held_for,
                        nobody_at=json_of(step.nobody_at),
                        unreached=json_of(step.unreached),
                    )
                ),
            ]
        return tuple(changes)

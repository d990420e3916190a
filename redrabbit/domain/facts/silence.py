"""Silences: for a time nobody is told of some alarms, by a person with a reason; they are recorded and shown (B21)."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.facts.fact import Changes, Fact, Look, Put, Record, found, made
from redrabbit.domain.identity import How, Letter, SilenceId, number_of
from redrabbit.domain.ledger import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceRecord(Record):
    """Of which alarms nobody is told for a time; whatever is still open afterwards is told then."""

    TABLE: ClassVar = "silences"
    KEY: ClassVar = ("silence_id",)
    INDEXES: ClassVar = (
        ("stream", "number"),
        ("begins_at", "stream", "number"),
        ("ends_at", "stream", "number"),
    )
    LETTER: ClassVar = Letter.SILENCE
    STREAM: ClassVar = "stream"

    silence_id: SilenceId
    stream: str
    number: int
    line: str | None
    """None: all."""
    station: str | None
    """None: all."""
    kind: AlarmKind | None
    """None: all."""
    begins_at: datetime
    ends_at: datetime
    reason_text: str
    """A person's words."""
    declared_by: str
    declared_how: How
    declared_entry: int
    ended_by: str | None
    """Who ended it before its time."""
    ended_how: How | None
    ended_entry: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceDeclared(Fact):
    """A person wants nobody to be told of some alarms until a time."""

    TYPE: ClassVar = "silence_declared"

    silence_id: SilenceId
    line: str | None
    station: str | None
    kind: AlarmKind | None
    ends_at: datetime
    reason_text: str

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Declare it, from when it was said."""
        del look
        declared = made(
            SilenceRecord,
            self,
            stream=entry.stream,
            number=number_of(self.silence_id),
            begins_at=entry.occurred_at,
            declared_by=entry.actor.id,
            declared_how=entry.actor.how,
            declared_entry=entry.index,
            ended_by=None,
            ended_how=None,
            ended_entry=None,
        )
        return (Put(declared),)


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceEnded(Fact):
    """A person ended a silence before its time."""

    TYPE: ClassVar = "silence_ended"

    silence_id: SilenceId

    def fold(self, entry: Entry, look: Look) -> Changes:
        """End it when the entry says."""
        ended = replace(
            found(look, SilenceRecord, self.silence_id),
            ends_at=entry.occurred_at,
            ended_by=entry.actor.id,
            ended_how=entry.actor.how,
            ended_entry=entry.index,
        )
        return (Put(ended),)

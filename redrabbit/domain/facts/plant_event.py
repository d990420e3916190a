"""What happened at a line or station and makes checks due: a changeover, a change of tool, a new lot (R08)."""

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from redrabbit.domain.facts.fact import Changes, Fact, Json, Look, Put, Record, json_of, made
from redrabbit.domain.identity import EventId, How, Letter, OccurrenceId, RunId, number_of
from redrabbit.domain.ledger import Entry
from redrabbit.domain.schedule_rules import PlantEvent


class ToldBy(StrEnum):
    """From where it is known that an event happened."""

    PERSON = "person"
    PROGRAM = "program"
    """By its token."""
    SIGNAL = "signal"
    """A signal of the station, as its file says."""
    SOFTWARE = "software"
    """It is a record of this software itself: a run that failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantEventRecord(Record):
    """One telling of an event; an event that was told twice has two, and the second names the first."""

    TABLE: ClassVar = "plant_events"
    KEY: ClassVar = ("event_id",)
    INDEXES: ClassVar = (
        ("line", "number"),
        ("line", "happened_at", "number"),
        ("line", "event", "happened_at", "number"),
    )
    LETTER: ClassVar = Letter.EVENT

    event_id: EventId
    line: str
    number: int
    station: str | None
    """None: the whole line."""
    event: PlantEvent
    happened_at: datetime
    told_by_what: ToldBy
    signal: str | None
    """The signal that told it."""
    run_id: RunId | None
    """The run of which it is the event."""
    seen_late: bool
    """It happened while nobody watched its signal, at a time that nobody knows; it holds from when it was seen."""
    note: str | None
    """A person's words, or a program's."""
    same_as: EventId | None
    """The same event was told shortly before: this one makes nothing due."""
    serving: Json
    """A list of the scheduled checks that were due already, and are to be done after it: they serve it, too."""
    told_by: str
    told_how: How
    told_entry: int

    @property
    def those_serving(self) -> tuple[OccurrenceId, ...]:
        """The scheduled checks that were due already and serve the event, too."""
        return tuple(OccurrenceId(each) for each in json.loads(self.serving))


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantEventTold(Fact):
    """An event of production was told; what it makes due is recorded right behind."""

    TYPE: ClassVar = "plant_event_told"

    event_id: EventId
    line: str
    station: str | None
    """None: the whole line."""
    event: PlantEvent
    told_by_what: ToldBy
    signal: str | None
    run_id: RunId | None
    seen_late: bool
    """It happened while nobody watched its signal."""
    note: str | None
    same_as: EventId | None
    """The telling of the same event that came first; None: it is the first."""
    serving: tuple[OccurrenceId, ...]
    """What was due already and serves it, too."""

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Keep the telling."""
        del look
        told = made(
            PlantEventRecord,
            self,
            number=number_of(self.event_id),
            happened_at=entry.occurred_at,
            serving=json_of(self.serving),
            told_by=entry.actor.id,
            told_how=entry.actor.how,
            told_entry=entry.index,
        )
        return (Put(told),)

"""Dates of a line that people set: a holiday, a make-up day, overtime or a shutdown of its own (D44). They stand on their line's stream."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar

from redrabbit.domain.facts.fact import Changes, Fact, Look, Put, Record, found, made
from redrabbit.domain.identity import How
from redrabbit.domain.ledger import Entry


class CalendarDayKind(StrEnum):
    """What a date is made."""

    HOLIDAY = "holiday"
    """No shift begins on it."""
    MAKE_UP_DAY = "make_up_day"
    """It is worked as a day of the week."""
    OVERTIME = "overtime"
    """It has work beside its shifts."""
    SHUTDOWN = "shutdown"
    """No shift begins from the first date to the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarChangeRecord(Record):
    """One change of a line's calendar; taken back it changes nothing any more, and stays on record."""

    TABLE: ClassVar = "calendar_changes"
    KEY: ClassVar = ("line", "change_number")

    line: str
    change_number: int
    """Which of the line's changes it is, from 1."""
    kind: CalendarDayKind
    first_date: date
    last_date: date
    weekday: int | None
    """Of a make-up day: as which day of the week it is worked; 0 is Monday."""
    starts_at: str | None
    """Of overtime: plant-local, `06:00`."""
    ends_at: str | None
    reason_text: str
    changed_at: datetime
    changed_by: str
    changed_how: How
    changed_entry: int
    taken_back_at: datetime | None
    taken_back_by: str | None
    taken_back_how: How | None
    taken_back_entry: int | None
    taken_back_text: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarChanged(Fact):
    """A person set what a date of their line is; it counts from here on (decision 49)."""

    TYPE: ClassVar = "calendar_changed"

    change_number: int
    """Which of the line's changes it is, from 1."""
    kind: CalendarDayKind
    first_date: date
    last_date: date
    weekday: int | None
    """Of a make-up day: as which day of the week it is worked; 0 is Monday."""
    starts_at: str | None
    """Of overtime: plant-local, `06:00`."""
    ends_at: str | None
    """At or before its start: on the next day."""
    reason_text: str

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Keep it with who set it, when and why."""
        del look
        change = made(
            CalendarChangeRecord,
            self,
            line=entry.stream,
            changed_at=entry.occurred_at,
            changed_by=entry.actor.id,
            changed_how=entry.actor.how,
            changed_entry=entry.index,
            taken_back_at=None,
            taken_back_by=None,
            taken_back_how=None,
            taken_back_entry=None,
            taken_back_text=None,
        )
        return (Put(change),)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarChangeTakenBack(Fact):
    """A person took a change of the calendar back; from here on the date is what it was without it."""

    TYPE: ClassVar = "calendar_change_taken_back"

    change_number: int
    reason_text: str

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Take it back when the entry says."""
        back = replace(
            found(look, CalendarChangeRecord, entry.stream, self.change_number),
            taken_back_at=entry.occurred_at,
            taken_back_by=entry.actor.id,
            taken_back_how=entry.actor.how,
            taken_back_entry=entry.index,
            taken_back_text=self.reason_text,
        )
        return (Put(back),)

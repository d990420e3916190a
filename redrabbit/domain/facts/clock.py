"""The machine's clock in doubt: it was set so far that nobody can tell which time is right, until a second source or a person says (D43, D61)."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from redrabbit.domain.facts.fact import Changes, Fact, Look, PartialIndex, Put, Record, found, made
from redrabbit.domain.identity import How
from redrabbit.domain.ledger import Entry


class ClockSettledBy(StrEnum):
    """What ended a doubt."""

    PERSON = "person"
    """Somebody said that the clock is right now."""
    SECOND_SOURCE = "second_source"
    """The machine's time service says that the clock is synchronised."""
    SET_BACK = "set_back"
    """The clock was set again, to what it would say had nobody set it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockDoubtRecord(Record):
    """A step of the clock that is believed only once somebody confirms it; lapses dated between the two times wait."""

    TABLE: ClassVar = "clock_doubts"
    KEY: ClassVar = ("entry",)
    PARTIAL_INDEXES: ClassVar = (
        PartialIndex(name="unsettled", field="settled_at", is_none=True, names=("entry",)),
    )

    entry: int
    """Index of the entry that tells it."""
    stepped_at: datetime
    """What the clock said until then."""
    set_to_at: datetime
    """What it said right after."""
    settled_at: datetime | None
    """When the doubt ended; None: it has not."""
    settled: ClockSettledBy | None
    settled_by: str | None
    settled_how: How | None
    settled_entry: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockDoubted(Fact):
    """The clock was set by more than is believed without a second source."""

    TYPE: ClassVar = "clock_doubted"

    stepped_at: datetime
    set_to_at: datetime

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Doubt it."""
        del look
        doubted = made(
            ClockDoubtRecord,
            self,
            entry=entry.index,
            settled_at=None,
            settled=None,
            settled_by=None,
            settled_how=None,
            settled_entry=None,
        )
        return (Put(doubted),)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSettled(Fact):
    """It is known again what time it is."""

    TYPE: ClassVar = "clock_settled"

    doubt: int
    """Index of the entry that told the doubt."""
    settled: ClockSettledBy

    def fold(self, entry: Entry, look: Look) -> Changes:
        """End the doubt."""
        settled = replace(
            found(look, ClockDoubtRecord, self.doubt),
            settled_at=entry.occurred_at,
            settled=self.settled,
            settled_by=entry.actor.id,
            settled_how=entry.actor.how,
            settled_entry=entry.index,
        )
        return (Put(settled),)

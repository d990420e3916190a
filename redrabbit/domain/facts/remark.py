"""Remarks: what a person wants kept with a run, in their own words (R14)."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from redrabbit.domain.facts.fact import Changes, Fact, Look, Put, Record, made
from redrabbit.domain.identity import How, RunId
from redrabbit.domain.ledger import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class RemarkRecord(Record):
    """One remark on a run; it changes nothing of the run."""

    TABLE: ClassVar = "remarks"
    KEY: ClassVar = ("run_id", "place")

    run_id: RunId
    place: int
    """Which of the run's remarks it is, from 1."""
    line: str
    text: str
    remarked_at: datetime
    remarked_by: str
    remarked_how: How
    remarked_entry: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRemarked(Fact):
    """A person remarked something on a run, under way or closed."""

    TYPE: ClassVar = "run_remarked"

    run_id: RunId
    place: int
    """Which of the run's remarks it is, from 1."""
    text: str

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Keep the remark beside the run."""
        del look
        remark = made(
            RemarkRecord,
            self,
            line=entry.stream,
            remarked_at=entry.occurred_at,
            remarked_by=entry.actor.id,
            remarked_how=entry.actor.how,
            remarked_entry=entry.index,
        )
        return (Put(remark),)

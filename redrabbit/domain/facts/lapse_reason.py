"""Why a scheduled check was not done, in the words of who looked into it afterwards (B15, R12)."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from redrabbit.domain.facts.fact import Changes, Fact, Look, Put, Record, made
from redrabbit.domain.identity import How, OccurrenceId
from redrabbit.domain.ledger import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class LapseReasonRecord(Record):
    """One reason that was given for a lapse; it changes nothing of the lapse."""

    TABLE: ClassVar = "lapse_reasons"
    KEY: ClassVar = ("occurrence_id", "place")

    occurrence_id: OccurrenceId
    place: int
    """Which of the reasons for this lapse it is, from 1."""
    line: str
    text: str
    explained_at: datetime
    explained_by: str
    explained_how: How
    explained_entry: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LapseExplained(Fact):
    """A person said why a scheduled check was not done; it stays not done."""

    TYPE: ClassVar = "lapse_explained"

    occurrence_id: OccurrenceId
    place: int
    """Which of the reasons for this lapse it is, from 1."""
    text: str

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Keep the reason beside the lapse."""
        del look
        reason = made(
            LapseReasonRecord,
            self,
            line=entry.stream,
            explained_at=entry.occurred_at,
            explained_by=entry.actor.id,
            explained_how=entry.actor.how,
            explained_entry=entry.index,
        )
        return (Put(reason),)

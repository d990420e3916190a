"""What an operator told of a part that no signal tells: serial, variant, nest, pallet (D33)."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from redrabbit.domain.facts.fact import Changes, Fact, Look, Put, Record, made
from redrabbit.domain.identity import How, RunId
from redrabbit.domain.ledger import Entry
from redrabbit.domain.station_says import SaidOf, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class PartToldRecord(Record):
    """What was told of the part of one step last, before it was taken."""

    TABLE: ClassVar = "parts_told"
    KEY: ClassVar = ("run_id", "step", "of")

    run_id: RunId
    step: int
    of: SaidOf
    line: str
    value: str
    source: Source
    """By a scan or a tap."""
    told_at: datetime
    told_by: str
    told_how: How
    told_entry: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PartTold(Fact):
    """The operator told something of the part to be taken; told again, it takes the earlier one back."""

    TYPE: ClassVar = "part_told"

    run_id: RunId
    step: int
    of: SaidOf
    value: str
    source: Source
    """By a scan or a tap."""

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Keep it for the step."""
        del look
        told = made(
            PartToldRecord,
            self,
            line=entry.stream,
            told_at=entry.occurred_at,
            told_by=entry.actor.id,
            told_how=entry.actor.how,
            told_entry=entry.index,
        )
        return (Put(told),)

"""The repair between a miss and its re-verification (D35).

A repair stands until the device misses again: then it did not help, and the next re-verification needs
another one.
"""

from dataclasses import dataclass, replace
from typing import ClassVar

from redrabbit.domain.facts.containment import ContainmentRecord
from redrabbit.domain.facts.fact import Changes, Fact, Look, Put, found
from redrabbit.domain.identity import ContainmentId, RunId
from redrabbit.domain.ledger import Entry
from redrabbit.domain.repair import RepairCode


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairRecorded(Fact):
    """A person said what was repaired. A later one, before the re-verification, takes its place."""

    TYPE: ClassVar = "repair_recorded"

    containment_id: ContainmentId
    repair_code: RepairCode
    repair_text: str | None
    """A person's words, if they gave any."""

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Let the case be verified again."""
        repaired = replace(
            found(look, ContainmentRecord, self.containment_id),
            repair_code=self.repair_code,
            repair_text=self.repair_text,
            repaired_at=entry.occurred_at,
            repaired_by=entry.actor.id,
            repaired_how=entry.actor.how,
            repaired_entry=entry.index,
            entry=entry.index,
        )
        return (Put(repaired),)


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairDisproved(Fact):
    """The device missed again after the repair: it did not help."""

    TYPE: ClassVar = "repair_disproved"

    containment_id: ContainmentId
    run_id: RunId
    """In which it missed."""
    repair_code: RepairCode
    """What had been repaired."""

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Let the case wait for another repair."""
        unrepaired = replace(
            found(look, ContainmentRecord, self.containment_id),
            repair_code=None,
            repair_text=None,
            repaired_at=None,
            repaired_by=None,
            repaired_how=None,
            repaired_entry=None,
            entry=entry.index,
        )
        return (Put(unrepaired),)

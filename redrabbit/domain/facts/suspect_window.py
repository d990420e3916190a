"""The end of a suspect window moves: by later misses, the re-verification, and what is counted (D34)."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import ClassVar

from redrabbit.domain.facts.containment import NOT_ENDED, ContainmentRecord
from redrabbit.domain.facts.fact import Changes, Fact, Look, Put, found, json_of
from redrabbit.domain.identity import ContainmentId, RunId
from redrabbit.domain.ledger import Entry
from redrabbit.domain.part_count import PartCount


class WindowMove(StrEnum):
    """What moved the end."""

    LATER_MISS = "later_miss"
    """The same device missed the same failure mode again: it was blind until then."""
    REVERIFICATION = "reverification"
    """The device was seen to detect again: nothing made after that is suspect."""
    COUNTED_ON = "counted_on"
    """Parts were counted after the recorded stop."""
    RUNNING_AGAIN = "running_again"
    """The station's running signal came on after the stop, and the device is not verified again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainmentWindowMoved(Fact):
    """The window reaches further than was known."""

    TYPE: ClassVar = "containment_window_moved"

    containment_id: ContainmentId
    why: WindowMove
    run_id: RunId | None
    """The run that missed again, or re-verified."""
    opens_again: bool
    """Whether its recorded end no longer holds: production went on."""
    counter_to: int | None
    count_to: PartCount | None
    """What the station had counted by then; null if not known."""
    quantity: int | None
    quantity_is_lower_bound: bool
    quantity_unknown: int | None
    """How many of them may be of another variant or nest: nobody knows of which they are (D34)."""

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Move the end, and take back what was recorded as the end where it no longer holds."""
        case = found(look, ContainmentRecord, self.containment_id)
        if self.opens_again:
            case = replace(case, **NOT_ENDED)
        elif case.stopped_at is not None:
            case = replace(case, ends_at=entry.occurred_at)
        moved = replace(
            case,
            reached_at=entry.occurred_at,
            reached_by_run=self.run_id,
            counter_to=self.counter_to,
            count_to=json_of(self.count_to),
            quantity=self.quantity,
            quantity_is_lower_bound=self.quantity_is_lower_bound,
            quantity_unknown=self.quantity_unknown,
            entry=entry.index,
        )
        return (Put(moved),)

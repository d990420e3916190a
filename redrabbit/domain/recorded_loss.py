"""What a ledger itself says of history that was lost, beside a checkpoint that was kept of that history (D62).

Whoever went on without it recorded it. A checkpoint of the lost part can't agree with the ledger, and is no sign of a
rewrite. Only one of exactly the size and root that were recorded is known to be of it: of a smaller one nobody can
tell any more, and that is what is said.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from redrabbit.domain.checkpoint import Checkpoint
from redrabbit.domain.facts.codec import decode
from redrabbit.domain.facts.plant import HistoryLost
from redrabbit.domain.findings import Finding
from redrabbit.domain.ledger import Entry, instant_text


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedLoss:
    """A loss of history, as the ledger has it."""

    index: int
    """Of the entry that says so."""
    at: datetime
    """When it was recorded."""
    by: str
    """The id of who accepted it."""
    lost: HistoryLost

    def may_have(self, kept: Checkpoint) -> bool:
        """Tell whether a checkpoint that the ledger does not agree with may be of what was lost."""
        is_behind = kept.size > self.lost.found_size or self.lost.found_size >= self.lost.size
        return is_behind and kept.size <= self.lost.size

    def has(self, kept: Checkpoint) -> bool:
        """Tell whether it is the checkpoint whose loss was recorded."""
        return (kept.size, kept.root.hex()) == (self.lost.size, self.lost.root)


def loss_in(entry: Entry) -> RecordedLoss | None:
    """Return the loss that an entry records; None for any other entry. ValueError where it can't be understood."""
    if entry.type != HistoryLost.TYPE or entry.payload is None:
        return None
    return RecordedLoss(
        index=entry.index,
        at=entry.recorded_at,
        by=entry.actor.id,
        lost=decode(HistoryLost, entry.payload),
    )


def told_of_loss(place: str, kept: Checkpoint, losses: Sequence[RecordedLoss]) -> Finding | None:
    """Return what is found of a kept checkpoint that the ledger does not agree with, where a loss may explain it."""
    known = [loss for loss in losses if loss.has(kept)]
    possible = known or [loss for loss in losses if loss.may_have(kept)]
    if not possible:
        return None
    loss = possible[-1]
    return Finding(
        code="kept_lost" if known else "kept_perhaps_lost",
        place=place,
        params={
            "found": kept.size,
            "size": loss.lost.size,
            "at": instant_text(loss.at),
            "by": loss.by,
        },
    )

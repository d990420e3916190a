"""Who keeps the ledger's checkpoints on another machine, and which each has (D62)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from redrabbit.domain.plant import Plant
from redrabbit.services.ports import Reader

LATE_AFTER: Final = timedelta(days=2)
"""Each day has one: a receiver without for so long misses at least one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointKeeper:
    """One receiver that is sent checkpoints."""

    receiver: str
    since: datetime | None
    """When it was first to get them; None: the service has not come to it yet."""
    size: int | None
    """Entries of the ledger in the last one that it took; None: it never took one."""
    delivered_at: datetime | None
    said: str | None
    """What the last attempt since then ended with, a machine's words; None: none has failed."""
    is_late: bool
    """Whether it has got none for more than two days."""

    def age(self, now: datetime) -> timedelta | None:
        """Return how long ago it got the last, or was first to get one; None before that."""
        at = self.delivered_at or self.since
        return None if at is None else now - at


def checkpoint_keepers(
    reader: Reader, plant: Plant, now: datetime
) -> Mapping[str, CheckpointKeeper]:
    """Return the receivers of checkpoints by their names, in the order of the plant file."""
    sent = reader.checkpoints_sent()
    found = {}
    for target in plant.targets:
        if not target.checkpoints:
            continue
        known = sent.get(target.name)
        at = (known.delivered_at or known.since) if known is not None else now
        found[target.name] = CheckpointKeeper(
            receiver=target.name,
            since=known.since if known is not None else None,
            size=known.size if known is not None else None,
            delivered_at=known.delivered_at if known is not None else None,
            said=known.said if known is not None else None,
            is_late=now - at > LATE_AFTER,
        )
    return found

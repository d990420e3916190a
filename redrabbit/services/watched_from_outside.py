"""How it stands with the outside watcher, for pages."""

from dataclasses import dataclass, replace
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """When the watcher took a sign of life last, and since when it did not."""

    every_s: float
    taken_at: datetime | None = None
    """None: it has taken none yet."""
    failed_at: datetime | None = None
    """Since when it takes none; None: it does."""
    silent_at: datetime | None = None
    """Since when none is sent, because nothing is recorded or watched; None: they are."""

    def taken(self, at: datetime) -> "Watched":
        """Return how it stands after a ping that was taken."""
        return replace(self, taken_at=at, failed_at=None, silent_at=None)

    def failed(self, at: datetime) -> "Watched":
        """Return how it stands after a ping that was not taken."""
        return replace(self, failed_at=self.failed_at or at, silent_at=None)

    def silent(self, at: datetime) -> "Watched":
        """Return how it stands after a ping that was not sent."""
        return replace(self, silent_at=self.silent_at or at)

"""What is remembered of the ledger beside its key, outside of the database (D62)."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RememberedState:
    """The signed head in the file beside the key."""

    size: int | None = None
    """Entries of the ledger in the one that this process wrote last; None: it wrote none yet."""
    written_at: datetime | None = None
    is_failing: bool = False
    """Whether the last attempt to write it failed."""
    was_absent: bool = False
    """Whether there was none when a ledger with entries was opened: whether some were missing, nothing here can tell."""

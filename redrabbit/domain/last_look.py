"""Up to when a person has seen what happened, by their own word: where *since I was last here* begins (decision 0071)."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from redrabbit.domain.beside import Beside


@dataclass(frozen=True, slots=True, kw_only=True)
class LastLook(Beside):
    """What one person says to have seen; of this installation only, and no proof of anything."""

    TABLE: ClassVar[str] = "last_looks"
    KEY: ClassVar[tuple[str, ...]] = ("person_id",)

    person_id: str
    seen_until: datetime
    """What happened before this instant was on a page of which the person said that they have seen it."""

    def seen(self, until: datetime) -> "LastLook":
        """Return the mark as it is after more was seen; an older page, left open in another window, sets it back to nothing."""
        return replace(self, seen_until=max(self.seen_until, until))

"""A station that was seen to stand all through a shift: what proves that the shift made nothing (D42)."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from redrabbit.domain.facts.fact import Changes, Fact, Look
from redrabbit.domain.identity import SignalName, StationId
from redrabbit.domain.ledger import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class StationStood(Fact):
    """A station's running signal was off at each reading, without a hole, from before a shift until its end."""

    TYPE: ClassVar = "station_stood"

    station: StationId
    signal: SignalName
    since: datetime
    """From when on it was off at each reading."""
    until: datetime
    """When it was read last: at the end of the shift, or after it."""

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Change no record: the scheduled checks that it excuses are decided right behind."""
        del entry, look
        return ()

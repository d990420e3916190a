"""Stations: known, read, lost, retired (R17). A station stands on its line's stream (D50)."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from redrabbit.domain.facts.fact import Changes, Fact, Look, Put, Record, found, made
from redrabbit.domain.ledger import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class StationRecord(Record):
    """Whether a station of a line can be read, and since when it can't (R17)."""

    TABLE: ClassVar = "stations"
    KEY: ClassVar = ("line", "station_id")

    line: str
    station_id: str
    no_data_since: datetime | None
    reason: str | None
    """A code: why it can't be read."""
    changed_at: datetime
    retired_at: datetime | None
    """Since when the line has it no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StationAdopted(Fact):
    """The line has the station."""

    TYPE: ClassVar = "station_adopted"

    station_id: str
    line: str

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Know the station; until it is read for the first time it is without data."""
        known = look(StationRecord, self.line, self.station_id)
        if known is not None:
            return (Put(replace(known, retired_at=None)),)
        new = made(
            StationRecord,
            self,
            no_data_since=entry.occurred_at,
            reason="not_yet_read",
            changed_at=entry.occurred_at,
            retired_at=None,
        )
        return (Put(new),)


@dataclass(frozen=True, slots=True, kw_only=True)
class StationRetired(Fact):
    """The line has the station no more."""

    TYPE: ClassVar = "station_retired"

    station_id: str

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Retire it; nothing is deleted."""
        station = found(look, StationRecord, entry.stream, self.station_id)
        return (Put(replace(station, retired_at=entry.occurred_at)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class StationLost(Fact):
    """The station can't be read any more."""

    TYPE: ClassVar = "station_lost"

    station_id: str
    no_data_since: datetime
    """When it was read for the last time."""
    reason: str
    """A code."""

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Mark the station as without data, and since when."""
        station = found(look, StationRecord, entry.stream, self.station_id)
        since, at = self.no_data_since, entry.occurred_at
        return (Put(replace(station, no_data_since=since, reason=self.reason, changed_at=at)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class StationRestored(Fact):
    """The station is read again."""

    TYPE: ClassVar = "station_restored"

    station_id: str

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Mark the station as read."""
        station = found(look, StationRecord, entry.stream, self.station_id)
        at = entry.occurred_at
        return (Put(replace(station, no_data_since=None, reason=None, changed_at=at)),)

"""Stations: known, read, lost (R17)."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from redrabbit.domain.facts.fact import Changes, Fact, Look, Put, Record, found, made
from redrabbit.domain.ledger import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class StationRecord(Record):
    """Whether a station can be read, and since when it can't (R17)."""

    TABLE: ClassVar = "stations"
    KEY: ClassVar = ("station_id",)

    station_id: str
    line: str
    no_data_since: datetime | None
    reason: str | None
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StationAdopted(Fact):
    """The configuration named the station, or another line for it."""

    TYPE: ClassVar = "station_adopted"

    station_id: str
    line: str

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Know the station; until it is read for the first time it is without data."""
        known = look(StationRecord, self.station_id)
        if known is not None:
            return (Put(replace(known, line=self.line)),)
        at = entry.occurred_at
        reason = "not_yet_read"
        return (Put(made(StationRecord, self, no_data_since=at, reason=reason, changed_at=at)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class StationLost(Fact):
    """The station can't be read any more."""

    TYPE: ClassVar = "station_lost"

    station_id: str
    no_data_since: datetime
    """When it was read for the last time."""
    reason: str

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Mark the station as without data, and since when."""
        station = found(look, StationRecord, self.station_id)
        since, at = self.no_data_since, entry.occurred_at
        return (Put(replace(station, no_data_since=since, reason=self.reason, changed_at=at)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class StationRestored(Fact):
    """The station is read again."""

    TYPE: ClassVar = "station_restored"

    station_id: str

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Mark the station as read."""
        station = found(look, StationRecord, self.station_id)
        at = entry.occurred_at
        return (Put(replace(station, no_data_since=None, reason=None, changed_at=at)),)

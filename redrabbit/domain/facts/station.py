"""Stations and devices: known, read, lost, retired (R17, D32). They stand on their line's stream (D50).

A device may be without data though its station is read: one block, one topic or one signal is dead. That
has a fact of its own, so that the records tell since when nobody could have judged it (decision 0014).
"""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRecord(Record):
    """Whether a device can be judged by what is read, and since when it can't (D32).

    A device has one from the first time on that it could not. While its whole station is without data,
    the station's record says so.
    """

    TABLE: ClassVar = "devices"
    KEY: ClassVar = ("line", "device_id")

    line: str
    device_id: str
    station_id: str
    no_data_since: datetime | None
    signal: str | None
    """The signal that has been without a good reading for longest; None: it is read."""
    reason: str | None
    """A code: why that signal has none."""
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceLost(Fact):
    """A signal that the device is judged by is not read any more, though its station is."""

    TYPE: ClassVar = "device_lost"

    station_id: str
    device_id: str
    no_data_since: datetime
    """When that signal was read for the last time, or when the watch began."""
    signal: str | None
    """The signal; null: the station as a whole."""
    reason: str
    """A code."""

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Mark the device as without data, and since when."""
        del look
        return (Put(made(DeviceRecord, self, line=entry.stream, changed_at=entry.occurred_at)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRestored(Fact):
    """All signals that the device is judged by are read again."""

    TYPE: ClassVar = "device_restored"

    station_id: str
    device_id: str

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Mark the device as read."""
        device = found(look, DeviceRecord, entry.stream, self.device_id)
        at = entry.occurred_at
        return (Put(replace(device, no_data_since=None, signal=None, reason=None, changed_at=at)),)

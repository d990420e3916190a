"""Screens of stations: tablets and terminals that were enrolled once, and are a station's own (B28).

A screen's only right is to say at which station it stands. Its secret is in a local table.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from redrabbit.domain.facts.fact import (
    Changes,
    Fact,
    Look,
    Put,
    Record,
    did,
    did_not,
    found,
    made,
)
from redrabbit.domain.identity import How, PlantLetter, ScreenId, number_in_plant
from redrabbit.domain.ledger import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class StationScreenRecord(Record):
    """One enrolled screen of one station."""

    TABLE: ClassVar = "station_screens"
    KEY: ClassVar = ("screen_id",)
    LETTER: ClassVar = PlantLetter.SCREEN
    STREAM: ClassVar = "stream"

    screen_id: ScreenId
    stream: str
    number: int
    station: str
    name: str
    """What people call it, for example `tablet left`."""
    enrolled_at: datetime
    enrolled_by: str
    enrolled_how: How
    enrolled_entry: int
    revoked_at: datetime | None
    revoked_by: str | None
    revoked_how: How | None
    revoked_entry: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StationScreenEnrolled(Fact):
    """A screen is a station's from now on."""

    TYPE: ClassVar = "station_screen_enrolled"

    screen_id: ScreenId
    station: str
    name: str

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Keep the screen."""
        del look
        screen = made(
            StationScreenRecord,
            self,
            stream=entry.stream,
            number=number_in_plant(self.screen_id),
            **did("enrolled", entry),
            **did_not("revoked"),
        )
        return (Put(screen),)


@dataclass(frozen=True, slots=True, kw_only=True)
class StationScreenRevoked(Fact):
    """A screen is no station's any more."""

    TYPE: ClassVar = "station_screen_revoked"

    screen_id: ScreenId

    def fold(self, entry: Entry, look: Look) -> Changes:
        """End what the screen may say."""
        revoked = replace(
            found(look, StationScreenRecord, self.screen_id),
            **did("revoked", entry),
        )
        return (Put(revoked),)

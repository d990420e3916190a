"""A screen is enrolled at one station, and revoked."""

import pytest

from redrabbit.domain.records import StationScreenRecord
from tests.domain.folded import FoldedLedger, at


def enrolled() -> FoldedLedger:
    ledger = FoldedLedger()
    ledger.say_on(
        "plant", "station_screen_enrolled", 30, screen_id="s-0004", station="op10", name="tablet"
    )
    return ledger


def test_a_screen_is_a_stations_own() -> None:
    screen = enrolled().the(StationScreenRecord, "s-0004")
    assert (screen.station, screen.name, screen.number) == ("op10", "tablet", 4)
    assert (screen.enrolled_at, screen.enrolled_by, screen.revoked_at) == (
        at(30),
        "name:anna",
        None,
    )


def test_a_screen_is_revoked() -> None:
    ledger = enrolled()
    entry = ledger.say_on("plant", "station_screen_revoked", 60, screen_id="s-0004")
    screen = ledger.the(StationScreenRecord, "s-0004")
    assert (screen.revoked_at, screen.revoked_by, screen.revoked_entry) == (
        at(60),
        "name:anna",
        entry.index,
    )


def test_a_screen_that_nobody_enrolled_is_not_revoked() -> None:
    with pytest.raises(LookupError, match="StationScreenRecord"):
        FoldedLedger().say_on("plant", "station_screen_revoked", screen_id="s-0004")

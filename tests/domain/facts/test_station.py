"""Stations are known, lost and read again."""

from redrabbit.domain.records import StationRecord
from tests.domain.folded import FoldedLedger, at, values


def test_a_station_is_without_data_until_it_is_read() -> None:
    """R17."""
    ledger = FoldedLedger()
    ledger.say("station_adopted", 0, station_id="op20", line="line1")
    assert ledger.the(StationRecord, "op20").reason == "not_yet_read"
    ledger.say("station_restored", 1, station_id="op20")
    assert ledger.the(StationRecord, "op20").no_data_since is None
    ledger.say("station_lost", 9, station_id="op20", no_data_since=at(7), reason="timeout")
    assert values(ledger.the(StationRecord, "op20"), "no_data_since", "reason", "changed_at") == {
        "no_data_since": at(7),
        "reason": "timeout",
        "changed_at": at(9),
    }


def test_a_station_moved_to_another_line_keeps_its_standing() -> None:
    ledger = FoldedLedger()
    ledger.say("station_adopted", 0, station_id="op20", line="line1")
    ledger.say("station_restored", 1, station_id="op20")
    ledger.say("station_adopted", 2, station_id="op20", line="line2")
    station = ledger.the(StationRecord, "op20")
    assert (station.line, station.no_data_since) == ("line2", None)

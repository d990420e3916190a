"""Stations and devices are known, lost and read again."""

from redrabbit.domain.records import DeviceRecord, StationRecord
from tests.domain.folded import FoldedLedger, at, values


def test_a_station_is_without_data_until_it_is_read() -> None:
    """R17."""
    ledger = FoldedLedger()
    ledger.say("station_adopted", 0, station_id="op20", line="line1")
    assert ledger.the(StationRecord, "line1", "op20").reason == "not_yet_read"
    ledger.say("station_restored", 1, station_id="op20")
    assert ledger.the(StationRecord, "line1", "op20").no_data_since is None
    ledger.say("station_lost", 9, station_id="op20", no_data_since=at(7), reason="timeout")
    assert values(
        ledger.the(StationRecord, "line1", "op20"), "no_data_since", "reason", "changed_at"
    ) == {
        "no_data_since": at(7),
        "reason": "timeout",
        "changed_at": at(9),
    }


def test_a_station_of_another_line_is_another_record() -> None:
    """D50: each line's stream tells of its own stations."""
    ledger = FoldedLedger()
    ledger.say("station_adopted", 0, station_id="op20", line="line1")
    ledger.say("station_restored", 1, station_id="op20")
    ledger.say_on("line2", "station_adopted", 2, station_id="op20", line="line2")
    ledger.say("station_retired", 2, station_id="op20")
    assert ledger.the(StationRecord, "line1", "op20").retired_at == at(2)
    new = ledger.the(StationRecord, "line2", "op20")
    assert (new.line, new.no_data_since, new.retired_at) == ("line2", at(2), None)


def test_a_station_that_comes_back_keeps_its_standing() -> None:
    ledger = FoldedLedger()
    ledger.say("station_adopted", 0, station_id="op20", line="line1")
    ledger.say("station_restored", 1, station_id="op20")
    ledger.say("station_retired", 2, station_id="op20")
    ledger.say("station_adopted", 3, station_id="op20", line="line1")
    station = ledger.the(StationRecord, "line1", "op20")
    assert (station.retired_at, station.no_data_since, station.changed_at) == (None, None, at(1))


def test_a_device_is_without_data_while_a_signal_of_its_rule_is_not_read() -> None:
    """D32: the record tells since when, though its station is read."""
    ledger = FoldedLedger()
    ledger.say("station_adopted", 0, station_id="op20", line="line1")
    ledger.say("station_restored", 1, station_id="op20")
    ledger.say(
        "device_lost",
        9,
        station_id="op20",
        device_id="op20-torque",
        no_data_since=at(7),
        signal="rejected",
        reason="device_error",
    )
    assert ledger.the(StationRecord, "line1", "op20").no_data_since is None
    lost = ledger.the(DeviceRecord, "line1", "op20-torque")
    assert values(lost, "station_id", "no_data_since", "signal", "reason", "changed_at") == {
        "station_id": "op20",
        "no_data_since": at(7),
        "signal": "rejected",
        "reason": "device_error",
        "changed_at": at(9),
    }
    ledger.say("device_restored", 12, station_id="op20", device_id="op20-torque")
    read = ledger.the(DeviceRecord, "line1", "op20-torque")
    assert values(read, "no_data_since", "signal", "reason", "changed_at") == {
        "no_data_since": None,
        "signal": None,
        "reason": None,
        "changed_at": at(12),
    }

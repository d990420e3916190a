"""Alarms stay on record."""

import json

from redrabbit.domain.identity import How
from redrabbit.domain.records import AlarmRecord
from tests.domain.folded import NAMES, FoldedLedger, at, values

ALARM: dict[str, object] = {
    "alarm_id": "line1-A-1",
    "kind": "escape",
    "line": "line1",
    "station": "op20",
    "device": None,
    "names": NAMES,
    "part_id": "RR-0001",
    "run_id": "line1-R-1",
    "occurrence_id": None,
}


def test_an_acknowledged_alarm_stays_on_record() -> None:
    """B21."""
    ledger = FoldedLedger()
    ledger.say("alarm_raised", 0, **ALARM)
    ledger.say("alarm_acknowledged", 60, alarm_id="line1-A-1")
    alarm = ledger.the(AlarmRecord, "line1-A-1")
    assert values(alarm, "stream", "number", "raised_at", "raised_entry") == {
        "stream": "line1",
        "number": 1,
        "raised_at": at(0),
        "raised_entry": 0,
    }
    assert values(
        alarm, "acknowledged_by", "acknowledged_how", "acknowledged_at", "acknowledged_entry"
    ) == {
        "acknowledged_by": "name:anna",
        "acknowledged_how": How.STATED,
        "acknowledged_at": at(60),
        "acknowledged_entry": 1,
    }


def test_an_alarm_keeps_the_names_of_its_time() -> None:
    """D53: it is told as it was, whatever the places are called later."""
    ledger = FoldedLedger()
    ledger.say("alarm_raised", 0, **ALARM)
    assert json.loads(ledger.the(AlarmRecord, "line1-A-1").names or "") == NAMES


def test_an_alarm_about_no_line_stands_on_the_stream_of_the_plant() -> None:
    ledger = FoldedLedger()
    of_the_plant = {"alarm_id": "plant-A-1", "kind": "clock_step"}
    ledger.say_on("plant", "alarm_raised", 0, **of_the_plant)
    alarm = ledger.the(AlarmRecord, "plant-A-1")
    assert (alarm.stream, alarm.line, alarm.names) == ("plant", None, None)

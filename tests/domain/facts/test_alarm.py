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
    "receiver": None,
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


def test_an_alarm_that_ended_stays_on_record_acknowledged_or_not() -> None:
    """D48: a receiver that is reached again."""
    ledger = FoldedLedger()
    lost = {"alarm_id": "plant-A-1", "kind": "receiver_not_reached", "receiver": "andon"}
    ledger.say_on("plant", "alarm_raised", 0, **lost)
    ledger.say_on("plant", "alarm_ended", 600, alarm_id="plant-A-1")
    alarm = ledger.the(AlarmRecord, "plant-A-1")
    assert values(alarm, "receiver", "raised_at", "ended_at", "ended_entry", "acknowledged_at") == {
        "receiver": "andon",
        "raised_at": at(0),
        "ended_at": at(600),
        "ended_entry": 1,
        "acknowledged_at": None,
    }


def test_most_alarms_do_not_end_by_themselves() -> None:
    ledger = FoldedLedger()
    ledger.say("alarm_raised", 0, **ALARM)
    assert ledger.the(AlarmRecord, "line1-A-1").ended_at is None

"""Alarms stay on record."""

from redrabbit.domain.records import AlarmRecord
from tests.domain.folded import FoldedLedger, at

ALARM: dict[str, object] = {
    "alarm_id": 1,
    "kind": "escape",
    "line": "line1",
    "station": "op20",
    "device": None,
    "part_id": "RR-0001",
    "run_id": 1,
    "occurrence_id": None,
}


def test_an_acknowledged_alarm_stays_on_record() -> None:
    """B21."""
    ledger = FoldedLedger()
    ledger.say("alarm_raised", 0, **ALARM)
    ledger.say("alarm_acknowledged", 60, alarm_id=1)
    alarm = ledger.the(AlarmRecord, 1)
    assert (alarm.raised_at, alarm.acknowledged_by, alarm.acknowledged_at) == (
        at(0),
        "anna",
        at(60),
    )

"""Who was told of an alarm is on record, and when the next message is due (R10)."""

import json

from redrabbit.domain.records import AlarmRecord, AlarmToldRecord
from tests.domain.folded import FoldedLedger, at, values

ALARM: dict[str, object] = {
    "alarm_id": "line1-A-1",
    "kind": "overdue",
    "line": "line1",
}


def told(ledger: FoldedLedger, seconds: float, step: int, **changes: object) -> None:
    said: dict[str, object] = {"alarm_id": "line1-A-1", "step": step, "repeat": 0}
    said |= (
        {"nobody_at": [1], "unreached": ["p-0002"]}
        if step > 1
        else {"nobody_at": [], "unreached": []}
    )
    given = {"receivers": ["anna"], "key": f"k{step}"} | changes
    next_at = given.pop("next_at", None)
    ledger.say("alarms_told", seconds, steps=[said | {"next_at": next_at}], **given)


def test_a_step_is_kept_with_who_was_told_and_when_the_next_is_due() -> None:
    ledger = FoldedLedger()
    ledger.say("alarm_raised", 0, **ALARM)
    assert ledger.the(AlarmRecord, "line1-A-1").next_step_at is None
    told(ledger, 0, 0, receivers=[], key=None, next_at=at(0))
    assert ledger.the(AlarmRecord, "line1-A-1").next_step_at == at(0)
    assert not ledger.the(AlarmRecord, "line1-A-1").raised_silenced
    told(ledger, 1, 1, next_at=at(600))
    told(ledger, 600, 2)
    alarm = ledger.the(AlarmRecord, "line1-A-1")
    assert values(alarm, "steps_told", "told_at", "next_step_at", "held_for") == {
        "steps_told": 2,
        "told_at": at(600),
        "next_step_at": None,
        "held_for": None,
    }
    first = ledger.the(AlarmToldRecord, "line1-A-1", 2)
    assert json.loads(first.receivers) == ["anna"]
    assert (first.told_at, first.step, first.key) == (at(1), 1, "k1")
    second = ledger.the(AlarmToldRecord, "line1-A-1", 3)
    assert (second.nobody_at, second.unreached) == ("[1]", '["p-0002"]')


def test_a_repeat_counts_from_what_was_told_and_not_from_what_was_put_off() -> None:
    ledger = FoldedLedger()
    ledger.say("alarm_raised", 0, **ALARM)
    told(ledger, 0, 0, receivers=[], key=None, next_at=at(1))
    alarm = ledger.the(AlarmRecord, "line1-A-1")
    assert (alarm.told_at, alarm.noted_at) == (None, at(0))
    told(ledger, 1, 1, next_at=at(600))
    told(ledger, 600, 1, receivers=[], key=None, held_for="plant-S-1", next_at=at(900))
    alarm = ledger.the(AlarmRecord, "line1-A-1")
    assert (alarm.told_at, alarm.noted_at) == (at(1), at(600))


def test_an_alarm_that_was_taken_or_is_over_is_told_no_more() -> None:
    for ends in ("alarm_acknowledged", "alarm_ended"):
        ledger = FoldedLedger()
        ledger.say("alarm_raised", 0, **ALARM)
        told(ledger, 1, 1, next_at=at(600))
        ledger.say(ends, 2, alarm_id="line1-A-1")
        assert ledger.the(AlarmRecord, "line1-A-1").next_step_at is None
        told(ledger, 3, 1, next_at=at(700))
        assert ledger.the(AlarmRecord, "line1-A-1").next_step_at is None


def test_what_was_put_off_says_for_what() -> None:
    ledger = FoldedLedger()
    ledger.say("alarm_raised", 0, **ALARM)
    told(ledger, 0, 0, receivers=[], key=None, held_for="plant-S-1", next_at=at(60))
    alarm = ledger.the(AlarmRecord, "line1-A-1")
    assert alarm.raised_silenced
    assert (alarm.steps_told, alarm.held_for, alarm.next_step_at) == (0, "plant-S-1", at(60))


def test_a_silence_that_comes_later_is_none_of_when_it_was_raised() -> None:
    ledger = FoldedLedger()
    ledger.say("alarm_raised", 0, **ALARM)
    told(ledger, 0, 0, receivers=[], key=None, next_at=at(60))
    told(ledger, 60, 0, receivers=[], key=None, held_for="plant-S-1", next_at=at(90))
    assert not ledger.the(AlarmRecord, "line1-A-1").raised_silenced

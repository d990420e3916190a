"""Occurrences and pauses."""

import json

from redrabbit.domain.facts.occurrence import DecisionCode
from redrabbit.domain.identity import How
from redrabbit.domain.records import CheckRecord, OccurrenceRecord, PauseRecord
from tests.domain.folded import NAMES, OCCURRENCE, FoldedLedger, a_ledger, at, values


def test_an_occurrence_moves_its_check_on_and_is_decided_once() -> None:
    ledger = a_ledger()
    later = OCCURRENCE | {
        "occurrence_id": "line1-O-2",
        "trigger_key": "earlier",
        "due_at": at(-600),
    }
    ledger.say("occurrence_made", 0, **later)
    assert ledger.the(CheckRecord, "line1", "torque").scheduled_until == at(0)
    ledger.say(
        "occurrence_overdue", 1200, occurrence_id="line1-O-1", check_id="torque", station="op20"
    )
    assert ledger.the(OccurrenceRecord, "line1-O-1").overdue_told
    ledger.say(
        "occurrence_decided",
        3600,
        occurrence_id="line1-O-1",
        check_id="torque",
        station="op20",
        outcome="lapsed",
        reason_code="not_done",
    )
    decided = ledger.the(OccurrenceRecord, "line1-O-1")
    assert values(
        decided, "outcome", "decided_at", "decided_by", "decided_how", "decided_entry"
    ) == {
        "outcome": "lapsed",
        "decided_at": at(3600),
        "decided_by": "name:anna",
        "decided_how": How.STATED,
        "decided_entry": ledger.entries[-1].index,
    }
    assert (decided.reason_code, decided.reason_text, decided.pause_id) == ("not_done", None, None)


def test_a_persons_words_are_never_taken_for_a_code() -> None:
    """D23: what somebody types stands beside the code, whatever it says."""
    ledger = a_ledger()
    ledger.say(
        "occurrence_decided",
        occurrence_id="line1-O-1",
        check_id="torque",
        outcome="excused",
        reason_code="person",
        reason_text="check_retired",
    )
    decided = ledger.the(OccurrenceRecord, "line1-O-1")
    assert (decided.reason_code, decided.reason_text) == (DecisionCode.PERSON, "check_retired")


def test_an_occurrence_keeps_the_words_of_its_time() -> None:
    """D53: made once, it says its plan and places for ever."""
    made = a_ledger().the(OccurrenceRecord, "line1-O-1")
    assert values(made, "number", "plan_number", "plan_revision", "plan_line", "pfmea") == {
        "number": 1,
        "plan_number": "CP-1",
        "plan_revision": "A",
        "plan_line": "10",
        "pfmea": "12.4 rev C",
    }
    assert json.loads(made.names or "") == NAMES


def test_a_pause_ends_when_somebody_ends_it() -> None:
    """R13."""
    ledger = FoldedLedger()
    ledger.say(
        "pause_declared",
        0,
        pause_id="line1-P-1",
        line="line1",
        begins_at=at(0),
        ends_at=at(7200),
        reason_text="no orders",
    )
    ledger.say("pause_ended", 3600, pause_id="line1-P-1")
    pause = ledger.the(PauseRecord, "line1-P-1")
    assert values(pause, "declared_by", "declared_entry", "ends_at", "ended_by", "ended_entry") == {
        "declared_by": "name:anna",
        "declared_entry": 0,
        "ends_at": at(3600),
        "ended_by": "name:anna",
        "ended_entry": 1,
    }

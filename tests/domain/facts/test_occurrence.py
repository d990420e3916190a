"""Occurrences and pauses."""

from redrabbit.domain.records import CheckRecord, OccurrenceRecord, PauseRecord
from tests.domain.folded import OCCURRENCE, FoldedLedger, a_ledger, at


def test_an_occurrence_moves_its_check_on_and_is_decided_once() -> None:
    ledger = a_ledger()
    later = OCCURRENCE | {"occurrence_id": 2, "trigger_key": "earlier", "due_at": at(-600)}
    ledger.say("occurrence_made", 0, **later)
    assert ledger.the(CheckRecord, "torque").scheduled_until == at(0)
    ledger.say("occurrence_overdue", 1200, occurrence_id=1, check_id="torque", station="op20")
    assert ledger.the(OccurrenceRecord, 1).overdue_told
    ledger.say(
        "occurrence_decided",
        3600,
        occurrence_id=1,
        check_id="torque",
        station="op20",
        outcome="lapsed",
        reason="not_done",
    )
    decided = ledger.the(OccurrenceRecord, 1)
    assert (decided.outcome, decided.decided_at, decided.reason) == ("lapsed", at(3600), "not_done")


def test_a_pause_ends_when_somebody_ends_it() -> None:
    """R13."""
    ledger = FoldedLedger()
    ledger.say(
        "pause_declared",
        0,
        pause_id=1,
        line="line1",
        begins_at=at(0),
        ends_at=at(7200),
        reason="no orders",
    )
    ledger.say("pause_ended", 3600, pause_id=1)
    pause = ledger.the(PauseRecord, 1)
    assert (pause.author, pause.ends_at, pause.ended_by) == ("anna", at(3600), "anna")

"""What one person decided waits for another, or is marked (D45)."""

from redrabbit.domain.records import ApprovalRecord
from redrabbit.domain.subject import Subject
from tests.domain.folded import FoldedLedger, at, values
from tests.domain.test_signing import WU, a_story, signed

ENTRY = 1
"""Of the part, as it was registered."""


def asked(mode: str = "after", due_s: float | None = 9000) -> FoldedLedger:
    ledger = a_story()
    ledger.say(
        "approval_asked",
        300,
        entry=ENTRY,
        act="release_part",
        subject="part",
        subject_id="RR-0001",
        mode=mode,
        due_at=None if due_s is None else at(due_s),
    )
    return ledger


def the(ledger: FoldedLedger) -> ApprovalRecord:
    return ledger.the(ApprovalRecord, ENTRY)


def test_a_decision_waits_for_another_person() -> None:
    assert values(
        the(asked()), "decided_by", "decided_at", "waits_until", "mode", "approved_by", "stream"
    ) == {
        "decided_by": "name:anna",
        "decided_at": at(300),
        "waits_until": at(9000),
        "mode": "after",
        "approved_by": None,
        "stream": "line1",
    }


def test_a_decision_of_one_person_waits_for_nobody() -> None:
    assert the(asked("alone", None)).waits_until is None


def test_a_signature_that_approves_ends_the_waiting() -> None:
    ledger = asked()
    signed(ledger, Subject.PART)
    assert the(ledger).waits_until == at(9000)  # reviewed is not approved
    signed(ledger, Subject.PART, over={"meaning": "approved"})
    assert values(the(ledger), "waits_until", "approved_by", "approved_entry") == {
        "waits_until": None,
        "approved_by": WU.id,
        "approved_entry": len(ledger.entries) - 1,
    }


def test_who_approved_first_stays_the_one_who_did() -> None:
    ledger = asked()
    signed(ledger, Subject.PART, over={"meaning": "approved"})
    first = the(ledger)
    ledger.say(
        "approval_overdue", 9001, entry=ENTRY, alarm_id="line1-A-1"
    )  # told late: it changes nothing of who approved
    assert (the(ledger).approved_by, the(ledger).approved_at) == (
        first.approved_by,
        first.approved_at,
    )


def test_one_that_is_overdue_goes_on_waiting() -> None:
    ledger = asked()
    ledger.say("approval_overdue", 9000, entry=ENTRY, alarm_id="line1-A-1")
    assert values(the(ledger), "waits_until", "overdue_at", "alarm_id") == {
        "waits_until": at(9000),
        "overdue_at": at(9000),
        "alarm_id": "line1-A-1",
    }


def test_what_was_changed_waits_no_more() -> None:
    ledger = asked()
    ledger.say("approval_moot", 400, entry=ENTRY)
    assert the(ledger).waits_until is None

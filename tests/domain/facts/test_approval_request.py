"""A request for an act that another person approves before it is done, and how each ends (D45)."""

from typing import Any

import pytest

from redrabbit.domain.approval import RequestEnd
from redrabbit.domain.identity import Actor, How
from redrabbit.domain.records import ApprovalRecord, OccurrenceRecord
from redrabbit.domain.signing import signable
from redrabbit.domain.subject import Subject
from tests.domain.folded import ANNA, FoldedLedger, a_ledger, at, values

WU = Actor(id="p-0001", how=How.PASSWORD)
DUE = "line1-O-1"


def asked(**over: Any) -> tuple[FoldedLedger, int]:
    """Return a ledger in which Anna asks to excuse a check, and the entry of the request."""
    ledger = a_ledger()
    stood_at = ledger.the(OccurrenceRecord, DUE).entry
    payload = {
        "act": "excuse",
        "subject": "excuse",
        "subject_id": DUE,
        "reason_text": "no parts",
        "stood_at": stood_at,
        "due_at": at(900),
        "ends_at": at(9000),
    }
    return ledger, ledger.say("approval_requested", 10, **(payload | over)).index


def say_by(ledger: FoldedLedger, actor: Actor, kind: str, **payload: Any) -> int:
    before, ledger.actor = ledger.actor, actor
    try:
        return ledger.say(kind, 20, **payload).index
    finally:
        ledger.actor = before


def approve(ledger: FoldedLedger, entry: int, actor: Actor = WU) -> None:
    say_by(
        ledger,
        actor,
        "signature_given",
        entry=entry,
        leaf_hash="ab" * 32,
        subject="request",
        subject_id=str(entry),
        meaning="approved",
        person_id=actor.id,
        how="password",
        auth_at=at(19),
        shown="cd" * 32,
        language="en",
    )


def excuse(ledger: FoldedLedger, actor: Actor = ANNA) -> int:
    return say_by(
        ledger,
        actor,
        "occurrence_decided",
        occurrence_id=DUE,
        check_id="torque",
        outcome="excused",
        reason_code="person",
        reason_text="no parts",
    )


def the(ledger: FoldedLedger, entry: int) -> ApprovalRecord:
    return ledger.the(ApprovalRecord, entry)


def test_a_request_waits_and_changes_nothing_else() -> None:
    ledger, entry = asked()
    assert values(the(ledger, entry), "mode", "decided_by", "waits_until", "ends_at", "ended") == {
        "mode": "before",
        "decided_by": ANNA.id,
        "waits_until": at(900),
        "ends_at": at(9000),
        "ended": None,
    }
    assert ledger.the(OccurrenceRecord, DUE).outcome is None
    assert the(ledger, entry).is_waiting_request


def test_an_approved_request_is_carried_out_in_the_name_of_who_asked() -> None:
    ledger, entry = asked()
    approve(ledger, entry)
    assert not the(ledger, entry).is_waiting_request
    done = excuse(ledger)
    ledger.say("approval_carried_out", 20, entry=entry, done_entry=done)
    assert values(the(ledger, entry), "ended", "approved_by", "done_entry", "waits_until") == {
        "ended": RequestEnd.CARRIED_OUT,
        "approved_by": WU.id,
        "done_entry": done,
        "waits_until": None,
    }
    found = signable(ledger.look, Subject.REQUEST, str(entry))
    assert found is not None  # its signature stands
    assert found.entry == entry


@pytest.mark.parametrize(
    ("kind", "by", "payload", "end"),
    [
        ("approval_refused", WU, {"reason_text": "no"}, RequestEnd.REFUSED),
        ("approval_withdrawn", ANNA, {}, RequestEnd.WITHDRAWN),
        ("approval_fell", WU, {"end": "changed"}, RequestEnd.CHANGED),
        ("approval_fell", WU, {"end": "time_over"}, RequestEnd.TIME_OVER),
        ("approval_fell", WU, {"end": "asker_gone"}, RequestEnd.ASKER_GONE),
    ],
)
def test_a_request_ends_once_and_without_effect(
    kind: str, by: Actor, payload: dict[str, Any], end: RequestEnd
) -> None:
    ledger, entry = asked()
    say_by(ledger, by, kind, entry=entry, **payload)
    assert (the(ledger, entry).ended, the(ledger, entry).waits_until) == (end, None)
    assert ledger.the(OccurrenceRecord, DUE).outcome is None
    with pytest.raises(LookupError):
        say_by(ledger, by, kind, entry=entry, **payload)
    with pytest.raises(LookupError):
        approve(ledger, entry)
    assert signable(ledger.look, Subject.REQUEST, str(entry)) is None


def test_what_a_ledger_can_not_say_of_a_request_does_not_fold() -> None:
    """So `redrabbit verify` finds an effect that nobody else approved, whoever wrote it."""
    ledger, entry = asked()
    with pytest.raises(LookupError, match="does not stand"):
        asked(stood_at=0)
    with pytest.raises(LookupError, match="their own request"):
        approve(ledger, entry, ANNA)
    with pytest.raises(LookupError, match="their own request"):
        say_by(ledger, ANNA, "approval_refused", entry=entry, reason_text="no")
    with pytest.raises(LookupError, match="of another"):
        say_by(ledger, WU, "approval_withdrawn", entry=entry)
    with pytest.raises(LookupError, match="of itself"):
        ledger.say("approval_fell", 20, entry=entry, end="refused")
    with pytest.raises(LookupError, match="nobody else approved"):
        ledger.say("approval_carried_out", 20, entry=entry, done_entry=entry)
    approve(ledger, entry)
    with pytest.raises(LookupError, match="is not what"):
        ledger.say("approval_carried_out", 20, entry=entry, done_entry=entry)
    by_another = excuse(ledger, WU)
    with pytest.raises(LookupError, match="is not what"):
        ledger.say("approval_carried_out", 20, entry=entry, done_entry=by_another)


def test_what_was_changed_since_is_not_approved() -> None:
    ledger, entry = asked()
    excuse(ledger, WU)
    with pytest.raises(LookupError, match="does not stand"):
        approve(ledger, entry)
    with pytest.raises(LookupError, match="no ApprovalRecord"):
        ledger.say("approval_fell", 20, entry=0, end="changed")

"""A silence has an author, a reason and an end (B21)."""

from redrabbit.domain.identity import How
from redrabbit.domain.records import SilenceRecord
from tests.domain.folded import FoldedLedger, at, values

SILENCE: dict[str, object] = {
    "silence_id": "line1-S-1",
    "line": "line1",
    "kind": "overdue",
    "ends_at": at(3600),
    "reason_text": "line rebuilt",
}


def test_a_silence_is_kept_with_who_wanted_it_until_when_and_why() -> None:
    ledger = FoldedLedger()
    ledger.say("silence_declared", 5, **SILENCE)
    silence = ledger.the(SilenceRecord, "line1-S-1")
    assert values(silence, "begins_at", "ends_at", "reason_text", "declared_by", "ended_by") == {
        "begins_at": at(5),
        "ends_at": at(3600),
        "reason_text": "line rebuilt",
        "declared_by": "name:anna",
        "ended_by": None,
    }
    assert (silence.number, silence.stream, silence.declared_how) == (1, "line1", How.STATED)


def test_a_silence_that_a_person_ends_is_over_then() -> None:
    ledger = FoldedLedger()
    ledger.say("silence_declared", 5, **SILENCE)
    ledger.say("silence_ended", 60, silence_id="line1-S-1")
    silence = ledger.the(SilenceRecord, "line1-S-1")
    assert (silence.ends_at, silence.ended_by, silence.ended_entry) == (at(60), "name:anna", 1)

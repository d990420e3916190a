"""Why a check was not done is kept beside its lapse."""

from redrabbit.domain.records import LapseReasonRecord
from tests.domain.folded import FoldedLedger, at, values


def test_a_reason_is_kept_with_who_and_when() -> None:
    ledger = FoldedLedger()
    ledger.say("lapse_explained", 60, occurrence_id="line1-O-1", place=1, text="no part was there")
    kept = ledger.the(LapseReasonRecord, "line1-O-1", 1)
    assert values(kept, "text", "explained_at", "explained_by", "line") == {
        "text": "no part was there",
        "explained_at": at(60),
        "explained_by": "name:anna",
        "line": "line1",
    }

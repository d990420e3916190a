"""A remark is kept beside its run."""

from redrabbit.domain.records import RemarkRecord
from tests.domain.folded import FoldedLedger, at, values


def test_a_remark_is_kept_with_who_and_when() -> None:
    ledger = FoldedLedger()
    ledger.say("run_remarked", 60, run_id="line1-R-1", place=1, text="the lamp was dim")
    kept = ledger.the(RemarkRecord, "line1-R-1", 1)
    assert values(kept, "text", "remarked_at", "remarked_by", "line") == {
        "text": "the lamp was dim",
        "remarked_at": at(60),
        "remarked_by": "name:anna",
        "line": "line1",
    }

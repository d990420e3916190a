"""What an operator told of a part is kept with who and when (D33)."""

from redrabbit.domain.records import PartToldRecord, PresentationRecord
from redrabbit.domain.station_says import SaidOf, Source
from tests.domain.folded import ISSUED, RUN, VERDICT, FoldedLedger, a_ledger, at, values

TOLD: dict[str, object] = {"run_id": "line1-R-1", "step": 0, "of": "nest", "source": "tap"}


def test_what_was_told_is_kept_and_told_again_it_is_taken_back() -> None:
    ledger = FoldedLedger()
    ledger.say("part_told", 60, **TOLD, value="2")
    ledger.say("part_told", 65, **TOLD, value="3")
    kept = ledger.the(PartToldRecord, "line1-R-1", 0, "nest")
    assert values(kept, "of", "value", "source", "told_at", "told_by", "line") == {
        "of": SaidOf.NEST,
        "value": "3",
        "source": Source.TAP,
        "told_at": at(65),
        "told_by": "name:anna",
        "line": "line1",
    }


def test_a_verdict_keeps_who_told_what() -> None:
    ledger = a_ledger()
    ledger.say("run_started", 60, **RUN)
    ledger.say("part_issued", 70, **ISSUED)
    told = {"nest": "3", "pallet": None, "sources": {"nest": "tap", "pallet": "signal"}}
    ledger.say("verdict_reached", 82, **(VERDICT | told))
    kept = ledger.the(PresentationRecord, "line1-R-1", 0, 1)
    assert (kept.nest, kept.pallet) == ("3", None)
    assert kept.sources == '{"nest":"tap","pallet":"signal"}'

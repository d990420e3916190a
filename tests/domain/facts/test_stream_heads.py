"""Where the streams stand, said in the ledger (D25)."""

from redrabbit.domain.facts.codec import encode
from redrabbit.domain.facts.stream_heads import StreamHeads
from redrabbit.domain.ledger import StreamHead
from tests.domain.folded import FoldedLedger


def test_it_stands_in_the_ledger_only() -> None:
    ledger = FoldedLedger()
    ledger.say_on("line2", "clock_stepped", 0, step_s=1.0)
    ledger.say_on("plant", "stream_heads", 60, **encode(StreamHeads.of(ledger.log.heads)))
    assert ledger.records == {}


def test_a_fact_says_what_the_log_knows_and_is_read_as_that() -> None:
    heads = {"line2": StreamHead(2, bytes(32)), "line1": StreamHead(1, bytes(range(32)))}
    fact = StreamHeads.of(heads)
    assert [each.stream for each in fact.streams] == ["line1", "line2"]
    assert fact.heads == heads

"""A stream in an exported file shows that it begins before the period, ends after it, and has no gap."""

from redrabbit.domain.export_format import Period
from redrabbit.domain.exported_stream import ExportedStream
from redrabbit.domain.ledger import StreamHead
from redrabbit.domain.merkle import leaf_hash
from tests.domain.folded import FoldedLedger, at

PERIOD = Period(begins_at=at(2), ends_at=at(4))


def ledger_of(size: int = 7) -> FoldedLedger:
    ledger = FoldedLedger()
    for number in range(size):
        ledger.say("clock_stepped", number, step_s=1.0)
    return ledger


LEDGER = ledger_of()
LEAVES = [leaf_hash(stored.raw) for stored in LEDGER.stored]


def found(shown: list[int], listed: StreamHead | None, stream: str = "line1") -> list[str]:
    exported = ExportedStream(stream, PERIOD, listed)
    told = [
        each
        for line, place in enumerate(shown)
        for each in exported.add(LEDGER.entries[place], LEAVES[place], line)
    ]
    return [each.code for each in (*told, *exported.end())]


ALL = StreamHead(next_seq=7, leaf=LEAVES[6])


def test_from_before_the_period_until_after_it_nothing_is_missed() -> None:
    assert found([1, 2, 3, 4], ALL) == []
    assert found([0, 1, 2, 3, 4, 5, 6], ALL) == []
    assert found([1, 2, 3, 4], None) == []
    assert found([1, 2, 3], None) == []


def test_what_begins_late_ends_early_or_has_a_gap_is_named() -> None:
    assert found([2, 3, 4], ALL) == ["start_not_shown"]
    assert found([1, 2, 3], ALL) == ["end_not_shown"]
    assert found([1, 3, 4], ALL) == ["chain_broken"]
    assert found([], ALL) == ["section_missing"]
    assert found([], None) == ["section_missing"]


def test_the_end_is_shown_by_the_last_entry_that_was_listed_or_a_later_one() -> None:
    listed = StreamHead(next_seq=3, leaf=LEAVES[2])
    assert found([1, 2], listed) == []
    assert found([1, 2, 3], listed) == []
    assert found([1, 2], StreamHead(next_seq=3, leaf=bytes(32))) == ["end_not_shown"]
    assert found([1], listed) == ["end_not_shown"]


def test_an_entry_of_another_stream_is_named() -> None:
    assert found([1, 2, 3, 4], ALL, "line2") == ["wrong_stream"] * 4

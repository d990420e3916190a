"""A ledger read range by range is judged as one that is read at once (D26)."""

from dataclasses import replace
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.database_verification import LedgerPass, verify_ledger
from redrabbit.domain.facts.codec import encode
from redrabbit.domain.facts.stream_heads import StreamHeads
from redrabbit.domain.findings import Finding
from redrabbit.domain.ledger import LogState, StreamHead, stored_nodes
from redrabbit.domain.ledger_scan import Scan, differing, read_on
from redrabbit.domain.log_keys import LogKeys
from redrabbit.domain.merkle import Frontier
from tests.domain.folded import FoldedLedger
from tests.domain.test_database_verification import (
    KEY,
    Row,
    damaged_rows,
    head_of,
    log_of,
    row_of,
    sound_rows,
)

KEYS = LogKeys(trusted=KEY)


def with_nodes(rows: list[Row]) -> list[Row]:
    tree, found = Frontier(), []
    for row in rows:
        nodes = tree.completed_by(row["leaf_hash"])
        tree = tree.joined(row["leaf_hash"], nodes)
        found.append(row | {"nodes": stored_nodes(nodes)})
    return found


def passed(rows: list[Row], heads: list[Row], at_once: int) -> tuple[Finding, ...]:
    """Return what a pass finds that reads so many rows at a time."""
    ledger_pass, rest = LedgerPass(KEYS), iter(rows)
    while some := list(islice(rest, at_once)):
        ledger_pass.read(some)
        if ledger_pass.damage:
            break
    return ledger_pass.ended(heads)


@given(damaged_rows(), st.integers(1, 13))
def test_ranges_of_any_size_find_what_one_reading_finds(
    damaged: tuple[list[Row], list[Row]], at_once: int
) -> None:
    rows, heads = damaged
    at_once_found = verify_ledger(rows, heads, KEY).findings
    assert passed(rows, heads, at_once) == at_once_found


@pytest.mark.parametrize("first", range(12))
def test_a_pass_may_begin_where_the_log_is_known(first: int) -> None:
    rows = with_nodes(sound_rows())
    begin = log_of(rows[:first])
    ledger_pass = LedgerPass(KEYS, begin)
    assert ledger_pass.size == first
    ledger_pass.read(rows[first:])
    assert ledger_pass.ended([head_of(rows)]) == ()
    other = replace(begin, tree=log_of(rows[1 : first + 1]).tree)
    if first:
        wrong = LedgerPass(KEYS, other)
        wrong.read(rows[first:])
        assert wrong.ended([head_of(rows)])


@pytest.mark.parametrize("index", [1, 3, 7])
@pytest.mark.parametrize("nodes", [None, b"", bytes(32), "x"])
def test_nodes_that_are_not_those_of_the_entries_are_named(index: int, nodes: object) -> None:
    rows = with_nodes(sound_rows())
    rows[index]["nodes"] = nodes
    (first, *_) = passed(rows, [head_of(rows)], 5)
    assert (first.code, first.place) == ("nodes_differ", f"ledger[{index}]")


def test_a_scan_keeps_the_log_at_the_sizes_that_are_wanted() -> None:
    scan, rows = Scan(keys=KEYS), sound_rows()
    read_on(scan, rows, {3, 5}, None)
    assert scan.at_size == {size: log_of(rows[:size]) for size in (3, 5)}
    assert scan.damage is None
    assert scan.log == log_of(rows) != LogState()


def test_a_column_that_is_not_there_differs() -> None:
    (found,) = differing("column_differs", "x", {"a": 1}, {"a": 1.0, "b": 2})
    assert found.params == {"column": "b", "found": "not there", "expected": "2"}


def heads_said(heads: dict[str, StreamHead]) -> tuple[str | None, int]:
    """Return what is found, and how many entries are read, where an entry says this of the streams."""
    ledger = FoldedLedger()
    for stream in ("line1", "line2", "line1"):
        ledger.say_on(stream, "clock_stepped", 0, step_s=1.0)
    fact = StreamHeads.of({**ledger.log.heads, **heads})
    ledger.say_on("plant", StreamHeads.TYPE, 0, **encode(fact))
    scan = Scan(keys=KEYS)
    rows = (row_of(index, *stored) for index, stored in enumerate(ledger.stored))
    read_on(scan, rows, set(), None)
    return (scan.damage.code if scan.damage else None), scan.log.size


def test_an_entry_that_says_of_a_stream_what_is_not_so_makes_no_sense() -> None:
    """Exported records would be proved whole by it (D25)."""
    assert heads_said({}) == (None, 4)
    assert heads_said({"line1": StreamHead(2, bytes(32))}) == ("entry_does_not_fold", 3)


def test_of_an_entry_whose_payload_was_erased_nothing_is_asked() -> None:
    ledger = FoldedLedger()
    ledger.say_on("plant", StreamHeads.TYPE, 0, streams=[])
    scan = Scan(keys=KEYS)
    read_on(scan, [row_of(0, ledger.stored[0].raw)], set(), None)
    assert scan.damage is None

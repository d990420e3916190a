"""Records that a ledger gives, laid beside those that are stored (D13)."""

from collections.abc import Container, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.facts.catalogue import fold
from redrabbit.domain.facts.fact import Changes, Look
from redrabbit.domain.ledger import Entry, StoredEntry, entry_as_told, read_entry
from redrabbit.domain.record_comparison import (
    Folded,
    as_row,
    compare_records,
    compare_with_fold,
)
from redrabbit.domain.records import TABLES, StationRecord
from tests.domain.test_database_verification import RAWS

STORED = [StoredEntry(raw=raw, salt=None, payload=None) for raw in RAWS]
ENTRIES = [read_entry(stored, index) for index, stored in enumerate(STORED)]


def folded(entries: list[Entry] = ENTRIES) -> Folded:
    made = Folded(fold)
    for entry in entries:
        made.add(entry)
    return made


def stored_rows() -> dict[type[Any], list[dict[str, Any]]]:
    return {
        kind: [as_row(each) for each in kept.values()] for kind, kept in folded().records.items()
    }


def told(entries: list[StoredEntry]) -> Iterator[Entry]:
    return (entry_as_told(stored, index) for index, stored in enumerate(entries))


def test_records_that_are_those_of_the_ledger_give_no_finding() -> None:
    found = compare_with_fold(told(STORED), Folded(fold), stored_rows())
    assert (found.stopped_at, found.findings) == (None, ())


@given(st.data())
def test_each_edited_missing_and_added_record_is_found(data: st.DataObject) -> None:
    rows = stored_rows()
    kind = data.draw(st.sampled_from([kind for kind in TABLES if rows[kind]]))
    place = data.draw(st.integers(0, len(rows[kind]) - 1))
    column = data.draw(st.sampled_from(sorted(rows[kind][place])))
    row = rows[kind][place]
    act = data.draw(st.sampled_from(["edit", "remove", "add"]))
    if act == "edit":
        row[column] = "something else"
    elif act == "remove":
        rows[kind].remove(row)
    else:
        rows[kind].append({**row, kind.KEY[-1]: "another"})
    found = list(compare_records(folded().records, rows))
    assert found != []
    assert all(each.place.startswith(f"{TABLES[kind]}[") for each in found)
    codes = {each.code for each in found}
    if act == "edit" and column not in kind.KEY:
        assert codes == {"record_differs"}
    elif act == "edit":
        assert codes == {"record_extra", "record_missing"}
    else:
        assert codes == {"record_missing" if act == "remove" else "record_extra"}


def test_where_nothing_is_kept_all_is_missing_and_the_other_way_round() -> None:
    everything = sum(len(kept) for kept in folded().records.values())
    assert len(list(compare_records(folded().records, {}))) == everything
    assert len(list(compare_records({}, stored_rows()))) == everything


@pytest.mark.parametrize("index", [0, 3, len(STORED) - 1])
def test_an_entry_that_can_not_be_understood_is_where_it_stops(index: int) -> None:
    nonsense = [*STORED[:index], STORED[index]._replace(raw=b"{}"), *STORED[index + 1 :]]
    found = compare_with_fold(told(nonsense), Folded(fold), stored_rows())
    assert (found.stopped_at, found.findings) == (index, ())


def fold_that_looks(entry: Entry, look: Look) -> Changes:
    """Each entry but its stream's first speaks of a record that is not there."""
    if entry.payload is not None and entry.stream_seq:
        raise LookupError(look(StationRecord, entry.stream, "none"))
    return ()


def _erased(indexes: Container[int]) -> Iterator[Entry]:
    for index, entry in enumerate(ENTRIES):
        yield replace(entry, payload=None) if index in indexes else entry


def test_what_speaks_of_something_erased_is_passed_over_and_of_nothing_is_not() -> None:
    """D51."""
    first = {entry.index for entry in ENTRIES if not entry.stream_seq}
    assert compare_with_fold(_erased(first), Folded(fold_that_looks), {}).stopped_at is None
    late = (entry for entry in ENTRIES if entry.stream_seq)
    assert compare_with_fold(late, Folded(fold_that_looks), {}).stopped_at == 0


def test_an_entry_as_told_is_the_one_that_is_read() -> None:
    assert list(told(STORED)) == ENTRIES

"""The ledger of a plant as today's code writes it: one set of fields a type, streams that fold alone."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redrabbit.domain.facts.catalogue import BY_TYPE, fact_of, fold
from redrabbit.domain.facts.codec import encode, field_names
from redrabbit.domain.facts.key_changed import KeyChanged
from redrabbit.domain.facts.stream_heads import StreamHeads
from redrabbit.domain.ledger import PLANT_STREAM, SCHEMA, Entry
from redrabbit.domain.merkle import stored_frontier
from redrabbit.domain.record_comparison import Folded
from redrabbit.domain.records import TABLES, ChallengePartRecord
from redrabbit.services.log_keys import changes_of_key
from redrabbit.services.ports import Reader
from redrabbit.store.reading_database import open_for_reading
from redrabbit.store.verification import verify_database
from tests.domain.test_streams import interleaved
from tests.store.sample_database import Sample, played, played_anew


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    return played(tmp_path_factory.mktemp("played"))


@pytest.fixture(scope="module")
def entries(plant: Sample) -> Sequence[Entry]:
    with open_for_reading(plant.url) as database:
        return database.read_now(lambda reader: reader.entries())


def changed_tables(entries: Sequence[Entry]) -> dict[str, set[str]]:
    """Return which tables the entries of each type changed."""
    folded, changed = Folded(fold), dict[str, set[str]]()
    for entry in entries:
        before = {kind: dict(found) for kind, found in folded.records.items()}
        folded.add(entry)
        changed.setdefault(entry.type, set()).update(
            kind.TABLE for kind, found in folded.records.items() if found != before[kind]
        )
    return changed


def test_the_story_writes_every_type_of_entry(plant: Sample, entries: Sequence[Entry]) -> None:
    """So that the next sample, made of the same story by the next version, covers it all."""
    assert {entry.type for entry in entries} == BY_TYPE.keys()
    assert {entry.schema for entry in entries} == {SCHEMA}
    assert verify_database(plant.url, public_key=plant.public_key).findings == ()


def test_one_entry_type_has_one_set_of_fields(entries: Sequence[Entry]) -> None:
    """D53: every field of a type is always there, null if unknown."""
    for entry in entries:
        if entry.payload is not None:
            assert list(entry.payload) == sorted(field_names(BY_TYPE[entry.type])), entry.type
            assert encode(fact_of(entry)) == entry.payload


def test_every_record_has_something_in_the_story(entries: Sequence[Entry]) -> None:
    records = in_order(entries).records
    assert {kind for kind, found in records.items() if not found} == set()
    assert records.keys() == set(TABLES)


def test_a_piece_is_used_on_two_lines(entries: Sequence[Entry]) -> None:
    """D50: so that folding in any order has something to find."""
    by_type = {type_: [e for e in entries if e.type == type_] for type_ in BY_TYPE}
    assert {e.stream for e in by_type["part_handed_over"]} == {"line1"}
    assert {e.stream for e in by_type["part_handed_back"]} == {"line1"}
    lent = {_said(e)["part_id"] for e in by_type["part_handed_over"]}
    used = {e.stream for e in by_type["part_issued"] if _said(e)["part_id"] in lent}
    assert used == {"line1", "line2"}


def _said(entry: Entry) -> Any:
    assert entry.payload is not None
    return entry.payload


def in_order(entries: Sequence[Entry]) -> Folded:
    folded = Folded(fold)
    for entry in entries:
        folded.add(entry)
    return folded


@given(st.data())
@settings(max_examples=60)
def test_streams_fold_to_the_same_records_in_any_interleaving(
    entries: Sequence[Entry], data: st.DataObject
) -> None:
    """D50: one record, one stream; only facts of that stream change it."""
    assert in_order(list(interleaved(entries, data))).records == in_order(entries).records


def test_each_stream_folds_without_the_others_but_for_what_it_never_looks_at(
    entries: Sequence[Entry],
) -> None:
    """D50: a stream alone gives just its own records."""
    whole = in_order(entries).records
    found: dict[type[Any], dict[Any, Any]] = {kind: {} for kind in TABLES}
    for stream in {entry.stream for entry in entries}:
        alone = in_order([entry for entry in entries if entry.stream == stream]).records
        for kind, records in alone.items():
            assert not found[kind].keys() & records.keys(), (stream, kind)
            found[kind].update(records)
    assert found == whole


def test_a_record_stands_on_the_stream_that_it_names(entries: Sequence[Entry]) -> None:
    pieces = in_order(entries).records[ChallengePartRecord].values()
    homes = {piece.part_id: piece.stream for piece in pieces}  # type: ignore[attr-defined]  # records of one kind
    assert homes == {
        "GM-0001": "line1",
        "RR-0001": "line1",
        "RR-0002": "line1",
        "RR-0003": "line2",
        "RR-0004": PLANT_STREAM,
    }


def test_the_same_story_has_the_same_ledger_and_the_same_records() -> None:
    """With salts of its own: nothing in a record depends on the moment, or on the machine.

    But the keys, and what they have signed: what the ledger says of them, and what is chained to that.
    """
    told = []
    for _ in range(2):
        with tempfile.TemporaryDirectory() as folder:
            found = played_anew(Path(folder))
            with open_for_reading(found.url) as database:
                told.append(database.read_now(_said_and_begun_with))
    assert told[0] == told[1]


def _is_of_keys(entry: Entry, changed: Entry) -> bool:
    """Tell whether what an entry says depends on the keys: the change, and hashes of what came after it."""
    return entry.index >= changed.index and entry.type in {KeyChanged.TYPE, StreamHeads.TYPE}


def _said_and_begun_with(reader: Reader) -> tuple[list[tuple[object, ...]], bytes]:
    """Return what each entry says, and the root over those before the key was changed."""
    (changed,) = changes_of_key(reader)
    said: list[tuple[object, ...]] = [
        (e.type, e.stream, e.recorded_at, e.actor, None if _is_of_keys(e, changed) else e.payload)
        for e in reader.entries()
    ]
    return said, stored_frontier(changed.index, reader.tree_node).root

"""Every fact is listed, and an unknown one is never guessed at."""

import ast
import importlib
from pathlib import Path

import pytest

from redrabbit.domain.facts import catalogue
from redrabbit.domain.facts.catalogue import BY_TYPE, FACTS, RECORDS, fact_of, fold
from redrabbit.domain.facts.fact import Fact, Record
from redrabbit.domain.ledger import Entry
from redrabbit.domain.newer import WrittenByNewer
from tests.domain.folded import FoldedLedger, a_ledger

FOLDER = Path(catalogue.__file__).parent


def classes_of(base: type) -> set[type]:
    """Return every class of a noun's file that is a fact, or a record."""
    found: set[type] = set()
    for path in FOLDER.glob("*.py"):
        module = importlib.import_module(f"redrabbit.domain.facts.{path.stem}")
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and node.name not in {"Fact", "Record"}:
                kind = getattr(module, node.name)
                if issubclass(kind, base):
                    found.add(kind)
    return found


def test_every_fact_and_every_record_is_listed_once() -> None:
    assert set(FACTS) == classes_of(Fact)
    assert set(RECORDS) == classes_of(Record)
    assert len(BY_TYPE) == len(FACTS)


def test_a_type_is_the_name_of_its_fact() -> None:
    """So that whoever reads the ledger finds the class, and the other way round."""
    for kind in FACTS:
        words = "".join(f"_{c.lower()}" if c.isupper() else c for c in kind.__name__)
        assert words.removeprefix("_") == kind.TYPE


def test_an_unknown_entry_type_is_refused() -> None:
    ledger = a_ledger()
    known = ledger.entries[0]
    values = {name: getattr(known, name) for name in known.__dataclass_fields__}
    strange = Entry(**(values | {"type": "verdict_improved"}))
    with pytest.raises(WrittenByNewer, match="verdict_improved"):
        fold(strange, ledger.look)


def test_an_entry_about_a_record_that_is_not_there_is_refused() -> None:
    with pytest.raises(LookupError, match="RunRecord"):
        FoldedLedger().say("scan_refused", run_id="line1-R-7", code="x", refusal="y")


def test_an_entry_whose_payload_was_erased_says_and_changes_nothing() -> None:
    """D51."""
    ledger = a_ledger()
    ledger.erase(0)
    assert fact_of(ledger.entries[0]) is None
    assert fold(ledger.entries[0], ledger.look) == ()


def test_folding_the_same_entries_again_gives_the_same_records() -> None:
    """D13: verification folds the whole ledger again."""
    assert a_ledger().records == a_ledger().records

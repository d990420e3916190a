"""What was in force for exported entries stands in the file (D52, T8)."""

from typing import Any

import pytest

from redrabbit.domain.facts.codec import encode
from redrabbit.domain.facts.plant import InForceChanged, InForceItem, InForceKind, in_force_digest
from redrabbit.domain.ledger import Entry, read_entry
from redrabbit.domain.merkle import leaf_hash
from redrabbit.domain.named_in_force import NamedInForce
from tests.domain.folded import FoldedLedger

ITEMS = (InForceItem(kind=InForceKind.PLAN, id="CP-7", revision="3", digest="7" * 64),)
DIGEST = in_force_digest(ITEMS)
ADOPTED = {"digest": "c0ffee", "software": "test", "plan": "CP-7 rev 3", "files": {"a": "b"}}


def adopted() -> tuple[FoldedLedger, list[Entry]]:
    """Return a ledger with a configuration, its list, and an entry that names it."""
    ledger = FoldedLedger()
    ledger.say_on("plant", "configuration_adopted", 0, **ADOPTED)
    ledger.say_on("plant", "in_force_changed", 0, **encode(InForceChanged(items=ITEMS)))
    ledger.say_on("line1", "clock_stepped", 0, step_s=1.0)
    return ledger, ledger.entries


def found(given: list[int], **changed: Any) -> list[tuple[str, str]]:
    """Return what is missing where these entries stand in the file, and the third names what was in force."""
    ledger, entries = adopted()
    named = NamedInForce()
    named.name(_like(entries[2], **({"in_force": DIGEST} | changed)), "line 9, ledger[2]")
    for index in given:
        leaf = leaf_hash(ledger.stored[index].raw)
        named.give(entries[index], leaf, f"line {index}, ledger[{index}]")
    return [(each.code, each.place) for each in named.missing()]


def _like(entry: Entry, **changed: Any) -> Entry:
    return Entry(**{name: getattr(entry, name) for name in Entry.__slots__} | changed)


def test_a_list_with_its_configuration_is_enough_in_any_order() -> None:
    assert found([0, 1]) == found([1, 0]) == []


def test_an_entry_from_before_any_adoption_names_nothing() -> None:
    assert found([], in_force="") == []


def test_in_schema_1_the_configuration_is_named_itself() -> None:
    assert found([0], in_force="c0ffee") == []


def test_a_list_without_its_configuration_is_not_enough() -> None:
    assert found([1]) == [("configuration_missing", "line 1, ledger[1]")]


@pytest.mark.parametrize("given", [[], [0], [2]])
def test_a_digest_that_nothing_explains_is_told_where_it_is_named(given: list[int]) -> None:
    assert found(given) == [("in_force_missing", "line 9, ledger[2]")]


def test_where_a_list_was_erased_nobody_can_tell_which_it_was() -> None:
    """D51: what was erased under a rule is no damage."""
    ledger, entries = adopted()
    erased = read_entry(ledger.stored[1]._replace(salt=None, payload=None), 1)
    named = NamedInForce()
    named.name(_like(entries[2], in_force=DIGEST), "line 9")
    named.give(entries[0], leaf_hash(ledger.stored[0].raw), "line 1")
    named.give(erased, leaf_hash(ledger.stored[1].raw), "line 2")
    assert list(named.missing()) == []

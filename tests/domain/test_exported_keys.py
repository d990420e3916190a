"""Changes of the key in an exported file, in whatever order they stand."""

from collections.abc import Sequence

import pytest

from redrabbit.domain.exported_keys import ExportedKeys
from tests.domain.keyed import KeyedLedger, key

LEDGER = KeyedLedger([2, 5, 6], 9)


def taken(places: Sequence[int]) -> ExportedKeys:
    found, tree, log = ExportedKeys(), LEDGER.tree, LEDGER.log
    for place in places:
        proof = (log.size, log.root, tree.inclusion(place))
        found.note(LEDGER.entries[place], proof, f"line {place}")
    return found


@pytest.mark.parametrize("places", [[2, 5, 6], [6, 2, 5], [0, 6, 1, 5, 3, 2, 2]])
def test_the_keys_are_told_whatever_order_the_changes_stand_in(places: list[int]) -> None:
    found = taken(places)
    assert found.keys(key(1)).all == (key(0), key(1), key(2), key(3))
    assert found.unproved == []


def test_a_change_that_does_not_go_on_from_the_last_one_is_named() -> None:
    found = taken([2, 6])
    assert found.keys(key(0)).all == (key(0), key(1))
    assert [(each.code, each.place) for each in found.unproved] == [
        ("key_change_unproved", "line 6")
    ]


def test_entries_that_change_no_key_leave_the_trusted_one() -> None:
    assert taken([0, 1]).keys(key(7)).all == (key(7),)


def test_a_change_that_is_not_in_the_log_is_not_taken() -> None:
    found = ExportedKeys()
    with pytest.raises(ValueError, match="not in the signed log"):
        found.note(LEDGER.entries[2], (9, bytes(32), LEDGER.tree.inclusion(2)), "line 1")
    assert found.keys(key(0)).changes == ()

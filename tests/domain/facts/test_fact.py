"""What facts and folds share."""

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.facts.catalogue import RECORDS
from redrabbit.domain.facts.fact import changed, did, did_not
from tests.domain.folded import FoldedLedger

KINDS = st.sampled_from(sorted(RECORDS, key=lambda kind: kind.TABLE))


@given(st.data(), KINDS)
def test_a_record_is_changed_as_a_dataclass_is_replaced(data: st.DataObject, kind: Any) -> None:
    names = [field.name for field in fields(kind)]
    record = kind(**{name: f"the {name}" for name in names})
    given_: dict[str, Any] = data.draw(st.dictionaries(st.sampled_from(names), st.integers()))
    found = changed(record, **given_)
    assert found == replace(record, **given_)
    assert hash(found) == hash(replace(record, **given_))
    assert type(found) is kind
    assert record == kind(**{name: f"the {name}" for name in names})


@given(KINDS)
def test_a_record_checks_nothing_as_it_is_made(kind: Any) -> None:
    """So setting each field makes the same record."""
    assert not hasattr(kind, "__post_init__")
    assert all(field.init for field in fields(kind))


@given(KINDS)
def test_a_field_that_a_record_does_not_have_is_refused(kind: Any) -> None:
    record = kind(**{field.name: None for field in fields(kind)})
    with pytest.raises(TypeError, match=f"{kind.__name__} has no field colour"):
        changed(record, colour="red")


def test_who_did_something_stands_in_four_fields_that_are_empty_where_nobody_did() -> None:
    """D23."""
    ledger = FoldedLedger()
    entry = ledger.say("clock_stepped", 7, step_s=1.0)
    told = did("revoked", entry)
    assert told == {
        "revoked_at": entry.occurred_at,
        "revoked_by": entry.actor.id,
        "revoked_how": entry.actor.how,
        "revoked_entry": entry.index,
    }
    assert did_not("revoked") == dict.fromkeys(told)

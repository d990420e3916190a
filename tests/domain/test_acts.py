"""What people ask is a value (D22): named once, written and read back."""

import inspect
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain import acts
from redrabbit.domain.acts import ACTS, Act, ActOnCase, ActOnRun
from redrabbit.domain.facts.codec import decode, encode, field_names
from redrabbit.domain.facts.fact import Record
from redrabbit.domain.ledger import canonical
from tests.strategies import values_of


def test_every_act_is_listed_once() -> None:
    found = {
        kind
        for _, kind in inspect.getmembers(acts, inspect.isclass)
        if issubclass(kind, Act) and kind is not Act
    }
    assert set(ACTS) == found
    assert len(ACTS) == len(found) == 35


def test_an_act_is_named_as_its_class() -> None:
    """So that whoever reads the table of acts finds the class, and the other way round."""
    for kind in ACTS:
        words = "".join(f"_{c.lower()}" if c.isupper() else c for c in kind.__name__)
        assert words.removeprefix("_") == kind.KIND
    assert len({kind.KIND for kind in ACTS}) == len(ACTS)


@given(st.sampled_from(ACTS).flatmap(values_of))
def test_every_act_comes_back_as_it_was_written(act: Act[Record]) -> None:
    """D65: kept under its key, it can be compared with what is asked again."""
    payload = encode(act)
    assert canonical(payload)
    assert decode(type(act), payload) == act


def test_an_act_never_says_who_asks() -> None:
    """The door adds the actor; nobody asks in another's name."""
    for kind in ACTS:
        assert not set(field_names(kind)) & {"actor", "by", "operator", "name", "how", "token"}


@pytest.mark.parametrize("kind", get_args(ActOnRun))
def test_an_act_on_a_run_says_which(kind: type[Act[Record]]) -> None:
    assert "run_id" in field_names(kind)
    assert kind in ACTS


@pytest.mark.parametrize("kind", get_args(ActOnCase))
def test_an_act_on_a_case_says_which(kind: type[Act[Record]]) -> None:
    assert "containment_id" in field_names(kind)
    assert kind in ACTS

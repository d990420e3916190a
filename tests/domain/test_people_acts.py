"""What people ask about people is a value as well, and holds no name and no badge's code."""

import inspect

from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain import people_acts
from redrabbit.domain.acts import ACTS, Act
from redrabbit.domain.facts.codec import decode, encode, field_names
from redrabbit.domain.facts.fact import Record
from redrabbit.domain.ledger import canonical
from redrabbit.domain.people_acts import PEOPLE_ACTS, ActOnPeople
from tests.strategies import values_of


def test_every_act_about_people_is_listed_once() -> None:
    found = {
        kind
        for _, kind in inspect.getmembers(people_acts, inspect.isclass)
        if issubclass(kind, Act) and kind is not Act
    }
    assert set(PEOPLE_ACTS) == found == set(ActOnPeople.__args__)
    assert len(PEOPLE_ACTS) == len(found) == 18


def test_an_act_about_people_is_named_as_its_class() -> None:
    for kind in PEOPLE_ACTS:
        words = "".join(f"_{c.lower()}" if c.isupper() else c for c in kind.__name__)
        assert words.removeprefix("_") == kind.KIND
    assert len({kind.KIND for kind in (*ACTS, *PEOPLE_ACTS)}) == len(ACTS) + len(PEOPLE_ACTS)


@given(st.sampled_from(PEOPLE_ACTS).flatmap(values_of))
def test_every_act_about_people_comes_back_as_it_was_written(act: Act[Record]) -> None:
    """D65."""
    payload = encode(act)
    assert canonical(payload)
    assert decode(type(act), payload) == act


def test_an_act_about_people_never_says_who_asks_nor_holds_a_secret() -> None:
    for kind in PEOPLE_ACTS:
        assert not set(field_names(kind)) & {"actor", "by", "how", "code", "password", "pin"}

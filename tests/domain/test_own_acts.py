"""Acts of no role: each has a word of its own, beside those of records and people, and names a person."""

import inspect
from dataclasses import fields

import pytest

from redrabbit.domain import own_acts
from redrabbit.domain.acts import ACTS, Act
from redrabbit.domain.facts.fact import Record
from redrabbit.domain.people_acts import PEOPLE_ACTS
from redrabbit.domain.permissions import MAY

OWN: tuple[type[Act[Record]], ...] = tuple(
    kind
    for _, kind in inspect.getmembers(own_acts, inspect.isclass)
    if issubclass(kind, Act) and kind is not Act
)


def test_each_has_a_word_that_no_other_act_has() -> None:
    """Acts are kept under their word: an answer is never taken for that of another act."""
    words = [kind.KIND for kind in (*OWN, *ACTS, *PEOPLE_ACTS)]
    assert len(words) == len(set(words))
    assert len(OWN) == 4


@pytest.mark.parametrize("kind", OWN, ids=lambda kind: kind.KIND)
def test_each_is_about_a_person_and_in_no_table_of_roles(kind: type[Act[Record]]) -> None:
    assert "person_id" in {field.name for field in fields(kind)}
    assert kind not in MAY

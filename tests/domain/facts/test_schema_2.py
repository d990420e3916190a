"""What schema 2 told is told for ever, and nothing of schema 3 under its name."""

from typing import Any

import pytest

from redrabbit.domain.facts.catalogue import BY_TYPE
from redrabbit.domain.facts.codec import field_names
from redrabbit.domain.facts.schema_2 import added_by_schema_3, of_schema_2

ADDING = sorted(type_ for type_ in BY_TYPE if added_by_schema_3(type_))


@pytest.mark.parametrize("type_", ADDING)
def test_a_payload_of_schema_2_has_the_fields_of_today(type_: str) -> None:
    added = added_by_schema_3(type_)
    assert added.keys() < set(field_names(BY_TYPE[type_]))
    before: dict[str, Any] = dict.fromkeys(field_names(BY_TYPE[type_]) - added.keys(), "as it was")
    assert of_schema_2(type_, before) == before | dict(added)


@pytest.mark.parametrize("type_", ADDING)
def test_a_field_of_schema_3_is_refused_under_schema_2(type_: str) -> None:
    name = min(added_by_schema_3(type_))
    with pytest.raises(ValueError, match=f"{type_} of schema 2 has no field {name}"):
        of_schema_2(type_, {name: 1})


def test_other_types_are_as_they_were() -> None:
    assert of_schema_2("agent_stopped", {"reason": "x"}) == {"reason": "x"}

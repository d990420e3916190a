"""What people ask of a calendar is a value (D22), and never says who asks."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.acts import Act
from redrabbit.domain.calendar_acts import CALENDAR_ACTS, ActOnCalendar
from redrabbit.domain.facts.codec import decode, encode, field_names
from tests.strategies import values_of


def test_every_act_is_listed_and_is_of_a_line_with_a_reason() -> None:
    assert set(CALENDAR_ACTS) == set(ActOnCalendar.__args__)
    for kind in CALENDAR_ACTS:
        assert {"line", "reason"} <= set(field_names(kind))
        assert not set(field_names(kind)) & {"actor", "by", "operator", "name", "how", "token"}


@given(st.sampled_from(CALENDAR_ACTS).flatmap(values_of))
def test_every_act_comes_back_as_it_was_written(act: Act[Any]) -> None:
    assert decode(type(act), encode(act)) == act

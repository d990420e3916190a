"""What people ask of the control plan is a value (D22), and never says who asks."""

import inspect
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain import plan_acts
from redrabbit.domain.acts import ACTS, Act
from redrabbit.domain.calendar_acts import CALENDAR_ACTS
from redrabbit.domain.facts.codec import decode, encode, field_names
from redrabbit.domain.people_acts import PEOPLE_ACTS
from redrabbit.domain.plan_acts import PLAN_ACTS, ActOnPlan, approval_here
from tests.strategies import values_of


def test_every_act_is_listed_once() -> None:
    found = {
        kind
        for _, kind in inspect.getmembers(plan_acts, inspect.isclass)
        if issubclass(kind, Act) and kind is not Act
    }
    assert set(PLAN_ACTS) == found
    assert {"digest" in field_names(kind) for kind in ActOnPlan.__args__} == {True}


def test_an_act_is_named_as_its_class_and_no_other_is() -> None:
    for kind in PLAN_ACTS:
        words = "".join(f"_{c.lower()}" if c.isupper() else c for c in kind.__name__)
        assert words.removeprefix("_") == kind.KIND
        assert not set(field_names(kind)) & {"actor", "by", "operator", "name", "how", "token"}
    every = (*ACTS, *CALENDAR_ACTS, *PLAN_ACTS, *PEOPLE_ACTS)
    assert len({kind.KIND for kind in every}) == len(every)


@given(st.sampled_from(PLAN_ACTS).flatmap(values_of))
def test_every_act_comes_back_as_it_was_written(act: Act[Any]) -> None:
    assert decode(type(act), encode(act)) == act


def test_an_approval_here_names_no_document() -> None:
    act = approval_here("ab" * 32)
    assert (act.elsewhere_number, act.elsewhere_on, act.elsewhere_digest) == (None, None, None)

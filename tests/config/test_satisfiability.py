"""Never-true conditions are found exactly: compared with trying every value there is."""

from itertools import product
from typing import assert_never

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.config.satisfiability import can_be_true, normal_form, same
from redrabbit.config.value_range import ValueRange
from redrabbit.domain.identity import SignalName
from redrabbit.domain.observation import Value
from redrabbit.domain.rule import (
    Above,
    AllOf,
    AnyOf,
    Becomes,
    Below,
    Between,
    Condition,
    Equals,
    Falls,
    Increases,
    Not,
    Rises,
    StaysOff,
)

BIT, COUNT, WORD = SignalName("bit"), SignalName("count"), SignalName("word")
RANGES = {
    BIT: ValueRange("bool"),
    COUNT: ValueRange("number", low=0, high=4, whole=True),
    WORD: ValueRange("text"),
}
EVERYTHING: list[dict[SignalName, Value]] = [
    {BIT: bit, COUNT: count, WORD: word}
    for bit, count, word in product((True, False), range(5), ("a", "b", "other"))
]

limits = st.integers(-1, 5)
levels = st.one_of(
    st.builds(Equals, signal=st.just(BIT), value=st.booleans()),
    st.builds(Equals, signal=st.just(COUNT), value=st.integers(0, 4)),
    st.builds(Equals, signal=st.just(WORD), value=st.sampled_from(["a", "b"])),
    st.builds(Above, signal=st.just(COUNT), limit=limits),
    st.builds(Below, signal=st.just(COUNT), limit=limits),
    st.builds(Between, signal=st.just(COUNT), low=limits, high=limits),
)
conditions: st.SearchStrategy[Condition] = st.recursive(
    levels,
    lambda inner: st.one_of(
        st.builds(Not, of=inner),
        st.builds(AllOf, of=st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(AnyOf, of=st.lists(inner, min_size=1, max_size=3).map(tuple)),
    ),
    max_leaves=8,
)


def holds(condition: Condition, values: dict[SignalName, Value]) -> bool:
    match condition:
        case AllOf():
            return all(holds(part, values) for part in condition.of)
        case AnyOf():
            return any(holds(part, values) for part in condition.of)
        case Not():
            return not holds(condition.of, values)
        case Equals():
            return values[condition.signal] == condition.value
        case Above() | Below() | Between():
            value = values[condition.signal]
            assert not isinstance(value, str)
            if isinstance(condition, Above):
                return value > condition.limit
            if isinstance(condition, Below):
                return value < condition.limit
            return condition.low <= value <= condition.high
        case Rises() | Falls() | Becomes() | Increases() | StaysOff():
            raise AssertionError("edges need a history")
        case _:
            assert_never(condition)


@given(conditions)
def test_a_condition_can_be_true_exactly_if_some_values_make_it_so(condition: Condition) -> None:
    assert can_be_true(condition, RANGES) is any(holds(condition, one) for one in EVERYTHING)


@given(conditions)
def test_a_condition_is_always_true_exactly_if_its_opposite_never_is(
    condition: Condition,
) -> None:
    always = all(holds(condition, one) for one in EVERYTHING)
    assert can_be_true(Not(of=condition), RANGES) is not always


@pytest.mark.parametrize(
    ("condition", "possible"),
    [
        (AllOf(of=(Rises(signal=BIT), Equals(signal=BIT, value=True))), True),
        (AllOf(of=(Rises(signal=BIT), Equals(signal=BIT, value=False))), False),
        (AllOf(of=(Rises(signal=BIT), Falls(signal=BIT))), False),
        (AllOf(of=(Becomes(signal=COUNT, value=3), Above(signal=COUNT, limit=3))), False),
        (AllOf(of=(Becomes(signal=COUNT, value=3), Below(signal=COUNT, limit=4))), True),
        (AllOf(of=(Becomes(signal=COUNT, value=1), Becomes(signal=COUNT, value=2))), False),
        (AllOf(of=(Rises(signal=BIT), Not(of=Rises(signal=BIT)))), False),
        (AllOf(of=(Not(of=Rises(signal=BIT)), Equals(signal=BIT, value=True))), True),
        (AllOf(of=(Increases(signal=COUNT), Equals(signal=COUNT, value=2))), True),
        (AllOf(of=(Increases(signal=COUNT), Not(of=Increases(signal=COUNT)))), False),
        (AllOf(of=(Increases(signal=COUNT), Not(of=Increases(signal=COUNT, by=2)))), True),
    ],
)
def test_an_edge_holds_only_while_the_value_it_leads_to_stands(
    condition: Condition, possible: bool
) -> None:
    assert can_be_true(condition, RANGES) is possible


def test_a_signal_whose_range_is_unknown_refutes_nothing() -> None:
    unknown = SignalName("unknown")
    both = AllOf(of=(Above(signal=unknown, limit=5), Below(signal=unknown, limit=1)))
    assert can_be_true(both, {})


def test_order_repetition_and_nesting_make_no_other_condition() -> None:
    rises, falls = Rises(signal=BIT), Equals(signal=COUNT, value=1)
    assert same(AllOf(of=(rises, falls)), AllOf(of=(falls, AllOf(of=(rises, rises)))))
    assert same(Not(of=Not(of=rises)), rises)
    assert not same(AllOf(of=(rises, falls)), AnyOf(of=(rises, falls)))


def test_of_a_condition_with_too_many_alternatives_nothing_is_claimed() -> None:
    pair = AnyOf(of=(Equals(signal=COUNT, value=1), Equals(signal=COUNT, value=2)))
    many = AllOf(
        of=tuple(
            AnyOf(of=(Equals(signal=COUNT, value=n), Equals(signal=COUNT, value=n + 100), pair))
            for n in range(12)
        )
    )
    assert normal_form(many) is None
    assert normal_form(AnyOf(of=(pair, many))) is None
    assert can_be_true(many, RANGES)
    assert not same(many, many)

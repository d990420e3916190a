"""Conditions are true, false or unknown; edges need their other side (B1, L1, D6)."""

from dataclasses import dataclass, field

import pytest

from redrabbit.domain.condition import (
    holds,
    is_blocked,
    level_holds,
    same_value,
    stands,
    turned_true,
)
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
    Edge,
    Equals,
    Falls,
    Increases,
    Not,
    Rises,
    StaysOff,
)

X, Y, Z = SignalName("x"), SignalName("y"), SignalName("z")


@dataclass(frozen=True, kw_only=True)
class Known:
    """How the signals stand; everything else as if the part had just been presented."""

    known: dict[SignalName, Value]
    departed: frozenset[Edge] = frozenset()
    base: dict[SignalName, int | float] = field(default_factory=dict)
    reset: frozenset[SignalName] = frozenset()
    stayed_off: frozenset[StaysOff] = frozenset()


TRUE, FALSE = Equals(signal=X, value=1), Equals(signal=X, value=2)
UNKNOWN = Equals(signal=Y, value=1)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        pytest.param(Equals(signal=X, value=1), True, id="equals"),
        pytest.param(Equals(signal=X, value=1.0), True, id="whole equals its float"),
        pytest.param(Equals(signal=X, value=True), False, id="one is not true"),
        pytest.param(Equals(signal=X, value="1"), False, id="one is not its text"),
        pytest.param(Above(signal=X, limit=0.5), True, id="above"),
        pytest.param(Above(signal=X, limit=1), False, id="above excludes its limit"),
        pytest.param(Below(signal=X, limit=1.5), True, id="below"),
        pytest.param(Below(signal=X, limit=1), False, id="below excludes its limit"),
        pytest.param(Between(signal=X, low=1, high=2), True, id="between includes its low end"),
        pytest.param(Between(signal=X, low=0, high=1), True, id="between includes its high end"),
        pytest.param(Between(signal=X, low=2, high=3), False, id="outside"),
        pytest.param(UNKNOWN, None, id="unknown"),
        pytest.param(Above(signal=Y, limit=0), None, id="unknown number"),
        pytest.param(Rises(signal=Y), None, id="unknown edge"),
        pytest.param(Increases(signal=X), None, id="a counter without its before"),
        pytest.param(Not(of=TRUE), False, id="not true"),
        pytest.param(Not(of=FALSE), True, id="not false"),
        pytest.param(Not(of=UNKNOWN), None, id="not unknown"),
        pytest.param(AllOf(of=(TRUE, TRUE)), True, id="all true"),
        pytest.param(AllOf(of=(TRUE, UNKNOWN)), None, id="all, one unknown"),
        pytest.param(AllOf(of=(UNKNOWN, FALSE)), False, id="all, one false"),
        pytest.param(AnyOf(of=(FALSE, TRUE, UNKNOWN)), True, id="any, one true"),
        pytest.param(AnyOf(of=(FALSE, UNKNOWN)), None, id="any, none true, one unknown"),
        pytest.param(AnyOf(of=(FALSE, FALSE)), False, id="any, none"),
    ],
)
def test_conditions_are_true_false_or_unknown(condition: Condition, expected: bool | None) -> None:
    """B1: what is unknown is neither true nor false."""
    assert holds(condition, Known(known={X: 1})) is expected


@pytest.mark.parametrize(
    "condition",
    [Above(signal=X, limit=1), Below(signal=X, limit=1), Between(signal=X, low=0, high=1)],
    ids=["above", "below", "between"],
)
def test_a_text_is_neither_above_nor_below_a_number(condition: Condition) -> None:
    assert holds(condition, Known(known={X: "NG"})) is None


@pytest.mark.parametrize(
    ("condition", "departed", "expected"),
    [
        pytest.param(Rises(signal=X), True, True, id="rose"),
        pytest.param(Rises(signal=X), False, False, id="was on before the part"),
        pytest.param(Rises(signal=Y), True, False, id="is off"),
        pytest.param(Falls(signal=Y), True, True, id="fell"),
        pytest.param(Becomes(signal=Z, value=3), True, True, id="became"),
        pytest.param(Becomes(signal=Z, value=3.5), True, False, id="became something else"),
    ],
)
def test_an_edge_is_true_where_its_other_side_was_seen_and_it_stands_now(
    condition: Edge, departed: bool, expected: bool
) -> None:
    """L1."""
    edges = frozenset({condition}) if departed else frozenset()

    assert holds(condition, Known(known={X: True, Y: False, Z: 3}, departed=edges)) is expected


@pytest.mark.parametrize(
    ("value", "reset", "expected"),
    [
        pytest.param(7, False, False, id="stands"),
        pytest.param(8, False, False, id="rose by less"),
        pytest.param(9, False, True, id="rose by as much"),
        pytest.param(9, True, None, id="was reset meanwhile"),
        pytest.param("9", False, None, id="is text"),
    ],
)
def test_a_counter_is_compared_with_its_value_when_the_part_came(
    value: Value, reset: bool, expected: bool | None
) -> None:
    """D6."""
    context = Known(known={X: value}, base={X: 7}, reset=frozenset({X}) if reset else frozenset())

    assert holds(Increases(signal=X, by=2), context) is expected


def test_a_counter_too_large_for_a_float_is_compared_exactly() -> None:
    """A uint64 near its end: as floats, 2**63 and one more are the same number."""
    context = Known(known={X: 2**63}, base={X: 2**63})

    assert holds(Increases(signal=X), context) is False


@pytest.mark.parametrize(
    ("known", "seen_to_its_end", "expected"),
    [
        pytest.param({X: False}, True, True, id="was off all the time"),
        pytest.param({X: False}, False, False, id="not yet, or it came on"),
        pytest.param({}, True, None, id="not known now"),
    ],
)
def test_a_silence_holds_once_it_was_seen_to_its_end(
    known: dict[SignalName, Value], seen_to_its_end: bool, expected: bool | None
) -> None:
    """D33."""
    silence = StaysOff(signal=X, for_s=1.5, after=None)
    seen = frozenset({silence}) if seen_to_its_end else frozenset()

    assert holds(silence, Known(known=known, stayed_off=seen)) is expected
    assert stands(silence, Known(known=known, stayed_off=seen)) is expected


@pytest.mark.parametrize(
    ("condition", "was_false", "blocked"),
    [
        pytest.param(Equals(signal=X, value=True), False, True, id="a level that is on"),
        pytest.param(Equals(signal=X, value=True), True, False, id="a level that came on"),
        pytest.param(Equals(signal=X, value=False), False, False, id="a level that is off"),
        pytest.param(Rises(signal=X), True, True, id="an edge that can not come"),
        pytest.param(Falls(signal=X), True, False, id="an edge that can come"),
        pytest.param(AnyOf(of=(Rises(signal=Z), Rises(signal=X))), True, True, id="one of two"),
        pytest.param(Rises(signal=Y), False, False, id="unknown"),
    ],
)
def test_a_condition_that_is_on_already_is_blocked(
    condition: Condition, was_false: bool, blocked: bool
) -> None:
    """R16."""
    assert is_blocked(condition, was_false, Known(known={X: True, Z: False})) is blocked


def test_an_edge_that_left_its_side_is_not_blocked() -> None:
    rises = Rises(signal=X)

    assert not is_blocked(rises, True, Known(known={X: True}, departed=frozenset({rises})))


def test_values_are_the_same_as_the_configuration_means_them() -> None:
    assert same_value(12, 12.0)
    assert not same_value(1, True)
    assert not same_value("12", 12)


@pytest.mark.parametrize(
    ("condition", "before", "then", "edge"),
    [
        pytest.param(Rises(signal=X), False, True, True, id="rises"),
        pytest.param(Rises(signal=X), True, True, False, id="already there"),
        pytest.param(Falls(signal=X), True, False, True, id="falls"),
        pytest.param(Becomes(signal=X, value=3), 2, 3, True, id="becomes"),
        pytest.param(Equals(signal=X, value=3), 2, 3, True, id="equals"),
        pytest.param(Above(signal=X, limit=9), 8, 10, True, id="above"),
        pytest.param(Not(of=Equals(signal=X, value=0)), 0, 1, True, id="not"),
        pytest.param(
            AllOf(of=(Rises(signal=X), Equals(signal=Y, value=""))), False, True, True, id="all"
        ),
        pytest.param(
            AnyOf(of=(Rises(signal=X), Equals(signal=Y, value="x"))), False, True, True, id="any"
        ),
        pytest.param(Increases(signal=X), 7, 8, True, id="increases"),
        pytest.param(Increases(signal=X), 7, 7, False, id="counts on"),
        pytest.param(Increases(signal=X), 7, 0, False, id="reset"),
        pytest.param(Increases(signal=X), "a", "b", False, id="counts no text"),
    ],
)
def test_the_parts_presence_is_an_edge_between_two_moments(
    condition: Condition, before: Value, then: Value, edge: bool
) -> None:
    """D2."""
    assert turned_true(condition, {X: before, Y: ""}, {X: then, Y: ""}) is edge


def test_presence_that_was_unknown_is_no_edge() -> None:
    assert not turned_true(Rises(signal=X), {}, {X: True})


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Rises(signal=X), True),
        (AllOf(of=(Rises(signal=X), Equals(signal=Z, value=3))), True),
        (AnyOf(of=(Rises(signal=Y), Rises(signal=X))), True),
        (Not(of=Rises(signal=X)), False),
        (Falls(signal=Y), False),
    ],
)
def test_a_rising_bit_stands_whenever_it_came_on_and_other_edges_only_if_they_happened(
    condition: Condition, expected: bool
) -> None:
    assert stands(condition, Known(known={X: True, Y: False, Z: 3})) is expected


@pytest.mark.parametrize(
    ("condition", "x", "is_there"),
    [
        (Rises(signal=X), True, True),
        (Rises(signal=X), False, False),
        (Falls(signal=X), False, True),
        (Becomes(signal=X, value=2), 2, True),
        (Not(of=Becomes(signal=X, value=2)), 2, False),
        (AllOf(of=(Rises(signal=X), UNKNOWN)), True, None),
        (AnyOf(of=(Rises(signal=X), UNKNOWN)), True, True),
    ],
)
def test_the_edges_of_a_presence_are_levels_of_one_moment(
    condition: Condition, x: Value, is_there: bool | None
) -> None:
    """D29: whether a part is there is asked at any moment, not only when it comes."""
    assert level_holds(condition, {X: x}) is is_there

"""Whether a condition can ever be true: its normal form, and the values its signals can have.

A condition is turned into alternatives, each a set of single conditions that must hold together
(or not hold). It can never be true if each alternative contradicts itself or the signals' ranges.
Edges hold only while the value they lead to stands (`redrabbit.domain.evidence`), so they are
checked as that value, too.
"""

import math
from collections.abc import Mapping
from itertools import product
from typing import Final, assert_never

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
    Leaf,
    Level,
    Not,
    Rises,
    StaysOff,
)

MAX_ALTERNATIVES: Final = 2000
"""Beyond it nothing is claimed: no rule that people can read has so many."""

Literal = tuple[Leaf, bool]
"""A single condition, and whether it must hold."""
Alternative = frozenset[Literal]
Ranges = Mapping[SignalName, ValueRange]


def can_be_true(condition: Condition, ranges: Ranges) -> bool:
    """Return whether any readings make the condition true; True when that is too much to tell."""
    alternatives = normal_form(condition)
    return alternatives is None or any(_is_possible(one, ranges) for one in alternatives)


def same(one: Condition, other: Condition) -> bool:
    """Return whether two conditions are the same but for order, repetition and nesting."""
    form = normal_form(one)
    return form is not None and form == normal_form(other)


def normal_form(condition: Condition, wanted: bool = True) -> frozenset[Alternative] | None:
    """Return the alternatives under which a condition is (un)true; None when there are too many."""
    match condition:
        case Not():
            return normal_form(condition.of, not wanted)
        case AllOf() | AnyOf():
            forms = [normal_form(part, wanted) for part in condition.of]
            known = [form for form in forms if form is not None]
            if len(known) < len(forms):
                return None
            joins = isinstance(condition, AllOf) is wanted
            return _all_of(known) if joins else frozenset[Alternative]().union(*known)
        case Equals() | Above() | Below() | Between():
            return frozenset({frozenset({(condition, wanted)})})
        case Becomes() | Rises() | Falls() | Increases() | StaysOff():
            return frozenset({frozenset({(condition, wanted)})})
        case _:  # pragma: no cover
            assert_never(condition)


def _all_of(forms: list[frozenset[Alternative]]) -> frozenset[Alternative] | None:
    if math.prod(len(form) for form in forms) > MAX_ALTERNATIVES:
        return None
    return frozenset(frozenset[Literal]().union(*chosen) for chosen in product(*forms))


def _is_possible(alternative: Alternative, ranges: Ranges) -> bool:
    if any((leaf, not wanted) in alternative for leaf, wanted in alternative):
        return False
    signals = {leaf.signal for leaf, _ in alternative}
    return all(
        _can_hold([(leaf, w) for leaf, w in alternative if leaf.signal == signal], ranges[signal])
        for signal in signals
        if signal in ranges
    )


def _can_hold(literals: list[Literal], values: ValueRange) -> bool:
    """Return whether one signal can have a value that meets all of them."""
    levels = [level for leaf, wanted in literals if (level := _as_level(leaf, wanted)) is not None]
    equal = [level.value for level, wanted in levels if isinstance(level, Equals) and wanted]
    unequal = [level.value for level, wanted in levels if isinstance(level, Equals) and not wanted]
    if values.kind == "bool":
        return any(
            all(value == wish for wish in equal) and value not in unequal for value in (True, False)
        )
    if equal:
        return values.can_be(equal[0]) and all(_meets(equal[0], *level) for level in levels)
    if values.kind == "text":
        return True
    return _has_number(levels, values)


def _as_level(leaf: Leaf, wanted: bool) -> tuple[Level, bool] | None:
    """Return what a condition says of the value now; None where it says nothing."""
    match leaf:
        case Equals() | Above() | Below() | Between():
            return leaf, wanted
        case Becomes():
            return (Equals(signal=leaf.signal, value=leaf.value), True) if wanted else None
        case Rises() | Falls():
            value = isinstance(leaf, Rises)
            return (Equals(signal=leaf.signal, value=value), True) if wanted else None
        case StaysOff():
            return (Equals(signal=leaf.signal, value=False), True) if wanted else None
        case Increases():
            return None
        case _:  # pragma: no cover
            assert_never(leaf)


def _meets(value: Value, level: Level, wanted: bool) -> bool:
    if isinstance(level, Equals):
        return (value == level.value) is wanted
    assert not isinstance(value, str)  # noqa: S101  because conditions on numbers are refused for texts before
    match level:
        case Above():
            return (value > level.limit) is wanted
        case Below():
            return (value < level.limit) is wanted
        case Between():
            return (level.low <= value <= level.high) is wanted
        case _:  # pragma: no cover
            assert_never(level)


def _has_number(levels: list[tuple[Level, bool]], values: ValueRange) -> bool:
    """Return whether a number meets limits; each excluded `between` leaves two sides to try."""
    outside = [level for level, wanted in levels if isinstance(level, Between) and not wanted]
    for sides in product((False, True), repeat=len(outside)):
        extra: list[tuple[Level, bool]] = [
            (Above(signal=gap.signal, limit=gap.high), True)
            if upper
            else (Below(signal=gap.signal, limit=gap.low), True)
            for gap, upper in zip(outside, sides, strict=True)
        ]
        if _interval_holds_any([*levels, *extra], values):
            return True
    return False


def _interval_holds_any(levels: list[tuple[Level, bool]], values: ValueRange) -> bool:
    low, high = (-math.inf, False), (math.inf, False)  # the end, and whether it is excluded
    but: set[float] = set()
    for level, wanted in levels:
        match level:
            case Above():
                if wanted:
                    low = max(low, (level.limit, True))
                else:
                    high = _tighter_high(high, (level.limit, False))
            case Below():
                if wanted:
                    high = _tighter_high(high, (level.limit, True))
                else:
                    low = max(low, (level.limit, False))
            case Between() if wanted:
                low = max(low, (level.low, False))
                high = _tighter_high(high, (level.high, False))
            case Equals() if not isinstance(level.value, str):
                but.add(level.value)
            case _:
                continue
    return values.holds_any(low[0], high[0], without_low=low[1], without_high=high[1], but=but)


def _tighter_high(one: tuple[float, bool], other: tuple[float, bool]) -> tuple[float, bool]:
    return min(one, other, key=lambda end: (end[0], not end[1]))

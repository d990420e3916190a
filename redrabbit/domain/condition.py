"""Whether a condition of a rule is true, false, or unknown, by what is known of its signals.

A signal without a good value makes its condition unknown, never false (B1). An edge is true only
where its other side was seen since the part was presented (L1). It holds no state: what is known
is given.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, assert_never

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
    Level,
    Not,
    Rises,
    StaysOff,
    leaves,
)


class ConditionContext(Protocol):
    """How the signals stand; `redrabbit.domain.evidence.Evidence` is one."""

    @property
    def known(self) -> Mapping[SignalName, Value]:
        """Current good values; a signal that is absent is unknown."""
        ...

    @property
    def departed(self) -> frozenset[Edge]:
        """Edges whose other side was seen since the part was presented."""
        ...

    @property
    def base(self) -> Mapping[SignalName, int | float]:
        """Numbers as they stood when the part was presented."""
        ...

    @property
    def reset(self) -> frozenset[SignalName]:
        """Counters seen below their `base` since (D6)."""
        ...

    @property
    def stayed_off(self) -> frozenset[StaysOff]:
        """Times of silence that were seen to their end."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moment:
    known: Mapping[SignalName, Value]
    base: Mapping[SignalName, int | float]
    departed: frozenset[Edge] = field(default=frozenset())
    reset: frozenset[SignalName] = field(default=frozenset())
    stayed_off: frozenset[StaysOff] = field(default=frozenset())


def holds(condition: Condition, context: ConditionContext) -> bool | None:
    """Return whether a condition is true now; None when its signals don't tell."""
    match condition:
        case AllOf():
            answers = [holds(part, context) for part in condition.of]
            return False if False in answers else None if None in answers else True
        case AnyOf():
            answers = [holds(part, context) for part in condition.of]
            return True if True in answers else None if None in answers else False
        case Not():
            inner = holds(condition.of, context)
            return None if inner is None else not inner
        case Becomes() | Rises() | Falls() | Increases():
            return _edge_holds(condition, context)
        case StaysOff():
            return condition in context.stayed_off if condition.signal in context.known else None
        case Equals() | Above() | Below() | Between():
            return _level_holds(condition, context)
        case _:  # pragma: no cover
            assert_never(condition)


def stands(condition: Condition, context: ConditionContext) -> bool | None:
    """Return whether an answer is on, whenever it came on: a rising bit is read as it is.

    Other edges are not: a signal may rest at what it falls to, or becomes.
    """
    return holds(_with_bits_as_they_are(condition), context)


def level_holds(condition: Condition, known: Mapping[SignalName, Value]) -> bool | None:
    """Return whether a condition on the part's presence is true at one moment; None: unknown.

    Its edges are read as levels, as `turned_true` reads them.
    """
    return holds(_level_form(condition), _Moment(known=known, base={}))


def turned_true(
    condition: Condition,
    before: Mapping[SignalName, Value],
    after: Mapping[SignalName, Value],
) -> bool:
    """Return whether a condition on the part's presence changed from false to true between two.

    Its edges are read as levels of the two moments: the change itself is the edge.
    """
    base = {s: v for s, v in before.items() if not isinstance(v, str)}
    level = _level_form(condition)
    return (
        holds(level, _Moment(known=before, base=base)) is False
        and holds(level, _Moment(known=after, base=base)) is True
    )


def is_blocked(condition: Condition, was_false: bool, context: ConditionContext) -> bool:
    """Return whether a condition can't turn true, because it or one of its edges already is.

    Its station is stuck, or still shows the last part's answer: no silence can be heard (R16).
    """
    if not was_false and holds(condition, context):
        return True
    return any(
        isinstance(leaf, Becomes | Rises | Falls)
        and leaf not in context.departed
        and same_value(context.known[leaf.signal], edge_target(leaf))
        for leaf in leaves(condition)
        if leaf.signal in context.known
    )


def same_value(value: Value, wanted: Value) -> bool:
    """Compare as the configuration means it: 1 is no True, and 12 equals 12.0."""
    return isinstance(value, bool) == isinstance(wanted, bool) and value == wanted


def edge_target(edge: Becomes | Rises | Falls) -> Value:
    """Return the value that the signal changes to."""
    match edge:
        case Becomes():
            return edge.value
        case Rises():
            return True
        case Falls():
            return False
        case _:  # pragma: no cover
            assert_never(edge)


def _level_form(condition: Condition) -> Condition:
    match condition:
        case AllOf():
            return AllOf(of=tuple(_level_form(part) for part in condition.of))
        case AnyOf():
            return AnyOf(of=tuple(_level_form(part) for part in condition.of))
        case Not():
            return Not(of=_level_form(condition.of))
        case Becomes() | Rises() | Falls():
            return Equals(signal=condition.signal, value=edge_target(condition))
        case Equals() | Above() | Below() | Between() | Increases() | StaysOff():
            return condition
        case _:  # pragma: no cover
            assert_never(condition)


def _with_bits_as_they_are(condition: Condition) -> Condition:
    match condition:
        case AllOf():
            return AllOf(of=tuple(_with_bits_as_they_are(part) for part in condition.of))
        case AnyOf():
            return AnyOf(of=tuple(_with_bits_as_they_are(part) for part in condition.of))
        case Not():
            return Not(of=_with_bits_as_they_are(condition.of))
        case Rises():
            return Equals(signal=condition.signal, value=True)
        case Becomes() | Falls() | Equals() | Above() | Below() | Between():
            return condition
        case Increases() | StaysOff():
            return condition
        case _:  # pragma: no cover
            assert_never(condition)


def _level_holds(condition: Level, context: ConditionContext) -> bool | None:
    value = context.known.get(condition.signal)
    if value is None:
        return None
    if isinstance(condition, Equals):
        return same_value(value, condition.value)
    if isinstance(value, str):
        return None
    match condition:
        case Above():
            return value > condition.limit
        case Below():
            return value < condition.limit
        case Between():
            return condition.low <= value <= condition.high
        case _:  # pragma: no cover
            assert_never(condition)


def _edge_holds(condition: Edge, context: ConditionContext) -> bool | None:
    value = context.known.get(condition.signal)
    if value is None:
        return None
    if isinstance(condition, Increases):
        base = context.base.get(condition.signal)
        if base is None or isinstance(value, str) or condition.signal in context.reset:
            return None
        return value - base >= condition.by
    return condition in context.departed and same_value(value, edge_target(condition))

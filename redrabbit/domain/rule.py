"""Detection rules as data: what at a station counts as presented, detected and accepted.

A rule never has a default for silence (L3, D3): `on_silence` must be said. Conditions are
evaluated against readings; a signal without a good value makes its condition *unknown*, never
false (B1).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import assert_never

from redrabbit.domain.identity import FailureMode, SignalName
from redrabbit.domain.observation import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Equals:
    """The signal has this value."""

    signal: SignalName
    value: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Above:
    """The signal is greater than `limit`, in the signal's unit."""

    signal: SignalName
    limit: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Below:
    """The signal is less than `limit`, in the signal's unit."""

    signal: SignalName
    limit: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Between:
    """The signal lies from `low` to `high`, both included, in the signal's unit."""

    signal: SignalName
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Becomes:
    """The signal changed to this value after the part was presented."""

    signal: SignalName
    value: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Rises:
    """The boolean signal changed from off to on after the part was presented."""

    signal: SignalName


@dataclass(frozen=True, slots=True, kw_only=True)
class Falls:
    """The boolean signal changed from on to off after the part was presented."""

    signal: SignalName


@dataclass(frozen=True, slots=True, kw_only=True)
class Increases:
    """The number rose by at least `by` over its value when the part was presented."""

    signal: SignalName
    by: float = 1


Change = Becomes | Rises | Falls
"""What happens at one instant, and can be waited for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaysOff:
    """The boolean signal was off in every reading for at least `for_s` seconds after something (D33).

    An answer by silence: that of a camera with nothing but an NG lamp, or of a device that prevents
    the cycle.
    """

    signal: SignalName
    for_s: float
    after: Change | None
    """From when the time counts; None: from when the part was presented."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AllOf:
    """Every one of the conditions holds."""

    of: tuple["Condition", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyOf:
    """At least one of the conditions holds."""

    of: tuple["Condition", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """The condition does not hold."""

    of: "Condition"


Edge = Change | Increases
Level = Equals | Above | Below | Between
Leaf = Level | Edge | StaysOff
"""What is said of one signal."""
Condition = Leaf | AllOf | AnyOf | Not


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldFeed:
    """How a station shows that nothing is fed, and that exactly one part came (D29)."""

    signal: SignalName | None
    """On while no part can come; None: the operator says so."""
    counters: tuple[SignalName, ...]
    """Each counts every part once: after `presented` has shown it, and not later than the answer."""
    travel_s: float
    """How long a part may still be under way to the place, and be counted, once nothing is fed."""

    @property
    def signals(self) -> frozenset[SignalName]:
        """Every signal that tells of the feed."""
        told = () if self.signal is None else (self.signal,)
        return frozenset((*told, *self.counters))


class OnSilence(StrEnum):
    """What it means when a station says nothing in time, on good communication (L3)."""

    MISSED = "missed"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectionRule:
    """How one device's answer is read (R15, D2, D3)."""

    presented: Condition | None
    """The first part-present edge from a place that was seen free (D29); None: by the part's code, or the operator's tap."""
    detected: Condition
    accepted: Condition | None
    demanded: Change | None = None
    """For a device that prevents the cycle: what says that somebody asked for one. Without it nothing was
    tested (D33)."""
    within_s: float
    """Seconds from presented in which the answer must come."""
    on_silence: OnSilence
    part_code: SignalName | None = None
    """The signal in which the station says which part it sees."""
    reject_code: SignalName | None = None
    """The signal in which the station says why it rejected (L2)."""
    reject_codes: Mapping[FailureMode, Value] = field(default_factory=dict)
    """The expected reason per failure mode."""
    reject_code_cleared: bool = False
    """Whether the station clears `reject_code` before each part: a code that stands there is none."""
    settle_s: float = 0.0
    """Seconds to wait after the first answer for the rest of it, where a station tells verdict and
    reason in separate messages."""
    measured: SignalName | None = None
    """The signal with the measured value, shown beside the verdict and kept with it."""
    held: HeldFeed | None = None
    """What tells that the part is the only one that can have come (D29). It decides no verdict, so its
    signals are none of `signals()`: a device is read without them."""

    def signals(self) -> frozenset[SignalName]:
        """Return every signal that the rule reads."""
        named = {s for s in (self.part_code, self.reject_code, self.measured) if s is not None}
        for condition in (self.presented, self.detected, self.accepted, self.demanded):
            if condition is not None:
                named.update(signals_of(condition))
        return frozenset(named)

    def answers(self) -> tuple[Leaf, ...]:
        """Return what is said of single signals in `detected` and `accepted`, in reading order."""
        accepted = leaves(self.accepted) if self.accepted is not None else ()
        return (*leaves(self.detected), *accepted)

    def awaited(self) -> tuple[Edge, ...]:
        """Return every change that the rule waits for once the part is presented."""
        answers = self.answers()
        begins = [each.after for each in answers if isinstance(each, StaysOff)]
        found = [each for each in answers if isinstance(each, Edge)]
        return (*found, *(each for each in (*begins, self.demanded) if each is not None))


def leaves(condition: Condition) -> Iterator[Leaf]:
    """Yield the conditions on single signals, in reading order."""
    match condition:
        case AllOf() | AnyOf():
            for part in condition.of:
                yield from leaves(part)
        case Not():
            yield from leaves(condition.of)
        case Equals() | Above() | Below() | Between():
            yield condition
        case Becomes() | Rises() | Falls() | Increases() | StaysOff():
            yield condition
        case _:  # pragma: no cover
            assert_never(condition)


def tells_by_silence(condition: Condition) -> bool:
    """Return whether a condition needs that something did not come (D33)."""
    return any(isinstance(leaf, StaysOff) for leaf in leaves(condition))


def signals_of(condition: Condition) -> frozenset[SignalName]:
    """Return the signals that a condition reads."""
    found = set(leaves(condition))
    begins = {leaf.after for leaf in found if isinstance(leaf, StaysOff)} - {None}
    return frozenset(leaf.signal for leaf in found | begins if leaf is not None)


def judging_signals(rule: DetectionRule) -> frozenset[SignalName]:
    """Return the signals that a verdict rests on: of `detected` and `accepted`."""
    accepted = signals_of(rule.accepted) if rule.accepted is not None else frozenset[SignalName]()
    return signals_of(rule.detected) | accepted

"""What one presentation is to prove, and how its station is watched meanwhile.

It is made once, when a run begins: from the check, the part's failure mode, the device's rule and what
the station's file declares of its signals.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from redrabbit.domain.challenge_part import CertifiedValue
from redrabbit.domain.identity import FailureMode, PartId, SignalName
from redrabbit.domain.observation import Value
from redrabbit.domain.part_count import CounterHabits
from redrabbit.domain.rule import DetectionRule
from redrabbit.domain.station_says import Asked, SaidOf


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What this presentation is to prove, and how its station is watched."""

    part: PartId
    failure_mode: FailureMode | None
    """None: a good master."""
    code: Value | None
    """The expected reject code, where the station tells one (L2)."""
    rule: DetectionRule
    expires_s: Mapping[SignalName, float | None]
    """After how long without a good reading a signal is lost; None: it speaks only on change, so
    its silence proves nothing (D7)."""
    blind_after_s: Mapping[SignalName, float | None]
    """How long a judging signal may go unread before an answer, or the next part, can have passed
    unseen (D30); None: it speaks only on change, so nobody knows."""
    learnt_s: Mapping[SignalName, float] = field(default_factory=dict)
    """Pulses of its signals that nobody declared: learnt, confirmed, and counted on above (D30)."""
    heartbeat: bool = False
    """Whether its station tells that its machine runs; silence counts only while it does (D32)."""
    certified: CertifiedValue | None = None
    """What the part measures, where the station measures the same in the same unit (D29)."""
    counter_habits: Mapping[SignalName, CounterHabits] = field(default_factory=dict)
    """How the counters of `rule.held` go back (D32)."""
    gaps_lose_messages: bool
    """True where a cut link loses what was said meanwhile (MQTT), False where it is read again."""
    asked: Mapping[SaidOf, Asked] = field(default_factory=dict)
    """What the operator tells of the part before it is put in (D33)."""
    places: Mapping[SaidOf, SignalName] = field(default_factory=dict)
    """The signals that tell where the part stands, where it is known by its place (D29)."""

    @property
    def signals(self) -> frozenset[SignalName]:
        """Every signal that the presentation is followed by."""
        return self.rule.signals() | frozenset(self.places.values())

"""How long the answers of a polled station last, where its file doesn't say: learnt from 20 of them (D30).

What is read shows only between which bounds an answer lasted: at least from the end of the first reading
that showed it to the begin of the last, at most from the reading before it to the one after it. What is
learnt is the shortest lower bound, so it is never longer than the shortest of the 20 was. That a later
answer is shorter is said only where its upper bound proves it: an answer that was met badly by the polls
is no shorter for that.

Two answers that follow each other within `longest_unread` can't be told apart: `PulseWatch` takes for
granted that a station doesn't answer for the next part so soon.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from redrabbit.domain.blind_time import POLLS, PULSE_SHARE, harmless_gap_s
from redrabbit.domain.condition import edge_target
from redrabbit.domain.facts.codec import plain
from redrabbit.domain.identity import SignalName
from redrabbit.domain.ledger import JsonValue, canonical_text
from redrabbit.domain.observation import Value
from redrabbit.domain.rule import Becomes, DetectionRule, Falls, Rises, StaysOff
from redrabbit.domain.station import ModbusLink, Station

SAMPLE: Final = 20
"""Answers from which a pulse is learnt (D30)."""

ON: Final = True
"""What a signal that must stay off is when it answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """One answer from its begin to its end, as it was read."""

    at_least_s: float
    """0 where only one reading showed it."""
    at_most_s: float


def shortest(cycles: Sequence[Cycle]) -> Cycle:
    """Return the bounds of the shortest of several answers."""
    return Cycle(
        at_least_s=min(cycle.at_least_s for cycle in cycles),
        at_most_s=min(cycle.at_most_s for cycle in cycles),
    )


def is_shorter(cycle: Cycle, pulse_s: float) -> bool:
    """Tell whether an answer surely was shorter than what was learnt."""
    return cycle.at_most_s < pulse_s


@dataclass(frozen=True, slots=True, kw_only=True)
class PulseReach:
    """What a learnt pulse comes to at a station that is polled so often."""

    harmless_gap_s: float
    """So long between two readings, and nothing is hidden."""
    polls_are_too_slow: bool
    """Half the pulse is less than a poll: answers may pass between two readings."""
    wanted_poll_s: float
    """Where they are too slow, the poll interval that is needed: half of the pulse. An answer that only one
    reading showed may have been of any length: half of what it lasted at most, or half of today's."""


def reach_of(pulse: Cycle, poll_s: float) -> PulseReach:
    """Return what a pulse comes to with this poll interval."""
    return PulseReach(
        harmless_gap_s=harmless_gap_s(pulse.at_least_s, poll_s),
        polls_are_too_slow=PULSE_SHARE * pulse.at_least_s < poll_s,
        wanted_poll_s=PULSE_SHARE * (pulse.at_least_s or min(pulse.at_most_s, poll_s)),
    )


def longest_unread(link: ModbusLink) -> timedelta:
    """Return the longest gap in an answer that counts: what was not watched teaches nothing (D30)."""
    return timedelta(seconds=POLLS * link.poll_interval_s)


def to_be_learnt(station: Station) -> Mapping[SignalName, frozenset[Value]]:
    """Return the signals whose pulse nobody declared, each with its values that are an answer.

    Of polled stations only: what is told in messages isn't missed between two readings.
    """
    if not isinstance(station.link, ModbusLink):
        return {}
    declared = {spec.name for spec in station.signals if spec.pulse_s is not None}
    answers: dict[SignalName, frozenset[Value]] = {}
    for device in station.devices:
        for signal, value in _answers(device.rule):
            if signal not in declared:
                answers[signal] = answers.get(signal, frozenset()) | {value}
    return answers


def of_rule(rule: DetectionRule, station: Station) -> frozenset[SignalName]:
    """Return the signals of a rule whose pulse is to be learnt."""
    return frozenset(signal for signal, _ in _answers(rule)) & to_be_learnt(station).keys()


def _answers(rule: DetectionRule) -> list[tuple[SignalName, Value]]:
    """Return what comes and goes by itself in `detected` and `accepted`."""
    found: list[tuple[SignalName, Value]] = []
    for leaf in rule.answers():
        if isinstance(leaf, Rises | Falls | Becomes):
            found.append((leaf.signal, edge_target(leaf)))
        elif isinstance(leaf, StaysOff):
            found.append((leaf.signal, ON))
            if leaf.after is not None:
                found.append((leaf.after.signal, edge_target(leaf.after)))
    return found


def learnt_of(station: Station, signal: SignalName) -> str:
    """Return a digest of where a signal stands, what it answers by and how often it is read.

    What was learnt of another is nothing that this one does.
    """
    link = station.link
    assert isinstance(link, ModbusLink)  # noqa: S101  of others nothing is learnt
    spec = next(spec for spec in station.signals if spec.name == signal)
    values = sorted(to_be_learnt(station)[signal], key=repr)
    of: list[JsonValue] = [
        [link.host, link.port, link.unit_id, link.poll_interval_s],
        plain(spec.address),
        [spec.scale, spec.offset],
        [plain(value) for value in values],
    ]
    return hashlib.sha256(canonical_text(of).encode()).hexdigest()

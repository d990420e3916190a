"""How long a station may go unread before an answer can have passed unseen (D30).

Over Modbus a signal is sampled: what comes and goes between two readings is never known. Over MQTT it is
told, at least as often as declared: a longer silence means that messages are missing.
"""

from collections.abc import Mapping
from typing import Final

from redrabbit.domain.identity import SignalName
from redrabbit.domain.rule import DetectionRule, judging_signals
from redrabbit.domain.signals import ModbusAddress, SignalSpec
from redrabbit.domain.station import ModbusLink, Station

POLLS: Final = 3
"""Two lost readings in a row are an accident; the next part can have come by the third (D30)."""

PULSE_SHARE: Final = 0.5
"""Of the shortest pulse (D30)."""

LEAST_POLLS: Final = 1.5
"""A pulse of two polls is allowed (B8), and half of it is one: polls that come a little late must not
make every silence worthless. It is three quarters of such a pulse, so one is still read within it. A
learnt pulse can be shorter: no longer gap than the pulse itself is harmless."""

MESSAGES: Final = 1.5
"""Of what a topic declares: by then a message is missing, and not only late."""

NOT_LEARNT: Final[Mapping[SignalName, float]] = {}


def blind_after_s(
    rule: DetectionRule, station: Station, learnt_s: Mapping[SignalName, float] = NOT_LEARNT
) -> Mapping[SignalName, float | None]:
    """Return the longest harmless gap between two readings of each signal that a verdict rests on.

    From the begin of one to the end of the next, between which the values were taken. None: the signal
    speaks only when it changes, so that nothing tells whether a message was missed. A signal whose
    messages are numbered and have no rhythm is left out: what is missing is counted (D27). `learnt_s` are
    the pulses that people confirmed; where one is declared it counts for nothing.
    """
    specs = {spec.name: spec for spec in station.signals}
    polled_s = _polled(rule, station, specs, learnt_s)
    limits_s: dict[SignalName, float | None] = {}
    for signal in judging_signals(rule):
        address = specs[signal].address
        if isinstance(address, ModbusAddress):
            limits_s[signal] = polled_s
        elif address.expected_every_s is not None:
            limits_s[signal] = MESSAGES * address.expected_every_s
        elif not address.sequence_path:
            limits_s[signal] = None
    return limits_s


def shortest_s(limits_s: Mapping[SignalName, float | None]) -> float | None:
    """Return the gap that is harmless for every signal; None where it is known of none."""
    return min((limit_s for limit_s in limits_s.values() if limit_s is not None), default=None)


def harmless_gap_s(pulse_s: float, poll_s: float) -> float:
    """Return how long a polled station may go unread, whose shortest pulse is this (D30)."""
    least_s = min(LEAST_POLLS * poll_s, pulse_s)
    return min(POLLS * poll_s, max(PULSE_SHARE * pulse_s, least_s))


def _polled(
    rule: DetectionRule,
    station: Station,
    specs: Mapping[SignalName, SignalSpec],
    learnt_s: Mapping[SignalName, float],
) -> float | None:
    """Return the limit of a polled station; the shortest pulse of the rule's signals counts."""
    if not isinstance(station.link, ModbusLink):
        return None
    poll_s = station.link.poll_interval_s
    known = [_pulse_s(specs[name], learnt_s) for name in rule.signals()]
    pulses_s = [pulse_s for pulse_s in known if pulse_s is not None]
    return harmless_gap_s(min(pulses_s), poll_s) if pulses_s else POLLS * poll_s


def _pulse_s(spec: SignalSpec, learnt_s: Mapping[SignalName, float]) -> float | None:
    """Return a signal's shortest pulse; what is declared beats what was learnt."""
    return spec.pulse_s if spec.pulse_s is not None else learnt_s.get(spec.name)

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
make every silence worthless. It is three quarters of such a pulse, so one is still read within it."""

MESSAGES: Final = 1.5
"""Of what a topic declares: by then a message is missing, and not only late."""


def blind_after_s(rule: DetectionRule, station: Station) -> Mapping[SignalName, float | None]:
    """Return the longest harmless gap between two readings of each signal that a verdict rests on.

    From the begin of one to the end of the next, between which the values were taken. None: the signal
    speaks only when it changes, so that nothing tells whether a message was missed. A signal whose
    messages are numbered and have no rhythm is left out: what is missing is counted (D27).
    """
    specs = {spec.name: spec for spec in station.signals}
    polled_s = _polled(rule, station, specs)
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


def _polled(
    rule: DetectionRule, station: Station, specs: Mapping[SignalName, SignalSpec]
) -> float | None:
    """Return the limit of a polled station; the shortest pulse of the rule's signals counts."""
    if not isinstance(station.link, ModbusLink):
        return None
    poll_s = station.link.poll_interval_s
    pulses_s = [pulse_s for name in rule.signals() if (pulse_s := specs[name].pulse_s) is not None]
    longest_s = POLLS * poll_s
    if not pulses_s:
        return longest_s
    return min(longest_s, max(PULSE_SHARE * min(pulses_s), LEAST_POLLS * poll_s))

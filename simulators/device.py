"""What the error-proofing device at a station does with the part in front of it.

A pure function of its behaviour, the part and a seeded number: nothing here knows how the answer is
read or judged. Each behaviour is one way in which real devices fail (requirements.md, *Stories that
happened elsewhere*). What a behaviour is at a device that prevents the cycle says `FITS_PREVENTING`.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

Value = bool | int | float | str

REASON_LATE_S = 0.25
"""How long after the bit a late reason is said: more than two polls."""


class Behaviour(Enum):
    """How a device does its work; switched in mid-run by a scenario."""

    HEALTHY = "healthy"
    BLIND = "blind"
    """Accepts the defect: what a red rabbit is there to find."""
    STUCK_ON = "stuck_on"
    """The reject bit is on, whatever is there."""
    STUCK_OFF = "stuck_off"
    """The reject bit never comes on; a rejected part is simply not accepted."""
    SLOW = "slow"
    """Answers rightly, after the time in which it must."""
    WRONG_REASON = "wrong_reason"
    """Rejects, and says another reason than the part's."""
    NO_REASON = "no_reason"
    """Rejects, and says no reason."""
    LATE_REASON = "late_reason"
    """Rejects while the last reason still stands, and says the part's own a moment later."""
    LEFTOVER_REASON = "leftover_reason"
    """Rejects and says no reason, while the last one still stands."""
    KINKED_HOSE = "kinked_hose"
    """Accepts the defect and measures what a good part measures: its air, or light, never gets there."""
    ALWAYS_REJECTING = "always_rejecting"
    """Rejects good parts, too."""
    SILENT = "silent"
    """Sees the part and says nothing."""


FITS_PREVENTING: Mapping[Behaviour, str] = {
    Behaviour.HEALTHY: "holds the cycle while a wrong part is in",
    Behaviour.BLIND: "its pin is worn: the cycle starts with the wrong part, too",
    Behaviour.ALWAYS_REJECTING: "it is bent, and holds the cycle whatever part is in",
}
"""How a device that prevents the cycle can be: it has no bit and no reason of its own."""
ACCEPTING = frozenset({Behaviour.BLIND, Behaviour.KINKED_HOSE})
"""Behaviours of devices that don't see their defect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """The device of one station, as far as the world needs it."""

    id: str
    within_s: float
    answer_s: float
    """From the part's coming to a healthy answer."""
    reject_codes: Mapping[str, Value] = field(default_factory=dict)
    """What it says per failure mode."""
    wrong_code: Value = 99
    no_code: Value = 0
    """What stands in the code while nothing is rejected."""
    measured_good: float = 50.0
    measured_bad: float = 10.0
    prevents: bool = False
    """It holds the cycle that somebody demands, and says nothing else; `answer_s` counts from the demand."""


def can_be(device: Device, behaviour: Behaviour) -> bool:
    """Return whether a device of this kind can be so."""
    return not device.prevents or behaviour in FITS_PREVENTING


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A labelled part in the simulated world; `failure_mode` None: a good one."""

    code: str
    failure_mode: str | None
    measured: float | None = None
    from_production: bool = False
    """It has no known label: it came because somebody let the line run for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the device says of one part, and when; neither bit: it only measures."""

    after_s: float
    rejected: bool
    accepted: bool
    code: Value
    measured: float


def answer(device: Device, behaviour: Behaviour, part: Part, chance: random.Random) -> Answer:
    """Return what the device says of a part; up to a tenth slower than usual, by chance."""
    after_s = device.answer_s * (1 + 0.1 * chance.random())
    if behaviour is Behaviour.SLOW:
        after_s += device.within_s * 1.5
    rejects = rejects_part(behaviour, part.failure_mode)
    accepts = not rejects
    if behaviour is Behaviour.SILENT:
        rejects = accepts = False
    if behaviour is Behaviour.STUCK_OFF:
        rejects = False
    return Answer(
        after_s=after_s,
        rejected=rejects,
        accepted=accepts,
        code=_code(device, behaviour, part.failure_mode) if rejects else device.no_code,
        measured=_measured(device, behaviour, part, chance),
    )


def rejects_part(behaviour: Behaviour, failure_mode: str | None) -> bool:
    """Return whether the device decides to reject, whatever becomes of its bit."""
    if behaviour is Behaviour.ALWAYS_REJECTING:
        return True
    return failure_mode is not None and behaviour not in ACCEPTING


def reason_after_s(behaviour: Behaviour) -> float:
    """Return how long after the bit the reason is said."""
    return REASON_LATE_S if behaviour is Behaviour.LATE_REASON else 0.0


def keeps_reason(behaviour: Behaviour) -> bool:
    """Return whether the code shows the last part's reason until another one is said."""
    return behaviour in {Behaviour.LATE_REASON, Behaviour.LEFTOVER_REASON}


def stuck_bit(behaviour: Behaviour) -> bool | None:
    """Return the value at which the reject bit is stuck, or None."""
    return {Behaviour.STUCK_ON: True, Behaviour.STUCK_OFF: False}.get(behaviour)


def _code(device: Device, behaviour: Behaviour, failure_mode: str | None) -> Value:
    if behaviour in {Behaviour.NO_REASON, Behaviour.LEFTOVER_REASON}:
        return device.no_code
    known = device.reject_codes.get(failure_mode or "")
    if known is None:  # a good part, or a failure mode of another station
        known = next(iter(device.reject_codes.values()), device.no_code)
    if behaviour is not Behaviour.WRONG_REASON:
        return known
    others = [code for code in device.reject_codes.values() if code != known]
    return others[0] if others else device.wrong_code


def _measured(device: Device, behaviour: Behaviour, part: Part, chance: random.Random) -> float:
    if behaviour is Behaviour.KINKED_HOSE:
        nominal = device.measured_good
    elif part.measured is not None:
        nominal = part.measured
    else:
        nominal = device.measured_good if part.failure_mode is None else device.measured_bad
    return round(nominal * (1 + 0.004 * (chance.random() - 0.5)), 3)

"""What a device really answered where its rule takes silence for an answer (D33).

Two kinds: a camera with nothing but an NG lamp accepts by not lighting it, and a pin or interlock detects
by a cycle that was demanded and did not start. Written from what the world tells, without the judge.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from redrabbit.domain.rule import Condition, DetectionRule, StaysOff, leaves
from simulators.line import Fact, What
from tests.simulation.story import Judged

STUCK_ON = "stuck_on"


def silence_s(condition: Condition | None) -> float | None:
    """Return for how long nothing must come so that a condition holds; None: it needs no silence."""
    lasting = (
        [leaf.for_s for leaf in leaves(condition) if isinstance(leaf, StaysOff)]
        if condition
        else []
    )
    return max(lasting, default=None)


def prevents(rule: DetectionRule) -> bool:
    """Return whether a rule is that of a device which prevents the cycle."""
    return silence_s(rule.detected) is not None


def silent_until(judged: Judged) -> datetime:
    """Return until when an answer would have come: the deadline, or the end of a silence that accepts."""
    lasts_s = silence_s(judged.rule.accepted)
    if lasts_s is None or judged.presented_at is None:
        return judged.deadline_at
    return min(judged.deadline_at, judged.presented_at + timedelta(seconds=lasts_s))


def may_be_read_in_time_or_not(judged: Judged, answers: Sequence[Fact], near: timedelta) -> bool:
    """Return whether one of the answers came so near to the end of its time that either is right."""
    accepts = silence_s(judged.rule.accepted) is not None
    counting = [f for f in answers if f.what is What.REJECTED or not accepts]
    return any(abs(f.at - silent_until(judged)) < near for f in counting)


def real_answers(
    judged: Judged, answers: Sequence[Fact], demands: Sequence[Fact], behaviours: set[str]
) -> list[Fact]:
    """Return what the device answered, each when it was one: a silence is none before it is over."""
    rejecting_s, accepting_s = silence_s(judged.rule.detected), silence_s(judged.rule.accepted)
    if rejecting_s is not None:
        over = timedelta(seconds=rejecting_s)
        began = demands[0].at if demands else None
        prevented = [f for f in answers if f.what is What.REJECTED]
        started = [f for f in answers if f.what is What.ACCEPTED]
        return started + [replace(f, at=began + over) for f in prevented if began is not None]
    if accepting_s is not None and judged.presented_at is not None:
        lit = [f for f in answers if f.what is What.REJECTED]
        over_at = judged.presented_at + timedelta(seconds=accepting_s)
        if STUCK_ON in behaviours or any(f.at <= over_at for f in lit):
            return lit
        silence = Fact(at=over_at, station=judged.station, what=What.ACCEPTED, part=judged.part)
        return [*lit, silence]
    return list(answers)

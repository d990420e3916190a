"""What the signals of a rule did, change by change, in a number that no chattering signal can exceed (R16).

A part may be waited for for minutes, and a measured value changes with each reading. So until the part
comes the newest changes are kept, with the last one of each signal: how it stood. From then on the first
ones are: they are what the verdict rests on.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from redrabbit.domain.identity import SignalName
from redrabbit.domain.observation import Reason, Value

MOST_POINTS: Final = 2000
"""A chattering signal can't fill the ledger: later points are counted, no longer kept."""
MOST_BEFORE: Final = 1000
"""Of these, before the part came; beside them the last one of each signal."""


@dataclass(frozen=True, slots=True)
class TracePoint:
    """One change of one signal: when (end of its window), and to what."""

    signal: SignalName
    at: datetime
    value: Value | None
    reason: Reason | None


Trace = tuple[TracePoint, ...]


def before_the_part(trace: Trace) -> Trace:
    """Return what is kept of the changes until the part came."""
    first_kept = len(trace) - MOST_BEFORE
    if first_kept <= 0:
        return trace
    last = {point.signal: place for place, point in enumerate(trace)}
    return tuple(
        point
        for place, point in enumerate(trace)
        if place >= first_kept or last[point.signal] == place
    )


def with_more(trace: Trace, more: Trace, *, presented: bool) -> Trace:
    """Return what is kept of a trace and what comes behind it."""
    longer = trace + more
    if len(longer) <= MOST_POINTS:
        return longer
    return longer[:MOST_POINTS] if presented else before_the_part(longer)

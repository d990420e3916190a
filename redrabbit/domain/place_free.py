"""Whether the place was seen free between the scan and the part (D29, D64).

A station that doesn't read codes tells only that *a* part came. So the first part counts only after its
place was seen free since the scan: what stood there before never becomes the challenge part, and one that
leaves while the next one enters is the line, not the operator. It can't tell the challenge part from a
production part that comes into a free place; that is why the page says to hold the feed.

A condition with a counter can't show a place free; there the first count after the scan is what comes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from redrabbit.domain.condition import level_holds
from redrabbit.domain.evidence import Evidence
from redrabbit.domain.identity import SignalName
from redrabbit.domain.observation import Acquisition, Readings, Value
from redrabbit.domain.rule import Condition, Increases, leaves, signals_of

FREE_READINGS: Final = 2
"""Readings in a row, begun since the scan, that must show it free: one may fall between two parts. What
speaks only on change is not read again: there it is free since it said so."""
FREE_FOR_S: Final = 1.0
"""As long must it be free without a break: two parts of one cycle follow each other faster, and from the
scan to the place a part takes longer by hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceSeen:
    """What was seen of the place since the scan."""

    scanned_at: datetime
    free_since: datetime | None = None
    """Since when it is known to be free, without a break; None: it isn't."""
    readings: Mapping[SignalName, int] = field(default_factory=dict)
    """Readings in a row that showed it free, begun since the scan."""


def shows_place(condition: Condition | None) -> bool:
    """Return whether a rule's *presented* can show that no part is there."""
    return condition is not None and not any(isinstance(e, Increases) for e in leaves(condition))


def is_free(condition: Condition, known: Mapping[SignalName, Value]) -> bool:
    """Return whether no part is there, as far as its signals are known; what is unknown is not free."""
    return level_holds(condition, known) is False


def seen_at_scan(evidence: Evidence, readings: Readings, at: datetime) -> PlaceSeen:
    """Return what is known of the place when the challenge part is scanned."""
    condition = evidence.expectation.rule.presented
    if condition is None or not is_free(condition, evidence.known):
        return PlaceSeen(scanned_at=at)
    told = [readings[s].changed_at or at for s in signals_of(condition) if s in readings]
    return PlaceSeen(scanned_at=at, free_since=max(told, default=at))


def seen_since(place: PlaceSeen, evidence: Evidence, acquisition: Acquisition) -> PlaceSeen:
    """Return what is known of the place after one more reading, which is in the evidence already."""
    condition = evidence.expectation.rule.presented
    if condition is None or not acquisition.signals & signals_of(condition):
        return place
    if not is_free(condition, evidence.known):
        return PlaceSeen(scanned_at=place.scanned_at)
    window = acquisition.window
    if acquisition.failure is not None or not acquisition.speaks_of_now:
        return place
    again = acquisition.signals if window.began_at >= place.scanned_at else frozenset()
    return PlaceSeen(
        scanned_at=place.scanned_at,
        free_since=place.free_since or window.ended_at,
        readings={s: place.readings.get(s, 0) + (s in again) for s in signals_of(condition)},
    )


def was_free(place: PlaceSeen, evidence: Evidence, acquisition: Acquisition) -> bool:
    """Return whether the place was free before the part that this reading shows, and that came since."""
    condition = evidence.expectation.rule.presented
    if condition is None or not shows_place(condition):
        return True
    began_at = acquisition.window.began_at
    if place.free_since is None or began_at < place.scanned_at:
        return False
    if (began_at - place.free_since).total_seconds() < FREE_FOR_S:
        return False
    return all(
        place.readings.get(signal, 0) >= FREE_READINGS
        for signal in signals_of(condition)
        if evidence.expectation.expires_s.get(signal) is not None
    )

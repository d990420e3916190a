"""All that a station's signals did during a run, so that a later rule can be judged on it (D13).

Not only the signals that the rule reads: every change of every one, and from when to when it could
not be read, from the run's start to its end. It is kept as one compressed text beside the ledger, whose entry names its
digest:

    {"began_at": …, "dropped": 0, "signals": {"rejected": [[0.0, false, null], [1.8, true, null]]}}

Each point is seconds since the run began, the value, and the reason where there is none. What would
not fit is counted in `dropped`, never thinned out: the beginning stays whole.
"""

import zlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from redrabbit.domain.identity import SignalName
from redrabbit.domain.ledger import JsonValue, canonical, instant_text
from redrabbit.domain.observation import Acquisition, Reading, Value

MOST_POINTS: Final = 20_000
"""Points of one run that are kept: a signal that changes at every poll of 100 ms for half an hour."""
MOST_BYTES: Final = 64 * 1024
"""Of the compressed text (D65)."""

Point = tuple[float, Value | None, str | None]


class SignalLog:
    """Takes acquisitions in order; not thread-safe, one owner."""

    def __init__(self, began_at: datetime) -> None:
        self._began_at = began_at
        self._points: list[tuple[SignalName, Point]] = []
        self._dropped = 0
        self._stands: dict[SignalName, tuple[Value | None, str | None]] = {}

    @classmethod
    def begun(cls, readings: Mapping[SignalName, Reading], began_at: datetime) -> "SignalLog":
        """Return a log that begins with the readings as they stand."""
        log = cls(began_at)
        for name, reading in readings.items():
            reason = reading.reason.value if reading.reason is not None else None
            log._add(name, (0.0, reading.value, reason))
        return log

    def take(self, acquisition: Acquisition) -> None:
        """Note what changed, or that nothing could be read."""
        after_s = round((acquisition.window.ended_at - self._began_at).total_seconds(), 6)
        if acquisition.failure is not None:
            reason = acquisition.failure.value
            for name in sorted(acquisition.signals):
                if self._stands.get(name) != (None, reason):  # told once, not at every poll
                    self._add(name, (after_s, None, reason))
            return
        for change in acquisition.changes:
            why = change.reason.value if change.reason is not None else None
            self._add(change.signal, (after_s, change.value, why))

    def values_since(self, signal: SignalName, since: datetime) -> tuple[Value | None, ...]:
        """Return a signal's value at an instant, and each since; None where it could not be read.

        Empty for a signal that was never told of. What was dropped is not known: None.
        """
        from_s = (since - self._began_at).total_seconds()
        points = [(after_s, value) for name, (after_s, value, _) in self._points if name == signal]
        before = [value for after_s, value in points if after_s <= from_s][-1:]
        later = [value for after_s, value in points if after_s > from_s]
        return (*before, *later, *([None] if self._dropped else []))

    def shift(self, step: timedelta) -> None:
        """Move with a step of the clock: seconds since the run began stay what they were (R46)."""
        self._began_at += step

    def packed(self) -> bytes:
        """Return the log as it is kept; at most `MOST_BYTES`."""
        kept = len(self._points)
        while True:
            packed = zlib.compress(canonical(self._as_json(kept)), level=9)
            if len(packed) <= MOST_BYTES:
                return packed
            kept = kept * 3 // 4

    def _as_json(self, kept: int) -> dict[str, JsonValue]:
        signals: dict[str, list[JsonValue]] = {}
        for name, point in self._points[:kept]:
            signals.setdefault(name, []).append(list(point))
        return {
            "began_at": instant_text(self._began_at),
            "dropped": self._dropped + len(self._points) - kept,
            "signals": signals,
        }

    def _add(self, name: SignalName, point: Point) -> None:
        self._stands[name] = point[1:]
        if len(self._points) < MOST_POINTS:
            self._points.append((name, point))
        else:
            self._dropped += 1

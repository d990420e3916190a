"""Watching a polled station for how long its answers last (D30).

It is called for each reading of every station, so a reading that says only that all is as before costs
no more than noting when it was, unless an answer is on.

An answer counts where it was seen to begin and to end, and was watched all the while: a failed reading in
it, a gap longer than is harmless, and a value that is none make it nothing (B1). What it lasted is said in
bounds: see `redrabbit.domain.learnt_pulse`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from redrabbit.domain.condition import same_value
from redrabbit.domain.identity import SignalName
from redrabbit.domain.learnt_pulse import Cycle
from redrabbit.domain.observation import Acquisition, Observation, Value, Window

Cycles = tuple[tuple[SignalName, Cycle], ...]
"""The answers that ended with a reading, by signal."""


@dataclass(frozen=True, slots=True)
class _Answering:
    """An answer that is on."""

    off_until: datetime
    """Begin of the last reading that did not show it."""
    shown_at: datetime
    """End of the first one that did."""


class PulseWatch:
    """Takes a station's acquisitions in order; not thread-safe, one owner."""

    def __init__(
        self, answers: Mapping[SignalName, frozenset[Value]], longest_unread: timedelta
    ) -> None:
        self._answers = answers
        self._longest_unread = longest_unread
        self._read: dict[frozenset[SignalName], Window] = {}
        """When what is read together was read last."""
        self._known: dict[SignalName, Value] = {}
        self._answering: dict[SignalName, _Answering] = {}

    def take(self, acquisition: Acquisition) -> Cycles:
        """Take in one reading; return the answers that ended with it, and were watched to their end."""
        if acquisition.failure is not None or not acquisition.fresh:
            self._forget(acquisition.signals)
            return ()
        before = self._read.get(acquisition.signals)
        self._read[acquisition.signals] = acquisition.window
        if not acquisition.changes and not self._answering:
            return ()
        unbroken = before if self._is_unbroken(before, acquisition.window) else None
        if unbroken is None:
            self._give_up(acquisition.signals)
        return tuple(
            (change.signal, cycle)
            for change in acquisition.changes
            if change.signal in self._answers
            and (cycle := self._changed(change, unbroken, acquisition.window)) is not None
        )

    def look_away(self) -> None:
        """Begin anew: nobody watches for a while, or the clock was set."""
        self._read.clear()
        self._known.clear()
        self._answering.clear()

    def _is_unbroken(self, before: Window | None, window: Window) -> bool:
        return before is not None and window.ended_at - before.began_at <= self._longest_unread

    def _forget(self, signals: frozenset[SignalName]) -> None:
        self._read.pop(signals, None)
        self._give_up(signals)
        for signal in signals & self._known.keys():
            del self._known[signal]

    def _give_up(self, signals: frozenset[SignalName]) -> None:
        for signal in signals & self._answering.keys():
            del self._answering[signal]

    def _changed(self, change: Observation, before: Window | None, window: Window) -> Cycle | None:
        """Note a new value; return the answer that ended with it."""
        signal, value = change.signal, change.value
        was = self._known.pop(signal, None)
        if value is None or change.retained:
            self._answering.pop(signal, None)
            return None
        self._known[signal] = value
        if was is None or same_value(value, was):
            return None
        ended = self._answering.pop(signal, None)
        if before is not None and any(same_value(value, each) for each in self._answers[signal]):
            self._answering[signal] = _Answering(before.began_at, window.ended_at)
        if ended is None:
            return None
        assert before is not None  # noqa: S101  after a gap no answer is on
        return _lasted(ended, before, window)


def _lasted(answer: _Answering, last: Window, after: Window) -> Cycle:
    """Return what an answer lasted; whole milliseconds, rounded away from what is not known."""
    at_least = last.began_at - answer.shown_at
    at_most = after.ended_at - answer.off_until
    return Cycle(
        at_least_s=math.floor(max(0.0, at_least.total_seconds()) * 1000) / 1000,
        at_most_s=math.ceil(at_most.total_seconds() * 1000) / 1000,
    )

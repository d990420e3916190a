"""Whether the machine behind a station runs, and whether it was restarted (D32).

A controller in STOP goes on answering, with what its memory held when it stopped. So where a station
declares a heartbeat, its values count only while that was seen to change in time: otherwise what is read
is handed on as a failure, `NOT_RUNNING`, and everything is told anew once the heart beats again (B1). That it
stopped is said only where somebody looked all the while: after a time in which nobody did, be it because the
service stood still (R12), the heart is not seen to beat yet, `NOT_YET_READ`.

A counter that is declared `resets: never` and goes back, by more than its rollover explains, says that the
machine was restarted. What was known before such a restart says nothing of what comes after it.

Both are told by what speaks of now only: a retained message may be older than anything read before it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from redrabbit.domain.identity import SignalName
from redrabbit.domain.observation import Acquisition, Observation, Reason, Value
from redrabbit.domain.part_count import CounterHabits, Unread, first_count, followed
from redrabbit.domain.signals import Resets
from redrabbit.domain.station import Station


def needs_watch(station: Station) -> bool:
    """Tell whether anything at the station says how its machine fares."""
    return station.heartbeat is not None or bool(_steady_counters(station))


@dataclass(frozen=True, slots=True)
class _Seen:
    value: int
    at: datetime


class MachineWatch:
    """Takes a station's acquisitions in order; not thread-safe, one owner."""

    def __init__(self, station: Station) -> None:
        self._heartbeat = station.heartbeat
        self._every = timedelta(seconds=station.heartbeat.every_s if station.heartbeat else 0)
        self._part_counter = station.part_counter
        self._rollovers = _steady_counters(station)
        self._counters: dict[SignalName, _Seen] = {}
        """What each steady counter showed last, kept over failures: that is how a restart is seen."""
        self._heart: Value | None = None
        self._beat_at: datetime | None = None
        self._watched_since: datetime | None = None
        """Since when somebody looked at the heart without a gap in which a beat could hide."""
        self._looked_at: datetime | None = None
        self._told: dict[SignalName, Observation] = {}
        """What the link told last of each signal, as it tells a value only when it changes."""
        self._withheld: set[SignalName] = set()
        """Signals whose last word was handed on as a failure."""

    def take(self, acquisition: Acquisition) -> Acquisition:
        """Return the acquisition as it may be judged."""
        if acquisition.failure is not None:
            self._forget(acquisition)
            return acquisition
        self._told.update({change.signal: change for change in acquisition.changes})
        if acquisition.speaks_of_now:
            acquisition = self._noted(acquisition)
        if self._heartbeat is None or not acquisition.signals:
            return acquisition
        window = acquisition.window
        watched_since = self._look(acquisition)
        if self._beat_at is None or window.ended_at - self._beat_at > self._every:
            still_since = max(self._beat_at or watched_since, watched_since)
            stopped = window.began_at - still_since > self._every
            return self._withhold(
                acquisition, Reason.NOT_RUNNING if stopped else Reason.NOT_YET_READ
            )
        return self._tell_anew(acquisition) if self._withheld else acquisition

    def shift(self, step: timedelta) -> None:
        """Move with a step of the clock: what lasts is measured in durations (R46)."""
        self._counters = {
            name: _Seen(seen.value, seen.at + step) for name, seen in self._counters.items()
        }
        self._beat_at = self._beat_at + step if self._beat_at is not None else None
        self._watched_since = (
            self._watched_since + step if self._watched_since is not None else None
        )
        self._looked_at = self._looked_at + step if self._looked_at is not None else None

    def _look(self, acquisition: Acquisition) -> datetime:
        """Return since when somebody has looked at the heart without a gap, this acquisition included."""
        window = acquisition.window
        if self._heartbeat is not None and self._heartbeat.signal in acquisition.signals:
            gap = window.began_at - self._looked_at if self._looked_at is not None else None
            if gap is not None and gap > self._every:
                self._watched_since = window.ended_at
            self._looked_at = window.ended_at
        if self._watched_since is None:
            self._watched_since = window.ended_at
        return self._watched_since

    def _forget(self, acquisition: Acquisition) -> None:
        """After a failure the link tells everything anew by itself."""
        self._withheld -= acquisition.signals
        for signal in acquisition.signals:
            self._told.pop(signal, None)

    def _noted(self, acquisition: Acquisition) -> Acquisition:
        """Return the acquisition with what it says of the machine."""
        beat, restarted = False, False
        changed = {change.signal: change.value for change in acquisition.changes}
        heart = self._heartbeat.signal if self._heartbeat is not None else None
        told = changed.get(heart) if heart is not None else None
        if told is not None:
            beat = self._heart is not None and told != self._heart
            self._heart = told
        at = acquisition.window.ended_at
        for name in self._rollovers.keys() & acquisition.signals:
            restarted |= self._count(name, changed.get(name), at)
        if beat:
            self._beat_at = at
        if not beat and not restarted:
            return acquisition
        return replace(acquisition, heart_beat=beat, machine_restarted=restarted)

    def _count(self, name: SignalName, value: Value | None, at: datetime) -> bool:
        """Note what a steady counter shows; tell whether its machine was restarted."""
        seen = self._counters.get(name)
        if not isinstance(value, int):
            if seen is not None:
                self._counters[name] = _Seen(seen.value, at)
            return False
        self._counters[name] = _Seen(value, at)
        if seen is None or value >= seen.value:
            return False
        return not self._rolled_over(name, seen, value, at)

    def _rolled_over(self, name: SignalName, seen: _Seen, value: int, at: datetime) -> bool:
        turn = self._rollovers[name]
        if turn is None or seen.value - value >= turn:
            return False
        if name != self._part_counter:
            return (value - seen.value) % turn <= turn // 2
        before, habits = first_count(seen.value), CounterHabits(resets=Resets.NEVER, rollover=turn)
        after = followed(before, value, Unread(lasted=at - seen.at, watched=True), habits)
        return after.epoch == before.epoch

    def _withhold(self, acquisition: Acquisition, reason: Reason) -> Acquisition:
        self._withheld |= acquisition.signals
        return replace(acquisition, changes=(), failure=reason)

    def _tell_anew(self, acquisition: Acquisition) -> Acquisition:
        """Return the acquisition with all that was withheld of what it covers."""
        changed = {change.signal for change in acquisition.changes}
        untold = self._withheld & acquisition.signals
        self._withheld -= untold
        again = tuple(
            replace(self._told[signal], retained=not acquisition.fresh)
            for signal in sorted(untold - changed)
            if signal in self._told
        )
        return replace(acquisition, changes=acquisition.changes + again)


def _steady_counters(station: Station) -> Mapping[SignalName, int | None]:
    """Return the counters that are never set back, each with its rollover."""
    return {spec.name: spec.rollover for spec in station.signals if spec.resets is Resets.NEVER}

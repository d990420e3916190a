"""Events that a station's own signals tell: a bit that comes on, a recipe or lot that changes (R08).

Only a change that was seen is an event. The first value after a start is none: nobody knows what was before. A reading
that fails is no value. What changed while nobody watched, or is told by a message that speaks of the past, counts as an
event that was seen late: it holds from when it was seen. What came on and went off again meanwhile leaves no trace, and
is none.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from redrabbit.domain.identity import SignalName
from redrabbit.domain.observation import Acquisition, Value
from redrabbit.domain.schedule_rules import PlantEvent
from redrabbit.domain.station import EventSignal, EventWhen, Station


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSeen:
    """An event that a signal told."""

    event: PlantEvent
    signal: SignalName
    at: datetime
    """When it was seen: the end of the reading."""
    seen_late: bool
    """It happened while nobody watched, at a time that nobody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Last:
    """The last good value of a signal."""

    value: Value
    is_watched: bool
    """Nothing was missed since."""
    off_since: datetime | None
    """Since when it was seen to be off, and never on; None: it is not off."""


class EventSignals:
    """Folds a station's acquisitions into events; not thread-safe, one owner."""

    def __init__(self, station: Station, before: "EventSignals | None" = None) -> None:
        self._events = station.events
        self._signals = frozenset(each.signal for each in station.events)
        self._last: dict[SignalName, _Last] = {}
        if before is not None:
            kept = before._last.items()  # noqa: SLF001  because it is the same one, under another file
            self._last = {name: last for name, last in kept if name in self._signals}
        self._untold: list[EventSeen] = []
        """Seen while nothing could be recorded."""

    def take(self, acquisition: Acquisition) -> list[EventSeen]:
        """Fold one acquisition in; return the events to be recorded, in their order."""
        self.take_aside(acquisition)
        told, self._untold = self._untold, []
        return told

    def take_aside(self, acquisition: Acquisition) -> None:
        """Fold one in of which nothing can be recorded: its events are told with the next, as seen late."""
        self._untold = [replace(each, seen_late=True) for each in self._untold]
        covered = self._signals & acquisition.signals
        if not covered:
            return
        if acquisition.failure is not None:
            for name in covered:
                self._look_away(name)
            return
        for change in acquisition.changes:
            if change.signal not in covered:
                continue
            if change.value is None:
                self._look_away(change.signal)
            else:
                self._untold += self._told(change.signal, change.value, acquisition)

    def shift(self, step: timedelta) -> None:
        """Move with a step of the clock: how long a signal was off is measured in durations (R46)."""
        self._last = {
            name: replace(last, off_since=last.off_since + step) if last.off_since else last
            for name, last in self._last.items()
        }

    def _look_away(self, name: SignalName) -> None:
        if name in self._last:
            self._last[name] = replace(self._last[name], is_watched=False)

    def _told(
        self, name: SignalName, value: Value, acquisition: Acquisition
    ) -> Iterator[EventSeen]:
        at, last = acquisition.window.ended_at, self._last.get(name)
        off_since = (last.off_since if last is not None else None) or at
        self._last[name] = _Last(
            value=value, is_watched=True, off_since=off_since if value is False else None
        )
        if last is None or last.value == value:
            return
        late = not last.is_watched or not acquisition.speaks_of_now
        for each in self._events:
            if each.signal == name and _means(each, last, value, at):
                yield EventSeen(event=each.event, signal=name, at=at, seen_late=late)


def _means(each: EventSignal, last: _Last, value: Value, at: datetime) -> bool:
    """Tell whether a change from the last value to another is the event."""
    if each.when is EventWhen.CHANGES:
        return True
    if value is not True:
        return False
    return last.off_since is not None and at - last.off_since >= timedelta(seconds=each.off_for_s)

"""The live readings of one station: what pages show, and what a run takes as its *before*.

Nothing is carried over a failure (B1): after one, every covered signal has no value until it is
read again. A station that is not read for `value_expires_s` is *without data* since its last good
reading (B2, R17); each of its devices goes by the signals of its own rule (D32).

Most acquisitions say only that all is as before. They are noted as one window and put into the
readings when somebody asks for those: a third of the service's time with 100 stations polled every
100 ms (tests/benchmarks/test_bench_verdict.py).
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from redrabbit.domain.device_reading import DevicesRead
from redrabbit.domain.identity import DeviceId, SignalName
from redrabbit.domain.limits import is_a_count
from redrabbit.domain.observation import (
    Acquisition,
    NoData,
    Reading,
    Readings,
    Reason,
    StationView,
    Window,
)
from redrabbit.domain.station import Station


class LiveStation:
    """Folds acquisitions into readings; not thread-safe, one owner."""

    def __init__(self, station: Station, started_at: datetime) -> None:
        self._station = station
        self._expires_s = station.expires_s()
        self._devices = DevicesRead(station, started_at)
        self._readings: dict[SignalName, Reading] = {
            spec.name: _unread(spec.name, Reason.NOT_YET_READ) for spec in station.signals
        }
        self._alive: tuple[frozenset[SignalName], bool, Window] | None = None
        """Signals seen unchanged since the readings were made, whether afresh, and last when."""
        self._last_good_at = started_at
        """The start counts as one: a station never read is without data after the same time."""
        self._was_read = False
        self._failure: Reason | None = Reason.NOT_YET_READ
        self._speaks_regularly = any(each is not None for each in self._expires_s.values())
        self.changes = 0
        """Grows with every change of a reading: cheap change detection for pages."""

    @property
    def readings(self) -> dict[SignalName, Reading]:
        """The present readings; a new dict after each acquisition, safe to keep."""
        if self._alive is not None:
            self._readings = _seen_again(self._readings, *self._alive)
            self._alive = None
        return self._readings

    def take(self, acquisition: Acquisition) -> None:
        """Fold one acquisition in."""
        self._devices.take(acquisition)
        if acquisition.failure is not None:
            self._fail(acquisition, acquisition.failure)
            return
        if not acquisition.signals:
            return  # a duplicate, or one out of order, is no sign of life (D27)
        self._failure, self._was_read = None, True
        self._last_good_at = max(self._last_good_at, acquisition.window.ended_at)
        self._note_alive(acquisition)
        if acquisition.changes:
            self._change(acquisition)

    def _note_alive(self, acquisition: Acquisition) -> None:
        """Note that what has a value still has it; a window replaces one of the same signals."""
        signals, fresh = acquisition.signals, acquisition.fresh
        if self._alive is not None and self._alive[:2] != (signals, fresh):
            self._readings = _seen_again(self._readings, *self._alive)
        self._alive = (signals, fresh, acquisition.window)

    def _change(self, acquisition: Acquisition) -> None:
        readings = dict(self._readings)
        for change in acquisition.changes:
            before = readings.get(change.signal)
            same = before is not None and before.value == change.value
            readings[change.signal] = Reading(
                signal=change.signal,
                value=change.value,
                reason=change.reason,
                window=acquisition.window,
                changed_at=before.changed_at if same and before else acquisition.window.ended_at,
                retained=change.retained,
            )
            self.changes += 1
        self._readings = readings

    def _fail(self, acquisition: Acquisition, failure: Reason) -> None:
        if self._failure is not failure:
            self.changes += 1
        self._failure = failure
        self._readings = self.readings | {
            signal: _unread(signal, failure) for signal in acquisition.signals
        }

    def of(self, station: Station) -> "LiveStation":
        """Return the same readings for a station that changed, but is read in the same way."""
        live = LiveStation(station, self._last_good_at)
        live._readings, live._failure = self.readings, self._failure
        live._was_read = self._was_read
        live._devices = self._devices.under(station)
        live.changes = self.changes
        return live

    def shift(self, step: timedelta) -> None:
        """Move with a step of the clock: silence and age are measured in durations (R46)."""
        self._readings = {name: each.shifted(step) for name, each in self.readings.items()}
        self._last_good_at += step
        self._devices.shift(step)

    def lost(self, now: datetime) -> NoData | None:
        """Return since when, and why, the station as a whole is without data; None while it is not.

        Of its devices this says nothing: ask `blind`.
        """
        if self._failure is None and not self._speaks_regularly:
            return None
        if now - self._last_good_at <= timedelta(seconds=self._station.value_expires_s):
            return None
        return NoData(since=self._last_good_at, reason=self._failure or Reason.EXPIRED, signal=None)

    def blind(self, now: datetime) -> Mapping[DeviceId, NoData]:
        """Return the devices that can't be judged, because a signal they need isn't read (D32)."""
        found = self._devices.no_data(now)
        if not found or (self._was_read and self.lost(now) is None):
            return found
        return {device: replace(why, signal=None) for device, why in found.items()}

    def last_good_at(self) -> datetime | None:
        """Return the end of the last good acquisition; None before the first."""
        return self._last_good_at if self._was_read else None

    def view(self, now: datetime) -> StationView:
        """Return what a page shows."""
        return StationView(
            station=self._station.id,
            readings=self._unexpired(now),
            reading_age=now - self._last_good_at if self._was_read else None,
            no_data=self.lost(now),
            blind=self.blind(now),
        )

    def _unexpired(self, now: datetime) -> Readings:
        """Return the readings without the values that are older than they may be (B2)."""
        return {
            signal: replace(reading, value=None, reason=Reason.EXPIRED)
            if reading.value is not None
            and reading.window is not None
            and (expires_s := self._expires_s[signal]) is not None
            and (now - reading.window.ended_at).total_seconds() > expires_s
            else reading
            for signal, reading in self.readings.items()
        }

    def counter(self) -> int | None:
        """Return the station's part counter as last read, None where there is none.

        One beyond what records hold can't be told.
        """
        if self._station.part_counter is None:
            return None
        value = self._readings[self._station.part_counter].value
        if not isinstance(value, int | float) or not is_a_count(value):
            return None
        return int(value)


def _seen_again(
    readings: dict[SignalName, Reading],
    signals: frozenset[SignalName],
    fresh: bool,
    window: Window,
) -> dict[SignalName, Reading]:
    """Return the readings with this window for all of the signals that have a value."""
    seen = {
        signal: Reading(
            signal=signal,
            value=before.value,
            reason=None,
            window=window,
            changed_at=before.changed_at,
            retained=before.retained and not fresh,
        )
        for signal in signals
        if (before := readings.get(signal)) is not None
        and before.value is not None
        and before.window is not window
    }
    return readings | seen


def _unread(signal: SignalName, reason: Reason) -> Reading:
    return Reading(signal=signal, value=None, reason=reason, window=None, changed_at=None)

"""What a station's running signal says of now, and how long it has been off without a hole (D42).

A shift is proved to have made nothing only where the signal was read all the time and was off each time. One that tells
of its changes only proves nothing by its silence (D7), a failed reading ends the watch, and what speaks of the past says nothing of
now.
"""

from datetime import datetime, timedelta

from redrabbit.domain.observation import Acquisition, Value
from redrabbit.domain.station import Station


class RunningWatch:
    """Folds a station's acquisitions into what is known of its running; not thread-safe, one owner."""

    def __init__(self, station: Station) -> None:
        self.signal = station.running
        """None: the station has no such signal."""
        expires_s = None if self.signal is None else station.expires_s().get(self.signal)
        self._expires = None if expires_s is None else timedelta(seconds=expires_s)
        """After so long without a reading nobody knows; None: it tells of its changes only."""
        self._is_on: bool | None = None
        """None: nobody knows."""
        self._read_at: datetime | None = None
        self._off_since: datetime | None = None

    def take(self, acquisition: Acquisition) -> None:
        """Fold one acquisition in."""
        if self.signal is None or self.signal not in acquisition.signals:
            return
        if acquisition.failure is not None:
            self._know(None, acquisition)
            return
        told = next((each for each in acquisition.changes if each.signal == self.signal), None)
        if told is not None:
            self._know(_now(told.value, acquisition), acquisition)
        elif acquisition.speaks_of_now:
            self._know(self._is_on, acquisition)

    def is_on(self, at: datetime) -> bool:
        """Tell whether it is on, as was told last, and not lost since."""
        return self._is_on is True and self._is_known(at)

    def stood_since(self, at: datetime) -> datetime | None:
        """Return since when it was off at each reading, without a hole until now; None: it was not, or nobody knows."""
        return self._off_since if self._expires is not None and self._is_known(at) else None

    def read_until(self, at: datetime) -> datetime:
        """Return until when what is known at an instant was read: a signal that stands says nothing of what comes after it."""
        return (
            at if self._read_at is None or self.stood_since(at) is None else min(self._read_at, at)
        )

    def shift(self, step: timedelta) -> None:
        """Move with a step of the clock: what was not read is measured in durations (R46)."""
        if self._read_at is not None:
            self._read_at += step
        if self._off_since is not None:
            self._off_since += step

    def _know(self, is_on: bool | None, acquisition: Acquisition) -> None:
        window = acquisition.window
        is_off = is_on is False
        goes_on = is_off and self._off_since is not None and self._is_known(window.began_at)
        if not goes_on:
            self._off_since = window.ended_at if is_off else None
        self._is_on, self._read_at = is_on, window.ended_at

    def _is_known(self, at: datetime) -> bool:
        if self._read_at is None:
            return False
        return self._expires is None or at - self._read_at <= self._expires


def _now(value: Value | None, acquisition: Acquisition) -> bool | None:
    """Return what a value says of now; None: nothing."""
    return value if isinstance(value, bool) and acquisition.speaks_of_now else None

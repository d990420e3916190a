"""Which variant and nest a station tells together with its count (D34).

What was counted between two readings is of a variant and nest only where they stood without a break from
the reading before those two: a count is told a scan earlier or later than what it is of. And only where
the word is one that the station's file lists: many stations tell 0 between two parts, or while they make what
nobody verifies, and a 0 that was taken for another nest would make a suspect window too short.
"""

from datetime import timedelta
from typing import Final

from redrabbit.domain.identity import SignalName
from redrabbit.domain.observation import Acquisition, Value
from redrabbit.domain.signals import MqttAddress, SignalSpec
from redrabbit.domain.station import ModbusLink, Station
from redrabbit.domain.station_says import SaidOf

STEADY_READINGS: Final = 3
"""In a row must tell the same: the two that a part was counted between, and the one before, because a count
may be told up to a poll later than what it is of has gone."""
MOST_POLLS: Final = 2
"""Between two readings: no part is there for so short a time that it falls between."""
MOST_MESSAGES: Final = 1.5
"""Of what a topic declares: by then a message is missing, and not only late."""

Pair = tuple[str | None, str | None]


class ToldWithCount:
    """Folds acquisitions that tell the count; not thread-safe, one owner."""

    def __init__(self, station: Station, counter: SignalSpec | None) -> None:
        self._says = station.says
        told = (station.says.variant, station.says.nest)
        self._signals = frozenset(signal for signal in told if signal is not None)
        self._longest = _longest(station, counter)
        self._values: dict[SignalName, Value] = {}
        self._steady = 0
        """Readings in a row that told the same."""

    def take(self, acquisition: Acquisition, unread: timedelta | None) -> None:
        """Fold in an acquisition that tells the count, or was to; `unread` is the time since the last."""
        if not self._signals:
            return
        together = self._signals <= acquisition.signals
        if not together or acquisition.failure is not None or not acquisition.speaks_of_now:
            self._values, self._steady = {}, 0
            return
        if unread is None or acquisition.messages_lost or not self._is_short(unread):
            self._steady = 0
        before = dict(self._values)
        for change in acquisition.changes:
            if change.signal not in self._signals:
                continue
            if change.value is None:
                self._values.pop(change.signal, None)
            else:
                self._values[change.signal] = change.value
        if self._values.keys() != self._signals:
            self._steady = 0
        else:
            self._steady = self._steady + 1 if self._values == before else 1

    def steady(self) -> Pair | None:
        """Return variant and nest of what was counted up to the last reading; None: neither is known."""
        if not self._signals or self._steady < STEADY_READINGS:
            return None
        return self._word(SaidOf.VARIANT), self._word(SaidOf.NEST)

    def _word(self, of: SaidOf) -> str | None:
        signal = self._says.signal(of)
        return None if signal is None else self._says.of_a_part(of, self._values[signal])

    def _is_short(self, unread: timedelta) -> bool:
        return self._longest is None or unread <= self._longest


def _longest(station: Station, counter: SignalSpec | None) -> timedelta | None:
    """Return how long the count may go unread; None: what speaks only on change tells each change."""
    if isinstance(station.link, ModbusLink):
        return timedelta(seconds=MOST_POLLS * station.link.poll_interval_s)
    address = counter.address if counter is not None else None
    every_s = address.expected_every_s if isinstance(address, MqttAddress) else None
    return None if every_s is None else timedelta(seconds=MOST_MESSAGES * every_s)

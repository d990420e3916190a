"""What a link counts while it runs, and the snapshot of it that people are shown (B30).

The first line of every state change is written to the log here, and only those: up, lost, lost
for another reason. Never a traceback for what a network does every day.
"""

import logging
from collections import deque
from datetime import datetime, timedelta

from redrabbit.domain.identity import StationId
from redrabbit.domain.observation import Reason
from redrabbit.services.station_link import Diagnostics

SMOOTHING = 0.1
"""Weight of the newest round trip: a mean over about the last twenty."""

SET_ASIDE_COUNT = 20
SET_ASIDE_BYTES = 256
"""Enough to see what the publisher did wrong, little enough to keep for every station."""


class LinkStatistics:
    """Counters of one station's link."""

    def __init__(self, station: StationId, log: logging.Logger) -> None:
        self._station = station
        self._log = log
        self._state: Reason | None = Reason.NOT_YET_READ
        self.connected_since: datetime | None = None
        self.suspended_until: datetime | None = None
        self.round_trip_s: float | None = None
        self.cycles = 0
        self.requests = 0
        self.skipped_ticks = 0
        self.connects = 0
        self.failures: dict[Reason, int] = {}
        self.last_error: str | None = None
        self.last_error_at: datetime | None = None
        self.queued = 0
        self.duplicates = 0
        self.out_of_order = 0
        self.lost = 0
        self._set_aside: deque[tuple[str, bytes]] = deque(maxlen=SET_ASIDE_COUNT)

    def connected(self, now: datetime) -> None:
        """Count a connection."""
        self.connects += 1
        self.connected_since = now

    def disconnected(self) -> None:
        """Note that there is no connection now."""
        self.connected_since = None

    def good(self) -> None:
        """Count a good cycle or message."""
        self.cycles += 1
        self.suspended_until = None
        if self._state is not None:
            self._state = None
            self._tell(logging.INFO, "station is read", reason=None)

    def failed(self, reason: Reason, detail: str, now: datetime) -> None:
        """Count a failed cycle, a lost connection or an overdue message."""
        self.cycles += 1
        self.note(reason, detail, now)
        if self._state is not reason:
            self._state = reason
            self._tell(logging.WARNING, f"station can't be read: {detail}", reason=reason)

    def note(self, reason: Reason, detail: str, now: datetime) -> None:
        """Count trouble that leaves the station readable."""
        self.failures[reason] = self.failures.get(reason, 0) + 1
        self.last_error = detail
        self.last_error_at = now

    def warn(self, detail: str, reason: Reason) -> None:
        """Write one line about trouble that leaves the station readable."""
        self._tell(logging.WARNING, detail, reason=reason)

    def timed(self, spent: timedelta, requests: int) -> None:
        """Count requests and smooth the time that one of them took."""
        self.requests += requests
        each_s = spent.total_seconds() / requests
        before_s = each_s if self.round_trip_s is None else self.round_trip_s
        self.round_trip_s = before_s + SMOOTHING * (each_s - before_s)

    def set_aside(self, topic: str, payload: bytes) -> None:
        """Keep the beginning of a payload that nobody could read (B12)."""
        self._set_aside.append((topic, payload[:SET_ASIDE_BYTES]))

    def snapshot(self) -> Diagnostics:
        """Return the counters as they are now."""
        return Diagnostics(
            connected_since=self.connected_since,
            suspended_until=self.suspended_until,
            round_trip_s=self.round_trip_s,
            cycles=self.cycles,
            requests=self.requests,
            skipped_ticks=self.skipped_ticks,
            reconnects=max(0, self.connects - 1),
            failures=dict(self.failures),
            last_error=self.last_error,
            last_error_at=self.last_error_at,
            queued=self.queued,
            duplicates=self.duplicates,
            out_of_order=self.out_of_order,
            lost=self.lost,
            set_aside=tuple(self._set_aside),
        )

    def _tell(self, level: int, message: str, *, reason: Reason | None) -> None:
        word = reason.value if reason else None
        self._log.log(level, message, extra={"station": str(self._station), "reason": word})

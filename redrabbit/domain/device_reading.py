"""Whether a device is read: when every signal that its rule judges by is (D32).

What was heard last from the station says nothing of a device: one block of a controller, or one topic,
may be dead while the others go on. So each signal is watched for itself:

- What a verdict rests on (`detected`, `accepted`) must have a *value*.
- What only leads to it (`presented`, the part's code, the reject code) must be *told*: that there is
  no code, because no part is there, is an answer, too. That it could not be asked is none.
- A signal is read while its last good reading is not older than it may be (B2); one that speaks only
  on change is read while nothing has taken its value away (D7).
- A retained or otherwise historical message is no sign of life of a signal that speaks regularly.

The measured value is not asked for: it is shown beside a verdict and decides none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from redrabbit.domain.identity import DeviceId, SignalName
from redrabbit.domain.observation import Acquisition, NoData, Observation, Reason
from redrabbit.domain.rule import DetectionRule, judging_signals, signals_of
from redrabbit.domain.station import Station

TOLD_BY_THE_STATION: Final = frozenset(
    {
        Reason.MISSING,
        Reason.NOT_A_NUMBER,
        Reason.NOT_AVAILABLE,
        Reason.OUT_OF_RANGE,
        Reason.UNREADABLE,
    }
)
"""Reasons that stand in a good reply: the station was asked, and answered that there is no value."""


def leading_signals(rule: DetectionRule) -> frozenset[SignalName]:
    """Return the signals that lead to a verdict without deciding it."""
    named = {signal for signal in (rule.part_code, rule.reject_code) if signal is not None}
    if rule.presented is not None:
        named |= signals_of(rule.presented)
    return frozenset(named) - judging_signals(rule)


@dataclass(slots=True)
class _Wanted:
    """What is wanted of a signal, its value or any answer, and how that was heard."""

    signal: SignalName
    expires: bool
    has: bool = False
    """Whether it was there when the signal was covered last."""
    by_history: bool = False
    """It was told by history only, so far."""
    good_at: datetime | None = None
    """End of the reading by which it came, or of the last good one before it was lost."""
    reason: Reason = Reason.NOT_YET_READ


class DevicesRead:
    """Takes a station's acquisitions in order; not thread-safe, one owner.

    Nearly all of them change nothing: these cost one entry in a dict.
    """

    def __init__(self, station: Station, started_at: datetime) -> None:
        self._started_at = started_at
        expires_s = station.expires_s()
        self._values = {name: _Wanted(name, each is not None) for name, each in expires_s.items()}
        self._answers = {name: _Wanted(name, each is not None) for name, each in expires_s.items()}
        self._covered_at: dict[frozenset[SignalName], datetime] = {}
        """When each poll or topic told something that speaks of now."""
        self._by_history: set[SignalName] = set()
        self._adopt(station)

    def _adopt(self, station: Station) -> None:
        self._expires_after = timedelta(seconds=station.value_expires_s)
        self._needed: Mapping[DeviceId, tuple[_Wanted, ...]] = {
            device.id: (
                *(self._values[signal] for signal in sorted(judging_signals(device.rule))),
                *(self._answers[signal] for signal in sorted(leading_signals(device.rule))),
            )
            for device in station.devices
        }
        self._all_read_until: datetime | None = None
        """Until then nothing but a lost signal can make a device unread."""

    def under(self, station: Station) -> "DevicesRead":
        """Return the same for a station that is read in the same way, whatever it is judged by."""
        read = DevicesRead(station, self._started_at)
        read._values, read._answers = self._values, self._answers
        read._covered_at, read._by_history = self._covered_at, self._by_history
        read._adopt(station)
        return read

    def take(self, acquisition: Acquisition) -> None:
        """Note what one acquisition says of the signals that it covers."""
        if acquisition.failure is not None:
            for signal in acquisition.signals:
                self._lose(self._values[signal], acquisition.failure)
                self._lose(self._answers[signal], acquisition.failure)
            return
        for change in acquisition.changes:
            self._change(change, acquisition)
        if not acquisition.fresh or not acquisition.signals:
            return
        self._covered_at[acquisition.signals] = acquisition.window.ended_at
        if self._by_history:
            changed = {change.signal for change in acquisition.changes}
            for signal in acquisition.signals & self._by_history - changed:
                self._confirm(signal, acquisition.window.ended_at)

    def no_data(self, now: datetime) -> dict[DeviceId, NoData]:
        """Return the devices that are not read, each with the worst of its signals."""
        if self._all_read_until is not None and now <= self._all_read_until:
            return {}
        found = {
            device: min(unread, key=lambda each: each.since)
            for device, needed in self._needed.items()
            if (unread := [why for one in needed if (why := self._unread(one, now)) is not None])
        }
        self._all_read_until = None if found else self._next_expiry()
        return found

    def shift(self, step: timedelta) -> None:
        """Move with a step of the clock: silence is measured in durations (R46)."""
        self._started_at += step
        for signals in self._covered_at:
            self._covered_at[signals] += step
        for one in (*self._values.values(), *self._answers.values()):
            if one.good_at is not None:
                one.good_at += step
        self._all_read_until = None

    def _change(self, change: Observation, acquisition: Acquisition) -> None:
        value, answer = self._values[change.signal], self._answers[change.signal]
        if change.reason is not None:
            self._lose(value, change.reason)
            if change.reason not in TOLD_BY_THE_STATION:
                self._lose(answer, change.reason)
                return
        by_history = change.retained or not acquisition.fresh
        if by_history:
            self._by_history.add(change.signal)
        else:
            self._by_history.discard(change.signal)
        for one in (answer,) if change.reason is not None else (value, answer):
            one.good_at = self._good_at(one) if by_history else acquisition.window.ended_at
            one.has, one.by_history = True, by_history

    def _confirm(self, signal: SignalName, at: datetime) -> None:
        """Take what history told as told now: it was covered, and not told otherwise."""
        self._by_history.discard(signal)
        for one in (self._values[signal], self._answers[signal]):
            if one.has:
                one.by_history, one.good_at = False, at

    def _lose(self, one: _Wanted, reason: Reason) -> None:
        one.good_at = self._good_at(one)
        one.has, one.reason = False, reason
        self._all_read_until = None

    def _good_at(self, one: _Wanted) -> datetime | None:
        """Return the end of the last reading that was good for it and spoke of its own time."""
        if not one.has or one.by_history or one.good_at is None:
            return one.good_at
        covered = (at for signals, at in self._covered_at.items() if one.signal in signals)
        return max([one.good_at, *covered])

    def _unread(self, one: _Wanted, now: datetime) -> NoData | None:
        if one.has and not one.expires:
            return None
        good_at = self._good_at(one)
        if good_at is not None and now - good_at <= self._expires_after:
            return None
        silent = Reason.NOT_YET_READ if good_at is None else Reason.EXPIRED
        return NoData(
            since=good_at or self._started_at,
            reason=silent if one.has else one.reason,
            signal=one.signal,
        )

    def _next_expiry(self) -> datetime | None:
        """Return when the first of them is too old if nothing more is heard; all are read now."""
        good_at = [
            at
            for needed in self._needed.values()
            for one in needed
            if one.expires and (at := self._good_at(one)) is not None
        ]
        return min(good_at) + self._expires_after if good_at else None

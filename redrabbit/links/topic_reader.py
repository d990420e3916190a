"""One topic of one station: from a payload to an acquisition, fresh or not, never a guess.

Rules (D7, D27, B1, B12):
- A retained message, or one within the settle time of a connect, is historical: its values may be
  what was *before*, they are never fresh. The first fresh message after it tells every value
  again, changed or not: what is known from history only is not known to be so now.
- So is one that was under way for more than a second, by the time that it tells; or, where it tells
  none, that may have been, because it came after a stall.
- The window of a message ends with its arrival and begins as much earlier as it may have been under way.
- A duplicate or a message out of order tells nothing: it covers no signal, because an older value
  shown as the present one would make the next message look like a change.
- What the sequence left out, what came out of order and what nobody could read is missing: the next
  message says how many.
- A payload that is not what was declared gives reasons, not the last values.
- A payload larger than the topic's limit is not looked into: parsing it would hold up all stations.

Does not know brokers or clocks: `mqtt` brings messages and instants.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from redrabbit.domain.decoding import decode_field, decode_text, parse_json, quality_is_good
from redrabbit.domain.identity import SignalName, StationId
from redrabbit.domain.observation import (
    Acquisition,
    Observation,
    Reason,
    SourceClock,
    Value,
    Window,
)
from redrabbit.domain.signals import MOST_BYTES_BY_DEFAULT, MqttAddress, SignalSpec
from redrabbit.links.held_back import HeldBack
from redrabbit.links.message_order import MessageOrder, Ordering, Place, Stamp, read_stamp
from redrabbit.links.source_time import Heard, SourceTime

LIVE_S = 1.0
"""What was under way for longer is history (D27)."""
LONGEST_AGE_S = 86_400.0
"""A told time may be anything; a day is as old as an age."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """What a message came to: the acquisition, its place in order, and what could not be read."""

    acquisition: Acquisition
    ordering: Ordering = Ordering.IN_ORDER
    lost: int = 0
    """Messages that the sequence left out before it."""
    unreadable: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Arrival:
    """How a message came."""

    at: datetime
    fresh: bool
    age_s: float
    """For how long it may have been under way."""
    clock: SourceClock | None
    missing: int

    @property
    def window(self) -> Window:
        """From when it may be to its arrival."""
        age = timedelta(seconds=min(self.age_s, LONGEST_AGE_S))
        return Window(began_at=self.at - age, ended_at=self.at)


class TopicReader:
    """Reads all signals that a station publishes on one topic."""

    def __init__(
        self, station: StationId, topic: str, specs: Iterable[SignalSpec], settle_s: float
    ) -> None:
        self.station = station
        self.topic = topic
        self._settle = timedelta(seconds=settle_s)
        self._specs = tuple(specs)
        self.signals = frozenset(spec.name for spec in self._specs)
        addresses = [spec.address for spec in self._specs if isinstance(spec.address, MqttAddress)]
        self._has_json = any(one.reads_json for one in addresses)
        self._sequence_path = next(
            (one.sequence_path for one in addresses if one.sequence_path), ()
        )
        self._modulus = next((one.sequence_modulus for one in addresses), None)
        self._time_path = next((one.time_path for one in addresses if one.time_path), ())
        rates = [one.expected_every_s for one in addresses if one.expected_every_s is not None]
        self.expected_every_s = min(rates, default=None)
        """How long the topic may be silent; None: as long as it likes."""
        self._most_bytes = min((one.most_bytes for one in addresses), default=MOST_BYTES_BY_DEFAULT)
        self._order = MessageOrder(self._modulus)
        self._source = SourceTime()
        self._held_back = HeldBack(self.expected_every_s)
        self._connected_at: datetime | None = None
        self._last: dict[SignalName, Value | Reason] = {}
        self._last_was_historical = False

    def connected(self, at: datetime) -> None:
        """Begin after a connect: nothing is carried over (B1)."""
        self._connected_at = at
        self._last.clear()
        self._order.connected()
        self._held_back.connected(at)

    def stalled(self, ended_at: datetime, lasted_s: float) -> None:
        """Note that what comes now may have been held back for so long: by us, or by the link."""
        self._held_back.stalled(ended_at, lasted_s)

    def shift(self, step: timedelta) -> None:
        """Move with a step of our own clock (R46)."""
        self._source.shift(step)
        self._held_back.shift(step)
        if self._connected_at is not None:
            self._connected_at += step

    def failure(self, reason: Reason, at: datetime, detail: str) -> Acquisition:
        """Return that nothing is known of the topic's signals from now on."""
        self._last.clear()
        return Acquisition(
            station=self.station,
            window=Window(began_at=at, ended_at=at),
            signals=self.signals,
            failure=reason,
            detail=detail,
        )

    def take(self, payload: bytes, arrived_at: datetime, *, retained: bool = False) -> Take:
        """Return what a message comes to."""
        held_s, after_quiet = (0.0, False) if retained else self._held_back.hear(arrived_at)
        if len(payload) > self._most_bytes:
            detail = f"{self.topic}: {len(payload)} bytes; expected at most {self._most_bytes}"
            return self._unreadable(Reason.TOO_LARGE, arrived_at, detail)
        document: object = None
        if self._has_json:
            document = parse_json(payload)
            if isinstance(document, Reason):
                found = "no JSON" if document is Reason.UNREADABLE else "too many objects and lists"
                return self._unreadable(document, arrived_at, f"{self.topic}: {found}")
        heard: Heard | None = None
        if not self._sequence_path and not self._time_path:
            place = self._order.unstamped()
        else:
            stamp = read_stamp(document, self._sequence_path, self._time_path, self._modulus)
            if isinstance(stamp, Reason):
                detail = f"{self.topic}: no sequence or time as declared"
                return self._unreadable(stamp, arrived_at, detail)
            place = self._order.place(stamp, payload, retained=retained)
            if place.ordering is not Ordering.IN_ORDER:
                nothing = self._nothing_new(arrived_at, place.ordering)
                return Take(acquisition=nothing, ordering=place.ordering)
            heard = self._hear(stamp, arrived_at, retained=retained, after_quiet=after_quiet)
        arrival = self._arrival(arrived_at, held_s, heard, place, retained=retained)
        return replace(self._values(payload, document, arrival), lost=place.lost)

    def _hear(
        self, stamp: Stamp, at: datetime, *, retained: bool, after_quiet: bool
    ) -> Heard | None:
        """Return what the told time says; a retained message was made whenever it was."""
        if stamp.time is None or retained:
            return None
        return self._source.hear(stamp.time, at, after_quiet=after_quiet)

    def _arrival(
        self, at: datetime, held_s: float, heard: Heard | None, place: Place, *, retained: bool
    ) -> _Arrival:
        clock = None
        if heard is not None:
            clock = SourceClock(name=self.topic, offset_s=heard.offset_s, jumped=heard.jumped)
        settling = self._connected_at is not None and at < self._connected_at + self._settle
        live = heard.live if heard is not None else held_s <= LIVE_S
        age_s = heard.age_given(held_s) if heard is not None else held_s
        return _Arrival(
            at=at,
            fresh=live and not retained and not settling,
            age_s=age_s,
            clock=clock,
            missing=place.lost + place.passed_over,
        )

    def _values(self, payload: bytes, document: object, arrival: _Arrival) -> Take:
        found = {spec.name: _decoded(spec, payload, document) for spec in self._specs}
        if self._last_was_historical and arrival.fresh:
            self._last.clear()  # what history told is told again, as the present
        changed = {name: what for name, what in found.items() if self._last.get(name) != what}
        self._last, self._last_was_historical = found, not arrival.fresh
        reasons = [what for what in found.values() if isinstance(what, Reason)]
        return Take(
            acquisition=Acquisition(
                station=self.station,
                window=arrival.window,
                signals=self.signals,
                changes=tuple(
                    _observation(name, what, historical=not arrival.fresh)
                    for name, what in changed.items()
                ),
                fresh=arrival.fresh,
                clock=arrival.clock,
                messages_lost=arrival.missing,
            ),
            unreadable=reasons[0] if reasons else None,
        )

    def _nothing_new(self, arrived_at: datetime, ordering: Ordering) -> Acquisition:
        return Acquisition(
            station=self.station,
            window=Window(began_at=arrived_at, ended_at=arrived_at),
            signals=frozenset(),
            fresh=False,
            detail=f"{self.topic}: {ordering.value}",
        )

    def _unreadable(self, reason: Reason, arrived_at: datetime, detail: str) -> Take:
        self._order.pass_over()
        return Take(acquisition=self.failure(reason, arrived_at, detail), unreadable=reason)


def _decoded(spec: SignalSpec, payload: bytes, document: object) -> Value | Reason:
    if not isinstance(spec.address, MqttAddress) or not spec.address.path:
        return decode_text(spec, payload)
    if not all(quality_is_good(each, document) for each in spec.address.qualities):
        return Reason.BAD_QUALITY
    return decode_field(spec, document)


def _observation(name: SignalName, what: Value | Reason, *, historical: bool) -> Observation:
    if isinstance(what, Reason):
        return Observation(signal=name, reason=what, retained=historical)
    return Observation(signal=name, value=what, retained=historical)

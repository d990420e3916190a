"""One topic of one station: from a payload to an acquisition, fresh or not, never a guess.

Rules (D7, B1, B12):
- A retained message, or one within the settle time of a connect, is historical: its values may be
  what was *before*, they are never fresh. The first fresh message after it tells every value
  again, changed or not: what is known from history only is not known to be so now.
- A duplicate or a message out of order tells nothing: it covers no signal, because an older value
  shown as the present one would make the next message look like a change.
- A payload that is not what was declared gives reasons, not the last values.
- A payload larger than the topic's limit is not looked into: parsing it would hold up all stations.

Does not know brokers or clocks: `mqtt` brings messages and instants.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from redrabbit.domain.decoding import decode_field, decode_text, parse_json
from redrabbit.domain.identity import SignalName, StationId
from redrabbit.domain.observation import Acquisition, Observation, Reason, Value, Window
from redrabbit.domain.signals import MOST_BYTES_BY_DEFAULT, MqttAddress, SignalSpec
from redrabbit.links.message_order import MessageOrder, Ordering, read_stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """What a message came to: the acquisition, its place in order, and what could not be read."""

    acquisition: Acquisition
    ordering: Ordering = Ordering.IN_ORDER
    unreadable: Reason | None = None


class TopicReader:
    """Reads all signals that a station publishes on one topic."""

    def __init__(
        self, station: StationId, topic: str, specs: Iterable[SignalSpec], settle_s: float
    ) -> None:
        self.station = station
        self.topic = topic
        self.settle_s = settle_s
        self._specs = tuple(specs)
        self.signals = frozenset(spec.name for spec in self._specs)
        addresses = [spec.address for spec in self._specs if isinstance(spec.address, MqttAddress)]
        self._has_json = any(
            address.path or address.sequence_path or address.time_path for address in addresses
        )
        self._sequence_path = next(
            (one.sequence_path for one in addresses if one.sequence_path), ()
        )
        self._time_path = next((one.time_path for one in addresses if one.time_path), ())
        rates = [one.expected_every_s for one in addresses if one.expected_every_s is not None]
        self.expected_every_s = min(rates, default=None)
        """How long the topic may be silent; None: as long as it likes."""
        self._most_bytes = min((one.most_bytes for one in addresses), default=MOST_BYTES_BY_DEFAULT)
        self._order = MessageOrder()
        self._last: dict[SignalName, Value | Reason] = {}
        self._last_was_historical = False

    def connected(self) -> None:
        """Begin after a connect: nothing is carried over (B1)."""
        self._last.clear()
        self._order.connected()

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

    def take(self, payload: bytes, arrived_at: datetime, *, historical: bool) -> Take:
        """Return what a message comes to."""
        if len(payload) > self._most_bytes:
            detail = f"{self.topic}: {len(payload)} bytes; expected at most {self._most_bytes}"
            return self._unreadable(Reason.TOO_LARGE, arrived_at, detail)
        document: object = None
        if self._has_json:
            document = parse_json(payload)
            if isinstance(document, Reason):
                found = "no JSON" if document is Reason.UNREADABLE else "too many objects and lists"
                return self._unreadable(document, arrived_at, f"{self.topic}: {found}")
        if self._sequence_path or self._time_path:
            stamp = read_stamp(document, self._sequence_path, self._time_path)
            if isinstance(stamp, Reason):
                detail = f"{self.topic}: no sequence or time as declared"
                return self._unreadable(stamp, arrived_at, detail)
            ordering = self._order.ordering(stamp, payload)
            if ordering is not Ordering.IN_ORDER:
                return Take(acquisition=self._nothing_new(arrived_at, ordering), ordering=ordering)
        return self._values(payload, document, arrived_at, historical=historical)

    def _values(
        self, payload: bytes, document: object, arrived_at: datetime, *, historical: bool
    ) -> Take:
        found = {spec.name: _decoded(spec, payload, document) for spec in self._specs}
        if self._last_was_historical and not historical:
            self._last.clear()  # what history told is told again, as the present
        changed = {name: what for name, what in found.items() if self._last.get(name) != what}
        self._last, self._last_was_historical = found, historical
        reasons = [what for what in found.values() if isinstance(what, Reason)]
        return Take(
            acquisition=Acquisition(
                station=self.station,
                window=Window(began_at=arrived_at, ended_at=arrived_at),
                signals=self.signals,
                changes=tuple(
                    _observation(name, what, historical) for name, what in changed.items()
                ),
                fresh=not historical,
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
        return Take(acquisition=self.failure(reason, arrived_at, detail), unreadable=reason)


def _decoded(spec: SignalSpec, payload: bytes, document: object) -> Value | Reason:
    has_path = isinstance(spec.address, MqttAddress) and spec.address.path
    return decode_field(spec, document) if has_path else decode_text(spec, payload)


def _observation(name: SignalName, what: Value | Reason, historical: bool) -> Observation:
    if isinstance(what, Reason):
        return Observation(signal=name, reason=what, retained=historical)
    return Observation(signal=name, value=what, retained=historical)

"""Whether a message comes after the one before it, by the sequence or time that it tells (D7, B12).

A broker may deliver twice, a gateway may deliver late: such a message is no fresh evidence. Where
a station starts counting anew, its numbers fall: that is believed when its time goes on all the
same, or when three messages in a row rise from the lower number, or at the first message after a
connect. Until then, and for these messages themselves, the answer is *out of order*: the safe side.
"""

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

from redrabbit.domain.decoding import field_at
from redrabbit.domain.limits import fits_in_64_bits
from redrabbit.domain.observation import Reason

RISING_MESSAGES = 3
"""Late messages come one or two at a time; three in rising order are a station that restarted."""


class Ordering(Enum):
    """Where a message stands to those before it."""

    IN_ORDER = "in order"
    DUPLICATE = "duplicate"
    OUT_OF_ORDER = "out of order"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What a message tells of its place: its sequence number, its time in seconds, or both."""

    sequence: int | None = None
    time_s: float | None = None

    @property
    def position(self) -> float:
        """Return what decides: the sequence where there is one."""
        told = self.time_s if self.sequence is None else self.sequence
        return 0.0 if told is None else told


class MessageOrder:
    """Remembers the newest message of one topic."""

    def __init__(self) -> None:
        self._newest: Stamp | None = None
        self._newest_payload = b""
        self._fallen: list[float] = []
        self._first_after_connect = True

    def connected(self) -> None:
        """Take the next message's position for granted, not its freshness, if it is lower."""
        self._first_after_connect = True

    def ordering(self, stamp: Stamp, payload: bytes) -> Ordering:
        """Return where a message stands, and remember it if it is the newest."""
        newest, first = self._newest, self._first_after_connect
        self._first_after_connect = False
        if newest is None or stamp.position > newest.position:
            return self._remember(stamp, payload, Ordering.IN_ORDER)
        if stamp.position == newest.position:
            if stamp.sequence is not None or payload == self._newest_payload:
                return Ordering.DUPLICATE
            return self._remember(stamp, payload, Ordering.IN_ORDER)
        if _time_went_on(newest, stamp):
            return self._remember(stamp, payload, Ordering.IN_ORDER)
        if first or self._rises(stamp.position):
            return self._remember(stamp, payload, Ordering.OUT_OF_ORDER)
        return Ordering.OUT_OF_ORDER

    def _remember(self, stamp: Stamp, payload: bytes, ordering: Ordering) -> Ordering:
        self._newest, self._newest_payload = stamp, payload
        self._fallen.clear()
        return ordering

    def _rises(self, position: float) -> bool:
        """Note a fallen position; tell whether enough of them have risen in a row."""
        if self._fallen and position <= self._fallen[-1]:
            self._fallen.clear()
        self._fallen.append(position)
        return len(self._fallen) >= RISING_MESSAGES


def read_stamp(
    document: object, sequence_path: tuple[str, ...], time_path: tuple[str, ...]
) -> Stamp | Reason:
    """Return what a JSON document tells where it was declared to; the reason if it does not."""
    sequence: int | None = None
    time_s: float | None = None
    if sequence_path:
        found = field_at(document, sequence_path)
        if not isinstance(found, int) or isinstance(found, bool) or not fits_in_64_bits(found):
            return Reason.MISSING if found is None else Reason.UNREADABLE
        sequence = found
    if time_path:
        found = field_at(document, time_path)
        time_s = _seconds(found)
        if time_s is None:
            return Reason.MISSING if found is None else Reason.UNREADABLE
    return Stamp(sequence=sequence, time_s=time_s)


def _seconds(found: object) -> float | None:
    """Return Unix seconds from a number or an ISO 8601 text; without an offset it counts as UTC.

    Only the order matters, so a station's wrong time zone or clock does no harm. A number that is
    not finite, or has no place in 64 bits, has no order.
    """
    if isinstance(found, float):
        return found if math.isfinite(found) else None
    if isinstance(found, int) and not isinstance(found, bool):
        return float(found) if fits_in_64_bits(found) else None
    if not isinstance(found, str):
        return None
    try:
        told = datetime.fromisoformat(found)
    except ValueError:
        return None
    return (told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp()


def _time_went_on(before: Stamp, after: Stamp) -> bool:
    return (
        after.sequence is not None
        and before.time_s is not None
        and after.time_s is not None
        and after.time_s > before.time_s
    )

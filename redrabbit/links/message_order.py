"""Whether a message comes after the one before it, and what is missing between the two (D7, B12, D27).

A broker may deliver twice, a gateway may deliver late: such a message is no fresh evidence. A sequence
that counts by ones and leaves numbers out has lost messages on the way. One with a modulus begins at 0
again when it is full: that is in order.

Where a station starts counting anew, its numbers fall: that is believed when its time goes on all the
same, or when three messages in a row rise from the lower number, or at the first message after a
connect. Until then, and for these messages themselves, the answer is *out of order*: the safe side. What
they told was not taken in, so they count as missing afterwards.
"""

from collections import deque
from dataclasses import dataclass
from enum import Enum

from redrabbit.domain.decoding import field_at
from redrabbit.domain.limits import fits_in_64_bits
from redrabbit.domain.observation import Reason
from redrabbit.domain.signals import Path
from redrabbit.links.told_time import ToldTime, read_time

RISING_MESSAGES = 3
"""Late messages come one or two at a time; three in rising order are a station that restarted."""
STEPS_REMEMBERED = 20
"""By these it is told whether a sequence counts by ones. One that several topics share does not: there
nobody can tell a lost message from another topic's."""


class Ordering(Enum):
    """Where a message stands to those before it."""

    IN_ORDER = "in order"
    DUPLICATE = "duplicate"
    OUT_OF_ORDER = "out of order"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What a message tells of its place: its sequence number, its time, or both."""

    sequence: int | None = None
    time: ToldTime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a message stands, and what is missing just before it."""

    ordering: Ordering
    lost: int = 0
    """Messages that the sequence left out: lost on the way."""
    passed_over: int = 0
    """Messages that came and were not taken in, at least: their place or their form was not understood."""


class MessageOrder:
    """Remembers the newest message of one topic."""

    def __init__(self, modulus: int | None = None) -> None:
        self._modulus = modulus
        self._newest: Stamp | None = None
        self._newest_payload = b""
        self._newest_was_retained = False
        self._fallen: list[Stamp] = []
        self._first_after_connect = True
        self._passed_over = 0
        self._by_ones: deque[bool] = deque(maxlen=STEPS_REMEMBERED)

    def connected(self) -> None:
        """Take the next message's place for granted, not its freshness, if it is lower.

        What is missing before it was said while nobody listened; that is known already.
        """
        self._first_after_connect = True
        self._passed_over = 0

    def pass_over(self) -> None:
        """Note a message that nobody could read: it had a place, too."""
        self._passed_over += 1

    def unstamped(self) -> Place:
        """Return the place of a message that tells none: as it came, behind what nobody could read."""
        place = Place(ordering=Ordering.IN_ORDER, passed_over=self._passed_over)
        self._passed_over = 0
        return place

    def place(self, stamp: Stamp, payload: bytes, *, retained: bool = False) -> Place:
        """Return where a message stands, and remember it if it is the newest."""
        newest, first = self._newest, self._first_after_connect
        self._first_after_connect = False
        step = None if newest is None else self._step(newest, stamp)
        if step == 0 and (stamp.sequence is not None or payload == self._newest_payload):
            return Place(ordering=Ordering.DUPLICATE)
        if step is None or step >= 0:
            gapless = first or retained or self._newest_was_retained
            lost = 0 if step is None or gapless else self._left_out(stamp, step)
            return self._in_order(stamp, payload, retained=retained, lost=lost)
        if newest is not None and _time_went_on(newest, stamp):
            self._passed_over += 1  # at least: nobody knows what was said before it began anew
            return self._in_order(stamp, payload, retained=retained, lost=0)
        self._passed_over += 1
        if first or self._rises(stamp):
            self._remember(stamp, payload, retained=retained)
        return Place(ordering=Ordering.OUT_OF_ORDER)

    def _in_order(self, stamp: Stamp, payload: bytes, *, retained: bool, lost: int) -> Place:
        """Return the place of the newest message; what was passed over is told once."""
        known = min(lost, self._passed_over)  # a hole where a message was passed over is none
        place = Place(ordering=Ordering.IN_ORDER, lost=lost - known, passed_over=self._passed_over)
        self._passed_over = 0
        self._remember(stamp, payload, retained=retained)
        return place

    def _remember(self, stamp: Stamp, payload: bytes, *, retained: bool) -> None:
        self._newest, self._newest_payload = stamp, payload
        self._newest_was_retained = retained
        self._fallen.clear()

    def _left_out(self, stamp: Stamp, step: float) -> int:
        """Return how many numbers a sequence left out; none of one that does not count by ones."""
        if stamp.sequence is None:
            return 0
        counts_by_ones = 2 * sum(self._by_ones) >= len(self._by_ones)
        self._by_ones.append(step == 1)
        return int(step) - 1 if counts_by_ones else 0

    def _rises(self, stamp: Stamp) -> bool:
        """Note a fallen place; tell whether enough of them have risen in a row."""
        if self._fallen and self._step(self._fallen[-1], stamp) <= 0:
            self._fallen.clear()
        self._fallen.append(stamp)
        return len(self._fallen) >= RISING_MESSAGES

    def _step(self, before: Stamp, after: Stamp) -> float:
        """Return how far a message is ahead: by its sequence, where it tells one, else by its time."""
        if before.sequence is not None and after.sequence is not None:
            step = after.sequence - before.sequence
            if self._modulus is None:
                return step
            ahead = step % self._modulus
            return ahead if ahead <= self._modulus // 2 else ahead - self._modulus
        if before.time is not None and after.time is not None:
            return after.time.seconds - before.time.seconds
        return 0


def read_stamp(
    document: object,
    sequence_path: Path,
    time_path: Path,
    modulus: int | None = None,
) -> Stamp | Reason:
    """Return what a JSON document tells where it was declared to; the reason if it does not."""
    sequence: int | None = None
    time: ToldTime | None = None
    if sequence_path:
        found = field_at(document, sequence_path)
        if not isinstance(found, int) or isinstance(found, bool) or not fits_in_64_bits(found):
            return Reason.MISSING if found is None else Reason.UNREADABLE
        if modulus is not None and not 0 <= found < modulus:
            return Reason.OUT_OF_RANGE
        sequence = found
    if time_path:
        found = field_at(document, time_path)
        time = read_time(found)
        if time is None:
            return Reason.MISSING if found is None else Reason.UNREADABLE
    return Stamp(sequence=sequence, time=time)


def _time_went_on(before: Stamp, after: Stamp) -> bool:
    return (
        after.sequence is not None
        and before.time is not None
        and after.time is not None
        and after.time.seconds > before.time.seconds
    )

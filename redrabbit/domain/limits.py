"""Which instants, numbers and spans the records can hold (D24, D56).

An instant outside these bounds is no plant's: a typing mistake, a clock that was never set, or an
attempt on the pages. Nothing outside is taken in; what an older version took in is still shown.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)

LARGEST_WHOLE: Final = 2**63 - 1
"""Databases hold no larger whole number."""
SMALLEST_WHOLE: Final = -(2**63)

LARGEST_COUNT: Final = 2**62
"""Of a part counter, either way: the difference of two has its place in 64 bits, too."""

LONGEST_PAUSE: Final = timedelta(days=14)
"""A line that stands longer is paused again, by somebody who looked again (D56)."""

LONGEST_SILENCE: Final = timedelta(days=7)
"""Alarms of a longer repair are silenced again, by somebody who looked again (B21)."""

LONGEST_SPAN: Final = timedelta(days=3660)
"""No check is due more seldom than every ten years, and none stays open longer."""


def can_be_recorded(instant: datetime) -> bool:
    """Return whether an aware instant is one that records may hold; ValueError for a naive one."""
    if instant.utcoffset() is None:
        raise ValueError(f"an instant without time zone: {instant.isoformat()}")
    return EARLIEST <= instant <= LATEST


def is_a_count(number: float) -> bool:
    """Return whether a finite number is one that a part counter may show."""
    return -LARGEST_COUNT <= number <= LARGEST_COUNT


def fits_in_64_bits(number: int) -> bool:
    """Return whether a whole number fits into 64 bits with its sign."""
    return SMALLEST_WHOLE <= number <= LARGEST_WHOLE

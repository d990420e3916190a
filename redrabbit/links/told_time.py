"""The time that a message tells, as seconds since 1970 by its source's own clock (D27).

ISO 8601 text, or a Unix number: seconds, or the milli-, micro- or nanoseconds that many machines count.
Which of them is plain from its size: a clock that goes wrong by a factor of a thousand does not exist.
The source's clock may be wrong and its zone unknown: only differences are ever used, so a text without
an offset counts as UTC.
"""

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from redrabbit.domain.limits import fits_in_64_bits

YEAR_5138_S = 1e11
"""No clock tells so many seconds, and every one tells more milliseconds since 1973."""
UNITS = ((1e17, 1e9), (1e14, 1e6), (YEAR_5138_S, 1e3))
"""From which number on it counts in which part of a second."""

_RESOLUTIONS_S = {6: 1.0, 4: 60.0, 2: 3600.0}
"""By the digits that tell the time of day."""
_DAY_S = 86_400.0
_TIME_OF_DAY = re.compile(
    r"[^0-9-]([0-9]{2}(?::?[0-9]{2})*)(?:[.,]([0-9]+))?(?:Z|[+-][0-9:]+)?", re.IGNORECASE
)
"""Behind the date: digits, their fraction, and perhaps an offset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldTime:
    """An instant as a message tells it."""

    seconds: float
    resolution_s: float
    """How much later it may really have been: what is told is cut off, not rounded."""


def read_time(found: object) -> ToldTime | None:
    """Return the instant that a field tells; None where it tells none.

    A number that is not finite, or has no place in 64 bits, is none.
    """
    if isinstance(found, bool):
        return None
    if isinstance(found, int):
        return _of_number(found) if fits_in_64_bits(found) else None
    if isinstance(found, float):
        return _of_number(found) if math.isfinite(found) else None
    return _of_text(found) if isinstance(found, str) else None


def _of_number(number: float) -> ToldTime:
    parts = next((parts for limit, parts in UNITS if abs(number) >= limit), 1.0)
    whole = isinstance(number, int)
    return ToldTime(seconds=number / parts, resolution_s=1 / parts if whole else 0.0)


def _of_text(text: str) -> ToldTime | None:
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        return None
    aware = told if told.tzinfo else told.replace(tzinfo=UTC)
    return ToldTime(seconds=aware.timestamp(), resolution_s=_resolution_of(text))


def _resolution_of(text: str) -> float:
    """Return how far apart two instants are that ISO 8601 text of this form can tell."""
    found = next((each for each in _TIME_OF_DAY.finditer(text) if each.end() == len(text)), None)
    if found is None:
        return _DAY_S
    whole, fraction = found.groups()
    if fraction is not None:
        return float(10 ** -len(fraction))
    return _RESOLUTIONS_S[len(whole.replace(":", ""))]

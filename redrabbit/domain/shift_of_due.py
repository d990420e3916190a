"""To which shift a due time belongs: the one that its key names, else the one in which it lies.

What is due as a shift ends is named by that shift, though the next one may begin at the same instant, or none for hours.
"""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from redrabbit.domain.shift_calendar import ShiftWindow

_NAMING: Final = ("shift", "production")
"""Kinds of keys that name a shift: what a moment of it makes due, and what its first part does."""


def named_shift(trigger_key: str) -> tuple[str, str] | None:
    """Return the plant date and the name of the shift that a key names; None: it names none."""
    kind, *rest = trigger_key.partition("|")[0].split(":")
    return (rest[0], rest[1]) if kind in _NAMING and len(rest) > 1 else None


class ShiftsOfDues:
    """Some shifts in order; told which of them a due time belongs to, by its place among them."""

    def __init__(self, windows: Sequence[ShiftWindow]) -> None:
        """Take the shifts, in order of their beginning."""
        self._windows = windows
        self._begins = [each.begins_at for each in windows]
        self._named = {
            (each.plant_date.isoformat(), each.name): place for place, each in enumerate(windows)
        }

    def begun(self, due_at: datetime, trigger_key: str) -> int | None:
        """Return the shift that the key names, else the last that began by then; None: none of these did."""
        named = named_shift(trigger_key)
        place = None if named is None else self._named.get(named)
        if place is not None:
            return place
        last = bisect_right(self._begins, due_at) - 1
        return last if last >= 0 else None

    def within(self, due_at: datetime, trigger_key: str) -> int | None:
        """Return the shift that the key names, else the one that is on then; None: none of these is."""
        place = self.begun(due_at, trigger_key)
        if place is None or named_shift(trigger_key) == self._name(place):
            return place
        return place if due_at < self._windows[place].ends_at else None

    def _name(self, place: int) -> tuple[str, str]:
        window = self._windows[place]
        return window.plant_date.isoformat(), window.name

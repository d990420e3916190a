"""How many parts are suspect: counted between two readings of a station's part counter (D5, D6)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspectParts:
    """A quantity that says how far it can be trusted."""

    quantity: int | None
    """None: not counted at all."""
    is_lower_bound: bool


def parts_between(counter_from: int | None, counter_to: int | None) -> SuspectParts:
    """Return the parts made between two readings; None stands for a reading that isn't known.

    A counter that went back was reset or rolled over in between: what it shows now is the least
    that was made, and the result says so. Without an earlier good check everything counted so far
    is suspect, and perhaps more.
    """
    if counter_to is None:
        return SuspectParts(quantity=None, is_lower_bound=True)
    if counter_from is None or counter_to < counter_from:
        return SuspectParts(quantity=counter_to, is_lower_bound=True)
    return SuspectParts(quantity=counter_to - counter_from, is_lower_bound=False)

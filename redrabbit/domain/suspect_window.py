"""How many parts are suspect: what was made from the last good check to the window's end (D5, D6, D34).

A window is *at least* until it has ended, and after that for as long as anything may have been skipped
between its two counts. It is never told shorter than it is: its counts reach from before the last good
check to after whatever was seen of the blind device last.
"""

from dataclasses import dataclass, replace

from redrabbit.domain.made_of import known_of_others, unknown_of
from redrabbit.domain.part_count import PartCount


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspectParts:
    """A quantity that says how far it can be trusted."""

    quantity: int | None
    """None: not counted at all."""
    is_lower_bound: bool
    unknown: int = 0
    """How many of them may be of another variant or nest than the window's: nobody knows of which."""

    @property
    def surely(self) -> int:
        """Return how many are known to be of the window's own variant and nest."""
        return (self.quantity or 0) - self.unknown

    def no_less_than(self, told: "SuspectParts") -> "SuspectParts":
        """Return these, or as many as were told before where that is more: it is never taken back.

        What was surely of this variant and nest still is.
        """
        if told.quantity is None:
            return self
        quantity = max(told.quantity, self.quantity or 0)
        return SuspectParts(
            quantity=quantity,
            is_lower_bound=self.is_lower_bound or quantity != self.quantity,
            unknown=quantity - max(told.surely, self.surely),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowSide:
    """What is known of the count at one side of a window."""

    counter: int | None
    """What the part counter showed."""
    count: PartCount | None
    """None under schemas 1 and 2, and wherever it was not known."""


SINCE_RECORDS_BEGAN = WindowSide(
    counter=0, count=PartCount(value=0, made=0, epoch=0, fell_from=None)
)
"""Where there was no good check: all that was ever counted is suspect, and perhaps more."""


def suspect_parts(
    since: WindowSide,
    until: WindowSide,
    *,
    has_ended: bool,
    variant: str | None = None,
    nest: str | None = None,
) -> SuspectParts:
    """Return the parts made between the two sides of a window, of one variant and nest; None: of all.

    All that is not known to be of another is suspect.
    """
    if since.count is None or until.count is None:
        told = _between_two_values(since.counter, until.counter)
        one_of_several = variant is not None or nest is not None
        return replace(told, unknown=(told.quantity or 0) if one_of_several else 0)
    made = max(0, until.count.made - since.count.made)
    is_exact = has_ended and since.count.epoch == until.count.epoch
    known = (since.count.known, until.count.known)
    return SuspectParts(
        quantity=max(0, made - known_of_others(*known, variant, nest)),
        is_lower_bound=not is_exact,
        unknown=max(0, unknown_of(*known, made, variant, nest)),
    )


def _between_two_values(counter_from: int | None, counter_to: int | None) -> SuspectParts:
    """Return what two values of a counter say that nobody followed between them.

    Where it went back it was reset or rolled over, and shows what was made since at least.
    """
    if counter_from is None or counter_to is None:
        return SuspectParts(quantity=None, is_lower_bound=True)
    made = counter_to if counter_to < counter_from else counter_to - counter_from
    return SuspectParts(quantity=max(0, made), is_lower_bound=True)

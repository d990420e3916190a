"""Checks that are due each so many parts since the last good check: what a count makes due (D34, D57).

A count is *at least* what was made: so it is never due before so many parts, and where something was skipped it says so.
What was made while nobody counted nobody knows: the next so many may have been made, and the check is due when that is
seen. So what is not known asks for a check, and takes none away; and it asks once for each so many parts.
"""

from dataclasses import dataclass

from redrabbit.domain.identity import RunId
from redrabbit.domain.part_count import PartCount


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedFrom:
    """From where the parts of a check are counted."""

    run_id: RunId | None
    """The last good check; None: there was none, so they are counted from when its station was first read after the adoption."""
    made: int
    """What its station had counted then, as `PartCount`."""
    epoch: int

    def made_since(self, count: PartCount) -> int:
        """Return how many parts were made since, at least."""
        return max(0, count.made - self.made)

    def is_exact(self, count: PartCount) -> bool:
        """Tell whether so many were made, and no more: nothing was skipped."""
        return count.epoch == self.epoch


def counted_from(run_id: RunId | None, count: PartCount) -> CountedFrom:
    """Return that the parts of a check are counted from here on."""
    return CountedFrom(run_id=run_id, made=count.made, epoch=count.epoch)


def passed_before(parts: int, since: CountedFrom, count: PartCount) -> int:
    """Return up to which number of parts nothing is owed: a check that is adopted here owes nothing from before (D41)."""
    return since.made_since(count) // parts * parts


def reached(
    parts: int, since: CountedFrom, asked: int, count: PartCount, *, unseen: bool
) -> int | None:
    """Return the number of parts since the last good check at which it is due now: a multiple of `parts`; None: it is not.

    `asked` is up to which number it was due before. `unseen`: parts may have been made while nobody counted. What is passed
    several times at once is due once.
    """
    number = since.made_since(count) // parts * parts
    if unseen:
        number += parts
    return number if number > asked else None


def due_from(parts: int, since: CountedFrom, asked: int) -> int:
    """Return how much its station has counted in all when the check is due again."""
    return since.made + (asked // parts + 1) * parts

"""Whether a verdict counts for the control plan: its grade, and what the station ran by (D28, D33).

What doesn't count is kept and shown like any other; it fulfils no obligation, ends no case, makes no device
*verified* and begins no suspect window.
"""

from enum import StrEnum

from redrabbit.domain.grade import Grade


class NotCounted(StrEnum):
    """Why a verdict doesn't count for the plan."""

    OTHER_PROGRAM = "other_program"
    """The station ran another program or mode than production's, or didn't tell which."""
    NOT_TOLD = "not_told"
    """The operator was to tell of which variant, nest, pallet or serial the part is, and did not."""
    GRADE_TOO_LOW = "grade_too_low"
    """Its evidence is weaker than the plan demands."""


def why_not_counted(
    *, in_production: bool, all_told: bool, grade: Grade | None, demanded: Grade | None
) -> NotCounted | None:
    """Return why a verdict doesn't count; None where it does.

    `demanded` is the lowest grade that the plan takes; None where it demands none, and for a good
    master, whose grade lowers nothing. A verdict without a grade is inconclusive and passes nothing.
    """
    if not in_production:
        return NotCounted.OTHER_PROGRAM
    if not all_told:
        return NotCounted.NOT_TOLD
    if demanded is not None and grade is not None and grade > demanded:
        return NotCounted.GRADE_TOO_LOW
    return None

"""What no verdict may be, whatever the peer does (L1, L2, L3, D29)."""

from collections.abc import Callable, Iterable

from redrabbit.domain.grade import AnswerBy, KnownBy
from tests.adversary.machine import Code
from tests.adversary.whole_runs import Told

BY_ORDER = frozenset({KnownBy.ORDER, KnownBy.TAP, KnownBy.HELD})


def detects(told: Told) -> bool:
    """Return whether the device really did reject our part in time, and for no other reason than told.

    A code that stood there from before, and changed only after the rule's time or in a message that was
    lost, is taken for the reason, and marked (D31).
    """
    assert told.shown is not None
    marked = told.shown.answer_kind is AnswerBy.CODE_NOT_RENEWED
    later = told.machine.story.code is Code.OTHER_LATER and marked
    reason_is_right = not told.slot.tells_reason or told.machine.gave_the_right_reason or later
    return told.machine.rejected_in_time and reason_is_right


def another_may_be_meant(told: Told) -> bool:
    """Return whether another part was there, and the record says how little is known of which it was."""
    assert told.shown is not None
    return told.machine.foreign_came and told.shown.identity_kind in BY_ORDER


def another_was_rejected(told: Told) -> bool:
    """Return whether the device rejected another part, and the record says how little is known."""
    return told.machine.foreign_rejected and another_may_be_meant(told)


LAWS: dict[str, Callable[[Told], bool]] = {
    "detected only if it was rejected in time": lambda told: (
        told.verdict != "detected" or detects(told) or another_was_rejected(told)
    ),
    "missed only if it was not": lambda told: (
        told.verdict != "missed" or not detects(told) or another_may_be_meant(told)
    ),
    "passed only if it was detected": lambda told: (
        told.run is None or told.run.outcome != "passed" or told.verdict == "detected"
    ),
}


def broken(all_told: Iterable[Told]) -> list[str]:
    """Return what is broken, where, in words."""
    return [
        f"{told.slot.name}: {law}; it was {told.verdict}, put in at {told.machine.put_in_at}, "
        f"rejected at {told.machine.rejected_at}, {told.machine.story}"
        for told in all_told
        for law, holds in LAWS.items()
        if not holds(told)
    ]

"""What is asked of a containment's record: its reaction, the way back, and its end (L4, B24, D35)."""

import json
from enum import StrEnum
from typing import Final

from redrabbit.domain.control_plan import Check
from redrabbit.domain.facts.codec import decode
from redrabbit.domain.facts.containment import ContainmentRecord, ContainmentState, ReactionStep
from redrabbit.domain.facts.presentation import PresentationRecord
from redrabbit.domain.plant import Plant
from redrabbit.domain.record_query import RecordReader, Where

IS_OPEN: Final = Where(
    "state",
    "in",
    tuple(state for state in ContainmentState if state is not ContainmentState.CLOSED),
)
"""What *open containments* means on every page, in the API, `/metrics` and the demo: nobody has closed
them, whether or not their device was verified again."""


def open_containments(reader: RecordReader) -> list[ContainmentRecord]:
    """Return the cases that are not closed, oldest first."""
    return reader.find(ContainmentRecord, IS_OPEN)


def reaction_of(case: ContainmentRecord) -> tuple[ReactionStep, ...]:
    """Return the steps of the case's reaction, in order, with who did which."""
    return tuple(decode(ReactionStep, step) for step in json.loads(case.reaction))


class ToDo(StrEnum):
    """What must be done before a person may close a case (B24, D35)."""

    REVERIFY = "reverify"
    """The device has not been seen to detect again."""
    WINDOW = "window"
    """Its suspect window has not ended (D34)."""
    REACTION = "reaction"
    """Steps of the reaction are left."""


def left_to_do(case: ContainmentRecord) -> tuple[ToDo, ...]:
    """Return what stands in the way of closing a case that is not closed; empty: nothing does."""
    missing = {
        ToDo.REVERIFY: case.state is ContainmentState.OPEN,
        ToDo.WINDOW: case.stopped_at is None,
        ToDo.REACTION: any(step.done_at is None for step in reaction_of(case)),
    }
    return tuple(todo for todo, is_missing in missing.items() if is_missing)


def waits_for_reverification(case: ContainmentRecord) -> bool:
    """Return whether a passing run would end the miss now: not yet verified again, and repaired.

    Without a word on what was repaired no re-verification counts: else a miss could be passed over by
    running the check until it is detected once (D35).
    """
    return case.state is ContainmentState.OPEN and case.repair_code is not None


def missed_in(reader: RecordReader, case: ContainmentRecord) -> PresentationRecord | None:
    """Return the presentation whose miss opened the case; None where it was erased."""
    return reader.get(PresentationRecord, case.run_id, case.step, 1)


def may_reverify(plant: Plant, check: Check, case: ContainmentRecord) -> bool:
    """Return whether a run of the check would prove something of the case.

    The case still waits for it, and the check puts a part of the same failure mode before the
    same device; another device or another failure mode proves nothing (L4).
    """
    proves = {plant.part(part).failure_mode for part in check.parts}
    return (
        case.state is ContainmentState.OPEN
        and case.device == check.device
        and case.failure_mode in proves
    )

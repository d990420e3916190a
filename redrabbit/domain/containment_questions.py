"""What is asked of a containment's record: its reaction, and whether a check can re-verify it (L4, B24)."""

import json

from redrabbit.domain.control_plan import Check
from redrabbit.domain.facts.codec import decode
from redrabbit.domain.facts.containment import ContainmentRecord, ContainmentState, ReactionStep
from redrabbit.domain.plant import Plant
from redrabbit.domain.record_query import RecordReader, Where


def open_containments(reader: RecordReader) -> list[ContainmentRecord]:
    """Return the cases that are not closed, oldest first."""
    return reader.find(ContainmentRecord, Where("state", "!=", ContainmentState.CLOSED))


def reaction_of(case: ContainmentRecord) -> tuple[ReactionStep, ...]:
    """Return the steps of the case's reaction, in order, with who did which."""
    return tuple(decode(ReactionStep, step) for step in json.loads(case.reaction))


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

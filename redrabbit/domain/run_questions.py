"""What is asked of a run's record: whether it goes on, what is still to come, why it was made (D4).

Each question is answered here once; services act on the answer and pages word it. The record of a
run has no field that says *stopped*: a stop writes its reason, a verdict that is not good ends the
sequence, and both are read from what is recorded.
"""

import json
from collections.abc import Iterable
from enum import Enum

from redrabbit.domain.identity import PartId
from redrabbit.domain.presentation_questions import is_good
from redrabbit.domain.records import PresentationRecord, RunRecord
from redrabbit.domain.run_words import INCONCLUSIVE_STOPS, Outcome, RunState


class WhyMade(Enum):
    """What a run is made for."""

    REVERIFICATION = "reverification"
    """To show that the device is good again after a miss (L4)."""
    DUE = "due"
    """For a scheduled check."""
    ON_DEMAND = "on_demand"


def why_made(run: RunRecord) -> WhyMade:
    """Return what the run is made for; a case comes before a scheduled check."""
    if run.containment_id is not None:
        return WhyMade.REVERIFICATION
    return WhyMade.DUE if run.occurrence_id is not None else WhyMade.ON_DEMAND


def is_under_way(run: RunRecord) -> bool:
    """Return whether the run still holds its station (D2)."""
    return run.state is not RunState.CLOSED


def outcome_reached(run: RunRecord) -> Outcome | None:
    """Return what a closed run came to; None while it is under way, whatever was judged so far."""
    return None if is_under_way(run) else run.outcome


def parts_of(run: RunRecord) -> tuple[PartId, ...]:
    """Return the parts in the order in which they are presented."""
    return tuple(PartId(part) for part in json.loads(run.parts))


def stopped_with(run: RunRecord) -> Outcome | None:
    """Return what a run under way was stopped with; None where nobody and nothing stopped it."""
    if run.reason_code is None:
        return None
    unwanted = run.reason_code in INCONCLUSIVE_STOPS
    return Outcome.INCONCLUSIVE if unwanted else Outcome.ABORTED


def goes_no_further(run: RunRecord, presentations: Iterable[PresentationRecord]) -> bool:
    """Return whether a run under way presents nothing more: the part's return is all that is left.

    It was stopped, or a deciding verdict is not good: missed, falsely rejected or inconclusive
    (D4). `presentations` are the run's own.
    """
    judged = (p for p in presentations if p.decides and p.verdict is not None)
    return stopped_with(run) is not None or not all(is_good(p) for p in judged)


def may_be_aborted(run: RunRecord) -> bool:
    """Return whether a person may give the run up: once stopped, it waits for its part only (L5).

    With the part back, giving up in place of confirming is allowed whatever came before.
    """
    if run.state is RunState.AWAITING_RETURN:
        return stopped_with(run) is None
    return is_under_way(run)


def parts_to_come(
    run: RunRecord, presentations: Iterable[PresentationRecord]
) -> tuple[PartId, ...]:
    """Return the parts that follow the one under way, as far as can be said now."""
    if not is_under_way(run) or goes_no_further(run, presentations):
        return ()
    return parts_of(run)[run.step + 1 :]

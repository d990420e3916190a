"""What people do about a containment: the stop, the reaction, the repair, the end (L4, D5, B24, D35).

That a miss opens a case, and that a passing re-verification ends the miss, is said in
`redrabbit.domain.consequences`.
"""

from dataclasses import replace

from redrabbit.domain.containment_questions import left_to_do, reaction_of
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.containment import (
    ContainmentClosed,
    ContainmentRecord,
    ContainmentState,
    ContainmentStopped,
    ReactionChanged,
    WindowEnd,
)
from redrabbit.domain.facts.repair import RepairRecorded
from redrabbit.domain.identity import Actor, ContainmentId
from redrabbit.domain.repair import RepairCode
from redrabbit.domain.suspect_window import parts_between
from redrabbit.domain.text import MOST_REASON_CHARACTERS, TextProblem, clean_text
from redrabbit.services.ports import UnitOfWork
from redrabbit.services.record_fact import record


def record_stop(
    uow: UnitOfWork, containment_id: ContainmentId, *, counter: int | None, actor: Actor
) -> ContainmentRecord:
    """Record that production stopped: the suspect window ends here. Refused when already done."""
    case = _open_case(uow, containment_id)
    if case.stopped_at is not None:
        raise Refusal("already_stopped_production", containment=containment_id)
    reached = counter if counter is not None else case.counter_to
    suspect = parts_between(case.counter_from, reached)
    stopped = ContainmentStopped(
        containment_id=containment_id,
        window_end=WindowEnd.STOP,
        box_label=None,
        counter_to=reached,
        quantity=suspect.quantity,
        quantity_is_lower_bound=suspect.is_lower_bound or counter is None,
    )
    record(uow, stopped, stream=case.line, actor=actor)
    return _case(uow, containment_id)


def tick_reaction(
    uow: UnitOfWork, containment_id: ContainmentId, *, step: int, actor: Actor
) -> ContainmentRecord:
    """Tick one reaction step as done; refused for a step that isn't there or is done."""
    case = _open_case(uow, containment_id)
    reaction = list(reaction_of(case))
    if not 0 <= step < len(reaction):
        raise Refusal("no_such_step", containment=containment_id, step=step)
    if reaction[step].done_at is not None:
        raise Refusal("step_already_done", containment=containment_id, step=step)
    reaction[step] = replace(reaction[step], done_at=uow.now, done_by=actor.id, done_how=actor.how)
    ticked = ReactionChanged(containment_id=containment_id, step=step, reaction=tuple(reaction))
    record(uow, ticked, stream=case.line, actor=actor)
    return _case(uow, containment_id)


def record_repair(
    uow: UnitOfWork,
    containment_id: ContainmentId,
    *,
    repair: RepairCode,
    text: str | None,
    actor: Actor,
) -> ContainmentRecord:
    """Record what was repaired, the last word counts; refused once the device was verified again."""
    case = _open_case(uow, containment_id)
    if case.state is not ContainmentState.OPEN:
        raise Refusal("already_reverified", containment=containment_id)
    words = clean_text(text, MOST_REASON_CHARACTERS) if text is not None else None
    if isinstance(words, TextProblem):
        raise Refusal(words.code, **words.params)
    if repair is RepairCode.OTHER and words is None:
        raise Refusal("repair_words_required")
    repaired = RepairRecorded(containment_id=containment_id, repair_code=repair, repair_text=words)
    record(uow, repaired, stream=case.line, actor=actor)
    return _case(uow, containment_id)


def close(uow: UnitOfWork, containment_id: ContainmentId, *, actor: Actor) -> ContainmentRecord:
    """Close the case; refused while anything is left to do (B24)."""
    case = _open_case(uow, containment_id)
    left = left_to_do(case)
    if left:
        raise Refusal("containment_not_done", containment=containment_id, left=left[0].value)
    record(uow, ContainmentClosed(containment_id=containment_id), stream=case.line, actor=actor)
    return _case(uow, containment_id)


def _case(uow: UnitOfWork, containment_id: ContainmentId) -> ContainmentRecord:
    case = uow.get(ContainmentRecord, containment_id)
    if case is None:
        raise Refusal("no_such_containment", containment=containment_id)
    return case


def _open_case(uow: UnitOfWork, containment_id: ContainmentId) -> ContainmentRecord:
    case = _case(uow, containment_id)
    if case.state is ContainmentState.CLOSED:
        raise Refusal("containment_closed", containment=containment_id)
    return case

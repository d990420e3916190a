"""What people do about a containment: its window, the reaction, the repair, the end (L4, D34, D35).

That a miss opens a case, and that a passing re-verification ends the miss, is said in
`redrabbit.domain.consequences`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

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
from redrabbit.domain.facts.part_count import CountedWhy
from redrabbit.domain.facts.repair import RepairRecorded
from redrabbit.domain.identity import Actor, ContainmentId
from redrabbit.domain.limits import can_be_recorded
from redrabbit.domain.part_count import PartCount
from redrabbit.domain.repair import RepairCode
from redrabbit.domain.text import (
    MOST_CODE_CHARACTERS,
    MOST_REASON_CHARACTERS,
    TextProblem,
    clean_text,
)
from redrabbit.domain.window_moves import end_reached
from redrabbit.services.planning import required_reason
from redrabbit.services.ports import UnitOfWork
from redrabbit.services.record_fact import record
from redrabbit.services.telling_counts import tell, told_by


@dataclass(frozen=True, slots=True, kw_only=True)
class EndTold:
    """What ended a suspect window, as it is told (D34)."""

    end: WindowEnd = WindowEnd.STOP
    at: datetime | None = None
    """When it happened; None: now."""
    text: str | None = None
    """A person's words."""
    box_label: str | None = None
    """Of the first box, or the serial of the first piece, behind the window."""
    signal: str | None = None
    """The station's running signal, where that tells it."""


def end_window(
    uow: UnitOfWork,
    containment_id: ContainmentId,
    told: EndTold,
    *,
    count: PartCount | None,
    counted_at: datetime | None = None,
    actor: Actor,
) -> ContainmentRecord:
    """Record that a suspect window ended: by a stop, or the first piece under an alternate control.

    `count` is what its station had counted at `counted_at` (now, if not given); None where that can't be
    told. Refused when it has ended already, for an instant before it began or still to come, and for an
    alternate without the label of its first piece or a reason.
    """
    case = _open_case(uow, containment_id)
    if case.stopped_at is not None:
        raise Refusal("already_stopped_production", containment=containment_id)
    now = uow.now if counted_at is None else counted_at
    at = _happened_at(case, told.at, now)
    text, label = _optional(told.text, required_reason), _optional(told.box_label, _label)
    if told.end is WindowEnd.ALTERNATE and label is None:
        raise Refusal("label_required")
    if told.end is WindowEnd.ALTERNATE and text is None:
        raise Refusal("reason_required")
    if count is not None:
        tell(uow, case.line, case.station, count, CountedWhy.STOP, at=now)
    by_then = count if at == now else _counted_by(uow, case, at)
    reach = end_reached(case, at, by_then=by_then, counted=count, counted_at=now)
    ended = ContainmentStopped(
        containment_id=containment_id,
        window_end=told.end,
        box_label=label,
        reason_text=text,
        stop_signal=told.signal,
        counter_to=reach.until.counter,
        count_to=reach.until.count,
        ends_at=reach.ends_at,
        quantity=reach.parts.quantity,
        quantity_is_lower_bound=reach.parts.is_lower_bound,
        quantity_unknown=reach.parts.unknown,
    )
    record(uow, ended, stream=case.line, at=at, actor=actor)
    return _case(uow, containment_id)


def _happened_at(case: ContainmentRecord, at: datetime | None, now: datetime) -> datetime:
    if at is None:
        return now
    if not can_be_recorded(at):
        raise Refusal("instant_out_of_range", value=at.isoformat())
    if at > now:
        raise Refusal("stop_to_come", at=at)
    if case.window_from is not None and at < case.window_from:
        raise Refusal("stop_before_window", at=at, window_from=case.window_from)
    return at


def _counted_by(uow: UnitOfWork, case: ContainmentRecord, at: datetime) -> PartCount | None:
    """Return the last count that was told until an instant; None: none was."""
    told = told_by(uow, case.line, case.station, at)
    return told.count if told is not None else None


def _optional(text: str | None, cleaned: Callable[[str], str]) -> str | None:
    return cleaned(text) if text is not None and text.strip() else None


def _label(raw: str) -> str:
    label = clean_text(raw, MOST_CODE_CHARACTERS)
    if isinstance(label, TextProblem):
        raise Refusal(label.code, **label.params)
    return label


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
    closed = closing(uow, containment_id)
    record(uow, closed, stream=_case(uow, containment_id).line, actor=actor)
    return _case(uow, containment_id)


def closing(uow: UnitOfWork, containment_id: ContainmentId) -> ContainmentClosed:
    """Return what closes the case; refused as `close` is."""
    case = _open_case(uow, containment_id)
    left = left_to_do(case)
    if left:
        raise Refusal("containment_not_done", containment=containment_id, left=left[0].value)
    return ContainmentClosed(containment_id=containment_id)


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

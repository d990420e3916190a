"""What follows a miss: the containment with its suspect window, its reaction and its end.

L4: opened in the transaction that records the miss. D5: the window runs per device and failure
mode from the last first-presentation *detected* to the recorded stop. The case closes when a
re-verification has passed *and* every reaction step is done (B24).
"""

import json
from datetime import datetime

from redrabbit.domain.control_plan import Check
from redrabbit.domain.errors import Refusal
from redrabbit.domain.folding import payload_of
from redrabbit.domain.identity import Actor
from redrabbit.domain.ledger import Event
from redrabbit.domain.records import ContainmentRecord, PresentationRecord
from redrabbit.domain.suspect_window import parts_between
from redrabbit.domain.verdict import Verdict
from redrabbit.services.ports import Reader, UnitOfWork, Where, equals


def open_containment(
    uow: UnitOfWork,
    check: Check,
    missed: PresentationRecord,
    *,
    at: datetime,
    actor: Actor,
) -> ContainmentRecord | None:
    """Open the case of a miss; None where one is open for this device and failure mode already."""
    failure_mode = missed.failure_mode
    assert failure_mode is not None  # noqa: S101  a good master can't be missed
    if uow.find(
        ContainmentRecord,
        equals("device", missed.device),
        equals("failure_mode", failure_mode),
        equals("state", "open"),
        limit=1,
    ):
        return None
    good = last_good_check(uow, missed.device, failure_mode)
    found = parts_between(good.counter if good else None, missed.counter)
    number = uow.next_number(ContainmentRecord)
    reaction = [{"en": t.en, "zh": t.zh, "done_at": None, "done_by": None} for t in check.reaction]
    uow.append(
        Event(
            type="containment_opened",
            stream=missed.line,
            occurred_at=at,
            actor=actor,
            payload=payload_of(
                containment_id=number,
                line=missed.line,
                station=missed.station,
                device=missed.device,
                failure_mode=failure_mode,
                check_id=check.id,
                run_id=missed.run_id,
                step=missed.step,
                window_from=good.presented_at if good else None,
                window_from_run=good.run_id if good else None,
                counter_from=good.counter if good else None,
                counter_to=missed.counter,
                quantity=found.quantity,
                quantity_is_lower_bound=found.is_lower_bound,
                reaction=reaction,
            ),
        )
    )
    return uow.get(ContainmentRecord, number)


def last_good_check(
    reader: Reader, device: str, failure_mode: str | None = None
) -> PresentationRecord | None:
    """Return the last deciding *detected* of a device.

    A suspect window is about one failure mode (D5); without one it is the last of any, as the
    board shows it.
    """
    of_mode = () if failure_mode is None else (equals("failure_mode", failure_mode),)
    found = reader.find(
        PresentationRecord,
        equals("device", device),
        *of_mode,
        equals("verdict", Verdict.DETECTED.value),
        equals("decides", value=True),
        order_by="presented_at",
        descending=True,
        limit=1,
    )
    return found[0] if found else None


def record_stop(
    uow: UnitOfWork, containment_id: int, *, counter: int | None, actor: Actor
) -> ContainmentRecord:
    """Record that production stopped: the suspect window ends here. Refused when already done."""
    case = _open_case(uow, containment_id)
    if case.stopped_at is not None:
        raise Refusal("already_stopped_production", containment=containment_id)
    reached = counter if counter is not None else case.counter_to
    found = parts_between(case.counter_from, reached)
    _append(
        uow,
        case,
        "containment_stopped",
        actor,
        counter_to=reached,
        quantity=found.quantity,
        quantity_is_lower_bound=found.is_lower_bound or counter is None,
    )
    return _case(uow, containment_id)


def tick_reaction(
    uow: UnitOfWork, containment_id: int, *, step: int, actor: Actor
) -> ContainmentRecord:
    """Tick one reaction step as done; refused for a step that isn't there or is done."""
    case = _open_case(uow, containment_id)
    reaction = json.loads(case.reaction)
    if not 0 <= step < len(reaction):
        raise Refusal("no_such_step", containment=containment_id, step=step)
    if reaction[step]["done_at"] is not None:
        raise Refusal("step_already_done", containment=containment_id, step=step)
    reaction[step] |= payload_of(done_at=uow.now, done_by=actor.name)
    _append(uow, case, "reaction_changed", actor, reaction=reaction, step=step)
    close_if_done(uow, containment_id, actor=actor)
    return _case(uow, containment_id)


def note_reverified(uow: UnitOfWork, containment_id: int, *, run_id: int, actor: Actor) -> None:
    """Note a passing re-verification, and close the case if its reaction is done, too."""
    case = uow.get(ContainmentRecord, containment_id)
    if case is None or case.state != "open":
        return
    _append(uow, case, "containment_reverified", actor, run_id=run_id)
    close_if_done(uow, containment_id, actor=actor)


def close_if_done(uow: UnitOfWork, containment_id: int, *, actor: Actor) -> None:
    """Close a re-verified case whose every reaction step is done."""
    case = _case(uow, containment_id)
    if case.state == "reverified" and all(s["done_at"] for s in json.loads(case.reaction)):
        _append(uow, case, "containment_closed", actor)


def open_containments(reader: Reader) -> list[ContainmentRecord]:
    """Return the cases that are not closed, oldest first."""
    return reader.find(ContainmentRecord, Where("state", "!=", "closed"))


def _append(
    uow: UnitOfWork, case: ContainmentRecord, event_type: str, actor: Actor, /, **payload: object
) -> None:
    uow.append(
        Event(
            type=event_type,
            stream=case.line,
            occurred_at=uow.now,
            actor=actor,
            payload=payload_of(containment_id=case.containment_id, **payload),
        )
    )


def _case(uow: UnitOfWork, containment_id: int) -> ContainmentRecord:
    case = uow.get(ContainmentRecord, containment_id)
    if case is None:
        raise Refusal("no_such_containment", containment=containment_id)
    return case


def _open_case(uow: UnitOfWork, containment_id: int) -> ContainmentRecord:
    case = _case(uow, containment_id)
    if case.state == "closed":
        raise Refusal("containment_closed", containment=containment_id)
    return case

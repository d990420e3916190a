"""The cases that misses opened: the suspect window in parts, the reaction, the way back (L4, R24)."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from redrabbit.domain.containment_questions import open_containments
from redrabbit.domain.identity import containment_label
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import ContainmentRecord, RunRecord
from redrabbit.domain.run_questions import is_under_way, parts_of
from redrabbit.domain.text import Text
from redrabbit.services.ports import Reader, equals
from redrabbit.services.queries.places import Place, failure_mode_name, known_check, place
from redrabbit.services.queries.startable import PartToTake, part_to_take
from redrabbit.services.queries.wording import outcome_word

MOST_CLOSED: Final = 100
"""Closed cases on the list page, newest first; the API pages through the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainmentRow:
    """One case in a list."""

    containment: int
    label: str
    where: Place
    failure_mode: Text
    state: str
    opened_at: datetime
    window_from: datetime | None
    """None: unknown, since the start of records (D5)."""
    window_from_run: int | None
    window_to: datetime | None
    """None: the stop is not recorded, the window is still open."""
    counter_from: int | None
    counter_to: int | None
    quantity: int | None
    at_least: bool
    steps: int
    steps_done: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainmentsPage:
    """All cases."""

    now: datetime
    open: tuple[ContainmentRow, ...]
    closed: tuple[ContainmentRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReactionStep:
    """One step of the reaction plan."""

    step: int
    words: Text
    done_at: datetime | None
    done_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainmentPage:
    """One case: what is suspect, what was done, what is left to do."""

    now: datetime
    case: ContainmentRow
    run: int
    part: str | None
    stopped_by: str | None
    reaction: tuple[ReactionStep, ...]
    check: str | None
    """For the re-verification; None: the check was retired."""
    parts: tuple[PartToTake, ...]
    reverified_by_run: int | None
    run_under_way: int | None
    """A re-verification that is under way."""
    closed_at: datetime | None
    attempts: tuple[tuple[int, str, datetime], ...]
    """Re-verifications that did not succeed: run, outcome, when."""


def containments_page(reader: Reader, plant: Plant, now: datetime) -> ContainmentsPage:
    """Return all open cases, and the closed ones, newest first."""
    opened = open_containments(reader)
    closed = reader.find(
        ContainmentRecord,
        equals("state", "closed"),
        order_by="containment_id",
        descending=True,
        limit=MOST_CLOSED,
    )
    return ContainmentsPage(
        now=now,
        open=tuple(containment_row(plant, case) for case in reversed(opened)),
        closed=tuple(containment_row(plant, case) for case in closed),
    )


def containment_page(
    reader: Reader, plant: Plant, containment_id: int, now: datetime
) -> ContainmentPage:
    """Return one case; KeyError if there is none of that number."""
    case = reader.get(ContainmentRecord, containment_id)
    if case is None:
        raise KeyError(containment_id)
    check = known_check(plant, case.check_id)
    today = now.astimezone(plant.zone).date()
    tried = reader.find(RunRecord, equals("containment_id", containment_id))
    return ContainmentPage(
        now=now,
        case=containment_row(plant, case),
        run=case.run_id,
        part=_part_of(reader, case),
        stopped_by=case.stopped_by,
        reaction=tuple(
            ReactionStep(
                step=number,
                words=Text(en=step["en"], zh=step["zh"]),
                done_at=_instant(step.get("done_at")),
                done_by=step.get("done_by"),
            )
            for number, step in enumerate(json.loads(case.reaction))
        ),
        check=check.id if check is not None else None,
        parts=tuple(part_to_take(reader, plant, part, today) for part in check.parts)
        if check is not None
        else (),
        reverified_by_run=case.reverified_by_run,
        run_under_way=next((run.run_id for run in tried if is_under_way(run)), None),
        closed_at=case.closed_at,
        attempts=tuple(
            (run.run_id, outcome_word(run), run.started_at)
            for run in tried
            if not is_under_way(run) and run.run_id != case.reverified_by_run
        ),
    )


def containment_row(plant: Plant, case: ContainmentRecord) -> ContainmentRow:
    """Return a case as lists show it."""
    reaction = json.loads(case.reaction)
    mode = failure_mode_name(plant, case.failure_mode)
    assert mode is not None  # noqa: S101  a case is always about a failure mode
    return ContainmentRow(
        containment=case.containment_id,
        label=containment_label(case.containment_id),
        where=place(plant, case.line, case.station, case.device),
        failure_mode=mode,
        state=case.state,
        opened_at=case.opened_at,
        window_from=case.window_from,
        window_from_run=case.window_from_run,
        window_to=case.stopped_at,
        counter_from=case.counter_from,
        counter_to=case.counter_to,
        quantity=case.quantity,
        at_least=case.quantity_is_lower_bound,
        steps=len(reaction),
        steps_done=sum(step.get("done_at") is not None for step in reaction),
    )


def _part_of(reader: Reader, case: ContainmentRecord) -> str | None:
    run = reader.get(RunRecord, case.run_id)
    if run is None:
        return None
    parts = parts_of(run)
    return parts[case.step] if case.step < len(parts) else None


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text is not None else None

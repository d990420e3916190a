"""The cases that misses opened: the suspect window in parts, the reaction, the way back (L4, R24)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from redrabbit.base.messages import Message
from redrabbit.domain.containment_questions import (
    left_to_do,
    may_reverify,
    missed_in,
    open_containments,
    reaction_of,
)
from redrabbit.domain.control_plan import Check
from redrabbit.domain.facts.containment import ContainmentState
from redrabbit.domain.facts.fact import read_json
from redrabbit.domain.identity import ContainmentId, RunId, StationId
from redrabbit.domain.observation import StationView
from redrabbit.domain.part_count import PartCount
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import ContainmentRecord, RunRecord
from redrabbit.domain.repair import RepairCode
from redrabbit.domain.run_questions import is_under_way, parts_of
from redrabbit.domain.station_says import SaidOf
from redrabbit.domain.subject import Subject
from redrabbit.domain.text import Text
from redrabbit.domain.window_moves import goes_on, so_far
from redrabbit.services.ports import Reader, equals
from redrabbit.services.queries.approvals import ApprovalShown, approval_of
from redrabbit.services.queries.counts import count_closed_cases
from redrabbit.services.queries.newest import newest_first
from redrabbit.services.queries.people import Names, Person, names_in, person
from redrabbit.services.queries.place_names import (
    PlaceShown,
    failure_mode_name,
    known_check,
    place_of,
)
from redrabbit.services.queries.reasons import quoted
from redrabbit.services.queries.signatures import SignatureShown, entry_to_sign, signatures_of
from redrabbit.services.queries.startable import PartToTake, part_to_take
from redrabbit.services.queries.telling import in_words
from redrabbit.services.queries.verdicts import VerdictShown, verdict_shown
from redrabbit.services.queries.wording import grade_reached, message, outcome_word

MOST_CLOSED: Final = 100
"""Closed cases on the list page, newest first; the API pages through the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowEnded:
    """How a suspect window ended, as it was told (D34)."""

    how: str
    """`stop`, `running_signal`, or `alternate`."""
    at: datetime
    """When, as it was told; the window may reach until another instant."""
    words: str | None
    """A person's."""
    box_label: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainmentRow:
    """One case in a list."""

    containment: ContainmentId
    where: PlaceShown
    failure_mode: Text
    state: str
    opened_at: datetime
    known_by: str | None
    """By what it is known which part was missed (D29); None where nobody recorded it."""
    disputed: bool
    """Whether what was measured contradicts the part's certificate."""
    window_from: datetime | None
    """None: unknown, since the start of records (D5)."""
    window_from_run: RunId | None
    window_to: datetime | None
    """None: nothing has ended it, the window is still open."""
    ended: WindowEnded | None
    """How it ended."""
    seen_until: datetime
    """Until when the device was last seen to be blind, or for the first time to detect again."""
    seen_by_run: RunId
    proven_by_run: RunId | None
    """Which run verified the device again: what was made after it is not suspect."""
    counter_from: int | None
    counter_to: int | None
    variant: Text | str | None
    nest: Text | str | None
    """Of the part that was missed, in the words of its station's file where it has any; None: not known, or there
    is one of it (D34)."""
    quantity: int | None
    """Suspect parts; of a window that nothing has ended, as its station counts now."""
    is_counting: bool
    """True where that grows with each part that is made."""
    unknown: int
    """How many of them may be of another variant or nest."""
    at_least: bool
    """True while it is open, and wherever anything may have been skipped (D34)."""
    steps: int
    steps_done: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainmentsPage:
    """All cases."""

    now: datetime
    open: tuple[ContainmentRow, ...]
    closed: tuple[ContainmentRow, ...]
    closed_in_all: int
    """How many are closed; the list may show fewer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReactionStep:
    """One step of the reaction plan."""

    step: int
    words: Text
    done_at: datetime | None
    done_by: Person | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairShown:
    """What was repaired since the last miss."""

    words: Message
    text: Message | None
    """A person's words."""
    by: Person
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainmentPage:
    """One case: what is suspect, what was done, what is left to do."""

    now: datetime
    case: ContainmentRow
    run: RunId
    part: str | None
    verdict: VerdictShown | None
    """The miss that opened it, in words; None where it was erased."""
    stopped_by: Person | None
    reaction: tuple[ReactionStep, ...]
    repair: RepairShown | None
    repairs: tuple[str, ...]
    """The words of the list out of which a person says what was repaired; empty: nobody is asked now."""
    check: str | None
    """For the re-verification; None: it can't prove anything of the case any more, or needn't."""
    parts: tuple[PartToTake, ...]
    reverified_by_run: RunId | None
    reverified_at: datetime | None
    """When that run ended: a step of the reaction may say it earlier."""
    run_under_way: RunId | None
    """A re-verification that is under way."""
    left: tuple[Message, ...]
    """What must be done before the case may be closed; empty: nothing, or it is closed."""
    closed_at: datetime | None
    closed_by: Person | None
    attempts: tuple[tuple[RunId, str, str | None, datetime], ...]
    """Re-verifications that did not succeed: run, outcome, grade of its evidence, when."""
    approval: ApprovalShown | None
    """How it stands with the approval of its closing; None where nobody is asked."""
    signatures: tuple[SignatureShown, ...]
    to_sign: int | None
    """The entry that is signed; None: the case is not closed."""


Views = Mapping[StationId, StationView]
"""What stations show now, as far as it is asked for."""


def containments_page(
    reader: Reader, plant: Plant, now: datetime, views: Views | None = None
) -> ContainmentsPage:
    """Return all open cases, and the closed ones, newest first."""
    opened = open_containments(reader)
    over = (equals("state", ContainmentState.CLOSED),)
    closed, _ = newest_first(reader, ContainmentRecord, over, limit=MOST_CLOSED, after=None)
    return ContainmentsPage(
        now=now,
        open=tuple(
            containment_row(plant, case, view_of(views, case))
            for case in sorted(opened, key=lambda case: case.opened_at, reverse=True)
        ),
        closed=tuple(containment_row(plant, case) for case in closed),
        closed_in_all=count_closed_cases(reader),
    )


def containment_page(
    reader: Reader,
    plant: Plant,
    containment_id: ContainmentId,
    now: datetime,
    views: Views | None = None,
) -> ContainmentPage:
    """Return one case; KeyError if there is none of that id."""
    case = reader.get(ContainmentRecord, containment_id)
    if case is None:
        raise KeyError(containment_id)
    names = names_in(reader)
    check = _reverifying(plant, case)
    today = now.astimezone(plant.zone).date()
    tried = reader.find(RunRecord, equals("containment_id", containment_id))
    missed = missed_in(reader, case)
    under_way = next((run.run_id for run in tried if is_under_way(run)), None)
    return ContainmentPage(
        now=now,
        case=containment_row(plant, case, view_of(views, case)),
        run=case.run_id,
        part=_part_of(reader, case),
        verdict=verdict_shown(missed) if missed is not None else None,
        stopped_by=person(names, case.stopped_by, case.stopped_how, case.stopped_entry),
        reaction=reaction_shown(case, names),
        repair=repair_shown(case, names),
        repairs=repairs_asked(case, is_running=under_way is not None),
        check=check.id if check is not None else None,
        parts=tuple(part_to_take(reader, plant, part, today) for part in check.parts)
        if check is not None
        else (),
        reverified_by_run=case.reverified_by_run,
        reverified_at=next((r.ended_at for r in tried if r.run_id == case.reverified_by_run), None),
        run_under_way=under_way,
        left=_left(case),
        closed_at=case.closed_at,
        closed_by=person(names, case.closed_by, case.closed_how, case.closed_entry),
        attempts=tuple(
            (run.run_id, outcome_word(run), grade_reached(run), run.started_at)
            for run in tried
            if not is_under_way(run) and run.run_id != case.reverified_by_run
        ),
        approval=approval_of(reader, names, Subject.CONTAINMENT, containment_id, now),
        signatures=signatures_of(reader, names, Subject.CONTAINMENT, containment_id),
        to_sign=entry_to_sign(reader, Subject.CONTAINMENT, containment_id),
    )


def _reverifying(plant: Plant, case: ContainmentRecord) -> Check | None:
    """Return the check that missed, if a run of it as planned now would re-verify the case (L4)."""
    check = known_check(plant, case.check_id)
    return check if check is not None and may_reverify(plant, check, case) else None


def view_of(views: Views | None, case: ContainmentRecord) -> StationView | None:
    """Return what a case's station shows now; None where it isn't asked for."""
    return (views or {}).get(StationId(case.station))


def count_seen(views: Views | None, case: ContainmentRecord) -> PartCount | None:
    """Return what a case's station was seen to have counted last; None where it isn't asked for."""
    view = view_of(views, case)
    return view.counted_last if view is not None else None


def containment_row(
    plant: Plant, case: ContainmentRecord, view: StationView | None = None
) -> ContainmentRow:
    """Return a case as lists show it; `view` is what its station shows now."""
    parts = so_far(case, view.counted_last if view is not None else None)
    reaction = reaction_of(case)
    kept = read_json(Text, case.failure_mode_name)
    mode = kept or failure_mode_name(plant, case.failure_mode)
    assert mode is not None  # noqa: S101  a case is always about a failure mode
    return ContainmentRow(
        containment=case.containment_id,
        where=place_of(plant, case),
        failure_mode=mode,
        state=case.state,
        opened_at=case.opened_at,
        known_by=case.identity_kind,
        disputed=case.identity_disputed,
        window_from=case.window_from,
        window_from_run=case.window_from_run,
        window_to=case.window_to,
        ended=_ended(case),
        seen_until=case.seen_until,
        seen_by_run=case.reached_by_run or case.run_id,
        proven_by_run=case.reverified_by_run,
        counter_from=case.counter_from,
        counter_to=case.counter_to,
        variant=_words_of(plant, case, SaidOf.VARIANT, case.variant),
        nest=_words_of(plant, case, SaidOf.NEST, case.nest),
        quantity=parts.quantity,
        is_counting=goes_on(case) and view is not None and view.count is not None,
        unknown=parts.unknown,
        at_least=parts.is_lower_bound,
        steps=len(reaction),
        steps_done=sum(step.done_at is not None for step in reaction),
    )


def _words_of(
    plant: Plant, case: ContainmentRecord, of: SaidOf, value: str | None
) -> Text | str | None:
    """Return what the file of a case's station calls a variant or nest today; else its own word."""
    station = next((each for each in plant.stations if each.id == case.station), None)
    return in_words(station, of.value, value) if value is not None else None


def _ended(case: ContainmentRecord) -> WindowEnded | None:
    if case.stopped_at is None or case.window_end is None:
        return None
    how = "running_signal" if case.stop_signal is not None else case.window_end.value
    return WindowEnded(how=how, at=case.stopped_at, words=case.stop_text, box_label=case.box_label)


def reaction_shown(case: ContainmentRecord, names: Names) -> tuple[ReactionStep, ...]:
    """Return the steps of the reaction, in order, with who did which."""
    return tuple(
        ReactionStep(
            step=number,
            words=Text(en=step.en, zh=step.zh),
            done_at=step.done_at,
            done_by=person(names, step.done_by, step.done_how, step.done_at),
        )
        for number, step in enumerate(reaction_of(case))
    )


def repair_shown(case: ContainmentRecord, names: Names) -> RepairShown | None:
    """Return what was repaired; None while nobody has said, or where the device missed again since."""
    if case.repair_code is None or case.repaired_at is None or case.repaired_by is None:
        return None
    return RepairShown(
        words=message(f"repair.{case.repair_code.value}"),
        text=quoted(case.repair_text) if case.repair_text is not None else None,
        by=person(names, case.repaired_by, case.repaired_how, case.repaired_entry),
        at=case.repaired_at,
    )


def repairs_asked(case: ContainmentRecord, *, is_running: bool) -> tuple[str, ...]:
    """Return the list that a person may choose from now; empty once verified again, or in a run."""
    asked = case.state is ContainmentState.OPEN and not is_running
    return tuple(code.value for code in RepairCode) if asked else ()


def _left(case: ContainmentRecord) -> tuple[Message, ...]:
    if case.state is ContainmentState.CLOSED:
        return ()
    return tuple(message(f"todo.{todo.value}") for todo in left_to_do(case))


def _part_of(reader: Reader, case: ContainmentRecord) -> str | None:
    run = reader.get(RunRecord, case.run_id)
    if run is None:
        return None
    parts = parts_of(run)
    return parts[case.step] if case.step < len(parts) else None

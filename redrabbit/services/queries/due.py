"""What is due: overdue first, then due, then what is coming; and what lapsed lately (B15, B16, R13)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from redrabbit.base.messages import Message
from redrabbit.domain.facts.occurrence import DecisionCode, first_times
from redrabbit.domain.identity import CheckId, OccurrenceId, PartId, PauseId, RunId
from redrabbit.domain.occurrence import OccurrenceStatus, holding_run, may_be_excused, status
from redrabbit.domain.pauses import PausesByLine, pauses_after, undecided, unended_pauses
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import CheckRecord, OccurrenceRecord, RunRecord
from redrabbit.domain.run_questions import parts_of
from redrabbit.domain.run_words import AGAIN_WITHOUT_VERDICT
from redrabbit.domain.text import Text
from redrabbit.services.ports import Reader, Where, equals
from redrabbit.services.queries.approvals import ApprovalShown, excuses_asked
from redrabbit.services.queries.beside_status import without_verdict
from redrabbit.services.queries.people import Names, Person, names_in, person
from redrabbit.services.queries.place_names import (
    PlaceShown,
    known_check,
    line_name,
    place_of,
    place_today,
)
from redrabbit.services.queries.reasons import postponed_words, why_decided, will_be_postponed
from redrabbit.services.queries.wording import message
from redrabbit.services.rotating import owed_parts
from redrabbit.services.unmade import decided_ahead, dues_left

LOOK_BACK: Final = timedelta(days=7)
"""How far back lapsed and excused occurrences are listed here; the records keep them all."""

MOST_SHOWN: Final = 50
"""Rows of what is over; the API pages through the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueRow:
    """One occurrence, or one that the plan says will come."""

    occurrence: OccurrenceId | None
    check: str
    line: Text
    station: str
    operation: str
    device: Text
    status: str
    due_at: datetime
    timing: Message
    """How it stands to its time: `overdue for 19 min`, `due in 6 min`."""
    window: Message
    """When it may be run: early from, on time until, closed at (B16)."""
    postponed: Message | None
    """From when to when which pause of its line moved it (D56)."""
    pause: PauseId | None
    """That pause, or the one that excused it."""
    parts: tuple[str, ...]
    can_excuse: bool
    asked: ApprovalShown | None
    """The request to excuse it, which waits for an approval; it is due as ever."""
    under_way: RunId | None
    """The run that is under way for it."""
    without_verdict: Message | None
    """Runs of its check in a row that came to no verdict (D4)."""
    reason: Message | None
    by: Person | None
    signed_at: int | None
    """The entry by which a person excused it, which is signed; None: nobody did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgainRow:
    """A check that came to no verdict several times in a row."""

    check: str
    where: PlaceShown
    without_verdict: Message
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseRow:
    """One pause of a line that is not over, or was not some days ago."""

    pause: PauseId
    line: Text
    begins_at: datetime
    ends_at: datetime
    reason: str
    declared_by: Person
    is_over: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DuePage:
    """What is due, overdue, coming, lapsed; and the pauses."""

    now: datetime
    again: tuple[AgainRow, ...]
    """Checks that were run again and again without a verdict, whether they are due or not (D4)."""
    overdue: tuple[DueRow, ...]
    due: tuple[DueRow, ...]
    coming: tuple[DueRow, ...]
    lapsed: tuple[DueRow, ...]
    excused: tuple[DueRow, ...]
    over_in_all: Mapping[str, int]
    """How many lapsed and were excused lately; the lists may show fewer (B34)."""
    is_cut: bool
    """True where more lapsed or was excused lately than is listed."""
    pauses: tuple[PauseRow, ...]
    lines: tuple[tuple[str, Text], ...]
    """For the form that declares a pause."""


def due_page(reader: Reader, plant: Plant, now: datetime) -> DuePage:
    """Return the page as it stands at `now`; statuses are computed from frozen times (D9)."""
    names = names_in(reader)
    adopted = reader.find(CheckRecord, equals("retired_at", None))
    in_a_row = {check.check_id: check.runs_without_verdict for check in adopted}
    asked = excuses_asked(reader, names, now)
    owed = undecided(reader, now)
    with_status = [(occurrence, status(occurrence, now)) for occurrence in owed]
    lately = Where("due_at", ">=", now - LOOK_BACK)
    over = reader.find(
        OccurrenceRecord,
        Where("outcome", "in", ("lapsed", "excused")),
        lately,
        order_by="due_at",
        descending=True,
        limit=MOST_SHOWN + 1,
    )
    listed = over[:MOST_SHOWN]
    taken = {check.id: owed_parts(reader, plant, check, now) for check in plant.plan.checks}
    ahead, pauses = decided_ahead(reader, now), pauses_after(reader, now)

    def rows(*wanted: OccurrenceStatus) -> tuple[DueRow, ...]:
        return tuple(
            replace(
                _row(plant, names, o, stand.value, now),
                parts=_parts(reader, taken, o),
                without_verdict=without_verdict(in_a_row.get(o.check_id, 0)),
                asked=asked.get(o.occurrence_id),
            )
            for o, stand in with_status
            if stand in wanted
        )

    def past(outcome: str) -> tuple[DueRow, ...]:
        return tuple(_row(plant, names, o, outcome, now) for o in listed if o.outcome == outcome)

    lapsing, excused = rows(OccurrenceStatus.LAPSED), rows(OccurrenceStatus.EXCUSED)
    recorded = {
        outcome: reader.count(OccurrenceRecord, Where("outcome", "in", (outcome,)), lately)
        for outcome in ("lapsed", "excused")
    }
    return DuePage(
        now=now,
        again=_again(plant, adopted),
        overdue=rows(OccurrenceStatus.OVERDUE),
        due=rows(OccurrenceStatus.DUE, OccurrenceStatus.OPEN),
        coming=(
            *rows(OccurrenceStatus.UPCOMING),
            *_planned(plant, adopted, owed, ahead, taken, pauses=pauses, now=now),
        ),
        lapsed=(*lapsing, *past("lapsed")),
        excused=(*excused, *past("excused")),
        over_in_all={
            "lapsed": recorded["lapsed"] + len(lapsing),
            "excused": recorded["excused"] + len(excused),
        },
        is_cut=len(over) > len(listed),
        pauses=_pauses(reader, plant, names, now),
        lines=tuple((line.id, line.name) for line in plant.lines),
    )


def _row(
    plant: Plant, names: Names, occurrence: OccurrenceRecord, stand: str, now: datetime
) -> DueRow:
    check = known_check(plant, occurrence.check_id)
    where = place_of(plant, occurrence)
    run_id = holding_run(occurrence)
    return DueRow(
        occurrence=occurrence.occurrence_id,
        check=occurrence.check_id,
        line=where.line,
        station=where.station,
        operation=where.operation,
        device=where.device,
        status=stand,
        due_at=occurrence.due_at,
        timing=_timing(occurrence, stand, now),
        window=message(
            "due.window",
            opens_at=occurrence.opens_at,
            grace_ends_at=occurrence.grace_ends_at,
            closes_at=occurrence.closes_at,
        ),
        postponed=postponed_words(occurrence),
        pause=occurrence.pause_id or occurrence.moved_by_pause,
        parts=tuple(check.parts) if check is not None else (),
        can_excuse=may_be_excused(occurrence, now),
        asked=None,
        under_way=run_id,
        without_verdict=None,
        reason=why_decided(plant, occurrence),
        by=person(names, occurrence.decided_by, occurrence.decided_how, occurrence.decided_entry),
        signed_at=occurrence.decided_entry
        if occurrence.reason_code is DecisionCode.PERSON
        else None,
    )


def _parts(
    reader: Reader, taken: Mapping[CheckId, tuple[PartId, ...]], occurrence: OccurrenceRecord
) -> tuple[PartId, ...]:
    """Return the parts that the run under way takes, else those that the next one does."""
    under_way = holding_run(occurrence)
    run = None if under_way is None else reader.get(RunRecord, under_way)
    if run is not None:
        return tuple(parts_of(run))
    return taken.get(CheckId(occurrence.check_id), ())


def _timing(occurrence: OccurrenceRecord, stand: str, now: datetime) -> Message:
    match stand:
        case "overdue":
            return message("board.overdue", overdue=now - occurrence.grace_ends_at)
        case "due" | "open" if occurrence.due_at > now:
            return message("board.due_in", ahead=occurrence.due_at - now)
        case "due" | "open":
            return message("board.due_until", until=occurrence.grace_ends_at)
        case "upcoming":
            return message("due.ahead", ahead=occurrence.due_at - now)
        case "lapsed":
            return message("due.lapsed_at", closed_at=occurrence.closes_at)
        case _ if occurrence.reason_code is DecisionCode.PAUSE:
            return message("status.excused")
        case _:
            return message(f"occurrence.{stand}")


def _again(plant: Plant, adopted: Iterable[CheckRecord]) -> tuple[AgainRow, ...]:
    rows = [
        AgainRow(
            check=check.check_id,
            where=place_today(plant, check.line, check.station, check.device),
            without_verdict=message("without_verdict.again", n=check.runs_without_verdict),
            since=check.without_verdict_since,
        )
        for check in adopted
        if check.without_verdict_since is not None
        and check.runs_without_verdict >= AGAIN_WITHOUT_VERDICT
    ]
    return tuple(sorted(rows, key=lambda row: row.since))


def _planned(
    plant: Plant,
    adopted: Iterable[CheckRecord],
    owed: Iterable[OccurrenceRecord],
    ahead: Sequence[OccurrenceRecord],
    taken: Mapping[CheckId, tuple[PartId, ...]],
    *,
    pauses: PausesByLine,
    now: datetime,
) -> tuple[DueRow, ...]:
    """Return each check's next due time that is not a row yet (D9), behind those that were decided ahead of it."""
    known = {(o.check_id, first_times(o).due_at) for o in owed}
    rows: list[DueRow] = []
    for record in adopted:
        check = known_check(plant, record.check_id)
        if check is None:
            continue
        left = dues_left(plant, check, record.adopted_at, ahead, pauses=pauses, now=now)
        due = next(left, None)
        if due is None or (check.id, due.first.due_at) in known:
            continue
        station, device = plant.station_of(check.device)
        rows.append(
            DueRow(
                occurrence=None,
                check=check.id,
                line=line_name(plant, check.line),
                station=station.id,
                operation=station.operation,
                device=device.name,
                status="upcoming",
                due_at=due.due_at,
                timing=message("due.ahead", ahead=due.due_at - now),
                window=message(
                    "due.window",
                    opens_at=due.opens_at,
                    grace_ends_at=due.grace_ends_at,
                    closes_at=due.closes_at,
                ),
                postponed=will_be_postponed(due),
                pause=None if due.stands.pause is None else due.stands.pause.pause_id,
                parts=taken[check.id],
                can_excuse=False,
                asked=None,
                under_way=None,
                without_verdict=None,
                reason=None,
                by=None,
                signed_at=None,
            )
        )
    return tuple(sorted(rows, key=lambda row: row.due_at))


def _pauses(reader: Reader, plant: Plant, names: Names, now: datetime) -> tuple[PauseRow, ...]:
    pauses = sorted(unended_pauses(reader, now - LOOK_BACK), key=lambda pause: pause.begins_at)
    return tuple(
        PauseRow(
            pause=pause.pause_id,
            line=line_name(plant, pause.line),
            begins_at=pause.begins_at,
            ends_at=pause.ends_at,
            reason=pause.reason_text,
            declared_by=person(names, pause.declared_by, pause.declared_how, pause.declared_entry),
            is_over=pause.ends_at <= now,
        )
        for pause in pauses
    )

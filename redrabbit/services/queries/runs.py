"""The records: runs by line, device, period and outcome, a page at a time (R22, B30)."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from redrabbit.base.messages import Message
from redrabbit.domain.identity import RunId
from redrabbit.domain.plant import Plant
from redrabbit.domain.presentation_questions import was_silent
from redrabbit.domain.records import PresentationRecord, RunRecord
from redrabbit.domain.text import Text
from redrabbit.services.ports import Reader, Where, equals
from redrabbit.services.queries.newest import newest_first
from redrabbit.services.queries.people import Names, Person, person
from redrabbit.services.queries.place_names import place_of
from redrabbit.services.queries.verdicts import verdict_word
from redrabbit.services.queries.wording import UNDER_WAY_WORD, grade_reached, outcome_word
from redrabbit.services.runs_under_way import UNDER_WAY

PAGE_ROWS: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFilter:
    """What is asked for; dates are plant-local and both included."""

    line: str | None = None
    device: str | None = None
    from_date: date | None = None
    to_date: date | None = None
    outcome: str | None = None
    """A run's outcome, or `under_way`."""
    before: RunId | None = None
    """Cursor: only runs older than this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One run in the list."""

    run: RunId
    line: Text
    operation: str
    device: Text
    purpose: str
    outcome: str
    """Its outcome, or `under_way`."""
    grade: str | None
    """Of its evidence (D28); None where it has none, or none yet."""
    counts: bool
    """Whether it counts for the control plan (D28, D33)."""
    started_at: datetime
    late: timedelta | None
    """How long after the end of its grace, or None where it was in time or not scheduled."""
    started_by: Person
    verdicts: tuple[tuple[str, str, Message, str | None], ...]
    """Part, verdict and grade of each deciding presentation, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsPage:
    """A page of runs, newest first."""

    now: datetime
    wanted: RunFilter
    rows: tuple[RunRow, ...]
    next_before: str | None
    """Cursor of the next page; None: this is the last."""
    total: int
    """How many runs match, on all pages."""
    filtered: bool
    lines: tuple[tuple[str, Text], ...]
    devices: tuple[tuple[str, Text], ...]
    root: str
    size: int


def runs_page(reader: Reader, plant: Plant, wanted: RunFilter, now: datetime) -> RunsPage:
    """Return one page of the runs that match."""
    conditions = run_conditions(plant, wanted)
    runs, following = newest_first(
        reader, RunRecord, conditions, limit=PAGE_ROWS, after=wanted.before
    )
    head = reader.head()
    return RunsPage(
        now=now,
        wanted=wanted,
        rows=_rows(reader, plant, runs),
        next_before=following,
        total=reader.count(RunRecord, *conditions),
        filtered=bool(conditions),
        lines=tuple((line.id, line.name) for line in plant.lines),
        devices=tuple((d.id, d.name) for station in plant.stations for d in station.devices),
        root=head.root,
        size=head.size,
    )


def run_conditions(plant: Plant, wanted: RunFilter) -> tuple[Where, ...]:
    """Return the conditions of a filter, without its cursor."""
    conditions: list[Where] = []
    if wanted.line:
        conditions.append(equals("line", wanted.line))
    if wanted.device:
        conditions.append(equals("device", wanted.device))
    if wanted.from_date:
        begins = datetime.combine(wanted.from_date, time.min, plant.zone)
        conditions.append(Where("started_at", ">=", begins))
    if wanted.to_date and wanted.to_date < date.max:
        ends = datetime.combine(wanted.to_date + timedelta(days=1), time.min, plant.zone)
        conditions.append(Where("started_at", "<", ends))
    if wanted.outcome == UNDER_WAY_WORD:
        conditions.append(UNDER_WAY)
    elif wanted.outcome:
        conditions.append(equals("outcome", wanted.outcome))
    return tuple(conditions)


def _rows(reader: Reader, plant: Plant, runs: list[RunRecord]) -> tuple[RunRow, ...]:
    presentations = (
        reader.find(PresentationRecord, Where("run_id", "in", tuple(run.run_id for run in runs)))
        if runs
        else []
    )
    verdicts: dict[RunId, list[tuple[str, str, Message, str | None]]] = {}
    for presentation in presentations:
        if presentation.decides and presentation.verdict is not None:
            verdicts.setdefault(presentation.run_id, []).append(
                (
                    presentation.part_id,
                    presentation.verdict,
                    verdict_word(presentation.verdict, is_silent=was_silent(presentation)),
                    presentation.grade,
                )
            )
    names = reader.names()
    return tuple(_row(plant, names, run, tuple(verdicts.get(run.run_id, ()))) for run in runs)


def _row(
    plant: Plant,
    names: Names,
    run: RunRecord,
    verdicts: tuple[tuple[str, str, Message, str | None], ...],
) -> RunRow:
    where = place_of(plant, run)
    return RunRow(
        run=run.run_id,
        line=where.line,
        operation=where.operation,
        device=where.device,
        purpose=run.purpose,
        outcome=outcome_word(run),
        grade=grade_reached(run),
        counts=run.not_counted is None,
        started_at=run.started_at,
        late=timedelta(seconds=run.late_s) if run.late_s is not None and run.late_s > 0 else None,
        started_by=person(names, run.started_by, run.started_how),
        verdicts=verdicts,
    )

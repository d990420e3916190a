"""The records: runs by line, device, period and outcome, a page at a time (R22, B30)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from redrabbit.base.messages import Message
from redrabbit.domain.identity import RunId
from redrabbit.domain.plant import Plant
from redrabbit.domain.presentation_questions import was_silent
from redrabbit.domain.records import PresentationRecord, RunRecord
from redrabbit.domain.shift_calendar import span_of_days
from redrabbit.domain.text import Text
from redrabbit.services.ports import Reader, Where
from redrabbit.services.queries.counts import (
    RunsWanted,
    count_runs,
    outcome_conditions,
    place_conditions,
)
from redrabbit.services.queries.newest import newest_first
from redrabbit.services.queries.people import Names, Person, names_in, person
from redrabbit.services.queries.place_names import place_of
from redrabbit.services.queries.verdicts import verdict_word
from redrabbit.services.queries.wording import grade_reached, outcome_word

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
    asked = _asked(plant, wanted)
    conditions = _conditions(reader, asked)
    runs, following = newest_first(
        reader, RunRecord, conditions, limit=PAGE_ROWS, after=wanted.before
    )
    head = reader.head()
    return RunsPage(
        now=now,
        wanted=wanted,
        rows=_rows(reader, plant, runs),
        next_before=following,
        total=count_runs(reader, asked),
        filtered=asked != RunsWanted(),
        lines=tuple((line.id, line.name) for line in plant.lines),
        devices=tuple((d.id, d.name) for station in plant.stations for d in station.devices),
        root=head.root,
        size=head.size,
    )


def _asked(plant: Plant, wanted: RunFilter) -> RunsWanted:
    """Return what a filter asks for, without its cursor."""
    begin, end = span_of_days(plant.zone, wanted.from_date, wanted.to_date)
    return RunsWanted(
        line=wanted.line or None,
        device=wanted.device or None,
        begin=begin,
        end=end,
        outcome=wanted.outcome or None,
    )


def _conditions(reader: Reader, asked: RunsWanted) -> tuple[Where, ...]:
    conditions = [*place_conditions(reader, asked)]
    if asked.begin is not None:
        conditions.append(Where("started_at", ">=", asked.begin))
    if asked.end is not None:
        conditions.append(Where("started_at", "<", asked.end))
    return (*conditions, *outcome_conditions(asked.outcome))


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
    names = names_in(reader)
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
        started_by=person(names, run.started_by, run.started_how, run.started_entry),
        verdicts=verdicts,
    )

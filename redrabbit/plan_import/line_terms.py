"""What a line of a plan says of its window, of what counts, and of how long a run may take."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Final

from redrabbit.base.sentence import sentence
from redrabbit.domain.grade import Grade
from redrabbit.plan_import.cell_words import one_line, span_length, span_of
from redrabbit.plan_import.find_table import Table
from redrabbit.plan_import.finding import Findings
from redrabbit.plan_import.grid import plain
from redrabbit.plan_import.header_words import Column

ANY: Final = "any"
"""A least grade of a plan that has a column for it, and demands none in this line."""
MOST_RUNS: Final = 100
"""Inconclusive runs until somebody is told; more are no number of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The terms of one line as it says them, spans in one form such as `30 min`; None: it does not say it."""

    check: str | None = None
    """The id of its check, in a plan that was written by `plan export`."""
    opens_before: str | None = None
    grace: str | None = None
    closes_after: str | None = None
    least_grade: str | None = None
    """A to E, or `any`."""
    arming_timeout: str | None = None
    return_timeout: str | None = None
    run_timeout: str | None = None
    inconclusive_runs: str | None = None

    def as_json(self) -> dict[str, str | None]:
        """Return them as the dry run's JSON has them."""
        return asdict(self)


_SPANS: Final = (
    Column.OPENS_BEFORE,
    Column.GRACE,
    Column.CLOSES_AFTER,
    Column.ARMING_TIMEOUT,
    Column.RETURN_TIMEOUT,
    Column.RUN_TIMEOUT,
)


def read_terms(
    table: Table,
    row: int,
    findings: Findings,
    said: Callable[[Column], str],
    *,
    verifies: bool,
) -> Terms:
    """Return the terms of a row; `said` returns what it says in a column. Of a line that verifies a device, what is not understood is an error."""
    tell = findings.error if verifies else findings.note

    def span(column: Column) -> str | None:
        text = said(column)
        if text and span_length(text) is None:
            tell(
                "span_not_understood",
                table.place(row, column),
                sentence(
                    "{text!r} is no length of time; expected a number and a unit, such as 30 min, 4 h or 1 d",
                    text=one_line(text),
                ),
            )
        return span_of(text)

    spans = {column.value: span(column) for column in _SPANS}
    return Terms(
        check=plain(said(Column.CHECK)) or None,
        least_grade=_grade(table, row, said(Column.LEAST_GRADE), tell),
        inconclusive_runs=_runs(table, row, said(Column.INCONCLUSIVE_RUNS), tell),
        **spans,
    )


_Tell = Callable[..., None]


def _grade(table: Table, row: int, text: str, tell: _Tell) -> str | None:
    if Column.LEAST_GRADE not in table.columns:
        return None
    grade = plain(text).upper()
    if grade and grade not in {each.value for each in Grade}:
        tell(
            "grade_not_understood",
            table.place(row, Column.LEAST_GRADE),
            sentence(
                "{text!r} is no grade of evidence; expected A to E, or nothing", text=one_line(text)
            ),
        )
    return grade or ANY


def _runs(table: Table, row: int, text: str, tell: _Tell) -> str | None:
    number = plain(text)
    if number and not (number.isdecimal() and 1 <= int(number) <= MOST_RUNS):
        tell(
            "runs_not_understood",
            table.place(row, Column.INCONCLUSIVE_RUNS),
            sentence(
                "{text!r} is no number of runs; expected 1 to {most}",
                text=one_line(text),
                most=MOST_RUNS,
            ),
        )
    return number or None

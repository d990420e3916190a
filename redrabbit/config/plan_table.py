"""control_plan.csv: a table with one check a row, as a spreadsheet saves it ("CSV UTF-8").

Makes the tree that `plan_file` reads from YAML, so that both say the same and are judged alike.
Places are row:column of the table, counted from 1, the header being row 1.

    control_plan, revision, effective_from      the same in every row, or given in the first only
    check, plan_line, pfmea, device, schedule, opens_before, grace, closes_after, …
    parts                                       separated by blanks, each id once
    reaction_en, reaction_zh                    steps separated by |
"""

import csv
import io
from itertools import zip_longest
from typing import Final

from redrabbit.base.sentence import sentence, words_of
from redrabbit.config.located_yaml import Mapping, Node, Scalar, Sequence
from redrabbit.config.plan_file import CHECK, PLAN
from redrabbit.config.problem import Problems, SourcePosition, nearest, one_of

PLAN_COLUMNS: Final = tuple(key for key in PLAN.keys if key not in {"version", "checks"})
REACTION_COLUMNS: Final = ("reaction_en", "reaction_zh")
CHECK_COLUMNS: Final = tuple(key for key in CHECK.keys if key != "reaction")
COLUMNS: Final = (*PLAN_COLUMNS, "check", *CHECK_COLUMNS, *REACTION_COLUMNS)
REQUIRED: Final = (
    "control_plan",
    "revision",
    "check",
    *(key for key in CHECK_COLUMNS if CHECK.keys[key].required),
    *REACTION_COLUMNS,
)
STEP_SEPARATOR: Final = "|"
MOST_ROWS: Final = 5_000
"""A row is a check: more than the largest plants have."""


def parse_table(text: str, file: str, problems: Problems) -> Node | None:
    """Return the plan as a tree; None when the table has no usable header."""
    rows = _rows(text, file, problems)
    if rows is None:
        return None
    if not rows or not any(rows[0]):
        problems.add(
            SourcePosition(file),
            "an empty table",
            sentence("a header with {required}", required=", ".join(REQUIRED)),
        )
        return None
    columns = _columns(rows[0], file, problems)
    if columns is None:
        return None
    top = Mapping([], SourcePosition(file))
    checks = Mapping([], SourcePosition(file))
    seen: dict[str, SourcePosition] = {}
    filled = [(n, row) for n, row in enumerate(rows[1:], 2) if any(cell.strip() for cell in row)]
    if not filled:
        problems.add(SourcePosition(file, 2), "no rows below the header", "a row for each check")
        return None
    for number, row in filled:
        cells = _cells(row, number, columns, file, problems)
        if cells is not None:
            _take_plan_cells(top, cells, problems)
            _take_check(checks, cells, seen, problems)
    top.entries.append((Scalar("checks", SourcePosition(file)), checks))
    return top


def _rows(text: str, file: str, problems: Problems) -> list[list[str]] | None:
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), strict=True):
            if len(rows) > MOST_ROWS:
                problems.add(
                    SourcePosition(file, len(rows)),
                    "more rows",
                    sentence("at most {most_rows} checks", most_rows=MOST_ROWS),
                )
                return None
            rows.append(row)
    except csv.Error as error:
        problems.add(
            SourcePosition(file, len(rows) + 1),
            sentence("broken CSV ({problem})", problem=words_of(error)),
            "cells quoted as in CSV",
        )
        return None
    return rows


def _columns(header: list[str], file: str, problems: Problems) -> list[str] | None:
    """Return the names of the columns; None when the header can't be used."""
    before = len(problems.found)
    names = [name.strip() for name in header]
    if len(names) == 1 and ";" in names[0]:
        found = "columns separated by ';'"
        problems.add(SourcePosition(file), found, "columns separated by ','", "save as CSV UTF-8")
        return None
    for column, name in enumerate(names, 1):
        place = SourcePosition(file, 1, column)
        if name not in COLUMNS:
            found = sentence("unknown column {name!r}", name=name)
            problems.add(place, found, one_of(COLUMNS), nearest(name, COLUMNS))
        elif name in names[: column - 1]:
            problems.add(
                place, sentence("the column {name!r} a second time", name=name), "each column once"
            )
    for name in REQUIRED:
        if name not in names:
            problems.add(
                SourcePosition(file),
                sentence("no column {name!r}", name=name),
                sentence("the columns {required}", required=", ".join(REQUIRED)),
            )
    return names if len(problems.found) == before else None


def _cells(
    row: list[str], number: int, columns: list[str], file: str, problems: Problems
) -> dict[str, Scalar] | None:
    """Return the cells by column; those that a short row lacks are empty."""
    if any(cell.strip() for cell in row[len(columns) :]):
        place = SourcePosition(file, number, len(columns) + 1)
        hint = "a cell with a comma in it needs quotes"
        problems.add(
            place,
            sentence("{n} cells", n=len(row)),
            sentence("{n}, as in the header", n=len(columns)),
            hint,
        )
        return None
    return {
        name: Scalar(cell.strip(), SourcePosition(file, number, column))
        for column, (name, cell) in enumerate(zip_longest(columns, row, fillvalue=""), 1)
        if name
    }


def _take_plan_cells(top: Mapping, cells: dict[str, Scalar], problems: Problems) -> None:
    """Take number, revision and date of the plan, which no two rows may say differently."""
    for name in PLAN_COLUMNS:
        cell = cells.get(name)
        if cell is None or not cell.text:
            continue
        first = top.get(name)
        if first is None:
            top.entries.append((Scalar(name, cell.place), cell))
        elif isinstance(first, Scalar) and first.text != cell.text:
            problems.add(
                cell.place,
                sentence("{name} {text!r}", name=name, text=cell.text),
                sentence("{text!r} in every row", text=first.text),
                sentence("the first stands at {place}", place=first.place),
            )


def _take_check(
    checks: Mapping, cells: dict[str, Scalar], seen: dict[str, SourcePosition], problems: Problems
) -> None:
    name = cells["check"]
    if not name.text:
        problems.add(name.place, "a row without a check", "the id of the check")
        return
    if name.text in seen:
        hint = sentence("the first stands at {seen}", seen=seen[name.text])
        problems.add(
            name.place,
            sentence("the check {text!r} a second time", text=name.text),
            "each check once",
            hint,
        )
        return
    seen[name.text] = name.place
    entries: list[tuple[Scalar, Node]] = []
    for column in CHECK_COLUMNS:
        cell = cells.get(column)
        if cell is not None and (cell.text or CHECK.keys[column].required):
            value = _part_list(cell) if column == "parts" else cell
            entries.append((Scalar(column, cell.place), value))
    reaction = _reaction(cells, problems)
    entries.append((Scalar("reaction", reaction.place), reaction))
    checks.entries.append((name, Mapping(entries, name.place)))


def _reaction(cells: dict[str, Scalar], problems: Problems) -> Sequence:
    """Return the steps in both languages, which must be equally many."""
    english, chinese = (cells[name] for name in REACTION_COLUMNS)
    steps = [_steps(english), _steps(chinese)]
    if len(steps[0]) != len(steps[1]):
        found = sentence(
            "{n} steps in English, {n_2} in Chinese", n=len(steps[0]), n_2=len(steps[1])
        )
        problems.add(chinese.place, found, "the same steps in both languages, separated by |")
    pairs: list[Node] = [
        Mapping([(Scalar("en", one.place), one), (Scalar("zh", other.place), other)], one.place)
        for one, other in zip(*steps, strict=False)
    ]
    return Sequence(pairs, english.place)


def _part_list(cell: Scalar) -> Sequence:
    return Sequence([Scalar(word, cell.place) for word in cell.text.split()], cell.place)


def _steps(cell: Scalar) -> list[Scalar]:
    return [
        Scalar(step.strip(), cell.place, quoted=True) for step in cell.text.split(STEP_SEPARATOR)
    ]

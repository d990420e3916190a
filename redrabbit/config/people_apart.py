"""A table of people that somebody sends to a running service: read in a process of its own (`redrabbit.base.apart`), then looked at.

    python -m redrabbit.config.people_apart FILE      writes the rows as JSON

What it writes is data and nothing else: it has read a stranger's file.
"""

import json
import sys
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from redrabbit.base.apart import keep_to_memory, output_of
from redrabbit.base.bounded import MB, TooLarge
from redrabbit.base.private_files import write_private
from redrabbit.base.sentence import Sentence, sentence
from redrabbit.config.people_table import read_people, words_of_lines
from redrabbit.config.problem import Problem, Problems, SourcePosition
from redrabbit.config.sheet import Row, read_sheet
from redrabbit.domain.plant import Plant
from redrabbit.services.importing_people import CellProblem, PeopleTable

MOST_SECONDS: Final = 10
MOST_MEMORY: Final = 1_000 * MB
MOST_AT_ONCE: Final = 100
"""Beside a running service: taking a row holds up what stations record, for a moment; more take the command, or several tables."""
ENDINGS: Final = (".csv", ".xlsx")


def read_people_apart(content: bytes, name: str, plant: Plant) -> PeopleTable:
    """Return what a table says, and everything that is wrong with it, of a file with this name."""
    problems = Problems()
    rows = _rows(content, name, problems)
    if rows is not None and len(rows) > MOST_AT_ONCE + 1:
        problems.add(
            SourcePosition(name, MOST_AT_ONCE + 2),
            sentence("more rows"),
            sentence("a table of at most {most} people", most=MOST_AT_ONCE),
        )
        rows = None
    people = () if rows is None else read_people(rows, name, words_of_lines(plant.lines), problems)
    found = tuple(_cell_problem(each) for each in problems.found)
    return PeopleTable(rows=people, problems=found)


def _rows(content: bytes, name: str, problems: Problems) -> list[Row] | None:
    ending = Path(name).suffix.lower()
    if ending not in ENDINGS:
        problems.add(
            SourcePosition(name), sentence("a file {ending!r}", ending=ending), ".csv, .xlsx"
        )
        return None
    with TemporaryDirectory(prefix="redrabbit-") as folder:
        path = Path(folder) / f"people{ending}"
        write_private(path, content)
        written = output_of(__name__, str(path), most_seconds=MOST_SECONDS)
    if written is None:
        problems.add(
            SourcePosition(name),
            sentence("a file that takes more time or memory than any table of people"),
            sentence("the table alone in a new workbook"),
        )
        return None
    told = json.loads(written)
    for line, column, found, expected, hint in told["problems"]:
        place = SourcePosition(name, line, column)
        problems.add(place, _text(found), _text(expected), None if hint is None else _text(hint))
    if told["rows"] is None:
        return None
    return [Row(number, tuple(_cell(each) for each in cells)) for number, cells in told["rows"]]


def _cell_problem(problem: Problem) -> CellProblem:
    return CellProblem(
        row=problem.place.line,
        column=problem.place.column,
        found=problem.found,
        expected=problem.expected,
        hint=problem.hint,
    )


def _told(text: str) -> list[Any]:
    """Return a text, or a sentence with its values, as JSON has it."""
    if not isinstance(text, Sentence):
        return [str(text), None]
    return [text.template, {name: str(value) for name, value in text.params.items()}]


def _text(told: list[Any]) -> str:
    text, params = told
    return str(text) if params is None else Sentence(text, params)


def _cell(told: Any) -> Any:
    return date.fromisoformat(told["date"]) if isinstance(told, dict) else told


def main(path: str) -> None:
    """Read a file and write its rows, or what is wrong with it."""
    keep_to_memory(MOST_MEMORY)
    problems = Problems()
    try:
        rows = read_sheet(Path(path), problems)
    except TooLarge as error:
        rows = None
        problems.add(SourcePosition(path), str(error.strerror), sentence("a table of people"))
    told = {
        "rows": None
        if rows is None
        else [
            [
                row.number,
                [
                    {"date": cell.isoformat()} if isinstance(cell, date) else cell
                    for cell in row.cells
                ],
            ]
            for row in rows
        ],
        "problems": [
            [
                each.place.line,
                each.place.column,
                _told(each.found),
                _told(each.expected),
                None if each.hint is None else _told(each.hint),
            ]
            for each in problems.found
        ],
    }
    sys.stdout.buffer.write(json.dumps(told).encode())


if __name__ == "__main__":
    main(sys.argv[1])

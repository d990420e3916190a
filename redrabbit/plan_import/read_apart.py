"""Reading a file in a process of its own, with a bound on its time and memory (`redrabbit.base.apart`).

    python -m redrabbit.plan_import.read_apart FILE      writes what was read as JSON

What it writes is data and nothing else: it has read a stranger's file.
"""

import json
import sys
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Final

from redrabbit.base.apart import keep_to_memory, output_of
from redrabbit.base.sentence import Sentence, sentence
from redrabbit.plan_import.grid import Book, Cell, Fault, Merge, Sheet, Value
from redrabbit.plan_import.open_book import NotReadable, open_book

MOST_SECONDS: Final = 60
MOST_MEMORY: Final = 2_000_000_000
"""Bytes of address space, where the operating system can be asked to keep to it."""
_DATES: Final[dict[str, type[datetime | date | time]]] = {
    "instant": datetime,
    "date": date,
    "time": time,
}


def read_apart(path: Path) -> Book:
    """Return what stands in a file.

    Raises NotReadable where it is none that can be read, or takes more than any plan does; OSError where it can't be had.
    """
    if path.exists() and not path.is_file():
        raise NotReadable(sentence("{file}: it is no file", file=path.name))
    written = output_of(__name__, str(path), most_seconds=MOST_SECONDS)
    if written is None:
        raise _too_much(path)
    told = json.loads(written)
    if "words" in told:
        raise NotReadable(Sentence(told["words"], told["params"]))
    if "errno" in told:
        raise OSError(told["errno"], told["problem"], told["filename"])
    return _book(told)


def _too_much(path: Path) -> NotReadable:
    return NotReadable(
        sentence(
            "{file}: reading it takes more time or memory than any control plan; copy the plan alone into a new workbook, and save that",
            file=path.name,
        )
    )


def main(path: str) -> None:
    """Read a file and write what it holds, or why it can't be read."""
    keep_to_memory(MOST_MEMORY)
    try:
        told = _plain(open_book(Path(path)))
    except NotReadable as problem:
        params = {name: str(value) for name, value in problem.words.params.items()}
        told = {"words": problem.words.template, "params": params}
    except OSError as problem:
        told = {"errno": problem.errno, "problem": problem.strerror, "filename": problem.filename}
    sys.stdout.buffer.write(json.dumps(told).encode())


def _plain(book: Book) -> dict[str, Any]:
    """Return a book as JSON has it."""
    return {
        "file": book.file,
        "form": book.form,
        "sees_hidden": book.sees_hidden,
        "encoding": book.encoding,
        "sheets": [
            {
                "name": sheet.name,
                "is_hidden": sheet.is_hidden,
                "is_text": sheet.is_text,
                "hidden_rows": sorted(sheet.hidden_rows),
                "hidden_columns": sorted(sheet.hidden_columns),
                "merges": [[m.top, m.left, m.bottom, m.right] for m in sheet.merges],
                "cells": [
                    [
                        cell.row,
                        cell.column,
                        *_value_told(cell.value),
                        None if cell.fault is None else cell.fault.value,
                        cell.is_struck,
                    ]
                    for cell in sheet.cells.values()
                ],
            }
            for sheet in book.sheets
        ],
    }


def _value_told(value: Value) -> tuple[str, Value]:
    """Return a value as its kind and what JSON can hold of it."""
    for kind, of in _DATES.items():
        if type(value) is of:
            return kind, value.isoformat()
    return "plain", value


def _book(told: dict[str, Any]) -> Book:
    """Return the book that the child has read."""
    return Book(
        file=told["file"],
        form=told["form"],
        sees_hidden=told["sees_hidden"],
        encoding=told["encoding"],
        sheets=tuple(
            Sheet(
                name=sheet["name"],
                is_hidden=sheet["is_hidden"],
                is_text=sheet["is_text"],
                hidden_rows=frozenset(sheet["hidden_rows"]),
                hidden_columns=frozenset(sheet["hidden_columns"]),
                merges=tuple(
                    Merge(top=top, left=left, bottom=bottom, right=right)
                    for top, left, bottom, right in sheet["merges"]
                ),
                cells={
                    (row, column): Cell(
                        row=row,
                        column=column,
                        value=_DATES[kind].fromisoformat(value) if kind in _DATES else value,
                        fault=None if fault is None else Fault(fault),
                        is_struck=is_struck,
                    )
                    for row, column, kind, value, fault, is_struck in sheet["cells"]
                },
            )
            for sheet in told["sheets"]
        ),
    )


if __name__ == "__main__":
    main(sys.argv[1])

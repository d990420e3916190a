"""A workbook as it was read: sheets of cells with their values, what is merged, hidden and struck through.

Rows and columns count from 1, as in a spreadsheet; a place is said as `Sheet!B7`, of CSV as `row 7, column 2`.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import Enum

Value = str | int | float | bool | date | datetime | time


class Fault(Enum):
    """Why a cell's value can't be used."""

    NO_CACHED_VALUE = "no_cached_value"
    """A formula whose result the file does not hold: nothing is calculated here."""
    ERROR_VALUE = "error_value"
    """The spreadsheet program itself put an error there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell that is not empty."""

    row: int
    column: int
    value: Value
    fault: Fault | None = None
    is_struck: bool = False
    """Struck through: somebody took it out, and left it to be seen."""

    @property
    def text(self) -> str:
        """Its value as it is read by people; whole numbers without decimals."""
        return text_of(self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """A range of cells that shows one value, that of its first."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One sheet; of CSV the whole file."""

    name: str
    cells: Mapping[tuple[int, int], Cell]
    merges: tuple[Merge, ...] = ()
    is_hidden: bool = False
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    is_text: bool = False
    """A CSV file: it has rows and columns, and no letters."""
    last_row: int = field(init=False)
    """The last row with anything in it; 0 where there is none."""
    last_column: int = field(init=False)
    """The last column with anything in it; 0 where there is none."""
    _by_row: dict[int, list[Cell]] = field(init=False, repr=False)
    _first_of: dict[tuple[int, int], tuple[int, int]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Note the cells of each row, and for each merged cell which one holds its value."""
        by_row: dict[int, list[Cell]] = {}
        for where in sorted(self.cells):
            if self.cells[where].text.strip():
                by_row.setdefault(where[0], []).append(self.cells[where])
        last_row = max((row for row, _ in self.cells), default=0)
        last_column = max((column for _, column in self.cells), default=0)
        first_of: dict[tuple[int, int], tuple[int, int]] = {}
        for merge in self.merges:  # a range may reach to the last of a million rows
            for row in range(merge.top, min(merge.bottom, last_row) + 1):
                for column in range(merge.left, min(merge.right, last_column) + 1):
                    first_of[row, column] = (merge.top, merge.left)
        for name, value in (
            ("last_row", last_row),
            ("last_column", last_column),
            ("_by_row", by_row),
            ("_first_of", first_of),
        ):
            object.__setattr__(self, name, value)

    def at(self, row: int, column: int) -> Cell | None:
        """Return what a cell shows, its own or that of the range it is merged into."""
        return self.cells.get(self._first_of.get((row, column), (row, column)))

    def text(self, row: int, column: int) -> str:
        """Return the text that a cell shows, without blanks around; empty where there is none."""
        cell = self.at(row, column)
        return "" if cell is None else cell.text.strip()

    def own_row(self, row: int) -> list[Cell]:
        """Return the cells that begin in a row, from left to right."""
        return self._by_row.get(row, [])

    def is_merged_down(self, row: int) -> bool:
        """Tell whether a range reaches from a row into the next."""
        return any(merge.top <= row < merge.bottom for merge in self.merges)

    def place(self, row: int, column: int) -> str:
        """Return how a cell is called."""
        if self.is_text:
            return f"row {row}, column {column}"
        return f"{self.name}!{letters(column)}{row}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """One file."""

    file: str
    form: str
    """xlsx, xls, ods or csv."""
    sheets: tuple[Sheet, ...]
    sees_hidden: bool = True
    """Hidden and struck-through rows can be told from the others in this form of file."""
    encoding: str | None = None
    """Of a text file."""


def letters(column: int) -> str:
    """Return a column's letters, from A."""
    found = ""
    while column:
        column, rest = divmod(column - 1, 26)
        found = chr(65 + rest) + found
    return found


def text_of(value: Value) -> str:
    """Return a value as people read it."""
    match value:
        case bool():
            return str(value).lower()
        case float() if value.is_integer():
            return str(int(value))
        case datetime() if value.time() == time(0):
            return value.date().isoformat()
        case datetime():
            return value.isoformat(sep=" ", timespec="minutes")
        case date() | time():
            return value.isoformat()
        case _:
            return str(value)


def plain(text: str) -> str:
    """Return ids, numbers and punctuation in one width (NFKC), one blank between words."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def key(text: str) -> str:
    """Return what headers and labels are compared by: small letters and digits only."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).lower())


def rows_of(sheet: Sheet) -> Iterator[int]:
    """Yield the numbers of the rows with anything in them."""
    yield from sorted({row for row, _ in sheet.cells})

"""Finding the table of a sheet: where its header is, what its columns hold, where it ends.

Each row of the first 40 is judged by how many header words it has. Up to five rows are one header where cells are merged across them, or
each of them has header words; of a group such as "Sample / Size" the words below count, with those above as their context.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from redrabbit.plan_import.form_columns import SaidOf, form_of, named_columns, nothing_said
from redrabbit.plan_import.grid import Sheet
from redrabbit.plan_import.header_words import (
    FOOTERS,
    Column,
    Meaning,
    columns_said,
    is_header_word,
)

LOOKED_AT: Final = 40
MOST_HEADER_ROWS: Final = 5
FEWEST_WORDS: Final = 3
"""Header words that make a row one of a header."""
NEARLY: Final = 0.6
FEWEST_BESIDE: Final = 2
"""Header words that make a row beside such a row belong to it."""
BLANK_ROWS: Final = 2
"""So many empty rows end a table."""
SAME: Final = 0.6
"""Of a header that is said again, so large a part must stand in the same columns."""
MONTH: Final = 28
"""Columns headed by the days of a month make a sheet a check sheet: what stands in them are records."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table of a sheet; it ends where a header with other columns begins."""

    sheet: Sheet
    header_top: int
    header_bottom: int
    columns: Mapping[Column, int]
    headers: Mapping[Column, str]
    """How each column is headed there, for people."""
    rows: tuple[int, ...]
    """The rows with lines, from top to bottom."""
    doubled: tuple[tuple[Column, int, str], ...] = ()
    """Columns that are headed like one that is read already, with their number and header."""
    day_columns: tuple[int, ...] = ()
    """Columns of a month's days, whose ticks are records and no plan."""
    form: str = ""
    """By what its form is known, `form_of`."""
    said: Mapping[str, str] = field(default_factory=dict)
    """What was answered for the form, by the name of the question or the place."""
    named: Mapping[str, str] = field(default_factory=dict)
    """Answers by which columns were taken that no header says."""

    def text(self, row: int, column: Column) -> str:
        """Return what a line says in a column; empty where the table has no such column."""
        return self.sheet.text(row, self.columns[column]) if column in self.columns else ""

    def place(self, row: int, column: Column | None = None) -> str:
        """Return how a cell of a line is called; without a column, or where there is none, the line's first cell."""
        fallback = self.columns.get(Column.PROCESS_NUMBER, min(self.columns.values()))
        return self.sheet.place(row, self.columns.get(column, fallback) if column else fallback)


def find_table(sheet: Sheet, after: int = 0, said_of: SaidOf = nothing_said) -> Table | None:
    """Return the first table of a sheet below a row; None where no row has enough header words.

    `said_of` returns what was answered for its form: which columns hold what no header says.
    """
    top = _best_row(sheet, after)
    if top is None:
        return None
    first, last = _header_rows(sheet, top, after)
    taken, doubled = _columns(sheet, first, last)
    columns = {meaning: wish.column for meaning, wish in taken.items()}
    headers = {meaning: wish.header for meaning, wish in taken.items()}
    days = _day_columns(sheet, first, last)
    paths = [
        (column, header_path(sheet, first, last, column))
        for column in range(1, sheet.last_column + 1)
        if column not in days
    ]
    form = form_of(paths)
    said = said_of(form)
    named = named_columns(paths, said, columns)
    heads = {column: " ".join(" / ".join(path).split()) for column, path in paths}
    columns |= named.columns
    headers |= {meaning: heads[column] for meaning, column in named.columns.items()}
    return Table(
        sheet=sheet,
        header_top=first,
        header_bottom=last,
        columns=columns,
        headers=headers,
        doubled=tuple(
            (wish.meaning.column, wish.column, wish.header)
            for wish in doubled
            if wish.column not in columns.values()
        ),
        rows=tuple(_rows(sheet, last, columns)),
        day_columns=days,
        form=form,
        said=said,
        named=named.said,
    )


def _words(sheet: Sheet, row: int) -> set[Column]:
    """Return which columns a row names, each cell for its likeliest."""
    found = set()
    for cell in sheet.own_row(row):
        said = columns_said(cell.text)
        if said:
            found.add(said[0].column)
    return found


def _best_row(sheet: Sheet, after: int) -> int | None:
    counts: list[tuple[int, int]] = []
    seen = 0
    for row in range(after + 1, sheet.last_row + 1):
        if not sheet.own_row(row):
            continue
        seen += 1
        if seen > LOOKED_AT:
            break
        counts.append((len(_words(sheet, row)), row))
    most = max((n for n, _ in counts), default=0)
    if most < FEWEST_WORDS:
        return None
    # the first that is nearly as good as the best: a header that is said again further down is mostly spelt otherwise
    return next(row for n, row in counts if n >= max(FEWEST_WORDS, most * NEARLY))


def _header_rows(sheet: Sheet, row: int, after: int) -> tuple[int, int]:
    first = last = row
    while first - 1 > after and last - first + 1 < MOST_HEADER_ROWS and _belongs(sheet, first - 1):
        first -= 1
    while last - first + 1 < MOST_HEADER_ROWS and (
        sheet.is_merged_down(last) or len(_words(sheet, last + 1)) >= FEWEST_WORDS
    ):
        last += 1
    return first, last


def _belongs(sheet: Sheet, above: int) -> bool:
    """Tell whether the row above a header row is one of it, too."""
    return sheet.is_merged_down(above) and len(_words(sheet, above)) >= FEWEST_BESIDE


def header_path(sheet: Sheet, first: int, last: int, column: int) -> list[str]:
    """Return the texts above a column from the group down to its own, each once."""
    return list(
        dict.fromkeys(t for row in range(first, last + 1) if (t := sheet.text(row, column)))
    )


@dataclass(frozen=True, slots=True)
class _Wish:
    """A column that may hold something, by its header."""

    meaning: Meaning
    column: int
    header: str
    origin: int
    """Where the words begin; two columns under one merged header have the same."""

    @property
    def order(self) -> tuple[bool, float, int]:
        """What can mean nothing else goes first, then the likeliest, then from left to right."""
        return (not self.meaning.is_sure, -self.meaning.like, self.column)


def _wishes(sheet: Sheet, first: int, last: int) -> Iterator[_Wish]:
    """Yield what each column may hold by its own words, or those of its group where its own mean nothing."""
    for column in range(1, sheet.last_column + 1):
        path = header_path(sheet, first, last, column)
        for text in reversed(path):
            said = columns_said(text)
            row = next(n for n in range(last, first - 1, -1) if sheet.text(n, column) == text)
            cell = sheet.at(row, column)
            for meaning in said:
                header = " ".join(" / ".join(path).split())
                yield _Wish(meaning, column, header, column if cell is None else cell.column)
            if said:
                break


def _columns(sheet: Sheet, first: int, last: int) -> tuple[dict[Column, _Wish], list[_Wish]]:
    """Give each column its meaning, each meaning once; and return those that surely have one that is given already."""
    taken: dict[Column, _Wish] = {}
    used: dict[int, _Wish] = {}
    doubled = []
    for wish in sorted(_wishes(sheet, first, last), key=lambda each: each.order):
        meant = wish.meaning.column
        if wish.column in used:
            continue
        if meant not in taken:
            taken[meant] = used[wish.column] = wish
        elif wish.meaning.is_sure and wish.origin != taken[meant].origin:
            doubled.append(wish)
    return taken, [wish for wish in doubled if wish.column not in used]


def _day_columns(sheet: Sheet, first: int, last: int) -> tuple[int, ...]:
    found = [
        column
        for column in range(1, sheet.last_column + 1)
        if re.fullmatch(r"[1-9]|[12]\d|3[01]", sheet.text(last, column))
        and any(sheet.text(row, column) != sheet.text(last, column) for row in range(first, last))
    ]
    return tuple(found) if len(found) >= MONTH else ()


def is_footer(text: str) -> bool:
    """Tell whether a row that begins so stands below a table."""
    flat = unicodedata.normalize("NFKC", text).strip().lower()
    return re.match(FOOTERS, flat) is not None


def _rows(sheet: Sheet, last: int, columns: Mapping[Column, int]) -> Iterator[int]:
    blank = 0
    row = last
    while row < sheet.last_row:
        row += 1
        own = sheet.own_row(row)
        if not own:
            blank += 1
            if blank >= BLANK_ROWS:
                return
            continue
        is_line = any(
            sheet.cells.get((row, columns[each])) is not None
            for each in (Column.FREQUENCY, Column.DEVICE)
            if each in columns
        )
        if is_footer(own[0].text) and not is_line:
            return
        blank = 0
        if sum(is_header_word(cell.text) for cell in own) >= FEWEST_WORDS:
            bottom = _repeated(sheet, row, columns)
            if bottom is None:
                return
            row = bottom
            continue
        yield row


def _repeated(sheet: Sheet, row: int, columns: Mapping[Column, int]) -> int | None:
    """Return the last row of a header that is said again with the same columns; None where it is another table's."""
    first, last = _header_rows(sheet, row, row - 1)
    again, _ = _columns(sheet, first, last)
    same = sum(columns.get(meaning) == wish.column for meaning, wish in again.items())
    moved = any(
        meaning in columns and columns[meaning] != wish.column for meaning, wish in again.items()
    )
    return last if again and not moved and same >= len(again) * SAME else None

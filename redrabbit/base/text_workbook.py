"""Workbooks of texts: XLSX in which every cell is a text, also one that begins like a formula.

openpyxl is wrapped here for writing; what opens in a spreadsheet program is nothing that it would calculate.
"""

import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.cell import Cell, MergedCell
    from openpyxl.worksheet.worksheet import Worksheet

CALCULATED: Final = "=+-@\uff1d\uff0b\uff0d\uff20"
"""A spreadsheet program may calculate a text that begins with one of these, narrow or wide."""
TEXT_FORMAT: Final = "@"


def new_workbook(*sheets: str) -> "Workbook":
    """Return a workbook with empty sheets of these names."""
    from openpyxl import Workbook  # noqa: PLC0415  because few commands need it

    book = Workbook()
    book.properties.creator = "Red Rabbit"
    book.remove(book.worksheets[0])
    for name in sheets:
        book.create_sheet(name)
    return book


def put_text(sheet: "Worksheet", row: int, column: int, text: str) -> None:
    """Write a text as a text, whatever it begins with; rows and columns count from 1."""
    _fill(sheet.cell(row, column), text)


def _fill(cell: "Cell | MergedCell", text: str) -> None:
    cell.number_format = TEXT_FORMAT
    if text:
        cell.value = text
        cell.data_type = "s"
        cell.quotePrefix = text[0] in CALCULATED


def put_header(sheet: "Worksheet", row: int, column: int, text: str) -> None:
    """Write a text as the header of a column."""
    put_text(sheet, row, column, text)
    _as_header(sheet.cell(row, column))


def _as_header(cell: "Cell | MergedCell") -> None:
    from openpyxl.styles import Font, PatternFill  # noqa: PLC0415  because few commands need it

    cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="DDE6F0")


def put_table(
    sheet: "Worksheet",
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    widths: Sequence[int],
    above: Sequence[str] = (),
) -> None:
    """Write a table; the header stays in sight and is printed on each page. `above` are lines of words that stand before it."""
    from openpyxl.styles import Alignment  # noqa: PLC0415  because few commands need it

    wrapped = Alignment(vertical="top", wrap_text=True)
    for row, text in enumerate(above, 1):
        put_text(sheet, row, 1, text)
    top = len(above) + 1
    for column, text in enumerate(header, 1):
        put_header(sheet, top, column, text)
    for row, cells in enumerate(rows, top + 1):
        for column, text in enumerate(cells, 1):
            put_text(sheet, row, column, text)
            sheet.cell(row, column).alignment = wrapped
    _lay_out(sheet, widths, top)


def streamed_table(
    title: str,
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    widths: Sequence[int],
    above: Sequence[str] = (),
) -> bytes:
    """Return a workbook of one table, as `put_table` writes it, whose cells are never all in memory."""
    from openpyxl import Workbook  # noqa: PLC0415  because few commands need it
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415  as above
    from openpyxl.styles import Alignment  # noqa: PLC0415  as above

    wrapped = Alignment(vertical="top", wrap_text=True)
    book = Workbook(write_only=True)
    book.properties.creator = "Red Rabbit"
    sheet = book.create_sheet(title)
    _lay_out(sheet, widths, len(above) + 1)  # what is streamed can't be laid out afterwards

    def cell(text: str) -> "Cell":
        made: Cell = WriteOnlyCell(sheet)
        _fill(made, text)
        return made

    for text in above:
        sheet.append([cell(text)])
    top = [cell(text) for text in header]
    for each in top:
        _as_header(each)
    sheet.append(top)
    for row in rows:
        cells = [cell(text) for text in row]
        for each in cells:
            each.alignment = wrapped
        sheet.append(cells)
    return packed(book)


def _lay_out(sheet: "Worksheet", widths: Sequence[int], header_row: int) -> None:
    from openpyxl.utils import get_column_letter  # noqa: PLC0415  because few commands need it

    for column, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(column)].width = width
    print_wide(sheet, header_row)


def print_wide(sheet: "Worksheet", header_row: int) -> None:
    """Let a table be printed across the page, its header on each; above its lines nothing scrolls."""
    from openpyxl.worksheet.properties import PageSetupProperties  # noqa: PLC0415  because few commands need it

    sheet.freeze_panes = f"A{header_row + 1}"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_title_rows = f"{header_row}:{header_row}"


def packed(book: "Workbook") -> bytes:
    """Return a workbook as the bytes of its file."""
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, over one that is there; OSError where it can't be written."""
    draft = path.with_name(f".{token_hex(4)}.{path.name}")
    try:
        draft.write_bytes(content)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)

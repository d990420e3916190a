"""Reading a plant's file as it is: XLSX, XLSM, XLS, ODS, CSV and TSV.

Nothing is calculated, no macro is run, no link to another file is followed: of a formula the value counts that the spreadsheet program left in the
file. Dates are dates by the cell's type and the workbook's epoch (1900 or 1904), never by how a number looks.
"""

import csv
import io
import math
import re
import zipfile
import zlib
from collections.abc import Iterable
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from redrabbit.base.bounded import MB, read_at_most
from redrabbit.base.sentence import Sentence, sentence
from redrabbit.base.text_workbook import CALCULATED
from redrabbit.plan_import.grid import Book, Cell, Fault, Merge, Sheet, Value

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

MOST_BYTES: Final = 20 * MB
MOST_UNPACKED: Final = 50 * MB
"""Of its XML; pictures don't count. An honest plan of that many cells is a third of it."""
MOST_CELLS: Final = 200_000
MOST_COLUMNS: Final = 16_384
"""That any spreadsheet has."""
FORMS: Final = (".xlsx", ".xlsm", ".xls", ".ods", ".csv", ".tsv")
SEPARATORS: Final = (",", ";", "\t")
KEEPS_TEXT: Final = "'"
"""The mark of CSV before a text that would be calculated, and before one that begins with the mark itself, which keeps it a text."""


class NotReadable(Exception):
    """A file of which no table can be read."""

    def __init__(self, words: Sentence) -> None:
        super().__init__(words)
        self.words = words


def open_book(path: Path) -> Book:
    """Return what stands in a file.

    Raises NotReadable where it is none that can be read, OSError where it can't be had.
    """
    ending = path.suffix.lower()
    if ending not in FORMS:
        raise NotReadable(
            sentence(
                "{file}: a file {ending!r}; expected one of {forms}",
                file=path.name,
                ending=path.suffix,
                forms=", ".join(FORMS),
            )
        )
    content = read_at_most(path, MOST_BYTES, sentence("a control plan of at most 20 MB"))
    if ending in {".csv", ".tsv"}:
        return _of_text(path.name, content)
    if ending == ".xls":
        return _by_calamine(path.name, "xls", content)
    _refuse_bomb(path.name, content)
    return (
        _by_calamine(path.name, "ods", content)
        if ending == ".ods"
        else _of_xlsx(path.name, content)
    )


def _refuse_bomb(file: str, content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            unpacked = sum(
                part.file_size for part in packed.infolist() if not _is_picture(part.filename)
            )
    except zipfile.BadZipFile as error:
        raise _broken(file) from error
    if unpacked > MOST_UNPACKED:
        raise NotReadable(
            sentence("{file}: it unpacks to more than 50 MB; that is no control plan", file=file)
        )


def _is_picture(name: str) -> bool:
    return "/media/" in name or "/Pictures/" in f"/{name}"


def _broken(file: str) -> NotReadable:
    return NotReadable(
        sentence(
            "{file}: no workbook that can be read; open it in the spreadsheet program and save it again, without a password",
            file=file,
        )
    )


def _bounded(file: str, cells: Iterable[Cell]) -> dict[tuple[int, int], Cell]:
    found: dict[tuple[int, int], Cell] = {}
    for cell in cells:
        found[cell.row, cell.column] = cell
        if len(found) > MOST_CELLS:
            raise NotReadable(
                sentence(
                    "{file}: more than {most} cells; that is no control plan",
                    file=file,
                    most=MOST_CELLS,
                )
            )
    return found


def _of_xlsx(file: str, content: bytes) -> Book:
    from openpyxl import load_workbook  # noqa: PLC0415  because only this needs it
    from openpyxl.utils.exceptions import InvalidFileException  # noqa: PLC0415  as above

    def load(**how: bool) -> Any:
        return load_workbook(io.BytesIO(content), keep_links=False, **how)

    try:
        unvalued = {
            (sheet.title, cell.row, cell.column)
            for sheet in load().worksheets
            for cell in _filled(sheet)
            if cell.data_type == "f"
        }
        book = load(data_only=True)
        sheets = tuple(_xlsx_sheet(file, sheet, unvalued) for sheet in book.worksheets)
    except (
        ArithmeticError,
        AssertionError,
        AttributeError,
        EOFError,
        InvalidFileException,
        LookupError,
        OSError,
        RuntimeError,
        SyntaxError,
        TypeError,
        ValueError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:  # whatever a broken package makes openpyxl stumble over
        raise _broken(file) from error
    return Book(file=file, form="xlsx", sheets=sheets)


def _filled(sheet: "Worksheet") -> Iterable[Any]:
    """Return the cells that the file has; a last row with a border only must not make a million of them."""
    return sheet._cells.values()  # noqa: SLF001  because every public way makes the cells that are missing


def _xlsx_sheet(file: str, sheet: "Worksheet", formulas: set[tuple[str, int, int]]) -> Sheet:
    def cells() -> Iterable[Cell]:
        for cell in _filled(sheet):
            is_formula = cell.value is None and (sheet.title, cell.row, cell.column) in formulas
            if cell.value is None and not is_formula:
                continue
            value = "" if is_formula else _shown(cell.value, cell.number_format)
            is_error = cell.data_type == "e" or _is_error(value)
            yield Cell(
                row=cell.row,
                column=cell.column,
                value=value,
                fault=Fault.NO_CACHED_VALUE
                if is_formula
                else Fault.ERROR_VALUE
                if is_error
                else None,
                is_struck=bool(cell.has_style and cell.font.strike),
            )

    hidden_columns = {
        number
        for dimension in sheet.column_dimensions.values()
        if dimension.hidden or dimension.width == 0
        for number in range(dimension.min or 0, min(dimension.max or 0, MOST_COLUMNS) + 1)
    }
    return Sheet(
        name=sheet.title,
        cells=_bounded(file, cells()),
        merges=tuple(
            Merge(top=each.min_row, left=each.min_col, bottom=each.max_row, right=each.max_col)
            for each in sheet.merged_cells.ranges
        ),
        is_hidden=sheet.sheet_state != "visible",
        hidden_rows=frozenset(
            n for n, each in sheet.row_dimensions.items() if each.hidden or each.ht == 0
        ),
        hidden_columns=frozenset(hidden_columns),
    )


def _shown(value: object, number_format: str) -> Value:
    """Return a value as the sheet shows it, where that is another one: zeros in front of a code, a part as percent."""
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        plain = number_format.split(";", maxsplit=1)[0].replace('"', "").replace("\\", "")
        if re.fullmatch(r"0{2,}", plain) and value == int(value):
            return str(int(value)).zfill(len(plain))
        if re.fullmatch(r"0(?:\.0+)?%", plain):
            return f"{round(value * 100, 6):g}%"
    return _value(value)


def _is_error(value: Value) -> bool:
    """Tell whether a text is what spreadsheet programs show for an error; in CSV nothing else tells."""
    return isinstance(value, str) and (
        re.fullmatch(r"#(?:REF!|N/A|VALUE!|NAME\?|DIV/0!|NUM!|NULL!)", value.strip()) is not None
    )


def _value(value: object) -> Value:
    if isinstance(value, str):
        return value.replace("_x000D_", "")  # how XLSX writes a carriage return
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return (
        value
        if isinstance(value, str | int | float | bool | date | datetime | time)
        else str(value)
    )


def _by_calamine(file: str, form: str, content: bytes) -> Book:
    """Read XLS and ODS: values, merges and hidden sheets; what is hidden or struck within a sheet it does not tell."""
    from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum  # noqa: PLC0415  because only this needs it

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = []
        for about in book.sheets_metadata:
            sheet = book.get_sheet_by_name(about.name)
            filled = (
                Cell(row=row, column=column, value=_value(value))
                for row, line in enumerate(sheet.to_python(skip_empty_area=False), 1)
                for column, value in enumerate(line, 1)
                if value != ""
            )
            sheets.append(
                Sheet(
                    name=about.name,
                    cells=_bounded(file, filled),
                    merges=tuple(
                        Merge(top=top + 1, left=left + 1, bottom=bottom + 1, right=right + 1)
                        for (top, left), (bottom, right) in sheet.merged_cell_ranges or ()
                    ),
                    is_hidden=about.visible is not SheetVisibleEnum.Visible,
                )
            )
    except CalamineError as error:
        raise _broken(file) from error
    except (
        BaseException
    ) as panic:  # a broken file makes the library's own code panic, which is no Exception
        if isinstance(panic, KeyboardInterrupt | SystemExit | NotReadable):
            raise
        raise _broken(file) from panic
    return Book(file=file, form=form, sheets=tuple(sheets), sees_hidden=False)


def _of_text(file: str, content: bytes) -> Book:
    text, encoding = _decoded(file, content)
    separator = _separator(text)
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        raise NotReadable(
            sentence(
                "{file}: broken CSV ({error}); expected cells quoted as in CSV",
                file=file,
                error=error,
            )
        ) from error
    cells = (
        Cell(
            row=row,
            column=column,
            value=_unmarked(value),
            fault=Fault.ERROR_VALUE if _is_error(value) else None,
        )
        for row, line in enumerate(lines, 1)
        for column, value in enumerate(line, 1)
        if value.strip()
    )
    sheet = Sheet(name=file, cells=_bounded(file, cells), is_text=True)
    return Book(file=file, form="csv", sheets=(sheet,), encoding=encoding)


def _unmarked(text: str) -> str:
    """Return a text of CSV without the mark that kept it from being calculated."""
    is_marked = text[:1] == KEEPS_TEXT and text[1:2] in {*CALCULATED, KEEPS_TEXT}
    return text[1:] if is_marked else text


def _decoded(file: str, content: bytes) -> tuple[str, str]:
    """Return a text and its encoding: UTF where the bytes say so, else GB18030 or, for Latin letters, cp1252."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    elif _is_chinese(content):
        encodings = ("utf-8-sig", "gb18030", "cp1252")
    else:
        encodings = ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text, encoding.removesuffix("-sig")
    raise NotReadable(
        sentence("{file}: a text in no encoding that is known; expected CSV UTF-8", file=file)
    )


def _is_chinese(content: bytes) -> bool:
    """Tell whether most bytes above ASCII stand in pairs, as in GB; an umlaut stands among letters alone."""
    runs = [len(run) for run in re.findall(rb"[\x81-\xfe]+", content)]
    return sum(n for n in runs if n > 1) > sum(runs) / 2


def _separator(text: str) -> str:
    """Return what parts the cells: the one that stands there most often."""
    sample = text.splitlines()[:50]
    return max(SEPARATORS, key=lambda each: sum(line.count(each) for line in sample))

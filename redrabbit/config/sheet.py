"""A table of people's own making, as a spreadsheet saves it: CSV (UTF-8, or GBK with a Chinese header) or XLSX, as rows of texts.

Places are row and column, from 1. A number in a cell of XLSX stays a number here: whoever reads a code must be able to say that
its leading zeros may be gone.
"""

import csv
import io
import zipfile
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

from redrabbit.base.bounded import MB, read_at_most
from redrabbit.base.sentence import sentence
from redrabbit.config.problem import Problems, SourcePosition

MOST_ROWS: Final = 5_000
MOST_UNPACKED: Final = 50 * MB
"""An honest table of that many rows is a hundredth of it."""

Cell = str | float | date | bool
"""A cell as the file has it; CSV has texts only."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table."""

    number: int
    cells: tuple[Cell, ...]


def read_sheet(path: Path, problems: Problems) -> list[Row] | None:
    """Return the rows that are not empty; None after noting why there are none.

    Raises OSError where the file can't be read, TooLarge where it can be no such table.
    """
    content = read_at_most(
        path, 2 * MB, sentence("a table of at most {most} people", most=MOST_ROWS)
    )
    ending = path.suffix.lower()
    if ending == ".csv":
        rows = _of_csv(content, path.name, problems)
    elif ending == ".xlsx":
        rows = _of_xlsx(content, path.name, problems)
    else:
        problems.add(
            SourcePosition(path.name),
            sentence("a file {ending!r}", ending=path.suffix),
            sentence(".csv or .xlsx"),
        )
        return None
    if rows is not None and len(rows) > MOST_ROWS:
        problems.add(
            SourcePosition(path.name, MOST_ROWS),
            sentence("more rows"),
            sentence("a table of at most {most} people", most=MOST_ROWS),
        )
        return None
    return rows


def _of_csv(content: bytes, file: str, problems: Problems) -> list[Row] | None:
    try:
        text = _text_of(content)
        lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except UnicodeDecodeError:
        problems.add(
            SourcePosition(file),
            sentence("not UTF-8"),
            sentence("a table saved as CSV UTF-8, or in GBK with a Chinese header (姓名)"),
        )
        return None
    except csv.Error as error:
        problems.add(
            SourcePosition(file),
            sentence("broken CSV ({error})", error=error),
            sentence("cells quoted as in CSV"),
        )
        return None
    return _filled([tuple(line) for line in lines])


def _text_of(content: bytes) -> str:
    """Return the text of a CSV: UTF-8, or GBK as spreadsheets in Chinese save it; UnicodeDecodeError else.

    Nearly any bytes are some text in GBK: a Western name, too, of which another one would be made. So it takes a header in Chinese,
    whose word nothing else has.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("gb18030")
        header = next(csv.reader(io.StringIO(text, newline="")), [])
        if "姓名" not in [cell.strip() for cell in header]:
            raise
        return text


def _of_xlsx(content: bytes, file: str, problems: Problems) -> list[Row] | None:
    from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415  because only this needs it

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            unpacked = sum(part.file_size for part in packed.infolist())
        if unpacked > MOST_UNPACKED:
            problems.add(
                SourcePosition(file),
                sentence("a file that unpacks to more than 50 MB"),
                sentence("a table of at most {most} people", most=MOST_ROWS),
            )
            return None
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheet = book.get_sheet_by_index(0)
        lines = sheet.to_python(skip_empty_area=False)
    except (zipfile.BadZipFile, CalamineError):
        problems.add(
            SourcePosition(file),
            sentence("no workbook that can be read"),
            sentence("a table saved as XLSX"),
        )
        return None
    return _filled([tuple(_cell(value) for value in line) for line in lines])


def _cell(value: object) -> Cell:
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, str | int | float | date | bool) else str(value)


def _filled(lines: list[tuple[Cell, ...]]) -> list[Row]:
    return [
        Row(number, line)
        for number, line in enumerate(lines, 1)
        if any(str(cell).strip() for cell in line)
    ]

"""Writing our form of a control plan: as XLSX with its lists and its instructions, or as CSV.

Whatever is written is a text. In XLSX a cell is of the type text, also where it begins like a formula; in CSV, which has no types, a mark
before such a text keeps a spreadsheet program from calculating it.
"""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from redrabbit.base.sentence import Sentence, said, sentence
from redrabbit.base.text_workbook import (
    CALCULATED,
    TEXT_FORMAT,
    new_workbook,
    packed,
    print_wide,
    put_header,
    put_text,
    write_whole,
)
from redrabbit.domain.grade import Grade
from redrabbit.plan_import.dry_run import OURS
from redrabbit.plan_import.grid import letters
from redrabbit.plan_import.header_words import Column, Label
from redrabbit.plan_import.open_book import KEEPS_TEXT
from redrabbit.plan_import.plan_form import HEADER_ROW, LABELS, PHASES, FilledForm

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

ENDINGS: Final = (".xlsx", ".csv")
SHEETS: Final = {
    "en": ("Control plan", "Instructions", "Lists"),
    "zh": ("控制计划", "填写说明", "可选内容"),
}
"""Names of the sheets: the plan, the instructions, what the lists offer."""
ROWS_WITH_LISTS: Final = 2_000
"""Rows below the header in which a list is offered."""
_COLUMNS_OF_LISTS: Final = (Column.DEVICE, Column.PARTS, Column.FREQUENCY, Column.LEAST_GRADE)
_ONLY_THESE: Final = (Column.DEVICE, Column.LEAST_GRADE)
"""Columns in which nothing else may stand; in the others a list is an offer."""
_WIDEST: Final = 100


def write_form(path: Path, form: FilledForm) -> None:
    """Write the file, whole or not at all, over one that is there; OSError where it can't be written.

    Its name ends with one of `ENDINGS`.
    """
    write_whole(path, _csv(form) if path.suffix.lower() == ".csv" else _xlsx(form))


def _csv(form: FilledForm) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerows([[_kept_text(cell) for cell in row] for row in form.table()])
    return text.getvalue().encode("utf-8-sig")


def _kept_text(text: str) -> str:
    return KEEPS_TEXT + text if text[:1] in {*CALCULATED, KEEPS_TEXT} else text


def _xlsx(form: FilledForm) -> bytes:
    book = new_workbook(*SHEETS[form.language])
    plan, about, lists = book.worksheets
    _write_plan(plan, form)
    _write_instructions(about, form)
    ranges = _write_lists(lists, form)
    _offer(plan, form, ranges)
    return packed(book)


def _write_plan(sheet: "Worksheet", form: FilledForm) -> None:
    from openpyxl.styles import Alignment, Border, Side  # noqa: PLC0415  because only this needs it

    thin = Side(style="thin", color="999999")
    framed, wrapped = Border(thin, thin, thin, thin), Alignment(vertical="top", wrap_text=True)
    for number, heading in enumerate(form.headings, 1):
        column = sheet.column_dimensions[letters(number)]
        column.width, column.number_format = heading.width, TEXT_FORMAT
    for row, cells in enumerate(form.table(), 1):
        for column_number, text in enumerate(cells, 1):
            put = put_header if row == HEADER_ROW else put_text
            put(sheet, row, column_number, text)
            cell = sheet.cell(row, column_number)
            cell.alignment = wrapped
            if row >= HEADER_ROW or column_number in {2, 5}:
                cell.border = framed
    print_wide(sheet, HEADER_ROW)


def _write_instructions(sheet: "Worksheet", form: FilledForm) -> None:
    words: list[tuple[str | Sentence, str | Sentence]] = [
        (sentence("{ours} how this form is filled in", ours=OURS), ""),
        ("", ""),
        ("1", sentence("one row for each line of the plan; number and revision stand above")),
        ("2", sentence("several checks of one line are several rows with the same numbers")),
        ("3", sentence("columns may be moved or left empty; their headers must stay")),
        ("4", sentence("to see what it comes to: {command}", command="redrabbit plan import FILE")),
        ("", ""),
        *((each.header[form.language], each.about) for each in form.headings),
    ]
    _put_pairs(sheet, words, form.language)


def _put_pairs(
    sheet: "Worksheet", words: Sequence[tuple[str | Sentence, str | Sentence]], language: str
) -> None:
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 36, _WIDEST
    for row, pair in enumerate(words, 1):
        for column, text in enumerate(pair, 1):
            put_text(sheet, row, column, said(text, language))


def _write_lists(sheet: "Worksheet", form: FilledForm) -> dict[Column, str]:
    """Write what is offered, one column each; return where it stands."""
    about = sentence("{ours} what the lists of the form offer", ours=OURS)
    put_text(sheet, 1, 1, said(about, form.language))
    offered = (
        form.choices.devices,
        form.choices.parts,
        form.choices.frequencies,
        tuple(grade.value for grade in Grade),
    )
    found = {}
    for number, (column, values) in enumerate(zip(_COLUMNS_OF_LISTS, offered, strict=True), 1):
        for row, text in enumerate(values, 2):
            put_text(sheet, row, number, text)
        sheet.column_dimensions[letters(number)].width = 30
        if values:
            letter = letters(number)
            found[column] = f"'{sheet.title}'!${letter}$2:${letter}${len(values) + 1}"
    return found


def _offer(sheet: "Worksheet", form: FilledForm, ranges: dict[Column, str]) -> None:
    from openpyxl.worksheet.datavalidation import DataValidation  # noqa: PLC0415  because only this needs it

    for number, heading in enumerate(form.headings, 1):
        if heading.column not in ranges:
            continue
        offered = DataValidation(type="list", formula1=ranges[heading.column], allow_blank=True)
        offered.showErrorMessage = heading.column in _ONLY_THESE
        letter = letters(number)
        offered.add(f"{letter}{HEADER_ROW + 1}:{letter}{HEADER_ROW + ROWS_WITH_LISTS}")
        sheet.add_data_validation(offered)
    phases = DataValidation(
        type="list", formula1=f'"{",".join(PHASES[form.language])}"', allow_blank=True
    )
    place = list(LABELS).index(Label.PHASE)
    phases.add(f"{'BE'[place % 2]}{place // 2 + 1}")
    sheet.add_data_validation(phases)

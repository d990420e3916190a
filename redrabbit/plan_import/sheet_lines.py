"""The lines of one sheet, with what stands beside and below its table: columns that are not read, notes, a list of devices."""

import re
from typing import Final

from redrabbit.base.sentence import sentence
from redrabbit.plan_import.find_table import Table, find_table, header_path, is_footer
from redrabbit.plan_import.finding import Findings
from redrabbit.plan_import.form_columns import of_column, of_field, says_none, says_not_read
from redrabbit.plan_import.grid import Sheet, letters, plain, rows_of
from redrabbit.plan_import.header_words import Column
from redrabbit.plan_import.meant import Known
from redrabbit.plan_import.plan_line import PlanLine
from redrabbit.plan_import.plan_lines import LineReader

_WANTED: Final = {
    Column.PROCESS_NUMBER: sentence("no column for the number of a line: which one is it?"),
    Column.REACTION: sentence(
        "no column for the reaction plan: which one is it, or where does it stand?"
    ),
}
"""Columns that every plan has, and what is asked where one is not found."""
SHOWN: Final = 80
"""Characters of a row that are shown."""
_SYMBOL: Final = r"[◆★◇◊▲●■☆△○▽▼]"


def lines_of(table: Table, known: Known, findings: Findings) -> list[PlanLine]:
    """Return the lines of a sheet's table; what is beside and below it is said, and a list of devices below it joined."""
    sheet = table.sheet
    last = max(table.rows, default=table.header_bottom)
    devices, used = _device_list(sheet, last, findings)
    _say_ignored(sheet, last, used, findings)
    if table.day_columns:
        first, end = letters(table.day_columns[0]), letters(table.day_columns[-1])
        findings.note(
            "records_not_taken",
            sheet.place(table.header_bottom, table.day_columns[0]),
            sentence(
                "columns {first} to {last} hold ticks of days: records are never imported",
                first=first,
                last=end,
            ),
        )
    _say_columns(table, findings)
    reader = LineReader(
        table=table,
        findings=findings,
        devices=devices,
        legend=_legend(sheet, last),
        known=known,
        has_line_numbers=not table.day_columns,
    )
    lines = list(reader.lines())
    numbers = {line.line for line in lines}
    for number, (list_table, row) in devices.items():
        if number not in numbers:
            findings.error(
                "list_row_unmatched",
                list_table.place(row, Column.PLAN_LINE),
                sentence(
                    "line {line} of the list of devices is none of the plan's; expected its number as it stands there",
                    line=number,
                ),
            )
    return lines


def _say_columns(table: Table, findings: Findings) -> None:
    """Say which columns are missing, headed twice, hidden, not headed, or not read."""
    sheet = table.sheet
    _say_named(table, findings)
    for missing, words in _WANTED.items():
        if missing in table.columns or table.day_columns:
            continue
        name, at = of_field(missing), sheet.place(table.header_top, 1)
        if findings.answer(name, at, words, lambda said: says_none(said) or None) is None:
            findings.question("missing_column", at, words, name)
    for meant, where, header in table.doubled:
        findings.error(
            "column_twice",
            sheet.place(table.header_bottom, where),
            sentence(
                "{header!r} is headed like column {first} ({other!r}): which one is meant? Rename the other one",
                header=header,
                first=letters(table.columns[meant]),
                other=table.headers[meant],
            ),
        )
    for column, where in table.columns.items():
        if where in sheet.hidden_columns:
            findings.question(
                "hidden_column",
                sheet.place(table.header_bottom, where),
                sentence(
                    "column {column} ({header}) is hidden, and was read: right?",
                    column=letters(where),
                    header=table.headers[column],
                ),
            )
    read = {*table.columns.values(), *table.day_columns, *(where for _, where, _ in table.doubled)}
    for where in range(1, sheet.last_column + 1):
        filled = [row for row in table.rows if (row, where) in sheet.cells]
        if where in read or not filled:
            continue
        path = header_path(sheet, table.header_top, table.header_bottom, where)
        heading = " ".join(" / ".join(path).split())
        if path and heading in table.headers.values():
            findings.error(
                "column_twice",
                sheet.place(table.header_bottom, where),
                sentence(
                    "column {column} is headed {header!r}, like one that is read, and is filled: head each column apart",
                    column=letters(where),
                    header=heading,
                ),
            )
        elif path:
            findings.note(
                "column_not_read",
                sheet.place(table.header_bottom, where),
                sentence(
                    "column {column} ({header}) is not read",
                    column=letters(where),
                    header=" / ".join(path),
                ),
            )
        else:
            at, name = sheet.place(filled[0], where), of_column(where)
            words = sentence(
                "column {column} has no header and is filled: what is it?",
                column=letters(where),
            )
            if findings.answer(name, at, words, lambda said: says_not_read(said) or None) is None:
                findings.question("column_without_header", at, words, name)


def _say_named(table: Table, findings: Findings) -> None:
    """Say which columns were taken because somebody named them."""
    for column, where in table.columns.items():
        for name in (of_field(column), of_column(where)):
            if name in table.named:
                words = _WANTED.get(column) or sentence(
                    "which column holds {field}?", field=column.value
                )
                at = table.sheet.place(table.header_bottom, where)
                findings.answer(name, at, words, lambda said: said)


def _device_list(
    sheet: Sheet, after: int, findings: Findings
) -> tuple[dict[str, tuple[Table, int]], range]:
    """Return the rows of a list of devices below the plan by plan line, and which rows of the sheet it takes."""
    table = find_table(sheet, after)
    if table is None or not {Column.DEVICE, Column.PLAN_LINE} <= set(table.columns):
        return {}, range(0)
    listed: dict[str, tuple[Table, int]] = {}
    for row in table.rows:
        at = table.place(row, Column.DEVICE)
        line = plain(table.text(row, Column.PLAN_LINE))
        if row in sheet.hidden_rows or any(cell.is_struck for cell in sheet.own_row(row)):
            findings.question(
                "hidden_row",
                at,
                sentence(
                    "row {row} is hidden or struck through: take it, or leave it out?", row=row
                ),
            )
        elif any(cell.fault is not None for cell in sheet.own_row(row)):
            findings.error(
                "error_in_cell",
                at,
                sentence("row {row} has a formula without a result, or an error", row=row),
            )
        elif not line or line in listed:
            findings.error(
                "list_row_unclear",
                at,
                sentence(
                    "row {row} of the list of devices names no line of the plan, or one that has a device already",
                    row=row,
                ),
            )
        else:
            listed[line] = (table, row)
    return listed, range(table.header_top, max(table.rows, default=table.header_bottom) + 1)


def _say_ignored(sheet: Sheet, last: int, used: range, findings: Findings) -> None:
    below = [row for row in rows_of(sheet) if row > last and row not in used and sheet.own_row(row)]
    unknown = [row for row in below if not is_footer(sheet.own_row(row)[0].text)]
    for row in below:
        findings.note(
            "row_not_taken",
            sheet.place(row, sheet.own_row(row)[0].column),
            sentence(
                "row {row} stands below the table, and is not taken: {text}",
                row=row,
                text=_short(sheet, row),
            ),
        )
    for row in unknown:
        if len(sheet.own_row(row)) > 1:
            findings.question(
                "row_below_table",
                sheet.place(row, sheet.own_row(row)[0].column),
                sentence(
                    "row {row} stands below the table, and looks like no note: does it belong to the plan?",
                    row=row,
                ),
            )


def _short(sheet: Sheet, row: int) -> str:
    text = " ".join(" ".join(cell.text.split()) for cell in sheet.own_row(row))
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def _legend(sheet: Sheet, after: int) -> dict[str, str]:
    """Return which classes symbols stand for, by the notes below the table."""
    found: dict[str, str] = {}
    for row in rows_of(sheet):
        if row > after:
            for cell in sheet.own_row(row):
                for symbol, meant in re.findall(
                    rf"({_SYMBOL})[^◆★◇◊▲●■☆△○▽▼]*?[（(]([A-Z]{{1,4}})[)）]", cell.text
                ):
                    found.setdefault(symbol, meant)
    return found

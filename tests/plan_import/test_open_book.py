"""Files as plants keep them: every form is read as it is, and what is none is refused with words."""

import zipfile
from datetime import datetime
from pathlib import Path

import pytest
from openpyxl import Workbook
from openpyxl.styles import Border, Font, Side
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.worksheet.worksheet import Worksheet

from redrabbit.base.bounded import TooLarge
from redrabbit.plan_import import open_book as opening
from redrabbit.plan_import.grid import Fault, letters
from redrabbit.plan_import.open_book import NotReadable, open_book


def sheet_of(book: Workbook) -> Worksheet:
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    return sheet


def test_values_merges_and_what_is_hidden_or_struck_are_read(tmp_path: Path) -> None:
    book = Workbook()
    sheet = sheet_of(book)
    sheet["A1"], sheet["A3"], sheet["C3"] = "merged", "struck", datetime(2026, 11, 1, 6, 0)  # noqa: DTZ001  a cell has no zone
    sheet.merge_cells("A1:B2")
    sheet["A3"].font = Font(strike=True)
    sheet.row_dimensions[3].hidden = True
    sheet.column_dimensions["C"].hidden = True
    book.create_sheet("old").sheet_state = "hidden"
    book.save(tmp_path / "plan.xlsx")
    first, second = open_book(tmp_path / "plan.xlsx").sheets
    assert [first.text(row, column) for row in (1, 2) for column in (1, 2)] == ["merged"] * 4
    assert first.cells[3, 1].is_struck
    assert first.text(3, 3) == "2026-11-01 06:00"
    assert (*first.hidden_rows, *first.hidden_columns) == (3, 3)
    assert (first.is_hidden, second.is_hidden) == (False, True)


def test_dates_are_counted_from_the_workbooks_own_epoch(tmp_path: Path) -> None:
    book = Workbook()
    book.epoch = CALENDAR_MAC_1904
    sheet_of(book)["A1"] = datetime(2026, 10, 20)  # noqa: DTZ001  as above
    book.save(tmp_path / "plan.xlsx")
    (sheet,) = open_book(tmp_path / "plan.xlsx").sheets
    assert sheet.text(1, 1) == "2026-10-20"


def test_a_formula_whose_result_is_not_in_the_file_is_no_value(tmp_path: Path) -> None:
    book = Workbook()
    sheet_of(book)["B2"] = "=1+1"
    book.save(tmp_path / "plan.xlsx")
    (sheet,) = open_book(tmp_path / "plan.xlsx").sheets
    assert sheet.cells[2, 2].fault is Fault.NO_CACHED_VALUE
    assert sheet.text(2, 2) == ""


def test_a_border_in_the_last_row_makes_no_million_cells(tmp_path: Path) -> None:
    book = Workbook()
    sheet = sheet_of(book)
    sheet["A1"] = "Frequency"
    sheet.cell(1_048_576, 16_384).border = Border(top=Side(style="thin"))
    book.save(tmp_path / "plan.xlsx")
    (sheet_read,) = open_book(tmp_path / "plan.xlsx").sheets
    assert (sheet_read.last_row, sheet_read.last_column) == (1, 1)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_text_files_are_read_in_the_encodings_of_spreadsheets(
    tmp_path: Path, encoding: str, separator: str
) -> None:
    file = tmp_path / "plan.csv"
    file.write_bytes(f"频率{separator}过程\r\n每班一次{separator}20\r\n".encode(encoding))
    (sheet,) = open_book(file).sheets
    assert [cell.text for cell in sheet.own_row(2)] == ["每班一次", "20"]
    assert sheet.place(2, 1) == "row 2, column 1"


def test_a_western_text_file_keeps_its_umlauts(tmp_path: Path) -> None:
    (tmp_path / "plan.csv").write_bytes("Häufigkeit;Größe für Prüfung\r\n".encode("cp1252"))
    (sheet,) = open_book(tmp_path / "plan.csv").sheets
    assert sheet.text(1, 1) == "Häufigkeit"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("plan.pdf", b"%PDF-1.7", "a file '.pdf'; expected one of .xlsx"),
        ("plan.xlsx", b"not a workbook", "no workbook that can be read"),
        ("plan.xls", b"not a workbook", "no workbook that can be read"),
        ("plan.ods", b"not a workbook", "no workbook that can be read"),
        ("plan.csv", b'a,"b\n', "broken CSV"),
        ("plan.csv", b"\x00\x81\x00", "no encoding that is known"),
    ],
)
def test_what_is_no_table_is_refused_with_words(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(NotReadable, match=name.replace(".", r"\.")) as refused:
        open_book(tmp_path / name)
    assert words in str(refused.value)


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/styles.xml"])
def test_a_workbook_with_a_broken_part_is_refused_with_words(tmp_path: Path, part: str) -> None:
    book = Workbook()
    sheet_of(book)["A1"] = 1
    book.save(tmp_path / "whole.xlsx")
    with (
        zipfile.ZipFile(tmp_path / "whole.xlsx") as whole,
        zipfile.ZipFile(tmp_path / "plan.xlsx", "w") as broken,
    ):
        for name in whole.namelist():
            broken.writestr(name, b"<broken" if name == part else whole.read(name))
    with pytest.raises(NotReadable, match="no workbook that can be read"):
        open_book(tmp_path / "plan.xlsx")


def test_a_file_that_unpacks_to_too_much_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "plan.xlsx", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b" " * (opening.MOST_UNPACKED + 1))
    with pytest.raises(NotReadable, match="unpacks to more than 50 MB"):
        open_book(tmp_path / "plan.xlsx")


def test_files_and_tables_larger_than_any_plan_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "MOST_BYTES", 100)
    (tmp_path / "large.csv").write_bytes(b"a" * 101)
    with pytest.raises(TooLarge):
        open_book(tmp_path / "large.csv")
    (tmp_path / "many.csv").write_text("a," * 30, encoding="utf-8")
    monkeypatch.setattr(opening, "MOST_CELLS", 10)
    with pytest.raises(NotReadable, match="more than 10 cells"):
        open_book(tmp_path / "many.csv")


def test_columns_are_called_as_spreadsheets_call_them() -> None:
    assert [letters(n) for n in (1, 26, 27, 52, 702, 703)] == ["A", "Z", "AA", "AZ", "ZZ", "AAA"]


ODS = """<?xml version="1.0" encoding="UTF-8"?>
<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2">
<office:body><office:spreadsheet><table:table table:name="计划"><table:table-row>
<table:table-cell office:value-type="string"><text:p>频率</text:p></table:table-cell>
<table:table-cell office:value-type="date" office:date-value="2026-11-01"><text:p>01.11.26</text:p></table:table-cell>
</table:table-row></table:table></office:spreadsheet></office:body></office:document-content>"""


def test_an_opendocument_sheet_is_read_and_says_what_it_can_not_tell(tmp_path: Path) -> None:
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>'
        "</manifest:manifest>"
    )
    with zipfile.ZipFile(tmp_path / "plan.ods", "w") as packed:
        packed.writestr("mimetype", kind)
        packed.writestr("content.xml", ODS.replace("\n", " ").replace("> <", "><"))
        packed.writestr("META-INF/manifest.xml", manifest)
    book = open_book(tmp_path / "plan.ods")
    (sheet,) = book.sheets
    assert (sheet.name, sheet.text(1, 1), sheet.text(1, 2)) == ("计划", "频率", "2026-11-01")
    assert not book.sees_hidden

"""Plans that a reader takes wrongly: each comes to its right values, or an error or a question names its cell; nothing is dropped in silence."""

import random
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

from redrabbit.plan_import.dry_run import DryRun, dry_run
from redrabbit.plan_import.finding import Kind
from redrabbit.plan_import.frequency import NotUnderstood, parse_frequency
from redrabbit.plan_import.open_book import NotReadable, open_book
from redrabbit.plan_import.read_apart import read_apart

HEADER = (
    "Process No.", "Process name", "No.", "Process characteristic", "Control method", "Frequency", "Device ID", "Challenge parts",
    "Reaction plan", "PFMEA",
)  # fmt: skip
LINE = (
    20,
    "Torque",
    2,
    "Lock-out works",
    "log",
    "1/shift",
    "line1-op20-torque",
    "GM-0001, RR-0001",
    "Stop; call",
    "12.4 rev C",
)
OTHER = (
    30,
    "Camera",
    1,
    "Camera sees it",
    "log",
    "after changeover",
    "line1-op30-cam",
    "GM-0002, RR-0003",
    "Stop",
    "13.1 rev C",
)
FREQUENCY, DEVICE, PARTS, REACTION = 6, 7, 8, 9

Change = Callable[[Worksheet], None]


def plan(folder: Path, change: Change) -> DryRun:
    """Read a plan of two lines, header in row 4, after a change."""
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.append(["Control Plan Number:", "CP-204", None, "Rev.:", "07"])
    sheet.append(["Phase:", "Production"])
    sheet.append([])
    for row in (HEADER, LINE, OTHER):
        sheet.append(row)
    change(sheet)
    book.save(folder / "plan.xlsx")
    return dry_run(folder / "plan.xlsx", read=open_book)


def codes(read: DryRun) -> set[str]:
    """Return what keeps it from being taken without an answer."""
    by_kind = read.findings.by_kind
    return {each.code for each in (*by_kind[Kind.ERROR], *by_kind[Kind.QUESTION])}


def cell(row: int, column: int, value: object, number_format: str | None = None) -> Change:
    def change(sheet: Worksheet) -> None:
        sheet.cell(row, column).value = value  # type: ignore[assignment]  # because a test writes what it likes
        if number_format is not None:
            sheet.cell(row, column).number_format = number_format

    return change


def test_the_plan_itself_is_taken(tmp_path: Path) -> None:
    read = plan(tmp_path, lambda _: None)
    assert codes(read) == set()
    assert [line.device for line in read.lines] == ["line1-op20-torque", "line1-op30-cam"]


def moved_header(sheet: Worksheet) -> None:
    again = list(HEADER)
    again[FREQUENCY - 1], again[REACTION - 1] = again[REACTION - 1], again[FREQUENCY - 1]
    sheet.append(again)
    sheet.append([40, "Leak", 1, "Tester sees it", "log", "Stop", "line1-op40", "GM-0003, RR-0005", "weekly", "1.1 rev C"])  # fmt: skip


def merged_header(sheet: Worksheet) -> None:
    sheet.insert_cols(PARTS + 1)
    sheet.merge_cells(start_row=4, start_column=PARTS, end_row=4, end_column=PARTS + 1)
    sheet.cell(5, PARTS + 1).value = "GM-0009"


def footer_like(sheet: Worksheet) -> None:
    sheet.append(["Approved label", "Label", 1, "Scanner", "log", "1/shift", "line1-op50", "GM-0004, RR-0009", "Stop", "1.2 rev C"])  # fmt: skip


def second_sheet(sheet: Worksheet) -> None:
    assert sheet.parent is not None
    more = sheet.parent.create_sheet("page 2")
    for number in (50, 60):
        more.append(
            [
                number,
                "Op",
                1,
                "x",
                "log",
                "1/shift",
                f"line1-op{number}",
                "GM-0004",
                "Stop",
                "1 rev C",
            ]
        )


def struck(sheet: Worksheet) -> None:
    sheet.cell(5, PARTS).font = Font(strike=True)


def continued(sheet: Worksheet) -> None:
    sheet.insert_rows(6)
    sheet.cell(6, PARTS).value = "RR-0002"


ASKED: dict[str, tuple[Change, str]] = {
    "parts and no device": (cell(5, DEVICE, None), "device_missing"),
    "a continuation row": (continued, "row_without_number"),
    "a header with moved columns": (moved_header, "row_below_table"),
    "a header over two columns": (merged_header, "column_twice"),
    "a sheet without a header": (second_sheet, "sheet_not_read"),
    "struck parts": (struck, "struck_row"),
    "an error as device": (cell(5, DEVICE, "#REF!"), "error_in_cell"),
    "a date as part": (cell(5, PARTS, datetime(2026, 10, 1)), "date_in_code"),  # noqa: DTZ001  because a cell has no zone
    "two devices": (cell(5, DEVICE, "line1-op20 line1-op21"), "several_devices"),
    "as above": (cell(6, DEVICE, "同上"), "as_above"),
    "a list of parts that is numbered": (cell(5, PARTS, "1. RR-0001 2. RR-0002"), "part_not_understood"),
    "a range of parts": (cell(5, PARTS, "RR-0001...RR-0005"), "part_not_understood"),
    "another range of parts": (cell(5, PARTS, "RR-0001-RR-0005"), "part_not_understood"),
    "a revision among parts": (cell(5, PARTS, "RR-0001 Rev.2"), "part_not_understood"),
    "two revisions": (cell(3, 4, "Revision: 06"), "said_twice"),
}  # fmt: skip


@pytest.mark.parametrize("case", ASKED)
def test_what_is_unclear_is_an_error_or_a_question(tmp_path: Path, case: str) -> None:
    change, code = ASKED[case]
    assert code in codes(plan(tmp_path, change))


def with_list(*rows: tuple[str, ...]) -> Change:
    """Take the devices out of the plan, and list them below it."""

    def change(sheet: Worksheet) -> None:
        for row in (5, 6):
            sheet.cell(row, DEVICE).value = sheet.cell(row, PARTS).value = None
        heads = ("Device ID", "CP line", "Challenge part", "Good master")
        for row, told in enumerate((heads, *rows), 10):
            for column, value in enumerate(told, 1):
                sheet.cell(row, column).value = value

    return change


def test_a_list_of_devices_is_joined_by_the_line(tmp_path: Path) -> None:
    rows = (
        ("line1-op20-t", "20-2", "RR-0001", "GM-0001"),
        ("line1-op30-c", "30-1", "RR-0003", "GM-0002"),
    )
    read = plan(tmp_path, with_list(*rows))
    assert codes(read) == set()
    assert [(line.device, line.parts) for line in read.lines] == [
        ("line1-op20-t", ("RR-0001", "GM-0001")),
        ("line1-op30-c", ("RR-0003", "GM-0002")),
    ]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (("line1-op30-c", "30.1", "RR-0003", "GM-0002"), "list_row_unmatched"),
        (("line1-op30-c", "20-2", "RR-0003", "GM-0002"), "list_row_unclear"),
        (("#REF!", "30-1", "RR-0003", "GM-0002"), "error_in_cell"),
    ],
)
def test_a_row_of_a_list_of_devices_is_never_lost(
    tmp_path: Path, row: tuple[str, ...], code: str
) -> None:
    first = ("line1-op20-t", "20-2", "RR-0001", "GM-0001")
    assert code in codes(plan(tmp_path, with_list(first, row)))


def test_a_line_that_begins_like_a_note_is_a_line(tmp_path: Path) -> None:
    assert [line.device for line in plan(tmp_path, footer_like).lines][-1] == "line1-op50"


def test_the_first_header_counts_where_a_better_one_stands_further_down(tmp_path: Path) -> None:
    def change(sheet: Worksheet) -> None:
        sheet.cell(4, 4).value, sheet.cell(4, 5).value = "Spcl", "Who??"
        sheet.append(HEADER)
        sheet.append([40, "Leak", 1, "Tester", "log", "weekly", "line1-op40", "GM-0003, RR-0005", "Stop", "1.1 rev C"])  # fmt: skip

    read = plan(tmp_path, change)
    devices = [line.device for line in read.lines]
    assert devices[:2] == ["line1-op20-torque", "line1-op30-cam"]


SHOWN: dict[str, tuple[Change, Callable[[DryRun], object], object]] = {
    "zeros in front": (cell(5, 1, 20, "0000"), lambda read: read.lines[0].line, "0020-2"),
    "a PFMEA line without a revision": (cell(5, 10, "12.45"), lambda read: read.lines[0].pfmea, "12.45"),
    "a PFMEA line as a number": (cell(5, 10, 124), lambda read: read.lines[0].pfmea, "124"),
    "a step that begins with a number": (cell(5, REACTION, "1.5 Nm retighten"), lambda read: read.lines[0].reaction, ("1.5 Nm retighten",)),
    "a ticked phase": (cell(2, 2, "☐ Prototype ☑ Pre-launch ☐ Production"), lambda read: read.plan["phase"], "pre_launch"),
    "several part numbers": (cell(3, 1, "Part number: A1/03, A2/04\nA3/05"), lambda read: read.plan["part_numbers"], ["A1", "A2", "A3"]),
}  # fmt: skip


@pytest.mark.parametrize("case", SHOWN)
def test_what_the_sheet_shows_is_read(tmp_path: Path, case: str) -> None:
    change, told, expected = SHOWN[case]
    assert told(plan(tmp_path, change)) == expected


def test_a_value_of_another_label_is_none(tmp_path: Path) -> None:
    read = plan(tmp_path, cell(1, 5, "Page 1 of 3"))
    assert read.plan["revision"] is None
    assert "no_revision" in codes(read)


@pytest.mark.parametrize(
    "text",
    [
        ".5 h", "1/2 hour", "1/2 h", "每班一次（夜班除外）；换型后", "1/shift except night; hourly except late", "daily or weekly",
        "每天或每周一次", "hourly or daily", "x/shift", "5S", "500/shift", "1/24", "1/10", "Schichtende\nam Freitag", "First piece\nper shift",
    ],
)  # fmt: skip
def test_a_frequency_that_may_mean_another_is_refused(text: str) -> None:
    with pytest.raises(NotUnderstood):
        parse_frequency(text)


@pytest.mark.parametrize(
    ("text", "hours"), [("every 0.250 h", 0.25), ("0,500 h", 0.5), ("every 1.500 hours", 1.5)]
)
def test_hours_have_decimals_and_no_thousands(text: str, hours: float) -> None:
    (trigger,) = parse_frequency(text).triggers
    assert trigger.hours == hours


def test_a_workbook_with_bits_that_fell_over_is_read_or_refused_with_words(tmp_path: Path) -> None:
    plan(tmp_path, lambda _: None)
    whole = (tmp_path / "plan.xlsx").read_bytes()
    chance = random.Random(1)
    file = tmp_path / "broken.xlsx"
    said = []
    for _ in range(60):
        broken = bytearray(whole)
        broken[chance.randrange(len(broken))] ^= 1 << chance.randrange(8)
        file.write_bytes(broken)
        try:
            open_book(file)
        except NotReadable as refused:
            said.append(refused.words)
    assert len(said) >= 20
    assert all(words.startswith("broken.xlsx: ") for words in said)


def test_a_merged_range_of_a_million_rows_ends_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five kilobytes that take gigabytes: the child is given up, and the command is not."""
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet["A1"] = "Frequency"
    sheet.merged_cells.add("A20:Z1048576")
    book.save(tmp_path / "plan.xlsx")
    monkeypatch.setattr("redrabbit.plan_import.read_apart.MOST_SECONDS", 5)
    with pytest.raises(NotReadable, match="more time or memory"):
        read_apart(tmp_path / "plan.xlsx")


def test_a_file_that_is_read_apart_is_read_alike(tmp_path: Path) -> None:
    plan(tmp_path, lambda _: None)
    assert read_apart(tmp_path / "plan.xlsx") == open_book(tmp_path / "plan.xlsx")
    with pytest.raises(FileNotFoundError):
        read_apart(tmp_path / "none.xlsx")
    with pytest.raises(NotReadable, match="it is no file"):
        read_apart(tmp_path)

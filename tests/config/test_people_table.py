"""People from a table: what each row says, and everything that is wrong with it, cell by cell."""

import zipfile
from datetime import date
from pathlib import Path

import pytest

from redrabbit.base.bounded import TooLarge
from redrabbit.config import sheet
from redrabbit.config.people_table import COLUMNS, ROLES, SPELLINGS, read_people, words_of_lines
from redrabbit.config.problem import Problems
from redrabbit.config.sheet import Row, read_sheet
from redrabbit.domain.facts.person import PersonLanguage
from redrabbit.domain.identity import LineId
from redrabbit.domain.plant import Line
from redrabbit.domain.role import Role
from redrabbit.domain.text import Text
from redrabbit.services.importing_people import PersonRow
from tests.config.workbooks import write_workbook

LINES = words_of_lines(
    (
        Line(id=LineId("line1"), name=Text(en="Line 1", zh="1号线")),
        Line(id=LineId("line2"), name=Text(en="Line 2", zh="2号线")),
        Line(id=LineId("old"), name=Text(en="Line 2", zh="旧线、备用")),
    )
)
HEADER = list(COLUMNS)
LI = ["李娜", "2207", "中文", "班组长|operator", "line1", "2026-12-31", "", "0042317"]


def read(path: Path) -> tuple[tuple[PersonRow, ...], list[str]]:
    problems = Problems()
    rows = read_sheet(path, problems)
    people = () if rows is None else read_people(rows, path.name, LINES, problems)
    return people, [str(problem) for problem in problems.found]


def table(folder: Path, *rows: list[str], header: list[str] | None = None) -> Path:
    path = folder / "people.csv"
    lines = [",".join(f'"{cell}"' for cell in row) for row in [header or HEADER, *rows]]
    path.write_text("\n".join(lines), encoding="utf-8-sig")
    return path


@pytest.mark.parametrize("header", [HEADER, list(COLUMNS.values())], ids=["English", "Chinese"])
@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_a_row_says_who_it_is_and_what_they_may(
    tmp_path: Path, header: list[str], ending: str
) -> None:
    if ending == "csv":
        path = table(tmp_path, LI, [""] * 8, ["Bob"], header=header)
    else:
        path = write_workbook(tmp_path / "people.xlsx", [header, LI, [""] * 8, ["Bob"]])  # type: ignore[list-item]  # because a list of texts is one of texts and numbers
    people, problems = read(path)
    assert problems == []
    assert people[0] == PersonRow(
        row=2,
        name="李娜",
        employee_number="2207",
        language=PersonLanguage.ZH,
        roles=(Role.SHIFT_LEADER, Role.OPERATOR),
        lines=("line1",),
        until=date(2026, 12, 31),
        expires=None,
        badge="0042317",
    )
    assert (people[1].row, people[1].name, people[1].roles) == (4, "Bob", ())


def test_everything_that_is_wrong_is_told_with_its_cell(tmp_path: Path) -> None:
    path = table(
        tmp_path,
        ["", "1", "fr", "boss", "line9", "31.12.2026", "soon", "1"],
        ["A" * 61, "2", "en|zh", "", "", "", "", ""],
        ["B\u202e", "3", "", "", "", "", "", "x"],
        ["C", "4", "", "", "", "", "", "1"],
        ["D", "4", "", "", "", "", "", "1"],
        ["E", "E-1", "", "", "", "", "", ""],
        ["F", "\uff45-1", "", "", "", "", "", ""],
    )
    people, problems = read(path)
    assert [person.name for person in people] == ["C", "D", "E", "F"]
    places = [problem.split(" ")[0] for problem in problems]
    assert places == [
        "people.csv:2:1:",
        "people.csv:2:3:",
        "people.csv:2:4:",
        "people.csv:2:5:",
        "people.csv:2:6:",
        "people.csv:2:7:",
        "people.csv:3:1:",
        "people.csv:3:3:",
        "people.csv:4:1:",
        "people.csv:6:1:",
        "people.csv:8:1:",
        "people.csv:6:1:",
    ]
    assert "expected one of operator, shift_leader" in problems[2]


def test_a_number_in_a_cell_may_have_lost_its_zeros(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "people.xlsx", [["name", "badge"], ["Li", 42317]])
    people, problems = read(path)
    assert people == ()
    assert problems == [
        (
            "people.xlsx:2:2: found the number 42317; expected a text: format the column as text and type the cell anew; "
            "of a number the zeros at its beginning are lost"
        )
    ]


def test_a_table_as_people_make_it_is_read(tmp_path: Path) -> None:
    """Words of a header, names of lines, numbers and days as a spreadsheet in Chinese has them."""
    header = ["人员姓名", "员工号", "角色", "产线", "有效期至", "工牌号"]
    rows: list[list[str | int]] = [
        ["李娜", 204711, "班组长、操作工", "1号线、LINE 1", "2026/12/31", "0042317"],
        ["Bob", 12, "Shift Leader", "旧线、备用", "2026年1月5日", ""],
    ]
    people, problems = read(write_workbook(tmp_path / "people.xlsx", [[*header], *rows]))
    assert problems == []
    li, bob = people
    assert (li.employee_number, li.badge) == ("204711", "0042317")
    assert (li.roles, li.lines) == ((Role.SHIFT_LEADER, Role.OPERATOR), ("line1",))
    assert li.until == date(2026, 12, 31)
    assert li.columns["badge"] == 6
    assert (bob.employee_number, bob.roles, bob.lines) == ("12", (Role.SHIFT_LEADER,), ("old",))
    assert bob.until == date(2026, 1, 5)


def test_a_number_is_no_employee_number_where_others_begin_with_zero(tmp_path: Path) -> None:
    rows: list[list[str | int]] = [["姓名", "工号"], ["Li", 4711], ["Bob", "0815"]]
    people, problems = read(write_workbook(tmp_path / "people.xlsx", rows))
    assert [person.name for person in people] == ["Bob"]
    assert problems[0].startswith("people.xlsx:2:2: found the number 4711; expected a text")


def test_a_name_of_two_lines_stands_for_none(tmp_path: Path) -> None:
    people, problems = read(table(tmp_path, ["Li", "Line 2"], header=["name", "lines"]))
    assert people == ()
    assert "found 'Line 2'" in problems[0]
    assert "1号线" in problems[0]


def test_gbk_is_read_where_its_header_says_so(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes("姓名,工号,产线\r\n李娜,2207,1号线\r\n".encode("gbk"))
    people, problems = read(path)
    assert problems == []
    assert [(each.name, each.employee_number, each.lines) for each in people] == [
        ("李娜", "2207", ("line1",))
    ]
    path.write_bytes("name\nRenée\n".encode("latin-1"))  # in GBK that is another name
    people, problems = read(path)
    assert people == ()
    assert "or in GBK with a Chinese header" in problems[0]


def test_every_other_word_of_a_header_means_a_column() -> None:
    assert set(SPELLINGS.values()) <= COLUMNS.keys()
    assert not SPELLINGS.keys() & (COLUMNS.keys() | set(COLUMNS.values()))


@pytest.mark.parametrize(
    ("header", "told"),
    [
        (["name", "shoe size"], "unknown column 'shoe size'"),
        (["name;roles"], "the columns of a CSV are separated by commas"),
        (["name", "姓名"], "the column 'name' a second time"),
        (["badge"], "no column 'name'"),
        (["name"], "no rows below the header"),
    ],
)
def test_a_header_that_cannot_be_used_is_told(tmp_path: Path, header: list[str], told: str) -> None:
    people, problems = read(table(tmp_path, header=header))
    assert people == ()
    assert told in "\n".join(problems)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("people.csv", b"", "an empty table"),
        ("people.csv", "name\n李娜\n".encode("gbk"), "not UTF-8"),
        ("people.csv", b'name\n"Li', "broken CSV"),
        ("people.xlsx", b"name", "no workbook that can be read"),
        ("people.ods", b"name", "a file '.ods'"),
    ],
)
def test_what_is_no_table_is_told(tmp_path: Path, name: str, content: bytes, told: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    people, problems = read(path)
    assert people == ()
    assert len(problems) == 1
    assert told in problems[0]


def test_what_is_too_large_is_said_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many = table(tmp_path, *([["Li"]] * 5_001))
    assert "more rows" in read(many)[1][0]
    path = tmp_path / "people.csv"
    path.write_bytes(b"x" * 2_000_001)
    with pytest.raises(TooLarge):
        read(path)
    monkeypatch.setattr(sheet, "MOST_UNPACKED", 1_000)
    packed = tmp_path / "people.xlsx"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("xl/sheet.xml", "x" * 1_001)
    assert "unpacks to more" in read(packed)[1][0]


def test_every_role_of_a_person_has_a_word_in_both_languages() -> None:
    assert set(ROLES.values()) == set(Role) - {Role.SERVICE}
    assert len(ROLES) == 2 * (len(Role) - 1)
    assert Row(1, ("x",)).cells == ("x",)

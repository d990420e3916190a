"""Control plans as plants of five kinds keep them, and the values that must come out of each.

`workbooks/NAME.expected.json` is what the dry run says of `workbooks/NAME`, checked by hand against the sheet: another value is a wrong
plan. Made anew by `python -m tests.plan_import.test_workbooks`, and to be read before it is kept.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from redrabbit.plan_import.dry_run import dry_run
from redrabbit.plan_import.finding import Kind

WORKBOOKS = Path(__file__).with_name("workbooks")
FILES = sorted(p for p in WORKBOOKS.iterdir() if p.suffix != ".json")


def read(file: Path) -> dict[str, Any]:
    """Return what the dry run says, with the codes of its findings in place of their words."""
    read = dry_run(file)
    codes = {
        kind.value: [[each.code, each.at] for each in found]
        for kind, found in read.findings.by_kind.items()
    }
    return {**read.as_json("en"), **codes}


def expected(file: Path) -> Path:
    return file.with_name(file.name + ".expected.json")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_plants_workbook_comes_to_its_values(file: Path) -> None:
    assert read(file) == json.loads(expected(file).read_text(encoding="utf-8"))


def test_each_kind_of_workbook_is_there() -> None:
    assert {file.suffix for file in FILES} == {".xlsx", ".xls", ".csv"}
    assert len(FILES) == 7


def test_the_higher_revision_is_proposed_and_another_can_be_chosen() -> None:
    file = WORKBOOKS / "07_two_revisions_misspelt.xlsx"
    assert dry_run(file).plan["revision"] == "03"
    other = dry_run(file, "Process Control Plan")
    assert other.plan["revision"] == "1"
    assert [line.frequency_text for line in other.lines] == ["Weekly", "2 hrs", "Daily"]


def test_one_cell_that_is_not_understood_is_named() -> None:
    (error,) = dry_run(WORKBOOKS / "04_gb18030.csv").findings.by_kind[Kind.ERROR]
    assert (error.at, error.code) == ("row 9, column 8", "frequency_not_understood")
    assert error.words == "'视情况' is no frequency I know; nearest: none. Correct the cell"


if __name__ == "__main__":
    for file in FILES:
        text = json.dumps(read(file), ensure_ascii=False, indent=1)
        expected(file).write_text(text + "\n", encoding="utf-8")

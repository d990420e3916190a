"""Special characteristics on their way from a plant's sheet into the plan in force: kept, taken away, told, or refused; never another one."""

import dataclasses
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from redrabbit.config.plant import PLAN_YAML, PLANT_FILE, load_plant, read_configuration
from redrabbit.domain.plan_difference import plan_difference
from redrabbit.domain.plant import Plant
from redrabbit.domain.special_characteristic import codes_by_mark
from redrabbit.plan_import.compare import compare
from redrabbit.plan_import.dry_run import dry_run
from redrabbit.plan_import.finding import Kind
from redrabbit.plan_import.open_book import open_book
from redrabbit.plan_import.plan_text import plan_text
from tests.plan_import.test_compare import NOW
from tests.store.sample_story import FIRST

FILES = read_configuration(FIRST)[1]
DECLARED = """\
special_characteristics:
  CC: {name: {en: Critical, zh: 关键特性}, symbols: [◆, ▽]}
  SC: {name: {en: Significant, zh: 重要特性}, symbols: ["<S>"]}
  D/TLD: {name: {en: Documented, zh: 存档特性}}
"""
MARKS = {
    "CC": "CC",
    "cc": "CC",
    " ◆": "CC",
    "▽": "CC",
    "<S>": "SC",
    "\uff33\uff23": "SC",
    "D / TLD": "D/TLD",
}
NONE = ("", "-", "/", "无")
CHECK = "line1-op10-torque-verification"


def the_plant(mark: str | None, *, declared: bool = True) -> Plant:
    files = dict(FILES)
    if declared:
        files[PLANT_FILE] += DECLARED
    plant = load_plant(files)
    checks = tuple(
        dataclasses.replace(check, special_characteristic=mark) if check.id == CHECK else check
        for check in plant.plan.checks
    )
    return dataclasses.replace(plant, plan=dataclasses.replace(plant.plan, checks=checks))


def brought(
    folder: Path, plant: Plant | None, cell: str | None, below: str = ""
) -> tuple[str | None, list[tuple[Kind, str, str]], list[str]]:
    """Return the text that a sheet with this cell becomes, what is said of it, and what it changes."""
    file = folder / "plan.csv"
    more = ("", "") if cell is None else (",Special characteristic", f',"{cell}"')
    file.write_text(
        "Control plan number,CP-7,,Revision,B\n\n"
        f"Process number,Device ID,Challenge parts,Frequency,Reaction plan{more[0]}\n"
        f'10.2,line1-op10-torque,"RR-0001, GM-0001",each shift,Stop the station.{more[1]}\n\n\n{below}\n',
        encoding="utf-8",
    )
    known = None if plant is None else codes_by_mark(plant.special_characteristics)
    read = dry_run(file, known_special=known, read=open_book)
    changes: list[str] = []
    if plant is not None:
        changes = [
            str(change.words)
            for change in compare(read, plant, NOW).changes
            if not change.check or change.check == CHECK
        ]
    said = [
        (kind, each.code, each.at)
        for kind, found in read.findings.by_kind.items()
        for each in found
        if each.code in {"special_unknown", "symbol_unknown", "legend"}
    ]
    text = None if plant is None or read.has_errors else plan_text(read, plant, ())
    return text, said, changes


def taken(text: str | None) -> str | None:
    assert text is not None
    plant = load_plant({**FILES, PLANT_FILE: FILES[PLANT_FILE] + DECLARED, PLAN_YAML: text})
    return plant.plan.checks[0].special_characteristic


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    before=st.sampled_from([None, "CC", "SC"]),
    cell=st.sampled_from([None, *MARKS, *NONE]),
)
def test_what_the_sheet_marks_is_what_the_check_gets(
    tmp_path: Path, before: str | None, cell: str | None
) -> None:
    """Without the column it stays, with an empty cell it is gone, and what becomes of it is told in words, exactly where it changes."""
    plant = the_plant(before)
    text, said, changes = brought(tmp_path, plant, cell)
    wanted = before if cell is None else MARKS.get(cell)
    assert said == []
    assert taken(text) == wanted
    told = [words for words in changes if "special characteristic" in words]
    assert len(told) == (wanted != before)
    revised = load_plant({**FILES, PLANT_FILE: FILES[PLANT_FILE] + DECLARED, PLAN_YAML: text or ""})
    codes = [
        each.code
        for each in plan_difference(plant.plan, revised.plan)
        if each.code == "special_characteristic"
    ]
    assert len(codes) == (wanted != before)


@pytest.mark.parametrize("cell", ["◇", "S", "CC, SC", "KPC"])
def test_a_mark_that_the_plant_does_not_declare_is_an_error_at_its_cell(
    tmp_path: Path, cell: str
) -> None:
    text, said, _ = brought(tmp_path, the_plant(None), cell)
    assert text is None
    assert said == [(Kind.ERROR, "special_unknown", "row 4, column 6")]


@pytest.mark.parametrize(
    ("declared", "cells", "said", "got"),
    [
        (False, ("KPC", ""), [], "KPC"),
        (False, ("◆", ""), [(Kind.ERROR, "special_unknown")], None),
        (False, ("◆", "◆ critical (CC)"), [(Kind.QUESTION, "legend")], "CC"),
        (True, ("★", "★ critical (CC)"), [(Kind.QUESTION, "legend")], "CC"),
        (True, ("★", "★ key (KPC)"), [(Kind.ERROR, "special_unknown")], None),
    ],
)
def test_a_note_below_the_table_explains_a_symbol_within_what_the_plant_declares(
    tmp_path: Path, declared: bool, cells: tuple[str, str], said: list[object], got: str | None
) -> None:
    text, told, _ = brought(tmp_path, the_plant(None, declared=declared), *cells)
    assert [each[:2] for each in told] == said
    assert (text is None) is (got is None)
    if text is not None:
        assert f'special_characteristic: "{got}"' in text


def test_without_a_plant_a_symbol_is_asked_about(tmp_path: Path) -> None:
    _, said, _ = brought(tmp_path, None, "◆")
    assert [each[:2] for each in said] == [(Kind.QUESTION, "symbol_unknown")]

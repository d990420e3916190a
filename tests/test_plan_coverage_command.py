"""`redrabbit plan coverage`: the matrix and its gaps, 1 where one stands."""

import json
import shutil
from pathlib import Path

import pytest
from openpyxl import load_workbook

from redrabbit.base.clock import SteadyClock
from redrabbit.base.messages import terminal_texts
from redrabbit.cli import main
from redrabbit.config.plant import load_plant, read_configuration
from redrabbit.coverage_words import KINDS
from redrabbit.domain.coverage import GapKind
from redrabbit.domain.facts.catalogue import fold
from redrabbit.services.taking_up import open_life
from redrabbit.store.opening import open_database
from redrabbit.store.unit_of_work import Recording
from tests.store.sample_story import FIRST

CONFIGURATION = Path(__file__).parents[1] / "station_configs"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A configuration in which one check lost its good master, and another is due on demand only."""
    copy = tmp_path / "plant"
    shutil.copytree(CONFIGURATION, copy)
    plan = copy / "control_plan.yaml"
    text = plan.read_text(encoding="utf-8")
    text = text.replace("parts: [GM-0001, RR-0001, RR-0002]", "parts: [RR-0001, RR-0002]", 1)
    text = text.replace("schedule: daily at 06:30 if working", "schedule: on demand", 1)
    plan.write_text(text, encoding="utf-8")
    return copy


def test_a_plan_without_a_gap_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "coverage", "--config", str(CONFIGURATION)]) == 0
    told = capsys.readouterr().out
    assert "CP-204 rev F: 14 failure modes of 10 devices" in told
    assert (
        "line1-op20-torque · torque_low: RR-0001, line1-op20-torque-verification, grade C" in told
    )
    assert "no gap" in told


def test_gaps_are_told_in_both_languages_and_for_programs(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["plan", "coverage", "--config", str(folder)]
    assert main(arguments) == 1
    told = capsys.readouterr().out
    assert "line1-op20-torque-verification: no good master" in told
    assert "line1-op30-seal-verification: it is never due by itself" in told
    assert main([*arguments, "--lang", "zh"]) == 1
    assert "没有合格样件" in capsys.readouterr().out
    assert main([*arguments, "--json"]) == 1
    as_json = json.loads(capsys.readouterr().out)
    assert [each["kind"] for each in as_json["gaps"]] == [
        "check_without_master",
        "check_never_due",
    ]
    assert {tuple(row["gaps"]) for row in as_json["rows"]} == {
        (),
        ("check_without_master",),
        ("check_never_due",),
    }
    file = tmp_path / "coverage.xlsx"
    assert main([*arguments, "--xlsx", str(file)]) == 1
    matrix, gaps = load_workbook(file).worksheets
    assert (matrix.max_row, gaps.max_row) == (len(as_json["rows"]) + 1, 3)
    capsys.readouterr()
    assert main([*arguments, "--xlsx", str(file)]) == 2
    assert "a new file that ends with .xlsx" in capsys.readouterr().err


def test_a_database_that_nobody_changed_says_what_its_configuration_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite:///{tmp_path / 'plant.db'}"
    recording = Recording(fold=fold, software="test")
    with open_database(url, plant="Test", clock=SteadyClock(), recording=recording) as database:
        files = read_configuration(FIRST)[1]
        database.write_now(lambda uow: open_life(uow, load_plant(FIRST), files, "test"))
    of_database = main(["plan", "coverage", "--database", url, "--json"])
    told = json.loads(capsys.readouterr().out)
    assert main(["plan", "coverage", "--config", str(FIRST), "--json"]) == of_database
    configured = json.loads(capsys.readouterr().out)
    assert told["gaps"] == configured["gaps"]
    known = [(row["check"], row["part"], row["gaps"]) for row in told["rows"]]
    assert known == [(row["check"], row["part"], row["gaps"]) for row in configured["rows"]]


def test_every_kind_of_gap_has_its_words() -> None:
    assert set(KINDS) == set(GapKind)
    assert {str(words) for words in KINDS.values()} <= terminal_texts("zh").keys()

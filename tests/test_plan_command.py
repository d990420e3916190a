"""`redrabbit plan import`: what a newcomer sees of their own plan, for people and for programs."""

import json
from pathlib import Path

import pytest

from redrabbit.base.clock import SteadyClock
from redrabbit.cli import main
from redrabbit.config.plant import load_plant, read_configuration
from redrabbit.domain.facts.catalogue import fold
from redrabbit.services.taking_up import open_life
from redrabbit.store.opening import open_database
from redrabbit.store.unit_of_work import Recording
from tests.store.sample_story import FIRST

WORKBOOKS = Path(__file__).parent / "plan_import" / "workbooks"


def test_a_plan_is_told_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "import", str(WORKBOOKS / "01_aiag_en.xlsx")]) == 0
    told = capsys.readouterr().out
    assert "control plan CP-311-07" in told
    assert (
        "Control Plan!A13: line 20-2, line1-op20-torque with GM-0001, RR-0001, RR-0002: at each shift start"
        in told
    )
    assert "every 500 parts, after each setup, whichever comes first" in told
    assert told.rstrip().endswith("nothing was stored: this only reads the file")


def test_a_plan_is_told_in_chinese(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "import", "--lang", "zh", str(WORKBOOKS / "02_zh.xlsx")]) == 0
    told = capsys.readouterr().out
    assert "每班开始时、每次换型后、每次维修后" in told
    assert "未保存任何内容" in told


def test_what_is_wrong_ends_with_1_and_names_the_cell(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "import", "--json", str(WORKBOOKS / "04_gb18030.csv")]) == 1
    told = json.loads(capsys.readouterr().out)
    assert [(each["at"], each["code"]) for each in told["errors"]] == [
        ("row 9, column 8", "frequency_not_understood")
    ]
    assert told["difference"] is None


def test_a_file_that_is_none_is_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", "import", str(tmp_path / "plan.xlsx")]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    (tmp_path / "plan.doc").write_bytes(b"")
    assert main(["plan", "import", str(tmp_path / "plan.doc")]) == 1
    assert "expected one of .xlsx" in capsys.readouterr().err


def test_a_sheet_that_is_not_there_is_told_with_those_that_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = str(WORKBOOKS / "07_two_revisions_misspelt.xlsx")
    assert main(["plan", "import", file, "--sheet", "CP"]) == 1
    assert "no sheet 'CP'; expected one of Process Control Plan, Sheet1" in capsys.readouterr().out


def test_a_plan_is_told_beside_the_one_in_force(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite:///{tmp_path / 'plant.db'}"
    recording = Recording(fold=fold, software="test")
    with open_database(url, plant="Test", clock=SteadyClock(), recording=recording) as database:
        files = read_configuration(FIRST)[1]
        database.write_now(lambda uow: open_life(uow, load_plant(FIRST), files, "test"))
    file = str(WORKBOOKS / "01_aiag_en.xlsx")
    assert main(["plan", "import", file, "--database", url, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {each["kind"] for each in told["difference"]} <= {"new", "left_out", "changed"}
    assert told["difference"]
    assert main(["plan", "import", file, "--database", url]) == 0
    assert "What would change:" in capsys.readouterr().out
    assert main(["plan", "import", file, "--database", f"sqlite:///{tmp_path / 'none.db'}"]) == 1

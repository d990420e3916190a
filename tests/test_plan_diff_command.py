"""`redrabbit plan diff`: 0 the same, 1 different, 2 not readable; for people and for programs."""

import json
from pathlib import Path

import pytest

from redrabbit.cli import main

WORKBOOKS = Path(__file__).parent / "plan_import" / "workbooks"
ONE, OTHER = WORKBOOKS / "01_aiag_en.xlsx", WORKBOOKS / "02_zh.xlsx"


def test_the_same_plan_differs_in_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "diff", str(ONE), str(ONE)]) == 0
    assert "no difference" in capsys.readouterr().out


def test_two_plans_are_compared_in_sentences(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "diff", str(ONE), str(OTHER)]) == 1
    told = capsys.readouterr().out
    assert "control plan number CP-311-07 becomes CP-204" in told
    assert "30-2 line1-op30-camera: left out: at each shift start, after each changeover" in told
    assert "is CC, by the note below the table: right?" in told
    assert main(["plan", "diff", "--lang", "zh", "--json", str(ONE), str(OTHER)]) == 1
    as_json = json.loads(capsys.readouterr().out)
    assert as_json["same"] is False
    assert as_json["head"][0] == "控制计划编号 CP-311-07 改为 CP-204"
    assert {each["kind"] for each in as_json["difference"]} == {"new", "left_out", "changed"}


def test_a_plan_with_an_error_is_not_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", "diff", str(ONE), str(WORKBOOKS / "04_gb18030.csv")]) == 2
    assert "row 9, column 8" in capsys.readouterr().err
    assert main(["plan", "diff", str(ONE), str(tmp_path / "none.xlsx")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    (tmp_path / "plan.doc").write_bytes(b"")
    assert main(["plan", "diff", str(tmp_path / "plan.doc"), str(ONE)]) == 2

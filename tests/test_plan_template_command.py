"""`redrabbit plan template`: a form to fill in, and no file written over without saying so."""

from pathlib import Path

import pytest

from redrabbit.cli import main

CONFIGURATION = Path(__file__).parents[1] / "station_configs"


def test_a_form_is_written_and_comes_to_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "form.xlsx"
    assert main(["plan", "template", str(file), "--config", str(CONFIGURATION)]) == 0
    assert f"redrabbit plan import {file}" in capsys.readouterr().out
    assert main(["plan", "import", str(file)]) == 1
    assert "no line stands below the header" in capsys.readouterr().out


def test_a_file_that_is_there_stays_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "form.xlsx"
    file.write_bytes(b"mine")
    assert main(["plan", "template", str(file)]) == 2
    assert "is there already" in capsys.readouterr().err
    assert file.read_bytes() == b"mine"
    assert main(["plan", "template", str(file), "--replace", "--language", "zh"]) == 0
    assert file.read_bytes() != b"mine"
    assert [each.name for each in tmp_path.iterdir()] == ["form.xlsx"]


def test_another_ending_and_a_configuration_that_is_none_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", "template", str(tmp_path / "form.xls")]) == 2
    assert "ends with .xlsx" in capsys.readouterr().err
    assert main(["plan", "template", str(tmp_path / "a.xlsx"), "--config", str(tmp_path)]) == 1
    assert capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []

"""`redrabbit plan export`: the plan in force of a configuration or of a database, as a spreadsheet."""

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

CONFIGURATION = Path(__file__).parents[1] / "station_configs"


def test_the_plan_of_a_database_is_written_and_does_not_differ_from_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite:///{tmp_path / 'plant.db'}"
    recording = Recording(fold=fold, software="test")
    with open_database(url, plant="Test", clock=SteadyClock(), recording=recording) as database:
        files = read_configuration(FIRST)[1]
        database.write_now(lambda uow: open_life(uow, load_plant(FIRST), files, "test"))
    file = tmp_path / "plan.xlsx"
    assert main(["plan", "export", str(file), "--database", url]) == 0
    capsys.readouterr()
    assert main(["plan", "import", str(file), "--database", url, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["difference"], told["errors"], told["questions"]) == ([], [], [])


def test_the_plan_of_a_configuration_is_written_as_csv(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "plan.csv"
    arguments = ["plan", "export", str(file), "--config", str(CONFIGURATION), "--language", "zh"]
    assert main(arguments) == 0
    assert "CP-204 rev F, checks: 10" in capsys.readouterr().out
    assert file.read_text(encoding="utf-8-sig").startswith("控制计划编号,CP-204,,版本号,F")
    assert main(arguments) == 2
    assert "is there already" in capsys.readouterr().err
    assert main([*arguments, "--replace"]) == 0


def test_where_the_plan_is_from_must_be_said_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(tmp_path / "plan.xlsx")
    assert main(["plan", "export", file]) == 2
    assert "found no database" in capsys.readouterr().err
    with pytest.raises(SystemExit) as ended:
        main(["plan", "export", file, "--config", str(CONFIGURATION), "--database", "sqlite:///a"])
    assert ended.value.code == 2
    assert "found --config and a database" in capsys.readouterr().err
    assert main(["plan", "export", str(tmp_path / "plan.pdf"), "--config", str(CONFIGURATION)]) == 2
    assert "ends with .xlsx, .csv" in capsys.readouterr().err

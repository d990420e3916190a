"""What is wrong with a command is told in one line, without a traceback."""

from pathlib import Path

import pytest

from redrabbit.cli import main


@pytest.mark.parametrize("port", ["70000", "-1", "http", "", "²"])
def test_a_port_that_is_none_is_refused_before_anything_begins(
    port: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["serve", "--config", "nowhere", "--database", "sqlite:///x", "--port", port])
    assert ended.value.code == 2
    assert "expected 0 to 65535" in capsys.readouterr().err


@pytest.mark.parametrize(
    "url", ["postgresql+nosuch://host/plant", "mysql://host/plant", "plant.db"]
)
def test_an_address_of_no_database_is_told_in_words(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["overdue", "--database", url]) == 1
    assert "expected sqlite:///PATH or postgresql://HOST/NAME" in capsys.readouterr().err


def test_a_plan_that_takes_effect_later_is_not_served_today(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """R45."""
    folder = tmp_path / "plant"
    assert main(["init", str(folder)]) == 0
    plan = folder / "control_plan.yaml"
    lines = [
        line
        for line in plan.read_text(encoding="utf-8").splitlines()
        if not line.startswith("effective_from")
    ]
    place = next(i for i, line in enumerate(lines) if line.startswith("revision"))
    lines.insert(place + 1, "effective_from: 2099-01-01T06:00:00+08:00")
    plan.write_text("\n".join(lines), encoding="utf-8")
    url = f"sqlite:///{tmp_path / 'plant.sqlite3'}"
    assert main(["serve", "--config", str(folder), "--database", url, "--port", "0"]) == 1
    assert "takes effect at 2099-01-01" in capsys.readouterr().err
    assert not (tmp_path / "plant.sqlite3").exists()

"""What is wrong with a command is told in one line, without a traceback."""

from pathlib import Path

import pytest

from redrabbit.cli import main
from redrabbit.services.verifying import say_damaged
from redrabbit.store.opening import open_database
from tests.stored import RECORDING, SteppingClock


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


@pytest.fixture
def served(tmp_path: Path) -> str:
    """The address of a database with a plant's first entries."""
    url = f"sqlite:///{tmp_path / 'plant.sqlite3'}"
    open_database(url, plant="Plant 1", clock=SteppingClock(), recording=RECORDING).close()
    return url


def test_a_database_is_named_by_the_environment_or_by_a_file(
    served: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "address"
    file.write_text(served, encoding="utf-8")
    file.chmod(0o600)
    assert main(["checkpoint", "--database", served]) == 0
    told = capsys.readouterr().out
    assert told.startswith("Plant-1/")
    assert main(["checkpoint", "--database-file", str(file)]) == 0
    assert capsys.readouterr().out == told
    monkeypatch.setenv("REDRABBIT_DATABASE", served)
    assert main(["checkpoint"]) == 0
    assert capsys.readouterr().out == told


def test_no_checkpoint_leaves_while_an_alarm_says_that_records_are_damaged(
    served: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """D62: until the verification beside the service has read everything once and found nothing."""
    with open_database(
        served, plant="Plant 1", clock=SteppingClock(), recording=RECORDING
    ) as database:
        database.write_now(say_damaged)
    assert main(["checkpoint", "--database", served]) == 1
    shown = capsys.readouterr()
    assert (shown.out, "records are not as they were written" in shown.err) == ("", True)


@pytest.mark.parametrize(
    "command",
    [
        ["overdue"],
        ["verify"],
        ["rebuild"],
        ["checkpoint"],
        ["accept-loss", "--checkpoint", "kept", "--by", "Anna Li"],
        ["change-key", "--by", "Anna Li"],
        ["export", "--from", "2026-11-22", "--to", "2026-11-23", "-o", "out"],
        ["serve", "--config", "nowhere"],
    ],
    ids=lambda command: command[0],
)
def test_every_command_wants_exactly_one_database_and_no_password(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("REDRABBIT_DATABASE", raising=False)
    assert main(command) == 2
    assert "expected exactly one" in capsys.readouterr().err
    assert main([*command, "--database", "postgresql://rr:PgSecret99@h/db"]) == 2
    told = capsys.readouterr().err
    assert "REDRABBIT_DATABASE" in told
    assert "PgSecret99" not in told


def test_a_verified_file_needs_no_database_and_bears_none_beside_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REDRABBIT_DATABASE", "sqlite:///nowhere")
    assert main(["verify", "no-such-file"]) == 3
    assert "no-such-file" in capsys.readouterr().err
    assert main(["verify", "no-such-file", "--database", "sqlite:///x"]) == 2


def test_a_mistyped_address_of_a_database_does_not_print_its_password(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """D24."""
    mistyped = "postgresq://rr:PgSecret99@host/plant"
    assert main(["overdue", "--database", mistyped]) == 2
    assert "PgSecret99" not in str(capsys.readouterr())
    monkeypatch.setenv("REDRABBIT_DATABASE", mistyped)
    assert main(["overdue"]) == 1
    told = capsys.readouterr()
    assert "begins with postgresq://" in told.err
    assert "PgSecret99" not in told.err + told.out

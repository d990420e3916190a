"""`redrabbit plan try-out`: one plan over a month, or two side by side; nothing is stored."""

import json
import shutil
from collections import Counter
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
TRY_OUT = ["plan", "try-out", "--config", str(CONFIGURATION), "--month", "2027-02"]


@pytest.fixture
def denser(tmp_path: Path) -> Path:
    """The plan with one check more often, and another revision."""
    copy = tmp_path / "plan.yaml"
    text = (CONFIGURATION / "control_plan.yaml").read_text(encoding="utf-8")
    assert "schedule: daily at 06:30 if working" in text
    text = text.replace("schedule: daily at 06:30 if working", "schedule: every 2 h of work")
    copy.write_text(text.replace("revision: F", "revision: G"), encoding="utf-8")
    return copy


def test_a_month_is_told_in_both_languages(capsys: pytest.CaptureFixture[str]) -> None:
    declared = ["--parts-per-hour", "60", "--minutes", "2", "--to-shipping", "8 h"]
    assert main([*TRY_OUT, *declared]) == 0
    told = capsys.readouterr().out
    assert "CP-204 rev F from 2027-02-01 00:00:00 UTC+8 to 2027-03-01 00:00:00 UTC+8" in told
    assert "line1-op20-torque · torque_low: 480 parts, in the mean 480" in told
    assert "60 parts in an hour of work (declared)" in told
    assert "nothing was stored" in told
    assert main([*TRY_OUT, *declared, "--lang", "zh"]) == 0
    assert "假设条件：" in capsys.readouterr().out


def test_what_nobody_knows_is_not_guessed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(TRY_OUT) == 0
    told = capsys.readouterr().out
    assert "how many parts it makes is not known" in told
    assert "how long it takes is not known" in told
    assert "torque_low: not known, in the mean not known" in told


def test_two_plans_stand_side_by_side(denser: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = [*TRY_OUT, "--plan", str(denser), "--parts-per-hour", "line1=60"]
    assert main([*asked, "--against", str(CONFIGURATION / "control_plan.yaml")]) == 0
    told = capsys.readouterr().out
    row = next(line for line in told.splitlines() if "seal_missing" in line)
    assert row.split("  ")[-1].strip() == "1440 parts"
    assert "240 parts" in row


def test_a_program_gets_every_due_time(
    denser: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*TRY_OUT, "--plan", str(denser), "--minutes", "1.5", "--json"]) == 0
    (tried,) = json.loads(capsys.readouterr().out)["plans"]
    due = {each["check"]: len(each["due"]) for each in tried["checks"]}
    in_shifts = [shift["checks"] for line in tried["lines"] for shift in line["shifts"]]
    outside = [line["outside"]["checks"] for line in tried["lines"]]
    assert sum(due.values()) == sum(in_shifts) + sum(outside) > 500
    assert tried["plan"] == {"number": "CP-204", "revision": "G"}
    assert Counter(each["minutes"] for each in tried["checks"]) == {1.5: len(due)}
    spreadsheet = tmp_path / "plan.xlsx"
    assert main(["plan", "export", str(spreadsheet), "--config", str(CONFIGURATION)]) == 0
    capsys.readouterr()
    assert main([*TRY_OUT, "--plan", str(spreadsheet), "--json"]) == 0
    (same,) = json.loads(capsys.readouterr().out)["plans"]
    assert main([*TRY_OUT, "--json"]) == 0
    (own,) = json.loads(capsys.readouterr().out)["plans"]
    assert same["checks"] == own["checks"]


def test_an_open_question_that_is_taken_as_proposed_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = tmp_path / "plan.csv"
    asked.write_text(
        "Control plan number,CP-204,,Revision,G\n\n"
        "Process number,Device ID,Challenge parts,Frequency,Reaction plan\n"
        '30.2,line1-op30-camera,"GM-0002, RR-0003, RR-0004",daily,Stop the station.\n',
        encoding="utf-8",
    )
    assert main([*TRY_OUT, "--plan", str(asked)]) == 0
    taken = capsys.readouterr().out.partition("Taken for granted:")[2]
    assert "as proposed, nobody has answered yet: row 4, column 4: at which time of day?" in taken
    assert main([*TRY_OUT, "--plan", str(asked), "--json"]) == 0
    (tried,) = json.loads(capsys.readouterr().out)["plans"]
    assert any("at which time of day?" in words for words in tried["taken"])


@pytest.mark.parametrize(
    ("more", "exit_code", "complaint"),
    [
        (["--plan", "nowhere.yaml"], 1, "there is no such file"),
        (["--minutes", "none=3"], 2, "no check of the plan is called so"),
        (["--parts-per-hour", "line9=3"], 2, "no line of the plant is called so"),
        (["--minutes", "0"], 2, "expected a number above 0"),
        (["--month", "2026-13"], 2, "is no month"),
        (["--to-shipping", "soon"], 2, "is not a duration"),
    ],
)
def test_what_can_not_be_is_said(
    more: list[str], exit_code: int, complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        ended = main([*TRY_OUT, *more])
    except SystemExit as ending:
        ended = int(ending.code or 0)
    assert ended == exit_code
    assert complaint in capsys.readouterr().err


def test_a_plan_that_does_not_fit_or_has_errors_is_not_tried(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = tmp_path / "wrong.yaml"
    shutil.copy(CONFIGURATION / "control_plan.yaml", wrong)
    wrong.write_text(wrong.read_text(encoding="utf-8").replace("RR-0001", "RR-9999"), "utf-8")
    assert main([*TRY_OUT, "--plan", str(wrong)]) == 1
    assert "does not fit the plant" in capsys.readouterr().err
    empty = tmp_path / "empty.csv"
    empty.write_text("a,b\n1,2\n", encoding="utf-8")
    assert main([*TRY_OUT, "--plan", str(empty)]) == 1
    assert "is not tried out" in capsys.readouterr().err


def test_a_database_is_only_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"sqlite:///{tmp_path / 'plant.db'}"
    recording = Recording(fold=fold, software="test")
    with open_database(url, plant="Test", clock=SteadyClock(), recording=recording) as database:
        files = read_configuration(FIRST)[1]
        database.write_now(lambda uow: open_life(uow, load_plant(FIRST), files, "test"))
        before = database.read_now(lambda reader: reader.head().size)
    assert main(["plan", "try-out", "--database", url, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["plans"][0]["checks"]
    with open_database(url, plant="Test", clock=SteadyClock(), recording=recording) as database:
        assert database.read_now(lambda reader: reader.head().size) == before
    assert main(["plan", "try-out", "--database", url, "--plan", "none"]) == 1

"""`redrabbit export` takes days of the plant, and writes over nothing that it was not told to."""

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from redrabbit.base.signing import load_key_file, new_signer
from redrabbit.cli import main
from redrabbit.domain.findings import Finding
from redrabbit.domain.verified_size import VerifiedSize
from redrabbit.services.verifying import say_damaged
from redrabbit.store.log_key import LogKey
from redrabbit.store.verified_mark import VerifiedMark
from tests.store.sample_database import Sample, played


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    return played(tmp_path_factory.mktemp("plant"))


def exported(plant: Sample, output: Path, *more: str, since: str, until: str) -> int:
    period = ["--from", since, "--to", until, "--key", str(plant.key)]
    return main(["export", "--database", plant.url, *period, "-o", str(output), *more])


def period_of(file: Path) -> tuple[str, str]:
    with file.open(encoding="utf-8") as lines:
        header = json.loads(lines.readline())
    return header["from"], header["until"]


def test_a_day_is_the_plants_and_the_last_one_is_in_the_file(plant: Sample, tmp_path: Path) -> None:
    output = tmp_path / "out"
    assert exported(plant, output, since="2026-03-01", until="2026-03-03") == 0
    zone = ZoneInfo("Asia/Shanghai")
    begin, end = (datetime(2026, 3, day, tzinfo=zone).astimezone(UTC) for day in (1, 4))
    assert [datetime.fromisoformat(each) for each in period_of(output)] == [begin, end]


def test_an_instant_is_taken_as_it_is(plant: Sample, tmp_path: Path) -> None:
    output = tmp_path / "out"
    begin, end = "2026-03-01T06:00:00+01:00", "2026-03-04T00:00:00Z"
    assert exported(plant, output, since=begin, until=end) == 0
    assert [datetime.fromisoformat(each) for each in period_of(output)] == [
        datetime.fromisoformat(each) for each in (begin, end)
    ]


def test_a_day_after_which_there_is_none_is_told(
    plant: Sample, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exported(plant, tmp_path / "out", since="2026-03-01", until="9999-12-31") == 1
    assert "9999-12-31 is out of range" in capsys.readouterr().err


def test_a_file_that_is_there_stays_as_it_is_until_it_is_to_be_replaced(
    plant: Sample, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out"
    output.write_text("of last month", encoding="utf-8")
    assert exported(plant, output, since="2026-03-01", until="2026-03-03") == 2
    assert "is there already" in capsys.readouterr().err
    assert output.read_text(encoding="utf-8") == "of last month"
    assert exported(plant, output, "--replace", since="2026-03-01", until="2026-03-03") == 0
    assert main(["verify", str(output)]) == 0


def test_nothing_leaves_while_damage_is_known(
    plant: Sample, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """D62: a file holds a signed checkpoint."""
    for file in plant.key.parent.iterdir():
        shutil.copy(file, tmp_path)
    copy = replace(plant, url=f"sqlite:///{tmp_path / 'plant.db'}", key=tmp_path / plant.key.name)
    output = tmp_path / "out"
    with copy.open() as database:
        database.write_now(say_damaged)
    assert exported(copy, output, since="2026-03-01", until="2026-03-03") == 1
    assert "records are not as they were written" in capsys.readouterr().err
    assert not output.exists()


def test_nothing_leaves_while_only_the_mark_beside_the_key_knows_of_damage(
    plant: Sample, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """D62: the service was stopped before it could raise the alarm. A mark that another key has signed says nothing."""
    key = tmp_path / "plant.key"
    shutil.copy(plant.key, key)
    output, copy = tmp_path / "out", replace(plant, key=key)
    found = VerifiedSize(findings=(Finding(code="seal_missing", place="ledger[7]"),))
    VerifiedMark(key, LogKey(new_signer("Another/77aa"))).keep(found, 0, at_once=True)
    assert exported(copy, output, since="2026-03-01", until="2026-03-03") == 0
    VerifiedMark(key, LogKey(load_key_file(key))).keep(found, 0, at_once=True)
    assert exported(copy, output, "--replace", since="2026-03-01", until="2026-03-03") == 1
    assert "ledger[7]" in capsys.readouterr().err


def test_a_folder_that_is_not_there_is_told_without_a_number(
    plant: Sample, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "nowhere" / "out"
    assert exported(plant, output, since="2026-03-01", until="2026-03-03") == 1
    told = capsys.readouterr().err
    assert "No such file" in told
    assert "Errno" not in told


def test_it_says_the_period_by_the_plants_clock(
    plant: Sample, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exported(plant, tmp_path / "out", since="2026-03-01", until="2026-03-03") == 0
    told = capsys.readouterr().out
    assert "from 2026-03-01 00:00:00 UTC+8 to 2026-03-04 00:00:00 UTC+8" in told


def test_a_database_that_is_not_there_is_told_before_its_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite:///{tmp_path / 'nowhere.sqlite3'}"
    asked = ["--from", "2026-03-01", "--to", "2026-03-03", "-o", str(tmp_path / "out")]
    assert main(["export", "--database", url, *asked]) == 1
    assert "nowhere.sqlite3: there is no such database" in capsys.readouterr().err

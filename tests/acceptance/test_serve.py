"""`redrabbit serve` and the small commands, as whoever sets up a plant meets them."""

import asyncio
import json
import re
import signal
from pathlib import Path

import httpx2
import pytest

from redrabbit import __version__
from tests.acceptance.processes import LIMIT_S, Service, command, redrabbit, says_no_traceback

pytestmark = [pytest.mark.acceptance]


async def test_a_plant_that_nobody_can_reach_is_served_and_says_so(
    tmp_path: Path, template: Path
) -> None:
    checked = await asyncio.to_thread(redrabbit, "check-config", template)
    assert (checked.returncode, checked.stderr) == (0, "")
    assert "no problem" in checked.stdout
    with Service.serve(tmp_path, template, tmp_path / "records.sqlite3") as service:
        url = await service.ready()
        async with httpx2.AsyncClient(base_url=url, timeout=LIMIT_S) as client:
            for path in ("/health", "/ready", "/metrics", "/", "/docs", "/openapi.json", "/due"):
                answer = await client.get(path)
                assert answer.status_code == 200, path
            metrics = (await client.get("/metrics")).text
            assert "redrabbit_" in metrics
            async with asyncio.timeout(LIMIT_S):
                stations = [{"no_data_since": None}]
                while not all(station["no_data_since"] for station in stations):
                    stations = (await client.get("/api/v1/stations")).json()["items"]
            devices = (await client.get("/api/v1/devices")).json()["items"]
            assert {device["status"] for device in devices} == {"no_data"}
        assert await service.stopped(signal.SIGTERM) == 0
        lines = service.lines()
        assert lines[-1]["message"] == "stopped"
        assert says_no_traceback([service.log])
        lost = [line for line in lines if line.get("station") and line.get("reason")]
        assert lost, service.log
        assert {"at", "level", "logger", "message"} <= set(lost[0])


def test_every_problem_of_a_configuration_is_told_at_once(tmp_path: Path, template: Path) -> None:
    station = template / "line1-op10.yaml"
    text = station.read_text(encoding="utf-8")
    station.write_text(text + "\nno_such_key: 1\n", encoding="utf-8")
    plant = template / "plant.yaml"
    broken = plant.read_text(encoding="utf-8").replace("Asia/Shanghai", "Asia/Nowhere")
    plant.write_text(broken, encoding="utf-8")
    url = f"sqlite:///{tmp_path}/records.sqlite3"
    for told in (
        redrabbit("check-config", template),
        redrabbit("serve", "--config", template, "--database", url, "--port", 0),
    ):
        assert told.returncode == 1
        assert re.search(r"line1-op10\.yaml:\d+:\d+: .*no_such_key", told.stderr), told.stderr
        assert re.search(r"plant\.yaml:\d+:\d+: .*Asia/Nowhere", told.stderr), told.stderr
        assert says_no_traceback([told.stderr])
    assert not (tmp_path / "records.sqlite3").exists()


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_other_machines_are_kept_out_where_others_read_along(
    tmp_path: Path, template: Path, host: str
) -> None:
    url = f"sqlite:///{tmp_path}/records.sqlite3"
    told = redrabbit("serve", "--config", template, "--database", url, "--host", host)
    assert told.returncode == 2
    assert "--own-certificate" in told.stderr
    assert not (tmp_path / "records.sqlite3").exists()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("sqlite:////nowhere/at/all/records.sqlite3", "no folder"),
        ("mysql://127.0.0.1/plant", "expected sqlite:///PATH or postgresql://HOST/NAME"),
        ("nonsense", "expected sqlite:///PATH or postgresql://HOST/NAME"),
        ("postgresql://127.0.0.1:1/plant", "key"),
    ],
)
def test_a_database_that_can_t_be_used_is_told_in_one_line(
    template: Path, url: str, words: str
) -> None:
    told = redrabbit("serve", "--config", template, "--database", url, "--port", 0)
    assert told.returncode == 1
    assert words in told.stderr
    assert told.stderr.count("\n") == 1, told.stderr


@pytest.mark.parametrize("command", [["verify"], ["overdue"], ["checkpoint"]])
def test_records_that_are_not_there_are_never_made_by_looking(
    tmp_path: Path, command: list[str]
) -> None:
    told = redrabbit(*command, "--database", f"sqlite:///{tmp_path}/records.sqlite3")
    assert told.returncode == (3 if command == ["verify"] else 1)
    assert "there is no such database" in told.stderr
    assert list(tmp_path.iterdir()) == []


def test_init_never_writes_over_anything(template: Path) -> None:
    before = {path.name: path.read_bytes() for path in template.iterdir()}
    told = redrabbit("init", template)
    assert told.returncode == 1
    assert says_no_traceback([told.stderr])
    assert {path.name: path.read_bytes() for path in template.iterdir()} == before


def test_the_schema_is_one_for_json_editors() -> None:
    told = redrabbit("schema")
    assert told.returncode == 0
    schema = json.loads(told.stdout)
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert {"station", "signals", "devices"} <= set(schema["properties"])


def test_help_and_version_name_what_there_is() -> None:
    assert command("--version").stdout.strip() == f"redrabbit {__version__}"
    told = command("--help").stdout
    commands = ("demo", "serve", "init", "check-config", "schema", "overdue", "verify", "export")
    assert [each for each in commands if each not in told] == []
    nothing = redrabbit()
    assert nothing.returncode == 2
    assert "COMMAND" in nothing.stderr

"""Commands that are called again and again import what they need, and not the whole service."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from redrabbit.base.settings import sqlite_url
from redrabbit.store.opening import open_database
from tests.acceptance.processes import environment
from tests.stored import RECORDING, SteppingClock

SERVICE = {
    "aiomqtt",
    "alembic",
    "babel",
    "fastapi",
    "httpx2",
    "jinja2",
    "prometheus_client",
    "psycopg",
    "pydantic",
    "pymodbus",
    "rich",
    "starlette",
    "uvicorn",
    "uvloop",
}
OWN = {"redrabbit.bootstrap", "redrabbit.process", "redrabbit.services.agent", "redrabbit.web"}
KEYS_AND_PLANS = {
    "cryptography",
    "ruamel",
    "redrabbit.config.plant",
    "redrabbit.domain.database_verification",
}

RUN_AND_SHOW = """
import json, sys
from redrabbit.cli import main
main(sys.argv[2:])
with open(sys.argv[1], "w") as file:
    json.dump(list(sys.modules), file)
"""


def modules_after(*arguments: object) -> set[str]:
    """Return what a process has imported when it has carried out a command."""
    with tempfile.TemporaryDirectory() as folder:
        shown = Path(folder) / "modules"
        subprocess.run(
            [sys.executable, "-c", RUN_AND_SHOW, shown, *map(str, arguments)],
            check=True,
            capture_output=True,
            env=environment(),
        )
        return set(json.loads(shown.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("command", "banned"),
    [
        ("checkpoint", SERVICE | OWN | KEYS_AND_PLANS),
        ("overdue", SERVICE | OWN | {"cryptography", "redrabbit.domain.database_verification"}),
    ],
)
def test_a_command_that_only_looks_imports_no_service(
    command: str, banned: set[str], tmp_path: Path
) -> None:
    url = sqlite_url(tmp_path / "plant.sqlite3")
    open_database(url, plant="Plant 1", clock=SteppingClock(), recording=RECORDING).close()
    imported = modules_after(command, "--database", url)
    assert "redrabbit.store.reading_database" in imported
    assert imported & banned == set()


@pytest.mark.parametrize("command", ["check-config", "schema"])
def test_a_command_on_configuration_imports_no_database(command: str, tmp_path: Path) -> None:
    imported = modules_after(command, *([tmp_path] if command == "check-config" else []))
    assert "redrabbit.config_commands" in imported
    assert imported & (SERVICE | OWN | {"sqlalchemy"}) == set()

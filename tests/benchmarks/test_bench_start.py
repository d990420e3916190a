"""How long it takes to be there: the command line, the imports, the service until it is ready.

Each is the median of some starts of a fresh interpreter, its bytecode cached by a first one.

Run: `pytest tests/benchmarks/test_bench_start.py --benchmark-enable --benchmark-only -s`.
"""

import asyncio
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from redrabbit.base.settings import sqlite_url
from tests.acceptance.processes import Service, environment, redrabbit
from tests.benchmarks.plant100 import stations, write_configuration
from tests.benchmarks.reporting import median, report

STARTS = 5


def started_s(*arguments: str) -> float:
    """Return for how long a Python process ran."""
    began_at = time.perf_counter()
    subprocess.run(
        [sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL, env=environment()
    )
    return time.perf_counter() - began_at


@pytest.mark.parametrize(
    ("what", "arguments"),
    [
        ("redrabbit --help", ("-m", "redrabbit", "--help")),
        ("import of the service", ("-c", "import redrabbit.serve_command")),
        ("bare interpreter", ("-c", "pass")),
    ],
    ids=["help", "imports", "interpreter"],
)
def test_seconds_until_a_command_has_answered(
    benchmark: Any, what: str, arguments: tuple[str, ...]
) -> None:
    found: list[float] = []
    benchmark.pedantic(
        lambda: found.append(started_s(*arguments)), rounds=STARTS, iterations=1, warmup_rounds=1
    )
    report(benchmark, what, {"median_s": round(median(found[1:]), 3)})


def cpu_s(*arguments: str) -> float:
    """Return how much CPU a Python process took."""
    import resource  # Windows has none

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, *arguments],
        check=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment(),
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_cpu_of_commands_against_that_of_importing_sqlalchemy(
    benchmark: Any, tmp_path: Path
) -> None:
    """Turn by turn in one run, the least of each, so that a busy machine counts for both alike."""
    assert redrabbit("demo", "--duration", 3, "--port", 0, "--data-dir", tmp_path).returncode == 0
    url = sqlite_url(tmp_path / "redrabbit.sqlite3")
    runs = {"import sqlalchemy": ("-c", "import sqlalchemy")} | {
        name: ("-m", "redrabbit", name, "--database", url) for name in ("checkpoint", "overdue")
    }
    found: dict[str, list[float]] = {name: [] for name in runs}

    def turn() -> None:
        for name, arguments in runs.items():
            found[name].append(cpu_s(*arguments))

    benchmark.pedantic(turn, rounds=9, iterations=1, warmup_rounds=1)
    least = {name: min(each) for name, each in found.items()}
    ratios = {
        f"{name}_ratio": round(least[name] / least["import sqlalchemy"], 2)
        for name in ("checkpoint", "overdue")
    }
    report(benchmark, "CPU against `import sqlalchemy`, demo's plant", ratios)


@pytest.mark.parametrize("count", [6, 100])
def test_seconds_until_a_new_service_is_ready(benchmark: Any, tmp_path: Path, count: int) -> None:
    found: list[float] = []
    with stations(count) as faces:
        config_dir = write_configuration(tmp_path / "config", faces.ports)

        def start() -> None:
            began_at = time.perf_counter()
            folder = tmp_path / f"start{len(found)}"
            folder.mkdir()
            with Service.serve(folder, config_dir, folder / "records.sqlite3") as service:
                asyncio.run(service.ready())
                found.append(time.perf_counter() - began_at)

        benchmark.pedantic(start, rounds=3, iterations=1)
    report(benchmark, f"serve, {count} stations, to /ready", {"median_s": round(median(found), 2)})

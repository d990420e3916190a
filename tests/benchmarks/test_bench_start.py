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

from tests.acceptance.processes import Service, environment
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
        ("import of the service", ("-c", "import redrabbit.bootstrap")),
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

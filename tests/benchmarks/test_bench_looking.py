"""What a crowd at the pages costs the polls and verdicts of 100 stations, beside those without it (D47).

Four processes on one machine: the stations, `redrabbit serve` with its default limits, the crowd, and
this one, whose operators verify. The crowd has streams of the board and of all stations' pages, half
requests that drip and bodies that never end, from 40 addresses; what is ended it opens again.

Run: `pytest tests/benchmarks/test_bench_looking.py --benchmark-enable --benchmark-only -s`.
"""

import asyncio
import sqlite3
import sys
import time
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.crowd import crowd
from tests.acceptance.processes import CLOCK, Service
from tests.benchmarks.plant100 import station_id, stations, write_configuration
from tests.benchmarks.reporting import median, percentile, report
from tests.benchmarks.test_bench_verdict import STATIONS, WARM_S, Plant, verdict_latencies

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="figures are read from /proc")

VERDICTS = 100
WATCHED_S = 20.0
HONEST = ("detected", "inconclusive")
CROWDS = {
    "nobody": {},
    "viewers": {"boards": 120, "stations": 120, "half": 0, "slow": 0},
    "viewers, half requests, slow bodies": {
        "boards": 120,
        "stations": 120,
        "half": 600,
        "slow": 200,
    },
    "nobody again": {},
}


def test_polls_and_verdicts_while_many_look(benchmark: Any, tmp_path: Path) -> None:
    found: dict[str, object] = {}
    with stations(STATIONS) as faces:
        config_dir = write_configuration(tmp_path / "config", faces.ports)
        database = tmp_path / "records.sqlite3"
        with Service.serve(tmp_path, config_dir, database) as service:
            plant = Plant(faces, service, database, asyncio.run(service.ready()))

            def measure() -> None:
                for name, counts in CROWDS.items():
                    found.update(measured(plant, name, counts))

            benchmark.pedantic(measure, rounds=1, iterations=1)
    report(benchmark, "100 stations every 100 ms, while many look", found)


def measured(plant: Plant, name: str, counts: dict[str, int]) -> dict[str, object]:
    """Return the figures of a while with such a crowd."""
    port = int(plant.url.rpartition(":")[2])
    names = [station_id(place) for place in range(STATIONS)]
    with crowd(port, of=names, **counts) if counts else nullcontext():
        asyncio.run(CLOCK.sleep(WARM_S))
        before, cpu_s, began_at = plant.polls(), plant.cpu_s, time.perf_counter()
        asyncio.run(CLOCK.sleep(WATCHED_S))
        core_share = (plant.cpu_s - cpu_s) / (time.perf_counter() - began_at)
        watched, unsure = plant.polls(), inconclusive(plant)
        latencies_ms = [s * 1000 for s in asyncio.run(verdict_latencies(plant, VERDICTS, HONEST))]
        after, unsure = plant.polls(), inconclusive(plant) - unsure
        files = sum(1 for _ in Path(f"/proc/{plant.pid}/fd").iterdir())
    return {
        f"{name}: {what}": value
        for what, value in {
            "polls": round(watched["cycles_total"] - before["cycles_total"]),
            "skipped_polls": round(watched["skipped_ticks_total"] - before["skipped_ticks_total"]),
            "skipped_while_verifying": round(
                after["skipped_ticks_total"] - watched["skipped_ticks_total"]
            ),
            "core_share": round(core_share, 3),
            "inconclusive": unsure,
            "p50_ms": round(median(latencies_ms), 1),
            "p99_ms": round(percentile(latencies_ms, 0.99), 1),
            "resident_mb": round(plant.resident_mb, 1),
            "open_files": files,
        }.items()
    }


def inconclusive(plant: Plant) -> int:
    """Return how many presentations so far ended so."""
    with closing(sqlite3.connect(f"file:{plant.database}?mode=ro", uri=True)) as connection:
        (count,) = connection.execute(
            "SELECT count(*) FROM presentations WHERE verdict = 'inconclusive'"
        ).fetchone()
        return int(count)

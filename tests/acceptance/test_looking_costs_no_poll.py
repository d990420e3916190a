"""Whoever looks, and however badly, costs no poll and no verdict (D47, K1): by real processes.

The same service polls ten stations ten times a second and judges, first with nobody around, then with
a crowd that wants more streams than there are, holds half requests and bodies that never end, and
takes all the connections that it gets. The process may have so few open files that without budgets
the crowd alone would have them all.
"""

import asyncio
import re
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from tests.acceptance.crowd import crowd
from tests.acceptance.processes import CLOCK, LIMIT_S, Service
from tests.benchmarks.plant100 import POLL_S, station_id, stations, write_configuration
from tests.benchmarks.reporting import median
from tests.benchmarks.test_bench_verdict import Plant, verdict_latencies

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(sys.platform != "linux", reason="open files are counted in /proc"),
]

STATIONS = VERDICTS = 10
OPEN_FILES = 300
"""Of which the service itself needs some 60."""
WATCHED_S = 3.0
CROWD = {"boards": 60, "stations": 60, "half": 250, "slow": 60}
HONEST = ("detected", "inconclusive")
"""On a machine that is busy for a third of a second, nobody can say more."""
MISSED_SHARE = 0.25
"""Of polls, beyond those of the quiet time: the crowd is on the same two cores as the service."""
TIMES, MORE_S = 4, 0.5
"""By so much a verdict may be later. Without budgets none comes at all."""


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[Plant]:
    with stations(STATIONS) as faces:
        config_dir = write_configuration(tmp_path / "config", faces.ports)
        database = tmp_path / "records.sqlite3"
        with Service.serve(tmp_path, config_dir, database) as service:
            allow_files(service, OPEN_FILES)
            yield Plant(faces, service, database, asyncio.run(service.ready()))


def allow_files(service: Service, most: int) -> None:
    """Let a process that has just begun have so many open files, and never more."""
    import resource

    resource.prlimit(service.popen.pid, resource.RLIMIT_NOFILE, (most, most))


@dataclass(frozen=True, slots=True)
class Watched:
    """What came of a while."""

    polls: float
    skipped: float
    verdict_s: float
    """Median."""


def watched(plant: Plant) -> Watched:
    before, began_at = plant.polls(), time.perf_counter()
    asyncio.run(CLOCK.sleep(WATCHED_S))
    latencies = asyncio.run(verdict_latencies(plant, VERDICTS, HONEST))
    seconds = time.perf_counter() - began_at
    after = plant.polls()
    return Watched(
        polls=seconds / POLL_S * STATIONS,
        skipped=after["skipped_ticks_total"] - before["skipped_ticks_total"],
        verdict_s=median(latencies),
    )


def test_a_crowd_costs_no_poll_no_verdict_and_no_link(plant: Plant) -> None:
    quiet = watched(plant)
    names = [station_id(place) for place in range(STATIONS)]
    port = int(plant.url.rpartition(":")[2])
    with crowd(port, of=names, **CROWD):
        until(lambda: figure(plant, "redrabbit_web_refused_total", "too_many_streams") > 0)
        until(lambda: figure(plant, "redrabbit_web_refused_total", "made_room") > 0)
        loud = watched(plant)
        lost_links_come_back(plant)
        held = sum(1 for _ in Path(f"/proc/{plant.pid}/fd").iterdir())
        streams = figure(plant, "redrabbit_web_in_use", "streams")
    sys.stdout.write(f"{quiet}\n{loud}\n{held} open files, {streams:g} streams\n")
    assert loud.skipped <= quiet.skipped + MISSED_SHARE * loud.polls
    assert loud.verdict_s <= TIMES * quiet.verdict_s + MORE_S
    assert held < OPEN_FILES - STATIONS
    assert streams > 0
    assert not re.search(
        "obligations not kept|unable to open|Too many open files|Traceback", plant.service.log
    )


def lost_links_come_back(plant: Plant) -> None:
    """All stations' connections are reset; each station is read again, on a new one."""
    before = of_links(plant, "reconnects")
    for place in range(STATIONS):
        plant.stations.reset(place)
    until(lambda: all_are_more(of_links(plant, "reconnects"), before))
    cycles = of_links(plant, "cycles")
    until(lambda: all_are_more(of_links(plant, "cycles"), cycles))


def all_are_more(now: dict[str, float], before: dict[str, float]) -> bool:
    return all(now[station] > before[station] for station in before)


def of_links(plant: Plant, counter: str) -> dict[str, float]:
    """Return a counter of every station."""
    found = re.findall(rf'redrabbit_link_{counter}_total{{station="(.+)"}} (.+)', metrics(plant))
    assert len(found) == STATIONS
    return {station: float(value) for station, value in found}


def figure(plant: Plant, name: str, label: str) -> float:
    """Return a metric's value by its label."""
    (found,) = re.findall(rf'{name}{{\w+="{label}"}} (.+)', metrics(plant))
    return float(found)


def metrics(plant: Plant) -> str:
    return httpx2.get(f"{plant.url}/metrics", timeout=LIMIT_S).text


def until(is_so: Callable[[], bool]) -> None:
    ends_at = time.perf_counter() + LIMIT_S
    while not is_so():
        assert time.perf_counter() < ends_at
        asyncio.run(CLOCK.sleep(0.1))

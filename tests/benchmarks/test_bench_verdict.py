"""From a coil's change to the committed verdict, with 100 stations polled ten times a second.

Three processes on one machine: the stations; `redrabbit serve` as it is run, on SQLite with
synchronous FULL, pages and API included; and this one, whose operators use the API and which looks
into the database file. A verdict counts as committed when another process can read it there: SQLite
shows a transaction to others only after it has synced the log. All instants are CLOCK_MONOTONIC.

Run: `pytest tests/benchmarks/test_bench_verdict.py --benchmark-enable --benchmark-only -s`.
"""

import asyncio
import os
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

from redrabbit.domain.place_free import FREE_FOR_S
from tests.acceptance.processes import CLOCK, LIMIT_S, Service
from tests.benchmarks.plant100 import (
    POLL_S,
    PRESENT,
    REJECTED,
    Stations,
    station_id,
    stations,
    write_configuration,
)
from tests.benchmarks.reporting import median, percentile, report

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="figures are read from /proc")

STATIONS = 100
MANY, MANY_POLL_S = 200, 0.2
AT_ONCE = 8
"""Operators who verify at the same time: more than a plant of this size ever has."""
VERDICTS = 240
LOOK_S = 0.001
"""How often the database is looked at; a verdict seems later by half of it, at the mean."""
SEEN_S = 3 * POLL_S
"""After so long the service has polled what a station shows."""
FREE_S = FREE_FOR_S + SEEN_S
"""After so long with no part in it the service has seen the station's place free."""
PUT_IN_AGAIN_S = 3.0
WARM_S, IDLE_S = 5.0, 20.0
API = "/api/v1"


@dataclass(frozen=True, slots=True)
class Plant:
    """A service that watches its stations."""

    stations: Stations
    service: Service
    database: Path
    url: str

    @property
    def pid(self) -> int:
        """The service's process."""
        assert isinstance(self.service.popen, subprocess.Popen)
        return self.service.popen.pid

    @property
    def cpu_s(self) -> float:
        """CPU time that the service has used so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def resident_mb(self) -> float:
        """Memory of the service that is resident now, in units of 2**20 bytes."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        (line,) = (line for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) / 1024

    def has_loaded(self, library: str) -> bool:
        """Return whether the service has any binary part of a library in memory."""
        return f"/{library}/" in Path(f"/proc/{self.pid}/maps").read_text()

    def polls(self) -> dict[str, float]:
        """Return the sums of the links' counters, from /metrics."""
        text = httpx2.get(f"{self.url}/metrics", timeout=LIMIT_S).text
        sums: dict[str, float] = {}
        for line in text.splitlines():
            name, _, value = line.rpartition(" ")
            if name.startswith("redrabbit_link_"):
                word = name.partition("{")[0].removeprefix("redrabbit_link_")
                sums[word] = sums.get(word, 0.0) + float(value)
        return sums


@contextmanager
def watched(
    folder: Path, count: int, *, poll_s: float = POLL_S, four_reads: bool = False
) -> Iterator[Plant]:
    """Let a service watch so many stations."""
    database = folder / "records.sqlite3"
    with stations(count) as faces:
        config_dir = write_configuration(
            folder / "config", faces.ports, poll_s=poll_s, four_reads=four_reads
        )
        with Service.serve(folder, config_dir, database) as service:
            yield Plant(faces, service, database, asyncio.run(service.ready()))


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    with watched(tmp_path_factory.mktemp("plant100"), STATIONS) as plant:
        yield plant


@dataclass(slots=True)
class Watcher:
    """Looks into the database file and dates what it sees."""

    connection: sqlite3.Connection
    presented: set[str] = field(default_factory=set)
    verdicts: dict[str, tuple[float, str]] = field(default_factory=dict)

    async def look(self) -> None:
        """Look until cancelled; the file is only read when somebody has committed."""
        version = None
        while True:
            (found,) = self.connection.execute("PRAGMA data_version").fetchone()
            if found != version:
                version = found
                rows = self.connection.execute(
                    "SELECT run_id, verdict FROM presentations"
                    " WHERE presented_at IS NOT NULL AND given_back_at IS NULL"
                ).fetchall()
                seen_at = time.perf_counter()
                for run_id, verdict in rows:
                    self.presented.add(run_id)
                    if verdict is not None:
                        self.verdicts.setdefault(run_id, (seen_at, verdict))
            await CLOCK.sleep(LOOK_S)


@dataclass(slots=True)
class Operator:
    """Verifies one station after another."""

    plant: Plant
    client: httpx2.AsyncClient
    watcher: Watcher
    chance: random.Random
    expected: Collection[str]

    async def verify(self, place: int) -> float:
        """Run one check; return the time from the reject coil's change to the seen verdict."""
        station = station_id(place)
        run = await self._post("/runs", check=f"{station}-verification")
        where, run_id = f"/runs/{run['run_id']}", str(run["run_id"])
        code = f"RR-{place + 1:04}"
        await self._post(f"{where}/scan", code=code)
        await self._put_in(place, run_id)
        await CLOCK.sleep(self.chance.uniform(POLL_S, 3 * POLL_S))
        changed_at = self.plant.stations.set_coil(place, REJECTED, on=True)
        while run_id not in self.watcher.verdicts:
            await CLOCK.sleep(LOOK_S)
        seen_at, verdict = self.watcher.verdicts[run_id]
        assert verdict in self.expected
        for coil in (PRESENT, REJECTED):
            self.plant.stations.set_coil(place, coil, on=False)
        await self._post(f"{where}/given-back", code=code)
        while await self._is_open(f"{where}/confirm"):
            await CLOCK.sleep(SEEN_S)
        await CLOCK.sleep(SEEN_S)
        return seen_at - changed_at

    async def _put_in(self, place: int, run_id: str) -> None:
        """Put the part in until the station was read while it came, as a person does."""
        while run_id not in self.watcher.presented:
            await CLOCK.sleep(FREE_S)
            self.plant.stations.set_coil(place, PRESENT, on=True)
            looks = round(PUT_IN_AGAIN_S / LOOK_S)
            while run_id not in self.watcher.presented and (looks := looks - 1):
                await CLOCK.sleep(LOOK_S)
            if run_id not in self.watcher.presented:
                self.plant.stations.set_coil(place, PRESENT, on=False)

    async def _is_open(self, path: str) -> bool:
        """Try to confirm; return whether the station may still take its answer back."""
        answer = await self.client.post(API + path, json={"operator": "bench"})
        if answer.status_code == 409 and answer.json()["code"] == "verdict_open":
            return True
        answer.raise_for_status()
        return False

    async def _post(self, path: str, **body: str) -> dict[str, Any]:
        answer = await self.client.post(API + path, json={"operator": "bench", **body})
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found


async def verdict_latencies(
    plant: Plant, verdicts: int, expected: Collection[str] = ("detected",)
) -> list[float]:
    """Return the latency of so many verdicts, several runs under way at once.

    A verdict that is none of those expected is a mistake of the software. On a machine with other work
    *inconclusive* is none: a station that was not read for three polls may have said something (D30).
    """
    ahead = list(range(verdicts))
    latencies: list[float] = []
    with closing(sqlite3.connect(f"file:{plant.database}?mode=ro", uri=True)) as connection:
        watcher = Watcher(connection)
        looking = asyncio.create_task(watcher.look())
        async with httpx2.AsyncClient(base_url=plant.url, timeout=LIMIT_S) as client:

            async def work(seed: int) -> None:
                operator = Operator(plant, client, watcher, random.Random(seed), expected)
                while ahead:
                    latencies.append(await operator.verify(ahead.pop() % STATIONS))

            await asyncio.gather(*(work(seed) for seed in range(AT_ONCE)))
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
    return latencies


def test_memory_and_core_share_of_a_service_that_only_watches(benchmark: Any, plant: Plant) -> None:
    only_watch(benchmark, plant, f"{STATIONS} stations every {POLL_S * 1000:g} ms")


def test_memory_and_core_share_with_many_stations_of_four_reads(
    benchmark: Any, tmp_path: Path
) -> None:
    with watched(tmp_path, MANY, poll_s=MANY_POLL_S, four_reads=True) as plant:
        title = f"{MANY} stations every {MANY_POLL_S * 1000:g} ms, four reads a poll"
        only_watch(benchmark, plant, title)


def only_watch(benchmark: Any, plant: Plant, title: str) -> None:
    """Report what the service needs while nobody verifies."""
    asyncio.run(CLOCK.sleep(WARM_S))
    polls, cpu_s, began_at = plant.polls(), plant.cpu_s, time.perf_counter()
    benchmark.pedantic(lambda: asyncio.run(CLOCK.sleep(IDLE_S)), rounds=1, iterations=1)
    seconds = time.perf_counter() - began_at
    done = {name: value - polls[name] for name, value in plant.polls().items()}
    report(
        benchmark,
        title,
        {
            "resident_mb": round(plant.resident_mb, 1),
            "pandas_loaded": plant.has_loaded("pandas"),
            "core_share": round((plant.cpu_s - cpu_s) / seconds, 3),
            "polls_per_s": round(done["cycles_total"] / seconds, 1),
            "skipped_polls": round(done["skipped_ticks_total"]),
            "failed_polls": round(done.get("failures_total", 0)),
        },
    )


def test_latency_from_a_coil_to_its_committed_verdict(benchmark: Any, plant: Plant) -> None:
    before, cpu_s, began_at = plant.polls(), plant.cpu_s, time.perf_counter()
    found: list[float] = []
    benchmark.pedantic(
        lambda: found.extend(asyncio.run(verdict_latencies(plant, VERDICTS))),
        rounds=1,
        iterations=1,
    )
    core_share = (plant.cpu_s - cpu_s) / (time.perf_counter() - began_at)
    after = plant.polls()
    found_ms = [seconds * 1000 for seconds in found]
    report(
        benchmark,
        "coil to committed verdict",
        {
            "verdicts": len(found_ms),
            "at_once": AT_ONCE,
            "p50_ms": round(median(found_ms), 1),
            "p99_ms": round(percentile(found_ms, 0.99), 1),
            "largest_ms": round(max(found_ms), 1),
            "p50_beyond_poll_ms": round(median(found_ms) - POLL_S * 1000, 1),
            "p99_beyond_poll_ms": round(percentile(found_ms, 0.99) - POLL_S * 1000, 1),
            "skipped_polls": round(after["skipped_ticks_total"] - before["skipped_ticks_total"]),
            "core_share": round(core_share, 3),
            "resident_mb": round(plant.resident_mb, 1),
        },
    )

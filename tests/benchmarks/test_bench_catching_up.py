"""Catching up with what came due while the service was off: how long it takes, and how long people wait meanwhile (K7).

Both as ratios within one run: a scheduled check that is made, lapses, and raises its alarm against three plain
appends with a record each; the slowest act of a person meanwhile against the slowest on a quiet service. Acts come one after
the other, with a rest between, as people do.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from redrabbit.adopted_plant import previous_plant
from redrabbit.base.clock import SteadyClock
from redrabbit.base.settings import sqlite_url
from redrabbit.config.plant import read_configuration
from redrabbit.domain import acts
from redrabbit.domain.identity import LineId
from redrabbit.domain.records import OccurrenceRecord
from redrabbit.services.agent import Agent
from redrabbit.services.plant_service import LocalPlantService
from redrabbit.services.ports import UnitOfWork
from redrabbit.store.database import SqlDatabase
from redrabbit.store.opening import open_database
from redrabbit.store.unit_of_work import Recording
from tests.benchmarks.grown_ledger import CONFIGURATION
from tests.benchmarks.reporting import median, report
from tests.stored import any_fold, pause, put

OCCURRENCES = 1_000
A_DAY = 16
"""Scheduled checks of the demo's plant."""
ENTRIES_EACH = 3
REST_S = 0.05
SOFTWARE = "redrabbit benchmark"


class SetBackClock(SteadyClock):
    """A clock that is some days behind, until it is set right."""

    behind = timedelta(0)

    def now(self) -> datetime:
        return super().now() - self.behind


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A new database of either kind."""
    if request.param == "sqlite":
        yield sqlite_url(tmp_path / "plant.db")
    else:
        yield request.getfixturevalue("postgresql_url")


def test_catching_up_with_a_thousand_scheduled_checks(
    benchmark: Any, url: str, tmp_path: Path
) -> None:
    figures = benchmark.pedantic(
        lambda: asyncio.run(caught_up(url, tmp_path / "plant.key", OCCURRENCES / A_DAY + 2)),
        rounds=1,
    )
    report(benchmark, f"catching up on {url.partition(':')[0]}", figures)
    assert figures["scheduled checks"] >= OCCURRENCES - A_DAY


async def caught_up(url: str, key: Path, days: float) -> dict[str, object]:
    """Adopt, let days pass, and catch up while somebody acts; return the figures."""
    plant, files = read_configuration(CONFIGURATION)
    clock = SetBackClock()
    clock.behind = timedelta(days=days)
    recording = Recording(fold=any_fold, software=SOFTWARE, targets=plant.targets)
    with open_database(
        url, plant=plant.name, clock=clock, recording=recording, key_path=key
    ) as database:

        def agent() -> Agent:
            return Agent(plant, files, database, clock, SOFTWARE, previous_plant=previous_plant)

        living = agent()
        await living.open()
        left = iter(range(20))
        quiet_s = await acting(
            LocalPlantService(living), clock, lambda: next(left, None) is not None
        )
        clock.behind = timedelta(0)
        began_s, began_cpu_s = time.perf_counter(), time.process_time()
        living = agent()
        await living.open()
        catching_up = asyncio.create_task(living.catch_up.finish())
        busy_s = await acting(LocalPlantService(living), clock, lambda: not catching_up.done())
        await catching_up
        took_s, cpu_s = time.perf_counter() - began_s, time.process_time() - began_cpu_s
        plain_s = appended(database)
        checks = database.read_now(lambda reader: len(reader.find(OccurrenceRecord)))
    return {
        "scheduled checks": checks,
        "s": round(took_s, 2),
        "CPU s": round(cpu_s, 2),
        "ms of CPU each": round(1000 * cpu_s / checks, 2),
        "CPU of three plain appends": round(cpu_s / checks / (ENTRIES_EACH * plain_s), 2),
        "acts meanwhile": len(busy_s),
        "slowest act ms": round(1000 * max(busy_s, default=0.0)),
        "median act ms": round(1000 * median(busy_s), 1),
        "slowest on a quiet service ms": round(1000 * max(quiet_s), 1),
    }


async def acting(
    service: LocalPlantService, clock: SteadyClock, goes_on: Callable[[], bool]
) -> list[float]:
    """Declare pauses of a far line, one after the other, and return how long each took."""
    actor = await service.stated("Anna")
    took_s = []
    while goes_on():
        begins_at = clock.now() + timedelta(days=300)
        act = acts.DeclarePause(
            line=LineId("line1"),
            begins_at=begins_at,
            ends_at=begins_at + timedelta(minutes=1),
            reason="no orders",
        )
        began_s = time.perf_counter()
        await service.do(act, actor)
        took_s.append(time.perf_counter() - began_s)
        await clock.sleep(REST_S)
    return took_s


def appended(database: SqlDatabase) -> float:
    """Return the CPU seconds of one plain append with a record, of many in each transaction."""
    began_s = time.process_time()
    for begin in range(0, 1000, 50):

        def some(work: UnitOfWork, begin: int = begin) -> None:
            for number in range(begin, begin + 50):
                work.append(put(pause(100_000 + number)))

        database.write_now(some)
    return (time.process_time() - began_s) / 1000

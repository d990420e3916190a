"""Commands a second: group commit on SQLite (FULL) with fifty waiting producers, one by one, and
in memory. Each command appends one entry and puts one record, as real ones do.

Run with `pytest tests/benchmarks/test_bench_store.py --benchmark-only`; each round is so many
commands as `extra_info` says.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from redrabbit.base.clock import SteadyClock
from redrabbit.store.database import SqlDatabase
from redrabbit.store.log_key import new_key
from redrabbit.store.memory import MemoryDatabase
from redrabbit.store.opening import open_database
from tests.stored import RECORDING, happened, pause, put

PRODUCERS = 50
COMMANDS = 1000

EVENTS = [put(pause(number)) for number in range(COMMANDS)]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SqlDatabase]:
    url = f"sqlite:///{tmp_path / 'plant.db'}"
    with open_database(url, plant="P", clock=SteadyClock(), recording=RECORDING) as opened:
        yield opened


async def _produced(database: SqlDatabase, producers: int) -> None:
    waiting = iter(EVENTS)

    async def produce() -> None:
        for event in waiting:
            await database.write(lambda work, e=event: work.append(e))  # type: ignore[misc]  # because mypy can't infer a lambda with a default

    await asyncio.gather(*(produce() for _ in range(producers)))


@pytest.mark.parametrize("producers", [1, PRODUCERS])
def test_commands_on_sqlite(
    benchmark: BenchmarkFixture, database: SqlDatabase, producers: int
) -> None:
    benchmark.extra_info.update(commands=COMMANDS, producers=producers)
    benchmark.pedantic(lambda: asyncio.run(_produced(database, producers)), rounds=5)  # type: ignore[no-untyped-call]  # because the plugin's are untyped
    assert database.read_now(lambda reader: reader.head()).size >= COMMANDS


@pytest.mark.parametrize(
    "event", [EVENTS[1], happened("noted", run_id=1)], ids=["entry and record", "entry alone"]
)
def test_appends_in_memory(benchmark: BenchmarkFixture, event: Any) -> None:
    key = new_key("P")
    database = MemoryDatabase(
        origin=key.origin, clock=SteadyClock(), recording=RECORDING, seal=key.seal
    )

    def append() -> None:
        for _ in range(COMMANDS):
            database.write_now(lambda work: work.append(event))

    benchmark.extra_info.update(commands=COMMANDS)
    benchmark.pedantic(append, rounds=5)  # type: ignore[no-untyped-call]  # because the plugin's are untyped
    assert database.read_now(lambda reader: reader.head()).size >= COMMANDS

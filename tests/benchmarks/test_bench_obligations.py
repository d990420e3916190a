"""How what is owed is found among much: many open occurrences, and a long past (D9, B30). As ratios to a small database."""

import sqlite3
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from redrabbit.base.clock import SteadyClock
from redrabbit.base.settings import sqlite_url
from redrabbit.domain.facts.catalogue import fold
from redrabbit.domain.plant import Plant
from redrabbit.services import scheduling
from redrabbit.services.overdue import lapsed_checks, overdue_occurrences
from redrabbit.services.taking_up import open_life
from redrabbit.store.opening import open_database
from redrabbit.store.reading_database import open_for_reading
from redrabbit.store.unit_of_work import Recording
from tests.benchmarks.reporting import median, percentile, report
from tests.plants import a_check, a_plant

PAST = 1_000_000
OPEN = 100_000
FEW = 100
TIMES = 200


class EarlyClock(SteadyClock):
    """A clock that is three days behind, until it is set right."""

    behind = timedelta(days=3)

    def now(self) -> Any:
        return super().now() - self.behind


def begun(path: Path) -> Plant:
    """Make a database in which some checks were made and lapsed, as the product does."""
    plant, clock = a_plant(a_check()), EarlyClock()
    recording = Recording(fold=fold, software="redrabbit benchmark", targets=plant.targets)
    with open_database(
        sqlite_url(path), plant=plant.name, clock=clock, recording=recording
    ) as database:
        database.write_now(lambda uow: open_life(uow, plant, {"plant.yaml": "plant: x\n"}, "test"))
        clock.behind = timedelta(0)
        database.write_now(lambda uow: scheduling.step(uow, plant))
    return plant


def more_of(path: Path, count: int, *, outcome: str | None) -> None:
    """Copy a lapsed occurrence so often, each an hour earlier; undecided ones close in a year."""
    with sqlite3.connect(path) as connection:
        names = [each[1] for each in connection.execute("PRAGMA table_info(occurrences)")]
        hour, year = 3_600_000_000, 365 * 24 * 3_600_000_000
        given = {
            "occurrence_id": "'line1-O-' || (1000000 + n)",
            "number": "1000000 + n",
            "trigger_key": "'copy:' || n",
            "due_at": f"due_at - n * {hour}" if outcome else f"due_at + {year} + n",
            "outcome": f"'{outcome}'" if outcome else "NULL",
        }
        if outcome is None:
            given |= {"closes_at": f"closes_at + 2 * {year}", "decided_at": "NULL"}
            given |= {name: f"{name} + {year}" for name in ("opens_at", "grace_ends_at")}
            given |= {"overdue_told": "0"}
        wanted = ", ".join(given.get(name, name) for name in names)
        connection.execute(
            f"WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers LIMIT {count}) "
            f"INSERT INTO occurrences SELECT {wanted} FROM "
            "(SELECT * FROM occurrences WHERE outcome = 'lapsed' LIMIT 1), numbers"
        )


def asked(path: Path, question: Callable[[Any], object], times: int) -> list[float]:
    """Return how many seconds each of many times of asking took."""
    took_s = []
    with open_for_reading(sqlite_url(path)) as database:
        for _ in range(times):
            began_s = time.perf_counter()
            database.read_now(question)
            took_s.append(time.perf_counter() - began_s)
    return took_s


def ms(seconds: float) -> float:
    return round(1000 * seconds, 2)


@pytest.mark.parametrize("outcome", ["lapsed", "passed"])
def test_what_is_overdue_beside_a_long_past(benchmark: Any, tmp_path: Path, outcome: str) -> None:
    path = tmp_path / "plant.db"
    plant, now = begun(path), SteadyClock().now()

    def question(reader: Any) -> object:
        return overdue_occurrences(reader, plant, now), lapsed_checks(reader, plant, now)

    few = asked(path, question, TIMES)
    more_of(path, PAST, outcome=outcome)
    many = benchmark.pedantic(lambda: asked(path, question, TIMES), rounds=1)
    figures = {
        "occurrences": PAST,
        "p50 ms": ms(median(many)),
        "p99 ms": ms(percentile(many, 0.99)),
        "times those of a few": round(median(many) / median(few), 2),
    }
    report(benchmark, f"overdue beside what {outcome}", figures)


def test_an_idle_sweep_of_many_open_occurrences(benchmark: Any, tmp_path: Path) -> None:
    path = tmp_path / "plant.db"
    plant, now = begun(path), SteadyClock().now()
    more_of(path, FEW, outcome=None)

    def question(reader: Any) -> object:
        return scheduling.next_step_at(reader, plant, now)

    few = asked(path, question, 20)
    (tmp_path / "more").mkdir()
    large = tmp_path / "more" / "plant.db"
    plant = begun(large)
    more_of(large, OPEN, outcome=None)
    many = benchmark.pedantic(lambda: asked(large, question, 5), rounds=1)
    figures = {
        "open": OPEN,
        "ms": ms(median(many)),
        f"ms of {FEW}": ms(median(few)),
        "times as long": round(median(many) / median(few), 1),
    }
    report(benchmark, "idle sweep", figures)

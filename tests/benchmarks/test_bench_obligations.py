"""How what is owed is found among much: many open occurrences, and a long past (D9, B30). As ratios to a small database."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from redrabbit.base.clock import SteadyClock
from redrabbit.base.settings import sqlite_url
from redrabbit.domain.facts.catalogue import fold
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import OccurrenceRecord
from redrabbit.services import scheduling
from redrabbit.services.overdue import lapsed_checks, overdue_occurrences
from redrabbit.services.taking_up import open_life
from redrabbit.store.opening import open_database
from redrabbit.store.reading_database import open_for_reading
from redrabbit.store.tables import RECORD_TABLES
from redrabbit.store.unit_of_work import Recording
from tests.benchmarks.reporting import median, percentile, report
from tests.plants import a_check, a_plant

PAST = 1_000_000
OPEN = 100_000
TIMES = 200


class EarlyClock(SteadyClock):
    """A clock that is three days behind, until it is set right."""

    behind = timedelta(days=3)

    def now(self) -> Any:
        return super().now() - self.behind


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A new database of either kind."""
    if request.param == "sqlite":
        yield sqlite_url(tmp_path / "plant.db")
    else:
        yield request.getfixturevalue("postgresql_url")


def begun(url: str, key: Path) -> Plant:
    """Make a database in which some checks were made and lapsed, as the product does."""
    plant, clock = a_plant(a_check()), EarlyClock()
    recording = Recording(fold=fold, software="redrabbit benchmark", targets=plant.targets)
    with open_database(
        url, plant=plant.name, clock=clock, recording=recording, key_path=key
    ) as database:
        database.write_now(lambda uow: open_life(uow, plant, {"plant.yaml": "plant: x\n"}, "test"))
        clock.behind = timedelta(0)
        database.write_now(lambda uow: scheduling.step(uow, plant))
    return plant


def more_of(url: str, count: int, *, outcome: str | None, is_told: bool = False) -> None:
    """Copy a lapsed occurrence so often, each an hour earlier; undecided ones close in a year.

    Of the undecided, those that are told of are overdue already; the others are due in a year.
    """
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
        if is_told:
            given |= {"due_at": "due_at + n"}
        else:
            given |= {name: f"{name} + {year}" for name in ("opens_at", "grace_ends_at")}
            given |= {"overdue_told": "FALSE"}
    names = [column.name for column in RECORD_TABLES[OccurrenceRecord].columns]
    values = ", ".join(given.get(name, name) for name in names)
    engine = create_engine(url)
    with engine.connect() as connection:
        connection.execute(
            text(
                f"WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count}) "
                f"INSERT INTO occurrences ({', '.join(names)}) SELECT {values} FROM "
                "(SELECT * FROM occurrences WHERE outcome = 'lapsed' LIMIT 1) AS one, numbers"
            )
        )
        connection.execute(text("ANALYZE occurrences")) if "postgresql" in url else None
        connection.commit()
    engine.dispose()


def asked(url: str, question: Callable[[Any], object], times: int) -> list[float]:
    """Return how many seconds each of many times of asking took."""
    took_s = []
    with open_for_reading(url) as database:
        for _ in range(times):
            began_s = time.perf_counter()
            database.read_now(question)
            took_s.append(time.perf_counter() - began_s)
    return took_s


def ms(seconds: float) -> float:
    return round(1000 * seconds, 2)


@pytest.mark.parametrize("outcome", ["lapsed", "passed"])
def test_what_is_overdue_beside_a_long_past(
    benchmark: Any, url: str, tmp_path: Path, outcome: str
) -> None:
    plant, now = begun(url, tmp_path / "plant.key"), SteadyClock().now()

    def question(reader: Any) -> object:
        return overdue_occurrences(reader, plant, now), lapsed_checks(reader, plant, now)

    few = asked(url, question, TIMES)
    more_of(url, PAST, outcome=outcome)
    many = benchmark.pedantic(lambda: asked(url, question, TIMES), rounds=1)
    figures = {
        "occurrences": PAST,
        "p50 ms": ms(median(many)),
        "p99 ms": ms(percentile(many, 0.99)),
        "times those of a few": round(median(many) / median(few), 2),
    }
    report(benchmark, f"overdue on {url.partition(':')[0]} beside what {outcome}", figures)


@pytest.mark.parametrize("is_told", [False, True], ids=["to come", "overdue"])
def test_an_idle_sweep_of_many_open_occurrences(
    benchmark: Any, url: str, tmp_path: Path, is_told: bool
) -> None:
    plant, now = begun(url, tmp_path / "plant.key"), SteadyClock().now()

    def question(reader: Any) -> object:
        return scheduling.next_step_at(reader, plant, now)

    few = asked(url, question, 20)
    more_of(url, OPEN, outcome=None, is_told=is_told)
    many = benchmark.pedantic(lambda: asked(url, question, TIMES), rounds=1)
    figures = {
        "open": OPEN,
        "p50 ms": ms(median(many)),
        "p99 ms": ms(percentile(many, 0.99)),
        "ms of a few": ms(median(few)),
        "times as long": round(median(many) / median(few), 1),
    }
    kind = "overdue" if is_told else "to come"
    report(benchmark, f"idle sweep on {url.partition(':')[0]}, {kind}", figures)

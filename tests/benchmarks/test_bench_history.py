"""What years of records cost whoever looks: every page and list, first, filtered and last, beside a plant of one day (B30).

The databases take turns, request by request, so a busy machine counts for all alike. The smallest one has
no history at all; the next one some full pages of it, because a list of forty rows takes longer than none.

Run: `pytest tests/benchmarks/test_bench_history.py --benchmark-enable --benchmark-only -s`.
"""

import asyncio
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from starlette.testclient import TestClient

from redrabbit import __version__
from redrabbit.base.clock import SteadyClock
from redrabbit.base.settings import sqlite_url
from redrabbit.config.plant import read_configuration
from redrabbit.domain.facts.catalogue import fold
from redrabbit.domain.records import AlarmRecord, ContainmentRecord, OccurrenceRecord, RunRecord
from redrabbit.services.agent import Agent
from redrabbit.services.plant_service import LocalPlantService
from redrabbit.services.ports import Reader
from redrabbit.services.queries.newest import NEWEST_BY
from redrabbit.store.opening import open_database
from redrabbit.store.unit_of_work import Recording
from redrabbit.web.access import AccessRules
from redrabbit.web.app import create_app
from tests.benchmarks.grown_history import CONFIGURATION, grow_history
from tests.benchmarks.reporting import median, percentile, report
from tests.people import sign_in_at

NO_HISTORY = 1
SOME_PAGES = 3_000
ROUNDS = 40


class _WithoutRests(SteadyClock):
    """Whoever asks again at once waits for a rest of four times as long (D47): here nobody does."""

    async def sleep(self, seconds: float) -> None:
        """Wait for nothing."""


@dataclass(frozen=True)
class Looked:
    """One plant that is looked at, and what is asked of it."""

    client: TestClient
    addresses: Mapping[str, str]
    """By what is asked for."""


@pytest.mark.parametrize("entries", [10_000, 100_000])
def test_pages_and_lists_after_years(benchmark: Any, tmp_path: Path, entries: int) -> None:
    urls = {}
    for size in (NO_HISTORY, SOME_PAGES, entries):
        folder = tmp_path / str(size)
        folder.mkdir()
        urls[size] = sqlite_url(folder / "plant.sqlite3")
        grow_history(urls[size], size)
    found: dict[str, dict[int, list[float]]] = {}
    with ExitStack() as opened:
        plants = {size: opened.enter_context(looked_at(url)) for size, url in urls.items()}
        benchmark.pedantic(lambda: found.update(turns(plants)), rounds=1, iterations=1)
    for name, by_size in found.items():
        report(benchmark, f"{entries:,} entries, {name}", figures(by_size))


def figures(by_size: Mapping[int, list[float]]) -> dict[str, object]:
    """Return p50 and p95 in ms of each size, and the last one's ratio to the one with some pages."""
    told: dict[str, object] = {}
    for size, times in by_size.items():
        told[f"{size}_p50_ms"] = round(median(times) * 1000, 2)
        told[f"{size}_p95_ms"] = round(percentile(times, 0.95) * 1000, 2)
    *_, base, last = by_size.values()
    told["p50_ratio"] = round(median(last) / median(base), 2)
    told["p95_ratio"] = round(percentile(last, 0.95) / percentile(base, 0.95), 2)
    return told


def turns(plants: Mapping[int, Looked]) -> dict[str, dict[int, list[float]]]:
    """Return how long each request took, by what was asked for and size of the ledger."""
    names = {name for looked in plants.values() for name in looked.addresses}
    found: dict[str, dict[int, list[float]]] = {n: {s: [] for s in plants} for n in sorted(names)}
    for turn in range(ROUNDS + 2):
        for name, by_size in found.items():
            for size, looked in plants.items():
                address = looked.addresses.get(name, looked.addresses[name.partition(", last")[0]])
                began_at = time.perf_counter()
                answer = looked.client.get(address)
                took_s = time.perf_counter() - began_at
                assert answer.status_code in {200, 503}, (
                    address,
                    answer.text,
                )  # no station is read
                if turn > 1:  # the first ones make statements and templates
                    by_size[size].append(took_s)
    return found


@contextmanager
def looked_at(url: str) -> Iterator[Looked]:
    """Serve a grown plant in this process; its stations are not read."""
    plant, files = read_configuration(CONFIGURATION)
    clock = SteadyClock()
    recording = Recording(fold=fold, software=f"redrabbit {__version__}", targets=plant.targets)
    with open_database(url, plant=plant.name, clock=clock, recording=recording) as database:
        agent = Agent(plant, files, database, clock, __version__)
        asyncio.run(agent.open())
        asked = database.read_now(addresses)
        app = create_app(
            LocalPlantService(agent),
            clock=_WithoutRests(),
            sign_in=sign_in_at(agent),
            access=AccessRules(form_secret=b"k" * 32),
        )
        with TestClient(
            app, base_url="http://127.0.0.1:8080", client=("127.0.0.1", 50000)
        ) as client:
            yield Looked(client=client, addresses=asked)


def addresses(reader: Reader) -> dict[str, str]:
    """Return what is looked at; the last pages only where there are any."""
    station = "line1-op20"
    asked = {
        "board": "/",
        "stations": "/stations",
        "station": f"/stations/{station}",
        "due": "/due",
        "receivers": "/receivers",
        "ledger": "/ledger",
        "containments": "/containments",
        "metrics": "/metrics",
        "ready": "/ready",
        "API devices": "/api/v1/devices",
        "API overdue": "/api/v1/overdue",
    }
    lists = {
        "runs": ("/runs", RunRecord, RUN_FILTERS, "before"),
        "API runs": ("/api/v1/runs", RunRecord, API_RUN_FILTERS, "cursor"),
        "API occurrences": ("/api/v1/occurrences", OccurrenceRecord, OCCURRENCE_FILTERS, "cursor"),
        "API containments": ("/api/v1/containments", ContainmentRecord, CASE_FILTERS, "cursor"),
        "API alarms": ("/api/v1/alarms", AlarmRecord, ALARM_FILTERS, "cursor"),
    }
    kind: Any
    for name, (path, kind, filters, cursor) in lists.items():
        oldest: Any = reader.find(kind, order_by=NEWEST_BY[kind], limit=20)
        for what, chosen in ({"": dict[str, str]()} | filters).items():
            title = f"{name} {what}".strip()
            asked[title] = f"{path}?{urlencode(chosen)}"
            if oldest:
                last = getattr(oldest[-1], kind.KEY[0])
                asked[f"{title}, last"] = f"{path}?{urlencode(chosen | {cursor: last})}"
    return asked


Filters = dict[str, dict[str, str]]
RUN_FILTERS: Filters = {
    "of a line": {"line": "line1"},
    "of a device": {"device": "line1-op20-torque"},
    "failed": {"outcome": "failed"},
    "inconclusive (none)": {"outcome": "inconclusive"},
    "under way": {"outcome": "under_way"},
    "of a line, passed": {"line": "line1", "outcome": "passed"},
    "of years": {"from": "2016-01-01", "to": "2030-01-01"},
}
API_RUN_FILTERS: Filters = {
    "aborted": {"outcome": "aborted"},
    "armed": {"state": "armed"},
    "closed": {"state": "closed"},
    "of a station": {"station": "line1-op20", "line": "line1"},
}
OCCURRENCE_FILTERS: Filters = {
    status: {"status": status} for status in ("passed", "failed", "lapsed", "excused", "due")
}
CASE_FILTERS: Filters = {"not closed": {"closed": "false"}, "closed": {"closed": "true"}}
ALARM_FILTERS: Filters = {
    "not acknowledged": {"acknowledged": "false"},
    "acknowledged": {"acknowledged": "true"},
}

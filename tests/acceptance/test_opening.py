"""Opening a large ledger that must be folded: it says how far it is, and hears SIGTERM (G1, G2).

The seal over the records is taken away, as before the upgrade that brought it: then the whole ledger is folded once.
"""

import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from redrabbit.base.settings import sqlite_url
from tests.acceptance.processes import CLOCK, LIMIT_S, Process, free_port, says_no_traceback
from tests.benchmarks.grown_ledger import CONFIGURATION, grow

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(5 * LIMIT_S)]

ENTRIES = 12_000
STOPS_WITHIN_S = 1.0


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("grown") / "records.sqlite3"
    grow(sqlite_url(path), ENTRIES)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM record_digests")
        connection.execute("UPDATE ledger_head SET records = NULL")
    return path


@asynccontextmanager
async def opening(folder: Path, ledger: Path) -> AsyncIterator[tuple[Process, httpx2.AsyncClient]]:
    """Start a service over the ledger, and come back when it says that it is opening it."""
    port = free_port()
    serve = ("serve", "--config", CONFIGURATION, "--database", sqlite_url(ledger), "--port", port)
    with Process.start(folder, "serve", *serve) as service:
        async with httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", timeout=LIMIT_S
        ) as client:
            await _until(client, service, lambda told: "opening" in told)
            yield service, client


async def _until(client: httpx2.AsyncClient, service: Process, is_so: Any) -> dict[str, Any]:
    ends_at = CLOCK.now() + timedelta(seconds=LIMIT_S)
    while True:
        assert not service.has_ended, service.log
        assert CLOCK.now() < ends_at, service.log
        try:
            told: dict[str, Any] = (await client.get("/ready")).json()
        except httpx2.TransportError:
            await CLOCK.sleep(0.02)
            continue
        if is_so(told):
            return told


async def test_a_stop_while_opening_is_heard_within_a_second(tmp_path: Path, ledger: Path) -> None:
    """G2: SIGTERM went unheard for as long as opening took, and Ctrl-C with it."""
    async with opening(tmp_path, ledger) as (service, _):
        asked_s = CLOCK.steady_s()
        assert await service.stopped(signal.SIGTERM) == 0
        assert CLOCK.steady_s() - asked_s < STOPS_WITHIN_S
        assert says_no_traceback([service.log])


async def test_opening_says_how_far_it_is_and_then_the_service_watches(
    tmp_path: Path, ledger: Path
) -> None:
    async with opening(tmp_path, ledger) as (service, client):
        told = await _until(client, service, lambda told: told["opening"]["percent"])
        assert told["status"] == f"opening, {told['opening']['percent']} %"
        health = await client.get("/health")
        assert (health.status_code, health.json()["status"]) == (200, "starting")
        page = await client.get("/")
        assert (page.status_code, page.headers["retry-after"]) == (503, "2")
        await _until(client, service, lambda told: told["ready"] is True)
        assert (await client.get("/health")).json()["status"] == "alive"
        assert '"message": "opening"' in service.log
        assert await service.stopped(signal.SIGTERM) == 0
        assert says_no_traceback([service.log])

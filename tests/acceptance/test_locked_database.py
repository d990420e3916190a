"""Another program holds the database's lock: one station waits for it, and nobody else (findings K3).

A real Mosquitto, a real service, a real SQLite file that this test locks as a backup would. A second
station publishes on the same broker.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.acceptance import test_mosquitto
from tests.acceptance.processes import CLOCK, LIMIT_S, instant, says_no_traceback
from tests.acceptance.test_mosquitto import (
    CODE,
    OPERATOR,
    RABBIT,
    STATION,
    Bench,
    Desk,
    PublishingStation,
    going_on,
    until,
)
from tests.links.brokers import MOSQUITTO

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.timeout(3 * LIMIT_S),
    pytest.mark.skipif(MOSQUITTO is None, reason="Mosquitto is not installed"),
]

bench = test_mosquitto.bench

OTHER = "line1-op25"
ANSWERED_WITHIN_S = 15.0
"""A lock is waited for 5 s, and the one before it may wait as long; this machine has other work, too."""
STOPPED_WITHIN_S = 20.0


class OtherStation(PublishingStation):
    """Publishes on the same broker, counting parts all the time."""

    def message(self) -> str:
        self.state = replace(self.state, count=self.state.count + 1)
        return super().message()


@asynccontextmanager
async def two_stations(bench: Bench) -> AsyncIterator[None]:
    """Let a second station publish beside the first."""
    text = (bench.config_dir / f"{STATION}.yaml").read_text(encoding="utf-8")
    other = text.replace("op20", "op25").replace("OP20", "OP25")
    (bench.config_dir / f"{OTHER}.yaml").write_text(other, encoding="utf-8")
    station = OtherStation(bench.station.port, topic="plant/line1/op25/state")
    async with going_on(station.run()), bench.publishing():
        yield


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the database as another program does that writes to it."""
    other = sqlite3.connect(folder / "records.sqlite3", timeout=10, isolation_level=None)
    with closing(other):
        other.execute("BEGIN IMMEDIATE")
        yield


async def test_a_locked_database_holds_up_neither_people_nor_other_stations(bench: Bench) -> None:
    async with two_stations(bench), bench.serving() as desk:
        await desk.take_part()
        with locked(bench.folder):
            bench.station.shows(part=RABBIT)
            await CLOCK.sleep(0.5)
            bench.station.shows(rejected=True, code=CODE)
            await until(lambda: is_not_recording(desk), "a word of it in /ready")
            asked_at = CLOCK.now()
            refused = await desk.client.post(
                f"/runs/{desk.run_id}/abort", json=OPERATOR | {"reason": "waiting"}
            )
            assert (refused.status_code, refused.json()["code"]) == (503, "store_trouble")
            assert refused.headers["retry-after"] == "5"
            assert CLOCK.now() - asked_at < timedelta(seconds=ANSWERED_WITHIN_S)
            for _ in range(20):
                assert await age_s(desk) < 2.0, "another station's messages were held up"
                await CLOCK.sleep(0.1)
        assert await desk.verdict() == ("detected", None)
        shown = (await desk.run())["presentations"][0]
        assert 0.2 < shown["elapsed_s"] < 2.0, "it is judged by when it came"
        await until(lambda: is_recording(desk), "a word that it is recorded again")
        assert await desk.service.stopped() == 0


async def test_a_late_answer_is_late_though_the_database_was_locked_meanwhile(
    bench: Bench,
) -> None:
    """K1: the delay was ours, and it made an answer after 3.5 s one of 0.1 s."""
    async with two_stations(bench), bench.serving() as desk:
        await desk.take_part()
        with locked(bench.folder):
            bench.station.shows(part=RABBIT)
            await CLOCK.sleep(4.0)  # `within` is 3 s
            bench.station.shows(rejected=True, code=CODE)
            await CLOCK.sleep(1.0)
        verdict, _ = await desk.verdict()
        assert verdict != "detected"


async def test_a_service_whose_database_is_locked_stops_cleanly(bench: Bench) -> None:
    """K3: it took 8 s and ended in a traceback."""
    async with two_stations(bench), bench.serving() as desk:
        await desk.take_part()
        with locked(bench.folder):
            bench.station.shows(part=RABBIT)
            acted = asyncio.create_task(
                desk.client.post(f"/runs/{desk.run_id}/abort", json=OPERATOR | {"reason": "x"})
            )
            await until(lambda: is_not_recording(desk), "a word of it in /ready")
            hanging = asyncio.create_task(
                desk.client.post("/pauses", json=OPERATOR | {"line": "line1", "reason": "x"})
            )
            asked_at = CLOCK.now()
            assert await desk.service.stopped() == 0
            assert CLOCK.now() - asked_at < timedelta(seconds=STOPPED_WITHIN_S)
            await asyncio.gather(acted, hanging, return_exceptions=True)
        assert says_no_traceback([desk.service.log]), desk.service.log


async def ready(desk: Desk) -> tuple[int, dict[str, Any]]:
    async with httpx2.AsyncClient(timeout=LIMIT_S) as client:
        answer = await client.get(desk.client.base_url.join("/ready"))
    return answer.status_code, answer.json()


async def is_not_recording(desk: Desk) -> bool:
    status, told = await ready(desk)
    stuck = [each["station"] for each in told["not_recording"]]
    return status == 503 and stuck == [STATION]


async def is_recording(desk: Desk) -> bool:
    status, _ = await ready(desk)
    return status == 200


async def age_s(desk: Desk) -> float:
    """Return how old the newest reading of the other station is."""
    shown = await desk.get(f"/stations/{OTHER}")
    read = [instant(each["acquired_at"]) for each in shown["signals"] if each["acquired_at"]]
    assert shown["no_data_since"] is None
    return (CLOCK.now() - max(read)).total_seconds()

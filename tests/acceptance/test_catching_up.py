"""A service that comes back after hours catches up while it answers, and after `kill -9` goes on where it was (L7, L8)."""

import asyncio
import random
import shutil
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from redrabbit.base.clock import SteadyClock
from redrabbit.base.settings import sqlite_url
from redrabbit.config.plant import read_configuration
from redrabbit.domain.facts.catalogue import fold
from redrabbit.services.taking_up import open_life
from redrabbit.store.opening import open_database
from redrabbit.store.unit_of_work import Recording
from tests.acceptance.processes import CLOCK, LIMIT_S, LOOK_S, Service, instant, redrabbit
from tests.acceptance.test_frozen import often

pytestmark = [pytest.mark.acceptance]

HOURS_OFF = 8
KILLS = 4
SEED = 20260302
OBLIGATIONS = {"occurrence_made", "occurrence_overdue", "occurrence_decided", "alarm_raised"}


class EarlierClock(SteadyClock):
    """A clock of some hours ago."""

    def now(self) -> datetime:
        return super().now() - timedelta(hours=HOURS_OFF)


def adopted_hours_ago(folder: Path, database: Path) -> None:
    """Make a database in which the configuration was adopted, and nothing happened since."""
    plant, files = read_configuration(folder)
    recording = Recording(fold=fold, software="redrabbit before", targets=plant.targets)
    with open_database(
        sqlite_url(database), plant=plant.name, clock=EarlierClock(), recording=recording
    ) as opened:
        opened.write_now(lambda uow: open_life(uow, plant, files, "redrabbit before"))


def copied(before: Path, folder: Path) -> Path:
    """Copy a database that nobody has open, with its key."""
    folder.mkdir()
    for each in before.parent.glob(f"{before.name}*"):
        shutil.copy(each, folder)
    return folder / before.name


async def behind(client: httpx2.AsyncClient) -> Any:
    """Return what `/ready` says of catching up."""
    answer = await client.get("/ready")
    assert answer.status_code == 200, answer.text
    return answer.json()["catching_up"]


async def caught_up(client: httpx2.AsyncClient) -> None:
    ends_at = CLOCK.now() + timedelta(seconds=LIMIT_S)
    while await behind(client) is not None:
        assert CLOCK.now() < ends_at
        await CLOCK.sleep(LOOK_S)


async def told(client: httpx2.AsyncClient, until: datetime) -> list[Any]:
    """Return what the ledger says of obligations that lapsed before an instant, in its order."""
    entries: list[dict[str, Any]] = []
    page: dict[str, Any] = {"next": 0}
    while page["next"] is not None:
        answer = await client.get("/api/v1/ledger/entries", params={"first": page["next"]})
        page = answer.json()
        entries += page["items"]
    made = [each["payload"] for each in entries if each["type"] == "occurrence_made"]
    past = {each["occurrence_id"] for each in made if instant(each["closes_at"]) < until}
    return [
        (
            each["type"],
            each["stream"],
            each["occurred_at"] if each["type"] != "occurrence_made" else "when it was recorded",
            each["payload"],
        )
        for each in entries
        if each["type"] in OBLIGATIONS and each["payload"]["occurrence_id"] in past
    ]


async def test_what_came_due_is_recorded_once_though_the_service_is_killed_again_and_again(
    tmp_path: Path, template: Path
) -> None:
    often(template)
    aged = tmp_path / "records.sqlite3"
    await asyncio.to_thread(adopted_hours_ago, template, aged)
    disturbed = copied(aged, tmp_path / "disturbed")
    rng = random.Random(SEED)
    until, killed_behind = CLOCK.now(), 0
    for _ in range(KILLS):
        with Service.forked(tmp_path, template, disturbed) as service:
            async with httpx2.AsyncClient(
                base_url=await service.ready(), timeout=LIMIT_S
            ) as client:
                killed_behind += await behind(client) is not None
                await CLOCK.sleep(rng.uniform(0.0, 0.3))
            service.kill()
    assert killed_behind >= 2, "the kills came too late"
    results = []
    for database in (aged, disturbed):
        with Service.forked(tmp_path, template, database) as service:
            async with httpx2.AsyncClient(
                base_url=await service.ready(), timeout=LIMIT_S
            ) as client:
                await caught_up(client)
                results.append(await told(client, until))
            assert await service.stopped() == 0
    undisturbed, after_kills = results
    assert after_kills == undisturbed
    counted = Counter(each[0] for each in undisturbed)
    assert counted["occurrence_made"] >= HOURS_OFF * 180 - 2
    assert counted["occurrence_made"] == counted["occurrence_decided"] == counted["alarm_raised"]
    verified = await asyncio.to_thread(redrabbit, "verify", "--database", sqlite_url(disturbed))
    assert verified.returncode == 0, verified.stderr


async def test_people_are_answered_while_it_catches_up_and_see_that_it_does(
    tmp_path: Path, template: Path
) -> None:
    """K7: nobody waits for hours to be recorded, and nobody takes what is not recorded yet for *nothing is due*."""
    often(template)
    database = tmp_path / "records.sqlite3"
    await asyncio.to_thread(adopted_hours_ago, template, database)
    with Service.forked(tmp_path, template, database) as service:
        async with httpx2.AsyncClient(base_url=await service.ready(), timeout=LIMIT_S) as client:
            first = await behind(client)
            board = await client.get("/")
            assert "Catching up" in board.text
            now = CLOCK.now()
            pause = {
                "line": "line1",
                "begins_at": (now + timedelta(hours=1)).isoformat(),
                "ends_at": (now + timedelta(hours=2)).isoformat(),
                "reason": "no orders",
                "operator": "Anna",
            }
            answer = await client.post("/api/v1/pauses", json=pause)
            assert answer.status_code == 201, answer.text
            metrics = (await client.get("/metrics")).text
            then = await behind(client)
            assert then is not None, "all this was answered before it had caught up"
            assert instant(first["since"]) <= instant(then["since"]) < instant(then["until"])
            assert "redrabbit_obligations_behind_seconds 0.0" not in metrics
            assert "redrabbit_obligations_behind_seconds" in metrics
        assert await service.stopped() == 0, "SIGTERM is heard between two parts"
        messages = [line["message"] for line in service.lines()]
        assert "caught up with what came due" not in messages

"""A service that comes back after hours catches up while it answers, and after `kill -9` goes on where it was (L7, L8)."""

import asyncio
import random
import shutil
from collections import Counter
from dataclasses import dataclass
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

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(10 * LIMIT_S)]

HOURS_OFF = (8, 16, 32, 64)
"""The first of them after which it is still catching up when the test has done what it does meanwhile."""
KILLS = 4
SEED = 20260302
OBLIGATIONS = {"occurrence_made", "occurrence_overdue", "occurrence_decided", "alarm_raised"}


class EarlierClock(SteadyClock):
    """A clock of some hours ago."""

    def __init__(self, hours: int) -> None:
        super().__init__()
        self._ago = timedelta(hours=hours)

    def now(self) -> datetime:
        return super().now() - self._ago


def adopted_hours_ago(hours: int, folder: Path, database: Path) -> None:
    """Make a database in which the configuration was adopted, and nothing happened since."""
    plant, files = read_configuration(folder)
    recording = Recording(fold=fold, software="redrabbit before", targets=plant.targets)
    with open_database(
        sqlite_url(database), plant=plant.name, clock=EarlierClock(hours), recording=recording
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


async def brought_up(client: httpx2.AsyncClient, up_to: datetime | None = None) -> None:
    """Wait until what came due before an instant is on record, or all; as long as it goes on."""
    before, ends_s = None, 0.0
    while (now := await behind(client)) is not None:
        since = instant(now["since"])
        if up_to is not None and since >= up_to:
            return
        if since != before:
            before, ends_s = since, CLOCK.steady_s() + LIMIT_S
        assert CLOCK.steady_s() < ends_s, now
        await CLOCK.sleep(LOOK_S)


def has_caught_up(service: Service) -> bool:
    """Return whether a service that has ended had nothing left to record, by its log."""
    messages = [line["message"] for line in service.lines()]
    was_behind = "catching up with what came due" in messages
    return not was_behind or "caught up with what came due" in messages


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


async def killed_again_and_again(tmp_path: Path, template: Path, database: Path) -> bool:
    """Kill some services that catch up, one after the other; return whether each was killed behind."""
    rng = random.Random(SEED)
    for _ in range(KILLS):
        with Service.forked(tmp_path, template, database) as service:
            async with httpx2.AsyncClient(
                base_url=await service.ready(), timeout=LIMIT_S
            ) as client:
                first = await behind(client)
                if first is not None:
                    since, until = instant(first["since"]), instant(first["until"])
                    await brought_up(client, since + rng.uniform(0.0, 0.2) * (until - since))
            service.kill()
            if has_caught_up(service):
                return False
    return True


async def test_what_came_due_is_recorded_once_though_the_service_is_killed_again_and_again(
    tmp_path: Path, template: Path
) -> None:
    often(template)
    for hours in HOURS_OFF:
        folder = tmp_path / f"{hours}"
        folder.mkdir()
        aged = folder / "records.sqlite3"
        await asyncio.to_thread(adopted_hours_ago, hours, template, aged)
        disturbed = copied(aged, folder / "disturbed")
        until = CLOCK.now()
        if await killed_again_and_again(tmp_path, template, disturbed):
            break
    else:
        pytest.fail("all kills came too late")
    results = []
    for database in (aged, disturbed):
        with Service.forked(tmp_path, template, database) as service:
            async with httpx2.AsyncClient(
                base_url=await service.ready(), timeout=LIMIT_S
            ) as client:
                await brought_up(client)
                results.append(await told(client, until))
            assert await service.stopped() == 0
    undisturbed, after_kills = results
    assert after_kills == undisturbed
    counted = Counter(each[0] for each in undisturbed)
    assert counted["occurrence_made"] >= hours * 180 - 2
    assert counted["occurrence_made"] == counted["occurrence_decided"] == counted["alarm_raised"]
    verified = await asyncio.to_thread(redrabbit, "verify", "--database", sqlite_url(disturbed))
    assert verified.returncode == 0, verified.stderr


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What people were told by one service, one after the other."""

    first: Any
    board: str
    pause: httpx2.Response
    metrics: str
    then: Any


async def asked(client: httpx2.AsyncClient) -> Answers:
    """Look at the board, declare a pause, look at figures."""
    first = await behind(client)
    board = (await client.get("/")).text
    now = CLOCK.now()
    pause = {
        "line": "line1",
        "begins_at": (now + timedelta(hours=1)).isoformat(),
        "ends_at": (now + timedelta(hours=2)).isoformat(),
        "reason": "no orders",
        "operator": "Anna",
    }
    answer = await client.post("/api/v1/pauses", json=pause)
    metrics = (await client.get("/metrics")).text
    then = await behind(client)
    return Answers(first=first, board=board, pause=answer, metrics=metrics, then=then)


async def test_people_are_answered_while_it_catches_up_and_see_that_it_does(
    tmp_path: Path, template: Path
) -> None:
    """K7: nobody waits for hours to be recorded, and nobody takes what is not recorded yet for *nothing is due*."""
    often(template)
    for hours in HOURS_OFF:
        database = tmp_path / f"{hours}.sqlite3"
        await asyncio.to_thread(adopted_hours_ago, hours, template, database)
        with Service.forked(tmp_path, template, database) as service:
            url = await service.ready()
            async with httpx2.AsyncClient(base_url=url, timeout=LIMIT_S) as client:
                answers = await asked(client)
            assert await service.stopped() == 0, "SIGTERM is heard between two parts"
            if not has_caught_up(service):
                break
    else:
        pytest.fail("people were answered only after it had caught up, or SIGTERM was heard then")
    assert "Catching up" in answers.board
    assert answers.pause.status_code == 201, answers.pause.text
    first, then = answers.first, answers.then
    assert instant(first["since"]) <= instant(then["since"]) < instant(then["until"])
    assert "redrabbit_obligations_behind_seconds 0.0" not in answers.metrics
    assert "redrabbit_obligations_behind_seconds" in answers.metrics

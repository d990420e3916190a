"""A service that is stopped over a due time, as a suspended machine is: nobody watched, and the records say so (C3)."""

import asyncio
import signal
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from ruamel.yaml import YAML

from tests.acceptance.processes import CLOCK, LIMIT_S, Service, instant, redrabbit

pytestmark = [pytest.mark.acceptance]

FROZEN_S = 8.0


def often(folder: Path) -> None:
    """Let a check fall due every twenty seconds, and lapse two seconds later."""
    yaml = YAML()
    plan = yaml.load(folder / "control_plan.yaml")
    check = next(iter(plan["checks"].values()))
    check["schedule"] = "every 20 s"
    check["opens_before"], check["grace"], check["closes_after"] = "1 s", "1 s", "2 s"
    yaml.dump(plan, folder / "control_plan.yaml")


async def lapsed(client: httpx2.AsyncClient, count: int) -> list[dict[str, Any]]:
    """Wait for so many lapsed checks of which it is recorded why; oldest first."""
    ends_at = CLOCK.now() + timedelta(seconds=2 * LIMIT_S)
    while True:
        answer = (await client.get("/api/v1/occurrences", params={"status": "lapsed"})).json()
        told = [each for each in answer["items"] if each["reason_code"] is not None]
        found = sorted(told, key=lambda each: str(each["due_at"]))
        if len(found) >= count:
            return found
        assert CLOCK.now() < ends_at, answer
        await CLOCK.sleep(0.2)


async def test_what_lapses_while_the_process_is_stopped_was_watched_by_nobody(
    tmp_path: Path, template: Path
) -> None:
    often(template)
    database = tmp_path / "records.sqlite3"
    with Service.serve(tmp_path, template, database) as service:
        async with httpx2.AsyncClient(base_url=await service.ready(), timeout=LIMIT_S) as client:
            (first,) = await lapsed(client, 1)
            assert first["reason_code"] == "not_done"
            freezes_at = instant(first["due_at"]) + timedelta(seconds=17)
            await CLOCK.sleep_until(freezes_at)
            service.tell(signal.SIGSTOP)
            await CLOCK.sleep(FROZEN_S)
            service.tell(signal.SIGCONT)
            second = (await lapsed(client, 2))[1]
            assert second["reason_code"] == "not_watching"
            third = (await lapsed(client, 3))[2]
            assert third["reason_code"] == "not_done", "the next one was watched"
            (hole,) = await holes(client)
            assert abs(instant(hole["begins_at"]) - freezes_at) < timedelta(seconds=1.5)
            lasted = instant(hole["ends_at"]) - instant(hole["begins_at"])
            assert abs(lasted.total_seconds() - FROZEN_S) < 1.5
        assert await service.stopped() == 0
    told = await asyncio.to_thread(redrabbit, "verify", "--database", f"sqlite:///{database}")
    assert told.returncode == 0, told.stderr


async def holes(client: httpx2.AsyncClient) -> list[dict[str, Any]]:
    """Return what the ledger says of times that nobody watched."""
    found: list[dict[str, Any]] = []
    page: dict[str, Any] = {"next": 0}
    while page["next"] is not None:
        answer = await client.get("/api/v1/ledger/entries", params={"first": page["next"]})
        page = answer.json()
        found += [each["payload"] for each in page["items"] if each["type"] == "not_watched"]
    return found

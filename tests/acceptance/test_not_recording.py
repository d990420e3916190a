"""What everybody sees while nothing can be recorded: a full disk, a file that was moved, a silent database (K4).

A real service, a real file or PostgreSQL, a real receiver. What breaks is broken as it breaks in a plant: the kernel
gives the process no more room for a file, somebody moves the file, the server's process stands still.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from ruamel.yaml import YAML

from redrabbit.base.settings import sqlite_url
from tests.acceptance.processes import CLOCK, LIMIT_S, Service, redrabbit, says_no_traceback
from tests.alarms.moody import OK, Hook, answer, listening

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.timeout(4 * LIMIT_S),
    pytest.mark.skipif(sys.platform != "linux", reason="limits of a running process"),
]

if sys.platform == "linux":
    import resource


@dataclass
class Running:
    """A service, how it is reached, and where it records."""

    service: Service
    client: httpx2.AsyncClient
    hook: Hook
    database: str

    async def ready(self) -> tuple[int, dict[str, Any]]:
        answered = await self.client.get("/ready")
        return answered.status_code, answered.json()

    async def until_ready(self, *, is_ready: bool) -> dict[str, Any]:
        ends_at = CLOCK.now() + timedelta(seconds=LIMIT_S)
        while True:
            status, told = await self.ready()
            is_known = is_ready or told.get("not_recording_why") is not None
            if (status == 200) is is_ready and is_known:
                return told
            assert CLOCK.now() < ends_at, f"{told}\n{self.service.log}"
            await CLOCK.sleep(0.2)

    def said(self, message: str) -> list[dict[str, Any]]:
        return [line for line in self.service.lines() if line["message"] == message]

    async def has_said(self, message: str) -> None:
        """Wait for a line of the log: it has its own look at the recording, apart from the receivers'."""
        ends_at = CLOCK.now() + timedelta(seconds=LIMIT_S)
        while not self.said(message):
            assert CLOCK.now() < ends_at, self.service.log
            await CLOCK.sleep(0.1)

    async def was_told(self, *events: str) -> None:
        ends_at = CLOCK.now() + timedelta(seconds=LIMIT_S)
        while [json.loads(body)["event"] for body in self.hook.bodies] != list(events):
            assert CLOCK.now() < ends_at, self.hook.bodies
            await CLOCK.sleep(0.1)


@contextmanager
def disk_full(running: Running) -> Iterator[str]:
    """No file of the service may grow any more: each write beyond fails, as on a full disk."""
    path = Path(running.database.removeprefix("sqlite:///"))
    log = path.with_name(path.name + "-wal").stat().st_size
    pid = running.service.popen.pid
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (log, hard))
    try:
        yield "disk_fails"  # SQLite calls only ENOSPC full: see tests/store/test_trouble.py
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))


@contextmanager
def file_moved(running: Running) -> Iterator[str]:
    """Somebody moves the file away, as a backup tool does, and back later."""
    path = Path(running.database.removeprefix("sqlite:///"))
    away = path.with_name("away.sqlite3")
    path.rename(away)
    try:
        yield "file_moved"
    finally:
        away.rename(path)


@contextmanager
def server_stands_still(running: Running) -> Iterator[str]:
    """The server's process that writes is stopped: it neither answers nor goes away."""
    import psycopg

    with psycopg.connect(running.database, autocommit=True) as other:
        (pid,) = other.execute(
            "SELECT a.pid FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid"
            " WHERE l.locktype = 'advisory' AND a.datname = current_database()"
        ).fetchone() or (None,)
    assert pid
    os.kill(pid, signal.SIGSTOP)
    try:
        yield "no_answer"
    finally:
        os.kill(pid, signal.SIGCONT)


def tell(folder: Path, hook: Hook) -> None:
    yaml = YAML()
    plant = yaml.load(folder / "plant.yaml")
    plant["notifications"] = {"office": {"webhook": hook.url, "events": ["missed"]}}
    yaml.dump(plant, folder / "plant.yaml")


@pytest.mark.parametrize("breaks", [disk_full, file_moved, server_stands_still])
async def test_everybody_is_told_that_nothing_is_recorded_and_when_it_works_again(
    tmp_path: Path, template: Path, breaks: Any, request: pytest.FixtureRequest
) -> None:
    """F3: 200 ready, "monitoring · data 0.0 s old", and not a word in the log."""
    database = sqlite_url(tmp_path / "records.sqlite3")
    if breaks is server_stands_still:
        database = request.getfixturevalue("postgresql_url")
    async with listening(answer(OK)) as hook:
        tell(template, hook)
        serve = ("serve", "--config", template, "--database", database, "--port", 0)
        key = ("--key", tmp_path / "plant.key")
        with Service.start(tmp_path, "serve-0", *serve, *key) as service:
            url = await service.ready()
            async with httpx2.AsyncClient(base_url=url, timeout=LIMIT_S) as client:
                running = Running(service, client, hook, database)
                await CLOCK.sleep(2.0)  # a beat, so that something was recorded
                await _told_everywhere(running, breaks(running))
            assert await service.stopped(signal.SIGTERM) == 0
        assert says_no_traceback([service.log])


async def _told_everywhere(running: Running, broken: AbstractContextManager[str]) -> None:
    with broken as why:
        told = await running.until_ready(is_ready=False)
        assert told["not_recording_why"] == why, told
        assert told["not_watching_since"] is None, "the loop turns, and that says nothing"
        metrics = (await running.client.get("/metrics")).text
        assert "redrabbit_recording 0.0" in metrics
        assert "Nothing is recorded since" in (await running.client.get("/")).text
        assert "没有任何内容被记录" in (await running.client.get("/?lang=zh")).text
        await running.was_told("not_recording")
        body = {"line": "line1", "reason": "inventory", "operator": "Anna", **_an_hour()}
        asked_at = CLOCK.now()
        answered = await running.client.post("/api/v1/pauses", json=body)
        assert answered.status_code == 503, answered.text
        assert CLOCK.now() - asked_at < timedelta(seconds=25), "no act hangs"
        if why != "file_moved":  # then there is none to look into
            await _told_by_overdue(running.database)
    await running.until_ready(is_ready=True)
    await running.was_told("not_recording", "recording_again")
    assert "redrabbit_recording 1.0" in (await running.client.get("/metrics")).text
    await running.has_said("recorded again")
    assert (len(running.said("nothing is recorded")), len(running.said("recorded again"))) == (1, 1)


async def _told_by_overdue(database: str) -> None:
    """It said that the service does not run, which was the wrong cause."""
    ends_at = CLOCK.now() + timedelta(seconds=LIMIT_S)
    said = ""
    while "nothing is recorded since" not in said:
        assert CLOCK.now() < ends_at, said
        said = (await asyncio.to_thread(redrabbit, "overdue", "--database", database)).stderr


def _an_hour() -> dict[str, str]:
    begins_at = CLOCK.now() + timedelta(minutes=5)
    return {
        "begins_at": begins_at.isoformat(),
        "ends_at": (begins_at + timedelta(hours=1)).isoformat(),
    }


STOPPED_WITHIN_S = 40.0
"""A statement ends after 10 s, a queue after 10 s, and a look for what became of a commit after 5 s."""


async def test_a_service_whose_server_stands_still_ends_all_the_same(
    tmp_path: Path, template: Path, postgresql_url: str
) -> None:
    serve = ("serve", "--config", template, "--database", postgresql_url, "--port", 0)
    with Service.start(tmp_path, "serve-0", *serve, "--key", tmp_path / "plant.key") as service:
        url = await service.ready()
        async with httpx2.AsyncClient(base_url=url, timeout=LIMIT_S) as client:
            await CLOCK.sleep(1.0)
            with server_stands_still(Running(service, client, Hook(answer(OK)), postgresql_url)):
                await CLOCK.sleep(1.0)
                service.tell(signal.SIGTERM)
                assert await service.ended(within_s=STOPPED_WITHIN_S) == 0
        assert says_no_traceback([service.log])

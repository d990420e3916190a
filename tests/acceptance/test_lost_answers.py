"""A person's program over a network that breaks at COMMIT: each act once, and health that is true (K2, K4).

A real service on a real PostgreSQL behind a proxy that loses answers, loses questions, and falls silent.
"""

import asyncio
import signal
from collections import Counter
from datetime import timedelta
from pathlib import Path

import httpx2
import psycopg
import pytest

from tests.acceptance.processes import CLOCK, LIMIT_S, Service, says_no_traceback
from tests.store.faulty_proxy import Fault, FaultyProxy, proxied

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(5 * LIMIT_S)]

FAULTS = (
    (Fault.LOSES_ANSWER, 3.0),
    (Fault.LOSES_QUESTION, 0.5),
    (Fault.CUT, 1.0),
    (Fault.SILENT_ANSWER, 0.0),
    (Fault.LOSES_ANSWER, 8.0),
    (Fault.SILENT_QUESTION, 2.0),
)
"""With how long no connection is taken afterwards, in seconds."""
ANSWERED_WITHIN_S = 25.0
"""The service says 15; this machine has other work, too."""
STOPPED_FOR_SURE_S = 8.0
"""Five seconds without a commit is "not recording"; the rest is for looking."""


class Program:
    """Declares one pause after the other, each with a key of its own, and asks again until it is told."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client
        self.taken: list[int] = []
        self.codes: Counter[str] = Counter()
        self.slowest_s = 0.0

    async def run(self) -> None:
        while True:
            await self.declare(len(self.taken))
            self.taken.append(len(self.taken))

    async def declare(self, number: int) -> None:
        begins_at = CLOCK.now() + timedelta(days=1, hours=number)
        body = {
            "line": "line1",
            "begins_at": begins_at.isoformat(),
            "ends_at": (begins_at + timedelta(minutes=30)).isoformat(),
            "reason": f"pause {number}",
            "operator": "Anna",
        }
        while True:
            asked_s = CLOCK.steady_s()
            answer = await self._client.post(
                "/api/v1/pauses", json=body, headers={"idempotency-key": f"k-{number}"}
            )
            self.slowest_s = max(self.slowest_s, CLOCK.steady_s() - asked_s)
            if answer.status_code == 201:
                return
            assert answer.status_code == 503, answer.text
            self.codes[answer.json()["code"]] += 1
            await CLOCK.sleep(0.1)


class Onlooker:
    """Asks all the time whether the service is ready.

    When it works again the heart may beat a moment before the program is told; so what counts is that it was said.
    """

    def __init__(self, client: httpx2.AsyncClient, program: Program) -> None:
        self._client = client
        self._program = program
        self.lies: list[str] = []

    async def run(self) -> None:
        taken, since_s, was_told = 0, CLOCK.steady_s(), False
        while True:
            if len(self._program.taken) != taken:
                taken, since_s, was_told = len(self._program.taken), CLOCK.steady_s(), False
            asked_s = CLOCK.steady_s()
            answer = await self._client.get("/ready")
            stood_s = asked_s - since_s
            is_same = len(self._program.taken) == taken
            was_told = was_told or answer.status_code == 503
            if is_same and stood_s > STOPPED_FOR_SURE_S and not was_told:
                self.lies.append(f"ready, and nothing was recorded for {stood_s:.1f} s")
            await CLOCK.sleep(0.1)


async def test_each_act_is_done_once_and_health_is_true_throughout(
    tmp_path: Path, template: Path, postgresql_url: str
) -> None:
    with proxied(postgresql_url) as proxy:
        serve = ("serve", "--config", template, "--database", proxy.url, "--port", 0)
        with Service.start(tmp_path, "serve-0", *serve, "--key", tmp_path / "plant.key") as service:
            url = await service.ready()
            async with httpx2.AsyncClient(base_url=url, timeout=LIMIT_S) as client:
                program = Program(client)
                onlooker = Onlooker(client, program)
                works = asyncio.gather(program.run(), onlooker.run())
                await _break(proxy, program, works)
                works.cancel()
                await asyncio.gather(works, return_exceptions=True)
                assert onlooker.lies == []
                assert program.slowest_s < ANSWERED_WITHIN_S
                assert (await client.get("/ready")).status_code == 200
            assert await service.stopped(signal.SIGTERM) == 0
        assert says_no_traceback([service.log])
        assert proxy.faults == len(FAULTS)
    with psycopg.connect(postgresql_url) as connection:
        rows = connection.execute("SELECT reason_text FROM pauses").fetchall()
    found = Counter(str(reason) for (reason,) in rows)
    assert set(found.values()) == {1}, "an act was done twice"
    assert {f"pause {number}" for number in program.taken} <= set(found), "an act was lost"


async def _break(
    proxy: FaultyProxy, program: Program, works: "asyncio.Future[tuple[None, None]]"
) -> None:
    """Break the way once in each way; something is recorded before each and after the last."""
    for fault, refuses_s in (*FAULTS, (None, 0.0)):
        before, ends_at = len(program.taken), CLOCK.now() + timedelta(seconds=LIMIT_S)
        while len(program.taken) < before + 3:
            assert not works.done(), works
            assert CLOCK.now() < ends_at, f"nothing is recorded again; {program.codes}"
            await CLOCK.sleep(0.05)
        if fault is not None:
            proxy.breaks(fault, refuses_s)
            while proxy.is_broken():
                assert not works.done(), works
                await CLOCK.sleep(0.05)

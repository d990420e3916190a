"""The steps of an alarm survive `kill -9` at any moment, without loss and without silence (R10, issue 8).

A real service is killed at seeded random moments while its steps are due every second. REDRABBIT_KILLS says how often
(10; the full test is 100), REDRABBIT_SEED at which.
"""

import asyncio
import json
import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
from ruamel.yaml import YAML

from redrabbit.base.settings import sqlite_url
from redrabbit.config.plant import load_plant
from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.facts.alarm_told import AlarmsTold
from redrabbit.domain.facts.catalogue import fact_of, fold
from redrabbit.services.alarming import raise_alarm
from redrabbit.store.opening import open_database
from redrabbit.store.unit_of_work import Recording
from redrabbit.store.verification import verify_database
from tests.acceptance.processes import CLOCK, LIMIT_S, LOOK_S, Service, redrabbit, says_no_traceback
from tests.acceptance.recorded import Recorded
from tests.alarms.moody import OK, Hook, answer

KILLS = int(os.environ.get("REDRABBIT_KILLS", "10"))
SEED = int(os.environ.get("REDRABBIT_SEED", "8"))
AT_WORK_S = 2.5

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.crash,
    pytest.mark.timeout(120 + 20 * KILLS),
]


def tell(folder: Path, hook: Hook) -> None:
    """Tell one receiver in steps: at once, after a second, and then every second."""
    yaml = YAML()
    plant = yaml.load(folder / "plant.yaml")
    plant["notifications"] = {"office": {"webhook": hook.url}}
    plant["escalation"] = [
        {
            "events": ["inconclusive_again", "administrator_added"],
            "steps": [
                {"tell": ["office"]},
                {"after": "1 s", "tell": ["office"], "every": "1 s"},
            ],
        }
    ]
    yaml.dump(plant, folder / "plant.yaml")


@asynccontextmanager
async def receiving() -> AsyncIterator[Hook]:
    """Run a receiver; a service that is killed may leave a connection on which nothing came."""
    hook = Hook(answer(OK))
    server = await asyncio.start_server(hook.serve, "127.0.0.1", 0)
    hook.port = server.sockets[0].getsockname()[1]
    try:
        yield hook
    finally:
        server.close()


def raise_one(folder: Path, template: Path) -> None:
    """Raise an alarm, as a service would that is killed right afterwards."""
    plant = load_plant(template)
    recording = Recording(
        fold=fold, software="test", targets=plant.targets, escalation=plant.escalation
    )
    url = sqlite_url(folder / "records.sqlite3")
    with open_database(url, plant=plant.name, clock=CLOCK, recording=recording) as database:
        database.write_now(
            lambda uow: raise_alarm(
                uow, AlarmKind.INCONCLUSIVE_AGAIN, at=uow.now, line=plant.lines[0].id
            )
        )


async def test_no_step_is_lost_and_none_is_silent_however_often_the_service_is_killed(
    tmp_path: Path, template: Path
) -> None:
    print(f"REDRABBIT_SEED={SEED}")  # noqa: T201  because a failing seed is printed
    chance = random.Random(SEED)
    database = tmp_path / "records.sqlite3"
    async with receiving() as hook:
        tell(template, hook)
        raise_one(tmp_path, template)
        for _ in range(KILLS):
            with Service.forked(tmp_path, template, database) as service:
                await CLOCK.sleep(chance.uniform(0.3, AT_WORK_S))
                service.kill()
            assert says_no_traceback([service.log]), service.log
        with Service.serve(tmp_path, template, database) as service:
            before = len(keys(hook))
            await more_than(hook, before + 1)
            alarm = json.loads(hook.bodies[-1])["alarm_id"]
            async with httpx2.AsyncClient(base_url=await service.ready()) as client:
                taken = await client.post(
                    f"/api/v1/alarms/{alarm}/acknowledge", json={"operator": "Li"}
                )
            assert taken.status_code == 200, taken.text
            await CLOCK.sleep(0.5)  # what was on its way arrives
            told = set(keys(hook))
            await CLOCK.sleep(2.5)
            assert set(keys(hook)) == told, "somebody was told of an alarm that was taken"
            assert await service.stopped() == 0
    check(sqlite_url(database), told)
    found = await asyncio.to_thread(verify_database, sqlite_url(database))
    assert found.findings == ()


def check(url: str, told: set[str]) -> None:
    """Whatever is recorded as told has arrived, and the other way round; each step once.

    Where the service was killed until the second step was due, too, one message tells both, as the second.
    """
    facts = [fact_of(entry) for entry in Recorded.read(url).entries]
    steps = [fact for fact in facts if isinstance(fact, AlarmsTold) and fact.receivers]
    assert {fact.key for fact in steps} == told
    numbers = [(step.step, step.repeat) for fact in steps for step in fact.steps]
    assert len(set(numbers)) == len(numbers)
    repeated = [(2, repeat) for repeat in range(len(numbers))]
    assert numbers in ([(1, 0), *repeated[:-1]], repeated), "one is missing"
    assert all(step.next_at is not None for fact in steps for step in fact.steps)


def keys(hook: Hook) -> list[str]:
    """Return the keys of what arrived about the alarm; a second copy has the same."""
    bodies = [json.loads(body) for body in hook.bodies]
    return [body["key"] for body in bodies if body["event"] == "inconclusive_again"]


async def more_than(hook: Hook, count: int) -> None:
    """Wait until more has arrived."""
    ends_s = CLOCK.steady_s() + LIMIT_S
    while len(keys(hook)) <= count:
        assert CLOCK.steady_s() < ends_s, "silence"
        await CLOCK.sleep(LOOK_S)


async def test_what_the_command_line_raises_is_told_in_the_steps_of_the_plant(
    tmp_path: Path, template: Path
) -> None:
    """An administrator made beside others, with the service stopped: real processes from end to end (decision 38)."""
    database = tmp_path / "records.sqlite3"
    url = sqlite_url(database)
    async with receiving() as hook:
        tell(template, hook)
        with Service.forked(tmp_path, template, database) as service:
            await service.ready()
            assert await service.stopped() == 0
        for name in ("Chen", "Bao"):
            made = ("people", "add", name, "--role", "administrator", "--database", url)
            added = await asyncio.to_thread(redrabbit, *made)
            assert added.returncode == 0, added.stderr
        assert hook.bodies == []
        with Service.forked(tmp_path, template, database) as service:
            ends_s = CLOCK.steady_s() + LIMIT_S
            while len(hook.bodies) < 2:
                assert CLOCK.steady_s() < ends_s, "silence"
                await CLOCK.sleep(LOOK_S)
            assert await service.stopped() == 0
    told = [json.loads(body) for body in hook.bodies]
    assert {body["event"] for body in told} == {"administrator_added"}
    assert all(body["step"] for body in told), "told at once, past the steps"
    assert len({body["key"] for body in told}) == len(told)

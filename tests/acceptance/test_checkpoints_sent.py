"""A real service sends its checkpoint to a real receiver, once for a moment, and it verifies (D62)."""

import json
import signal
from pathlib import Path

import httpx2
import pytest
from ruamel.yaml import YAML

from redrabbit.base.settings import sqlite_url
from tests.acceptance.processes import CLOCK, LIMIT_S, LOOK_S, Service, redrabbit, says_no_traceback
from tests.alarms.moody import OK, Hook, answer, listening

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(4 * LIMIT_S)]


def keep(folder: Path, **hooks: Hook) -> None:
    """Name receivers that are sent checkpoints and no alarms; the plant has no shifts that end meanwhile."""
    yaml = YAML()
    plant = yaml.load(folder / "plant.yaml")
    plant["notifications"] = {
        name: {"webhook": hook.url, "checkpoints": "only"} for name, hook in hooks.items()
    }
    yaml.dump(plant, folder / "plant.yaml")


async def lives_until_it_is_noted(folder: Path, template: Path, receiver: str) -> None:
    """Serve until the service says that this receiver has a checkpoint."""
    with Service.serve(folder, template, folder / "records.sqlite3") as service:
        async with httpx2.AsyncClient(base_url=await service.ready(), timeout=LIMIT_S) as client:
            ends_s = CLOCK.steady_s() + LIMIT_S
            while not await has_one(client, receiver):
                assert CLOCK.steady_s() < ends_s, service.log
                await CLOCK.sleep(LOOK_S)
        assert await service.stopped(signal.SIGTERM) == 0
    assert says_no_traceback([service.log])


async def has_one(client: httpx2.AsyncClient, receiver: str) -> bool:
    """Return whether the service noted that a receiver took a checkpoint."""
    answer = await client.get("/api/v1/receivers")
    (row,) = (each for each in answer.json()["receivers"] if each["name"] == receiver)
    return row["last_checkpoint_at"] is not None


async def test_a_receiver_gets_one_checkpoint_over_two_lives_and_it_verifies(
    tmp_path: Path, template: Path
) -> None:
    """In its second life the service looks who has none: another receiver is new then, and gets its first."""
    async with listening(answer(OK)) as hook, listening(answer(OK)) as another:
        keep(template, archive=hook)
        await lives_until_it_is_noted(tmp_path, template, "archive")
        keep(template, archive=hook, another=another)
        await lives_until_it_is_noted(tmp_path, template, "another")
        for one in (hook, another):
            told = [json.loads(body) for body in one.bodies]
            assert {each["event"] for each in told} == {"checkpoint"}
            moments = [each["key"].rsplit("-", 1)[0] for each in told]
            assert len(set(moments)) == len(moments) <= 2, "a shift may have ended meanwhile"
        kept = tmp_path / "message.json"
        kept.write_bytes(hook.bodies[0])
    database = sqlite_url(tmp_path / "records.sqlite3")
    verified = redrabbit("verify", "--database", database, "--checkpoint", kept)
    assert (verified.returncode, "unaltered" in verified.stdout) == (0, True), verified

"""A real service sends its checkpoint to a real receiver, once for a moment, and it verifies (D62)."""

import json
import signal
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from redrabbit.base.settings import sqlite_url
from tests.acceptance.processes import CLOCK, LIMIT_S, Service, redrabbit, says_no_traceback
from tests.alarms.moody import OK, Hook, answer, listening

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(4 * LIMIT_S)]

LOOKS_S = 25.0
"""Two looks of the service: one would send it again."""


def keep(folder: Path, hook: Hook) -> None:
    """Name a receiver that is sent checkpoints and no alarms; the plant has no shifts that end meanwhile."""
    yaml = YAML()
    plant = yaml.load(folder / "plant.yaml")
    plant["notifications"] = {"archive": {"webhook": hook.url, "checkpoints": "only"}}
    yaml.dump(plant, folder / "plant.yaml")


async def test_a_receiver_gets_one_checkpoint_over_two_lives_and_it_verifies(
    tmp_path: Path, template: Path
) -> None:
    database = tmp_path / "records.sqlite3"
    async with listening(answer(OK)) as hook:
        keep(template, hook)
        for _ in range(2):
            with Service.serve(tmp_path, template, database) as service:
                await service.ready()
                await CLOCK.sleep(LOOKS_S)
                assert await service.stopped(signal.SIGTERM) == 0
            assert says_no_traceback([service.log])
        told = [json.loads(body) for body in hook.bodies]
        assert {each["event"] for each in told} == {"checkpoint"}
        moments = [each["key"].rsplit("-", 1)[0] for each in told]
        assert len(set(moments)) == len(moments) <= 2, "a shift may have ended meanwhile"
        kept = tmp_path / "message.json"
        kept.write_bytes(hook.bodies[0])
    verify = ("verify", "--database", sqlite_url(database), "--checkpoint", kept)
    verified = redrabbit(*verify)
    assert (verified.returncode, "unaltered" in verified.stdout) == (0, True), verified

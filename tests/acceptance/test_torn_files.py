"""A database torn at random is refused by the real command in one line, or serves whole.

The files are those of a service that was killed at work, its write-ahead log beside it. Many more
damages, opened in this process: `tests/store/test_torn_files.py`.
"""

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
import pytest_asyncio

from redrabbit.base.settings import sqlite_url
from redrabbit.services.errors import StoreTrouble
from redrabbit.store.verification import verify_database
from tests.acceptance.busy_plant import busy_plant
from tests.acceptance.processes import CLOCK, Service, redrabbit, says_no_traceback
from tests.store.test_torn_files import DAMAGES

pytestmark = [pytest.mark.acceptance, pytest.mark.crash, pytest.mark.timeout(240)]

AT_WORK_S = 5.0
LOOKED_AT = 10
"""Seeds of each damage and file that are only verified, beside the one that is served."""
NAME = "records.sqlite3"


@dataclass(frozen=True, slots=True)
class Killed:
    """What a killed service left."""

    folder: Path
    config_dir: Path
    files: dict[str, bytes]
    size: int
    """Ledger entries."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def killed(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Killed]:
    folder = tmp_path_factory.mktemp("killed")
    database = folder / NAME
    async with busy_plant(folder, seed=3) as plant:
        with Service.forked(folder, plant.plant.config_dir, database) as service:
            async with plant.at_work(await service.ready()):
                await CLOCK.sleep(AT_WORK_S)
                service.kill()
        files = {e: (folder / (NAME + e)).read_bytes() for e in ("", "-wal", ".key", ".pub")}
        with closing(sqlite3.connect(folder / NAME)) as connection:
            (size,) = connection.execute("SELECT count(*) FROM ledger").fetchone()
        yield Killed(folder, plant.plant.config_dir, files, size)


def laid_down(killed: Killed, folder: Path, ending: str, torn: bytes) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for each, content in killed.files.items():
        (folder / (NAME + each)).write_bytes(torn if each == ending else content)
    (folder / f"{NAME}.key").chmod(0o600)
    return folder / NAME


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("ending", ["", "-wal"], ids=["file", "wal"])
@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
async def test_a_torn_file_is_refused_or_serves_whole(
    killed: Killed, tmp_path: Path, damage: Callable[[bytes, Random], bytes], ending: str
) -> None:
    rng = Random(f"{damage.__name__}{ending}")
    database = laid_down(killed, tmp_path / "torn", ending, damage(killed.files[ending], rng))
    with Service.forked(tmp_path, killed.config_dir, database) as service:
        while not service.has_ended and "watching" not in service.log:
            await CLOCK.sleep(0.02)
        code = await service.stopped()
        log = service.log
    assert says_no_traceback([log])
    told = await asyncio.to_thread(redrabbit, "verify", "--database", sqlite_url(database))
    assert says_no_traceback([told.stdout, told.stderr])
    assert (code, told.returncode) in {(0, 0), (1, 1)}, (log, told)
    if code == 1:
        assert log.count("\n") == 1, log
        assert str(database) in log
    else:
        assert told.stdout.startswith("consistent in itself")


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("ending", ["", "-wal"], ids=["file", "wal"])
async def test_verification_never_breaks_down_over_a_torn_file(
    killed: Killed, tmp_path: Path, ending: str
) -> None:
    untouched = 0
    for damage in DAMAGES:
        for seed in range(LOOKED_AT):
            rng = Random(f"{damage.__name__} {ending} {seed}")
            torn = damage(killed.files[ending], rng)
            database = laid_down(killed, tmp_path / "torn", ending, torn)
            with suppress(StoreTrouble):  # refused in words, as the test above reads them
                found = await asyncio.to_thread(verify_database, sqlite_url(database))
                if not found.findings:  # a write-ahead log counts up to its first torn frame
                    assert found.size <= killed.size, (damage.__name__, seed)
                    untouched += found.size == killed.size
    assert untouched < len(DAMAGES) * LOOKED_AT, "nothing was ever damaged"

"""A disk that is really full: a small file system, filled while the service records on it (L8, K4).

The file system lives in a mount namespace of the service's own (`unshare`), so nobody needs to be root. It goes with its
last process; so what lies on it is copied out when the service has ended.
"""

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from functools import cache
from pathlib import Path

import httpx2
import pytest

from redrabbit.base.settings import sqlite_url
from tests.acceptance.processes import (
    CLOCK,
    LIMIT_S,
    Service,
    environment,
    redrabbit,
    says_no_traceback,
)
from tests.acceptance.test_lost_answers import Program

UNSHARE = shutil.which("unshare")
MOUNTED = 'small=$0; kept=$1; shift; mount -t tmpfs -o size=32m tmpfs "$small" || exit 99; '
SERVED = (
    'exec 3<&0; "$@" 3<&- & served=$!; { cat <&3; kill -KILL $served; } >/dev/null 2>&1 & '
    'wait $served; code=$?; cp -a "$small/." "$kept/"; exit $code'
)
"""Standard input is held open by the test and never written; it ends with the test however that ends, and so does what
is served."""
PIECE = bytes(4096)


def unshared(script: str, *arguments: object) -> list[str]:
    """Return the command that runs this script in a mount namespace of its own."""
    assert UNSHARE is not None
    return [UNSHARE, "--map-root-user", "--mount", "sh", "-c", script, *map(str, arguments)]


@cache
def may_mount() -> bool:
    """Return whether this machine lets a user mount something in a namespace of their own."""
    if UNSHARE is None:
        return False
    tried = subprocess.run(
        unshared(f"{MOUNTED} exit 0", "/mnt", "-"), check=False, capture_output=True
    )
    return tried.returncode == 0


pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.slow,
    pytest.mark.timeout(4 * LIMIT_S),
    pytest.mark.skipif(not may_mount(), reason="nothing may be mounted here by a user"),
]


class SmallDisk:
    """Where a service records; reached through the root of the service's process."""

    def __init__(self, pid: int, folder: Path) -> None:
        self._seen = Path(f"/proc/{pid}/root{folder}")

    def fill(self) -> None:
        """Leave no room at all."""
        with (self._seen / "fill").open("xb", buffering=0) as file, suppress(OSError):
            while file.write(PIECE):
                pass

    def make_room(self) -> None:
        (self._seen / "fill").unlink()


@contextmanager
def served_on_a_small_disk(folder: Path, template: Path) -> Iterator[tuple[Service, SmallDisk]]:
    """Serve a database on it, which lies in folder/kept when the service has ended."""
    small, kept = folder / "small", folder / "kept"
    small.mkdir()
    kept.mkdir()
    database = sqlite_url(small / "records.sqlite3")
    serve = (sys.executable, "-m", "redrabbit", "serve", "--config", template, "--port", 0)
    command = unshared(MOUNTED + SERVED, small, kept, *serve, "--database", database)
    out_path, log_path = folder / "serve.out", folder / "serve.log"
    with out_path.open("wb") as out, log_path.open("wb") as log:
        shell = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=out, stderr=log, env=environment()
        )
    assert shell.stdin is not None
    try:
        pid = _child(shell.pid)
        yield Service(shell, out_path, log_path), SmallDisk(pid, small)
        os.kill(pid, signal.SIGTERM)
        assert shell.wait(LIMIT_S) == 0, log_path.read_text()
    finally:
        shell.stdin.close()
        shell.wait(LIMIT_S)


def _child(pid: int) -> int:
    """Return the process that the shell waits for, once it runs Python."""
    ends_s = CLOCK.steady_s() + LIMIT_S
    while True:
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            with suppress(FileNotFoundError):
                if (
                    Path(f"/proc/{child}/cmdline")
                    .read_bytes()
                    .startswith(os.fsencode(sys.executable))
                ):
                    return int(child)
        assert CLOCK.steady_s() < ends_s


async def test_a_full_disk_is_told_and_over_when_there_is_room_again(
    tmp_path: Path, template: Path
) -> None:
    with served_on_a_small_disk(tmp_path, template) as (service, disk):
        async with httpx2.AsyncClient(base_url=await service.ready(), timeout=LIMIT_S) as client:
            program = Program(client)
            works = asyncio.create_task(program.run())
            await _until(lambda: len(program.taken) >= 5, works)
            disk.fill()
            told = await _told(client, 503)
            assert told["not_recording_why"] == "disk_full", told
            taken, refused = len(program.taken), program.codes.total()
            await _until(lambda: program.codes.total() >= refused + 5, works)
            assert len(program.taken) == taken
            disk.make_room()
            await _told(client, 200)
            await _until(lambda: len(program.taken) >= taken + 5, works)
            works.cancel()
            await asyncio.gather(works, return_exceptions=True)
    assert says_no_traceback([service.log])
    database = tmp_path / "kept" / "records.sqlite3"
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT reason_text FROM pauses").fetchall()
    found = Counter(str(reason) for (reason,) in rows)
    assert set(found.values()) == {1}, "an act was done twice"
    assert {f"pause {number}" for number in program.taken} <= set(found), "an act was lost"
    verified = await asyncio.to_thread(redrabbit, "verify", "--database", sqlite_url(database))
    assert verified.returncode == 0, verified.stdout + verified.stderr


async def _until(is_so: Callable[[], bool], works: "asyncio.Task[None]") -> None:
    ends_at = CLOCK.now() + timedelta(seconds=LIMIT_S)
    while not is_so():
        assert not works.done(), works
        assert CLOCK.now() < ends_at
        await CLOCK.sleep(0.05)


async def _told(client: httpx2.AsyncClient, status: int) -> dict[str, object]:
    """Wait until `/ready` answers so; return what it says."""
    ends_at = CLOCK.now() + timedelta(seconds=LIMIT_S)
    while True:
        answer = await client.get("/ready")
        if answer.status_code == status:
            told: dict[str, object] = answer.json()
            return told
        assert CLOCK.now() < ends_at, answer.text
        await CLOCK.sleep(0.1)

"""One writer a database, and readers beside it (D20)."""

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from filelock import FileLock

from redrabbit.domain.records import PauseRecord
from redrabbit.services.errors import StoreTrouble, WriterAlreadyRunning
from redrabbit.store.database import SqlDatabase
from redrabbit.store.opening import open_database
from redrabbit.store.reading_database import open_for_reading
from redrabbit.store.verification import verify_database
from tests.stored import RECORDING, SteppingClock, any_fold, pause, put

DEADLINE_S = 60
"""For another process to come up on a busy machine."""

ROOT = Path(__file__).parents[2]

HOLDER = """
import sys
from pathlib import Path
from redrabbit.store.opening import open_database
from tests.stored import RECORDING, SteppingClock
database = open_database(
    sys.argv[1], plant="Plant 1", clock=SteppingClock(), recording=RECORDING,
    key_path=Path(sys.argv[2]),
)
print("open", flush=True)
sys.stdin.readline()
database.close()
"""


@contextmanager
def another_process(url: str, key_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Run a process that holds the database open until it is told to end."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, url, str(key_path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    try:
        assert process.stdout.readline() == "open\n"
        yield process
    finally:
        process.kill()
        process.wait(DEADLINE_S)
        process.stdin.close()
        process.stdout.close()


def opened(url: str, key_path: Path) -> SqlDatabase:
    return open_database(
        url, plant="Plant 1", clock=SteppingClock(), recording=RECORDING, key_path=key_path
    )


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'plant.db'}"


@pytest.fixture
def key_path(tmp_path: Path) -> Path:
    return tmp_path / "plant.db.key"


def test_a_second_process_is_refused_and_told_who_the_first_is(url: str, key_path: Path) -> None:
    with another_process(url, key_path) as holder:
        with pytest.raises(WriterAlreadyRunning, match=rf"pid {holder.pid}, since 2026-11-22T"):
            opened(url, key_path)
        with open_for_reading(url) as reader:
            assert reader.read_now(lambda r: r.head()).size == 0
        assert verify_database(url, fold=any_fold).sound


def test_a_killed_writer_leaves_no_lock_behind(url: str, key_path: Path) -> None:
    with another_process(url, key_path) as holder:
        holder.kill()
        holder.wait(DEADLINE_S)
        reopened = opened(url, key_path)
        assert reopened.origin
        reopened.close()


def test_the_same_process_is_refused_too_until_it_closes(url: str, key_path: Path) -> None:
    with opened(url, key_path):
        with pytest.raises(WriterAlreadyRunning, match=f"pid {os.getpid()}"):
            opened(url, key_path)
        # The refused one must not have broken the first one's lock by closing the file.
        with pytest.raises(WriterAlreadyRunning):
            opened(url, key_path)
    opened(url, key_path).close()


def test_a_lock_that_the_disk_does_not_give_back_ends_with_the_process(
    url: str, key_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The writer's thread broke down over it, and closing went on to the end all the same."""

    def fails(_: FileLock) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with (
        open_database(
            url, plant="Plant 1", clock=SteppingClock(), recording=RECORDING, key_path=key_path
        ) as database,
        monkeypatch.context() as failing,
    ):
        failing.setattr(FileLock, "release", fails)
        database.close()
    assert not database._writer._thread.is_alive()


def test_a_database_that_could_not_be_opened_is_not_kept_locked(url: str, key_path: Path) -> None:
    opened(url, key_path).close()
    hidden = key_path.rename(key_path.with_name("elsewhere.key"))
    with pytest.raises(StoreTrouble):
        opened(url, key_path)
    hidden.rename(key_path)
    opened(url, key_path).close()


def test_a_second_process_is_refused_on_postgresql(postgresql_url: str, key_path: Path) -> None:
    with another_process(postgresql_url, key_path) as holder:
        with pytest.raises(WriterAlreadyRunning, match=rf"redrabbit pid {holder.pid} on .*since"):
            opened(postgresql_url, key_path)
        with open_for_reading(postgresql_url) as reader:
            assert reader.read_now(lambda r: r.head()).size == 0


def test_readers_see_each_commit_and_can_not_write(url: str, key_path: Path) -> None:
    with opened(url, key_path) as writer, open_for_reading(url) as reader:
        for number in (1, 2, 3):
            writer.write_now(lambda work, n=number: work.append(put(pause(n))))  # type: ignore[misc]  # because mypy can't infer a lambda with a default
            assert reader.read_now(lambda r: r.count(PauseRecord)) == number
        with pytest.raises(StoreTrouble, match="readonly"):
            reader.read_now(_meddle)
        assert not hasattr(reader, "write")


def _meddle(reader: object) -> None:
    from redrabbit.store.engine import translated

    with translated("meddling"):
        reader._connection.exec_driver_sql("DELETE FROM pauses")  # type: ignore[attr-defined]  # because it is the test that reaches in


def test_a_query_sees_one_state_even_while_the_writer_commits(url: str, key_path: Path) -> None:
    with opened(url, key_path) as database:

        def counted_twice(reader: object) -> tuple[int, int]:
            first = reader.count(PauseRecord)  # type: ignore[attr-defined]  # because any reader will do
            database.write_now(lambda work: work.append(put(pause(first + 1))))
            return first, reader.count(PauseRecord)  # type: ignore[attr-defined]  # as above

        assert database.read_now(counted_twice) == (0, 0)
        assert database.read_now(counted_twice) == (1, 1)

"""What is written to is the file that was opened, or nothing is acknowledged (D62)."""

import asyncio
import errno
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import Connection

from redrabbit.domain.records import PauseRecord
from redrabbit.services.errors import (
    StoreTrouble,
    TornDatabase,
    TroubleWhy,
    WriterAlreadyRunning,
)
from redrabbit.store.database import SqlDatabase
from redrabbit.store.database_files import companion
from redrabbit.store.opening import open_database
from redrabbit.store.record_seal import Recorded
from redrabbit.store.unit_of_work import SqlUnitOfWork
from redrabbit.store.verification import verify_database
from tests.stored import RECORDING, START, SteppingClock, any_fold, pause, put

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="an open file can't be moved there")


def opened(path: Path) -> SqlDatabase:
    return open_database(
        f"sqlite:///{path}", plant="Plant 1", clock=SteppingClock(), recording=RECORDING
    )


def write(database: SqlDatabase, number: int) -> None:
    database.write_now(lambda work: work.append(put(pause(number))))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "here"
    folder.mkdir()
    return folder / "plant.db"


@pytest.fixture
def database(path: Path) -> Iterator[SqlDatabase]:
    with opened(path) as found:
        write(found, 1)
        yield found


def moved(path: Path) -> None:
    path.replace(path.with_name("away.db"))


def deleted(path: Path) -> None:
    path.unlink()


def replaced_by_a_copy(path: Path) -> None:
    shutil.copy(path, path.with_name("copy.db"))
    path.with_name("copy.db").replace(path)


def replaced_by_a_stranger(path: Path) -> None:
    path.with_name("other").write_bytes(b"no database at all")
    path.with_name("other").replace(path)


def linked(path: Path) -> None:
    os.link(path, path.with_name("second.db"))


def moved_behind_a_link(path: Path) -> None:
    """The same file by the same name, but its log would lie beside the other one."""
    real = path.with_name("real.db")
    path.replace(real)
    path.symlink_to(real)


def without_log(path: Path) -> None:
    path.with_name("plant.db-wal").unlink()


def with_another_log(path: Path) -> None:
    log = path.with_name("plant.db-wal")
    shutil.copy(log, path.with_name("log"))
    path.with_name("log").replace(log)


WAYS = [moved, deleted, replaced_by_a_copy, replaced_by_a_stranger, linked, moved_behind_a_link]


@pytest.mark.parametrize("happen", WAYS, ids=lambda way: way.__name__)
def test_nothing_is_acknowledged_that_is_not_in_the_file(
    database: SqlDatabase, path: Path, happen: Callable[[Path], None]
) -> None:
    happen(path)
    for number in (2, 3):
        with pytest.raises(StoreTrouble, match=r"plant\.db"):
            write(database, number)


@pytest.mark.parametrize("is_read", [False, True])
@pytest.mark.parametrize("happen", [without_log, with_another_log], ids=lambda way: way.__name__)
def test_all_that_is_acknowledged_is_there_when_the_log_was_taken_away(
    database: SqlDatabase, path: Path, happen: Callable[[Path], None], is_read: bool
) -> None:
    """Also where pages are open, whose connections end later than the writer's; and in the midst of a command."""
    if is_read:
        assert database.read_now(lambda reader: reader.count(PauseRecord)) == 1
    happen(path)
    write(database, 2)

    def in_the_midst(work: SqlUnitOfWork) -> None:
        work.append(put(pause(3)))
        happen(path)

    with pytest.raises(StoreTrouble, match="write-ahead log"):
        database.write_now(in_the_midst)
    write(database, 4)
    acknowledged = {1, 2, 4}
    database.close()
    assert verify_database(f"sqlite:///{path}", fold=any_fold).sound
    with opened(path) as again:
        rows = again.read_now(lambda reader: reader.find(PauseRecord))
    assert {row.number for row in rows} == acknowledged


def test_what_was_moved_and_put_back_is_written_to_again(database: SqlDatabase, path: Path) -> None:
    moved(path)
    with pytest.raises(StoreTrouble, match="not there any more"):
        write(database, 2)
    path.with_name("away.db").replace(path)
    write(database, 2)
    assert database.read_now(lambda reader: reader.count(PauseRecord)) == 2
    database.close()
    assert verify_database(f"sqlite:///{path}", fold=any_fold).sound


def test_an_earlier_copy_in_the_same_file_is_no_history_to_go_on_with(
    database: SqlDatabase, path: Path
) -> None:
    """Restored in place, as some backup tools do: the file keeps its number."""
    with opened_copy(path) as copy:
        write(database, 2)
        before = copy.read_bytes()
        database._writer._forget_connection()
        database._engine.dispose()
        path.write_bytes(before)
        for ending in ("-wal", "-shm"):
            path.with_name(f"plant.db{ending}").unlink(missing_ok=True)
        with pytest.raises(StoreTrouble, match="not the one that was written last"):
            write(database, 3)


def numbers(database: SqlDatabase, first: int, last: int) -> None:
    """Write so much that the tree of pages grows."""
    for number in range(first, last):
        twenty = range(1000 * number, 1000 * number + 20)

        def say(work: SqlUnitOfWork, twenty: range = twenty) -> None:
            for each in twenty:
                work.append(put(pause(each)))

        database.write_now(say)


@pytest.mark.parametrize("acts_between", [0, 3, 30])
def test_nothing_is_acknowledged_into_a_file_that_was_overwritten_in_place(
    database: SqlDatabase, path: Path, monkeypatch: pytest.MonkeyPatch, acts_between: int
) -> None:
    """`cp backup plant.db`: the same number, and 1,951 acts were acknowledged into a torn file."""
    monkeypatch.setattr("redrabbit.store.writer.CHECKPOINT_AFTER", 10)
    numbers(database, 1, 15)
    with opened_copy(path) as copy:
        before = copy.read_bytes()
    numbers(
        database, 15, 41 + acts_between
    )  # no checkpoint is due now: meanwhile nobody could tell
    path.write_bytes(before)
    for number in range(100, 103):
        with pytest.raises(StoreTrouble) as told:
            numbers(database, number, number + 1)
        assert told.value.why is TroubleWhy.DAMAGED
    with pytest.raises(StoreTrouble):
        asyncio.run(database.heartbeat("agent", START))


def test_what_stands_whole_in_the_log_may_be_overwritten(database: SqlDatabase, path: Path) -> None:
    """A checkpoint by another program changes the file, and nothing is wrong with it."""
    numbers(database, 1, 5)
    with sqlite3.connect(path) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    other.close()
    os.utime(path, ns=(1, 1))
    numbers(database, 5, 10)
    database.close()
    assert verify_database(f"sqlite:///{path}", fold=any_fold).sound


def test_what_is_torn_is_told_at_the_next_statement_and_everybody_hears_of_it(
    database: SqlDatabase,
) -> None:
    """The group in which SQLite says "malformed" is lost whole, and the file is looked at."""

    def torn(_: object) -> None:
        raise TornDatabase("database disk image is malformed")

    looks: list[int] = []
    look = database._writer._looked_at

    def counted(connection: Connection) -> Recorded:
        looks.append(1)
        return look(connection)

    database._writer._looked_at = counted  # type: ignore[method-assign]  # because the test counts looks
    with pytest.raises(TornDatabase):
        database.write_now(torn)
    write(database, 2)
    write(database, 3)
    assert looks == [1]


def test_the_log_is_written_into_the_file_again_and_again(
    database: SqlDatabase, path: Path
) -> None:
    numbers(database, 1, 700)
    assert companion(path, "-wal").stat().st_size < 64 << 20
    assert path.stat().st_size > 4 << 20


class opened_copy:  # noqa: N801  a context manager, used as a function
    """A whole copy of a database as it is now."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> Path:
        import sqlite3

        copy = self._path.with_name("backup.db")
        with sqlite3.connect(self._path) as source, sqlite3.connect(copy) as target:
            source.backup(target)
        source.close()
        target.close()
        return copy

    def __exit__(self, *_: object) -> None:
        self._path.with_name("backup.db").unlink()


def test_a_file_with_two_names_is_not_opened(database: SqlDatabase, path: Path) -> None:
    database.close()
    linked(path)
    with pytest.raises(StoreTrouble, match="2 names"):
        opened(path)
    path.with_name("second.db").unlink()
    opened(path).close()


def test_a_second_writer_is_refused_by_whatever_link_it_comes(
    database: SqlDatabase, path: Path
) -> None:
    link = path.with_name("link.db")
    link.symlink_to(path)
    for ending in (".key", ".pub"):
        path.with_name(f"link.db{ending}").symlink_to(path.with_name(f"plant.db{ending}"))
    with pytest.raises(WriterAlreadyRunning, match=f"pid {os.getpid()}"):
        opened(link)
    write(database, 2)


def test_a_copy_is_a_database_of_its_own(database: SqlDatabase, path: Path) -> None:
    database.close()
    for ending in ("", ".key", ".pub"):
        shutil.copy(path.with_name(f"plant.db{ending}"), path.with_name(f"copy.db{ending}"))
    with opened(path.with_name("copy.db")) as copy:
        write(copy, 2)
        assert copy.read_now(lambda reader: reader.count(PauseRecord)) == 2
    assert verify_database(f"sqlite:///{path}", fold=any_fold).size == 1


def test_a_look_that_fails_once_is_trouble_once(
    database: SqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between commit and answer, so that nobody knows what became of it."""
    stat, looks = Path.stat, 0

    def failing(path: Path, **how: bool) -> os.stat_result:
        nonlocal looks
        if path.name.endswith("-wal"):
            looks += 1
            if looks == 2:
                raise OSError(errno.EIO, "Input/output error")
        return stat(path, **how)

    monkeypatch.setattr(Path, "stat", failing)
    with suppress(StoreTrouble):
        write(database, 2)
    write(database, 3)
    rows = database.read_now(lambda reader: reader.find(PauseRecord))
    assert {1, 3} <= {row.number for row in rows}

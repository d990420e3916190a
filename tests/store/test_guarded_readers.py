"""A log or file that was taken away under the service: whoever reads sees what was acknowledged, or is refused in words."""

import shutil
import sqlite3
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule
from sqlalchemy import event, make_url

from redrabbit.domain.records import PauseRecord
from redrabbit.services.errors import StoreTrouble, TroubleWhy
from redrabbit.store import engine
from redrabbit.store.database import SqlDatabase
from redrabbit.store.guarded_readers import GuardedReaders
from redrabbit.store.opened_file import Opened, OpenedFile
from redrabbit.store.opening import open_database
from redrabbit.store.reading import SqlReader
from redrabbit.store.unit_of_work import SqlUnitOfWork
from redrabbit.store.verification import verify_database
from tests.stored import RECORDING, SteppingClock, any_fold, pause, put

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="an open file can't be moved there")

OF_DATABASE = ("", "-wal", ".key", ".pub", ".head")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits five seconds for a reader here."""
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_S", 0.05)


def opened(path: Path) -> SqlDatabase:
    return open_database(
        f"sqlite:///{path}", plant="Plant 1", clock=SteppingClock(), recording=RECORDING
    )


def write(database: SqlDatabase, number: int) -> None:
    database.write_now(lambda work: work.append(put(pause(number))))


def numbers(reader: SqlReader) -> set[int]:
    return {row.number for row in reader.find(PauseRecord)}


def after_a_crash(path: Path) -> set[int]:
    """Return what the next start finds, if the machine lost its power now."""
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder, "plant.db")
        for ending in OF_DATABASE:
            with suppress(FileNotFoundError):
                shutil.copy(f"{path}{ending}", f"{image}{ending}")
        with opened(image) as again:
            assert verify_database(f"sqlite:///{image}", fold=any_fold).sound
            return again.read_now(numbers)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "plant.db"


@pytest.fixture
def database(path: Path) -> Iterator[SqlDatabase]:
    with opened(path) as found:
        write(found, 1)
        yield found


def without_log(path: Path) -> None:
    Path(f"{path}-wal").unlink()


def with_another_log(path: Path) -> None:
    shutil.copy(f"{path}-wal", f"{path}.copy")
    Path(f"{path}.copy").replace(f"{path}-wal")


def with_an_empty_log(path: Path) -> None:
    Path(f"{path}-wal").unlink()
    Path(f"{path}-wal").touch()


def without_index(path: Path) -> None:
    Path(f"{path}-shm").unlink()


def without_both(path: Path) -> None:
    without_log(path)
    without_index(path)


TAKEN = [without_log, with_another_log, with_an_empty_log, without_index, without_both]


@pytest.mark.parametrize("happen", TAKEN, ids=lambda way: way.__name__)
def test_pages_see_what_was_recorded_after_the_log_was_taken_away(
    database: SqlDatabase, path: Path, happen: Callable[[Path], None]
) -> None:
    """Readers that were open went on with the log that was gone, until a restart."""
    assert database.read_now(numbers) == {1}
    happen(path)
    acknowledged = {1}
    for number in range(2, 5):
        write(database, number)
        acknowledged.add(number)
        assert database.read_now(numbers) == acknowledged
    assert after_a_crash(path) == acknowledged


def test_pages_read_on_while_the_writer_has_no_connection(
    database: SqlDatabase, path: Path
) -> None:
    """The last connection that is closed takes the log with it: what lies there then is opened by whoever comes first."""
    for number in range(2, 5):
        database._writer._session.drop_connection()
        for other in range(9):  # that takes the numbers of the files that are gone
            path.with_name(f"{number}-{other}").touch()
        assert database.read_now(numbers) == set(range(1, number))
        write(database, number)
        assert database.read_now(numbers) == set(range(1, number + 1))


def test_nothing_is_recorded_while_somebody_reads_what_stands_only_in_the_log_that_is_gone(
    database: SqlDatabase, path: Path
) -> None:
    """Else the new log goes on where the old one stood, and has no beginning that a restart could read."""

    def read(reader: SqlReader) -> set[int]:
        before = numbers(reader)
        without_log(path)
        for number in (2, 3):
            with pytest.raises(StoreTrouble, match="write-ahead log"):
                write(database, number)
        assert numbers(reader) == before
        return before

    assert database.read_now(read) == {1}
    write(database, 4)
    write(database, 5)
    assert database.read_now(numbers) == {1, 4, 5}
    assert after_a_crash(path) == {1, 4, 5}


def test_whoever_read_while_the_log_was_opened_anew_is_refused_in_words(
    database: SqlDatabase, path: Path
) -> None:
    def read(reader: SqlReader) -> set[int]:
        """Take no snapshot before the log is another."""
        without_log(path)
        for number in (2, 3, 4):
            with suppress(StoreTrouble):
                write(database, number)
        return numbers(reader)

    assert database.read_now(numbers) == {1}
    with pytest.raises(StoreTrouble, match="opened anew") as told:
        database.read_now(read)
    assert told.value.why is TroubleWhy.FILE_MOVED
    assert database.read_now(numbers) >= {1, 4}


def test_a_page_that_comes_anew_is_not_shown_the_file_that_was_put_in_the_place(
    database: SqlDatabase, path: Path
) -> None:
    shutil.copy(path, f"{path}.copy")
    Path(f"{path}.copy").replace(path)
    with pytest.raises(StoreTrouble, match="another file lies in its place"):
        database.read_now(numbers)


class Held:
    """A page that takes its time: it reads at its beginning, if so, and at its end."""

    def __init__(self, database: SqlDatabase, *, is_begun: bool) -> None:
        self._is_begun = is_begun
        self._begun, self._may_end = threading.Event(), threading.Event()
        self._reads = ThreadPoolExecutor(1)
        self._future = self._reads.submit(database.read_now, self._query)
        self._future.add_done_callback(lambda _: self._begun.set())
        self._begun.wait()

    def _query(self, reader: SqlReader) -> list[set[int]]:
        found = [numbers(reader)] if self._is_begun else []
        self._begun.set()
        self._may_end.wait()
        return [*found, numbers(reader)]

    def end(self) -> list[set[int]]:
        """Return what was seen; nothing if it was refused in words."""
        self._may_end.set()
        self._reads.shutdown()
        trouble = self._future.exception()
        if trouble is None:
            return self._future.result()
        assert isinstance(trouble, StoreTrouble)
        assert trouble.why is TroubleWhy.FILE_MOVED
        return []


class LogTakenAway(RuleBasedStateMachine):
    """The log may be taken away at any moment, whoever reads: what is read is what was acknowledged."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name, "plant.db")
        self.database = opened(self.path)
        self.number = 0
        self.acknowledged: set[int] = set()
        self.past: list[set[int]] = [set()]
        self.held: Held | None = None
        self.since = 0

    @rule(happen=st.sampled_from([None, None, *TAKEN]))
    def somebody_writes(self, happen: Callable[[Path], None] | None) -> None:
        self.number += 1
        number = self.number

        def command(work: SqlUnitOfWork) -> None:
            work.append(put(pause(number)))
            self.takes_away(happen)

        with suppress(StoreTrouble):
            self.database.write_now(command)
            self.acknowledged = self.acknowledged | {number}
            self.past.append(self.acknowledged)

    @rule()
    def somebody_reads(self) -> None:
        try:
            assert self.database.read_now(numbers) == self.acknowledged
        except StoreTrouble as trouble:
            assert trouble.why is TroubleWhy.FILE_MOVED  # noqa: PT017  refused in words, and never as damage

    @rule(happen=st.sampled_from(TAKEN))
    def takes_away(self, happen: Callable[[Path], None] | None) -> None:
        if happen is not None:
            with suppress(FileNotFoundError):
                happen(self.path)

    @rule()
    def the_log_is_due_to_be_written_into_the_file(self) -> None:
        self.database._writer._since_checkpoint = 1_000_000

    @precondition(lambda self: self.held is None)
    @rule(is_begun=st.booleans())
    def somebody_begins_to_read(self, is_begun: bool) -> None:
        self.since = len(self.past) - 1
        self.held = Held(self.database, is_begun=is_begun)

    @precondition(lambda self: self.held is not None)
    @rule()
    def who_began_to_read_ends(self) -> None:
        assert self.held is not None
        seen, self.held = self.held.end(), None
        assert all(one == seen[0] and one in self.past[self.since :] for one in seen)

    def teardown(self) -> None:
        """In the end all is recorded, and a power cut loses nothing of it."""
        try:
            if self.held is not None:
                self.who_began_to_read_ends()
            self.number += 1
            write(self.database, self.number)
            self.acknowledged |= {self.number}
            assert self.database.read_now(numbers) == self.acknowledged
            assert after_a_crash(self.path) == self.acknowledged
        finally:
            self.database.close()
            self.folder.cleanup()


TestLogTakenAway = LogTakenAway.TestCase
TestLogTakenAway.settings = settings(max_examples=10, stateful_step_count=12, deadline=None)


@pytest.mark.parametrize("happens", ["closed", "taken_away"])
def test_a_connection_that_comes_while_all_are_closed_is_refused_and_closed(
    database: SqlDatabase, path: Path, happens: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It opened what lay there before, and would hold on to it."""
    assert database.read_now(numbers) == {1}
    opened: list[sqlite3.Connection] = []
    usual = OpenedFile.lying

    def lying(file: OpenedFile) -> Opened:
        if happens == "closed":
            guard.close()
        else:
            Path(f"{path}-wal").unlink(missing_ok=True)
        return usual(file)

    file = OpenedFile(path)
    file.take()
    guard = GuardedReaders(file)
    reading = guard.engine(make_url(f"sqlite:///{path}"))
    event.listen(reading, "connect", lambda driver, _record: opened.append(driver), insert=True)
    monkeypatch.setattr(OpenedFile, "lying", lying)
    with pytest.raises(StoreTrouble, match="write-ahead log"):
        reading.connect()
    monkeypatch.undo()
    (driver,) = opened
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        driver.execute("SELECT 1")
    reading.dispose()

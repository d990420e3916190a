"""The writer thread: group commit, and what happens when a command or the disk fails."""

import asyncio
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from redrabbit.base.bounded import MB
from redrabbit.domain.ledger import LogState
from redrabbit.domain.plant import NotificationTarget, TargetKind
from redrabbit.domain.records import PauseRecord
from redrabbit.services.errors import StoreTrouble
from redrabbit.services.ports import OutgoingMessage
from redrabbit.store.database import SqlDatabase
from redrabbit.store.opening import open_database
from redrabbit.store.unit_of_work import SqlUnitOfWork
from redrabbit.store.verification import verify_database
from tests.stored import RECORDING, SteppingClock, any_fold, happened, pause, put


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'plant.db'}"


@pytest.fixture
def database(url: str) -> Iterator[SqlDatabase]:
    with open_database(url, plant="Plant 1", clock=SteppingClock(), recording=RECORDING) as opened:
        yield opened


class Gate:
    """A command that holds the writer until it is opened, so that others queue up behind it."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.open = threading.Event()

    def __call__(self, _: object) -> None:
        self.entered.set()
        assert self.open.wait(30)


def sealed_sizes(database: SqlDatabase) -> list[int]:
    """Record the size of the log at each signature, that is at each commit."""
    sizes: list[int] = []
    seal = database._writer._seal

    def counting(log: LogState) -> str:
        sizes.append(log.size)
        return seal(log)

    database._writer._seal = counting
    return sizes


def test_waiting_commands_share_one_commit_and_one_signature(database: SqlDatabase) -> None:
    sizes = sealed_sizes(database)
    gate = Gate()
    held = database._writer.submit(gate)
    assert gate.entered.wait(30)
    waiting = [
        database._writer.submit(lambda work: work.append(happened("noted")).index)
        for _ in range(50)
    ]
    gate.open.set()
    assert held.result(30) is None
    assert [future.result(30) for future in waiting] == list(range(50))
    assert sizes == [50]
    assert database.read_now(lambda reader: reader.head()).size == 50


def test_one_refused_command_of_a_group_costs_the_others_nothing(database: SqlDatabase) -> None:
    gate = Gate()
    database._writer.submit(gate)
    assert gate.entered.wait(30)

    def numbered(work: Any) -> int:
        number: int = work.next_number(PauseRecord, "line1")
        work.append(put(pause(number)))
        return number

    def raises(work: Any) -> int:
        numbered(work)
        raise ZeroDivisionError

    commands = [raises if place % 3 == 1 else numbered for place in range(9)]
    waiting = [database._writer.submit(command) for command in commands]
    gate.open.set()
    answers = [future.exception(30) or future.result() for future in waiting]
    assert [a if isinstance(a, int) else type(a) for a in answers] == [
        1,
        ZeroDivisionError,
        2,
        3,
        ZeroDivisionError,
        4,
        5,
        ZeroDivisionError,
        6,
    ]
    assert database.read_now(lambda reader: reader.count(PauseRecord)) == 6
    assert database.read_now(lambda reader: reader.head()).size == 6


def test_nothing_is_answered_before_the_commit(database: SqlDatabase) -> None:
    seen: list[bool] = []
    future: Any = None
    seal = database._writer._seal

    def looking(log: LogState) -> str:
        seen.append(future.done())
        return seal(log)

    gate = Gate()
    database._writer.submit(gate)
    assert gate.entered.wait(30)
    database._writer._seal = looking
    future = database._writer.submit(lambda work: work.append(happened("noted")))
    gate.open.set()
    future.result(30)
    assert seen == [False]


def test_a_commit_that_fails_fails_every_command_of_the_group(
    database: SqlDatabase, url: str
) -> None:
    database.write_now(lambda work: work.append(put(pause(1))))
    gate = Gate()
    database._writer.submit(gate)
    assert gate.entered.wait(30)
    seal = database._writer._seal

    def broken(log: LogState) -> str:
        raise StoreTrouble(f"the key can't sign {log.size}")

    database._writer._seal = broken
    waiting = [
        database._writer.submit(lambda work, n=n: work.append(put(pause(n))))  # type: ignore[misc]  # because mypy can't infer a lambda with a default
        for n in (2, 3)
    ]
    gate.open.set()
    for future in waiting:
        with pytest.raises(StoreTrouble, match="can't sign 3"):
            future.result(30)
    database._writer._seal = seal
    assert database.read_now(lambda reader: reader.count(PauseRecord)) == 1
    assert database.write_now(lambda work: work.append(put(pause(4)))).index == 1
    assert verify_database(url, fold=any_fold).sound


def test_a_full_disk_is_trouble_for_whoever_writes_then_and_nothing_more(
    database: SqlDatabase, url: str
) -> None:
    """SQLITE_FULL rolls the whole transaction back under the savepoints."""
    database.write_now(lambda work: work.append(put(pause(1))))

    def pages(work: Any, number: int) -> None:
        work._connection.exec_driver_sql(f"PRAGMA max_page_count={number}")

    database.write_now(lambda work: pages(work, 1))  # never below what there is

    def much(work: Any) -> None:
        for _ in range(100):
            work.append(happened("noted", text="x" * 4000))

    with pytest.raises(StoreTrouble, match="full"):
        database.write_now(much)
    written = database.read_now(lambda reader: reader.head()).size
    database.write_now(lambda work: pages(work, 100_000))
    assert database.write_now(lambda work: work.append(put(pause(2)))).index == written
    assert verify_database(url, fold=any_fold).sound


def test_closing_commits_what_is_queued_and_refuses_what_comes_later(
    database: SqlDatabase, url: str
) -> None:
    gate = Gate()
    database._writer.submit(gate)
    assert gate.entered.wait(30)
    waiting = [
        database._writer.submit(lambda work: work.append(happened("noted"))) for _ in range(5)
    ]
    gate.open.set()
    database.close()
    assert [future.result(0).index for future in waiting] == [0, 1, 2, 3, 4]
    with pytest.raises(StoreTrouble, match="closed"):
        database.write_now(lambda work: work.now)
    database.close()  # a second time does no harm
    assert verify_database(url, fold=any_fold).size == 5


async def test_a_cancelled_wait_takes_back_a_command_that_has_not_begun(
    database: SqlDatabase,
) -> None:
    gate = Gate()
    held = asyncio.ensure_future(database.write(gate))
    assert await asyncio.to_thread(gate.entered.wait, 30)
    waiting = asyncio.ensure_future(database.write(lambda work: work.append(happened("noted"))))
    await asyncio.to_thread(lambda: None)
    waiting.cancel()
    held.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    gate.open.set()
    assert await database.write(lambda work: work.append(happened("noted"))) is not None
    assert (await database.read(lambda reader: reader.head())).size == 1


def test_messages_go_to_the_receivers_that_are_named_when_they_are_sent(
    database: SqlDatabase,
) -> None:
    """Receivers change with the configuration, while the database stays open."""
    message = OutgoingMessage(event="missed", key="k", payload={})
    for names in ((), ("andon",), ("andon", "mail")):
        database.send_to([NotificationTarget(name=name, kind=TargetKind.MQTT) for name in names])
        database.write_now(lambda work: work.send(message))
    for name, count in (("andon", 2), ("mail", 1)):
        waiting = database.read_now(lambda reader, of=name: reader.waiting_deliveries(of, 9))  # type: ignore[misc]  # because mypy can't infer a lambda with a default
        assert [one.target for one in waiting] == [name] * count


def test_a_lost_connection_is_made_anew_on_postgresql(postgresql_url: str, tmp_path: Path) -> None:
    """The server ends our session in mid-life; the next commands say so, later ones work."""
    import psycopg

    with open_database(
        postgresql_url,
        plant="Plant 1",
        clock=SteppingClock(),
        recording=RECORDING,
        key_path=tmp_path / "plant.key",
    ) as database:
        database.write_now(lambda work: work.append(put(pause(1))))
        with psycopg.connect(postgresql_url, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        with pytest.raises(StoreTrouble, match=r"terminat|closed|lost"):
            database.write_now(lambda work: work.append(put(pause(2))))
        assert database.write_now(lambda work: work.append(put(pause(3)))).index == 1
        assert database.read_now(lambda reader: reader.count(PauseRecord)) == 2


def test_a_commit_whose_answer_was_lost_counts_and_is_not_done_twice(
    database: SqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """L8: the network broke after the database had committed and before it could say so."""
    dialect = database._writer._session._engine.dialect
    commit = dialect.do_commit
    lost: list[bool] = []

    def commit_and_lose(connection: Any) -> None:
        commit(connection)
        if not lost:
            lost.append(True)
            raise sqlite3.OperationalError("server closed the connection")

    monkeypatch.setattr(dialect, "do_commit", commit_and_lose)
    assert database.write_now(lambda work: work.append(happened("noted")).index) == 0
    assert lost
    assert database.write_now(lambda work: work.append(happened("noted")).index) == 1


def of_500_entries(begin: int) -> Callable[[SqlUnitOfWork], None]:
    def command(work: SqlUnitOfWork) -> None:
        for number in range(begin, begin + 500):
            work.append(put(pause(number)))

    return command


def test_the_log_of_few_large_commands_stays_small(tmp_path: Path) -> None:
    """Commands that catch up with weeks left 770 MB in it: commands were counted, and not their entries."""
    path = tmp_path / "plant.sqlite3"
    opened = open_database(
        f"sqlite:///{path}", plant="Suzhou", clock=SteppingClock(), recording=RECORDING
    )
    largest = 0
    with opened as database:
        for begin in range(0, 10_000, 500):
            database.write_now(of_500_entries(begin))
            largest = max(largest, path.with_name("plant.sqlite3-wal").stat().st_size)
    assert largest < 10 * MB


def test_a_service_that_is_killed_again_and_again_leaves_no_longer_log_each_time(
    tmp_path: Path,
) -> None:
    """The log was written into the file after so many commands of one life: lives too short for it grew one of 1.9 GB."""
    sizes = []
    path = tmp_path / "0" / "plant.sqlite3"
    path.parent.mkdir()
    for life in range(1, 7):
        opened = open_database(
            f"sqlite:///{path}", plant="Suzhou", clock=SteppingClock(), recording=RECORDING
        )
        with opened as database:
            database.write_now(of_500_entries(life * 500))
            killed = tmp_path / str(life)
            shutil.copytree(path.parent, killed, ignore=shutil.ignore_patterns(".*"))
        path = killed / path.name
        sizes.append(path.with_name("plant.sqlite3-wal").stat().st_size)
    assert max(sizes[2:]) < 2 * sizes[1], sizes


def test_a_log_that_grew_behind_a_reader_becomes_small_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("redrabbit.store.engine.LOG_KEPT_BYTES", 2**18)
    path = tmp_path / "plant.sqlite3"
    log = path.with_name("plant.sqlite3-wal")
    opened = open_database(
        f"sqlite:///{path}", plant="Suzhou", clock=SteppingClock(), recording=RECORDING
    )
    with opened as database:
        reader = sqlite3.connect(path)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM ledger").fetchone()
        for begin in range(0, 10_000, 500):
            database.write_now(of_500_entries(begin))
        grown = log.stat().st_size
        reader.rollback()
        reader.close()
        for begin in range(10_000, 16_000, 500):
            database.write_now(of_500_entries(begin))
        assert log.stat().st_size < grown / 2

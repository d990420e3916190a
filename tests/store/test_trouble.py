"""Which trouble passes, and which comes again each time (findings K3)."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from redrabbit.domain.records import PauseRecord
from redrabbit.services.errors import DuplicateRecord, NotRecordable, StoreTrouble
from redrabbit.store import engine
from redrabbit.store.database import SqlDatabase
from redrabbit.store.engine import translated
from redrabbit.store.opening import open_database
from tests.stored import RECORDING, SteppingClock, pause, put

LOCK_WAIT_S = 0.2


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        found: str = request.getfixturevalue("postgresql_url")
        return found
    return f"sqlite:///{tmp_path / 'plant.db'}"


@pytest.fixture
def database(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SqlDatabase]:
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_S", LOCK_WAIT_S)
    with opened(url, tmp_path) as database:
        yield database


def opened(url: str, folder: Path) -> SqlDatabase:
    return open_database(
        url,
        plant="Plant 1",
        clock=SteppingClock(),
        recording=RECORDING,
        key_path=folder / "plant.key",
    )


def sending(database: SqlDatabase, sql: str, *values: object) -> Any:
    """Return a command that sends one statement as it is; `?` stands for a value."""
    is_sqlite = database._writer._session._engine.dialect.name == "sqlite"

    def command(work: Any) -> None:
        work.append(put(pause(1)))
        with translated("meddling"):
            work._connection.exec_driver_sql(
                sql if is_sqlite else sql.replace("?", "%s"), tuple(values)
            )

    return command


HEARTBEAT = "INSERT INTO heartbeats (name, beat_at) VALUES (?, ?)"


@pytest.mark.parametrize(
    "values",
    [("agent", 2**70), ("agent", None), ("\udc80", 1)],
    ids=["a number too large", "a value that must not be missing", "half a character"],
)
def test_what_a_database_never_takes_is_not_recordable(
    database: SqlDatabase, values: tuple[object, ...]
) -> None:
    with pytest.raises(NotRecordable, match="meddling"):
        database.write_now(sending(database, HEARTBEAT, *values))
    assert database.read_now(lambda reader: reader.count(PauseRecord)) == 0
    database.write_now(sending(database, HEARTBEAT, "agent", 1))


def test_a_second_of_what_must_be_unique_is_never_recordable(database: SqlDatabase) -> None:
    database.write_now(sending(database, HEARTBEAT, "agent", 1))
    with pytest.raises(DuplicateRecord) as told:
        database.write_now(sending(database, HEARTBEAT, "agent", 2))
    assert isinstance(told.value, NotRecordable)


def test_a_text_with_a_nul_is_never_recordable_on_postgresql(
    postgresql_url: str, tmp_path: Path
) -> None:
    """SQLite keeps it; what comes from outside has none (D24)."""
    with opened(postgresql_url, tmp_path) as database, pytest.raises(NotRecordable, match="NUL"):
        database.write_now(sending(database, HEARTBEAT, "a\0", 1))


def test_a_database_that_another_program_has_locked_passes(database: SqlDatabase, url: str) -> None:
    """K3: a backup, say; it is told within the time that we wait for a lock."""
    with locked(url):
        with pytest.raises(StoreTrouble, match="lock") as told:
            database.write_now(lambda work: work.append(put(pause(1))))
        assert not isinstance(told.value, NotRecordable)
    database.write_now(lambda work: work.append(put(pause(1))))
    assert database.read_now(lambda reader: reader.count(PauseRecord)) == 1


@contextmanager
def locked(url: str) -> Iterator[None]:
    """Let another connection hold what the writer needs."""
    if url.startswith("sqlite"):
        other = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        with closing(other):
            other.execute("BEGIN IMMEDIATE")
            yield
        return
    import psycopg

    with psycopg.connect(url) as connection:
        connection.execute("LOCK TABLE ledger IN EXCLUSIVE MODE")
        yield

"""What is verified beside the service, and what is left to it when a database is opened (D26, D62)."""

import logging
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from redrabbit.domain.erasable import StatedName
from redrabbit.domain.findings import Finding
from redrabbit.domain.records import PauseRecord
from redrabbit.services.errors import DamagedDatabase
from redrabbit.services.ports import KeptAct
from redrabbit.services.verifying import Reading
from redrabbit.store.background_verification import BackgroundVerification
from redrabbit.store.database import SqlDatabase
from redrabbit.store.engine import parsed_url, reader_engine, translated
from redrabbit.store.opening import open_database
from redrabbit.store.unit_of_work import SqlUnitOfWork
from redrabbit.store.verification import verify_database
from redrabbit.store.verification_at_opening import NEWEST
from tests.stored import RECORDING, SteppingClock, any_fold, pause, put

MANY = NEWEST + 60


def opened(path: Path) -> SqlDatabase:
    return open_database(
        f"sqlite:///{path}", plant="Plant 1", clock=SteppingClock(), recording=RECORDING
    )


def noted(number: int, work: SqlUnitOfWork) -> None:
    work.append(put(pause(number)))


def verification_of(database: SqlDatabase, path: Path) -> BackgroundVerification:
    """Return one that does not rest."""
    engine = reader_engine(parsed_url(f"sqlite:///{path}"))
    verifier = database.verification.verifier
    return BackgroundVerification(engine, verifier, SteppingClock(), rests=0.0)


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of which not everything is read when it is opened."""
    path = tmp_path_factory.mktemp("long") / "plant.db"
    with opened(path) as database:
        for number in range(1, MANY + 1):
            database.write_now(partial(noted, number))
    return path


@pytest.fixture
def path(long: Path, tmp_path: Path) -> Path:
    for file in long.parent.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
        (tmp_path / file.name).chmod(0o600)
    return tmp_path / long.name


def changed(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path)) as other, other:
        assert other.execute(sql).rowcount == 1


def test_nothing_is_found_where_nothing_was_changed(path: Path) -> None:
    with opened(path) as database:
        state = verification_of(database, path).verify_once()
    assert state.findings == ()
    assert (state.verified_size, state.reading, state.trouble) == (MANY, None, None)
    assert state.verified_at is not None


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        pytest.param(
            "UPDATE pauses SET declared_by = 'x' WHERE number = 7", ["rows_changed"], id="edited"
        ),
        pytest.param("DELETE FROM pauses WHERE number = 7", ["rows_changed"], id="removed"),
        pytest.param(
            "INSERT INTO pauses SELECT * FROM (SELECT * FROM pauses WHERE number = 7)",
            ["rows_changed"],
            id="added",
        ),
        pytest.param(
            "UPDATE ledger SET raw = CAST(raw || x'20' AS BLOB) WHERE \"index\" = 3",
            ["leaf_hash_differs"],
            id="entry edited",
        ),
        pytest.param(
            'UPDATE ledger SET nodes = zeroblob(64) WHERE "index" = 3',
            ["nodes_differ"],
            id="node edited",
        ),
        pytest.param('DELETE FROM ledger WHERE "index" = 3', ["entry_missing"], id="entry removed"),
        pytest.param(
            'UPDATE ledger SET payload = NULL, salt = NULL WHERE "index" = 3',
            ["payload_missing"],
            id="payload removed",
        ),
    ],
)
def test_what_is_not_read_at_opening_is_found_beside_the_service(
    path: Path, sql: str, found: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    if "INSERT" in sql:
        with closing(sqlite3.connect(path)) as other:
            names = [row[1] for row in other.execute("PRAGMA table_info(pauses)")]
        columns = ", ".join(
            f"{name} || 'x'" if name == "pause_id" else "99999" if name == "number" else name
            for name in names
        )
        sql = f"INSERT INTO pauses SELECT {columns} FROM pauses WHERE number = 7"
    caplog.set_level(logging.ERROR)
    with opened(path) as database:
        changed(path, sql)
        verification = verification_of(database, path)
        assert [each.code for each in verification.verify_once().findings] == found
        verification.verify_once()
        assert len(caplog.records) == 1, "said once"
        database.write_now(lambda work: work.append(put(pause(MANY + 1))))
        assert [each.code for each in verification.verify_once().findings] == found, (
            "what is recorded later covers nothing"
        )
    assert not verify_database(f"sqlite:///{path}", fold=any_fold).sound


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param(
            f"UPDATE ledger SET raw = CAST(raw || x'20' AS BLOB) WHERE \"index\" = {MANY - 2}",
            id="a new entry",
        ),
        pytest.param(
            "UPDATE record_digests SET state = zeroblob(2048) WHERE block = 3", id="digest"
        ),
        pytest.param("UPDATE ledger_head SET records = checkpoint", id="another note"),
        pytest.param("UPDATE ledger_head SET size = size - 1", id="size"),
        pytest.param(f'DELETE FROM ledger WHERE "index" = {MANY - 1}', id="the last entry"),
        pytest.param('UPDATE ledger SET nodes = NULL WHERE "index" = 1023', id="a frontier's root"),
    ],
)
def test_what_is_new_or_signed_is_refused_before_anything_is_written(path: Path, sql: str) -> None:
    changed(path, sql)
    with pytest.raises(DamagedDatabase):
        opened(path)


AN_ACT = KeptAct(
    key="k",
    stream="plant",
    kind="confirm",
    payload="{}",
    actor="somebody",
    done_at=datetime(2026, 3, 2, tzinfo=UTC),
    answer='{"a":1}',
)
NAMES = [StatedName(name=f"Operator {n}", salt=bytes([n]) * 16) for n in range(3)]


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("UPDATE stated_names SET name = 'Mallory' WHERE name = 'Operator 1'", "name_differs"),
        ("UPDATE blobs SET content = x'00'", "blob_differs"),
        ("UPDATE acts SET answer = '{}'", "act_differs"),
        ('UPDATE ledger SET "index" = -1 WHERE "index" = 3', "row_out_of_place"),
    ],
    ids=lambda each: each.partition(" ")[2][:14],
)
def test_what_stands_beside_the_ledger_is_read_as_well(path: Path, sql: str, code: str) -> None:
    with opened(path) as database:
        for name in NAMES:
            database.write_now(partial(SqlUnitOfWork.keep_name, name=name))
        database.write_now(lambda work: work.keep_blob("trace", b"what signals did"))
        database.write_now(lambda work: work.keep_act(AN_ACT))
        verification = verification_of(database, path)
        assert verification.verify_once().findings == ()
        changed(path, sql)
        assert [each.code for each in verification.verify_once().findings] == [code]


def test_a_forged_name_is_refused_at_opening(path: Path) -> None:
    with opened(path) as database:
        database.write_now(partial(SqlUnitOfWork.keep_name, name=NAMES[0]))
    changed(path, "UPDATE stated_names SET name = 'Mallory'")
    with pytest.raises(DamagedDatabase, match="stated_names"):
        opened(path)


def test_a_seal_of_before_fits_no_later_head(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        (seal,) = other.execute("SELECT records FROM ledger_head").fetchone()
    with opened(path) as database:
        database.write_now(lambda work: work.append(put(pause(MANY + 1))))
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("UPDATE ledger_head SET records = ?", (seal,))
    with pytest.raises(DamagedDatabase, match="not those that were signed"):
        opened(path)


def test_a_pass_beside_a_busy_writer_finds_nothing(path: Path) -> None:
    with opened(path) as database:
        verification, stop = verification_of(database, path), threading.Event()

        def write() -> None:
            number = MANY
            while not stop.is_set():
                number += 1
                database.write_now(partial(noted, number))

        writer = threading.Thread(target=write)
        writer.start()
        try:
            for _ in range(3):
                state = verification.verify_once()
                assert state.findings == ()
                assert state.verified_size > MANY
        finally:
            stop.set()
            writer.join()
        assert database.read_now(lambda reader: reader.count(PauseRecord)) > MANY


def test_it_ends_with_the_service_wherever_it_is(path: Path) -> None:
    with opened(path) as database:
        verification = verification_of(database, path)
        verification._rests = 1e9
        thread = threading.Thread(target=verification._run)
        verification._thread = thread
        seen = verification.state
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("redrabbit.store.background_verification.BEGINS_AFTER_S", 0.0)
            verification.start()
            while verification.state == seen:
                pass
            verification.stop()
        assert not thread.is_alive()
        assert verification.state.reading in {None, Reading.ENTRIES}


@pytest.fixture
def lost(path: Path) -> Iterator[SqlDatabase]:
    with opened(path) as database:
        yield database


def test_a_database_that_goes_away_is_trouble_and_no_damage(
    lost: SqlDatabase, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    nowhere = reader_engine(parsed_url(f"sqlite:///{tmp_path / 'nowhere.db'}"))
    verifier = lost.verification.verifier
    verification = BackgroundVerification(nowhere, verifier, SteppingClock(), rests=0.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("redrabbit.store.background_verification.BEGINS_AFTER_S", 0.0)
        caplog.set_level(logging.WARNING)
        verification.start()
        while verification.state.trouble is None:
            pass
        verification.stop()
    assert verification.state.findings == ()
    assert "came to no end" in caplog.text


def test_a_bug_is_told_and_the_thread_goes_on(
    lost: SqlDatabase, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    verification = verification_of(lost, path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("redrabbit.store.background_verification.BEGINS_AFTER_S", 0.0)
        patch.setattr(verification, "_records", lambda: 1 // 0)
        verification.start()
        while verification.state.trouble is None:
            pass
        verification.stop()
    assert "a bug in the verification" in caplog.text


def test_what_sqlite_reads_is_broken_off_when_the_service_ends(
    lost: SqlDatabase, path: Path
) -> None:
    verification, reading = verification_of(lost, path), threading.Event()

    def endless() -> list[Finding]:
        numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
        with verification._connection() as (connection, _), translated("reading"):
            reading.set()
            threading.Event().wait(0.3)  # an interrupt now is forgotten: nothing is being read
            connection.exec_driver_sql(numbers + "SELECT count(*) FROM n").all()
        return []

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("redrabbit.store.background_verification.BEGINS_AFTER_S", 0.0)
        patch.setattr(verification, "_file", endless)
        verification.start()
        assert reading.wait(30)
        verification.stop()
    assert not verification._thread.is_alive()
    assert verification.state.findings == ()


def test_a_seal_that_was_taken_away_beside_the_service_is_found(
    lost: SqlDatabase, path: Path
) -> None:
    changed(path, "UPDATE ledger_head SET records = NULL")
    assert [each.code for each in verification_of(lost, path).verify_once().findings] == [
        "seal_differs"
    ]


def test_a_torn_page_hides_nothing_that_is_found_elsewhere(lost: SqlDatabase, path: Path) -> None:
    changed(path, 'UPDATE ledger SET nodes = zeroblob(64) WHERE "index" = 3')
    verification = verification_of(lost, path)

    def torn() -> list[Finding]:
        raise DamagedDatabase("counting records: database disk image is malformed")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verification, "_records", torn)
        found = verification.verify_once().findings
    assert [each.code for each in found] == ["nodes_differ", "file_torn"]


class JumpingClock(SteppingClock):
    """Somebody sets it an hour forward with each look; no time passes."""

    def now(self) -> datetime:
        self.read += timedelta(hours=1)
        return self.read

    def steady_s(self) -> float:
        return 0.0


def test_a_clock_that_is_set_makes_no_pass_rest_for_hours(path: Path) -> None:
    with opened(path) as database:
        engine = reader_engine(parsed_url(f"sqlite:///{path}"))
        verifier = database.verification.verifier
        verification = BackgroundVerification(engine, verifier, JumpingClock())
        done = threading.Thread(target=verification.verify_once, daemon=True)
        done.start()
        done.join(30)
        assert not done.is_alive()
    assert verification.state.findings == ()

"""Records are made again from the ledger: after any edit, after a new shape, after a kill."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from alembic.config import Config
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, event, insert, inspect, select, update

from redrabbit.cli import main
from redrabbit.domain.facts.plant import PayloadsErased
from redrabbit.domain.identity import AGENT
from redrabbit.domain.ledger import PLANT_STREAM, Entry, Event
from redrabbit.domain.records import KEYS, TABLES, OccurrenceRecord, PauseRecord
from redrabbit.services.errors import DamagedDatabase, DatabaseTooNew, StoreTrouble
from redrabbit.services.record_fact import record
from redrabbit.store import migrating, rebuild_mark, schema
from redrabbit.store.engine import parsed_url, writer_engine
from redrabbit.store.opening import open_database, rebuild_database
from redrabbit.store.reading_database import open_for_reading
from redrabbit.store.tables import LEDGER, LEDGER_HEAD, RECORD_TABLES
from redrabbit.store.unit_of_work import Recording, SqlUnitOfWork
from redrabbit.store.verification import verify_database
from tests.store.sample_database import (
    TOLD_TODAY,
    Sample,
    as_frozen,
    brought_up_sample,
    played,
    sqlite_sample,
)
from tests.store.sample_story import records
from tests.store.test_newer import newer_fold
from tests.stored import (
    RECORDING,
    SteppingClock,
    any_fold,
    happened,
    occurrence,
    pause,
    put,
)

Damage = Callable[[Connection], object]
TABLES_OF_RECORDS = [table.name for table in RECORD_TABLES.values()]


def columns_of(connection: Connection, table: str) -> set[str]:
    return {column["name"] for column in inspect(connection).get_columns(table)}


def writing(url: str) -> Engine:
    return writer_engine(parsed_url(url))


def damaged(url: str, damage: Damage) -> None:
    engine = writing(url)
    with engine.begin() as connection:
        damage(connection)
    engine.dispose()


def rebuild(sample: Sample, **more: Any) -> int:
    return rebuild_database(sample.url, public_key=sample.public_key, clock=SteppingClock(), **more)


def records_of(sample: Sample) -> tuple[dict[str, list[dict[str, object]]], int]:
    """Return all records, and of how many entries they were made."""
    with open_for_reading(sample.url) as database:
        size = database.read_now(lambda reader: reader.head()).size
        return database.read_now(records), size


def is_as_frozen(sample: Sample) -> bool:
    assert verify_database(sample.url, public_key=sample.public_key).findings == ()
    with open_for_reading(sample.url) as database:
        return as_frozen(database.read_now(records)) == TOLD_TODAY


def edited(kind: type[Any]) -> Damage:
    """Change every column that is no key, in every row."""
    table = RECORD_TABLES[kind]

    def damage(connection: Connection) -> None:
        for column in table.columns:
            if not column.primary_key and not column.unique and column.name != "trigger_key":
                other: Any = "x" if column.type.python_type is str else 1
                connection.exec_driver_sql(f'UPDATE {table.name} SET "{column.name}" = {other!r}')

    return damage


def emptied(kind: type[Any]) -> Damage:
    return lambda connection: connection.execute(RECORD_TABLES[kind].delete())


def added(kind: type[Any]) -> Damage:
    """Add a copy of the first row under a key of its own."""
    table = RECORD_TABLES[kind]

    def damage(connection: Connection) -> None:
        row = dict(connection.execute(select(table)).mappings().first() or {})
        for name in (*KEYS[kind], *(["trigger_key"] if kind is OccurrenceRecord else [])):
            row[name] = "another" if isinstance(row[name], str) else 10**9
        connection.execute(insert(table), row)

    return damage


def dropped(kind: type[Any]) -> Damage:
    return RECORD_TABLES[kind].drop


def renamed(kind: type[Any]) -> Damage:
    table = RECORD_TABLES[kind]
    name = list(table.columns)[-1].name
    return lambda connection: connection.exec_driver_sql(
        f'ALTER TABLE {table.name} RENAME COLUMN "{name}" TO vandal'
    )


@pytest.mark.parametrize("kind", TABLES, ids=TABLES.values())
def test_whatever_was_done_to_a_record_table_it_is_made_again(
    kind: type[Any], tmp_path: Path
) -> None:
    of_schema_1 = kind.TABLE in TOLD_TODAY
    found = brought_up_sample(tmp_path) if of_schema_1 else played(tmp_path)
    before = records_of(found)
    for how in (edited, emptied, added):
        damaged(found.url, how(kind))
        assert verify_database(found.url, public_key=found.public_key).damage
        with pytest.raises(DamagedDatabase, match="`redrabbit rebuild` makes the records"):
            found.open()
        assert rebuild(found) == (245 if of_schema_1 else before[1])
        assert records_of(found) == before, how
        if of_schema_1:
            assert is_as_frozen(found), how


ALL_AT_ONCE = (tuple(TABLES),)
ONE_BY_ONE = tuple((kind,) for kind in TABLES)


@pytest.mark.parametrize(
    "kinds", [*ALL_AT_ONCE, *(pytest.param(one, marks=pytest.mark.slow) for one in ONE_BY_ONE)]
)
def test_tables_that_are_gone_or_of_another_shape_are_made_again(
    kinds: tuple[type[Any], ...], tmp_path: Path
) -> None:
    """All at once; one by one with `-m slow`."""
    for folder, make in (("of_schema_1", brought_up_sample), ("told", played)):
        (tmp_path / folder).mkdir()
        found = make(tmp_path / folder)
        found.open().close()
        before = records_of(found)
        for how in (dropped, renamed):
            for kind in kinds:
                damaged(found.url, how(kind))
            assert rebuild(found) == before[1]
            assert records_of(found) == before, how


def test_both_databases_are_rebuilt_and_can_be_written_afterwards(brought_up: Sample) -> None:
    for kind in TABLES:
        damaged(brought_up.url, emptied(kind))
    told: list[tuple[int, int]] = []
    assert rebuild(brought_up, told=lambda done, size: told.append((done, size)), batch=100) == 245
    assert told == [(0, 245), (100, 245), (200, 245), (245, 245)]
    assert is_as_frozen(brought_up)
    brought_up.open().close()


def test_the_command_tells_its_progress(
    brought_up: Sample, capsys: pytest.CaptureFixture[str]
) -> None:
    damaged(brought_up.url, emptied(PauseRecord))
    asked = ["rebuild", "--database", brought_up.url, "--public-key", str(brought_up.public_key)]
    assert main(asked) == 0
    told = capsys.readouterr()
    assert told.out == "records made again from 245 entries\n"
    assert "entries done: 245 of 245 (100%)" in told.err
    assert is_as_frozen(brought_up)


def test_a_new_shape_is_filled_when_the_database_is_opened_for_writing(brought_up: Sample) -> None:
    """All that a migration does is one call; see `records_must_be_rebuilt`."""
    damaged(brought_up.url, rebuild_mark.records_must_be_rebuilt)
    for door in (
        open_for_reading,
        lambda url: verify_database(url, public_key=brought_up.public_key),
    ):
        with pytest.raises(StoreTrouble, match="are being made again") as told:
            door(brought_up.url)
        assert not isinstance(told.value, DamagedDatabase)
    brought_up.open().close()
    assert is_as_frozen(brought_up)


NEXT = """
from alembic import op
from redrabbit.store.rebuild_mark import records_must_be_rebuilt

revision, down_revision, branch_labels, depends_on = "9999", "{newest}", None, None

def upgrade():
    records_must_be_rebuilt(op.get_bind())
"""


def test_a_migration_makes_that_one_call(
    brought_up: Sample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sql = "ALTER TABLE pauses DROP COLUMN ended_by"  # the old shape lacks a field of the new one
    damaged(brought_up.url, lambda connection: connection.exec_driver_sql(sql))
    versions = tmp_path / "versions"
    shutil.copytree(schema.VERSIONS, versions)
    next_one = NEXT.format(newest=schema.newest_version())
    (versions / "9999_next.py").write_text(next_one, encoding="utf-8")
    usual = migrating.alembic_config

    def with_next(connection: Connection | None = None) -> Config:
        config = usual(connection)
        config.set_main_option("version_locations", str(versions))
        return config

    monkeypatch.setattr(schema, "VERSIONS", versions)
    monkeypatch.setattr(migrating, "alembic_config", with_next)
    brought_up.open().close()
    assert is_as_frozen(brought_up)


def test_an_empty_database_needs_no_rebuilding(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'plant.db'}"
    open_database(url, plant="Plant 1", clock=SteppingClock(), recording=RECORDING).close()
    damaged(url, rebuild_mark.records_must_be_rebuilt)
    with open_for_reading(url) as opened:
        assert not any(opened.read_now(records).values())


def test_many_migrations_that_ask_for_it_make_the_tables_once(sample: Sample) -> None:
    made: list[str] = []

    def note(*told: Any) -> None:
        made.extend(re.findall(r"CREATE TABLE (\w+)", told[2]))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        sample.open().close()
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    asks = [p for p in schema.VERSIONS.glob("0*.py") if "records_must_be_rebuilt(" in p.read_text()]
    assert len(asks) > 9
    assert [made.count(name) for name in TABLES_OF_RECORDS] == [1] * len(TABLES_OF_RECORDS)


def test_each_transaction_that_asks_for_it_makes_the_tables_again(tmp_path: Path) -> None:
    """Also when the transaction before was on the same connection, or was taken back."""
    url = f"sqlite:///{tmp_path / 'plant.db'}"
    open_database(url, plant="Plant 1", clock=SteppingClock(), recording=RECORDING).close()
    engine = writing(url)
    with engine.connect() as connection:
        for ends in ("commit", "rollback", "commit"):
            with connection.begin() as transaction:
                rebuild_mark.records_must_be_rebuilt(connection)
                getattr(transaction, ends)()
            with connection.begin():
                connection.exec_driver_sql("ALTER TABLE pauses DROP COLUMN ended_by")
            with connection.begin():
                rebuild_mark.records_must_be_rebuilt(connection)
                assert "ended_by" in columns_of(connection, "pauses")
    engine.dispose()


def test_nothing_is_touched_while_the_ledger_is_damaged(brought_up: Sample) -> None:
    damaged(
        brought_up.url, lambda connection: connection.execute(update(LEDGER_HEAD).values(size=244))
    )
    damaged(brought_up.url, emptied(PauseRecord))
    with pytest.raises(DamagedDatabase, match="Records can't be made from a damaged ledger"):
        rebuild(brought_up)
    damaged(
        brought_up.url, lambda connection: connection.execute(update(LEDGER_HEAD).values(size=245))
    )
    with open_for_reading(brought_up.url) as database:
        assert database.read_now(lambda reader: reader.count(OccurrenceRecord)) == 9


def test_nothing_is_touched_where_a_newer_version_has_written(tmp_path: Path) -> None:
    found = sqlite_sample(tmp_path)
    recording = Recording(fold=newer_fold, software="99.2.0")
    with open_database(
        found.url, plant="x", clock=SteppingClock(), recording=recording, key_path=found.key
    ) as database:
        database.write_now(lambda work: work.append(happened("bypass_approved")))
    with pytest.raises(DatabaseTooNew, match="newer version of Red Rabbit"):
        rebuild(found)
    assert verify_database(found.url, public_key=found.public_key, fold=newer_fold).sound


@pytest.mark.parametrize("batch", [7, 2_000])
def test_records_are_made_again_over_what_was_erased(tmp_path: Path, batch: int) -> None:
    """D51: entries that speak of what is gone are passed over, in whatever batch the hole was."""
    found = played(tmp_path)
    with found.open() as database:
        entries = database.read_now(lambda reader: reader.entries())
        first_of = {entry.type: entry.index for entry in reversed(entries)}
        gone = tuple(first_of[each] for each in ("run_started", "part_issued", "check_adopted"))
        erased = PayloadsErased(rule="r", entries=gone, names=(), blobs=())
        database.write_now(lambda uow: record(uow, erased, stream=PLANT_STREAM, actor=AGENT))
    hole = update(LEDGER).where(LEDGER.c.index.in_(gone)).values(salt=None, payload=None)
    damaged(found.url, lambda connection: connection.execute(hole))
    assert verify_database(found.url, public_key=found.public_key).damage
    rebuild(found, batch=batch)
    told = verify_database(found.url, public_key=found.public_key)
    assert told.findings == ()
    assert told.erased == 1 + len(gone)
    runs = {row["run_id"] for row in records_of(found)[0]["runs"]}
    assert "line1-R-1" not in runs
    assert "line1-R-2" in runs
    found.open().close()


KILLED = """
import os, signal, sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from redrabbit.base.clock import SteadyClock
from redrabbit.store.opening import rebuild_database

def told(done, size):
    if done >= int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)

rebuild_database(
    sys.argv[1], clock=SteadyClock(), public_key=Path(sys.argv[2]), told=told, batch=10
)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("after", [0, 120, 245])
def test_a_rebuild_that_was_killed_goes_on_where_it_was(brought_up: Sample, after: int) -> None:
    damaged(brought_up.url, emptied(OccurrenceRecord))
    asked = [sys.executable, "-c", KILLED, brought_up.url, str(brought_up.public_key), str(after)]
    here = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ended = subprocess.run(asked, check=False, env=here)
    assert ended.returncode == -signal.SIGKILL
    with pytest.raises(StoreTrouble, match=rf"entries done: {after}\b"):
        open_for_reading(brought_up.url)
    told: list[int] = []
    assert rebuild(brought_up, told=lambda done, _: told.append(done), batch=10) == 245
    assert told[0] == after
    assert is_as_frozen(brought_up)


def test_the_service_goes_on_with_a_rebuild_that_was_broken_off(brought_up: Sample) -> None:
    _broken_off(brought_up, 120)
    brought_up.open().close()
    assert is_as_frozen(brought_up)


def test_another_version_begins_a_broken_rebuild_from_the_start(
    brought_up: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What another version folded so far may mean something else."""
    _broken_off(brought_up, 120)
    monkeypatch.setattr("redrabbit.store.rebuilding.__version__", "99.0.0")
    told: list[int] = []
    rebuild(brought_up, told=lambda done, _: told.append(done))
    assert told[0] == 0
    assert is_as_frozen(brought_up)


def _broken_off(sample: Sample, after: int) -> None:
    def told(done: int, _size: int) -> None:
        if done >= after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuild(sample, told=told, batch=10)


MOVES = st.lists(
    st.tuples(
        st.sampled_from(["put", "put_if_absent"]),
        st.sampled_from(["pause", "occurrence"]),
        st.integers(1, 4),
        st.integers(1, 3),
    ),
    max_size=25,
)


@given(MOVES, st.integers(1, 7), st.sampled_from(["emptied", "edited", "nothing"]))
@settings(max_examples=25)
def test_any_ledger_gives_its_records_again_in_batches_of_any_size(
    moves: list[tuple[str, str, int, int]], batch: int, how: str
) -> None:
    """The tables equal the fold: verification compares each of them with it."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'plant.db'}"
        with open_database(
            url, plant="Plant 1", clock=SteppingClock(), recording=RECORDING
        ) as database:
            for what, kind, number, value in moves:
                record = _record(kind, number, value)
                event = put(record, type_=what)
                with suppress(StoreTrouble):  # two would share a trigger key: it is refused
                    database.write_now(partial(_append, event))
            size = database.read_now(lambda reader: reader.head()).size
        for table in (PauseRecord, OccurrenceRecord):
            if how != "nothing":
                damaged(url, emptied(table) if how == "emptied" else edited(table))
        clock = SteppingClock()
        assert rebuild_database(url, clock=clock, fold=any_fold, batch=batch) == size
        assert verify_database(url, fold=any_fold).findings == ()


def _append(event: Event, work: SqlUnitOfWork) -> Entry:
    return work.append(event)


def _record(kind: str, number: int, value: int) -> Any:
    if kind == "pause":
        return pause(number, reason_text=f"r{value}")
    return occurrence(number, check_id="c", trigger_key=f"t{value}")

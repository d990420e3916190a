"""A stranger's database file is verified without running what the stranger put into its schema."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import URL
from sqlalchemy.exc import IntegrityError

from redrabbit.services.errors import DamagedDatabase
from redrabbit.store.engine import writer_engine
from redrabbit.store.file_check import refuse_torn_pages, torn_pages
from redrabbit.store.tables import metadata
from tests.acceptance.processes import redrabbit
from tests.store.sample_database import Sample, played

ENDLESS = "WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r)"
LONG = "length(hex(zeroblob(100000000 + size)))"
"""Each time that it is worked out it takes a good part of a second."""


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """A database of today."""
    return played(tmp_path_factory.mktemp("sound"))


def verified(sample: Sample, *statements: str) -> tuple[int, str]:
    """Return what `verify` says of a copy to which these statements were done."""
    path = sample.key.with_name("copy.db")
    with sqlite3.connect(sample.url.removeprefix("sqlite:///")) as original:
        copy = sqlite3.connect(path)
        original.backup(copy)
    for statement in statements:
        copy.execute(statement)
    copy.commit()
    copy.close()
    url = f"sqlite:///{path}"
    try:  # in another process, as what may never end can be ended there
        told = redrabbit("verify", "--database", url, "--public-key", sample.public_key)
    finally:
        path.unlink()
    return told.returncode, told.stdout + told.stderr


def test_a_copy_is_sound(sound: Sample) -> None:
    assert verified(sound)[0] == 0
    another = "CREATE TABLE backup_tool (a)", "CREATE INDEX of_backup_tool ON backup_tool (a)"
    assert verified(sound, *another)[0] == 0


def test_a_check_that_was_added_is_told_as_one_and_not_as_torn_pages(tmp_path: Path) -> None:
    """Opening evaluated it, and verifying did not."""
    found = played(tmp_path)
    path = found.url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA writable_schema = ON")
        exchanged = "replace(sql, 'size INTEGER', 'size INTEGER CHECK (size < 0)')"
        other.execute(f"UPDATE sqlite_master SET sql = {exchanged} WHERE name = 'ledger_head'")
        other.commit()
    with pytest.raises(DamagedDatabase, match=r"ledger_head: the table is not the one"):
        found.open()


def test_a_database_that_was_looked_at_still_checks_what_is_written(tmp_path: Path) -> None:
    path = played(tmp_path).url.removeprefix("sqlite:///")
    engine = writer_engine(URL.create("sqlite", database=path))
    with closing(engine.connect()) as connection:
        refuse_torn_pages(connection, 1_000_000)
        assert list(torn_pages(connection, metadata.tables.values())) == []
        with pytest.raises(IntegrityError, match="CHECK"):
            connection.exec_driver_sql("UPDATE ledger_head SET id = 2")
    engine.dispose()


@pytest.mark.parametrize("table", sorted(set(metadata.tables)))
def test_a_view_in_place_of_a_table_is_not_read(sound: Sample, table: str) -> None:
    columns = ", ".join(f'x AS "{column.name}"' for column in metadata.tables[table].columns)
    view = f"CREATE VIEW {table} AS {ENDLESS} SELECT {columns} FROM r"
    code, words = verified(sound, f"DROP TABLE {table}", view)
    assert code == 1
    assert f"tables are gone: {table}" in words


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        (f"CREATE INDEX slow ON ledger_head ({LONG})", "ledger_head.slow: no index"),
        (
            "CREATE TRIGGER forge AFTER INSERT ON ledger BEGIN DELETE FROM runs; END",
            "ledger.forge: no trigger",
        ),
        (
            f"ALTER TABLE ledger_head ADD COLUMN slow INTEGER AS ({LONG}) VIRTUAL",
            "ledger_head.slow: no column",
        ),
    ],
)
def test_what_was_added_to_a_table_is_told(sound: Sample, statement: str, place: str) -> None:
    code, words = verified(sound, statement)
    assert code == 1
    assert place in words

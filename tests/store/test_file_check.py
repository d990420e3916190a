"""A stranger's database file is verified without running what the stranger put into its schema."""

import sqlite3
import subprocess
import sys

import pytest

from redrabbit.store.tables import metadata
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
    command = ["verify", "--database", f"sqlite:///{path}", "--public-key", str(sample.public_key)]
    try:
        told = subprocess.run(
            [sys.executable, "-m", "redrabbit", *command],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    finally:
        path.unlink()
    return told.returncode, told.stdout + told.stderr


def test_a_copy_is_sound(sound: Sample) -> None:
    assert verified(sound)[0] == 0
    another = "CREATE TABLE backup_tool (a)", "CREATE INDEX of_backup_tool ON backup_tool (a)"
    assert verified(sound, *another)[0] == 0


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

"""Triggers, indexes, columns and constraints are those that the migrations make (T5)."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sqlalchemy import Connection, NullPool, create_engine, text

from redrabbit.base.clock import SteadyClock
from redrabbit.cli import main
from redrabbit.domain.findings import in_english
from redrabbit.services.errors import DamagedDatabase
from redrabbit.store.opening import rebuild_database
from redrabbit.store.rebuild_mark import read_mark, records_must_be_rebuilt
from redrabbit.store.schema_objects import _condition, schema_findings
from redrabbit.store.tables import metadata
from tests.store.sample_database import Sample, postgresql_sample, sqlite_sample

INDEXES = sorted(
    (table.name, str(index.name)) for table in metadata.tables.values() for index in table.indexes
)


@contextmanager
def to(sample: Sample) -> Iterator[Connection]:
    engine = create_engine(sample.url, poolclass=NullPool)
    with engine.connect() as connection:
        yield connection
        connection.rollback()


def told(connection: Connection, *statements: str) -> list[str]:
    """Return what is found once these were done, and take them back."""
    savepoint = connection.begin_nested()
    for statement in statements:
        connection.execute(text(statement))
    found = [in_english(each) for each in schema_findings(connection, metadata.tables)]
    savepoint.rollback()
    return found


def test_what_the_migrations_made_is_what_is_expected(brought_up: Sample) -> None:
    with to(brought_up) as connection:
        assert told(connection) == []
        assert told(connection, "ANALYZE") == []


def test_later_samples_are_what_is_expected_too(later_sample: tuple[str, Sample]) -> None:
    _, found = later_sample
    found.open().close()
    with to(found) as connection:
        assert told(connection) == []


def test_tables_of_others_are_nobodys_business(brought_up: Sample) -> None:
    with to(brought_up) as connection:
        others = "CREATE TABLE backup_tool (a INTEGER)", "CREATE INDEX of_a ON backup_tool (a)"
        assert told(connection, *others, "CREATE VIEW v AS SELECT * FROM runs") == []


QUICKER = "CREATE INDEX more ON runs (outcome, run_id)"


def test_an_index_that_only_finds_rows_sooner_is_nobodys_business(brought_up: Sample) -> None:
    """A database administrator adds one in good faith: it was damage, and no checkpoint left any more."""
    with to(brought_up) as connection:
        assert told(connection, QUICKER) == []


def test_each_index_that_is_gone_is_named(brought_up: Sample) -> None:
    with to(brought_up) as connection:
        for table, index in INDEXES:
            assert told(connection, f"DROP INDEX {index}") == [
                f"{table}.{index}: the index is gone"
            ]


@pytest.mark.parametrize(
    ("statements", "place"),
    [
        (["CREATE UNIQUE INDEX more ON runs (outcome, run_id)"], "runs.more: no index"),
        (["CREATE INDEX more ON runs (lower(outcome))"], "runs.more: no index"),
        (["CREATE INDEX more ON runs (outcome) WHERE started_at > 0"], "runs.more: no index"),
        (["ALTER TABLE runs ADD COLUMN more TEXT"], "runs.more: no column"),
        (
            [
                "DROP INDEX ix_deliveries_parked",
                "CREATE INDEX ix_deliveries_parked ON deliveries (target, outbox_id)",
            ],
            "deliveries.ix_deliveries_parked: the index is not the one",
        ),
        (
            [
                "DROP INDEX ix_deliveries_parked",
                (
                    "CREATE UNIQUE INDEX ix_deliveries_parked ON deliveries (target, outbox_id)"
                    " WHERE parked_at IS NOT NULL"
                ),
            ],
            "deliveries.ix_deliveries_parked: the index is not the one",
        ),
    ],
)
def test_what_was_added_or_exchanged_is_named(
    brought_up: Sample, statements: list[str], place: str
) -> None:
    with to(brought_up) as connection:
        (found,) = told(connection, *statements)
    assert found.startswith(place)


POSTGRESQL = {
    "trigger": (
        [
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
            "CREATE TRIGGER forge AFTER INSERT ON runs FOR EACH ROW EXECUTE FUNCTION f()",
        ],
        "runs.forge: no trigger",
    ),
    "index": (["CREATE INDEX more ON runs (lower(outcome))"], "runs.more: no index"),
    "condition": (
        ["CREATE INDEX more ON runs (outcome) WHERE lower(outcome) = 'failed'"],
        "runs.more: no index",
    ),
    "unique index": (["CREATE UNIQUE INDEX more ON runs (outcome, run_id)"], "runs.more: no index"),
    "rule": (["CREATE RULE hide AS ON INSERT TO runs DO ALSO SELECT 1"], "runs.hide: no rule"),
    "policy": (["CREATE POLICY hide ON runs USING (false)"], "runs.hide: no policy"),
    "child": (["CREATE TABLE more () INHERITS (runs)"], "runs.more: no table"),
    "default": (
        ["ALTER TABLE runs ALTER COLUMN outcome SET DEFAULT 'passed'"],
        "runs.outcome: the column is not the one",
    ),
    "null": (
        ["ALTER TABLE runs ALTER COLUMN started_at DROP NOT NULL"],
        "runs.started_at: the column is not the one",
    ),
    "type": (
        ["ALTER TABLE deliveries ALTER COLUMN attempts TYPE integer"],
        "deliveries.attempts: the column is not the one",
    ),
    "collation": (
        ['ALTER TABLE runs ALTER COLUMN outcome TYPE text COLLATE "POSIX"'],
        "runs.outcome: the column is not the one",
    ),
    "unique": (
        ["ALTER TABLE ledger DROP CONSTRAINT uq_ledger_stream_stream_seq"],
        "ledger.unique stream stream_seq: the constraint is gone",
    ),
    "key": (
        ["ALTER TABLE runs DROP CONSTRAINT pk_runs"],
        "runs.primary key run_id: the constraint is gone",
    ),
    "check": (
        ["ALTER TABLE ledger_head DROP CONSTRAINT ck_ledger_head_one_row"],
        "ledger_head.check id = 1: the constraint is gone",
    ),
    "more checks": (
        ["ALTER TABLE heartbeats ADD CHECK (beat_at >= 0)"],
        "heartbeats.check beat_at >= 0: no constraint",
    ),
    "foreign": (
        ["ALTER TABLE deliveries DROP CONSTRAINT fk_deliveries_outbox_id"],
        "deliveries.foreign key outbox_id outbox id: the constraint is gone",
    ),
    "deletes": (
        [
            "ALTER TABLE deliveries DROP CONSTRAINT fk_deliveries_outbox_id",
            "ALTER TABLE deliveries ADD FOREIGN KEY (outbox_id) REFERENCES outbox ON DELETE CASCADE",
        ],
        "deliveries.foreign key outbox_id outbox id: the constraint is not the one",
    ),
    "bracket": (
        [
            "DROP INDEX ix_ledger_found_by_type",
            (
                'CREATE INDEX ix_ledger_found_by_type ON ledger (type, "index") WHERE'
                " (type = 'configuration_adopted' OR type = 'in_force_changed')"
                " AND (type = 'payloads_erased' OR type = 'stream_heads')"
            ),
        ],
        "ledger.ix_ledger_found_by_type: the index is not the one",
    ),
}


def test_on_postgresql_each_is_named(postgresql_url: str, tmp_path: Path) -> None:
    sample = postgresql_sample(tmp_path, postgresql_url, "schema_3")
    sample.open().close()
    with to(sample) as connection:
        for what, (statements, place) in POSTGRESQL.items():
            found = told(connection, *statements)
            assert any(each.startswith(place) for each in found), (what, found)
        assert told(connection) == []
        assert told(connection, QUICKER) == []


@pytest.mark.parametrize("what", ["foreign", "deletes"])
def test_nothing_is_written_where_a_foreign_key_may_delete(
    postgresql_url: str, tmp_path: Path, what: str
) -> None:
    found = postgresql_sample(tmp_path, postgresql_url, "schema_3")
    found.open().close()
    statements, place = POSTGRESQL[what]
    changed(found, *statements)
    with pytest.raises(DamagedDatabase, match=place):
        found.open()


CONDITIONS = st.recursive(
    st.sampled_from(["a", "b", "c", "a = b", "b < c"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" AND ", " OR ", " = ", " + "]), inner).map("".join),
        inner.map("({})".format),
        inner.map("NOT {}".format),
        inner.map("abs({})".format),
    ),
    max_leaves=6,
)


@given(one=CONDITIONS, other=CONDITIONS, unbracketed=st.booleans())
def test_conditions_of_the_same_words_say_the_same(one: str, other: str, unbracketed: bool) -> None:
    """`a AND (b OR c)` counted as `a AND b OR c`."""
    if unbracketed:
        other = one.replace("(", "", 1)[::-1].replace(")", "", 1)[::-1]
    with closing(sqlite3.connect(":memory:")) as database:
        try:
            told = [
                database.execute(
                    f"WITH t(v) AS (VALUES (0), (1), (2)) SELECT {each} FROM"
                    " (SELECT x.v AS a, y.v AS b, z.v AS c FROM t AS x, t AS y, t AS z ORDER BY 1, 2, 3)"
                ).fetchall()
                for each in (one, other, _condition(one))
            ]
        except sqlite3.OperationalError:
            assume(False)
    assert told[0] == told[2]
    assert _condition(one) != _condition(other) or told[0] == told[1]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("(id = 1)", "id = 1"),
        ("((type = 'a'::text) OR (type = 'b'::text))", "type = 'a' OR type='b'"),
        ('CREATE INDEX i ON t (a) WHERE (("a" IS NOT NULL))', "a IS NOT NULL"),
        ("(NOT (a = 1))", "NOT a = 1"),
    ],
)
def test_brackets_that_say_nothing_make_no_difference(one: str, other: str) -> None:
    assert _condition(one) == _condition(other)


def test_what_stands_in_a_text_is_no_bracket() -> None:
    assert _condition("a = '(b)'") != _condition("a = 'b'")


SQLITE = {
    "check": ("ledger_head", "CHECK (id = 1)", "CHECK (id <> 7)"),
    "no check": ("ledger_head", ", CONSTRAINT ck_ledger_head_one_row CHECK (id = 1)", ""),
    "more checks": ("heartbeats", "beat_at INTEGER", "beat_at INTEGER CHECK (beat_at > 0)"),
    "collation": ("heartbeats", "name TEXT", "name TEXT COLLATE NOCASE"),
    "default": ("runs", "outcome TEXT", "outcome TEXT DEFAULT 'passed'"),
    "null": ("heartbeats", "beat_at INTEGER NOT NULL", "beat_at INTEGER"),
    "conflict": ("heartbeats", "PRIMARY KEY (name)", "PRIMARY KEY (name) ON CONFLICT REPLACE"),
    "strict": ("heartbeats", " STRICT", ""),
}


@pytest.mark.parametrize("what", SQLITE)
def test_a_table_whose_statement_was_exchanged_is_named(tmp_path: Path, what: str) -> None:
    found = sqlite_sample(tmp_path, "schema_3")
    found.open().close()
    table, old, new = SQLITE[what]
    with to(found) as connection:
        ask = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :table"
        sql = " ".join(connection.execute(text(ask), {"table": table}).scalar_one().split())
        sql = sql.replace("( ", "(").replace(" )", ")")
        assert old in sql, sql
        connection.exec_driver_sql("PRAGMA writable_schema = ON")
        connection.execute(
            text("UPDATE sqlite_master SET sql = :sql WHERE type = 'table' AND name = :table"),
            {"sql": sql.replace(old, new), "table": table},
        )
        connection.exec_driver_sql("PRAGMA schema_version = 4711")
        connection.commit()
    with to(found) as connection:
        assert any(each.startswith(f"{table}") for each in told(connection)), sql
    asked = ["verify", "--database", found.url, "--public-key", str(found.public_key)]
    assert main(asked) == 1


def changed(sample: Sample, *statements: str) -> None:
    """Change the database as a stranger with its password would."""
    with to(sample) as connection:
        for statement in statements:
            connection.execute(text(statement))
        connection.commit()


def forging(sample: Sample, table: str) -> tuple[str, ...]:
    """Return what makes a trigger that fires when this table is written to."""
    if sample.url.startswith("sqlite"):
        return (
            f"CREATE TRIGGER forge AFTER UPDATE ON {table.upper()} BEGIN DELETE FROM ledger; END",
        )
    function, _ = POSTGRESQL["trigger"][0]
    trigger = f"CREATE TRIGGER forge AFTER UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION f()"
    return function, trigger


@pytest.mark.parametrize("table", ["ledger", "runs", "alembic_version"])
def test_a_trigger_is_refused_before_a_migration_fires_it(sample: Sample, table: str) -> None:
    changed(sample, *forging(sample, table))
    with pytest.raises(DamagedDatabase, match=rf"{table}\.forge: no trigger of Red Rabbit"):
        sample.open()
    with to(sample) as connection:
        version = connection.execute(text("SELECT version_num FROM alembic_version"))
        assert version.scalar_one() == "0001"


@pytest.mark.parametrize("table", ["ledger", "runs", "rebuilding"])
def test_a_trigger_is_refused_though_the_records_are_unfinished(
    brought_up: Sample, table: str
) -> None:
    with to(brought_up) as connection:
        records_must_be_rebuilt(connection)
        connection.commit()
    changed(brought_up, *forging(brought_up, table))
    with pytest.raises(DamagedDatabase, match=rf"{table}\.forge: no trigger of Red Rabbit"):
        brought_up.open()
    with pytest.raises(DamagedDatabase, match=rf"{table}\.forge: no trigger of Red Rabbit"):
        rebuild_database(brought_up.url, clock=SteadyClock(), public_key=brought_up.public_key)
    with to(brought_up) as connection:
        assert read_mark(connection) == (0, "")


@pytest.mark.parametrize("table", ["ledger", "runs"])
def test_a_changed_column_is_refused_though_the_records_are_unfinished(
    brought_up: Sample, table: str
) -> None:
    with to(brought_up) as connection:
        records_must_be_rebuilt(connection)
        connection.commit()
    changed(brought_up, f"ALTER TABLE {table} ADD COLUMN more TEXT")
    if table == "runs":
        brought_up.open().close()  # records are made again, and their tables with them
    else:
        with pytest.raises(DamagedDatabase, match=r"ledger\.more: no column of Red Rabbit"):
            brought_up.open()


def test_nothing_is_written_where_a_trigger_may_rewrite_it(brought_up: Sample) -> None:
    is_sqlite = brought_up.url.startswith("sqlite")
    with to(brought_up) as connection:
        if is_sqlite:
            trigger = "CREATE TRIGGER forge AFTER INSERT ON runs BEGIN DELETE FROM runs; END"
            connection.execute(text(trigger))
        else:
            for statement in POSTGRESQL["trigger"][0]:
                connection.execute(text(statement))
        connection.commit()
    with pytest.raises(
        DamagedDatabase, match=r"runs\.forge: no trigger of Red Rabbit.*take that back"
    ):
        brought_up.open()
    with to(brought_up) as connection:
        connection.execute(text(f"DROP TRIGGER forge{'' if is_sqlite else ' ON runs'}"))
        connection.execute(text("DROP INDEX ix_deliveries_waiting"))
        connection.commit()
    brought_up.open().close()  # that makes it slower, and rewrites nothing
    asked = ["verify", "--database", brought_up.url, "--public-key", str(brought_up.public_key)]
    assert main(asked) == 1

"""The schema that the migrations make is the one that the program believes in."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, inspect

from redrabbit.domain.records import TABLES
from redrabbit.services.errors import DamagedDatabase, DatabaseTooNew, StoreTrouble
from redrabbit.store import migrating, schema
from redrabbit.store.engine import parsed_url, writer_engine
from redrabbit.store.opening import open_database
from redrabbit.store.reading_database import open_for_reading
from redrabbit.store.tables import metadata
from tests.store.sample_database import Sample
from tests.stored import RECORDING, SteppingClock


@pytest.fixture(params=["migrate", "make_newest"])
def way(request: pytest.FixtureRequest) -> Callable[[Connection], None]:
    """Both ways to this program's tables: through all migrations, and at once where there are none."""
    found: Callable[[Connection], None] = getattr(migrating, request.param)
    return found


@pytest.fixture(params=["sqlite", "postgresql"])
def migrated(
    request: pytest.FixtureRequest, tmp_path: Path, way: Callable[[Connection], None]
) -> Iterator[Connection]:
    url = f"sqlite:///{tmp_path / 'plant.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql_url")
    engine = writer_engine(parsed_url(url), "rwc")
    with engine.begin() as connection:
        way(connection)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def test_the_migrations_make_exactly_the_tables_of_the_program(migrated: Connection) -> None:
    context = MigrationContext.configure(
        migrated, opts={"compare_type": True, "compare_server_default": True}
    )
    assert compare_metadata(context, metadata) == []


def test_a_new_database_is_made_as_the_migrations_make_it(tmp_path: Path) -> None:
    """It goes no way through all of them (`migrating.make_newest`)."""

    def made(path: Path, how: str) -> dict[str, str]:
        engine = writer_engine(parsed_url(f"sqlite:///{path}"), "rwc")
        with engine.begin() as connection:
            if how == "migrations":
                migrating.migrate(connection)
            else:
                migrating.make_newest(connection)
        with engine.connect() as connection:
            rows = connection.exec_driver_sql(
                'SELECT m.name, t.name, t.type, t."notnull", t.pk, l.strict'
                " FROM sqlite_master m JOIN pragma_table_xinfo(m.name) t"
                " JOIN pragma_table_list(m.name) l"
                " WHERE m.type = 'table' AND m.name <> 'sqlite_sequence'"
                " ORDER BY m.name, t.cid"
            ).all()
            indexes = connection.exec_driver_sql(
                "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'index' ORDER BY name"
            ).all()
            ask = "SELECT sql FROM sqlite_master WHERE name = 'alembic_version'"
            of_alembic = connection.exec_driver_sql(ask).scalar_one()
            versions = connection.exec_driver_sql("SELECT * FROM alembic_version").all()
        engine.dispose()
        assert rows
        strict = {row[0]: row[-1] for row in rows if row[0] != "alembic_version"}
        assert set(strict.values()) == {1}, "every table of ours is STRICT"
        return {
            "columns": repr(rows),
            "indexes": repr(indexes),
            "alembic_version": of_alembic,
            "versions": repr(versions),
        }

    assert made(tmp_path / "a.db", "migrations") == made(tmp_path / "b.db", "tables")


COLUMNS = (
    "SELECT table_name, column_name, data_type, character_maximum_length, is_nullable, column_default, collation_name,"
    " is_identity FROM information_schema.columns WHERE table_schema = 'public'"
)
CONSTRAINTS = (
    "SELECT conrelid::regclass, conname, pg_get_constraintdef(oid) FROM pg_constraint"
    " WHERE connamespace = 'public'::regnamespace"
)
OF_INDEXES = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'"


def indexes_of(connection: Connection) -> dict[str, tuple[list[str | None], str | None]]:
    """Return the columns of each index of ours, and the condition of a partial one."""
    where = f"{connection.dialect.name}_where"
    found = inspect(connection)
    return {
        str(index["name"]): (index["column_names"], _plain(index["dialect_options"].get(where)))
        for table in metadata.tables
        for index in found.get_indexes(table)
        if not index.get("duplicates_constraint") and not index["unique"]
    }


def _plain(condition: object) -> str | None:
    """Return a condition without what PostgreSQL adds to it."""
    return None if condition is None else re.sub(r"::text|[()]", "", str(condition))


def declared_indexes(dialect: str) -> dict[str, tuple[list[str], str | None]]:
    return {
        str(index.name): (
            [column.name for column in index.columns],
            _plain(index.dialect_options[dialect].get("where")),
        )
        for table in metadata.tables.values()
        for index in table.indexes
    }


def test_every_index_is_made_with_its_condition(migrated: Connection) -> None:
    """Alembic compares neither conditions nor, in all databases, columns; pages rely on both (B30)."""
    assert indexes_of(migrated) == declared_indexes(migrated.dialect.name)


def test_a_sample_that_was_opened_has_every_index(later_sample: tuple[str, Sample]) -> None:
    sample = later_sample[1]
    sample.open().close()
    engine = create_engine(parsed_url(sample.url))
    with engine.connect() as connection:
        assert indexes_of(connection) == declared_indexes(connection.dialect.name)
    engine.dispose()


def test_the_versions_that_readers_know_are_those_of_the_migrations() -> None:
    """Read from file names, because asking Alembic takes a reader longer than its reading."""
    scripts = ScriptDirectory.from_config(migrating.alembic_config())
    newest_first = [script.revision for script in scripts.walk_revisions()]
    assert list(schema.known_versions()) == newest_first[::-1]
    assert schema.newest_version() == scripts.get_current_head()


def test_a_new_database_of_postgresql_is_made_as_the_migrations_make_it(
    postgresql_url: str,
) -> None:
    """Columns with their types, defaults and collations; keys, constraints and indexes."""
    engine = create_engine(parsed_url(postgresql_url))
    told = []
    for way in (migrating.migrate, migrating.make_newest):
        with engine.connect() as connection, connection.begin() as transaction:
            way(connection)
            told.append(
                [
                    sorted(map(repr, connection.exec_driver_sql(ask).all()))
                    for ask in (COLUMNS, CONSTRAINTS, OF_INDEXES, "SELECT * FROM alembic_version")
                ]
            )
            transaction.rollback()
    engine.dispose()
    assert all(told[0])
    assert told[0] == told[1]


def test_every_kind_of_record_has_its_table(migrated: Connection) -> None:
    assert set(TABLES.values()) <= set(inspect(migrated).get_table_names())


def test_going_back_is_refused(migrated: Connection) -> None:
    with pytest.raises(NotImplementedError, match="never thrown away"):
        command.downgrade(migrating.alembic_config(migrated), "base")


@contextmanager
def _changed(path: Path, sql: str) -> Iterator[str]:
    url = f"sqlite:///{path}"
    open_database(url, plant="Plant 1", clock=SteppingClock(), recording=RECORDING).close()
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql(sql)
    engine.dispose()
    yield url


def _open_to_write(url: str) -> None:
    open_database(url, plant="Plant 1", clock=SteppingClock(), recording=RECORDING)


@pytest.mark.parametrize("open_it", [_open_to_write, open_for_reading], ids=["to write", "to read"])
@pytest.mark.parametrize(
    ("sql", "error", "words"),
    [
        pytest.param(
            "UPDATE alembic_version SET version_num = '9999'",
            DatabaseTooNew,
            "schema version 9999.*newer program",
            id="newer than the program",
        ),
        pytest.param(
            "DELETE FROM alembic_version", DamagedDatabase, "which version", id="version lost"
        ),
        pytest.param("DROP TABLE pauses", DamagedDatabase, "pauses", id="table lost"),
    ],
)
def test_a_schema_that_is_not_ours_is_refused(
    tmp_path: Path,
    open_it: Callable[[str], object],
    sql: str,
    error: type[StoreTrouble],
    words: str,
) -> None:
    with _changed(tmp_path / "plant.db", sql) as url, pytest.raises(error, match=words):
        open_it(url)


def test_a_lost_column_is_damage_and_no_traceback(tmp_path: Path) -> None:
    sql = "ALTER TABLE pauses DROP COLUMN reason_text"
    with (
        _changed(tmp_path / "plant.db", sql) as url,
        pytest.raises(DamagedDatabase, match=r"columns are gone: pauses.reason_text"),
    ):
        _open_to_write(url)

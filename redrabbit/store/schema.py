"""The schema's version: what the database has, and what this program needs.

Only the writer migrates (`redrabbit.store.migrating`). Readers refuse an older schema, and
everybody refuses a newer one: nothing is guessed about tables that this program has never seen.
Versions are read from the names of the migrations, `0001_first_schema.py`, because asking Alembic
takes a reader longer than all of its reading.
"""

from pathlib import Path

from sqlalchemy import (
    Column,
    Connection,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    insert,
    inspect,
    select,
)

from redrabbit.base.sentence import sentence
from redrabbit.services.errors import DamagedDatabase, DatabaseTooNew, StoreTrouble
from redrabbit.store.engine import translated
from redrabbit.store.tables import LEDGER_HEAD, metadata

VERSIONS = Path(__file__).parent / "migrations" / "versions"
_VERSION = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
"""Alembic's own table, as Alembic makes it."""


def known_versions() -> tuple[str, ...]:
    """Return the versions that this program knows, the newest last."""
    return tuple(sorted(path.name.partition("_")[0] for path in VERSIONS.glob("[0-9]*_*.py")))


def newest_version() -> str:
    """Return the version that this program writes."""
    return known_versions()[-1]


def say_newest_version(connection: Connection) -> None:
    """Say in a database that was just made that it has the version that this program writes."""
    _VERSION.create(connection)
    connection.execute(insert(_VERSION).values(version_num=newest_version()))


def is_empty(connection: Connection) -> bool:
    """Return whether the database has no tables of ours yet."""
    with translated("reading the schema"):
        found = set(inspect(connection).get_table_names())
    return not found & {"alembic_version", LEDGER_HEAD.name}


def refuse_unknown_version(connection: Connection) -> bool:
    """Return whether migrations are missing; raise if the database is newer, or not ours."""
    with translated("reading the schema"):
        versions = _versions_of(connection)
    known = known_versions()
    if not versions:
        raise DamagedDatabase(
            sentence("the database doesn't say which version of the schema it has")
        )
    strange = [version for version in versions if version not in known]
    if strange:
        raise DatabaseTooNew(
            sentence(
                "the database has schema version {strange}; this program knows versions up to {newest_version}. "
                "Start the newer program that wrote it",
                strange=strange[0],
                newest_version=newest_version(),
            )
        )
    return versions != [newest_version()]


def refuse_lost_tables(connection: Connection) -> None:
    """Raise if any table of ours is gone, or any of their columns."""
    with translated("reading the schema"):
        found = inspect(connection)
        missing = sorted(set(metadata.tables) - set(found.get_table_names()))
        if missing:
            raise DamagedDatabase(
                sentence("tables are gone: {missing}", missing=", ".join(missing))
            )
        columns = found.get_multi_columns(filter_names=list(metadata.tables))
        there = {name: {each["name"] for each in told} for (_, name), told in columns.items()}
        lost = [
            f"{table.name}.{column}"
            for table in metadata.sorted_tables
            for column in sorted(set(table.columns.keys()) - there[table.name])
        ]
    if lost:
        raise DamagedDatabase(sentence("columns are gone: {lost}", lost=", ".join(lost)))


def refuse_old_version(connection: Connection) -> None:
    """Raise unless the schema is exactly this program's."""
    if refuse_unknown_version(connection):
        raise StoreTrouble(
            sentence(
                "the database has an older schema; start `redrabbit serve` on it once to bring it up"
            )
        )


def _versions_of(connection: Connection) -> list[str]:
    if _VERSION.name not in inspect(connection).get_table_names():
        return []
    return list(connection.execute(select(_VERSION.c.version_num)).scalars())

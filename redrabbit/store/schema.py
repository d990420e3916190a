"""The schema's version: what the database has, what this program needs, and the way there.

Only the writer migrates. Readers refuse an older schema, and everybody refuses a newer one:
nothing is guessed about tables that this program has never seen.
"""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from redrabbit.services.errors import DamagedDatabase, DatabaseTooNew, StoreTrouble
from redrabbit.store.engine import translated
from redrabbit.store.tables import LEDGER_HEAD, metadata


def alembic_config(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration: migrations from the package, run on this connection."""
    config = Config()
    config.set_main_option("script_location", "redrabbit.store:migrations")
    config.set_main_option("path_separator", "os")
    if connection is not None:
        config.attributes["connection"] = connection
    return config


def newest_version() -> str:
    """Return the version that this program writes."""
    return str(ScriptDirectory.from_config(alembic_config()).get_current_head())


def is_empty(connection: Connection) -> bool:
    """Return whether the database has no tables of ours yet."""
    with translated("reading the schema"):
        found = set(inspect(connection).get_table_names())
    return not found & {"alembic_version", LEDGER_HEAD.name}


def refuse_unknown_version(connection: Connection) -> bool:
    """Return whether migrations are missing; raise if the database is newer, or not ours."""
    with translated("reading the schema"):
        versions = MigrationContext.configure(connection).get_current_heads()
    known = {script.revision for script in _scripts().walk_revisions()}
    if not versions:
        raise DamagedDatabase("the database doesn't say which version of the schema it has")
    strange = [version for version in versions if version not in known]
    if strange:
        raise DatabaseTooNew(
            f"the database has schema version {strange[0]}; this program knows versions up to "
            f"{newest_version()}. Start the newer program that wrote it"
        )
    return versions != (newest_version(),)


def refuse_lost_tables(connection: Connection) -> None:
    """Raise if any table of ours is gone."""
    with translated("reading the schema"):
        found = inspect(connection).get_table_names()
    missing = sorted(set(metadata.tables) - set(found))
    if missing:
        raise DamagedDatabase(f"tables are gone: {', '.join(missing)}")


def refuse_old_version(connection: Connection) -> None:
    """Raise unless the schema is exactly this program's."""
    if refuse_unknown_version(connection):
        raise StoreTrouble(
            "the database has an older schema; start `redrabbit serve` on it once to bring it up"
        )


def migrate(connection: Connection) -> None:
    """Bring the schema to this program's version, within the caller's transaction."""
    with translated("migrating the schema"):
        command.upgrade(alembic_config(connection), "head")


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(alembic_config())

"""The way to this program's schema, by Alembic's migrations; only whoever writes goes it."""

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from redrabbit.store import schema
from redrabbit.store.engine import translated
from redrabbit.store.tables import metadata


def alembic_config(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration: migrations from the package, run on this connection."""
    config = Config()
    config.set_main_option("script_location", "redrabbit.store:migrations")
    config.set_main_option("path_separator", "os")
    if connection is not None:
        config.attributes["connection"] = connection
    return config


def migrate(connection: Connection) -> None:
    """Bring the schema to this program's version, within the caller's transaction."""
    with translated("migrating the schema"):
        command.upgrade(alembic_config(connection), "head")


def make_newest(connection: Connection) -> None:
    """Make the tables of this program where there are none, within the caller's transaction.

    They are those that all migrations make one after the other, in a third of the time; `tests/store/test_schema.py`
    compares them.
    """
    with translated("making the schema"):
        metadata.create_all(connection)
        schema.say_newest_version(connection)

"""Whether the tables of a database are ours, and whether SQLite's own pages are whole.

Who verifies a stranger's file runs what the stranger put into its schema: a view in place of a
table, an index over an expression, a column that is computed may never come to an end. So only
true tables are read, and SQLite checks its pages in full only where nothing was added to them.
"""

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, Table, inspect

from redrabbit.domain.findings import Finding
from redrabbit.services.errors import DamagedDatabase
from redrabbit.store import schema
from redrabbit.store.engine import translated

_ADDED = "SELECT type, name, tbl_name FROM sqlite_master WHERE type IN ('index', 'trigger')"
_COMPUTED = "SELECT name FROM pragma_table_xinfo(?) WHERE hidden <> 0"


def true_tables(connection: Connection) -> frozenset[str]:
    """Return the names of all tables; a view is none."""
    with translated("reading the schema"):
        return frozenset(inspect(connection).get_table_names())


def lost_tables(connection: Connection) -> Iterator[Finding]:
    """Yield a finding if any table of ours is gone."""
    try:
        schema.refuse_lost_tables(connection)
    except DamagedDatabase as error:
        yield Finding(code="file_torn", place="file", params={"problem": str(error)})


def torn_pages(
    connection: Connection, tables: Iterable[Table], *, is_older: bool = False
) -> Iterator[Finding]:
    """Yield what was added to these tables of an SQLite file, and what SQLite says of its pages.

    What belongs to an older schema is not known here, so nothing of it is called added.
    """
    if connection.dialect.name != "sqlite":
        return
    ours = {table.name: table for table in tables}
    try:
        with translated("checking the file"):
            added = () if is_older else tuple(_added(connection, ours))
            # An index over an expression is evaluated by the full check, a CHECK by both.
            connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
            checks = [f'quick_check("{name}")' for name in ours]
            if not added and not is_older:
                checks = ["integrity_check"]
            told = [
                problem
                for check in checks
                for problem in connection.exec_driver_sql(f"PRAGMA {check}").scalars()
            ]
    except DamagedDatabase as error:
        yield Finding(code="file_torn", place="file", params={"problem": str(error)})
        return
    yield from added
    for problem in [each for each in told if each != "ok"][:5]:
        words = " ".join(str(problem).split())
        yield Finding(code="file_torn", place="file", params={"problem": words})


def _added(connection: Connection, ours: dict[str, Table]) -> Iterator[Finding]:
    made = {index.name for table in ours.values() for index in table.indexes}
    for kind, name, table in connection.exec_driver_sql(_ADDED):
        if table in ours and name not in made and not name.startswith("sqlite_autoindex_"):
            yield Finding(code="object_extra", place=f"{table}.{name}", params={"kind": kind})
    for table in ours:
        for name in connection.exec_driver_sql(_COMPUTED, (table,)).scalars():
            yield Finding(code="object_extra", place=f"{table}.{name}", params={"kind": "column"})

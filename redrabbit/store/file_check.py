"""Whether the tables of a database are ours, and whether SQLite's own pages are whole.

Who verifies a stranger's file runs what the stranger put into its schema: a view in place of a
table, an index over an expression, a column that is computed may never come to an end. So only
true tables are read, and SQLite checks its pages in full only where nothing in their schema was changed.
"""

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, Table

from redrabbit.domain.findings import Finding
from redrabbit.services.errors import DamagedDatabase
from redrabbit.store import schema
from redrabbit.store.engine import translated
from redrabbit.store.schema_objects import schema_findings


def lost_tables(connection: Connection) -> Iterator[Finding]:
    """Yield a finding if any table of ours is gone."""
    try:
        schema.refuse_lost_tables(connection)
    except DamagedDatabase as error:
        yield Finding(code="file_torn", place="file", params={"problem": str(error)})


def torn_pages(
    connection: Connection, tables: Iterable[Table], *, is_older: bool = False
) -> Iterator[Finding]:
    """Yield what was changed in the schema of these tables, and what SQLite says of its pages.

    What belongs to an older schema is not known here, so nothing of it is called changed.
    """
    names = [table.name for table in tables]
    try:
        changed = () if is_older else tuple(schema_findings(connection, names))
        told = _told(connection, names, is_whole=not changed and not is_older)
    except DamagedDatabase as error:
        yield Finding(code="file_torn", place="file", params={"problem": str(error)})
        return
    yield from changed
    for problem in [each for each in told if each != "ok"][:5]:
        words = " ".join(str(problem).split())
        yield Finding(code="file_torn", place="file", params={"problem": words})


def _told(connection: Connection, names: Iterable[str], *, is_whole: bool) -> list[object]:
    """Return what SQLite says of its file; where something was changed, only of what it need not evaluate."""
    if connection.dialect.name != "sqlite":
        return []
    with translated("checking the file"):
        # An index over an expression is evaluated by the full check, a CHECK by both.
        connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
        checks = ["integrity_check"] if is_whole else [f'quick_check("{name}")' for name in names]
        return [
            problem
            for check in checks
            for problem in connection.exec_driver_sql(f"PRAGMA {check}").scalars()
        ]

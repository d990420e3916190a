"""Whether the tables of a database are ours, and whether SQLite's own pages are whole.

Who verifies a stranger's file runs what the stranger put into its schema: a view in place of a
table, an index over an expression, a column that is computed may never come to an end. So only
true tables are read, and SQLite checks its pages in full only where nothing in their schema was changed.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, Table

from redrabbit.base.sentence import sentence
from redrabbit.domain.findings import Finding
from redrabbit.services.errors import DamagedDatabase, StoreTrouble, TornDatabase
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
        checks = [_WHOLE] if not changed and not is_older else [_OF_TABLE.format(n) for n in names]
        problems = _problems(connection, checks)
    except DamagedDatabase as error:
        yield Finding(code="file_torn", place="file", params={"problem": str(error)})
        return
    yield from changed
    for problem in problems:
        yield Finding(code="file_torn", place="file", params={"problem": problem})


def refuse_torn_pages(connection: Connection, most_pages: int) -> None:
    """Raise DamagedDatabase for what SQLite says of its pages, indexes and column types, if they are not more.

    Whoever opens a database for writing trusts its schema: an index over an expression is evaluated with each row.
    """
    if connection.dialect.name != "sqlite":
        return
    with translated("checking the file"):
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    problems = _problems(connection, [_WHOLE]) if pages <= most_pages else []
    with translated("checking the file"):
        connection.rollback()
    if problems:
        raise DamagedDatabase(
            sentence("the file is torn: {problems}", problems="; ".join(problems))
        )


STEPS: Final = 100_000
"""Of SQLite's virtual machine, between two questions whether it may go on: some milliseconds."""


def refuse_torn_in_time(connection: Connection, is_over: Callable[[], bool]) -> None:
    """Raise TornDatabase for what SQLite says of its pages, until the time for it is over; nothing on PostgreSQL."""
    if connection.dialect.name != "sqlite":
        return
    try:
        with ended_when(connection, is_over):
            problems = _problems(connection, [_WHOLE])
    except StoreTrouble as trouble:
        if isinstance(trouble, DamagedDatabase) or not is_over():
            raise
        problems = []
    if problems:
        raise TornDatabase(sentence("the file is torn: {problems}", problems="; ".join(problems)))


@contextmanager
def ended_when(connection: Connection, is_over: Callable[[], bool]) -> Iterator[None]:
    """Let SQLite ask every some milliseconds whether it is over: then what it does ends in StoreTrouble."""
    if connection.dialect.name != "sqlite":
        yield
        return
    driver: Any = connection.connection.driver_connection
    driver.set_progress_handler(is_over, STEPS)
    try:
        yield
    finally:
        driver.set_progress_handler(None, 0)


_WHOLE: Final = "integrity_check"
_OF_TABLE: Final = 'quick_check("{}")'
"""Where something was changed: an index over an expression is evaluated by the full check, a CHECK by both."""
_CHECKS: Final = "PRAGMA ignore_check_constraints ="


def _problems(connection: Connection, checks: Iterable[str]) -> list[str]:
    """Return the first few things that SQLite says of its file; on PostgreSQL nothing."""
    if connection.dialect.name != "sqlite":
        return []
    with translated("checking the file"):
        connection.exec_driver_sql(f"{_CHECKS} ON")
        try:
            told = [
                " ".join(str(problem).split())
                for check in checks
                for problem in connection.exec_driver_sql(f"PRAGMA {check}").scalars()
            ]
        finally:
            connection.exec_driver_sql(f"{_CHECKS} OFF")  # else whoever writes next is not checked
    return [problem for problem in told if problem != "ok"][:5]

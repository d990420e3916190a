"""All rows of the record tables, added up as they are kept: what every opening lays beside the signed sum (D26)."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, Table, select, type_coerce
from sqlalchemy.dialects import sqlite
from sqlalchemy.types import NullType

from redrabbit.domain.row_sum import RowKey, Values
from redrabbit.services.opening_progress import Opening, OpeningProgress
from redrabbit.store.engine import translated
from redrabbit.store.tables import RECORD_TABLES

AT_ONCE: Final = 1000
"""Rows fetched at a time, so that ten years need no more memory than a day."""


def sum_of_rows(connection: Connection, key: RowKey, progress: OpeningProgress) -> int:
    """Return the sum of all rows of all record tables; DamagedDatabase where one can't be read.

    Rows come in whatever order the database has them: so each is read once, and none through an index.
    """
    total = 0
    for place, (kind, table) in enumerate(RECORD_TABLES.items()):
        read = _from_file if connection.dialect.name == "sqlite" else _from_server
        for rows in read(connection, kind):
            progress.note(Opening.ROWS, place, len(RECORD_TABLES))
            total += key.total(table.name, rows)
    return total


def _from_file(connection: Connection, kind: type[Any]) -> Iterator[Iterable[Values]]:
    """Yield rows as SQLite's own driver gives them, in half the time."""
    with translated(f"reading {RECORD_TABLES[kind].name}"):
        asked = _asked_of_files()[kind]
        with closing(connection.connection.cursor()) as cursor:
            cursor.execute(asked)
            while rows := cursor.fetchmany(AT_ONCE):
                yield rows


def _from_server(connection: Connection, kind: type[Any]) -> Iterator[Iterable[Values]]:
    with (
        translated(f"reading {RECORD_TABLES[kind].name}"),
        connection.execute(_ASKED[kind], execution_options={"yield_per": AT_ONCE}) as found,
    ):
        for rows in found.partitions():
            yield map(_as_in_a_file, rows)


def _as_in_a_file(row: Row[Any]) -> Values:
    """Return a row of PostgreSQL as SQLite would give it: 1 for true, and 0.0 for -0.0."""
    return tuple(
        int(value) if value is True or value is False else _positive(value) for value in row
    )


def _positive(value: Any) -> Any:
    return value + 0.0 if type(value) is float else value


def _all_of(table: Table) -> Select[Any]:
    columns: list[Any] = [type_coerce(each, NullType()).label(each.name) for each in table.columns]
    return select(*columns)


_ASKED = {kind: _all_of(table) for kind, table in RECORD_TABLES.items()}


@cache
def _asked_of_files() -> Mapping[type[Any], str]:
    return {kind: str(asked.compile(dialect=sqlite.dialect())) for kind, asked in _ASKED.items()}

"""Rows as they were found, whatever somebody left in them: what verification reads.

A value that no column of ours can hold stays what it is, so that a finding can show it.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Column, Connection, Select, Table, inspect, select, type_coerce
from sqlalchemy.types import NullType, TypeDecorator

from redrabbit.base.sentence import sentence
from redrabbit.domain.findings import Finding
from redrabbit.services.errors import DamagedDatabase, StoreTrouble
from redrabbit.store.engine import translated
from redrabbit.store.schema_objects import true_tables
from redrabbit.store.tables import (
    ACTS,
    BLOBS,
    LEDGER,
    LEDGER_HEAD,
    RECORD_DIGESTS,
    RECORD_TABLES,
    STATED_NAMES,
)

AT_ONCE = 1000
"""Rows fetched at a time, so that a ledger of ten years needs no more memory than one of a day."""


class FoundRows:
    """Hands over tables row by row, as found."""

    def __init__(
        self, connection: Connection, *, older: bool = False, beside: bool = False
    ) -> None:
        """Read through this connection.

        `older`: of an older schema, so that the ledger's tables may have fewer columns. `beside`: beside a
        service, where a database that goes away is no damage, and comes out as StoreTrouble.
        """
        self._caught = DamagedDatabase if beside else StoreTrouble
        self.unreadable: list[Finding] = []
        """Tables that could not be read to their end."""
        self._connection = connection
        self._true_tables = true_tables(connection)
        self._as_found = dict(_AS_FOUND)
        if older:
            for table in (LEDGER, LEDGER_HEAD):
                there = columns_there(connection, table)
                self._as_found[table.name] = as_found(table, there)

    def of(self, table: Table) -> Iterator[dict[str, object]]:
        """Yield rows as far as the table can be read."""
        return self._read(table, self._as_found[table.name])

    def _read(self, table: Table, asked: Select[Any]) -> Iterator[dict[str, object]]:
        options = {"yield_per": AT_ONCE}
        try:
            if table.name not in self._true_tables:  # a view in its place may never end
                raise DamagedDatabase(sentence("there is no such table"))
            with (
                translated("reading"),
                self._connection.execute(asked, execution_options=options) as found,
            ):
                names = tuple(found.keys())
                types = [(name, table.columns[name].type) for name in names]
                read = [(name, type_) for name, type_ in types if isinstance(type_, TypeDecorator)]
                for row in found:
                    values: dict[str, object] = dict(zip(names, row, strict=True))
                    for name, type_ in read:
                        values[name] = self._value(type_, values[name])
                    yield values
        except self._caught as error:
            params = {"problem": str(error)}
            self.unreadable.append(
                Finding(code="table_unreadable", place=table.name, params=params)
            )

    def entries(self, first: int, limit: int) -> Iterator[dict[str, object]]:
        """Yield some rows of the ledger, from an index on, as far as they can be read.

        From the first one on with those that lie before it, where none belongs.
        """
        asked = self._as_found[LEDGER.name].limit(limit)
        if first:
            asked = asked.where(LEDGER.c.index >= first)
        return self._read(LEDGER, asked)

    def told(self) -> Iterator[dict[str, object]]:
        """Yield what is kept of each entry, without what repeats it in columns."""
        return self._read(LEDGER, _TOLD)

    def _value(self, type_: TypeDecorator[Any], value: object) -> object:
        """Return the value as records have it, or as it was found if that can't be."""
        try:
            read: object = type_.process_result_value(value, self._connection.dialect)
        except (TypeError, ValueError):
            return value
        return read


def as_found(table: Table, columns: Iterable[Column[Any]] | None = None) -> Select[Any]:
    """Select columns, all unless said, without turning them into what they should be."""
    chosen = table.columns if columns is None else columns
    found: list[Any] = [type_coerce(each, NullType()).label(each.name) for each in chosen]
    return select(*found).order_by(*table.primary_key.columns)


def columns_there(connection: Connection, table: Table) -> list[Column[Any]]:
    """Return the table's columns that an older schema has, too."""
    with translated("reading the schema"):
        there = {found["name"] for found in inspect(connection).get_columns(table.name)}
    return [column for column in table.columns if column.name in there]


_VERIFIED = (
    LEDGER,
    LEDGER_HEAD,
    RECORD_DIGESTS,
    STATED_NAMES,
    BLOBS,
    ACTS,
    *RECORD_TABLES.values(),
)

_AS_FOUND = {table.name: as_found(table) for table in _VERIFIED}
_TOLD = as_found(LEDGER, (LEDGER.c.index, LEDGER.c.raw, LEDGER.c.salt, LEDGER.c.payload))


@contextmanager
def lenient_text(connection: Connection) -> Iterator[None]:
    """Let SQLite hand over text that is not UTF-8 as bytes, instead of giving up on the table."""
    driver: Any = connection.connection.dbapi_connection
    if not isinstance(driver, sqlite3.Connection):
        yield
        return
    driver.text_factory = _decoded
    try:
        yield
    finally:
        driver.text_factory = str


def _decoded(text: bytes) -> str | bytes:
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        return text

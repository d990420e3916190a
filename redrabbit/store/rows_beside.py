"""Rows that prove who somebody is, as they are kept: read by key or by fields that are equal (decision 0039).

Under no seal (decision 0036): no entry tells them. Whoever can write to the database can also put another digest there; what they do
with it is then signed with the name of that person, as it is where they put an act into the database. So a database is for its service only.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Insert, Select, Table, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from redrabbit.domain.beside import B, Beside
from redrabbit.store.engine import translated
from redrabbit.store.tables import BESIDE_TABLES, metadata
from redrabbit.store.types import enumeration, field_types


def one(connection: Connection, kind: type[B], key: tuple[str, ...]) -> B | None:
    """Return the row with this key, or None."""
    found = some(connection, kind, dict(zip(kind.KEY, key, strict=True)))
    return found[0] if found else None


def some(connection: Connection, kind: type[B], same: Mapping[str, object]) -> Sequence[B]:
    """Return the rows in which these fields are so, by key."""
    with translated(f"reading {kind.TABLE}"):
        rows = connection.execute(_found(kind.TABLE, tuple(same)), dict(same)).all()
        return [_row_of(kind, dict(row._mapping)) for row in rows]  # noqa: SLF001  SQLAlchemy's public name for a row as a mapping


def keep(connection: Connection, row: Beside) -> None:
    """Keep a row in place of the one with its key."""
    values = {name: getattr(row, name) for name in field_types(type(row))}
    with translated(f"writing {row.TABLE}"):
        connection.execute(_put(row.TABLE, connection.dialect.name), values)


def forget(connection: Connection, kind: type[Beside], same: Mapping[str, object]) -> None:
    """Forget the rows in which these fields are so."""
    gone = delete(BESIDE_TABLES[kind]).where(*_conditions(BESIDE_TABLES[kind], tuple(same)))
    with translated(f"writing {kind.TABLE}"):
        connection.execute(gone, dict(same))


@cache
def _found(name: str, fields: tuple[str, ...]) -> Select[Any]:
    table = metadata.tables[name]
    found = select(table).where(*_conditions(table, fields))
    return found.order_by(*table.primary_key.columns)


def _conditions(table: Table, fields: tuple[str, ...]) -> list[ColumnElement[bool]]:
    return [table.c[field] == bindparam(field) for field in fields]


@cache
def _put(name: str, dialect: str) -> Insert:
    table = metadata.tables[name]
    keys = [column.name for column in table.primary_key.columns]
    put = sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
    changed = {each: put.excluded[each] for each in table.c.keys() if each not in keys}  # noqa: SIM118  because a ColumnCollection iterates over columns
    return put.on_conflict_do_update(index_elements=keys, set_=changed)


def _row_of(kind: type[B], values: dict[str, Any]) -> B:
    for name, (type_, _) in field_types(kind).items():
        words = enumeration(type_)
        if words is not None and values[name] is not None:
            values[name] = words(values[name])
    return kind(**values)

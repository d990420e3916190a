"""The `Reader` port over one connection: what both readers and the writer's commands ask with."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Column, Connection, Select, UnaryExpression, bindparam, func, select

from redrabbit.domain.ledger import Entry
from redrabbit.domain.records import KEYS, Record
from redrabbit.services.ports import LedgerHead, Where
from redrabbit.store import ledger, outbox
from redrabbit.store.engine import translated
from redrabbit.store.rows import condition, known, record_of
from redrabbit.store.tables import HEARTBEATS, RECORD_TABLES

R = TypeVar("R", bound=Record)


class SqlReader:
    """Reads records through a connection, within whatever transaction it is in."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, kind: type[R], *key: str | int) -> R | None:
        """Return the record with this key, or None."""
        with translated(_reading(kind)):
            row = self._connection.execute(_BY_KEY[kind], _key_values(kind, key)).one_or_none()
            return None if row is None else record_of(kind, row)

    def find(
        self,
        kind: type[R],
        *where: Where,
        order_by: str | None = None,
        descending: bool = False,
        limit: int | None = None,
    ) -> list[R]:
        """Return the records that meet every condition, by key unless `order_by` says else.

        What is equal in `order_by` comes by key; None comes before any value; `descending` turns
        the whole order round.
        """
        asked = _ALL[kind].where(*(condition(kind, each) for each in where))
        asked = asked.order_by(*_order(kind, order_by, descending)).limit(limit)
        with translated(_reading(kind)):
            rows = self._connection.execute(asked).all()
            return [record_of(kind, row) for row in rows]

    def count(self, kind: type[Record], *where: Where) -> int:
        """Return how many records meet every condition."""
        asked = select(func.count()).select_from(RECORD_TABLES[kind])
        asked = asked.where(*(condition(kind, each) for each in where))
        with translated(_reading(kind)):
            return self._connection.execute(asked).scalar_one()

    def entries(self, first: int = 0, limit: int | None = None) -> Sequence[Entry]:
        """Return ledger entries from an index on, in order."""
        return ledger.entry_rows(self._connection, first, limit)

    def raw_entry(self, index: int) -> bytes:
        """Return one entry's canonical bytes; KeyError if there is none."""
        return ledger.raw_entry(self._connection, index)

    def leaf_hashes(self) -> Sequence[bytes]:
        """Return the leaf hashes of the whole log, in order."""
        return ledger.leaf_hashes(self._connection)

    def head(self) -> LedgerHead:
        """Return size, root and signed checkpoint, as last committed."""
        return ledger.read_head(self._connection)

    def pending_deliveries(self, now: datetime, limit: int) -> list[outbox.Delivery]:
        """Return deliveries that are due, oldest message first."""
        return outbox.pending(self._connection, now, limit)

    def heartbeats(self) -> dict[str, datetime]:
        """Return when each part of the service was last alive."""
        with translated("reading heartbeats"):
            rows = self._connection.execute(select(HEARTBEATS).order_by(HEARTBEATS.c.name)).all()
        return {row.name: row.beat_at for row in rows}


def _reading(kind: type[Any]) -> str:
    return f"reading {RECORD_TABLES[kind].name}"


_ALL: dict[type[Any], Select[Any]] = {kind: select(table) for kind, table in RECORD_TABLES.items()}

_BY_KEY: dict[type[Any], Select[Any]] = {
    kind: _ALL[kind].where(*(table.c[name] == bindparam(name) for name in KEYS[kind]))
    for kind, table in RECORD_TABLES.items()
}


def _key_values(kind: type[Any], key: tuple[str | int, ...]) -> dict[str, str | int]:
    return dict(zip(KEYS[kind], key, strict=True))


def _order(
    kind: type[Any], order_by: str | None, descending: bool
) -> list[Column[Any] | UnaryExpression[Any]]:
    if order_by is not None:
        known(kind, order_by)
    names = dict.fromkeys((order_by, *KEYS[kind]) if order_by else KEYS[kind])
    columns = [RECORD_TABLES[kind].c[name] for name in names]
    if descending:
        return [c.desc().nulls_last() if c.nullable else c.desc() for c in columns]
    return [c.asc().nulls_first() if c.nullable else c for c in columns]

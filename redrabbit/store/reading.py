"""The `Reader` port over one connection: what both readers and the writer's commands ask with."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Select,
    UnaryExpression,
    bindparam,
    func,
    select,
)

from redrabbit.base.sentence import sentence
from redrabbit.domain.beside import B
from redrabbit.domain.erasable import StatedName
from redrabbit.domain.export_format import Period
from redrabbit.domain.ledger import Entry, StoredEntry
from redrabbit.domain.records import KEYS, KINDS, Record
from redrabbit.domain.signed_note import NoteVerifier
from redrabbit.services.deliveries import (
    CheckpointsSent,
    MessageFate,
    MessagesWaiting,
    ParkedMessage,
)
from redrabbit.services.errors import KeyMissing
from redrabbit.services.ports import KeptAct, KeptCycles, LedgerHead, Where
from redrabbit.store import aside, ledger, outbox, rows_beside
from redrabbit.store.engine import translated
from redrabbit.store.rows import Asked, asked, condition, known, order_of, record_of
from redrabbit.store.tables import HEARTBEATS, RECORD_TABLES

R = TypeVar("R", bound=Record)


class SqlReader:
    """Reads records through a connection, within whatever transaction it is in."""

    def __init__(self, connection: Connection, verifier: NoteVerifier | None = None) -> None:
        self._connection = connection
        self._verifier = verifier
        """Of the log's key; None for a reader that asks for no act."""

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
        statement = _found(
            RECORD_TABLES[kind].name, tuple(map(asked, where)), order_by, descending, limit
        )
        with translated(_reading(kind)):
            rows = self._connection.execute(statement, _values(where)).all()
            return [record_of(kind, row) for row in rows]

    def count(self, kind: type[Record], *where: Where) -> int:
        """Return how many records meet every condition."""
        statement = _counted(RECORD_TABLES[kind].name, tuple(map(asked, where)))
        with translated(_reading(kind)):
            return self._connection.execute(statement, _values(where)).scalar_one()

    def total(self, kind: type[Record], field: str, *where: Where) -> int:
        """Return the sum of a field over the records that meet every condition."""
        known(kind, field)
        statement = _totalled(RECORD_TABLES[kind].name, field, tuple(map(asked, where)))
        with translated(_reading(kind)):
            return int(self._connection.execute(statement, _values(where)).scalar_one())

    def tally(
        self, kind: type[Record], by: Sequence[str], *where: Where
    ) -> Mapping[tuple[Any, ...], int]:
        """Return how many records meet every condition, by the values of some fields."""
        for field in by:
            known(kind, field)
        statement = _tallied(RECORD_TABLES[kind].name, tuple(by), tuple(map(asked, where)))
        with translated(_reading(kind)):
            rows = self._connection.execute(statement, _values(where)).all()
            return {tuple(row[:-1]): row[-1] for row in rows}

    def entries(self, first: int = 0, limit: int | None = None) -> Sequence[Entry]:
        """Return ledger entries from an index on, in order."""
        return ledger.entry_rows(self._connection, first, limit)

    def entries_of(
        self,
        *types: str,
        first: int = 0,
        before: int | None = None,
        descending: bool = False,
        limit: int | None = None,
    ) -> Sequence[Entry]:
        """Return entries of some of the types of `FOUND_BY_TYPE` from an index on, up to another, in order."""
        found = [
            entry
            for type_ in types
            for entry in ledger.entries_of(
                self._connection, type_, first, limit, descending=descending, before=before
            )
        ]
        return sorted(found, key=lambda entry: entry.index, reverse=descending)[:limit]

    def streams(self) -> Sequence[str]:
        """Return the names of all streams that have entries, sorted."""
        return ledger.streams(self._connection)

    def covering_range(self, stream: str, period: Period) -> range:
        """Return which of a stream's entries to hand over for a period; see the port."""
        return ledger.covering_range(self._connection, stream, period)

    def stream_entries(
        self, stream: str, first_seq: int, limit: int
    ) -> Sequence[tuple[int, StoredEntry]]:
        """Return a stream's entries from a place in it on, in order: index, and what is kept."""
        return ledger.stream_entries(self._connection, stream, first_seq, limit)

    def stored_entry(self, index: int) -> StoredEntry:
        """Return what is kept of one entry; KeyError if there is none."""
        return ledger.stored_entry(self._connection, index)

    def names(self) -> Mapping[str, StatedName]:
        """Return the stated names that are kept, by the id that stands for each (D51)."""
        return aside.read_names(self._connection)

    def id_of_name(self, name: str) -> str | None:
        """Return the id that stands for a stated name; None if the name is not kept (D51)."""
        return aside.id_of_name(self._connection, name)

    def act(self, key: str) -> KeptAct | None:
        """Return the act that was done under this key; None if none was.

        DamagedDatabase where the row is not as it was written.
        """
        if self._verifier is None:
            raise KeyMissing(sentence("acts can't be read without the log's public key"))
        return aside.read_act(self._connection, key, self._verifier)

    def blob(self, digest: str) -> bytes | None:
        """Return the bytes of this digest; None if they are not kept."""
        return aside.read_blob(self._connection, digest)

    def cycles_kept(self, line: str, station: str) -> Sequence[KeptCycles]:
        """Return what was kept of how long a station's answers lasted, by signal."""
        return aside.read_cycles(self._connection, line, station)

    def row(self, kind: type[B], *key: str) -> B | None:
        """Return the row beside the ledger with this key, or None."""
        return rows_beside.one(self._connection, kind, key)

    def rows(self, kind: type[B], /, **same: object) -> Sequence[B]:
        """Return the rows beside the ledger in which these fields are so, by key."""
        return rows_beside.some(self._connection, kind, same)

    def tree_node(self, level: int, position: int) -> bytes:
        """Return the root of a complete subtree of the log, as stored; see the port."""
        return ledger.tree_node(self._connection, level, position)

    def head(self) -> LedgerHead:
        """Return size, root and signed checkpoint, as last committed."""
        return ledger.read_head(self._connection)

    def waiting_deliveries(self, target: str, limit: int) -> list[outbox.Delivery]:
        """Return what waits for one receiver, oldest message first."""
        return outbox.waiting(self._connection, target, limit)

    def messages_waiting(self) -> Sequence[MessagesWaiting]:
        """Return how much waits for each receiver for which anything does, by its name."""
        return outbox.messages_waiting(self._connection)

    def parked_messages(self, limit: int) -> Sequence[ParkedMessage]:
        """Return messages that are parked, those last parked first."""
        return outbox.parked_messages(self._connection, limit)

    def fates_of(self, keys: Sequence[str]) -> Sequence[MessageFate]:
        """Return what came of the messages of these keys, for each receiver."""
        return outbox.fates_of(self._connection, keys)

    def parked_counts(self) -> Mapping[str, int]:
        """Return how many messages are parked, by receiver; only those with any."""
        return outbox.parked_counts(self._connection)

    def checkpoints_sent(self) -> Mapping[str, CheckpointsSent]:
        """Return how each receiver stands that was ever to get checkpoints, by its name."""
        return aside.read_checkpoints_sent(self._connection)

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

STATEMENTS = 512
"""Made once and kept, because making one takes longer than SQLite takes to answer; the product asks
some hundred different questions, and limits from outside must not pile up."""


@lru_cache(STATEMENTS)
def _found(
    table: str,
    conditions: tuple[Asked, ...],
    order_by: str | None,
    descending: bool,
    limit: int | None,
) -> Select[Any]:
    kind = KINDS[table]
    statement = _ALL[kind].where(*_conditions(kind, conditions))
    return statement.order_by(*_order(kind, order_by, descending)).limit(limit)


@lru_cache(STATEMENTS)
def _counted(table: str, conditions: tuple[Asked, ...]) -> Select[int]:
    kind = KINDS[table]
    counted = select(func.count()).select_from(RECORD_TABLES[kind])
    return counted.where(*_conditions(kind, conditions))


@lru_cache(STATEMENTS)
def _totalled(table: str, field: str, conditions: tuple[Asked, ...]) -> Select[int]:
    kind = KINDS[table]
    summed = func.coalesce(func.sum(RECORD_TABLES[kind].c[field]), 0)
    return select(summed).where(*_conditions(kind, conditions))


@lru_cache(STATEMENTS)
def _tallied(table: str, by: tuple[str, ...], conditions: tuple[Asked, ...]) -> Select[Any]:
    kind = KINDS[table]
    columns = [RECORD_TABLES[kind].c[field] for field in by]
    counted = select(*columns, func.count()).where(*_conditions(kind, conditions))
    return counted.group_by(*columns)


def _conditions(kind: type[Any], conditions: tuple[Asked, ...]) -> list[ColumnElement[bool]]:
    return [condition(kind, each, _parameter(place)) for place, each in enumerate(conditions)]


def _values(where: tuple[Where, ...]) -> dict[str, object]:
    return {
        _parameter(place): each.value for place, each in enumerate(where) if each.value is not None
    }


def _parameter(place: int) -> str:
    return f"value_{place}"


def _key_values(kind: type[Any], key: tuple[str | int, ...]) -> dict[str, str | int]:
    return dict(zip(KEYS[kind], key, strict=True))


def _order(
    kind: type[Any], order_by: str | None, descending: bool
) -> list[Column[Any] | UnaryExpression[Any]]:
    if order_by is not None:
        known(kind, order_by)
    names = dict.fromkeys((order_by, *order_of(kind)) if order_by else order_of(kind))
    columns = [RECORD_TABLES[kind].c[name] for name in names]
    if descending:
        return [c.desc().nulls_last() if c.nullable else c.desc() for c in columns]
    return [c.asc().nulls_first() if c.nullable else c for c in columns]

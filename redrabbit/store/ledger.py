"""The ledger's tables: entries in, entries out, and the signed head that covers them all.

Nothing is ever updated or deleted here but the one row of the head, and payloads that are erased.
`raw` is what was hashed; the other columns repeat it for searching, and verification compares them.
"""

from collections.abc import Callable, Sequence
from functools import partial

from sqlalchemy import Connection, bindparam, func, insert, select, update

from redrabbit.domain.checkpoint import Checkpoint
from redrabbit.domain.ledger import (
    REPEATED,
    Appended,
    Entry,
    LogState,
    StoredEntry,
    read_entry,
    stored_nodes,
)
from redrabbit.domain.merkle import HASH_BYTES, last_leaf, stored_frontier
from redrabbit.domain.newer import WrittenByNewer
from redrabbit.services.errors import DamagedDatabase, DatabaseTooNew
from redrabbit.services.ports import LedgerHead
from redrabbit.store.engine import translated
from redrabbit.store.tables import LEDGER, LEDGER_HEAD

Seal = Callable[[LogState], str]
"""Signs a checkpoint over the whole log, with its stream heads, and returns the note's text."""

_INSERT = insert(LEDGER)
_LAST = select(func.max(LEDGER.c.index))
_HEAD = select(LEDGER_HEAD.c.size, LEDGER_HEAD.c.root, LEDGER_HEAD.c.checkpoint)
_NODES = select(LEDGER.c.leaf_hash, LEDGER.c.nodes).where(LEDGER.c.index == bindparam("index"))
_ENTRIES = (
    select(
        LEDGER.c.index,
        LEDGER.c.raw,
        LEDGER.c.salt,
        LEDGER.c.payload,
        *(LEDGER.c[name] for name in REPEATED),
    )
    .where(LEDGER.c.index >= bindparam("first"))
    .order_by(LEDGER.c.index)
)
_STORED = select(LEDGER.c.raw, LEDGER.c.salt, LEDGER.c.payload).where(
    LEDGER.c.index == bindparam("index")
)


def ledger_row(appended: Appended) -> dict[str, object]:
    """Return the row that keeps an appended entry."""
    entry = appended.entry
    return {
        "index": entry.index,
        "type": entry.type,
        "schema": entry.schema,
        "stream": entry.stream,
        "stream_seq": entry.stream_seq,
        "previous": entry.previous,
        "occurred_at": entry.occurred_at,
        "recorded_at": entry.recorded_at,
        "raw": appended.stored.raw,
        "leaf_hash": appended.leaf_hash,
        "nodes": stored_nodes(appended.nodes),
        "salt": appended.stored.salt,
        "payload": appended.stored.payload,
    }


def insert_entries(connection: Connection, rows: Sequence[dict[str, object]]) -> None:
    """Insert rows of appended entries."""
    with translated("writing the ledger"):
        connection.execute(_INSERT, rows)


def entry_rows(connection: Connection, first: int, limit: int | None) -> list[Entry]:
    """Return entries from an index on, in order.

    Raises DamagedDatabase if one can't be read or a column does not repeat what is in it,
    DatabaseTooNew if only a newer version can.
    """
    with translated("reading the ledger"):
        rows = connection.execute(_ENTRIES.limit(limit), {"first": first}).all()
    return [
        _entry(_stored(raw, salt, payload), index, repeated)
        for index, raw, salt, payload, *repeated in rows
    ]


def _stored(raw: bytes, salt: bytes | None, payload: bytes | None) -> StoredEntry:
    """Return the columns as bytes: PostgreSQL gives memory views."""
    return StoredEntry(
        raw=bytes(raw),
        salt=None if salt is None else bytes(salt),
        payload=None if payload is None else bytes(payload),
    )


def _entry(stored: StoredEntry, index: int, repeated: Sequence[object]) -> Entry:
    try:
        entry = read_entry(stored, index)
    except WrittenByNewer as newer:
        raise DatabaseTooNew(f"ledger entry {index}: {newer}. Start the newer version") from newer
    except ValueError as error:
        raise _damaged(index, str(error)) from error
    for name, found in zip(REPEATED, repeated, strict=True):
        if found != getattr(entry, name):
            raise _damaged(index, f"column {name} is not what the entry says")
    return entry


def _damaged(index: int, found: str) -> DamagedDatabase:
    return DamagedDatabase(
        f"ledger entry {index}: {found}. `redrabbit verify --database` tells all of it"
    )


def stored_entry(connection: Connection, index: int) -> StoredEntry:
    """Return what is kept of one entry; KeyError if there is none."""
    with translated("reading the ledger"):
        row = connection.execute(_STORED, {"index": index}).one_or_none()
    if row is None:
        raise KeyError(index)
    return _stored(*row)


def tree_node(connection: Connection, level: int, position: int) -> bytes:
    """Return the root of a complete subtree, as it was stored; see `redrabbit.domain.merkle.Node`.

    DamagedDatabase if it is not there. It is believed: whoever asks compares the root with what is signed.
    """
    index = last_leaf(level, position)
    with translated("reading the ledger"):
        row = connection.execute(_NODES, {"index": index}).one_or_none()
    if row is None:
        raise _damaged(index, "it is not there")
    hashes = bytes(row.leaf_hash) + bytes(row.nodes or b"")
    node = hashes[level * HASH_BYTES : (level + 1) * HASH_BYTES]
    if len(node) != HASH_BYTES:
        raise _damaged(index, "its nodes of the tree are not there")
    return node


def load_log(connection: Connection, signed: Checkpoint) -> LogState:
    """Return the log as it was signed, by one look-up for each root of its frontier, however long it is.

    DamagedDatabase unless the stored nodes give the signed root, and the last entry is the last one signed.
    """
    tree = stored_frontier(signed.size, partial(tree_node, connection))
    with translated("reading the ledger"):
        last = connection.execute(_LAST).scalar_one()
    if tree.root != signed.root or last != (signed.size - 1 if signed.size else None):
        raise DamagedDatabase(
            "the ledger's entries are not those that its head was signed over; `redrabbit verify` "
            "tells all"
        )
    return LogState(tree=tree, heads=signed.heads)


def read_head(connection: Connection) -> LedgerHead:
    """Return the signed head; DamagedDatabase unless there is exactly one."""
    with translated("reading the ledger's head"):
        rows = connection.execute(_HEAD).all()
    if len(rows) != 1:
        raise DamagedDatabase(f"ledger_head has {len(rows)} rows; expected 1")
    return LedgerHead(size=rows[0].size, root=rows[0].root, checkpoint=rows[0].checkpoint)


def begins_with(connection: Connection, head: LedgerHead, log: LogState) -> bool:
    """Return whether what is written begins with this log: more may have come behind it since."""
    if head.size < log.size:
        return False
    return stored_frontier(log.size, partial(tree_node, connection)).root == log.root


def insert_head(connection: Connection, log: LogState, seal: Seal) -> None:
    """Write the head for the first time."""
    with translated("writing the ledger's head"):
        connection.execute(insert(LEDGER_HEAD), {"id": 1, **_head_row(log, seal)})


def write_head(connection: Connection, log: LogState, seal: Seal) -> None:
    """Sign the log as it stands and replace the head with it."""
    with translated("writing the ledger's head"):
        connection.execute(_WRITE_HEAD, _head_row(log, seal))


def refuse_read_only(connection: Connection) -> None:
    """Raise StoreTrouble if nothing can be written: a protected file, or a header that says so."""
    with translated("trying to write"):
        connection.execute(_WRITE_HEAD.values(size=LEDGER_HEAD.c.size))


_WRITE_HEAD = update(LEDGER_HEAD).where(LEDGER_HEAD.c.id == 1)


def _head_row(log: LogState, seal: Seal) -> dict[str, object]:
    return {"size": log.size, "root": log.root.hex(), "checkpoint": seal(log)}

"""The ledger's tables: entries in, entries out, and the signed head that covers them all.

Nothing is ever updated or deleted here but the one row of the head, and payloads that are erased.
`raw` is what was hashed; the other columns repeat it for searching, and verification compares them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from functools import partial

from sqlalchemy import (
    ColumnElement,
    Connection,
    bindparam,
    func,
    insert,
    literal_column,
    select,
    update,
)

from redrabbit.base.sentence import sentence, words_of
from redrabbit.domain.checkpoint import Checkpoint
from redrabbit.domain.export_format import Period
from redrabbit.domain.ledger import (
    REPEATED,
    Appended,
    Entry,
    LogState,
    StoredEntry,
    StreamHead,
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
"""Signs a checkpoint over the whole log, and returns the note's text."""

_INSERT = insert(LEDGER)
_LAST = select(func.max(LEDGER.c.index))
_HEAD = select(LEDGER_HEAD.c.size, LEDGER_HEAD.c.root, LEDGER_HEAD.c.checkpoint)
_NODES = select(LEDGER.c.leaf_hash, LEDGER.c.nodes).where(LEDGER.c.index == bindparam("index"))
_COLUMNS = select(
    LEDGER.c.index,
    LEDGER.c.raw,
    LEDGER.c.salt,
    LEDGER.c.payload,
    *(LEDGER.c[name] for name in REPEATED),
)
_ENTRIES = _COLUMNS.where(LEDGER.c.index >= bindparam("first")).order_by(LEDGER.c.index)
_NEXT_STREAM = select(func.min(LEDGER.c.stream)).where(LEDGER.c.stream > bindparam("last"))
_IS_OF_STREAM = LEDGER.c.stream == bindparam("stream")
_END = select(func.max(LEDGER.c.stream_seq)).where(_IS_OF_STREAM)
_INSIDE = [
    select(func.min(LEDGER.c.stream_seq), func.max(LEDGER.c.stream_seq)).where(
        _IS_OF_STREAM, moment >= bindparam("begins"), moment < bindparam("ends")
    )
    for moment in (LEDGER.c.recorded_at, LEDGER.c.occurred_at)
]
_SEQ_OF_STREAM = select(LEDGER.c.stream_seq).where(_IS_OF_STREAM).limit(1)
_LAST_BEFORE = _SEQ_OF_STREAM.where(LEDGER.c.recorded_at < bindparam("begins")).order_by(
    LEDGER.c.recorded_at.desc(), LEDGER.c.stream_seq.desc()
)


def _plain_recorded_at() -> ColumnElement[datetime]:
    """Return the column so that its index is not used: the entry is the next or so by its place in the stream."""
    return literal_column("+recorded_at", LEDGER.c.recorded_at.type)


_BACK_TO = _SEQ_OF_STREAM.where(
    LEDGER.c.stream_seq <= bindparam("seq"), _plain_recorded_at() < bindparam("begins")
).order_by(LEDGER.c.stream_seq.desc())
_ON_TO = _SEQ_OF_STREAM.where(
    LEDGER.c.stream_seq >= bindparam("seq"), _plain_recorded_at() >= bindparam("ends")
).order_by(LEDGER.c.stream_seq)
_OF_STREAM = (
    select(LEDGER.c.index, LEDGER.c.raw, LEDGER.c.salt, LEDGER.c.payload)
    .where(_IS_OF_STREAM, LEDGER.c.stream_seq >= bindparam("first_seq"))
    .order_by(LEDGER.c.stream_seq)
)
_LAST_OF_STREAM = (
    select(LEDGER.c.stream_seq, LEDGER.c.leaf_hash)
    .where(_IS_OF_STREAM)
    .order_by(LEDGER.c.stream_seq.desc())
    .limit(1)
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
        raise DatabaseTooNew(
            sentence(
                "ledger entry {index}: {problem}. Start the newer version",
                index=index,
                problem=words_of(newer),
            )
        ) from newer
    except ValueError as error:
        raise _damaged(index, str(error)) from error
    for name, found in zip(REPEATED, repeated, strict=True):
        if found != getattr(entry, name):
            raise _damaged(index, f"column {name} is not what the entry says")
    return entry


def _damaged(index: int, found: str) -> DamagedDatabase:
    return DamagedDatabase(
        sentence(
            "ledger entry {index}: {found}. `redrabbit verify --database` tells all of it",
            index=index,
            found=found,
        )
    )


def entries_of(
    connection: Connection,
    type_: str,
    first: int,
    limit: int | None,
    *,
    descending: bool,
    before: int | None = None,
) -> list[Entry]:
    """Return entries of a type of `FOUND_BY_TYPE` from an index on, up to another, in order; raises as `entry_rows`."""
    place = LEDGER.c.index.desc() if descending else LEDGER.c.index
    # the type is written out: SQLite takes a partial index for no parameter
    asked = _COLUMNS.where(
        LEDGER.c.type == literal_column(f"'{type_}'"), LEDGER.c.index >= bindparam("first")
    )
    if before is not None:
        asked = asked.where(LEDGER.c.index < before)
    with translated("reading the ledger"):
        rows = connection.execute(asked.order_by(place).limit(limit), {"first": first}).all()
    return [
        _entry(_stored(raw, salt, payload), index, repeated)
        for index, raw, salt, payload, *repeated in rows
    ]


def streams(connection: Connection) -> list[str]:
    """Return the names of all streams, sorted, by one look-up each."""
    found = [""]
    with translated("reading the ledger"):
        while following := connection.execute(_NEXT_STREAM, {"last": found[-1]}).scalar_one():
            found.append(following)
    return found[1:]


def covering_range(connection: Connection, stream: str, period: Period) -> range:
    """Return which of a stream's entries to hand over for a period, by their places in it; see the port.

    The clock may have been stepped back in between (`clock_stepped`), so the range goes from the
    first to the last entry in the period, and on outwards until it ends at entries recorded
    before and after it.
    """
    asked = {"stream": stream, "begins": period.begins_at, "ends": period.ends_at}
    with translated("reading the ledger"):
        inside = [connection.execute(each, asked).one() for each in _INSIDE]
        firsts = [first for first, _ in inside if first is not None]
        lasts = [last for _, last in inside if last is not None]
        first, last = min(firsts, default=None), max(lasts, default=None)
        if first is None or last is None:
            first = last = connection.execute(_LAST_BEFORE, asked).scalar_one_or_none() or 0
        before = connection.execute(_BACK_TO, {**asked, "seq": first}).scalar_one_or_none()
        after = connection.execute(_ON_TO, {**asked, "seq": last}).scalar_one_or_none()
        end = connection.execute(_END, asked).scalar_one()
    if end is None:
        return range(0)
    return range(before or 0, (end if after is None else after) + 1)


def stream_entries(
    connection: Connection, stream: str, first_seq: int, limit: int
) -> list[tuple[int, StoredEntry]]:
    """Return what is kept of a stream's entries from a place in it on, each with its index."""
    asked = {"stream": stream, "first_seq": first_seq}
    with translated("reading the ledger"):
        rows = connection.execute(_OF_STREAM.limit(limit), asked).all()
    return [(index, _stored(raw, salt, payload)) for index, raw, salt, payload in rows]


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


def load_log(
    connection: Connection, signed: Checkpoint, heads: Mapping[str, StreamHead]
) -> LogState:
    """Return the log as it was signed, by one look-up for each root of its frontier, however long it is.

    `heads`: where its streams stand.

    DamagedDatabase unless the stored nodes give the signed root, and the last entry is the last one signed.
    """
    tree = stored_frontier(signed.size, partial(tree_node, connection))
    with translated("reading the ledger"):
        last = connection.execute(_LAST).scalar_one()
    if tree.root != signed.root or last != (signed.size - 1 if signed.size else None):
        raise DamagedDatabase(
            sentence(
                "the ledger's entries are not those that its head was signed over; `redrabbit verify` tells all"
            )
        )
    return LogState(tree=tree, heads=heads)


def verified_log(connection: Connection) -> LogState:
    """Return the log as its entries tell it, which must have been verified."""
    tree = stored_frontier(read_head(connection).size, partial(tree_node, connection))
    return LogState(tree=tree, heads=_stream_heads(connection))


def _stream_heads(connection: Connection) -> dict[str, StreamHead]:
    heads = {}
    for stream in streams(connection):
        with translated("reading the ledger"):
            last = connection.execute(_LAST_OF_STREAM, {"stream": stream}).one()
        heads[stream] = StreamHead(last.stream_seq + 1, bytes(last.leaf_hash))
    return heads


def read_head(connection: Connection) -> LedgerHead:
    """Return the signed head; DamagedDatabase unless there is exactly one."""
    with translated("reading the ledger's head"):
        rows = connection.execute(_HEAD).all()
    if len(rows) != 1:
        raise DamagedDatabase(sentence("ledger_head has {n} rows; expected 1", n=len(rows)))
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


def write_head(connection: Connection, log: LogState, seal: Seal) -> LedgerHead:
    """Sign the log as it stands, replace the head with it, and return it."""
    head = LedgerHead(size=log.size, root=log.root.hex(), checkpoint=seal(log))
    with translated("writing the ledger's head"):
        connection.execute(_WRITE_HEAD, asdict(head))
    return head


def refuse_read_only(connection: Connection) -> None:
    """Raise StoreTrouble if nothing can be written: a protected file, or a header that says so."""
    with translated("trying to write"):
        connection.execute(_WRITE_HEAD.values(size=LEDGER_HEAD.c.size))


_WRITE_HEAD = update(LEDGER_HEAD).where(LEDGER_HEAD.c.id == 1)


def _head_row(log: LogState, seal: Seal) -> dict[str, object]:
    return {"size": log.size, "root": log.root.hex(), "checkpoint": seal(log)}

"""The tables: one for each kind of record, made from the records themselves, and the store's own.

Nothing is declared twice: names, keys and indexes come from the records themselves, column
types from `redrabbit.store.types`. The tables of this module that are no records are the ledger
and its signed head, and those that the ledger doesn't tell (D13): names and blobs, of which it knows
the digest; acts, what proves who somebody is, answers that pulses are learnt from, outbox, deliveries, heartbeats, and Alembic's own. A new database gets these tables as they are here; one of before gets them by the migrations, and tests compare both ways.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    MetaData,
    Table,
    UniqueConstraint,
    text,
)

from redrabbit.domain.beside import Beside, ScreenSecret, TokenSecret
from redrabbit.domain.credential import Credential
from redrabbit.domain.facts.catalogue import FOUND_BY_TYPE
from redrabbit.domain.last_look import LastLook
from redrabbit.domain.one_time_code import OneTimeCode
from redrabbit.domain.records import TABLES, Record
from redrabbit.domain.session import Session
from redrabbit.domain.throttle import SignInAttempts
from redrabbit.domain.way import Way
from redrabbit.store.types import (
    FIELD_TYPES,
    Raw,
    UtcMicroseconds,
    Whole,
    Words,
    column_type,
    field_types,
)

metadata = MetaData(
    naming_convention={
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)


def _columns(
    kind: type[Record | Beside], types: Mapping[str, tuple[object, bool]]
) -> list[Column[object]]:
    return [
        Column(
            name,
            column_type(type_),
            primary_key=name in kind.KEY,
            nullable=may_be_none,
            autoincrement=False,
        )
        for name, (type_, may_be_none) in types.items()
    ]


def _record_table(kind: type[Record]) -> Table:
    columns = _columns(kind, FIELD_TYPES[kind])
    unique = [UniqueConstraint(*kind.UNIQUE)] if kind.UNIQUE else []
    indexes = [Index(None, *names) for names in kind.INDEXES]
    indexes += [
        _partial_index(
            f"ix_{kind.TABLE}_{part.name}",
            f"{part.field} IS {'' if part.is_none else 'NOT '}NULL",
            *part.names,
        )
        for part in kind.PARTIAL_INDEXES
    ]
    return Table(kind.TABLE, metadata, *columns, *unique, *indexes, sqlite_strict=True)


def _partial_index(name: str, condition: str, *columns: str) -> Index:
    where = text(condition)
    return Index(name, *columns, sqlite_where=where, postgresql_where=where)


RECORD_TABLES: dict[type[Any], Table] = {kind: _record_table(kind) for kind in TABLES}

BESIDE: tuple[type[Beside], ...] = (
    Credential,
    LastLook,
    OneTimeCode,
    ScreenSecret,
    Session,
    SignInAttempts,
    TokenSecret,
    Way,
)
"""Kinds of rows that prove who somebody is, or say how they are reached or what they have seen: of this installation only, under no seal
(decisions 0039, 0071)."""

BESIDE_TABLES: dict[type[Any], Table] = {
    kind: Table(
        kind.TABLE,
        metadata,
        *_columns(kind, field_types(kind)),
        *(Index(None, *names) for names in kind.INDEXES),
        sqlite_strict=True,
    )
    for kind in BESIDE
}

LEDGER = Table(
    "ledger",
    metadata,
    Column("index", Whole, primary_key=True, autoincrement=False),
    Column("type", Words, nullable=False),
    Column("schema", Whole, nullable=False),
    Column("stream", Words, nullable=False),
    Column("stream_seq", Whole, nullable=False),
    Column("previous", Words, nullable=False),
    Column("occurred_at", UtcMicroseconds, nullable=False),
    Column("recorded_at", UtcMicroseconds, nullable=False),
    Column("raw", Raw, nullable=False),
    Column("leaf_hash", Raw, nullable=False),
    Column("salt", Raw, nullable=True),
    Column("payload", Raw, nullable=True),
    Column("nodes", Raw, nullable=True),
    UniqueConstraint("stream", "stream_seq"),
    Index(None, "stream", "recorded_at", "stream_seq"),
    Index(None, "stream", "occurred_at", "stream_seq"),
    sqlite_strict=True,
)
"""Every entry: `raw` is the truth, its leaf hash is in the tree, the rest is for searching.

`nodes` are the roots of the subtrees that the entry completes, one after the other, smallest first, NULL where
it completes none; so a proof is some twenty look-ups by index, however large the log is (D26).

From schema 2 on `raw` holds the digest of salt and payload, which stand beside it and may be erased
(D51); both are NULL then, and in schema 1.
"""

_IS_FOUND_BY_TYPE = text(" OR ".join(f"type = '{each}'" for each in FOUND_BY_TYPE))
Index(
    "ix_ledger_found_by_type",
    LEDGER.c.type,
    LEDGER.c.index,
    sqlite_where=_IS_FOUND_BY_TYPE,
    postgresql_where=_IS_FOUND_BY_TYPE,
)

LEDGER_HEAD = Table(
    "ledger_head",
    metadata,
    Column("id", Whole, primary_key=True, autoincrement=False),
    Column("size", Whole, nullable=False),
    Column("root", Words, nullable=False),
    Column("checkpoint", Words, nullable=False),
    Column("records", Words, nullable=True),
    CheckConstraint("id = 1", name="one_row"),
    sqlite_strict=True,
)
"""Exactly one row: the signed checkpoint over the whole ledger as last committed.

`records` is the seal over the digests of the record tables, signed by the same key; NULL until it is made.
"""

RECORD_DIGESTS = Table(
    "record_digests",
    metadata,
    Column("table", Words, primary_key=True),
    Column("block", Whole, primary_key=True, autoincrement=False),
    Column("state", Raw, nullable=False),
    sqlite_strict=True,
)
"""What each block of each record table comes to; see `redrabbit.domain.record_digests`."""

STATED_NAMES = Table(
    "stated_names",
    metadata,
    Column("id", Words, primary_key=True),
    Column("name", Words, nullable=False, unique=True),
    Column("salt", Raw, nullable=False),
    sqlite_strict=True,
)
"""Names as people stated them, by the digest that stands for each in the ledger; erasable (D51)."""

BLOBS = Table(
    "blobs",
    metadata,
    Column("digest", Words, primary_key=True),
    Column("kind", Words, nullable=False),
    Column("content", Raw, nullable=False),
    sqlite_strict=True,
)
"""What facts name by its SHA-256, hex: traces of signals, pictures, certificates (D65)."""

ACTS = Table(
    "acts",
    metadata,
    Column("key", Words, primary_key=True),
    Column("stream", Words, nullable=False),
    Column("kind", Words, nullable=False),
    Column("payload", Words, nullable=False),
    Column("actor", Words, nullable=False),
    Column("done_at", UtcMicroseconds, nullable=False),
    Column("answer", Words, nullable=False),
    Column("seal", Raw, nullable=False),
    Index(None, "done_at"),
    sqlite_strict=True,
)
"""What people asked with a key of their own, and the answer: asked again, it is answered again (D65).

The seal is the log key's signature over the rest of the row: see `redrabbit.store.act_seal`.
"""

PULSE_CYCLES = Table(
    "pulse_cycles",
    metadata,
    Column("line", Words, primary_key=True),
    Column("station", Words, primary_key=True),
    Column("signal", Words, primary_key=True),
    Column("learnt_of", Words, nullable=False),
    Column("cycles", Words, nullable=False),
    sqlite_strict=True,
)
"""How long the answers of a signal lasted, until its pulse is proposed: then the ledger tells (D30)."""

OUTBOX = Table(
    "outbox",
    metadata,
    Column("id", Whole, primary_key=True, autoincrement=True),
    Column("event", Words, nullable=False),
    Column("key", Words, nullable=False),
    Column("payload", Words, nullable=False),
    Column("created_at", UtcMicroseconds, nullable=False),
    Index(None, "created_at"),
    Index(None, "key"),
    sqlite_strict=True,
    sqlite_autoincrement=True,
)
"""Messages to be delivered, committed with what they tell of. Ids are never given twice."""


DELIVERIES = Table(
    "deliveries",
    metadata,
    Column("outbox_id", Whole, ForeignKey("outbox.id"), primary_key=True, autoincrement=False),
    Column("target", Words, primary_key=True),
    Column("attempts", Whole, nullable=False),
    Column("next_try_at", UtcMicroseconds, nullable=True),
    Column("delivered_at", UtcMicroseconds, nullable=True),
    Column("last_error", Words, nullable=True),
    Column("parked_at", UtcMicroseconds, nullable=True),
    Column("parked_reason", Words, nullable=True),
    _partial_index("ix_deliveries_waiting", "next_try_at IS NOT NULL", "target", "outbox_id"),
    _partial_index("ix_deliveries_parked", "parked_at IS NOT NULL", "target", "outbox_id"),
    _partial_index(
        "ix_deliveries_parked_at", "parked_at IS NOT NULL", "parked_at", "outbox_id", "target"
    ),
    sqlite_strict=True,
)
"""One row a message and receiver; `next_try_at` is NULL once it is delivered, parked or dropped.

A message that is held, because it grows still (decision 0035), waits for the receiver `""`, which does not exist. So
whoever asks of all receivers what waits leaves out `outbox.HELD`; nothing of it is ever delivered, parked or counted.

The indexes hold what waits and what is parked only: finding it takes no longer for all that was
delivered before.
"""

CHECKPOINTS_SENT = Table(
    "checkpoints_sent",
    metadata,
    Column("receiver", Words, primary_key=True),
    Column("since", UtcMicroseconds, nullable=False),
    Column("moment", UtcMicroseconds, nullable=True),
    Column("size", Whole, nullable=True),
    Column("delivered_at", UtcMicroseconds, nullable=True),
    Column("said", Words, nullable=True),
    sqlite_strict=True,
)
"""One row a receiver: the last checkpoint that it has; see `redrabbit.services.deliveries.CheckpointsSent`."""

HEARTBEATS = Table(
    "heartbeats",
    metadata,
    Column("name", Words, primary_key=True),
    Column("beat_at", UtcMicroseconds, nullable=False),
    sqlite_strict=True,
)
"""When each part of the service was last alive (B20)."""

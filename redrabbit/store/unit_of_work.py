"""One command's work in the writer's transaction: append, fold, send.

An entry goes into the ledger and what it folds to into the record tables in one breath; a record
is never written in any other way. The fold is computed before anything is written. If writing
fails half way, the whole command is lost even if it swallows the error: `failure` says so.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Insert, Table, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from redrabbit.domain.facts.fact import Changes, Look, Put
from redrabbit.domain.ledger import Entry, Event, LedgerContext, LogState, canonical_text
from redrabbit.domain.records import KEYS, TABLES, Record
from redrabbit.services.errors import StoreTrouble
from redrabbit.services.ports import OutgoingMessage
from redrabbit.store import ledger, outbox
from redrabbit.store.engine import translated
from redrabbit.store.reading import SqlReader
from redrabbit.store.rows import refuse_unfit, row_of
from redrabbit.store.tables import HEARTBEATS, OUTBOX, RECORD_TABLES

Fold = Callable[[Entry, Look], Changes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What every command is recorded under while this configuration is in force."""

    fold: Fold
    context: LedgerContext
    targets: Sequence[outbox.Target] = ()


class SqlUnitOfWork(SqlReader):
    """The `UnitOfWork` port over the writer's connection, within one savepoint."""

    def __init__(
        self, connection: Connection, log: LogState, now: datetime, recording: Recording
    ) -> None:
        super().__init__(connection)
        self.log = log
        """The log after this command's appends; the writer keeps it if the command succeeds."""
        self.failure: StoreTrouble | None = None
        """The first write that failed."""
        self._now = now
        self._recording = recording
        self._given: dict[type[Record], int] = {}

    @property
    def now(self) -> datetime:
        """The instant at which this command is recorded."""
        return self._now

    def append(self, event: Event) -> Entry:
        """Append to the ledger and fold the entry into the records."""
        appended = self.log.append(event, self._now, self._recording.context)
        changes = self._recording.fold(appended.entry, self.get)
        for change in changes:
            refuse_unfit(change.record)
        try:
            ledger.insert_entries(self._connection, [ledger.ledger_row(appended)])
            for change in changes:
                apply_change(self._connection, change)
        except StoreTrouble as error:
            self.failure = self.failure or error
            raise
        self.log = appended.log
        return appended.entry

    def send(self, message: OutgoingMessage) -> None:
        """Put a message into the outbox of this transaction, for each target that wants it."""
        row = {
            "event": message.event,
            "key": message.key,
            "payload": canonical_text(message.payload),  # type: ignore[arg-type]  # because the port says `object`; anything else raises TypeError
            "created_at": self._now,
        }
        with translated("writing the outbox"):
            asked = insert(OUTBOX).returning(OUTBOX.c.id)
            outbox_id = self._connection.execute(asked, row).scalar_one()
        names = outbox.wanting(self._recording.targets, message.event)
        outbox.insert_deliveries(self._connection, outbox_id, names, self._now)

    def next_number(self, kind: type[Record]) -> int:
        """Return the next free number (from 1) of a record with an integer key (D14)."""
        (name,) = KEYS[kind]
        with translated(f"numbering {RECORD_TABLES[kind].name}"):
            asked = select(func.max(RECORD_TABLES[kind].c[name]))
            last = self._connection.execute(asked).scalar_one()
        number = max(last or 0, self._given.get(kind, 0)) + 1
        self._given[kind] = number
        return int(number)

    def mark_delivered(self, outbox_id: int, target: str) -> None:
        """Note a delivery that succeeded; see `redrabbit.store.outbox`."""
        outbox.mark_delivered(self._connection, outbox_id, target, self._now)

    def mark_failed(
        self, outbox_id: int, target: str, error: str, next_try_at: datetime | None
    ) -> None:
        """Note a delivery that failed, and when to try again; None gives up."""
        outbox.mark_failed(self._connection, outbox_id, target, error, next_try_at)

    def refuse_if_failed(self) -> None:
        """Raise the write that failed, even if the command swallowed it."""
        if self.failure is not None:
            raise self.failure

    def beat(self, name: str, at: datetime) -> None:
        """Note that a part of the service was alive."""
        with translated("writing a heartbeat"):
            self._connection.execute(
                _BEAT[self._connection.dialect.name],
                {"name": name, "beat_at": at},
            )


def apply_change(connection: Connection, change: Put) -> None:
    """Make one change of a fold in its record table."""
    kind = type(change.record)
    with translated(_WRITING[kind]):
        connection.execute(_PUT[kind, connection.dialect.name], row_of(change.record))


def _upsert(dialect: str, table: Table, keys: tuple[str, ...]) -> Insert:
    put = sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
    changed = {name: put.excluded[name] for name in table.c.keys() if name not in keys}  # noqa: SIM118  because a ColumnCollection iterates over columns
    return put.on_conflict_do_update(index_elements=list(keys), set_=changed)


_WRITING: dict[type[Any], str] = {kind: f"writing {name}" for kind, name in TABLES.items()}

_DIALECTS = ("sqlite", "postgresql")

_PUT: dict[tuple[type[Any], str], Insert] = {
    (kind, dialect): _upsert(dialect, table, KEYS[kind])
    for kind, table in RECORD_TABLES.items()
    for dialect in _DIALECTS
}

_BEAT = {dialect: _upsert(dialect, HEARTBEATS, ("name",)) for dialect in _DIALECTS}

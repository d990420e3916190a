"""One command's work in the writer's transaction: append, fold, send.

An entry goes into the ledger and what it folds to into the record tables in one breath; a record
is never written in any other way. The fold is computed before anything is written. If writing
fails half way, the whole command is lost even if it swallows the error: `failure` says so.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Insert, Table, func, select
from sqlalchemy.dialects import postgresql, sqlite

from redrabbit.domain.beside import Beside
from redrabbit.domain.erasable import SALT_BYTES, StatedName
from redrabbit.domain.escalation import Escalation
from redrabbit.domain.facts.fact import Fold, Put
from redrabbit.domain.facts.plant import IN_FORCE_CHANGED
from redrabbit.domain.identity import AGENT
from redrabbit.domain.ledger import Entry, Event, LedgerContext, StreamHead
from redrabbit.domain.record_query import latest
from redrabbit.domain.records import KEYS, TABLES, InForceRecord, Record
from redrabbit.domain.signed_note import NoteVerifier
from redrabbit.services.deliveries import CheckpointsSent, ParkedReason
from redrabbit.services.errors import StoreTrouble
from redrabbit.services.ports import KeptAct, KeptCycles, OutgoingMessage
from redrabbit.store import aside, ledger, outbox, rows_beside
from redrabbit.store.engine import translated
from redrabbit.store.log_key import LogKey
from redrabbit.store.reading import SqlReader
from redrabbit.store.record_seal import Recorded
from redrabbit.store.rows import key_of, refuse_unfit, row_of
from redrabbit.store.tables import HEARTBEATS, RECORD_TABLES

R = TypeVar("R", bound=Record)

PROVED_FOR: Final = timedelta(seconds=30)
"""So long a commit of the ledger proves that it takes another, unless one is refused before."""


def new_salt() -> bytes:
    """Return fresh random bytes for the salt of one payload."""
    return secrets.token_bytes(SALT_BYTES)


NO_ESCALATION: Final = Escalation()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What every command is recorded under while this configuration is in force."""

    fold: Fold
    software: str
    targets: Sequence[outbox.Target] = ()
    escalation: Escalation = NO_ESCALATION
    """By which rules people are told of alarms."""
    salt: Callable[[], bytes] = new_salt
    """Draws the salt of each payload; random, but where a test wants to tell a story twice."""

    @property
    def told_at_once(self) -> Sequence[outbox.Target]:
        """The targets that no step names: steps tell the others."""
        named = self.escalation.named
        return [target for target in self.targets if target.name not in named]


class SqlUnitOfWork(SqlReader):
    """The `UnitOfWork` port over the writer's connection, within one savepoint."""

    def __init__(
        self,
        connection: Connection,
        recorded: Recorded,
        now: datetime,
        recording: Recording,
        key: LogKey,
        *,
        proved_at: datetime | None = None,
    ) -> None:
        super().__init__(connection, key.verifier)
        self.proved_at = proved_at
        """When it was known last that the ledger takes entries; None if one was refused since."""
        self.recorded = recorded
        """After this command's appends; the writer keeps it if the command succeeds."""
        self.failure: StoreTrouble | None = None
        """The first write that failed."""
        self._now = now
        self._key = key
        self._recording = recording
        self._given: dict[tuple[type[Record], str], int] = {}
        self._held: dict[str, OutgoingMessage] | None = None
        """Messages that grow, by their events; None: not read yet."""
        self._grown: set[str] = set()
        self._in_force: str | None = None

    @property
    def now(self) -> datetime:
        """The instant at which this command is recorded."""
        return self._now

    @property
    def escalation(self) -> Escalation:
        """The rules by which people are told of alarms."""
        return self._recording.escalation

    @property
    def stream_heads(self) -> Mapping[str, StreamHead]:
        """Where each stream of the ledger stands, with what this command has appended."""
        return self.recorded.log.heads

    @property
    def in_force(self) -> str:
        """The digest of what is in force now; "" before anything was adopted (D52)."""
        if self._in_force is None:
            last = latest(self, InForceRecord, by="entry")
            self._in_force = last.digest if last is not None else ""
        return self._in_force

    def append(self, event: Event) -> Entry:
        """Append to the ledger and fold the entry into the records."""
        context = LedgerContext(in_force=self.in_force, software=self._recording.software)
        appended = self.recorded.log.append(event, self._now, context, self._recording.salt())
        there: dict[tuple[type[Any], tuple[str | int, ...]], Record | None] = {}

        def look(kind: type[R], *key: str | int) -> R | None:
            found = there[kind, key] = self.get(kind, *key)
            return found

        changes = self._recording.fold(appended.entry, look)
        for change in changes:
            refuse_unfit(change.record)
        recorded = self.recorded
        try:
            ledger.insert_entries(self._connection, [ledger.ledger_row(appended)])
            for change in changes:
                kind, key = type(change.record), key_of(change.record)
                before = there[kind, key] if (kind, key) in there else self.get(kind, *key)
                recorded = recorded.changed(self._key.rows, before, change.record)
                there[kind, key] = change.record
                apply_change(self._connection, change)
        except StoreTrouble as error:
            self.failure = self.failure or error
            raise
        self.recorded = recorded._replace(log=appended.log)
        if event.type == IN_FORCE_CHANGED:
            self._in_force = None
        return appended.entry

    def send(self, message: OutgoingMessage) -> None:
        """Put a message into the outbox of this transaction, for each target that wants it."""
        outbox.send(self._connection, message, self._recording.targets, self._now)

    def held(self, event: str) -> OutgoingMessage | None:
        """Return the message about an event that is held; None: none is."""
        return self._held_messages().get(event)

    def hold(self, message: OutgoingMessage) -> None:
        """Hold a message, in place of the one that is held for its event; written when the command has ended."""
        self._held_messages()[message.event] = message
        self._grown.add(message.event)

    def release(self) -> None:
        """Send all messages that are held, to the targets that want them now."""
        self._keep_held()
        outbox.release(self._connection, self._recording.told_at_once, self._now)
        self._held = {}

    def _held_messages(self) -> dict[str, OutgoingMessage]:
        if self._held is None:
            self._held = outbox.held(self._connection)
        return self._held

    def _keep_held(self) -> None:
        for event in sorted(self._grown):
            outbox.hold(self._connection, self._held_messages()[event], self._now)
        self._grown.clear()

    def next_number(self, kind: type[Record], stream: str) -> int:
        """Return the next free number (from 1) of what is numbered on a stream (D14, D50)."""
        last = self._given.get((kind, stream))
        if last is None:
            table = RECORD_TABLES[kind]
            asked = select(func.max(table.c.number)).where(table.c[kind.STREAM] == stream)
            with translated(f"numbering {table.name}"):
                last = self._connection.execute(asked).scalar_one() or 0
        number = int(last) + 1
        self._given[kind, stream] = number
        return number

    def keep_blob(self, kind: str, content: bytes) -> str:
        """Keep bytes beside the records and return their digest, which a fact names (D65)."""
        return aside.keep_blob(self._connection, kind, content)

    def keep_name(self, name: StatedName) -> str:
        """Keep a stated name and its salt, until somebody erases them (D51), and return its id."""
        return aside.keep_name(self._connection, name)

    def keep_act(self, act: KeptAct) -> None:
        """Keep an act under its key, with the answer that was given (D65)."""
        aside.keep_act(self._connection, act, self._key.signer)

    def seal_acts_anew(self, before: NoteVerifier) -> None:
        """Seal what was kept under the key before with the one that signs from this command on."""
        aside.seal_acts_anew(self._connection, before, self._key.signer)

    def keep_cycles(self, kept: KeptCycles) -> None:
        """Keep how long the answers of a signal lasted, in place of what was kept before."""
        aside.keep_cycles(self._connection, kept)

    def keep_row(self, row: Beside) -> None:
        """Keep a row beside the ledger, in place of the one with its key."""
        rows_beside.keep(self._connection, row)

    def forget_rows(self, kind: type[Beside], /, **same: object) -> None:
        """Forget the rows beside the ledger in which these fields are so."""
        rows_beside.forget(self._connection, kind, same)

    def keep_checkpoints_sent(self, sent: CheckpointsSent) -> None:
        """Keep how a receiver stands with checkpoints, in place of what was kept of it before."""
        aside.keep_checkpoints_sent(self._connection, sent)

    def mark_delivered(self, outbox_id: int, target: str) -> None:
        """Note a delivery that succeeded; see `redrabbit.store.outbox`."""
        outbox.mark_delivered(self._connection, outbox_id, target, self._now)

    def mark_failed(self, outbox_id: int, target: str, error: str, next_try_at: datetime) -> None:
        """Note a delivery that failed, and when to try again."""
        outbox.mark_failed(self._connection, outbox_id, target, error, next_try_at)

    def mark_parked(self, outbox_id: int, target: str, reason: ParkedReason, error: str) -> None:
        """Note a delivery that failed and is not tried any more."""
        outbox.mark_parked(self._connection, outbox_id, target, reason, error=error, at=self._now)

    def park_all(self, target: str, reason: ParkedReason) -> int:
        """Park all that waits for a receiver; return how many messages."""
        return outbox.park_all(self._connection, target, reason, self._now)

    def forget_delivered(self, before: datetime, limit: int) -> int:
        """Forget the oldest messages from before an instant that nobody waits for; return how many."""
        return outbox.forget_delivered(self._connection, before, limit)

    def settle_parked(self, key: str, receiver: str, *, again: bool) -> bool:
        """Let a parked message wait to be sent again, or drop it; False if it is not parked."""
        next_try_at = self._now if again else None
        return outbox.settle_parked(self._connection, key, receiver, next_try_at)

    def finish(self) -> None:
        """Raise the write that failed, even if the command swallowed it; else write what has grown."""
        if self.failure is not None:
            raise self.failure
        self._keep_held()

    def beat(self, name: str, at: datetime) -> None:
        """Note that a part of the service was alive, and could record: a heartbeat stands for all other commits."""
        with translated("writing a heartbeat"):
            self._connection.execute(
                _BEAT[self._connection.dialect.name],
                {"name": name, "beat_at": at},
            )
        age = self._now - self.proved_at if self.proved_at is not None else PROVED_FOR
        if not timedelta(0) <= age < PROVED_FOR:  # a clock that was set back proves nothing
            self._prove()

    def _prove(self) -> None:
        """Write an entry and the head, and take both back; StoreTrouble if the ledger does not take them."""
        event = Event(type="proof", stream="plant", occurred_at=self._now, actor=AGENT, payload={})
        context = LedgerContext(in_force=self.in_force, software=self._recording.software)
        appended = self.recorded.log.append(event, self._now, context, self._recording.salt())
        with translated("trying to write the ledger"):
            trial = self._connection.begin_nested()
            ledger.insert_entries(self._connection, [ledger.ledger_row(appended)])
            ledger.refuse_read_only(self._connection)
            trial.rollback()
        self.proved_at = self._now


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

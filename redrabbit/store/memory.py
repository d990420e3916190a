"""The same database in memory, for simulated shifts: same answers, same refusals, no threads.

It passes the contract tests of the real ones. A command that raises is undone from a journal of
what it changed; the head is signed only when somebody asks. Nothing outlives the object.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from operator import attrgetter
from types import TracebackType
from typing import Any, Self, TypeVar

from redrabbit.base.clock import Clock
from redrabbit.domain.beside import Beside
from redrabbit.domain.erasable import StatedName
from redrabbit.domain.escalation import Escalation
from redrabbit.domain.export_format import Period, covering_range
from redrabbit.domain.facts.fact import Put
from redrabbit.domain.facts.plant import IN_FORCE_CHANGED
from redrabbit.domain.ledger import (
    Entry,
    Event,
    LedgerContext,
    LogState,
    StoredEntry,
    StreamHead,
)
from redrabbit.domain.merkle import last_leaf
from redrabbit.domain.record_query import latest
from redrabbit.domain.records import TABLES, InForceRecord, Record
from redrabbit.services.deliveries import CheckpointsSent, ParkedReason
from redrabbit.services.errors import DuplicateRecord, StoreTrouble
from redrabbit.services.ports import KeptAct, KeptCycles, LedgerHead, OutgoingMessage, Where
from redrabbit.store.aside import blob_digest
from redrabbit.store.ledger import Seal
from redrabbit.store.memory_counts import CountsReader
from redrabbit.store.memory_outbox import MemoryDeliveries, MemoryOutbox, Place, restore
from redrabbit.store.memory_rows import MemoryRows, RowsReader
from redrabbit.store.outbox import Outbox, Target
from redrabbit.store.rows import key_of, known, meeting, order_of, refuse_unfit
from redrabbit.store.types import refuse_naive
from redrabbit.store.unit_of_work import Recording

R = TypeVar("R", bound=Record)
T = TypeVar("T")
Key = tuple[Any, ...]


@dataclass(slots=True)
class _Kept:
    """Everything that is kept."""

    records: dict[type[Any], dict[Key, Any]] = field(
        default_factory=lambda: {kind: {} for kind in TABLES}
    )
    unique: dict[tuple[type[Any], Key], Key] = field(default_factory=dict)
    """Unique values of a kind → the key of the record that has them."""
    entries: list[Entry] = field(default_factory=list)
    stored: list[StoredEntry] = field(default_factory=list)
    nodes: list[tuple[bytes, ...]] = field(default_factory=list)
    """Of each entry its leaf hash, and the roots of the subtrees that it completes."""
    log: LogState = field(default_factory=LogState)
    names: dict[str, StatedName] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    acts: dict[str, KeptAct] = field(default_factory=dict)
    cycles: dict[tuple[str, str, str], KeptCycles] = field(default_factory=dict)
    rows: MemoryRows = field(default_factory=MemoryRows)
    outbox: MemoryOutbox = field(default_factory=MemoryOutbox)
    heartbeats: dict[str, datetime] = field(default_factory=dict)


class MemoryReader(MemoryDeliveries, RowsReader, CountsReader):
    """The `Reader` port over values."""

    def __init__(self, kept: _Kept, head: Callable[[], LedgerHead]) -> None:
        super().__init__(kept.outbox)
        self._rows = kept.rows
        self._records = kept.records
        self._kept = kept
        self._head = head

    def get(self, kind: type[R], *key: str | int) -> R | None:
        """Return the record with this key, or None."""
        found: R | None = self._kept.records[kind].get(key)
        return found

    def find(
        self,
        kind: type[R],
        *where: Where,
        order_by: str | None = None,
        descending: bool = False,
        limit: int | None = None,
    ) -> list[R]:
        """Return the records that meet every condition, by key unless `order_by` says else."""
        found = meeting(kind, where, self._kept.records[kind].values())
        found.sort(key=_order(kind, order_by), reverse=descending)
        return found if limit is None else found[:limit]

    def entries(self, first: int = 0, limit: int | None = None) -> Sequence[Entry]:
        """Return ledger entries from an index on, in order."""
        return self._kept.entries[first : None if limit is None else first + limit]

    def entries_of(
        self,
        *types: str,
        first: int = 0,
        before: int | None = None,
        descending: bool = False,
        limit: int | None = None,
    ) -> Sequence[Entry]:
        """Return entries of some of the types of `FOUND_BY_TYPE` from an index on, up to another, in order."""
        found = [entry for entry in self._kept.entries[first:before] if entry.type in types]
        return found[:: -1 if descending else 1][:limit]

    def streams(self) -> Sequence[str]:
        """Return the names of all streams that have entries, sorted."""
        return sorted(self._kept.log.heads)

    def covering_range(self, stream: str, period: Period) -> range:
        """Return which of a stream's entries to hand over for a period; see the port."""
        return covering_range(
            [entry for entry in self._kept.entries if entry.stream == stream], period
        )

    def stream_entries(
        self, stream: str, first_seq: int, limit: int
    ) -> Sequence[tuple[int, StoredEntry]]:
        """Return a stream's entries from a place in it on, in order: index, and what is kept."""
        found = [entry.index for entry in self._kept.entries if entry.stream == stream]
        return [(index, self._kept.stored[index]) for index in found[first_seq:][:limit]]

    def stored_entry(self, index: int) -> StoredEntry:
        """Return what is kept of one entry; KeyError if there is none."""
        if not 0 <= index < len(self._kept.stored):
            raise KeyError(index)
        return self._kept.stored[index]

    def names(self) -> Mapping[str, StatedName]:
        """Return the stated names that are kept, by the id that stands for each (D51)."""
        return dict(self._kept.names)

    def id_of_name(self, name: str) -> str | None:
        """Return the id that stands for a stated name; None if the name is not kept (D51)."""
        ids = (kept.id for kept in self._kept.names.values() if kept.name == name)
        return next(ids, None)

    def act(self, key: str) -> KeptAct | None:
        """Return the act that was done under this key; None if none was."""
        return self._kept.acts.get(key)

    def blob(self, digest: str) -> bytes | None:
        """Return the bytes of this digest; None if they are not kept."""
        return self._kept.blobs.get(digest)

    def cycles_kept(self, line: str, station: str) -> Sequence[KeptCycles]:
        """Return what was kept of how long a station's answers lasted, by signal."""
        kept = self._kept.cycles
        return [kept[key] for key in sorted(kept) if key[:2] == (line, station)]

    def tree_node(self, level: int, position: int) -> bytes:
        """Return the root of a complete subtree of the log."""
        return self._kept.nodes[last_leaf(level, position)][level]

    def head(self) -> LedgerHead:
        """Return size, root and signed checkpoint, as last committed."""
        return self._head()

    def heartbeats(self) -> dict[str, datetime]:
        """Return when each part of the service was last alive."""
        return dict(sorted(self._kept.heartbeats.items()))


def _order(kind: type[R], order_by: str | None) -> Callable[[R], tuple[Any, ...]]:
    by_order = attrgetter(*order_of(kind))
    if order_by is None:
        return by_order
    name = order_by
    known(kind, name)

    def place(record: R) -> tuple[Any, ...]:
        value = getattr(record, name)
        return (False,) if value is None else (True, value), by_order(record)

    return place


class MemoryUnitOfWork(MemoryReader):
    """The `UnitOfWork` port over values, with what is needed to undo it."""

    def __init__(
        self, kept: _Kept, head: Callable[[], LedgerHead], now: datetime, recording: Recording
    ) -> None:
        super().__init__(kept, head)
        self.failure: StoreTrouble | None = None
        self._now = now
        self._recording = recording
        self._undo: list[Callable[[], object]] = []
        self._given: dict[tuple[type[Record], str], int] = {}
        self._in_force: str | None = None

    @property
    def now(self) -> datetime:
        """The instant at which this command is recorded."""
        return self._now

    @property
    def stream_heads(self) -> Mapping[str, StreamHead]:
        """Where each stream of the ledger stands, with what this command has appended."""
        return self._kept.log.heads

    @property
    def in_force(self) -> str:
        """The digest of what is in force now; "" before anything was adopted (D52)."""
        if self._in_force is None:
            last = latest(self, InForceRecord, by="entry")
            self._in_force = last.digest if last is not None else ""
        return self._in_force

    def append(self, event: Event) -> Entry:
        """Append to the ledger and fold the entry into the records."""
        kept = self._kept
        context = LedgerContext(in_force=self.in_force, software=self._recording.software)
        appended = kept.log.append(event, self._now, context, self._recording.salt())
        changes = self._recording.fold(appended.entry, self.get)
        for change in changes:
            refuse_unfit(change.record)
        self._undo.append(self._shortened(kept.log))
        kept.log = appended.log
        kept.entries.append(appended.entry)
        kept.stored.append(appended.stored)
        kept.nodes.append((appended.leaf_hash, *appended.nodes))
        try:
            for change in changes:
                self._apply(change)
        except StoreTrouble as error:
            self.failure = self.failure or error
            raise
        if event.type == IN_FORCE_CHANGED:
            self._in_force = None
        return appended.entry

    def _shortened(self, log: LogState) -> Callable[[], None]:
        def shorten() -> None:
            self._kept.log = log
            for kept in (self._kept.entries, self._kept.stored, self._kept.nodes):
                del kept[log.size :]

        return shorten

    def _apply(self, change: Put) -> None:
        record = change.record
        kind, key = type(record), key_of(record)
        table = self._kept.records[kind]
        before = table.get(key)
        self._keep_unique(kind, key, before, record)
        table[key] = record
        self._undo.append(lambda: restore(table, key, before))

    def _keep_unique(
        self, kind: type[Record], key: Key, before: Record | None, after: Record
    ) -> None:
        if not kind.UNIQUE:
            return
        unique = self._kept.unique
        old = before and (kind, tuple(getattr(before, name) for name in kind.UNIQUE))
        new = (kind, tuple(getattr(after, name) for name in kind.UNIQUE))
        if old == new:
            return
        if new in unique:
            raise DuplicateRecord(f"writing {kind.TABLE} {after}: {kind.UNIQUE} is there already")
        if old:
            del unique[old]
            self._undo.append(lambda: unique.__setitem__(old, key))
        unique[new] = key
        self._undo.append(lambda: unique.pop(new))

    @property
    def escalation(self) -> Escalation:
        """The rules by which people are told of alarms."""
        return self._recording.escalation

    def send(self, message: OutgoingMessage) -> None:
        """Put a message into the outbox of this transaction, for each target that wants it."""
        self._undo += self._kept.outbox.send(message, self._recording.targets, self._now)

    def held(self, event: str) -> OutgoingMessage | None:
        """Return the message about an event that is held; None: none is."""
        return self._kept.outbox.held.get(event)

    def hold(self, message: OutgoingMessage) -> None:
        """Hold a message, in place of the one that is held for its event."""
        self._undo.append(self._kept.outbox.hold(message))

    def release(self) -> None:
        """Send all messages that are held, to the targets that want them now."""
        self._undo += self._kept.outbox.release(self._recording.told_at_once, self._now)

    def next_number(self, kind: type[Record], stream: str) -> int:
        """Return the next free number (from 1) of what is numbered on a stream (D14, D50)."""
        on_stream = (
            record.number
            for record in self._kept.records[kind].values()
            if getattr(record, kind.STREAM) == stream
        )
        number = max(max(on_stream, default=0), self._given.get((kind, stream), 0)) + 1
        self._given[kind, stream] = number
        return int(number)

    def keep_blob(self, kind: str, content: bytes) -> str:
        """Keep bytes beside the records and return their digest, which a fact names (D65)."""
        del kind
        digest = blob_digest(content)
        if digest not in self._kept.blobs:
            self._kept.blobs[digest] = content
            self._undo.append(lambda: self._kept.blobs.pop(digest))
        return digest

    def keep_name(self, name: StatedName) -> str:
        """Keep a stated name and its salt, until somebody erases them (D51), and return its id."""
        kept = self.id_of_name(name.name)
        if kept is not None:
            return kept
        self._kept.names[name.id] = name
        self._undo.append(lambda: self._kept.names.pop(name.id))
        return name.id

    def keep_act(self, act: KeptAct) -> None:
        """Keep an act under its key, with the answer that was given (D65)."""
        if act.key in self._kept.acts:
            error = DuplicateRecord(f"keeping what was asked: {act.key} is there already")
            self.failure = self.failure or error
            raise error
        self._kept.acts[act.key] = act
        self._undo.append(lambda: self._kept.acts.pop(act.key))

    def keep_cycles(self, kept: KeptCycles) -> None:
        """Keep how long the answers of a signal lasted, in place of what was kept before."""
        key, table = (kept.line, kept.station, kept.signal), self._kept.cycles
        before = table.get(key)
        table[key] = kept
        self._undo.append(lambda: restore(table, key, before))

    def keep_row(self, row: Beside) -> None:
        """Keep a row beside the ledger, in place of the one with its key."""
        self._undo.append(self._rows.keep(row))

    def forget_rows(self, kind: type[Beside], /, **same: object) -> None:
        """Forget the rows beside the ledger in which these fields are so."""
        self._undo.append(self._rows.forget(kind, same))

    def keep_checkpoints_sent(self, sent: CheckpointsSent) -> None:
        """Keep how a receiver stands with checkpoints, in place of what was kept of it before."""
        self._undo.append(self._kept.outbox.keep_checkpoints_sent(sent))

    def mark_delivered(self, outbox_id: int, target: str) -> None:
        """Note that the target has the message."""
        self._tried((outbox_id, target), None, delivered_at=self._now)

    def mark_failed(self, outbox_id: int, target: str, error: str, next_try_at: datetime) -> None:
        """Note a failed attempt, and when to try again."""
        self._tried((outbox_id, target), error, next_try_at=next_try_at)

    def mark_parked(self, outbox_id: int, target: str, reason: ParkedReason, error: str) -> None:
        """Note a failed attempt after which the message is not tried any more."""
        self._tried((outbox_id, target), error, parked_at=self._now, parked_reason=reason)

    def _tried(self, place: Place, error: str | None, **how: Any) -> None:
        self._undo.append(self._kept.outbox.tried(place, error, **how))

    def park_all(self, target: str, reason: ParkedReason) -> int:
        """Park all that waits for a receiver; return how many messages."""
        waiting = self._kept.outbox.waiting(target)
        self._undo += [self._kept.outbox.park(one, reason, self._now) for one in waiting]
        return len(waiting)

    def forget_delivered(self, before: datetime, limit: int) -> int:
        """Forget the oldest messages from before an instant that nobody waits for; return how many."""
        forgotten, undo = self._kept.outbox.forget_delivered(before, limit)
        self._undo.append(undo)
        return forgotten

    def settle_parked(self, key: str, receiver: str, *, again: bool) -> bool:
        """Let a parked message wait to be sent again, or drop it; False if it is not parked."""
        undo = self._kept.outbox.settle(key, receiver, self._now if again else None)
        self._undo += undo
        return bool(undo)

    def beat(self, name: str, at: datetime) -> None:
        """Note that a part of the service was alive."""
        refuse_naive(at)
        before = self._kept.heartbeats.get(name)
        self._kept.heartbeats[name] = at
        self._undo.append(lambda: restore(self._kept.heartbeats, name, before))

    def refuse_if_failed(self) -> None:
        """Raise the write that failed, even if the command swallowed it."""
        if self.failure is not None:
            raise self.failure

    def roll_back(self) -> None:
        """Undo everything, last first."""
        for undo in reversed(self._undo):
            undo()


class MemoryDatabase:
    """The `Database` port in memory."""

    def __init__(self, *, origin: str, clock: Clock, recording: Recording, seal: Seal) -> None:
        self.origin = origin
        self.outbox = Outbox(self)
        self._recording = recording
        self._clock = clock
        self._seal = seal
        self._kept = _Kept()
        self._signed: LedgerHead | None = None
        self._committed = self._kept.log
        self._lock = threading.RLock()
        self._writing = False

    async def write(self, command: Callable[[MemoryUnitOfWork], T]) -> T:
        """Run a command and return its result."""
        return self.write_now(command)

    async def read(self, query: Callable[[MemoryReader], T]) -> T:
        """Run a query."""
        return self.read_now(query)

    def write_now(self, command: Callable[[MemoryUnitOfWork], T]) -> T:
        """Run a command and return its result; nothing of it stays if it raises."""
        with self._lock:
            if self._writing:
                raise RuntimeError("a command can't wait for another one")
            work = MemoryUnitOfWork(self._kept, self._head, self._clock.now(), self._recording)
            self._writing = True
            try:
                result = command(work)
                work.refuse_if_failed()
            except BaseException:
                work.roll_back()
                raise
            finally:
                self._writing = False
            self._committed = self._kept.log
            return result

    def read_now(self, query: Callable[[MemoryReader], T]) -> T:
        """Run a query on what is committed."""
        with self._lock:
            return query(MemoryReader(self._kept, self._head))

    def send_to(self, targets: Sequence[Target]) -> None:
        """Send messages of what comes from now on to these receivers."""
        self._recording = replace(self._recording, targets=targets)

    async def heartbeat(self, name: str, at: datetime) -> None:
        """Note that a part of the service is alive."""
        self.write_now(lambda work: work.beat(name, at))

    async def heartbeats(self) -> dict[str, datetime]:
        """Return when each part of the service was last alive."""
        return self.read_now(MemoryReader.heartbeats)

    def close(self) -> None:
        """Do nothing: there is nothing to let go of."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _head(self) -> LedgerHead:
        log = self._committed
        if self._signed is None or self._signed.size != log.size:
            self._signed = LedgerHead(
                size=log.size, root=log.root.hex(), checkpoint=self._seal(log)
            )
        return self._signed

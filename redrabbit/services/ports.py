"""What the services need of the floor above: a database that folds the ledger, and messages out.

A command is a plain function that reads, decides and appends in one unit of work (D15); the
database runs it in its writer, commits ledger entry, records and outgoing messages together, and
only then answers. Readers ask with `find`; there is no other query language.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from redrabbit.domain.beside import B, Beside
from redrabbit.domain.erasable import StatedName
from redrabbit.domain.escalation import Escalation
from redrabbit.domain.export_format import Period
from redrabbit.domain.ledger import Entry, Event, StoredEntry, StreamHead
from redrabbit.domain.record_query import RecordReader, Where, equals
from redrabbit.domain.records import Record
from redrabbit.services.deliveries import (
    CheckpointsSent,
    MessageFate,
    MessagesWaiting,
    ParkedMessage,
    ParkedReason,
)

__all__ = [
    "Database",
    "LedgerHead",
    "OutgoingMessage",
    "Reader",
    "UnitOfWork",
    "Where",
    "equals",
]

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMessage:
    """One message for the receivers named in the plant file, delivered at least once (B21)."""

    event: str
    """What happened: missed, overdue, lapsed, escape, not_returned, inconclusive_again, …"""
    key: str
    """Idempotency key, so that a receiver can drop the second copy."""
    payload: dict[str, object]
    """JSON-able; codes, ids, numbers and ISO instants."""
    not_to: str | None = None
    """The receiver that it is about, which is not told: it would wait for its own return."""
    to: tuple[str, ...] | None = None
    """Exactly who is told; None: whoever wants this event."""
    without: frozenset[str] = frozenset()
    """Who is not told by this message, because steps tell them (R10)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerHead:
    """The ledger as last committed, signed in the same transaction."""

    size: int
    root: str
    """Hex."""
    checkpoint: str
    """The signed note (C2SP tlog-checkpoint) over the whole tree, with all stream heads (D11)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAct:
    """An act that somebody asked with a key of their own, and the answer that it got (D65)."""

    key: str
    stream: str
    kind: str
    payload: str
    """Canonical JSON of the act."""
    actor: str
    """The id of who asked."""
    done_at: datetime
    answer: str
    """Canonical JSON: the table of the record that it changed, and the record as it was then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCycles:
    """The answers of one signal, until there are enough of them to propose its pulse (D30)."""

    line: str
    station: str
    signal: str
    learnt_of: str
    """Digest of what the signal was then."""
    cycles: str
    """JSON: `Cycle` each, oldest first."""


class Reader(RecordReader, Protocol):
    """Reads records and the ledger as committed (or, within a command, as changed so far)."""

    def count(self, kind: type[Record], *where: Where) -> int:
        """Return how many records meet every condition, by looking at each: for where they are few."""
        ...

    def total(self, kind: type[Record], field: str, *where: Where) -> int:
        """Return the sum of a field that holds whole numbers over the records that meet every condition."""
        ...

    def tally(
        self, kind: type[Record], by: Sequence[str], *where: Where
    ) -> Mapping[tuple[Any, ...], int]:
        """Return how many records meet every condition, by the values of some fields; by looking at each, as `count`."""
        ...

    def entries(self, first: int = 0, limit: int | None = None) -> Sequence[Entry]:
        """Return ledger entries from an index on, in order."""
        ...

    def entries_of(
        self,
        *types: str,
        first: int = 0,
        before: int | None = None,
        descending: bool = False,
        limit: int | None = None,
    ) -> Sequence[Entry]:
        """Return entries of some of the types of `FOUND_BY_TYPE` from an index on, up to another, in order."""
        ...

    def streams(self) -> Sequence[str]:
        """Return the names of all streams that have entries, sorted."""
        ...

    def covering_range(self, stream: str, period: Period) -> range:
        """Return which of a stream's entries to hand over for a period, by their places in it.

        From one recorded before the period, or the first, to one recorded after it, or the last; with all
        that happened or was recorded in it. Empty where the stream has no entries.
        """
        ...

    def stream_entries(
        self, stream: str, first_seq: int, limit: int
    ) -> Sequence[tuple[int, StoredEntry]]:
        """Return a stream's entries from a place in it on, in order: index, and what is kept."""
        ...

    def stored_entry(self, index: int) -> StoredEntry:
        """Return what is kept of one entry; KeyError if there is none."""
        ...

    def names(self) -> Mapping[str, StatedName]:
        """Return the stated names that are kept, by the id that stands for each (D51)."""
        ...

    def id_of_name(self, name: str) -> str | None:
        """Return the id that stands for a stated name; None if the name is not kept (D51)."""
        ...

    def act(self, key: str) -> KeptAct | None:
        """Return the act that was done under this key; None if none was."""
        ...

    def blob(self, digest: str) -> bytes | None:
        """Return the bytes of this digest; None if they are not kept."""
        ...

    def cycles_kept(self, line: str, station: str) -> Sequence[KeptCycles]:
        """Return what was kept of how long a station's answers lasted, by signal."""
        ...

    def row(self, kind: type[B], *key: str) -> B | None:
        """Return the row beside the ledger with this key, or None."""
        ...

    def rows(self, kind: type[B], /, **same: object) -> Sequence[B]:
        """Return the rows beside the ledger in which these fields are so, by key."""
        ...

    def tree_node(self, level: int, position: int) -> bytes:
        """Return the root of a complete subtree of the log; see `redrabbit.domain.merkle.Node`.

        DamagedDatabase if it is not there. What is read is as stored, and proves nothing before its
        root is compared with the one that is signed.
        """
        ...

    def head(self) -> LedgerHead:
        """Return size, root and signed checkpoint."""
        ...

    def heartbeats(self) -> Mapping[str, datetime]:
        """Return when each part of the service was last alive, by its name; it is no part of the ledger."""
        ...

    def messages_waiting(self) -> Sequence[MessagesWaiting]:
        """Return how much waits for each receiver for which anything does, by its name."""
        ...

    def parked_messages(self, limit: int) -> Sequence[ParkedMessage]:
        """Return messages that are parked, those last parked first."""
        ...

    def parked_counts(self) -> Mapping[str, int]:
        """Return how many messages are parked, by receiver; only those with any."""
        ...

    def fates_of(self, keys: Sequence[str]) -> Sequence[MessageFate]:
        """Return what came of the messages of these keys, for each receiver, by key and name."""
        ...

    def checkpoints_sent(self) -> Mapping[str, CheckpointsSent]:
        """Return how each receiver stands that was ever to get checkpoints, by its name."""
        ...


class UnitOfWork(Reader, Protocol):
    """One command's reads and writes: all or nothing."""

    @property
    def now(self) -> datetime:
        """The instant at which this command is recorded."""
        ...

    @property
    def escalation(self) -> Escalation:
        """The rules by which people are told of alarms, of when the service was started."""
        ...

    @property
    def stream_heads(self) -> Mapping[str, StreamHead]:
        """Where each stream of the ledger stands, with what this command has appended."""
        ...

    @property
    def in_force(self) -> str:
        """The digest of what is in force now; "" before anything was adopted (D52)."""
        ...

    def append(self, event: Event) -> Entry:
        """Append to the ledger and fold the entry into the records."""
        ...

    def send(self, message: OutgoingMessage) -> None:
        """Put a message into the outbox of this transaction."""
        ...

    def held(self, event: str) -> OutgoingMessage | None:
        """Return the message about an event that is held; None: none is."""
        ...

    def hold(self, message: OutgoingMessage) -> None:
        """Hold a message, in place of the one that is held for its event: it may grow in later commands, too."""
        ...

    def release(self) -> None:
        """Send all messages that are held, each to the receivers that want it now."""
        ...

    def settle_parked(self, key: str, receiver: str, *, again: bool) -> bool:
        """Let a parked message wait to be sent again, or drop it; False if it is not parked."""
        ...

    def park_all(self, target: str, reason: ParkedReason) -> int:
        """Park all that waits for a receiver; return how many messages."""
        ...

    def keep_checkpoints_sent(self, sent: CheckpointsSent) -> None:
        """Keep how a receiver stands with checkpoints, in place of what was kept of it before."""
        ...

    def next_number(self, kind: type[Record], stream: str) -> int:
        """Return the next free number (from 1) of what is numbered on a stream (D14, D50)."""
        ...

    def keep_blob(self, kind: str, content: bytes) -> str:
        """Keep bytes beside the records and return their digest, which a fact names (D65)."""
        ...

    def keep_name(self, name: StatedName) -> str:
        """Keep a stated name and its salt, until somebody erases them (D51), and return its id.

        Where the name is kept already, with another salt, that one's id.
        """
        ...

    def keep_act(self, act: KeptAct) -> None:
        """Keep an act under its key, with the answer that was given (D65)."""
        ...

    def keep_row(self, row: Beside) -> None:
        """Keep a row beside the ledger, in place of the one with its key."""
        ...

    def forget_rows(self, kind: type[Beside], /, **same: object) -> None:
        """Forget the rows beside the ledger in which these fields are so; all of a kind where none is named."""
        ...

    def keep_cycles(self, kept: KeptCycles) -> None:
        """Keep how long the answers of a signal lasted, in place of what was kept of it before."""
        ...


class Database(Protocol):
    """The one door to what is kept."""

    async def write(self, command: Callable[[UnitOfWork], T]) -> T:
        """Run a command in the writer and return its result after the commit (L8)."""
        ...

    async def read(self, query: Callable[[Reader], T]) -> T:
        """Run a query in a reader thread on a consistent snapshot."""
        ...

"""What the services need of the floor above: a database that folds the ledger, and messages out.

A command is a plain function that reads, decides and appends in one unit of work (D15); the
database runs it in its writer, commits ledger entry, records and outgoing messages together, and
only then answers. Readers ask with `find`; there is no other query language.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from redrabbit.domain.ledger import Entry, Event
from redrabbit.domain.record_query import RecordReader, Where, equals
from redrabbit.domain.records import Record

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


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerHead:
    """The ledger as last committed, signed in the same transaction."""

    size: int
    root: str
    """Hex."""
    checkpoint: str
    """The signed note (C2SP tlog-checkpoint) over the whole tree, with all stream heads (D11)."""


class Reader(RecordReader, Protocol):
    """Reads records and the ledger as committed (or, within a command, as changed so far)."""

    def count(self, kind: type[Record], *where: Where) -> int:
        """Return how many records meet every condition."""
        ...

    def entries(self, first: int = 0, limit: int | None = None) -> Sequence[Entry]:
        """Return ledger entries from an index on, in order."""
        ...

    def raw_entry(self, index: int) -> bytes:
        """Return one entry's canonical bytes; KeyError if there is none."""
        ...

    def leaf_hashes(self) -> Sequence[bytes]:
        """Return the leaf hashes of the whole log, in order."""
        ...

    def head(self) -> LedgerHead:
        """Return size, root and signed checkpoint."""
        ...


class UnitOfWork(Reader, Protocol):
    """One command's reads and writes: all or nothing."""

    @property
    def now(self) -> datetime:
        """The instant at which this command is recorded."""
        ...

    def append(self, event: Event) -> Entry:
        """Append to the ledger and fold the entry into the records."""
        ...

    def send(self, message: OutgoingMessage) -> None:
        """Put a message into the outbox of this transaction."""
        ...

    def next_number(self, kind: type[Record]) -> int:
        """Return the next free number (from 1) of a record with an integer key (D14)."""
        ...


class Database(Protocol):
    """The one door to what is kept."""

    async def write(self, command: Callable[[UnitOfWork], T]) -> T:
        """Run a command in the writer and return its result after the commit (L8)."""
        ...

    async def read(self, query: Callable[[Reader], T]) -> T:
        """Run a query in a reader thread on a consistent snapshot."""
        ...

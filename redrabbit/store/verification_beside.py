"""Folding and comparing in a process of its own, so that a whole verification takes two cores.

One process holds entries to their hashes, chain and head, and rows to their seal; the other believes entries as they are
told, folds them, and compares the records. Both read the same ledger: their snapshots have the same signed head. What
the other one comes to counts only for entries that were found sound; where it could not fold one of these, all is
done again in one process, entry by entry, which says what is wrong.
"""

import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection as Pipe
from operator import attrgetter
from types import TracebackType
from typing import Any, Final, NamedTuple, Self, cast

from sqlalchemy import Connection
from sqlalchemy.engine import URL

from redrabbit.base.sentence import sentence
from redrabbit.domain.facts.fact import Fold
from redrabbit.domain.findings import Finding
from redrabbit.domain.ledger import Entry, StoredEntry, entry_as_told
from redrabbit.domain.record_comparison import Comparison, Folded, Records, compare_with_fold
from redrabbit.domain.records import TABLES
from redrabbit.services.errors import StoreTrouble
from redrabbit.store.database_files import readable_engine
from redrabbit.store.engine import parsed_url, translated
from redrabbit.store.found_rows import FoundRows, lenient_text
from redrabbit.store.spill import Spill
from redrabbit.store.tables import LEDGER_HEAD, RECORD_TABLES
from redrabbit.store.types import FIELD_TYPES

MANY: Final = 20_000
"""Entries from which on a second process is worth its start, about a second."""
_TRIES: Final = 50
"""To find a moment at which nobody writes between two snapshots, which takes milliseconds each."""
_END_S: Final = 10.0


class Compared(NamedTuple):
    """What the other process came to."""

    comparison: Comparison
    unreadable: tuple[Finding, ...]
    """Tables that could not be read to their end."""


class Comparing:
    """The other process; it has begun when this is made, and is ended with the `with` block."""

    def __init__(self, url: URL, fold: Fold) -> None:
        context = multiprocessing.get_context("spawn")  # a fork would share connections and locks
        self._pipe, theirs = context.Pipe()
        address = url.render_as_string(hide_password=False)
        self._process = context.Process(
            target=_compare, args=(theirs, address, fold), name="redrabbit-verify", daemon=True
        )
        self._process.start()
        theirs.close()

    def has_same_snapshot(self, connection: Connection) -> bool:
        """Tell whether both read the same ledger now; the connection's transaction is begun anew."""
        for _ in range(_TRIES):
            theirs = self._received()
            connection.rollback()
            is_same = _heads(connection) == theirs
            self._sent(is_same)
            if is_same:
                return True
        return False

    def compared(self) -> Compared:
        """Wait for the other process; StoreTrouble as reading raises there."""
        return cast("Compared", self._received())

    def _sent(self, value: object) -> None:
        with _while_it_lives():
            self._pipe.send(value)

    def _received(self) -> object:
        with _while_it_lives():
            received: object = self._pipe.recv()
        if isinstance(received, BaseException):
            raise received
        return received

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.terminate()
        self._process.join(_END_S)
        self._pipe.close()


@contextmanager
def _while_it_lives() -> Iterator[None]:
    try:
        yield
    except (EOFError, OSError) as error:
        raise StoreTrouble(sentence("the process that compares the records was ended")) from error


def has_two_cores() -> bool:
    """Tell whether this process may use more than one core."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) > 1
    return (os.cpu_count() or 1) > 1


def _compare(pipe: Pipe, address: str, fold: Fold) -> None:
    """Be the other process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one that was called
    with suppress(EOFError, OSError):  # that one is gone
        try:
            pipe.send(_compared(pipe, address, fold))
        except Exception as error:  # noqa: BLE001  it is raised where somebody can tell it
            pipe.send(error)


def _compared(pipe: Pipe, address: str, fold: Fold) -> Compared:
    engine = readable_engine(parsed_url(address))
    try:
        with translated("opening"):
            connection = engine.connect()
        with connection:
            is_same = False
            while not is_same:
                connection.rollback()
                pipe.send(_heads(connection))
                is_same = pipe.recv()
            return compare_told(connection, fold)
    finally:
        engine.dispose()


def compare_told(connection: Connection, fold: Fold) -> Compared:
    """Fold the entries as they are told, and compare every record with what comes out."""
    rows = FoundRows(connection)
    with lenient_text(connection), Spill() as spill:
        comparison = compare_with_fold(
            _entries(rows),
            Folded(fold, spilled_records(spill)),
            {kind: rows.of(table) for kind, table in RECORD_TABLES.items()},
        )
    return Compared(comparison, tuple(rows.unreadable))


def _heads(connection: Connection) -> list[dict[str, object]]:
    with lenient_text(connection):
        return list(FoundRows(connection).of(LEDGER_HEAD))


def _entries(rows: FoundRows) -> Iterator[Entry]:
    for index, row in enumerate(rows.told()):
        stored: Any = StoredEntry(raw=row["raw"], salt=row["salt"], payload=row["payload"])  # type: ignore[arg-type]  # as found
        yield entry_as_told(stored, index)


def spilled_records(spill: Spill) -> Records:
    """Return where the records that a ledger gives are kept while it is folded."""
    return {kind: _mapping(spill, kind) for kind in TABLES}


def _mapping(spill: Spill, kind: type[Any]) -> Any:
    names = tuple(FIELD_TYPES[kind])
    return spill.mapping(
        attrgetter(*names), lambda values: kind(**dict(zip(names, values, strict=True)))
    )

"""Makes the records again from the ledger, which is the truth (D13): after damage, or a new shape.

What was erased makes no record, and entries that speak of it are passed over (D51).

The caller has verified the ledger. Entries are folded in their order, a batch a transaction: with
the records goes the mark (`rebuild_mark`), so that a process that is killed leaves a database that
the next one goes on with. Memory holds one batch and the records looked at last, whatever the size
of the ledger.
"""

import logging
from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

from sqlalchemy import Connection, bindparam, delete, func, insert, select

from redrabbit import __version__
from redrabbit.base.sentence import sentence, words_of
from redrabbit.domain.facts.fact import Changes, Fold, Look
from redrabbit.domain.ledger import Entry
from redrabbit.domain.ledger_scan import NONSENSE
from redrabbit.domain.newer import WrittenByNewer
from redrabbit.domain.records import KEYS, Record
from redrabbit.services.errors import DamagedDatabase, DatabaseTooNew
from redrabbit.store import ledger, rebuild_mark
from redrabbit.store.engine import translated
from redrabbit.store.reading import SqlReader
from redrabbit.store.record_seal import forget_seal
from redrabbit.store.rows import row_of
from redrabbit.store.tables import LEDGER, RECORD_TABLES

BATCH: Final = 2_000
"""Entries in one transaction: seconds of work to lose, and few waits for the disk."""
REMEMBERED: Final = 20_000
"""Records kept in memory between batches, for folds to look at."""
TOLD_EVERY: Final = 0.05
"""Share of the ledger after which progress is logged again."""

R = TypeVar("R", bound=Record)
Told = Callable[[int, int], None]
"""Is told after each batch how many entries are done, and of how many."""
_Key = tuple[type[Any], tuple[str | int, ...]]

log = logging.getLogger("redrabbit.store")


def rebuild_records(
    connection: Connection,
    fold: Fold,
    told: Told | None = None,
    *,
    batch: int = BATCH,
    anew: bool = False,
) -> int:
    """Make all records again and return the number of entries; goes on where it was broken off.

    `anew` begins from the first entry whatever was done before. Raises DamagedDatabase for an entry
    that makes no sense, DatabaseTooNew for one that only a newer version can fold; the mark stays.
    """
    told = told or _logged()
    with translated("making records again"), connection.begin():
        size = connection.execute(select(func.count()).select_from(LEDGER)).scalar_one()
        holes = _holes(connection)
        mark = rebuild_mark.read_mark(connection)
        if anew or mark is None or mark.by != __version__:
            rebuild_mark.begin_anew(connection, __version__)
            forget_seal(connection)
            mark = None
    done = mark.entries_done if mark else 0
    records = _Records(connection)
    told(done, size)
    while done < size:
        with translated("making records again"), connection.begin():
            for entry in ledger.entry_rows(connection, done, batch):
                records.add(entry, fold, behind_a_hole=holes.get(entry.stream, size) < entry.index)
                done = entry.index + 1
            records.write()
            rebuild_mark.note_done(connection, done)
        told(done, size)
    with translated("making records again"), connection.begin():
        rebuild_mark.remove_mark(connection)
    return size


class _Records:
    """The records as folded so far: those of this batch in memory, all others in their tables."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._reader = SqlReader(connection)
        self._known: dict[_Key, Record | None] = {}
        self._touched: dict[_Key, None] = {}

    def add(self, entry: Entry, fold: Fold, *, behind_a_hole: bool) -> None:
        """Apply one entry's changes in memory."""
        for change in _changes(entry, fold, self._look, behind_a_hole=behind_a_hole):
            kind: type[Any] = type(change.record)
            key = (kind, tuple(getattr(change.record, name) for name in KEYS[kind]))
            self._known[key] = change.record
            self._touched[key] = None

    def write(self) -> None:
        """Write what this batch changed.

        All old rows go before any new one comes: so a key that must be unique can move between
        records within a batch.
        """
        for kind, table in RECORD_TABLES.items():
            keys = [key for touched, key in self._touched if touched is kind]
            if not keys:
                continue
            gone = delete(table).where(*(table.c[n] == bindparam(f"key_{n}") for n in KEYS[kind]))
            names = [f"key_{name}" for name in KEYS[kind]]
            self._connection.execute(gone, [dict(zip(names, key, strict=True)) for key in keys])
            rows = [row_of(record) for key in keys if (record := self._known[kind, key])]
            if rows:
                self._connection.execute(insert(table), rows)
        self._touched.clear()
        while len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]

    def _look(self, kind: type[R], *key: str | int) -> R | None:
        if (kind, key) not in self._known:
            self._known[kind, key] = self._reader.get(kind, *key)
        return cast("R | None", self._known[kind, key])


def _holes(connection: Connection) -> dict[str, int]:
    """Return for each stream of which payloads were erased the index of the first such entry."""
    first = func.min(LEDGER.c.index)
    erased = select(LEDGER.c.stream, first).where(LEDGER.c.schema > 1, LEDGER.c.payload.is_(None))
    rows = connection.execute(erased.group_by(LEDGER.c.stream)).all()
    return {row.stream: row[1] for row in rows}


def _changes(entry: Entry, fold: Fold, look: Look, *, behind_a_hole: bool) -> Changes:
    """Return what an entry changes: nothing, where it speaks of what was erased (D51)."""
    try:
        return fold(entry, look)
    except WrittenByNewer as newer:
        raise DatabaseTooNew(
            sentence(
                "ledger[{index}]: {problem}. Start that version",
                index=entry.index,
                problem=words_of(newer),
            )
        ) from newer
    except NONSENSE as error:
        if isinstance(error, LookupError) and behind_a_hole:
            return ()
        problem = f"{type(error).__name__}: {error}"
        raise DamagedDatabase(
            sentence(
                "ledger[{index}]: the entry makes no sense after those before it: {problem}",
                index=entry.index,
                problem=problem,
            )
        ) from error


def _logged() -> Told:
    """Return what writes progress to the log, a line for each twentieth."""
    next_at = 0.0

    def told(done: int, size: int) -> None:
        nonlocal next_at
        if done >= next_at or done == size:
            log.info("making records again from the ledger", extra={"entries": done, "of": size})
            next_at = done + TOLD_EVERY * size

    return told

"""Rows beside the ledger, in memory: as `rows_beside` keeps them, each change with what undoes it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from redrabbit.domain.beside import B, Beside
from redrabbit.store.tables import BESIDE

Undo = Callable[[], object]


class MemoryRows:
    """The rows of each kind by their keys."""

    def __init__(self) -> None:
        self._kept: dict[type[Any], dict[tuple[Any, ...], Any]] = {kind: {} for kind in BESIDE}

    def one(self, kind: type[B], key: tuple[str, ...]) -> B | None:
        """Return the row with this key, or None."""
        found: B | None = self._kept[kind].get(key)
        return found

    def some(self, kind: type[B], same: Mapping[str, object]) -> Sequence[B]:
        """Return the rows in which these fields are so, by key."""
        kept = self._kept[kind]
        return [kept[key] for key in sorted(kept) if _is_so(kept[key], same)]

    def keep(self, row: Beside) -> Undo:
        """Keep a row in place of the one with its key."""
        table, key = self._kept[type(row)], tuple(getattr(row, name) for name in row.KEY)
        before = table.get(key)
        table[key] = row

        def undo() -> None:
            del table[key]
            table.update({key: before} if before is not None else {})

        return undo

    def forget(self, kind: type[Beside], same: Mapping[str, object]) -> Undo:
        """Forget the rows in which these fields are so."""
        table = self._kept[kind]
        gone = {key: row for key, row in table.items() if _is_so(row, same)}
        for key in gone:
            del table[key]
        return lambda: table.update(gone)


class RowsReader:
    """What a reader in memory knows of them."""

    _rows: MemoryRows

    def row(self, kind: type[B], *key: str) -> B | None:
        """Return the row beside the ledger with this key, or None."""
        return self._rows.one(kind, key)

    def rows(self, kind: type[B], /, **same: object) -> Sequence[B]:
        """Return the rows beside the ledger in which these fields are so, by key."""
        return self._rows.some(kind, same)


def _is_so(row: Beside, same: Mapping[str, object]) -> bool:
    return all(getattr(row, name) == value for name, value in same.items())

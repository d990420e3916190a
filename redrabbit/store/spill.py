"""Mappings that are larger than memory: what was used lately is in memory, the rest in a file that nobody else sees.

The file is SQLite's own temporary one: it has no name, and is gone with the process. Nothing in it outlives a
verification, so nothing waits for the disk. A disk that is full is StoreTrouble.
"""

import ast
import pickle
import sqlite3
from collections.abc import Callable, Iterator, MutableMapping
from itertools import count
from types import TracebackType
from typing import Any, Final, Generic, Self, TypeVar

from redrabbit.store.engine import translated

V = TypeVar("V")

Key = tuple[object, ...] | str
K = TypeVar("K", bound=Key)

IN_MEMORY: Final = 2_000
"""Values of one mapping, at least, that are kept in memory; twice as many at most."""
PAGES_KB: Final = 16_000
"""Pages of the file that SQLite keeps in memory."""


class Spill:
    """The file; it makes mappings, and is closed with all of them."""

    def __init__(self) -> None:
        self._file = sqlite3.connect("", isolation_level=None, cached_statements=256)
        for setting in ("journal_mode=OFF", "synchronous=OFF", f"cache_size=-{PAGES_KB}"):
            self._file.execute(f"PRAGMA {setting}")
        self._file.execute("BEGIN")  # once: there is nothing that could be taken back
        self._numbers = count()

    def mapping(
        self,
        dump: Callable[[V], object],
        load: Callable[[Any], V],
        in_memory: int | None = None,
    ) -> "SpilledMapping[Any, V]":
        """Return an empty mapping; `dump` makes plain values of a value, of which `load` makes it again."""
        in_memory = IN_MEMORY if in_memory is None else in_memory
        return SpilledMapping(self._file, f"m{next(self._numbers)}", dump, load, in_memory)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()


class _Slot(Generic[V]):
    """What is known of a key: its number, from the first time that it was put, and its value."""

    __slots__ = ("is_new", "number", "value")

    def __init__(self, number: int | None, value: V | None, *, is_new: bool) -> None:
        self.number = number
        """None: there is no such key."""
        self.value = value
        self.is_new = is_new
        """It is not in the file yet, as it is."""


class SpilledMapping(MutableMapping[K, V], Generic[K, V]):
    """A mapping in the order of first insertion, as a dictionary is; keys are texts, or tuples of texts and numbers."""

    def __init__(
        self,
        file: sqlite3.Connection,
        table: str,
        dump: Callable[[V], object],
        load: Callable[[Any], V],
        in_memory: int,
    ) -> None:
        self._file, self._dump, self._load, self._in_memory = file, dump, load, in_memory
        file.execute(
            f"CREATE TABLE {table} (number INTEGER PRIMARY KEY, key TEXT UNIQUE, value BLOB)"
        )
        self._put = f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?)"  # noqa: S608  a name of ours
        self._get = f"SELECT number, value FROM {table} WHERE key = ?"  # noqa: S608  as above
        self._all = f"SELECT number, key FROM {table} ORDER BY number"  # noqa: S608  as above
        self._young: dict[str, _Slot[V]] = {}
        self._old: dict[str, _Slot[V]] = {}
        self._next = 0
        self._taken = bytearray()
        """For each number whether the key was deleted."""
        self._left = 0

    def __getitem__(self, key: K) -> V:
        """Return the value; KeyError if there is none."""
        slot = self._slot(_text(key))
        if slot.number is None:
            raise KeyError(key)
        return slot.value  # type: ignore[return-value]  # because a slot with a number has one

    def __setitem__(self, key: Key, value: V) -> None:
        slot = self._slot(_text(key))
        if slot.number is None:
            slot.number = self._next
            self._next += 1
            self._left += 1
            self._taken.append(0)
        slot.value, slot.is_new = value, True

    def __delitem__(self, key: K) -> None:
        slot = self._slot(_text(key))
        if slot.number is None:
            raise KeyError(key)
        self._taken[slot.number] = 1
        self._left -= 1
        slot.number, slot.value, slot.is_new = None, None, False

    def __len__(self) -> int:
        """Return how many keys there are."""
        return self._left

    def __iter__(self) -> Iterator[K]:
        """Yield the keys in the order in which they were first put."""
        self._write(self._young)
        self._write(self._old)
        with translated("reading what was put aside"):
            for number, text in self._file.execute(self._all):
                if not self._taken[number]:
                    yield ast.literal_eval(text)

    def _slot(self, text: str) -> _Slot[V]:
        """Return what is known of a key, and keep it in memory."""
        slot = self._young.get(text)
        if slot is None:
            slot = self._old.pop(text, None) or self._read(text)
            if len(self._young) >= self._in_memory:
                self._write(self._old)
                self._old, self._young = self._young, {}
            self._young[text] = slot
        return slot

    def _read(self, text: str) -> _Slot[V]:
        with translated("reading what was put aside"):
            found = self._file.execute(self._get, (text,)).fetchone()
        if found is None or self._taken[found[0]]:
            return _Slot(None, None, is_new=False)
        return _Slot(found[0], self._load(pickle.loads(found[1])), is_new=False)  # noqa: S301  what this process wrote

    def _write(self, slots: dict[str, _Slot[V]]) -> None:
        rows = [
            (slot.number, text, pickle.dumps(self._dump(slot.value), pickle.HIGHEST_PROTOCOL))
            for text, slot in slots.items()
            if slot.is_new and slot.value is not None
        ]
        with translated("putting aside what memory does not hold"):
            self._file.executemany(self._put, rows)
        for slot in slots.values():
            slot.is_new = False


def _text(key: Key) -> str:
    """Return the text of a key; keys that are equal have the same one: True, 1 and 1.0."""
    if isinstance(key, str) or all(type(part) is str or type(part) is int for part in key):
        return repr(key)
    return repr(tuple(_plain(part) for part in key))


def _plain(part: object) -> object:
    if isinstance(part, int | float) and part == part // 1:
        return int(part)
    return str(part) if isinstance(part, str) else part  # a word of an enumeration as its text

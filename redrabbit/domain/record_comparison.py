"""The records that the ledger gives, laid beside those that are stored (D13).

A ledger of ten years gives more records than a computer should hold in memory, so where they are kept meanwhile is
passed in: a mapping for each kind of record, in memory unless said otherwise. Comparing uses it up.
"""

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Final, TypeVar, cast

from redrabbit.domain.facts.fact import Fold
from redrabbit.domain.findings import Finding
from redrabbit.domain.ledger import Entry
from redrabbit.domain.ledger_scan import NONSENSE, Row, differing
from redrabbit.domain.records import KEYS, TABLES, Record

R = TypeVar("R", bound=Record)

Key = tuple[object, ...]

Records = Mapping[type[Any], MutableMapping[Key, Record]]
"""For each kind its records by key, in the order in which they were first put."""


class Folded:
    """The records that the ledger gives, entry by entry."""

    def __init__(self, fold: Fold, records: Records | None = None) -> None:
        self._fold = fold
        self.records: Records = {kind: {} for kind in TABLES} if records is None else records

    def add(self, entry: Entry) -> None:
        """Apply one entry's changes."""
        for change in self._fold(entry, self._look):
            self.records[type(change.record)][_key(change.record)] = change.record

    def _look(self, kind: type[R], *key: str | int) -> R | None:
        return cast("R | None", self.records[kind].get(key))


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What folding entries that somebody else verifies came to."""

    stopped_at: int | None
    """Index of the first entry that makes no sense after those before it; then no record was compared."""
    findings: tuple[Finding, ...]


def compare_with_fold(
    entries: Iterable[Entry], folded: Folded, stored: Mapping[type[Record], Iterable[Row]]
) -> Comparison:
    """Fold entries and compare every record; what reading an entry raises for nonsense is where it stops.

    An entry may speak of a record that was made by an entry of its stream whose payload was erased (D51).
    """
    holed: set[str] = set()
    index, reading = 0, iter(entries)
    while True:
        try:
            entry = next(reading, None)
            if entry is None:
                break
            if entry.payload is None:
                holed.add(entry.stream)
            _add(folded, entry, holed)
        except NONSENSE:
            return Comparison(stopped_at=index, findings=())
        index += 1
    return Comparison(stopped_at=None, findings=tuple(compare_records(folded.records, stored)))


def _add(folded: Folded, entry: Entry, holed: set[str]) -> None:
    try:
        folded.add(entry)
    except LookupError:
        if entry.stream not in holed:
            raise


def compare_records(
    folded: Records, stored: Mapping[type[Record], Iterable[Row]]
) -> Iterator[Finding]:
    """Yield each edited column, missing record and extra record, table by table; `folded` is used up."""
    for kind, table in TABLES.items():
        awaited = folded.get(kind, {})
        columns = KEYS[kind]
        for row in stored.get(kind, ()):
            key = tuple(row.get(column) for column in columns)
            expected = awaited.pop(key, None)
            if expected is None:
                yield Finding(code="record_extra", place=_place(table, key))
            else:
                yield from differing("record_differs", _place(table, key), row, as_row(expected))
        for key in awaited:
            yield Finding(code="record_missing", place=_place(table, key))


def as_row(record: Record) -> dict[str, object]:
    """Return a record's values by column name, words of an enumeration as text."""
    row: dict[str, object] = {}
    for name in _COLUMNS[type(record)]:
        value = getattr(record, name)
        row[name] = value.value if isinstance(value, StrEnum) else value
    return row


def _key(record: Record) -> Key:
    return tuple(getattr(record, column) for column in KEYS[type(record)])


def _place(table: str, key: Key) -> str:
    return f"{table}[{', '.join(str(part) for part in key)}]"


_COLUMNS: Final[Mapping[type[Any], tuple[str, ...]]] = {
    kind: tuple(field.name for field in fields(kind)) for kind in TABLES
}

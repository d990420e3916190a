"""Reads the rows of a ledger one after the other, and stops at the first that is not as it was recorded.

Rows come as they were found, whatever type somebody left in them; nothing here reads a database or knows a key.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, cast

from redrabbit.domain.erasable_content import ErasableContent
from redrabbit.domain.erased_payloads import ErasedPayloads
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.codec import decode
from redrabbit.domain.facts.key_changed import KeyChanged
from redrabbit.domain.facts.stream_heads import StreamHeads
from redrabbit.domain.findings import Finding, shown
from redrabbit.domain.ledger import (
    REPEATED,
    Entry,
    LogState,
    StoredEntry,
    read_entry,
    stored_nodes,
)
from redrabbit.domain.log_keys import LogKeys
from redrabbit.domain.merkle import leaf_hash
from redrabbit.domain.newer import WRITTEN_BY_NEWER, WrittenByNewer
from redrabbit.domain.recorded_loss import RecordedLoss, loss_in

Row = Mapping[str, object]
"""Column name to value, as found."""

NONSENSE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    Refusal,
    TypeError,
    ValueError,
)
"""What folding raises when an entry does not fit those before it."""


@dataclass(kw_only=True)
class Scan:
    """How far the entries were read, and what they gave."""

    keys: LogKeys
    """Whose signatures count, as far as the entries were read."""
    log: LogState = field(default_factory=LogState)
    last_index: dict[str, int] = field(default_factory=dict)
    """Index of each stream's last entry."""
    at_size: dict[int, LogState] = field(default_factory=dict)
    """The log as it was at the sizes asked for."""
    damage: Finding | None = None
    newer: Finding | None = None
    """The first entry that only a newer version can read or fold."""
    newer_at: int | None = None
    """Its index."""
    is_whole: bool = True
    """False once an entry could not be read: it may say of others that they were erased."""
    payloads: ErasedPayloads = field(default_factory=ErasedPayloads)
    holed: set[str] = field(default_factory=set)
    """The streams in which a payload is gone."""
    erasable: ErasableContent = field(default_factory=ErasableContent)
    losses: list[RecordedLoss] = field(default_factory=list)
    """History that the entries say was lost."""

    def note_erasure(self, entry: Entry) -> None:
        """Note a payload that is gone, or the entry that says which were erased."""
        self.erasable.note(entry)
        self.payloads.note(entry)
        if entry.payload is None:
            self.holed.add(entry.stream)

    def note_loss(self, entry: Entry) -> None:
        """Note history that the entry says was lost."""
        loss = loss_in(entry)
        if loss is not None:
            self.losses.append(loss)

    def note_newer(self, index: int, newer: WrittenByNewer) -> None:
        """Note an entry that only a newer version can read or fold; the first one counts."""
        if self.newer_at is None:
            self.newer_at = index
            self.newer = at_entry(index, WRITTEN_BY_NEWER, what=newer.what)

    def is_behind_a_hole(self, entry: Entry) -> bool:
        """Tell whether something of the entry's stream was erased that it may speak of."""
        return entry.stream in self.holed

    def payloads_missing(self) -> Iterator[Finding]:
        """Yield the payloads that are gone though no entry says that they were erased."""
        if self.is_whole:
            for index in self.payloads.missing:
                yield at_entry(index, "payload_missing")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Link:
    """An entry's place in its stream, as far as its columns tell it: only they can be read."""

    index: int
    stream: str
    stream_seq: int
    previous: str


def read_on(
    scan: Scan, entries: Iterable[Row], wanted: set[int], visit: Callable[[Entry], None] | None
) -> None:
    """Read the next rows into a scan, as far as they are sound; `wanted` are sizes at which the log is kept."""
    for row in entries:
        index = scan.log.size
        entry = _entry(row, index, scan)
        if isinstance(entry, Entry):
            entry = _visited(visit, entry, scan) or entry
        if isinstance(entry, Finding):
            scan.damage = entry
            break
        leaf = cast("bytes", row["leaf_hash"])
        nodes = scan.log.tree.completed_by(leaf)
        if "nodes" in row and not same(row["nodes"], stored_nodes(nodes)):
            scan.damage = at_entry(index, "nodes_differ")
            break
        scan.log = scan.log.with_leaf(entry.stream, leaf)
        scan.last_index[entry.stream] = index
        if scan.log.size in wanted:
            scan.at_size[scan.log.size] = scan.log


def _visited(visit: Callable[[Entry], None] | None, entry: Entry, scan: Scan) -> Finding | None:
    """Visit a sound entry; return the damage if it makes no sense after those before it.

    From an entry on that a newer version wrote, none is visited any more.
    """
    try:
        scan.note_erasure(entry)
        scan.note_loss(entry)
        _refuse_other_heads(entry, scan)
        if entry.type == KeyChanged.TYPE:
            scan.keys = scan.keys.with_entry(entry, scan.log.root)
        if visit and not scan.newer:
            visit(entry)
    except WrittenByNewer as newer:
        scan.note_newer(entry.index, newer)
    except NONSENSE as error:
        if isinstance(error, LookupError) and scan.is_behind_a_hole(entry):
            return None
        problem = f"{type(error).__name__}: {error}"
        return at_entry(entry.index, "entry_does_not_fold", problem=problem)
    return None


def _refuse_other_heads(entry: Entry, scan: Scan) -> None:
    """Raise ValueError for an entry that says of the streams what is not so: exports are proved whole by it."""
    if entry.type != StreamHeads.TYPE or entry.payload is None:
        return
    if decode(StreamHeads, entry.payload) != StreamHeads.of(scan.log.heads):
        raise ValueError("the streams do not stand where it says")


def _entry(row: Row, index: int, scan: Scan) -> Entry | _Link | Finding:
    """Return the sound entry of a row, or the first thing wrong with it.

    Of an entry that only a newer version reads, its link.
    """
    if not same(row.get("index"), index):
        found = row.get("index")
        if isinstance(found, int) and found > index:
            return at_entry(index, "entry_missing")
        return at_entry(index, "row_out_of_place", found=shown(found), expected=index)
    raw = row.get("raw")
    if not isinstance(raw, bytes):
        return at_entry(index, "entry_unreadable", problem=f"{shown(raw)} in place of bytes")
    if not same(row.get("leaf_hash"), leaf_hash(raw)):
        return at_entry(index, "leaf_hash_differs")
    try:
        entry = read_entry(_stored(row, raw), index)
    except WrittenByNewer as newer:
        scan.note_newer(index, newer)
        scan.is_whole = False
        return _link(row, index, scan)
    except ValueError as error:
        return at_entry(index, "entry_unreadable", problem=str(error))
    repeated = {column: getattr(entry, column) for column in REPEATED}
    for finding in differing("column_differs", f"ledger[{index}]", row, repeated):
        return finding
    return _chain(entry, scan) or entry


def _stored(row: Row, raw: bytes) -> StoredEntry:
    """Return what the row keeps; ValueError for a salt or payload that is neither bytes nor gone."""
    salt, payload = row.get("salt"), row.get("payload")
    if not isinstance(salt, bytes | None) or not isinstance(payload, bytes | None):
        raise ValueError(f"salt {shown(salt)} and payload {shown(payload)} in place of bytes")  # noqa: TRY004  damaged rows
    return StoredEntry(raw=raw, salt=salt, payload=payload)


def _link(row: Row, index: int, scan: Scan) -> _Link | Finding:
    """Return the link that a row's columns tell, or why it is none."""
    match row:
        case {"stream": str(stream), "stream_seq": int(seq), "previous": str(previous)}:
            link = _Link(index=index, stream=stream, stream_seq=seq, previous=previous)
            return _chain(link, scan) or link
    return at_entry(
        index, "entry_unreadable", problem="its columns don't tell its place in a stream"
    )


def _chain(entry: Entry | _Link, scan: Scan) -> Finding | None:
    head = scan.log.heads.get(entry.stream)
    expected = (head.next_seq, head.leaf.hex()) if head else (0, "")
    if (entry.stream_seq, entry.previous) == expected:
        return None
    if head is None:
        return at_entry(entry.index, "stream_begins_late", stream=entry.stream)
    previous = scan.last_index[entry.stream]
    return at_entry(entry.index, "chain_broken", stream=entry.stream, previous=previous)


def differing(code: str, place: str, row: Row, expected: Row) -> Iterator[Finding]:
    """Yield a finding for each column of a row that is not what it should be."""
    for column, value in expected.items():
        found = row.get(column, _ABSENT)
        if found is not value and not same(found, value):
            params = {"column": column, "found": shown(found), "expected": shown(value)}
            yield Finding(code=code, place=place, params=params)


class _Absent:
    """Stands for a column that the row does not have."""

    def __repr__(self) -> str:
        return "not there"


_ABSENT: Final = _Absent()


def same(found: object, expected: object) -> bool:
    """Tell whether two values are equal and of one type: 1 is 1.0, as databases see it, never True."""
    if type(found) is not type(expected) and {type(found), type(expected)} != {int, float}:
        return False
    return found == expected


def at_entry(index: int, code: str, **params: str | int) -> Finding:
    """Return a finding about an entry of the ledger."""
    return Finding(code=code, place=f"ledger[{index}]", params=params)

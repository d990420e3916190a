"""Verification: reads everything stored as a stranger would, and names what is not as recorded.

Rules: (1) `raw` is the truth and every other column must repeat it; (2) entries are numbered
without gaps and chained within their streams; (3) the one head must be signed by the given key and
say exactly what the entries give: size, root and every stream's head; (4) each checkpoint that was
kept elsewhere must be a beginning of this log; (5) the ledger is folded again and the record
tables must hold just that (D13).

The scan stops at the first damaged entry: what follows from it can't be judged. From an entry on
that a newer version wrote, hashes, chain and head are still verified, records no longer: that is
a finding of its own, the last, and no damage. Nothing here reads a database or knows a key; rows
come as they were found, whatever type a vandal left in them.

What it can't find: a rewrite by someone with the signing key, unless a checkpoint was kept.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, Final, TypeVar, cast

from redrabbit.domain.checkpoint import Checkpoint, checkpoint_of, parse_checkpoint
from redrabbit.domain.erasable_content import ErasableContent
from redrabbit.domain.erased_payloads import ErasedPayloads
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.fact import Fold
from redrabbit.domain.findings import Finding, shown
from redrabbit.domain.ledger import REPEATED, Entry, LogState, StoredEntry, read_entry, stored_nodes
from redrabbit.domain.merkle import leaf_hash
from redrabbit.domain.newer import OLDER_SCHEMA, WRITTEN_BY_NEWER, WrittenByNewer
from redrabbit.domain.records import KEYS, TABLES, Record
from redrabbit.domain.signed_note import NoteVerifier, note_is_signed, parse_note

__all__ = [
    "NONSENSE",
    "OF_RECORDS",
    "DatabaseVerification",
    "Finding",
    "Fold",
    "Folded",
    "LedgerVerification",
    "compare_records",
    "verify_ledger",
    "verify_rows",
]

R = TypeVar("R", bound=Record)

Row = Mapping[str, object]
"""Column name to value, as found."""

Key = tuple[object, ...]

OF_RECORDS: Final = frozenset({"record_differs", "record_extra", "record_missing"})
"""Findings in record tables: they are made only where the ledger itself is sound."""

_OF_OTHER_VERSIONS: Final = frozenset({OLDER_SCHEMA, WRITTEN_BY_NEWER})

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


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerVerification:
    """What the ledger alone tells."""

    log: LogState
    """Over all entries, or over those before the first damaged one."""
    findings: tuple[Finding, ...]
    last_good: int | None
    """Size of the largest kept checkpoint that this log agrees with."""
    erased: int
    """Entries whose payload is gone; they verify, and are not folded (D51)."""
    erasable: ErasableContent
    """What the entries name that stands beside the ledger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseVerification:
    """The whole verification of a database."""

    size: int
    root: str
    """Hex."""
    findings: tuple[Finding, ...]
    last_good: int | None
    erased: int = 0
    """Entries whose payload is gone; they verify, and are not folded (D51)."""
    erasable: ErasableContent | None = None
    """What the entries name that stands beside the ledger; None where not all could be read."""

    @property
    def sound(self) -> bool:
        """Tell whether nothing was found."""
        return not self.findings

    @property
    def damage(self) -> tuple[Finding, ...]:
        """What is not as it was recorded; what another version wrote is none of it."""
        return tuple(each for each in self.findings if each.code not in _OF_OTHER_VERSIONS)


class Folded:
    """The records that the ledger gives, entry by entry."""

    def __init__(self, fold: Fold) -> None:
        self._fold = fold
        self.records: dict[type[Any], dict[Key, Record]] = {kind: {} for kind in TABLES}

    def add(self, entry: Entry) -> None:
        """Apply one entry's changes."""
        for change in self._fold(entry, self._look):
            self.records[type(change.record)][_key(change.record)] = change.record

    def _look(self, kind: type[R], *key: str | int) -> R | None:
        return cast("R | None", self.records[kind].get(key))


def verify_rows(
    entries: Iterable[Row],
    heads: Sequence[Row],
    records: Mapping[type[Record], Iterable[Row]],
    *,
    verifier: NoteVerifier,
    fold: Fold,
    kept: Sequence[str] = (),
) -> DatabaseVerification:
    """Verify the ledger, fold it again, and compare every record; see the module's rules.

    `entries` are the rows of the table `ledger` by index, `heads` all rows of `ledger_head`,
    `records` all rows of each record table, `kept` the signed checkpoints from elsewhere. Records
    are compared only with a ledger that is sound in itself.
    """
    folded = Folded(fold)
    ledger = verify_ledger(entries, heads, verifier, kept=kept, visit=folded.add)
    findings = ledger.findings or tuple(compare_records(folded.records, records))
    return DatabaseVerification(
        size=ledger.log.size,
        root=ledger.log.root.hex(),
        findings=findings,
        last_good=ledger.last_good,
        erased=ledger.erased,
        erasable=None if ledger.findings else ledger.erasable,
    )


@dataclass(kw_only=True)
class _Scan:
    """How far the entries were read, and what they gave."""

    log: LogState = field(default_factory=LogState)
    last_index: dict[str, int] = field(default_factory=dict)
    """Index of each stream's last entry."""
    at_size: dict[int, LogState] = field(default_factory=dict)
    """The log as it was at the sizes asked for."""
    damage: Finding | None = None
    newer: Finding | None = None
    """The first entry that only a newer version can read or fold."""
    is_whole: bool = True
    """False once an entry could not be read: it may say of others that they were erased."""
    payloads: ErasedPayloads = field(default_factory=ErasedPayloads)
    holed: set[str] = field(default_factory=set)
    """The streams in which a payload is gone."""
    erasable: ErasableContent = field(default_factory=ErasableContent)

    def note_erasure(self, entry: Entry) -> None:
        """Note a payload that is gone, or the entry that says which were erased."""
        self.erasable.note(entry)
        self.payloads.note(entry)
        if entry.payload is None:
            self.holed.add(entry.stream)

    def is_behind_a_hole(self, entry: Entry) -> bool:
        """Tell whether something of the entry's stream was erased that it may speak of."""
        return entry.stream in self.holed

    def payloads_missing(self) -> Iterator[Finding]:
        """Yield the payloads that are gone though no entry says that they were erased."""
        if self.is_whole:
            for index in self.payloads.missing:
                yield _at(index, "payload_missing")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Link:
    """An entry's place in its stream, as far as its columns tell it: only they can be read."""

    index: int
    stream: str
    stream_seq: int
    previous: str


def verify_ledger(
    entries: Iterable[Row],
    heads: Sequence[Row],
    verifier: NoteVerifier,
    *,
    kept: Sequence[str] = (),
    visit: Callable[[Entry], None] | None = None,
) -> LedgerVerification:
    """Verify entries and head; `visit` gets each sound entry in order, before the head is known."""
    findings: list[Finding] = []
    remembered: list[tuple[str, Checkpoint]] = []
    for number, note in enumerate(kept, start=1):
        place = "kept checkpoint" if len(kept) == 1 else f"kept checkpoint {number}"
        checkpoint = _checkpoint(note, verifier, place, "kept_unreadable")
        if isinstance(checkpoint, Finding):
            findings.append(checkpoint)
        else:
            remembered.append((place, checkpoint))

    scan = _scan(entries, {checkpoint.size for _, checkpoint in remembered}, visit)
    if scan.damage:
        scan.is_whole = False
        findings.insert(0, scan.damage)
    findings += _head_findings(heads, verifier, scan)
    contradictions = {place: _contradiction(place, old, scan) for place, old in remembered}
    findings += [each for each in contradictions.values() if each]
    findings += scan.payloads_missing()
    findings += [scan.newer] if scan.newer else []
    good = [old.size for place, old in remembered if _agrees(old, scan)]
    return LedgerVerification(
        log=scan.log,
        findings=tuple(findings),
        last_good=max(good, default=None),
        erased=len(scan.payloads.gone),
        erasable=scan.erasable,
    )


def compare_records(
    folded: Mapping[type[Record], Mapping[Key, Record]],
    stored: Mapping[type[Record], Iterable[Row]],
) -> Iterator[Finding]:
    """Yield each edited column, missing record and extra record, table by table."""
    for kind, table in TABLES.items():
        awaited = dict(folded.get(kind, {}))
        for row in stored.get(kind, ()):
            key = tuple(row.get(column) for column in KEYS[kind])
            expected = awaited.pop(key, None)
            if expected is None:
                yield Finding(code="record_extra", place=_place(table, key))
            else:
                yield from _columns("record_differs", _place(table, key), row, as_row(expected))
        for key in awaited:
            yield Finding(code="record_missing", place=_place(table, key))


def as_row(record: Record) -> dict[str, object]:
    """Return a record's values by column name, words of an enumeration as text."""
    values = {field.name: getattr(record, field.name) for field in fields(record)}
    return {
        name: value.value if isinstance(value, StrEnum) else value for name, value in values.items()
    }


def _scan(entries: Iterable[Row], wanted: set[int], visit: Callable[[Entry], None] | None) -> _Scan:
    scan = _Scan()
    if 0 in wanted:
        scan.at_size[0] = scan.log
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
        if "nodes" in row and not _same(row["nodes"], stored_nodes(nodes)):
            scan.damage = _at(index, "nodes_differ")
            break
        scan.log = scan.log.with_leaf(entry.stream, leaf)
        scan.last_index[entry.stream] = index
        if scan.log.size in wanted:
            scan.at_size[scan.log.size] = scan.log
    return scan


def _visited(visit: Callable[[Entry], None] | None, entry: Entry, scan: _Scan) -> Finding | None:
    """Visit a sound entry; return the damage if it makes no sense after those before it.

    From an entry on that a newer version wrote, none is visited any more.
    """
    try:
        scan.note_erasure(entry)
        if visit and not scan.newer:
            visit(entry)
    except WrittenByNewer as newer:
        scan.newer = _at(entry.index, WRITTEN_BY_NEWER, what=newer.what)
    except NONSENSE as error:
        if isinstance(error, LookupError) and scan.is_behind_a_hole(entry):
            return None
        problem = f"{type(error).__name__}: {error}"
        return _at(entry.index, "entry_does_not_fold", problem=problem)
    return None


def _entry(row: Row, index: int, scan: _Scan) -> Entry | _Link | Finding:
    """Return the sound entry of a row, or the first thing wrong with it.

    Of an entry that only a newer version reads, its link.
    """
    if not _same(row.get("index"), index):
        found = row.get("index")
        if isinstance(found, int) and found > index:
            return _at(index, "entry_missing")
        return _at(index, "row_out_of_place", found=shown(found), expected=index)
    raw = row.get("raw")
    if not isinstance(raw, bytes):
        return _at(index, "entry_unreadable", problem=f"{shown(raw)} in place of bytes")
    if not _same(row.get("leaf_hash"), leaf_hash(raw)):
        return _at(index, "leaf_hash_differs")
    try:
        entry = read_entry(_stored(row, raw), index)
    except WrittenByNewer as newer:
        scan.newer = scan.newer or _at(index, WRITTEN_BY_NEWER, what=newer.what)
        scan.is_whole = False
        return _link(row, index, scan)
    except ValueError as error:
        return _at(index, "entry_unreadable", problem=str(error))
    repeated = {column: getattr(entry, column) for column in REPEATED}
    for finding in _columns("column_differs", f"ledger[{index}]", row, repeated):
        return finding
    return _chain(entry, scan) or entry


def _stored(row: Row, raw: bytes) -> StoredEntry:
    """Return what the row keeps; ValueError for a salt or payload that is neither bytes nor gone."""
    salt, payload = row.get("salt"), row.get("payload")
    if not isinstance(salt, bytes | None) or not isinstance(payload, bytes | None):
        raise ValueError(f"salt {shown(salt)} and payload {shown(payload)} in place of bytes")  # noqa: TRY004  damaged rows
    return StoredEntry(raw=raw, salt=salt, payload=payload)


def _link(row: Row, index: int, scan: _Scan) -> _Link | Finding:
    """Return the link that a row's columns tell, or why it is none."""
    match row:
        case {"stream": str(stream), "stream_seq": int(seq), "previous": str(previous)}:
            link = _Link(index=index, stream=stream, stream_seq=seq, previous=previous)
            return _chain(link, scan) or link
    return _at(index, "entry_unreadable", problem="its columns don't tell its place in a stream")


def _chain(entry: Entry | _Link, scan: _Scan) -> Finding | None:
    head = scan.log.heads.get(entry.stream)
    expected = (head.next_seq, head.leaf.hex()) if head else (0, "")
    if (entry.stream_seq, entry.previous) == expected:
        return None
    if head is None:
        return _at(entry.index, "stream_begins_late", stream=entry.stream)
    previous = scan.last_index[entry.stream]
    return _at(entry.index, "chain_broken", stream=entry.stream, previous=previous)


def _head_findings(heads: Sequence[Row], verifier: NoteVerifier, scan: _Scan) -> Iterator[Finding]:
    if len(heads) != 1:
        yield Finding(code="head_rows", place="ledger_head", params={"found": len(heads)})
        return
    row = heads[0]
    found = _checkpoint(
        row.get("checkpoint"), verifier, "ledger_head", "head_unreadable", alone=True
    )
    if isinstance(found, Finding):
        yield found
        return
    expected = {"id": 1, "size": found.size, "root": found.root.hex()}
    yield from _columns("column_differs", "ledger_head", row, expected)
    if not scan.damage:
        yield from _differences(found, scan)


def _differences(signed: Checkpoint, scan: _Scan) -> Iterator[Finding]:
    """Yield where a sound chain of entries is not the one that was signed."""
    if scan.log.size < signed.size:
        yield _at(scan.log.size, "entry_missing")
    elif scan.log.size > signed.size:
        yield _at(signed.size, "entry_extra", size=signed.size)
    elif scan.log.root != signed.root or scan.log.heads != signed.heads:
        for stream, index in sorted(scan.last_index.items(), key=lambda item: item[1]):
            if scan.log.heads[stream] != signed.heads.get(stream):
                yield _at(index, "stream_head_differs", stream=stream)
        yield Finding(code="root_differs", place="ledger")


def _checkpoint(
    note: object, verifier: NoteVerifier, place: str, unreadable: str, *, alone: bool = False
) -> Checkpoint | Finding:
    """Return what a signed note says, or why it is not to be believed; `alone`: one signature."""
    try:
        if not isinstance(note, str):
            raise TypeError(f"{shown(note)} in place of a text")  # noqa: TRY301  one way out for all
        parsed = parse_note(note)
        checkpoint = parse_checkpoint(parsed.text)
    except (TypeError, ValueError) as error:
        return Finding(code=unreadable, place=place, params={"problem": str(error)})
    if checkpoint.origin != verifier.name:
        params = {"found": checkpoint.origin, "expected": verifier.name}
        return Finding(code="origin_differs", place=place, params=params)
    if not note_is_signed(parsed, verifier):
        key = f"{verifier.name}+{verifier.key_id.hex()}"
        return Finding(code="signature_wrong", place=place, params={"key": key})
    if alone and len(parsed.signatures) != 1:
        params = {"found": str(len(parsed.signatures))}
        return Finding(code="signatures_extra", place=place, params=params)
    return checkpoint


def _contradiction(place: str, old: Checkpoint, scan: _Scan) -> Finding | None:
    if old.size not in scan.at_size:
        if scan.damage:
            return None  # the log could not be read so far
        params = {"found": old.size, "size": scan.log.size}
        return Finding(code="kept_beyond", place=place, params=params)
    if _agrees(old, scan):
        return None
    return Finding(code="kept_contradicts", place=place, params={"size": old.size})


def _agrees(old: Checkpoint, scan: _Scan) -> bool:
    log = scan.at_size.get(old.size)
    return log is not None and checkpoint_of(old.origin, log) == old


def _columns(code: str, place: str, row: Row, expected: Row) -> Iterator[Finding]:
    for column, value in expected.items():
        found = row.get(column, _ABSENT)
        if not _same(found, value):
            params = {"column": column, "found": shown(found), "expected": shown(value)}
            yield Finding(code=code, place=place, params=params)


class _Absent:
    """Stands for a column that the row does not have."""

    def __repr__(self) -> str:
        return "not there"


_ABSENT: Final = _Absent()


def _same(found: object, expected: object) -> bool:
    """Tell whether two values are equal and of one type: 1 is 1.0, as databases see it, never True."""
    types = {type(found), type(expected)}
    return (len(types) == 1 or types == {int, float}) and found == expected


def _key(record: Record) -> Key:
    return tuple(getattr(record, column) for column in KEYS[type(record)])


def _place(table: str, key: Key) -> str:
    return f"{table}[{', '.join(str(part) for part in key)}]"


def _at(index: int, code: str, **params: str | int) -> Finding:
    return Finding(code=code, place=f"ledger[{index}]", params=params)

"""What the record tables hold, in few bytes that are signed with the head of the ledger (D26).

Each table's rows are dealt out to blocks by their key, and each block has a digest (`SetDigest`) that is kept up
with every change. So a row that somebody edited, added or removed shows without folding the ledger again, and
the block says in which part of which table. What it proves: the rows are those that the service wrote when the
head was signed. That these are what the ledger gives is proved by the whole verification, which folds it.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple

from redrabbit.domain.checkpoint import parse_stream_lines, stream_lines
from redrabbit.domain.ledger import StreamHead
from redrabbit.domain.set_digest import SetDigest

BLOCKS: Final = 16
"""Of each table. More would say more exactly where a change is, and cost more with every commit."""

Row = Mapping[str, object]
"""Column name to value, words of an enumeration as text."""

Block = tuple[str, int]
"""A table and the number of one of its blocks."""

_SEAL_HEADING: Final = "red-rabbit records 3"
"""With the version of all that is digested here: another spelling of a row is another version."""
_SEAL_WITHOUT_SUM: Final = "red-rabbit records 2"
"""Of an earlier version, whose seals had no sum over the rows; the digests are the same."""


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def block_of(table: str, key: Iterable[object]) -> Block:
    """Return the block that a row with this key belongs to."""
    text = json.dumps([_text(part) for part in key], ensure_ascii=True)
    return table, hashlib.sha256(text.encode()).digest()[0] % BLOCKS


def row_bytes(table: str, row: Row) -> bytes:
    """Return the bytes that stand for a row; two rows that differ in anything have different ones.

    Columns in the order of their names, so that another order of a table changes nothing.
    """
    values = [part for name in sorted(row) for part in (name, _text(row[name]))]
    return json.dumps([table, *values], ensure_ascii=True, separators=(",", ":")).encode()


def _text(value: object) -> str:
    """Return a value with its type in front; one that no column of ours holds as it shows itself."""
    match value:
        case None:
            return "-"
        case bool():
            return f"b{value:d}"
        case int():
            return f"i{value}"
        case float():
            return f"f{value + 0.0!r}"  # SQLite gives -0.0 back as 0.0
        case str():
            return f"s{value}"
        case datetime() if value.tzinfo is not None:
            return f"t{(value - _EPOCH) // _MICROSECOND}"
        case date():
            return f"d{value.isoformat()}"
    return f"?{value!r}"


@dataclass(frozen=True, slots=True)
class RecordDigests:
    """The digests of all blocks that ever held a row; others are those of no row."""

    blocks: Mapping[Block, SetDigest] = field(default_factory=dict)

    def changed(
        self, table: str, key: Iterable[object], before: Row | None, after: Row
    ) -> "RecordDigests":
        """Return the digests after a row was put in the place of `before`; None: there was none."""
        block = block_of(table, key)
        digest = self.blocks.get(block, SetDigest())
        if before is not None:
            digest = digest.without_member(row_bytes(table, before))
        digest = digest.with_member(row_bytes(table, after))
        return RecordDigests({**self.blocks, block: digest})

    @property
    def root(self) -> bytes:
        """Return the 32 bytes that stand for all of them."""
        lines = [
            f"{table} {number} {digest.short.hex()}\n"
            for (table, number), digest in sorted(self.blocks.items())
            if digest != SetDigest()
        ]
        return hashlib.sha256("".join(lines).encode()).digest()


class TableDigest:
    """Adds up the digests of one table as its rows are read, in constant memory."""

    def __init__(self, table: str, key: tuple[str, ...]) -> None:
        self._table, self._key = table, key
        self.blocks: dict[Block, SetDigest] = {}
        self.rows = 0

    def add(self, row: Row) -> None:
        """Add one row as it was found."""
        block = block_of(self._table, [row.get(name) for name in self._key])
        digest = self.blocks.get(block, SetDigest())
        self.blocks[block] = digest.with_member(row_bytes(self._table, row))
        self.rows += 1

    def differing(self, kept: Mapping[Block, SetDigest]) -> list[int]:
        """Return the numbers of the blocks that are not those that were kept."""
        return [
            number
            for number in range(BLOCKS)
            if self.blocks.get((self._table, number), SetDigest())
            != kept.get((self._table, number), SetDigest())
        ]


class RecordSeal(NamedTuple):
    """What is signed about the records, with the head of a ledger of this size."""

    origin: str
    size: int
    """Of the ledger, when these were the records."""
    root: bytes
    heads: Mapping[str, StreamHead]
    """Where each stream of the ledger stood, which its checkpoint does not say (D25)."""
    rows: bytes | None = None
    """The hidden sum over all rows (`row_sum`), which only who has the key can make; None in an earlier version."""


def seal_text(seal: RecordSeal) -> str:
    """Return the text of the note that is signed; its second line keeps it apart from a checkpoint."""
    heading = _SEAL_HEADING if seal.rows is not None else _SEAL_WITHOUT_SUM
    lines = [seal.origin, heading, str(seal.size), seal.root.hex()]
    lines += [] if seal.rows is None else [seal.rows.hex()]
    return "\n".join(lines + stream_lines(seal.heads)) + "\n"


def parse_seal(text: str) -> RecordSeal:
    """Return what the text of a note says; ValueError unless it has exactly this form."""
    match text.split("\n"):
        case [origin, heading, size, root, rows, *streams, ""] if (
            heading == _SEAL_HEADING and size.isdecimal()
        ):
            seal = _seal(origin, size, root, bytes.fromhex(rows), streams)
        case [origin, heading, size, root, *streams, ""] if (
            heading == _SEAL_WITHOUT_SUM and size.isdecimal()
        ):
            seal = _seal(origin, size, root, None, streams)
        case _:
            raise ValueError(_NO_SEAL)
    if seal_text(seal) != text:
        raise ValueError(_NO_SEAL)
    return seal


_NO_SEAL: Final = (
    "a seal has an origin, a heading, a size, a root, a sum over the rows and the streams"
)


def _seal(
    origin: str, size: str, root: str, rows: bytes | None, streams: Sequence[str]
) -> RecordSeal:
    heads = parse_stream_lines(streams, int(size))
    return RecordSeal(origin, int(size), bytes.fromhex(root), heads, rows)

"""The digests of the record tables, and the streams' heads: kept with every change, signed with the head (D26).

Nothing is folded to see that a row was edited, added or removed; see `redrabbit.domain.record_digests` for what
that proves. A head without such a seal is that of an earlier version, or of records that are being made again:
then the whole ledger is folded once, and the seal is made.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, update
from sqlalchemy.dialects import postgresql, sqlite

from redrabbit.base.sentence import sentence, words_of
from redrabbit.domain.findings import Finding, shown
from redrabbit.domain.ledger import LogState
from redrabbit.domain.record_comparison import as_row
from redrabbit.domain.record_digests import (
    Block,
    RecordDigests,
    RecordSeal,
    TableDigest,
    parse_seal,
    seal_text,
)
from redrabbit.domain.records import KEYS, Record
from redrabbit.domain.row_sum import RowKey
from redrabbit.domain.set_digest import SetDigest
from redrabbit.domain.signed_note import (
    NoteVerifier,
    note_is_signed,
    parse_note,
    sign_note,
)
from redrabbit.services.errors import DamagedDatabase
from redrabbit.services.opening_progress import Opening, OpeningProgress
from redrabbit.store.engine import translated
from redrabbit.store.found_rows import FoundRows
from redrabbit.store.log_key import LogKey
from redrabbit.store.rows import kept_values, key_of
from redrabbit.store.summed_rows import sum_of_rows
from redrabbit.store.tables import LEDGER_HEAD, RECORD_DIGESTS, RECORD_TABLES


class Recorded(NamedTuple):
    """What is recorded so far, as the head signs it."""

    log: LogState = LogState()
    digests: RecordDigests = RecordDigests()
    row_sum: int = 0
    """Of all rows (`redrabbit.domain.row_sum`), as it is never shown."""

    def changed(self, key: RowKey, before: Record | None, after: Record) -> "Recorded":
        """Return the same with a record put in the place of another; None: there was none."""
        table = after.TABLE
        digests = self.digests.changed(
            table, key_of(after), as_row(before) if before else None, as_row(after)
        )
        row_sum = self.row_sum + key.total(table, [kept_values(after)])
        if before:
            row_sum -= key.total(table, [kept_values(before)])
        return self._replace(digests=digests, row_sum=row_sum)


_PUT = {
    dialect: (put := insert_into(RECORD_DIGESTS)).on_conflict_do_update(
        index_elements=["table", "block"], set_={"state": put.excluded.state}
    )
    for dialect, insert_into in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}


def is_sealed(rows: FoundRows) -> bool:
    """Tell whether the head has a seal over the records."""
    return _note(rows) is not None


def _note(rows: FoundRows) -> object:
    return next((head["records"] for head in rows.of(LEDGER_HEAD)), None)


class Sealed(NamedTuple):
    """What is signed beside the checkpoint, with the same head."""

    digests: RecordDigests
    seal: RecordSeal

    def fits(self, row_sum: int, key: RowKey) -> bool:
        """Tell whether this is the sum of the rows that was signed; False, too, where none was."""
        return self.seal.rows == _hidden(self.seal, row_sum, key)

    def row_sum(self, key: RowKey) -> int | None:
        """Return the sum of the rows that was signed; None where none was."""
        if self.seal.rows is None:
            return None
        return key.unmasked(self.seal.rows, _head_of(self.seal))


def _hidden(seal: RecordSeal, row_sum: int, key: RowKey) -> bytes:
    return key.masked(row_sum, _head_of(seal))


def _head_of(seal: RecordSeal) -> str:
    return seal_text(seal._replace(rows=None))


def load_seal(rows: FoundRows, size: int, verifier: NoteVerifier) -> Sealed:
    """Return what was signed with a head of this size, by the key of its time; DamagedDatabase if it was not."""
    try:
        digests = RecordDigests(dict(map(_digest, rows.of(RECORD_DIGESTS))))
        signed = parse_note(str(_note(rows)))
        seal = parse_seal(signed.text)
    except ValueError as error:
        raise DamagedDatabase(
            sentence("the seal over the records can't be read: {problem}", problem=words_of(error))
        ) from error
    expected = seal._replace(origin=verifier.name, size=size, root=digests.root)
    if not note_is_signed(signed, verifier) or seal != expected:
        raise DamagedDatabase(
            sentence(
                "the digests of the records are not those that were signed: they were changed. `redrabbit "
                "verify` says what else was; if the ledger is whole, `redrabbit rebuild` makes the records again "
                "from it"
            )
        )
    return Sealed(digests, seal)


def _digest(row: Mapping[str, object]) -> tuple[Block, SetDigest]:
    match row:
        case {"table": str(table), "block": int(block), "state": bytes(state)}:
            return (table, block), SetDigest.from_bytes(state)
    raise ValueError(f"{shown(row)} is no digest of a block")


def seal_findings(rows: FoundRows, size: int, verifier: NoteVerifier) -> Iterator[Finding]:
    """Yield each block of rows that is not what was signed; nothing where no seal is made yet."""
    if not is_sealed(rows):
        return
    try:
        kept = load_seal(rows, size, verifier).digests
    except DamagedDatabase as error:
        yield changed_seal(error)
    else:
        yield from row_findings(rows, kept)


def row_findings(rows: FoundRows, kept: RecordDigests) -> Iterator[Finding]:
    """Yield each block of rows that is not what was kept."""
    for kind, table in RECORD_TABLES.items():
        for block in _digest_of(rows, kind).differing(kept.blocks):
            yield changed_rows(table.name, block)


def changed_seal(error: DamagedDatabase) -> Finding:
    """Return the finding that the digests are not those that were signed."""
    return Finding(code="seal_differs", place="record_digests", params={"problem": str(error)})


def changed_rows(table: str, block: int) -> Finding:
    """Return the finding that a block of rows is not what was signed; people count blocks from 1."""
    return Finding(code="rows_changed", place=table, params={"block": block + 1})


def write_seal(connection: Connection, before: RecordDigests, after: Recorded, key: LogKey) -> None:
    """Write the digests that changed, and sign all of them with the head of this log."""
    seal = RecordSeal(key.origin, after.log.size, after.digests.root, after.log.heads)
    seal = seal._replace(rows=_hidden(seal, after.row_sum, key.rows))
    changed = [
        {"table": table, "block": number, "state": digest.to_bytes()}
        for (table, number), digest in after.digests.blocks.items()
        if before.blocks.get((table, number)) is not digest
    ]
    with translated("writing the digests of the records"):
        if changed:
            connection.execute(_PUT[connection.dialect.name], changed)
        connection.execute(
            update(LEDGER_HEAD)
            .where(LEDGER_HEAD.c.id == 1)
            .values(records=sign_note(seal_text(seal), key.signer))
        )


def seal_anew(
    connection: Connection, log: LogState, key: LogKey, *, progress: OpeningProgress | None = None
) -> None:
    """Sign the records and the streams' heads as they stand, which somebody has just verified."""
    seen = progress or OpeningProgress()
    with translated("sealing the records"):
        connection.execute(delete(RECORD_DIGESTS))
    blocks: dict[Block, SetDigest] = {}
    rows = FoundRows(connection)
    for place, kind in enumerate(RECORD_TABLES):
        seen.note(Opening.SEALS, place, len(RECORD_TABLES))
        blocks |= _digest_of(rows, kind).blocks
    row_sum = sum_of_rows(connection, key.rows, seen)
    write_seal(connection, RecordDigests(), Recorded(log, RecordDigests(blocks), row_sum), key)


def _digest_of(rows: FoundRows, kind: type[Any]) -> TableDigest:
    table = RECORD_TABLES[kind]
    found = TableDigest(table.name, KEYS[kind])
    for row in rows.of(table):
        found.add(row)
    return found


def forget_seal(connection: Connection) -> None:
    """Take the seal away: the records are made again."""
    connection.execute(delete(RECORD_DIGESTS))
    connection.execute(update(LEDGER_HEAD).values(records=None))

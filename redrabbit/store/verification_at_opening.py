"""What stands before every opening for writing: whatever shows there is refused, and nothing is written (D26, D62).

`refuse_damage_at_once` takes some three seconds at most, however much was recorded; `refuse_damage` folds the whole
ledger, where the records have no seal yet.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import NoReturn

from sqlalchemy import Connection

from redrabbit.base.sentence import sentence
from redrabbit.base.signing import Verifier
from redrabbit.domain import database_verification
from redrabbit.domain.checkpoint import Checkpoint
from redrabbit.domain.database_verification import LedgerPass
from redrabbit.domain.facts.catalogue import fold as fold_of_records
from redrabbit.domain.findings import Finding
from redrabbit.domain.head_verification import signed_head
from redrabbit.domain.ledger import LogState, StreamHead
from redrabbit.domain.merkle import stored_frontier
from redrabbit.domain.newer import WRITTEN_BY_NEWER
from redrabbit.services.errors import DamagedDatabase, DatabaseTooNew
from redrabbit.services.finding_words import finding_words
from redrabbit.services.log_keys import keys_of
from redrabbit.services.opening_progress import OpeningProgress
from redrabbit.store import ledger
from redrabbit.store.erasable_findings import name_findings
from redrabbit.store.found_rows import FoundRows, lenient_text
from redrabbit.store.log_key import LogKey
from redrabbit.store.reading import SqlReader
from redrabbit.store.record_seal import (
    Recorded,
    Sealed,
    load_seal,
    row_findings,
)
from redrabbit.store.summed_rows import sum_of_rows
from redrabbit.store.tables import LEDGER_HEAD
from redrabbit.store.verification import audit_rows, refuse_newer, rows_of_ledger

MOST_AT_ONCE = 1_000_000
"""Entries up to which every row of the records is looked at before anything is written: some three seconds. Of a larger
ledger the verification beside the service begins with them, so that no plant waits for its history (D26)."""
NEWEST = 1_000
"""Entries that are verified before anything is written: more than a night's, in a fraction of a second."""


def refuse_damage(
    connection: Connection,
    verifier: Verifier,
    fold: database_verification.Fold,
    progress: OpeningProgress | None = None,
) -> None:
    """Raise DamagedDatabase unless ledger, head and records are exactly what was written.

    DatabaseTooNew where nothing is damaged, but a newer version wrote to it.
    """
    refuse_findings(audit_rows(connection, verifier, fold, progress=progress).findings)


def refuse_findings(findings: Sequence[Finding]) -> None:
    """Raise for what was found: DamagedDatabase, or DatabaseTooNew if that is all."""
    damage = database_verification.damage_in(findings)
    if damage:
        _refuse(damage)
    if findings:
        raise DatabaseTooNew(
            sentence(
                "{found}. Nothing is damaged and nothing was changed: start that newer version, or a later "
                "one",
                found=finding_words(findings[0]),
            )
        )


def _refuse(findings: Sequence[Finding]) -> NoReturn:
    more = sentence(" (and {n} more)", n=len(findings) - 1) if len(findings) > 1 else ""
    raise DamagedDatabase(
        sentence(
            "{found}{more}. Nothing is written to a damaged database; `redrabbit verify` tells all, "
            "{way_back}",
            found=finding_words(findings[0]),
            more=more,
            way_back=_way_back(findings),
        )
    )


def refuse_damage_at_once(
    connection: Connection,
    key: LogKey,
    fold: database_verification.Fold,
    progress: OpeningProgress,
    *,
    every_row: bool = False,
) -> Recorded:
    """Return what is recorded so far; DamagedDatabase unless it is what was signed, as far as that shows at once.

    Looked at are the signed head, the frontier of the tree as stored, the newest entries, and every row of the
    records: a command decides by no other. Every other entry is left to the verification that goes on
    while the service runs, and of a very large ledger the rows, too: it begins with them (D26). DatabaseTooNew where a
    newer version wrote last. With `every_row` the rows of any ledger are looked at.
    """
    rows, verifier = FoundRows(connection), key.verifier
    with lenient_text(connection):
        heads = list(rows.of(LEDGER_HEAD))
        keys = keys_of(SqlReader(connection), verifier)
        head = signed_head(heads, keys)
        if not isinstance(head, Checkpoint):
            _refuse(rows.unreadable or head)
        sealed = load_seal(rows, head.size, keys.newest)
        log = ledger.load_log(connection, head, sealed.seal.heads)
        first = max(0, log.size - NEWEST)
        newest = list(rows.entries(first, NEWEST))
        visit = refuse_newer if fold is fold_of_records else None
        before = _log_before(connection, first, newest, log.heads)
        ledger_pass = LedgerPass(keys.before(first), before, visit)
        ledger_pass.read(newest)
    refuse_findings((*rows.unreadable, *ledger_pass.ended(heads)))
    goes_on = log.size > MOST_AT_ONCE and not every_row
    row_sum = sealed.row_sum(key.rows) if goes_on else None
    if row_sum is None:
        row_sum = _refuse_changed_rows(connection, sealed, key, progress)
    return Recorded(log, sealed.digests, row_sum)


def _refuse_changed_rows(
    connection: Connection, sealed: Sealed, key: LogKey, progress: OpeningProgress
) -> int:
    """Return the sum of all rows of the records; DamagedDatabase unless they are those that were signed.

    Where the sum is not the one that was signed, or none was, the rows are laid beside their digests, which say where.
    """
    rows = FoundRows(connection)
    try:
        row_sum = sum_of_rows(connection, key.rows, progress)
    except DamagedDatabase as unreadable:
        _refuse_rows(connection, rows, sealed, fits=False)
        raise unreadable from None
    _refuse_rows(connection, rows, sealed, fits=sealed.fits(row_sum, key.rows))
    return row_sum


def _refuse_rows(connection: Connection, rows: FoundRows, sealed: Sealed, *, fits: bool) -> None:
    """Raise DamagedDatabase for names, and for rows whose sum does not fit, that are not those that were signed."""
    with lenient_text(connection):
        changed = () if fits else tuple(row_findings(rows, sealed.digests))
        changed = (*changed, *name_findings(rows, None))
    refuse_findings((*changed, *rows.unreadable))


def rows_fit(connection: Connection, key: LogKey) -> bool:
    """Tell whether the rows are those that were signed, by their sum; False, too, where none was signed."""
    rows = FoundRows(connection)
    with lenient_text(connection):
        heads = list(rows.of(LEDGER_HEAD))
        keys = keys_of(SqlReader(connection), key.verifier)
        head = signed_head(heads, keys)
        if not isinstance(head, Checkpoint):
            return False
        sealed = load_seal(rows, head.size, keys.newest)
    try:
        return sealed.fits(sum_of_rows(connection, key.rows, OpeningProgress()), key.rows)
    except DamagedDatabase:
        return False


def _log_before(
    connection: Connection,
    first: int,
    newest: Sequence[dict[str, object]],
    signed: Mapping[str, StreamHead],
) -> LogState | None:
    """Return the log before the newest entries, as these and the signed heads tell it; None where they are all.

    What they tell wrongly does not come out at the signed root.
    """
    if first == 0:
        return None
    heads = dict(signed)
    for row in reversed(newest):
        match row:
            case {"stream": str(stream), "stream_seq": 0}:
                heads.pop(stream, None)
            case {"stream": str(stream), "stream_seq": int(seq), "previous": str(previous)}:
                with suppress(ValueError):
                    heads[stream] = StreamHead(next_seq=seq, leaf=bytes.fromhex(previous))
    tree = stored_frontier(first, partial(ledger.tree_node, connection))
    return LogState(tree=tree, heads=heads)


def _way_back(findings: Sequence[Finding]) -> str:
    if all(finding.code in database_verification.OF_RECORDS for finding in findings):
        return sentence(
            "and as the ledger is whole, `redrabbit rebuild` makes the records again from it"
        )
    return sentence("a backup from before brings it back")


def refuse_damaged_ledger(
    connection: Connection,
    verifier: Verifier,
    fold: database_verification.Fold,
    progress: OpeningProgress | None = None,
) -> None:
    """Raise DamagedDatabase unless ledger and head are what was written, whatever records are.

    DatabaseTooNew where an entry is there that `fold` can't fold yet.
    """
    rows = FoundRows(connection)
    visit = refuse_newer if fold is fold_of_records else None
    with lenient_text(connection):
        heads = list(rows.of(LEDGER_HEAD))
        entries = rows_of_ledger(rows, heads, progress)
        told = database_verification.verify_ledger(entries, heads, verifier, visit=visit)
    findings = (*rows.unreadable, *told.findings)
    if findings and findings[0].code == WRITTEN_BY_NEWER:
        raise DatabaseTooNew(
            sentence(
                "{found}. Start that newer version, or a later one",
                found=finding_words(findings[0]),
            )
        )
    if findings:
        raise DamagedDatabase(
            sentence(
                "{found}. Records can't be made from a damaged ledger; a backup from before brings it back",
                found=finding_words(findings[0]),
            )
        )

"""Reads every row as it was found and has `redrabbit.domain.database_verification` judge it.

`verify_database`, for `redrabbit verify`, reads beside a running service, without the signing key, and goes on where it
can when parts of the file are unreadable. What stands before every opening for writing is in
`redrabbit.store.verification_at_opening`.

Rows are handed over as found: a value that no column of ours can hold stays what it is, so that
the finding can show it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from sqlalchemy import Connection
from sqlalchemy.engine import URL

from redrabbit.base.bounded import MB
from redrabbit.base.kept_texts import read_kept_text
from redrabbit.base.sentence import sentence, words_of
from redrabbit.base.signing import DamagedKey, Verifier, load_key_file, load_public_key
from redrabbit.domain import database_verification
from redrabbit.domain.checkpoint import parse_checkpoint
from redrabbit.domain.erasable_content import ErasableContent
from redrabbit.domain.facts.catalogue import BY_TYPE
from redrabbit.domain.facts.catalogue import fold as fold_of_records
from redrabbit.domain.findings import Finding
from redrabbit.domain.head_verification import KEPT, REMEMBERED
from redrabbit.domain.kept_checkpoint import note_in
from redrabbit.domain.ledger import Entry
from redrabbit.domain.newer import OLDER_SCHEMA, refuse_newer_type
from redrabbit.domain.signed_note import NoteVerifier, parse_note
from redrabbit.services.errors import KeyMissing, StoreTrouble
from redrabbit.services.opening_progress import Opening, OpeningProgress
from redrabbit.store import schema
from redrabbit.store.act_seal import altered_acts
from redrabbit.store.database_files import about, companion, readable_engine, refuse_no_file
from redrabbit.store.engine import parsed_url, sqlite_path, translated
from redrabbit.store.erasable_findings import blob_findings, name_findings
from redrabbit.store.file_check import lost_tables, torn_pages
from redrabbit.store.found_rows import FoundRows, lenient_text
from redrabbit.store.rebuild_mark import refuse_unfinished
from redrabbit.store.record_seal import (
    seal_findings,
)
from redrabbit.store.remembered_head import RememberedHead
from redrabbit.store.signature_findings import signature_findings
from redrabbit.store.spill import Spill
from redrabbit.store.tables import ACTS, LEDGER, LEDGER_HEAD, RECORD_TABLES, STATED_NAMES, metadata
from redrabbit.store.verification_beside import (
    MANY,
    Compared,
    Comparing,
    has_two_cores,
    spilled_records,
)

MOST_CHECKPOINT_BYTES = MB
"""A checkpoint names the head of each line: a hundred bytes a line."""


def verify_database(
    url: str,
    *,
    public_key: Path | None = None,
    kept_checkpoint: Path | None = None,
    fold: database_verification.Fold = fold_of_records,
    two_processes: bool | None = None,
) -> database_verification.DatabaseVerification:
    """Return everything that is not as it was recorded (D13).

    Takes two processes where the ledger is large, unless it is told. `public_key` is the verifier key's file, beside an SQLite database unless said otherwise;
    `kept_checkpoint` holds a checkpoint that was exported earlier; the head that the writer remembers beside an SQLite
    database is laid beside it, too (D62), and is read first, as the ledger may be ahead of it, and never behind. Raises StoreTrouble only for
    what leaves nothing to verify: no database of ours, no key, a newer schema. Of an older schema
    only the ledger is verified, which every version can read (D12): nothing is migrated here.
    """
    parsed = parsed_url(url)
    path = sqlite_path(parsed)
    with about(parsed):
        if path is not None:
            refuse_no_file(path)
        verifier = verifier_of(public_key, path)
        kept = {KEPT: kept_note(kept_checkpoint)} if kept_checkpoint else {}
        if path is not None and (remembered := RememberedHead(companion(path, ".key")).text()):
            kept[REMEMBERED] = remembered
        engine = readable_engine(parsed)
        try:
            with translated("opening"):
                connection = engine.connect()
            with connection:
                if schema.refuse_unknown_version(connection):
                    found = _audit_older(connection, verifier, kept)
                elif two_processes if two_processes is not None else _is_worth_two(connection):
                    found = _audit_in_two(parsed, connection, verifier, fold, kept)
                else:
                    found = _audit(connection, verifier, fold, kept)
                names = _names_in(connection, found)
        finally:
            engine.dispose()
    return replace(found, key=verifier.text, names=names, is_beside_remembered=REMEMBERED in kept)


def _names_in(
    connection: Connection, found: database_verification.DatabaseVerification
) -> dict[str, str]:
    """Return the kept names of those who changed the key or accepted a loss, by their ids; what is no text is none."""
    changes = () if found.keys is None else found.keys.changes
    ids = {*(change.by for change in changes), *(loss.by for loss in found.losses)}
    if not ids:
        return {}
    with lenient_text(connection):
        kept = {row["id"]: row["name"] for row in FoundRows(connection).of(STATED_NAMES)}
    return {each: name for each in ids if isinstance(name := kept.get(each), str)}


def _audit(
    connection: Connection,
    verifier: Verifier,
    fold: database_verification.Fold,
    kept: Mapping[str, str],
) -> database_verification.DatabaseVerification:
    refuse_unfinished(connection)
    trouble = _trouble(connection)
    found = audit_rows(connection, verifier, fold, kept)
    return _with_all_beside(connection, verifier, found, trouble)


def _with_all_beside(
    connection: Connection,
    verifier: Verifier,
    found: database_verification.DatabaseVerification,
    trouble: tuple[Finding, ...],
) -> database_verification.DatabaseVerification:
    """Return what was found with what is asked only here, and not before every opening."""
    signatures = () if found.findings else tuple(signature_findings(connection))
    acts = _acts(connection, _newest(found, verifier))
    return replace(found, findings=(*trouble, *found.findings, *signatures, *acts))


def _trouble(connection: Connection) -> tuple[Finding, ...]:
    return (*lost_tables(connection), *torn_pages(connection, metadata.tables.values()))


def _is_worth_two(connection: Connection) -> bool:
    """Tell whether the ledger is so large that a second process saves time."""
    return has_two_cores() and any(FoundRows(connection).entries(MANY, 1))


def _audit_in_two(
    url: URL,
    connection: Connection,
    verifier: Verifier,
    fold: database_verification.Fold,
    kept: Mapping[str, str],
) -> database_verification.DatabaseVerification:
    """Find the same as `_audit` does; the records are folded and compared in another process."""
    refuse_unfinished(connection)
    with Comparing(url, fold) as other:
        if not other.has_same_snapshot(connection):
            return _audit(connection, verifier, fold, kept)
        trouble = _trouble(connection)
        found = audit_rows_beside(connection, verifier, fold, other.compared, kept)
    if found is None:
        found = audit_rows(connection, verifier, fold, kept)
    return _with_all_beside(connection, verifier, found, trouble)


def audit_rows_beside(
    connection: Connection,
    verifier: Verifier,
    fold: database_verification.Fold,
    comparing: Callable[[], Compared],
    kept: Mapping[str, str] = MappingProxyType({}),
) -> database_verification.DatabaseVerification | None:
    """Return what `audit_rows` does; None where an entry is sound that `comparing` could not fold."""
    rows = FoundRows(connection)
    visit = refuse_newer if fold is fold_of_records else None
    with lenient_text(connection), Spill() as spill:
        ledger = database_verification.verify_ledger(
            rows.of(LEDGER),
            list(rows.of(LEDGER_HEAD)),
            verifier,
            kept=kept,
            visit=visit,
            erasable=_erasable(spill),
        )
        erasable = None if ledger.findings else ledger.erasable
        beside = _beside(rows, ledger.keys.newest, ledger.log.size, erasable)
    compared = comparing()
    stopped_at = compared.comparison.stopped_at
    if stopped_at is not None and stopped_at < ledger.vouched_for:
        return None
    found = database_verification.verification_of(ledger, compared.comparison.findings)
    more = () if ledger.findings else compared.unreadable
    return _all_in_all(found, beside, (*rows.unreadable, *more))


class _Beside(NamedTuple):
    """What was found beside entries and records."""

    names_and_blobs: tuple[Finding, ...]
    seal: tuple[Finding, ...]
    """Rows that are not those that were sealed: told only where comparing the records says no more."""


def _beside(
    rows: FoundRows,
    key: NoteVerifier,
    size: int,
    erasable: ErasableContent | None,
) -> _Beside:
    """Read what stands beside a ledger of this size; `erasable` is None where its entries are not sound."""
    return _Beside(
        (*name_findings(rows, erasable), *blob_findings(rows, erasable)),
        () if erasable is None else tuple(seal_findings(rows, size, key)),
    )


def _all_in_all(
    found: database_verification.DatabaseVerification,
    beside: _Beside,
    unreadable: Iterable[Finding],
) -> database_verification.DatabaseVerification:
    """Return everything that was found, each table that could not be read to its end once."""
    once: list[Finding] = []
    for each in unreadable:
        once += [each] if each not in once else []
    seal = () if found.findings else beside.seal
    return replace(found, findings=(*once, *found.findings, *beside.names_and_blobs, *seal))


def _erasable(spill: Spill) -> ErasableContent:
    return ErasableContent(blobs=spill.mapping(lambda named: named, tuple))


def _acts(connection: Connection, verifier: NoteVerifier) -> tuple[Finding, ...]:
    """Return the kept acts that are not as they were written.

    Only here, and not before every opening: no head that is signed later covers them, and a plant
    must not stand still for one row from which nothing is answered anyway. All are sealed by the newest key.
    """
    rows = FoundRows(connection)
    with lenient_text(connection):
        return (*altered_acts(rows.of(ACTS), verifier), *rows.unreadable)


def _newest(found: database_verification.DatabaseVerification, verifier: Verifier) -> NoteVerifier:
    """Return the key that seals acts now, as the entries that were read say; the ledger is never asked by its own indexes."""
    return verifier if found.keys is None else found.keys.newest


def _audit_older(
    connection: Connection, verifier: Verifier, kept: Mapping[str, str]
) -> database_verification.DatabaseVerification:
    """Verify the ledger of a database with an older schema, of which nothing else is known here."""
    trouble = tuple(torn_pages(connection, (LEDGER, LEDGER_HEAD), is_older=True))
    rows = FoundRows(connection, older=True)
    with lenient_text(connection):
        heads = list(rows.of(LEDGER_HEAD))
        told = database_verification.verify_ledger(
            rows.of(LEDGER), heads, verifier, kept=kept, visit=refuse_newer
        )
    older = Finding(code=OLDER_SCHEMA, place="database")
    return database_verification.DatabaseVerification(
        size=told.log.size,
        root=told.log.root.hex(),
        findings=(*trouble, *rows.unreadable, *told.findings, older),
        last_good=told.last_good,
        erased=told.erased,
        losses=told.losses,
        keys=told.keys,
    )


def refuse_newer(entry: Entry) -> None:
    """Raise WrittenByNewer for an entry of a type that only a newer version knows."""
    refuse_newer_type(entry.type, BY_TYPE, entry.software)


def audit_rows(
    connection: Connection,
    verifier: Verifier,
    fold: database_verification.Fold,
    kept: Mapping[str, str] = MappingProxyType({}),
    progress: OpeningProgress | None = None,
) -> database_verification.DatabaseVerification:
    """Return what is found in all rows, within the connection's transaction."""
    rows = FoundRows(connection)
    with lenient_text(connection), Spill() as spill:
        heads = list(rows.of(LEDGER_HEAD))
        found = database_verification.verify_rows(
            rows_of_ledger(rows, heads, progress),
            heads,
            {kind: rows.of(table) for kind, table in RECORD_TABLES.items()},
            verifier=verifier,
            fold=fold,
            kept=kept,
            kept_in=spilled_records(spill),
            erasable=_erasable(spill),
        )
        key = verifier if found.keys is None else found.keys.newest
        beside = _beside(rows, key, found.size, found.erasable)
    return _all_in_all(found, beside, rows.unreadable)


def rows_of_ledger(
    rows: FoundRows, heads: Sequence[dict[str, object]], progress: OpeningProgress | None
) -> Iterator[dict[str, object]]:
    """Return the rows of the ledger, and tell how many were read."""
    size = heads[0].get("size") if heads else None
    of = size if isinstance(size, int) else 0
    return (progress or OpeningProgress()).over(Opening.VERIFIES, rows.of(LEDGER), of)


def verifier_of(public_key: Path | None, path: Path | None) -> Verifier:
    """Return the key to verify with: the given one, or that beside an SQLite file."""
    if public_key is None and path is None:
        raise KeyMissing(
            sentence("PostgreSQL needs the public key's file to verify with (public_key)")
        )
    try:
        if public_key is not None:
            with translated(f"reading the public key {public_key}"):
                return load_public_key(public_key)
        assert path is not None  # noqa: S101  because one of the two is given, see above
        public, private = companion(path, ".pub"), companion(path, ".key")
        with translated(f"reading the public key {public}"):
            if not public.exists() and private.exists():
                return load_key_file(private).verifier
            return load_public_key(public)
    except DamagedKey as error:
        raise StoreTrouble(words_of(error)) from error


def kept_note(path: Path) -> str:
    """Return a checkpoint that was kept elsewhere, as it was signed; StoreTrouble if the file holds none.

    The file may hold the whole message that a receiver of checkpoints got. Line ends as mail leaves them are forgiven:
    they say nothing.
    """
    with translated(f"reading the checkpoint {path}"):
        text = read_kept_text(path, MOST_CHECKPOINT_BYTES, "a signed checkpoint")
    try:
        note = note_in(text)
        parse_checkpoint(parse_note(note).text)
    except ValueError as error:
        raise StoreTrouble(
            sentence(
                "{path}: it is no checkpoint that can be read: {problem}",
                path=path,
                problem=words_of(error),
            )
        ) from error
    return note

"""Finding, making, checking and locking a database for the one who writes.

Whoever writes: (1) take the lock, (2) finish or begin a creation, (3) let SQLite look at its own
pages, if they are few, (4) bring the schema up, (5) find the key that signs now by the ledger's own entries: where
a change of the key was broken off it is put in its place at the end, (6) make the records again if they are marked
for that, (7) see that head, tree and records are those that were signed (`verification_at_opening.refuse_damage_at_once`), or fold the
whole ledger where the records have no seal yet. What shows there is not opened for writing. Everything else is
verified beside the service (`background_verification`): later entries cover no damage, as the tree and the digests
go on from what was signed, and not from what stands in the tables (D26, D62).

A database is made beside its place (`.new`) and put there whole: first the database, then its
key. So a crash in between leaves something that the next start can finish, and an existing
database whose key is gone is always a refusal, never a fresh key over old records (D12, D13).
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.engine import URL

from redrabbit.base.clock import Clock
from redrabbit.base.private_files import create_private, make_private
from redrabbit.base.sentence import sentence
from redrabbit.domain.checkpoint import Checkpoint
from redrabbit.domain.facts.catalogue import fold as fold_of_records
from redrabbit.domain.facts.fact import Fold
from redrabbit.domain.ledger import LogState
from redrabbit.domain.log_keys import LogKeys
from redrabbit.services.errors import KeyMissing, StoreTrouble
from redrabbit.services.opening_progress import Opening, OpeningProgress
from redrabbit.store import ledger, migrating, schema
from redrabbit.store.background_verification import BackgroundVerification
from redrabbit.store.database import SqlDatabase
from redrabbit.store.database_files import about, companion, is_there, refuse_no_file, sync
from redrabbit.store.engine import (
    STATEMENT_S,
    parsed_url,
    sqlite_path,
    translated,
    writer_engine,
)
from redrabbit.store.file_check import refuse_torn_pages
from redrabbit.store.found_rows import FoundRows
from redrabbit.store.locking import DatabaseLock
from redrabbit.store.log_key import (
    LogKey,
    PlacedKey,
    finish_key,
    load_key,
    make_key,
    put_in_place,
    signing_now,
)
from redrabbit.store.opened_file import OpenedFile
from redrabbit.store.other_key import keys_for_opening
from redrabbit.store.rebuild_mark import read_mark
from redrabbit.store.rebuilding import BATCH, Told, rebuild_records
from redrabbit.store.record_seal import is_sealed, seal_anew
from redrabbit.store.remembered_head import RememberedHead
from redrabbit.store.schema_objects import refuse_added_objects, refuse_changed_objects
from redrabbit.store.session import WriterSession
from redrabbit.store.tables import RECORD_TABLES, metadata
from redrabbit.store.unit_of_work import Recording
from redrabbit.store.verification import verifier_of
from redrabbit.store.verification_at_opening import (
    MOST_AT_ONCE,
    refuse_damage,
    refuse_damaged_ledger,
    rows_fit,
)
from redrabbit.store.verified_mark import VerifiedMark
from redrabbit.store.writer import Writer

Successor = Callable[[Path, LogKey, LogKeys], LogKey]
"""Makes the key that replaces the one that signs now, among all of this log, and keeps it beside its place."""

SMALL_PAGES = 16_384
"""64 MB of the 4 kB that SQLite reads at a time: checked in some tenths of a second. Of a larger file they are
checked beside the service, as that takes longer the more was recorded (D26)."""

_NOT_MADE_AGAIN = metadata.tables.keys() - {table.name for table in RECORD_TABLES.values()}
"""Tables whose objects are known though the records are unfinished."""


def open_database(
    url: str,
    *,
    plant: str,
    clock: Clock,
    recording: Recording,
    key_path: Path | None = None,
    progress: OpeningProgress | None = None,
    accepted_loss: Checkpoint | None = None,
    succeeded_by: Successor | None = None,
) -> SqlDatabase:
    """Return the database for the one process that writes; made if it isn't there.

    `plant` names a new log; `key_path` is where its signing key lies: beside an SQLite file
    unless said otherwise, required for PostgreSQL. A ledger that does not go on from the head that is
    remembered beside the key is LostHistory, unless `accepted_loss` is of as many entries or more. With `succeeded_by`
    another key signs from the first commit on, which must hold the entry that says so
    (`redrabbit.store.changing_key`). Raises the errors of
    `redrabbit.services.errors`, each with a message for the person who started the program.
    """
    parsed = parsed_url(url)
    path = sqlite_path(parsed)
    key_path = key_path or (path and companion(path, ".key"))
    if key_path is None:
        raise StoreTrouble(sentence("PostgreSQL needs a path for the log's signing key (key_path)"))
    lock = _locked(path, clock) if path else None
    try:
        with about(parsed):
            if path:
                key = _file_with_key(path, key_path, plant)
                session = WriterSession(writer_engine(parsed), lock, OpenedFile(path))
            else:
                session = WriterSession(writer_engine(parsed), None)
                try:
                    key = _schema_with_key(session.connection(), key_path, plant)
                except BaseException:
                    session.close()
                    raise
            return _ready(
                parsed,
                session,
                PlacedKey(key_path, key),
                clock=clock,
                recording=recording,
                remembered=RememberedHead(key_path, accepted=accepted_loss),
                progress=progress or OpeningProgress(),
                succeeded_by=succeeded_by,
            )
    except BaseException:
        if lock is not None:
            lock.close()
        raise


def rebuild_database(
    url: str,
    *,
    clock: Clock,
    public_key: Path | None = None,
    fold: Fold = fold_of_records,
    told: Told | None = None,
    batch: int = BATCH,
) -> int:
    """Make all records again from the ledger, once that is verified; return how many entries.

    Goes on where an earlier one was broken off. Takes the writer's lock; needs no signing key.
    """
    parsed = parsed_url(url)
    path = sqlite_path(parsed)
    with about(parsed):
        if path is not None:
            refuse_no_file(path)
        verifier = verifier_of(public_key, path)
        lock, file = (_locked(path, clock), OpenedFile(path)) if path else (None, None)
        session = WriterSession(writer_engine(parsed), lock, file)
        try:
            connection = session.connection()
            with translated("opening"), connection.begin():
                schema.refuse_old_version(connection)
                refuse_added_objects(connection)
                refuse_damaged_ledger(connection, verifier, fold)
            return rebuild_records(connection, fold, told, batch=batch)
        finally:
            session.close()


def _locked(path: Path, clock: Clock) -> DatabaseLock:
    with translated(f"looking for {path}"):
        if not path.parent.is_dir():
            raise StoreTrouble(
                sentence("{path}: there is no folder {parent}", path=path, parent=path.parent)
            )
        if path.is_dir():
            raise StoreTrouble(sentence("{path} is a folder; expected a database file", path=path))
    return DatabaseLock(path.resolve(), clock.now())  # one lock, by whatever link it is named


def _ready(
    url: URL,
    session: WriterSession,
    placed: PlacedKey,
    *,
    clock: Clock,
    recording: Recording,
    remembered: RememberedHead,
    progress: OpeningProgress,
    succeeded_by: Successor | None,
) -> SqlDatabase:
    readers = session.readers.engine(url, statement_s=STATEMENT_S)
    try:
        connection = session.connection()
        refuse_torn_pages(connection, SMALL_PAGES)
        with translated("opening"), connection.begin():
            is_older = schema.refuse_unknown_version(connection)
            refuse_added_objects(connection)  # a migration's own UPDATE fires triggers
            if is_older:
                migrating.migrate(connection)
            schema.refuse_lost_tables(connection)
            keys = keys_for_opening(connection, placed)
            key = signing_now(placed.path, placed.key, keys)
            unfinished = read_mark(connection) is not None
            refuse_changed_objects(connection, _NOT_MADE_AGAIN if unfinished else metadata.tables)
            if unfinished:
                refuse_damaged_ledger(connection, key.verifier, recording.fold, progress)
            elif not is_sealed(FoundRows(connection)):
                _verify_and_seal(connection, key, recording, progress)
            ledger.refuse_read_only(connection)
            is_large = ledger.read_head(connection).size > MOST_AT_ONCE
        if unfinished:
            rebuild_records(
                connection, recording.fold, partial(progress.note, Opening.MAKES_RECORDS)
            )
            with translated("opening"), connection.begin():
                refuse_changed_objects(connection)
                _verify_and_seal(connection, key, recording, progress)
        session.hurry()
        signs = succeeded_by(placed.path, key, keys) if succeeded_by else key
        writer = Writer(
            session,
            signs,
            clock,
            recording,
            remembered=remembered,
            trusted=key,
            progress=progress,
        )
    except BaseException:
        session.close()
        readers.dispose()
        raise
    try:
        mark = VerifiedMark(placed.path, key)
        mark.take_over(placed.key)  # while the key before is in its place
        put_in_place(placed.path, key, keys)
        verification = BackgroundVerification(
            session.readers.engine(url),
            key.verifier,
            clock,
            mark=mark,
            rows_fit=partial(rows_fit, key=key) if is_large else None,
        )
    except BaseException:
        writer.close()
        readers.dispose()
        raise
    return SqlDatabase(readers, verification, writer)


def _verify_and_seal(
    connection: Connection, key: LogKey, recording: Recording, progress: OpeningProgress
) -> None:
    """Fold the whole ledger and seal the records: once, and again after they were made anew."""
    refuse_damage(connection, key.verifier, recording.fold, progress)
    seal_anew(connection, ledger.verified_log(connection), key, progress=progress)


def _file_with_key(path: Path, key_path: Path, plant: str) -> LogKey:
    """Make the file and its key if neither is there, and return the key."""
    if not is_there(path):
        if is_there(key_path):
            raise KeyMissing(
                sentence(
                    "{path} is gone, but the key {key_path} of its ledger is there. Restore the database from a "
                    "backup, or move the key away to begin a new ledger",
                    path=path,
                    key_path=key_path,
                )
            )
        return _make_file(path, key_path, plant)
    refuse_no_file(path)
    with translated(f"making {path} its owner's only"):  # a copy that was put back has other rights
        for file in (path, companion(path, "-wal"), companion(path, "-shm")):
            make_private(file)
    finish_key(key_path)
    return load_key(key_path)


def _make_file(path: Path, key_path: Path, plant: str) -> LogKey:
    new = companion(path, ".new")
    with translated("removing what was begun"):
        for ending in ("", "-journal", "-wal", "-shm"):
            companion(new, ending).unlink(missing_ok=True)
    key = make_key(key_path, plant)
    with translated("making the database"):
        create_private(new)  # SQLite gives its -wal and -shm the same rights
    engine = writer_engine(URL.create("sqlite", database=str(new)), "rwc")
    try:
        with translated("making the database"), engine.begin() as connection:
            _begin_ledger(connection, key, key_path)
    finally:
        engine.dispose()
    _keep_log_ahead(new)
    with translated("making the database"):
        sync(new)
        new.replace(path)
        sync(path.parent)
    finish_key(key_path)
    return load_key(key_path)


def _keep_log_ahead(new: Path) -> None:
    """Turn the file to a write-ahead log before it comes into its place.

    Where that is done in its place and the process is killed meanwhile, a rollback journal is left that no reader may
    take back: `verify` could say nothing.
    """
    engine = writer_engine(URL.create("sqlite", database=str(new)))
    try:
        with translated("making the database"), engine.connect():
            pass
    finally:
        engine.dispose()


def _schema_with_key(connection: Connection, key_path: Path, plant: str) -> LogKey:
    """Make our tables and the key in an empty PostgreSQL database, and return the key."""
    with translated("opening"), connection.begin():
        if not schema.is_empty(connection):
            finish_key(key_path)
            return load_key(key_path)
        if key_path.exists():
            raise KeyMissing(
                sentence(
                    "the database has no tables, but the key {key_path} of its ledger is there. Restore the "
                    "database, or move the key away to begin a new ledger",
                    key_path=key_path,
                )
            )
        key = make_key(key_path, plant)
        _begin_ledger(connection, key, key_path)
    finish_key(key_path)
    return load_key(key_path)


def _begin_ledger(connection: Connection, key: LogKey, key_path: Path) -> None:
    RememberedHead(key_path).forget()
    migrating.make_newest(connection)
    ledger.insert_head(connection, LogState(), key.seal)
    seal_anew(connection, LogState(), key)

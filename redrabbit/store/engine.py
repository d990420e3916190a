"""Connections to both databases with the settings that evidence needs, and their errors in words.

SQLite: WAL, synchronous FULL, foreign keys on; a file is opened for writing only if it exists, so
that a mistyped path never makes an empty ledger. Python's sqlite3 begins transactions at its own
discretion, too late for SAVEPOINT and for snapshots; so that is switched off and each BEGIN is
ours. PostgreSQL: readers see one snapshot a query (REPEATABLE READ, read only).

Source: https://docs.sqlalchemy.org/en/21/dialects/sqlite.html#pysqlite-serializable
"""

import errno
import os
import re
import socket
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DataError, SQLAlchemyError, StatementError

from redrabbit.base.bounded import MB
from redrabbit.base.sentence import sentence, words_of
from redrabbit.services.errors import (
    DamagedDatabase,
    DuplicateRecord,
    NotRecordable,
    StoreTrouble,
    TornDatabase,
    TroubleWhy,
)

BUSY_TIMEOUT_S = 5.0
"""How long to wait for somebody else's lock, say an open `sqlite3` shell, before giving up."""

CONNECT_S = 5
"""How long a PostgreSQL server that neither takes a connection nor refuses it is waited for."""

LOG_KEPT_BYTES = 32 * MB
"""A write-ahead log that became larger is cut to this when it begins anew."""

STATEMENT_S = 8.0
"""A statement of a page or of a command takes milliseconds; whatever takes so long is broken."""

LONG_STATEMENT_S = 3600.0
"""Of opening, migrating and verifying: one statement may read a whole table."""

CUT_OFF_AFTER_S = 2.0
"""Longer than its server's own limit a statement is waited for, before its connection is cut off."""

IDLE_IN_TRANSACTION_S = 60.0
"""After so long the server ends a transaction whose client stands still, and lets go of what it holds."""

UNACKNOWLEDGED_MS = 10_000
"""What was sent and is not acknowledged by the server's machine: then the connection is lost."""

KEEPALIVES = {
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
}
"""A machine that is gone is noticed after some eleven seconds, also where nothing is being sent. The server is asked to
do the same: else it would keep the lock of a session that is gone for as long as it runs."""

READERS = 4
"""Reader threads and connections: pages are short queries, and the machine is small."""

FileMode = Literal["rw", "ro", "rwc", "immutable"]


def parsed_url(url: str) -> URL:
    """Return the address of a database; StoreTrouble if it names none of the two kinds.

    The message never repeats the address: a mistyped one has its password anywhere (D24).
    """
    try:
        parsed = make_url(url)
        parsed.get_dialect()
    except (ArgumentError, ValueError):  # ValueError: a port that is no number
        raise StoreTrouble(
            sentence(
                "found {kind_of}; expected sqlite:///PATH or postgresql://HOST/NAME",
                kind_of=_kind_of(url),
            )
        ) from None
    kind = parsed.get_backend_name()
    if kind not in ("sqlite", "postgresql"):
        raise StoreTrouble(
            sentence("{kind}: expected sqlite:///PATH or postgresql://HOST/NAME", kind=kind)
        )
    if kind == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise StoreTrouble(sentence("SQLite in memory keeps nothing; expected sqlite:///PATH"))
    return parsed


def _kind_of(url: str) -> str:
    scheme, colon, _ = url.partition("://")
    if not colon or not re.fullmatch(r"[a-z][a-z0-9+.-]{0,30}", scheme):
        return "a text that is no database address"
    return f"an address that begins with {scheme}://"


def sqlite_path(url: URL) -> Path | None:
    """Return the database's file; None for PostgreSQL."""
    return Path(str(url.database)) if url.get_backend_name() == "sqlite" else None


def shown(url: URL) -> str:
    """Return the address as messages say it: no user, no password, no parameter (D24)."""
    path = sqlite_path(url)
    if path:
        return str(path)
    return URL.create(
        url.drivername, host=url.host, port=url.port, database=url.database
    ).render_as_string()


def writer_engine(url: URL, mode: FileMode = "rw") -> Engine:
    """Return the engine of the one connection that writes.

    On PostgreSQL a second one is possible, for `pooling.refuse_pooler` only. Statements may take long until
    somebody says `hurry`.
    """
    path = sqlite_path(url)
    if path:
        return _sqlite_engine(path, mode, "BEGIN IMMEDIATE", size=1)
    return _postgresql_engine(url, LONG_STATEMENT_S, pool_size=1, max_overflow=1)


def reader_engine(
    url: URL, mode: FileMode = "ro", *, statement_s: float = LONG_STATEMENT_S
) -> Engine:
    """Return the engine of the connections that read; each transaction is one snapshot."""
    path = sqlite_path(url)
    if path:
        return _sqlite_engine(path, mode, "BEGIN", size=READERS)
    return _postgresql_engine(
        url,
        statement_s,
        pool_size=READERS,
        max_overflow=0,
        pool_pre_ping=True,
        isolation_level="REPEATABLE READ",
        execution_options={"postgresql_readonly": True},
    )


def _postgresql_engine(url: URL, statement_s: float, **how: Any) -> Engine:
    """Return an engine whose every wait has an end, by the server's clock or by ours."""
    from redrabbit.store.watchdog import (  # noqa: PLC0415  because who uses SQLite has no driver of PostgreSQL
        WatchedConnection,
    )

    engine = create_engine(url, connect_args=_postgresql_arguments(url, statement_s), **how)

    def connect(_dialect: Any, _record: Any, args: Any, parameters: Any) -> WatchedConnection:
        connection = WatchedConnection.connect(*args, **parameters)
        connection.limit_s = statement_s + CUT_OFF_AFTER_S
        return connection

    event.listen(engine, "do_connect", connect)
    return engine


def _postgresql_arguments(url: URL, statement_s: float) -> dict[str, object]:
    """Say who connects, so that a second writer can be told who the first is; wait for nobody long."""
    name = f"redrabbit pid {os.getpid()} on {socket.gethostname()}"
    limits = {
        "lock_timeout": BUSY_TIMEOUT_S,
        "statement_timeout": statement_s,
        "idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION_S,
    }
    ours = " ".join(
        [f"-c {limit}={seconds * 1000:.0f}" for limit, seconds in limits.items()]
        + [f"-c tcp_{limit}={number}" for limit, number in KEEPALIVES.items() if "_" in limit]
    )
    return {
        "application_name": name[:63],
        "connect_timeout": CONNECT_S,
        "tcp_user_timeout": UNACKNOWLEDGED_MS,
        **KEEPALIVES,
        "options": f"{ours} {url.query.get('options', '')}".strip(),
    }


def hurry(connection: Connection) -> None:
    """Let no statement of this connection take long from now on; nothing on SQLite."""
    if connection.dialect.name == "postgresql":
        driver: Any = connection.connection.dbapi_connection
        driver.limit_s = STATEMENT_S + CUT_OFF_AFTER_S
        connection.exec_driver_sql(f"SET statement_timeout = {STATEMENT_S * 1000:.0f}")
        connection.commit()


def checkpoint_by_hand(connection: Connection) -> None:
    """Write the write-ahead log into the file only when `checkpoint` says so; nothing on PostgreSQL.

    A log that grew while a reader needed its beginning becomes small again when it begins anew.
    """
    if connection.dialect.name == "sqlite":
        _bare(connection, "PRAGMA wal_autocheckpoint = 0")
        _bare(connection, f"PRAGMA journal_size_limit = {LOG_KEPT_BYTES}")


def open_log(connection: Connection) -> None:
    """Let SQLite open the write-ahead log, which it does with the first statement that reads. SQLite only."""
    _bare(connection, "PRAGMA schema_version")


def checkpoint(connection: Connection, *, whole: bool = False) -> None:
    """Write the write-ahead log into the file, as far as no reader needs it still. SQLite only.

    The whole of it, unless StoreTrouble is raised: then the log is empty, and the disk has said that it has the file.
    """
    if whole:
        (is_held, _, _) = _bare(connection, "PRAGMA wal_checkpoint(TRUNCATE)")
        if is_held:
            raise StoreTrouble(
                sentence("a reader still needs the write-ahead log"), TroubleWhy.LOCKED
            )
    else:
        _bare(connection, "PRAGMA wal_checkpoint(PASSIVE)")


def _bare(connection: Connection, sql: str) -> tuple[Any, ...]:
    """Run a statement outside any transaction; return its first row."""
    cursor = connection.connection.cursor()
    cursor.execute(sql)
    row: tuple[Any, ...] = cursor.fetchone() or ()
    cursor.close()
    return row


def _sqlite_engine(path: Path, mode: FileMode, begin: str, size: int) -> Engine:
    engine = create_engine(
        "sqlite://",
        creator=_sqlite_opener(path, mode),
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=0,
    )

    def begin_ourselves(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "begin", begin_ourselves)
    return engine


def _sqlite_opener(path: Path, mode: FileMode) -> Callable[[], sqlite3.Connection]:
    how = "immutable=1" if mode == "immutable" else f"mode={mode}"
    uri = f"{path.absolute().as_uri()}?{how}"

    def open_file() -> sqlite3.Connection:
        connection = sqlite3.connect(
            uri,
            uri=True,
            timeout=BUSY_TIMEOUT_S,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
        )
        try:
            _set_up(connection, mode)
        except BaseException:
            connection.close()
            raise
        return connection

    return open_file


def _set_up(connection: sqlite3.Connection, mode: FileMode) -> None:
    connection.execute("PRAGMA trusted_schema=OFF")
    connection.execute("PRAGMA cell_size_check=ON")
    connection.execute("PRAGMA foreign_keys=ON")
    if mode in ("ro", "immutable"):
        connection.execute("PRAGMA query_only=ON")
        return
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA fullfsync=ON")  # macOS: fsync alone doesn't reach the disk there
    if mode == "rw":
        (journal,) = connection.execute("PRAGMA journal_mode=WAL").fetchone()
        if journal != "wal":
            raise StoreTrouble(
                sentence(
                    "this file system can't keep an SQLite write-ahead log (journal mode {journal}); put the "
                    "database on a local disk",
                    journal=journal,
                )
            )


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Turn the database's own errors into those of `redrabbit.services.errors`.

    Only statements belong inside, never a command's code: a plain ValueError raised here comes
    from reading a value that no writer of ours can have left.
    """
    try:
        yield
    except _database_errors() as error:
        if isinstance(error, StatementError) and isinstance(error.orig, ValueError):
            raise error.orig from error  # a value refused before it was sent: the caller's bug
        raise trouble(error, doing) from error
    except UnicodeEncodeError as error:
        raise NotRecordable(
            sentence("{doing}: {problem}", doing=doing, problem=words_of(error))
        ) from error  # a text that no database keeps
    except ValueError as error:
        raise DamagedDatabase(
            sentence("{doing}: {problem}", doing=doing, problem=words_of(error))
        ) from error


@contextmanager
def lent(connection: Connection) -> Iterator[Connection]:
    """Give a connection back at the end; that this fails is no trouble: what was to be read was read."""
    try:
        yield connection
    finally:
        with suppress(StoreTrouble), translated("giving a connection back"):
            connection.close()


def _database_errors() -> tuple[type[Exception], ...]:
    """Return what a database raises; psycopg's own if it is loaded: who reads SQLite need not."""
    psycopg = sys.modules.get("psycopg")
    own = () if psycopg is None else (psycopg.Error,)
    return (SQLAlchemyError, sqlite3.Error, OSError, OverflowError, *own)


_SQLITE_TORN = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_SQLITE_UNIQUE = {sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY}
_SQLITE_NEVER = {sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_MISMATCH}
"""Result codes of a value that breaks a rule of its table, is too big, or of another type."""

_POSTGRESQL_UNIQUE = "23505"
_POSTGRESQL_NEVER = ("22", "23")
"""Classes of SQLSTATE: data exception; integrity constraint violation."""
_POSTGRESQL_TORN = ("XX001", "XX002")
"""Data or index corrupted."""
_POSTGRESQL_DAMAGE = ("42P01", "42703")
"""A table or a column is gone."""


def trouble(error: Exception, doing: str) -> StoreTrouble:
    """Return the same in the store's words: of a kind that passes, or of one that comes each time.

    Whatever isn't known to come again each time counts as passing: a lock, a full or failing disk, a
    lost connection. Sources: SQLite's result codes; PostgreSQL's error codes (appendix A).
    """
    cause: BaseException = error
    if isinstance(error, StatementError) and error.orig is not None:
        cause = error.orig
    words = f"{doing}: {' '.join(str(cause).split())}"
    if isinstance(cause, sqlite3.Error):
        return _sqlite_trouble(cause, words)
    state = getattr(cause, "sqlstate", None)  # psycopg's; who reads SQLite need not import it
    if state == _POSTGRESQL_UNIQUE:
        return DuplicateRecord(words)
    if state in _POSTGRESQL_TORN:
        return TornDatabase(words)
    if state in _POSTGRESQL_DAMAGE:
        return DamagedDatabase(words)
    refused_unsent = isinstance(error, DataError) or isinstance(cause, OverflowError)
    if refused_unsent or (state or "").startswith(_POSTGRESQL_NEVER):
        return NotRecordable(words)
    if isinstance(cause, OSError):
        return StoreTrouble(words, _OF_SYSTEM.get(cause.errno or 0, TroubleWhy.OTHER))
    return StoreTrouble(words, _OF_POSTGRESQL.get(state or "", TroubleWhy.NO_ANSWER))


_OF_SYSTEM = {errno.ENOSPC: TroubleWhy.DISK_FULL, errno.EIO: TroubleWhy.DISK_FAILS}
_OF_POSTGRESQL = {
    "53100": TroubleWhy.DISK_FULL,
    "58030": TroubleWhy.DISK_FAILS,
    "55P03": TroubleWhy.LOCKED,
    "40P01": TroubleWhy.LOCKED,
}
"""SQLSTATE; without one, or with another that is not known to come each time, nobody answered."""
_OF_SQLITE = {
    sqlite3.SQLITE_FULL: TroubleWhy.DISK_FULL,
    sqlite3.SQLITE_IOERR: TroubleWhy.DISK_FAILS,
    sqlite3.SQLITE_BUSY: TroubleWhy.LOCKED,
    sqlite3.SQLITE_LOCKED: TroubleWhy.LOCKED,
}
"""By primary result code."""


def _sqlite_trouble(cause: sqlite3.Error, words: str) -> StoreTrouble:
    code = getattr(cause, "sqlite_errorcode", None)
    if code in _SQLITE_UNIQUE:
        return DuplicateRecord(words)
    if code is not None and code & 0xFF in _SQLITE_TORN:
        return TornDatabase(words)
    if "no such table" in words or "no such column" in words or "decode to UTF-8" in words:
        return DamagedDatabase(words)
    unsent = isinstance(cause, sqlite3.DataError) or "binding parameter" in words
    if unsent or (code is not None and code & 0xFF in _SQLITE_NEVER):
        return NotRecordable(words)
    return StoreTrouble(words, _OF_SQLITE.get((code or 0) & 0xFF, TroubleWhy.OTHER))

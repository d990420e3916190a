"""One writer a database (D20): who holds it, and a clear word to the second one.

SQLite: an operating-system lock on `<database>.lock`, which dies with the process that holds it,
so nothing has to be cleaned up after a crash; who holds it stands in `<database>.writer`, because
on Windows nobody else can read a locked file. PostgreSQL: an advisory lock held by the very
connection that writes, so that whoever loses the lock can't write. Readers take neither.
"""

import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import Connection, text

from redrabbit.base.private_files import PRIVATE, write_private
from redrabbit.base.sentence import sentence, system_words
from redrabbit.services.errors import StoreTrouble, WriterAlreadyRunning
from redrabbit.store.database_files import companion

ADVISORY_LOCK = 0x5265_6452_6162_6974
"""The number of PostgreSQL's lock: "RedRabit" in ASCII, unlikely to be anybody else's."""


class DatabaseLock:
    """Holds `<database>.lock` until closed, or until the process ends."""

    def __init__(self, database: Path, now: datetime) -> None:
        """Take the lock; WriterAlreadyRunning names the process that holds it."""
        path, holder = companion(database, ".lock"), companion(database, ".writer")
        self._lock = FileLock(
            path,
            blocking=False,
            mode=PRIVATE,
            thread_local=False,  # taken in one thread and let go in another
            fallback_to_soft=False,  # a mere file would outlive a killed process
            preserve_lock_file=True,  # removing it would race with the next writer
        )
        try:
            self._lock.acquire()
            _tell_who(holder, now)
        except Timeout:
            raise _refusal(path.name, _who(holder)) from None
        except OSError as error:
            self.close()
            raise StoreTrouble(
                sentence(
                    "{path}: {problem}; the writer needs its lock file",
                    path=error.filename or path,
                    problem=system_words(error),
                )
            ) from error

    def close(self) -> None:
        """Let go; the files stay. A lock that a failing disk does not give back ends with the process."""
        with suppress(OSError):
            self._lock.release()


def _tell_who(path: Path, now: datetime) -> None:
    path.unlink(missing_ok=True)
    write_private(path, f"pid {os.getpid()}, since {now.isoformat()}\n".encode())


def _who(path: Path) -> str:
    """Return who holds the lock; nothing in the moment before the holder has said so."""
    try:
        return path.read_bytes()[:200].decode("utf-8", "replace").partition("\n")[0].strip()
    except OSError:
        return ""


def _refusal(name: str, holder: str) -> WriterAlreadyRunning:
    words = sentence(
        "another process ({holder}) writes to this database already ({name}); only one service may write to a database. "
        "Stop it first, or point this one to another database",
        holder=holder or sentence("unknown"),
        name=name,
    )
    return WriterAlreadyRunning(words, holder)


def take_advisory_lock(connection: Connection) -> None:
    """Take PostgreSQL's lock for the life of this connection, or say who holds it."""
    taken = connection.execute(text("SELECT pg_try_advisory_lock(:n)"), {"n": ADVISORY_LOCK})
    if not taken.scalar_one():
        holder = connection.execute(_HOLDER, {"n": ADVISORY_LOCK}).scalars().first()
        connection.rollback()
        name = str(connection.engine.url.database)
        raise _refusal(name, holder or "")
    connection.commit()


_HOLDER = text(
    "SELECT a.application_name || ', since ' || a.backend_start"
    " FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid"
    " WHERE l.locktype = 'advisory' AND l.granted"
    " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND (l.classid::bigint << 32) | l.objid::bigint = :n"
)

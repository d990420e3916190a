"""One writer a database (D20): who holds it, and a clear word to the second one.

SQLite: an operating-system lock on `<database>.lock`, which dies with the process that holds it,
so nothing has to be cleaned up after a crash; the file says who it is, and stays. PostgreSQL: an
advisory lock held by the very connection that writes, so that whoever loses the lock can't write.
Readers take neither.
"""

import os
import sys
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, text

from redrabbit.services.errors import StoreTrouble, WriterAlreadyRunning

ADVISORY_LOCK = 0x5265_6452_6162_6974
"""The number of PostgreSQL's lock: "RedRabit" in ASCII, unlikely to be anybody else's."""

_LOCKED_BYTE = 1 << 30
"""Windows locks a range that nobody can read; so the locked byte lies far behind the text."""


class FileLock:
    """Holds `<database>.lock` until closed, or until the process ends."""

    def __init__(self, path: Path, now: datetime) -> None:
        """Take the lock; WriterAlreadyRunning names the process that holds it."""
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o644)
        except OSError as error:
            raise StoreTrouble(
                f"{path}: {error.strerror}; the writer needs its lock file"
            ) from error
        if not _try_lock(self._file):
            holder = os.read(self._file, 200)
            os.close(self._file)
            raise WriterAlreadyRunning(_refusal(path.name, _first_line(holder)))
        os.ftruncate(self._file, 0)
        os.write(self._file, f"pid {os.getpid()}, since {now.isoformat()}\n".encode())

    def close(self) -> None:
        """Let go; the file stays, because removing it would race with the next writer."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def _refusal(name: str, holder: str) -> str:
    return (
        f"another process ({holder or 'unknown'}) writes to this database already; there is one "
        f"writer a database ({name}). Stop it first, or point this one to another database"
    )


def _first_line(found: bytes) -> str:
    return found.decode("utf-8", "replace").partition("\n")[0].strip()


if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: int) -> bool:
        os.lseek(file, _LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(file, 0, os.SEEK_SET)
        return True

else:
    import fcntl

    def _try_lock(file: int) -> bool:
        # flock, not lockf: POSIX record locks vanish when *any* descriptor of the file is closed.
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True


def take_advisory_lock(connection: Connection) -> None:
    """Take PostgreSQL's lock for the life of this connection, or say who holds it."""
    taken = connection.execute(text("SELECT pg_try_advisory_lock(:n)"), {"n": ADVISORY_LOCK})
    if not taken.scalar_one():
        holder = connection.execute(_HOLDER, {"n": ADVISORY_LOCK}).scalars().first()
        connection.rollback()
        name = str(connection.engine.url.database)
        raise WriterAlreadyRunning(_refusal(name, holder or ""))
    connection.commit()


_HOLDER = text(
    "SELECT a.application_name || ', since ' || a.backend_start"
    " FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid"
    " WHERE l.locktype = 'advisory' AND l.granted"
    " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND (l.classid::bigint << 32) | l.objid::bigint = :n"
)

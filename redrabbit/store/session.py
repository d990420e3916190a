"""The writer's hold on a database: its engine, its one connection, and the lock (D20).

On PostgreSQL the lock belongs to the connection; a connection made anew takes the lock anew, or
is refused because another process has taken over meanwhile.
"""

from sqlalchemy import Connection, Engine

from redrabbit.base.sentence import sentence
from redrabbit.services.errors import PoolerRefused, StoreTrouble
from redrabbit.store.engine import checkpoint, checkpoint_by_hand, hurry, open_log, translated
from redrabbit.store.guarded_readers import GuardedReaders
from redrabbit.store.locking import DatabaseLock, take_advisory_lock
from redrabbit.store.opened_file import OpenedFile, Shown
from redrabbit.store.pooling import refuse_pooler


def pooler_named(trouble: StoreTrouble) -> PoolerRefused | None:
    """Return what refuses to connect, where its words are PgBouncer's; None where they are somebody else's."""
    if "unsupported startup parameter" not in str(trouble):
        return None
    return PoolerRefused(
        sentence(
            "{trouble}. That is what a connection pooler (PgBouncer) says; its sessions would have none of "
            "the time limits that are asked for. Expected: the address of the server itself",
            trouble=trouble,
        )
    )


class WriterSession:
    """Gives the writer its connection, and a new one when the old one is lost."""

    def __init__(
        self, engine: Engine, lock: DatabaseLock | None, file: OpenedFile | None = None
    ) -> None:
        self._engine = engine
        self._lock = lock
        self._file = file
        self.readers = GuardedReaders(file)
        """Of this process, beside the writer."""
        self._connection: Connection | None = None
        self._hurries = False

    def hurry(self) -> None:
        """Let no statement take long from now on: opening is over. StoreTrouble if that can't be said now.

        From now on nothing but `checkpoint` writes to an SQLite file.
        """
        self._hurries = True
        with translated("limiting statements"):
            _serves(self.connection())

    def connection(self) -> Connection:
        """Return the connection that may write; StoreTrouble if there is no way to it now."""
        if self._connection is None:
            if self._file is not None:
                self._file.refuse_other()
                self.readers.close()  # what they have open is opened by no new connection
            try:
                with translated("connecting"):
                    self._connection = self._connected()
            except StoreTrouble as trouble:
                raise pooler_named(trouble) or trouble from None
        return self._connection

    def _connected(self) -> Connection:
        connection = self._engine.connect()
        try:
            if self._hurries:
                _serves(connection)
            if self._engine.dialect.name == "postgresql":
                refuse_pooler(connection)
                take_advisory_lock(connection)
            if self._file is not None:
                open_log(connection)
                self._file.take()
        except BaseException:
            connection.invalidate()
            connection.close()
            raise
        return connection

    def refuse_other_file(self) -> None:
        """Raise StoreTrouble if what is written to is not the file that was opened, or somebody else wrote to it."""
        if self._file is not None:
            self._file.refuse_other()
            self._file.refuse_written()

    def shown(self) -> Shown | None:
        """Return what the file shows now; None on PostgreSQL."""
        return self._file.shown() if self._file is not None else None

    def leave(self, shown: Shown | None) -> None:
        """Remember that the file was whole when it showed this."""
        if self._file is not None and shown is not None:
            self._file.leave(shown)

    def is_as_left(self) -> bool:
        """Return whether nobody else has written to the file."""
        return self._file is None or self._file.is_as_left()

    def has_lost_log(self) -> bool:
        """Return whether the write-ahead log that is written to was taken away or replaced."""
        return self._file is not None and self._file.has_lost_its_log()

    def checkpoint(self, *, whole: bool = False) -> None:
        """Write the write-ahead log of an SQLite file into it, unless somebody else has written to it.

        All of it, or StoreTrouble, where `whole` is asked: then the disk has said that it has it.
        That makes no file smaller: one that is smaller behind it was overwritten meanwhile, and is not left so.
        """
        if self._file is None:
            return
        connection = self.connection()
        self.refuse_other_file()
        _write_log(self._file, connection, whole=whole)

    def drop_connection(self) -> None:
        """Throw the connection away; on PostgreSQL the lock goes with it.

        One that alone has a write-ahead log which was taken away is kept until that was written into the file.
        """
        if self._connection is None:
            return
        if self._file is not None:
            if not self._log_is_saved(self._file, self._connection):
                return
            self._file.let_go()
        connection, self._connection = self._connection, None
        with translated("closing a connection"):
            connection.invalidate()
            connection.close()

    def _log_is_saved(self, file: OpenedFile, connection: Connection) -> bool:
        """Write a write-ahead log that was taken away into the file; return whether this connection has nothing alone.

        All of it, for which nobody may be reading: else what was acknowledged is lost with the connection, and a new log goes on
        where the old one stood, without the beginning that a restart needs. A file that somebody else has written to
        is left alone: it would be torn.
        """
        try:
            if not file.has_lost_its_log() or not file.is_as_left():
                return True
            _write_log(file, connection, whole=True)
        except StoreTrouble:
            return False
        return True

    def close(self) -> None:
        """Let go of the connection and of the lock."""
        try:
            if self._connection is not None:
                connection, self._connection = self._connection, None
                with translated("closing a connection"):
                    connection.close()
        finally:
            self._engine.dispose()
            if self._lock is not None:
                self._lock.close()


def _write_log(file: OpenedFile, connection: Connection, *, whole: bool) -> None:
    """Write the write-ahead log into the file, and remember how that was left: unless it became smaller, which no log does."""
    before = file.shown()
    try:
        with translated("writing the write-ahead log into the file"):
            checkpoint(connection, whole=whole)
    finally:
        after = file.shown()
        if after.size >= before.size:
            file.leave(after)


def _serves(connection: Connection) -> None:
    hurry(connection)
    checkpoint_by_hand(connection)

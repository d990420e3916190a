"""The connections that read the file which this process writes to, beside the writer's (D62).

SQLite goes on reading a file or a write-ahead log that was moved, deleted or replaced under it. All connections of a
process share the index of the log; when the writer opens the log anew, those that were open look in the one before for what
stands in the new one: nonsense, or "the file is torn". So of each connection is known what it has open. One that has
something else than the writer is closed, and another made in its place; what was read while the writer changed to another
log is thrown away, and whoever asked is told so in words.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DisconnectionError

from redrabbit.base.sentence import Sentence, sentence
from redrabbit.services.errors import StoreTrouble, TroubleWhy
from redrabbit.store.engine import LONG_STATEMENT_S, reader_engine
from redrabbit.store.opened_file import Opened, OpenedFile

_OPENED: Final = "redrabbit has open"
_GUARD: Final = "redrabbit guard"
_CLOSED: Final = "redrabbit closed before"


class GuardedReaders:
    """Makes engines that read, and knows what each of their connections has open."""

    def __init__(self, file: OpenedFile | None) -> None:
        """Guard the readers of this file; None on PostgreSQL, where a connection has no file."""
        self._file = file
        self._engines: list[Engine] = []
        self._closed = 0
        """How often all connections had to be closed."""

    def engine(self, url: URL, *, statement_s: float = LONG_STATEMENT_S) -> Engine:
        """Return an engine of connections that read."""
        engine = reader_engine(url, statement_s=statement_s)
        if self._file is not None:
            event.listen(engine, "connect", self._opens)
            event.listen(engine, "checkout", self._gives)
            event.listen(engine, "checkin", self._takes_back)
            self._engines.append(engine)
        return engine

    def close(self) -> None:
        """Close each connection: at once, or when whoever reads with it gives it back."""
        self._closed += 1
        for engine in self._engines:
            engine.dispose()

    def refuse_other(self, opened: Opened) -> None:
        """Raise StoreTrouble unless the writer has open what a connection has."""
        assert self._file is not None  # noqa: S101  else nobody is guarded
        if not self._file.is_open_to(opened):
            raise _opened_anew(sentence("what was read is not shown"))

    def log_is_gone(self) -> bool:
        """Return whether the writer waits for everybody, to write a log that was taken away into the file."""
        return self._file is not None and self._file.has_lost_its_log()

    def _opens(self, driver: sqlite3.Connection, record: Any) -> None:
        """Remember what a new connection has open; StoreTrouble if that is not what the writer has, or all were closed meanwhile.

        Nobody else closes one that is refused here: it would hold on to a log that the writer waits for.
        """
        closed = self._closed
        try:
            opened = self._opened_by(driver, closed)
        except BaseException:
            driver.close()
            raise
        record.info[_OPENED], record.info[_GUARD], record.info[_CLOSED] = opened, self, closed

    def _opened_by(self, driver: sqlite3.Connection, closed: int) -> Opened:
        assert self._file is not None  # noqa: S101  only then anybody listens
        self._file.refuse_other()
        driver.execute("PRAGMA schema_version").fetchall()  # opens the log
        opened = self._file.lying()
        self.refuse_other(opened)
        if closed != self._closed:
            raise _opened_anew(sentence("what was read is not shown"))
        return opened

    def _gives(self, _driver: object, record: Any, _proxy: object) -> None:
        assert self._file is not None  # noqa: S101  only then anybody listens
        if not self._file.is_open_to(record.info[_OPENED]):
            raise DisconnectionError

    def _takes_back(self, _driver: object, record: Any) -> None:
        if record.info.get(_CLOSED) != self._closed:
            record.invalidate()


@contextmanager
def seen_by_the_writer(connection: Connection) -> Iterator[None]:
    """Raise StoreTrouble behind what is read, in place of whatever that ended with, if the writer has another log by now."""
    guard, opened = connection.info.get(_GUARD), connection.info.get(_OPENED)
    try:
        yield
    finally:
        if guard is not None:
            guard.refuse_other(opened)


def make_way(connection: Connection) -> None:
    """Raise StoreTrouble in the midst of a long reading for which the writer waits, as its log was taken away."""
    if stands_in_the_way(connection):
        raise _opened_anew(sentence("what takes long is read later"))


def stands_in_the_way(connection: Connection) -> bool:
    """Return whether the writer waits for whoever reads, to write a log that was taken away into the file."""
    guard = connection.info.get(_GUARD)
    return guard is not None and guard.log_is_gone()


def _opened_anew(so: Sentence) -> StoreTrouble:
    return StoreTrouble(
        sentence(
            "the write-ahead log was taken away or replaced, and is being opened anew: {so}", so=so
        ),
        TroubleWhy.FILE_MOVED,
    )

"""That the file that is written to is still the database that was opened (D62).

SQLite goes on writing to a file that was moved, deleted or replaced under it: what is acknowledged then is in a file that
nobody finds, or tears the one that was put in its place. So which file it is, by device and number, is remembered when it
is opened, for as long as the process lives, and looked at before each commit and after it, before anybody is answered. A
copy has other numbers, and is opened as any database is.

A file that is overwritten in place keeps its numbers, and the next checkpoint tears it. But only a checkpoint writes to
the file of a database with a write-ahead log, and all are the writer's: so how large it is and when it was last written
is remembered behind each, and whatever shows another is looked at before anything else is acknowledged.

Its write-ahead log and the index of that (`-shm`), by which writer and readers find what stands in the log and keep out of each
other's way, are told by their numbers, too.
"""

import os
from pathlib import Path
from typing import NamedTuple

from redrabbit.base.sentence import sentence
from redrabbit.services.errors import StoreTrouble, TroubleWhy
from redrabbit.store.database_files import companion
from redrabbit.store.engine import trouble


class _Numbers(NamedTuple):
    device: int
    inode: int


class Shown(NamedTuple):
    """What a file shows of who wrote to it last."""

    size: int
    written_ns: int


class Opened(NamedTuple):
    """What a connection has open: None is not there."""

    file: _Numbers | None
    log: _Numbers | None
    log_index: _Numbers | None


class OpenedFile:
    """An SQLite file, with the write-ahead log and the index that the writer's connection has open."""

    def __init__(self, path: Path) -> None:
        """Remember the file; StoreTrouble if it has a second name, under which another process may write."""
        self._path = path.resolve()  # a link that is put in its place later is another file
        self._log, self._log_index = (companion(self._path, end) for end in ("-wal", "-shm"))
        self._left: Shown | None = None
        self._is_connected = False
        found = self._stat()
        if found.st_nlink > 1:
            raise StoreTrouble(
                sentence(
                    "{path} has {st_nlink} names (hard links). Another process could write to it under the other "
                    "name, and the two would destroy it: remove the links, or make a copy",
                    path=path,
                    st_nlink=found.st_nlink,
                )
            )
        self._opened = Opened(_Numbers(found.st_dev, found.st_ino), None, None)

    def is_open_to(self, opened: Opened) -> bool:
        """Return whether a connection that has this open reads what the writer writes.

        While the writer has no connection, it will open what lies there.
        """
        if opened == self._opened:
            return True
        return (
            not self._is_connected and opened.file == self._opened.file and opened == self.lying()
        )

    def lying(self) -> Opened:
        """Return what lies there now, and is what a connection that is made now opens."""
        return Opened(_numbers(self._path), _numbers(self._log), _numbers(self._log_index))

    def take(self) -> None:
        """Know that the writer's connection is open, and what it has open with the file; StoreTrouble if that does not lie there."""
        self.refuse_other()
        lying = self.lying()
        if lying.log is None or lying.log_index is None:
            raise StoreTrouble(
                sentence(
                    "{path}: its write-ahead log can't be opened anew yet: another connection has the one before",
                    path=self._path,
                ),
                TroubleWhy.LOCKED,
            )
        self._opened = self._opened._replace(log=lying.log, log_index=lying.log_index)
        self._is_connected = True

    def let_go(self) -> None:
        """Know that the writer has no connection: SQLite removes log and index with the last one."""
        self._is_connected = False

    def refuse_other(self) -> None:
        """Raise StoreTrouble unless the same file still lies there, with the log and the index that the writer has open."""
        found = self._stat()
        if _Numbers(found.st_dev, found.st_ino) != self._opened.file:
            raise self._gone(sentence("another file lies in its place"))
        if found.st_nlink > 1:
            raise self._gone(sentence("it was given a second name (hard link)"))
        if self.has_lost_its_log():
            raise StoreTrouble(
                sentence(
                    "{path}: its write-ahead log ({taken}) was taken away, or another lies in its place. Nothing is "
                    "recorded until all that stands in it was written into the file, and it was opened anew: do not end "
                    "the service before",
                    path=self._path,
                    taken=self._taken(),
                ),
                TroubleWhy.FILE_MOVED,
            )

    def shown(self) -> Shown:
        """Return what the file shows now; StoreTrouble if it is not there."""
        found = self._stat()
        return Shown(found.st_size, found.st_mtime_ns)

    def leave(self, shown: Shown) -> None:
        """Remember that it was whole when it showed this."""
        self._left = shown

    def is_as_left(self) -> bool:
        """Return whether nobody else has written to it; StoreTrouble if it is not there."""
        return self._left in (None, self.shown())

    def refuse_written(self) -> None:
        """Raise StoreTrouble if somebody else has written to it."""
        if not self.is_as_left():
            raise StoreTrouble(
                sentence(
                    "{path}: somebody else has written to it. Nothing is recorded before it was looked at",
                    path=self._path,
                ),
                TroubleWhy.FILE_MOVED,
            )

    def has_lost_its_log(self) -> bool:
        """Return whether the log or the index that the writer has open does not lie beside the file."""
        if not self._is_connected:
            return False
        lying = self.lying()
        return (lying.log, lying.log_index) != (self._opened.log, self._opened.log_index)

    def _taken(self) -> str:
        return "-shm" if self.lying().log == self._opened.log else "-wal"

    def _stat(self) -> os.stat_result:
        try:
            return self._path.lstat()
        except FileNotFoundError:
            raise self._gone(sentence("it is not there any more")) from None
        except OSError as error:
            raise trouble(error, f"looking at {self._path}") from error

    def _gone(self, what: str) -> StoreTrouble:
        return StoreTrouble(
            sentence(
                "{path}: {what}. Nothing is recorded until the file that was opened lies there again, or the "
                "service is started anew",
                path=self._path,
                what=what,
            ),
            TroubleWhy.FILE_MOVED,
        )


def _numbers(path: Path) -> _Numbers | None:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise trouble(error, f"looking at {path}") from error
    return _Numbers(found.st_dev, found.st_ino)

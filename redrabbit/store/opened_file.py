"""That the file that is written to is still the database that was opened (D62).

SQLite goes on writing to a file that was moved, deleted or replaced under it: what is acknowledged then is in a file that
nobody finds, or tears the one that was put in its place. So which file it is, by device and number, is remembered when it
is opened, for as long as the process lives, and looked at before each commit and after it, before anybody is answered. A
copy has other numbers, and is opened as any database is.

A file that is overwritten in place keeps its numbers, and the next checkpoint tears it. But only a checkpoint writes to
the file of a database with a write-ahead log, and all are the writer's: so how large it is and when it was last written
is remembered behind each, and whatever shows another is looked at before anything else is acknowledged.
"""

import os
from pathlib import Path
from typing import NamedTuple

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


class OpenedFile:
    """An SQLite file, and its write-ahead log from the first look on at which it is there."""

    def __init__(self, path: Path) -> None:
        """Remember the file; StoreTrouble if it has a second name, under which another process may write."""
        self._path = path.resolve()  # a link that is put in its place later is another file
        self._log: _Numbers | None = None
        self._left: Shown | None = None
        found = self._stat()
        if found.st_nlink > 1:
            raise StoreTrouble(
                f"{path} has {found.st_nlink} names (hard links). Another process could write to it "
                "under the other name, and the two would destroy it: remove the links, or make a copy"
            )
        self._file = _Numbers(found.st_dev, found.st_ino)

    def refuse_other(self) -> None:
        """Raise StoreTrouble unless the same file still lies there, with the same write-ahead log."""
        found = self._stat()
        if _Numbers(found.st_dev, found.st_ino) != self._file:
            raise self._gone("another file lies in its place")
        if found.st_nlink > 1:
            raise self._gone("it was given a second name (hard link)")
        try:
            log = companion(self._path, "-wal").stat()
        except FileNotFoundError:
            if self._log is not None:
                raise self._without_log("its write-ahead log (-wal) was taken away") from None
            return
        except OSError as error:
            raise trouble(error, f"looking at {self._path}-wal") from error
        numbers = _Numbers(log.st_dev, log.st_ino)
        if self._log is None:
            self._log = numbers
        elif self._log != numbers:
            raise self._without_log("another write-ahead log (-wal) lies beside it")

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
                f"{self._path}: somebody else has written to it. Nothing is recorded before it was looked at",
                TroubleWhy.FILE_MOVED,
            )

    def has_its_log(self) -> bool:
        """Return whether the write-ahead log that was found first still lies beside it; True where none was."""
        try:
            found = companion(self._path, "-wal").stat()
        except OSError:
            return self._log is None
        return self._log in (None, _Numbers(found.st_dev, found.st_ino))

    def forget_log(self) -> None:
        """Take whatever write-ahead log is found next: SQLite removes it with the last connection."""
        self._log = None

    def _stat(self) -> os.stat_result:
        try:
            return self._path.lstat()
        except FileNotFoundError:
            raise self._gone("it is not there any more") from None
        except OSError as error:
            raise trouble(error, f"looking at {self._path}") from error

    def _without_log(self, what: str) -> StoreTrouble:
        return StoreTrouble(
            f"{self._path}: {what}. What was recorded last stands only there: put it back before the "
            "service is started anew, or it is lost",
            TroubleWhy.FILE_MOVED,
        )

    def _gone(self, what: str) -> StoreTrouble:
        return StoreTrouble(
            f"{self._path}: {what}. Nothing is recorded until the file that was opened lies there "
            "again, or the service is started anew",
            TroubleWhy.FILE_MOVED,
        )

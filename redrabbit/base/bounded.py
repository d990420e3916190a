"""Reading files of others with a bound: what is too large is said at once, not after minutes (D24)."""

import errno
from pathlib import Path

from redrabbit.base.sentence import sentence

KB = 1_000
MB = 1_000_000


class TooLarge(OSError):
    """A file is larger than anything it can honestly be; `strerror` says what was expected."""

    def __init__(self, path: Path, limit: int, what: str) -> None:
        self._path = path
        reason = sentence("larger than {limit}; expected {what}", limit=size_text(limit), what=what)
        super().__init__(errno.EFBIG, reason, str(path))

    def __str__(self) -> str:
        """Return the message without the operating system's number."""
        return f"{self._path}: {self.strerror}"


def read_at_most(path: Path, limit: int, what: str) -> bytes:
    """Return a file's bytes; TooLarge if there are more than `limit`, other OSErrors as they come.

    Never more is read, whatever the file's size claims: it may be a pipe, or still grow.
    """
    with path.open("rb") as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise TooLarge(path, limit, what)
    return content


def size_text(size: int) -> str:
    """Return a size in bytes as people say it."""
    return f"{size // MB} MB" if size >= MB else f"{size // KB} kB"

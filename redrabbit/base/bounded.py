"""Reading files of others with a bound: what is too large is said at once, not after minutes (D24)."""

from pathlib import Path

KB = 1_000
MB = 1_000_000


class TooLarge(OSError):
    """A file is larger than anything it can honestly be; the message says both."""


def read_at_most(path: Path, limit: int, what: str) -> bytes:
    """Return a file's bytes; TooLarge if there are more than `limit`, other OSErrors as they come.

    Never more is read, whatever the file's size claims: it may be a pipe, or still grow.
    """
    with path.open("rb") as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise TooLarge(f"{path} is larger than {size_text(limit)}; expected {what}")
    return content


def size_text(size: int) -> str:
    """Return a size in bytes as people say it."""
    return f"{size // MB} MB" if size >= MB else f"{size // KB} kB"

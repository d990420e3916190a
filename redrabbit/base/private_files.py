"""Files that only their owner may read: how they are made, and what is refused.

Records name people, and a signing key can sign a false history; on a machine of many users
neither is for the others. Windows keeps no such modes: there the folder's own rights decide.
"""

import glob
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

from redrabbit.base.sentence import sentence

PRIVATE: Final = 0o600
OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


class ReadableByOthers(Exception):
    """A file with a secret in it that not only its owner can read: how it is, what to do."""


def create_private(path: Path) -> None:
    """Make an empty file for its owner only (0600), whatever the umask; FileExistsError if there."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE))


def write_private(path: Path, content: bytes) -> None:
    """Make a file for its owner only (0600) with this content; FileExistsError if there."""
    create_private(path)
    path.write_bytes(content)


LEFT_AFTER_S: Final = 60.0
"""A draft so much older than another one is nobody's any more: its process was killed."""


def replace_private(path: Path, content: bytes) -> None:
    """Put a file for its owner only (0600) in the place of another, whole or not at all; OSError if that can't be.

    Drafts that killed processes left beside it are removed.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        write_private(draft, content)
        with draft.open("rb+") as file:
            os.fsync(file.fileno())
        written_at_s = draft.stat().st_mtime
        draft.replace(path)
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
    for left in path.parent.glob(f".{glob.escape(path.name)}.????????"):
        with suppress(OSError):
            if left.stat().st_mtime < written_at_s - LEFT_AFTER_S:
                left.unlink()


def make_private(path: Path) -> None:
    """Take away what rights others have to the file, if it is there and this user's; OSError for other trouble."""
    with suppress(FileNotFoundError, PermissionError):
        mode = stat.S_IMODE(path.stat().st_mode)
        if os.name != "nt" and mode & OTHERS:
            path.chmod(mode & ~OTHERS)


def refuse_readable_by_others(path: Path, what: str) -> None:
    """Raise ReadableByOthers unless only its owner can open the file; OSError if it isn't there."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if os.name != "nt" and mode & OTHERS:
        raise ReadableByOthers(
            sentence(
                "{path}: {what} that others on this machine can open (mode {mode:04o}); expected one for its "
                "owner only (0600). Run: chmod 600 {path}",
                path=path,
                what=what,
                mode=mode,
            )
        )

"""Where a database lies: what is beside its file, whether it can be read there, and its name."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.engine import URL

from redrabbit.base.sentence import sentence, system_words
from redrabbit.services.errors import DamagedDatabase, StoreTrouble
from redrabbit.store.engine import reader_engine, shown, sqlite_path, translated


def companion(path: Path, ending: str) -> Path:
    """Return the file that belongs to the database: the same name with an ending."""
    return path.with_name(path.name + ending)


def is_there(path: Path) -> bool:
    """Return whether there is such a file; StoreTrouble where the disk does not tell."""
    with translated(f"looking for {path}"):
        return path.exists()


def readable_engine(url: URL) -> Engine:
    """Return an engine that only reads; also from a file in a folder that can't be written to."""
    path = sqlite_path(url)
    if path is None:
        return reader_engine(url)
    refuse_no_file(path)
    alone = not is_there(companion(path, "-wal"))
    if alone and not os.access(path.parent, os.W_OK, effective_ids=_AS_WE_ARE):
        return reader_engine(url, "immutable")
    return reader_engine(url)


_AS_WE_ARE = os.access in os.supports_effective_ids
"""Windows can only ask for the user who started the program."""


def refuse_no_file(path: Path) -> None:
    """Raise unless there is a file with something in it that can be read."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise StoreTrouble(sentence("{path} is no file; expected a database", path=path))
        with path.open("rb"):
            pass
    except FileNotFoundError as error:
        raise StoreTrouble(sentence("{path}: there is no such database", path=path)) from error
    except OSError as error:
        raise StoreTrouble(
            sentence("{path}: {problem}", path=path, problem=system_words(error))
        ) from error
    if found.st_size == 0:
        raise DamagedDatabase(
            sentence(
                "{path} is empty (0 bytes). If it held records, restore it from a backup; if it never did, "
                "delete it and it is made anew",
                path=path,
            )
        )


def sync(path: Path) -> None:
    """Wait until the disk has it; Windows can't do that for a folder."""
    if path.is_dir() and os.name == "nt":
        return
    file = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def without_password(words: str, url: URL) -> str:
    """Return what a driver said, in case it repeats what it was given."""
    return words.replace(str(url.password), "***") if url.password else words


@contextmanager
def about(url: URL) -> Iterator[None]:
    """Say of every trouble which database it is about."""
    try:
        yield
    except StoreTrouble as error:
        words = without_password(str(error), url)
        if shown(url) in words and words == str(error):
            raise
        named = copy(error)  # with why it is so, and what else it knows
        named.args = (f"{shown(url)}: {words}",)
        raise named from None

"""Reading a file in a process of its own, with a bound on its time and memory.

A spreadsheet from outside can make any library take minutes and gigabytes, or abort the process: five kilobytes with one merged range of a
million rows do. So the file is read by a child that may be killed, and nothing of the reader's own process is at stake.

    python -m redrabbit.plan_import.read_apart FILE      writes what was read as a pickle; only its own parent reads it
"""

import pickle
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from redrabbit.base.sentence import sentence
from redrabbit.plan_import.grid import Book
from redrabbit.plan_import.open_book import NotReadable, open_book

MOST_SECONDS: Final = 60
MOST_MEMORY: Final = 2_000_000_000
"""Bytes of address space, where the operating system can be asked to keep to it."""


def read_apart(path: Path) -> Book:
    """Return what stands in a file.

    Raises NotReadable where it is none that can be read, or takes more than any plan does; OSError where it can't be had.
    """
    if path.exists() and not path.is_file():
        raise NotReadable(sentence("{file}: it is no file", file=path.name))
    command = [sys.executable, "-m", __name__, str(path)]
    try:
        child = subprocess.run(command, capture_output=True, check=False, timeout=MOST_SECONDS)  # noqa: S603  because the program is our own
    except subprocess.TimeoutExpired as late:
        raise _too_much(path) from late
    if child.returncode != 0:
        raise _too_much(path)
    read = pickle.loads(child.stdout)  # noqa: S301  because our own program wrote it, just now
    if isinstance(read, Exception):
        raise read
    assert isinstance(read, Book)  # noqa: S101  it writes nothing else
    return read


def _too_much(path: Path) -> NotReadable:
    return NotReadable(
        sentence(
            "{file}: reading it takes more time or memory than any control plan; copy the plan alone into a new workbook, and save that",
            file=path.name,
        )
    )


def _keep_to_bounds() -> None:
    with suppress(ImportError):
        import resource  # noqa: PLC0415  because Windows has none

        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main(path: str) -> None:
    """Read a file and write what it holds, or why it can't be read."""
    _keep_to_bounds()
    read: Book | Exception
    try:
        read = open_book(Path(path))
    except NotReadable as problem:
        read = problem
    except OSError as problem:  # of any kind: not all can be pickled
        read = OSError(problem.errno, problem.strerror, problem.filename)
    sys.stdout.buffer.write(pickle.dumps(read))


if __name__ == "__main__":
    main(sys.argv[1])

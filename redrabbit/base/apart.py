"""A module run in a process of its own, with a bound on its time and memory: what reads a stranger's file may be killed.

A spreadsheet from outside can make any library take minutes and gigabytes, or abort the process: five kilobytes with one merged range of a
million rows do. Nothing of the reader's own process is at stake, as it only reads what the child has written.
"""

import subprocess
import sys
from contextlib import suppress


def output_of(module: str, argument: str, *, most_seconds: float) -> bytes | None:
    """Return what a module of ours writes that is run apart; None where it took too long, or was ended."""
    command = [sys.executable, "-m", module, argument]
    try:
        child = subprocess.run(command, capture_output=True, check=False, timeout=most_seconds)  # noqa: S603  because the program is our own
    except subprocess.TimeoutExpired:
        return None
    return child.stdout if child.returncode == 0 else None


def keep_to_memory(most_bytes: int) -> None:
    """Let this process have no more address space than this, where the operating system can be asked to keep to it."""
    with suppress(ImportError):
        import resource  # noqa: PLC0415  because Windows has none

        resource.setrlimit(resource.RLIMIT_AS, (most_bytes, most_bytes))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

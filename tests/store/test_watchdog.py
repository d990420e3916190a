"""A wait that takes too long is ended, whatever else the process is short of."""

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from redrabbit.store.watchdog import Watchdog


@contextmanager
def no_more_open_files() -> Iterator[None]:
    """Let the process open nothing more."""
    import resource

    free = os.dup(0)
    os.close(free)
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_a_wait_is_ended_though_the_process_may_open_no_more_files() -> None:
    """It was tried once, with a second number for the socket, and then never again."""
    waits, silent = socket.socketpair()
    with waits, silent:
        waits.settimeout(10)
        with no_more_open_files(), Watchdog().watching(waits.fileno(), 0.0) as wait:
            assert waits.recv(1) == b""
            assert wait.is_cut
        waits.getsockname()  # its number is still its own

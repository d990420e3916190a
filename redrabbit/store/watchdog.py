"""A PostgreSQL connection that waits for nobody for ever: a watchdog cuts it off from another thread.

The server's own limits (`statement_timeout`, `lock_timeout`) hold only while the server lives. One whose process is
stopped, or that is gone behind a connection that nobody closed, answers nothing; what waits for it is then woken by
shutting its socket down, and gets the error of a lost connection. The kernel's limits (`tcp_user_timeout`, keepalives)
see a peer that is gone, not one whose process stands still.

Imported only where PostgreSQL is used, as it needs its driver.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

import psycopg

LOOK_S: Final = 0.25
"""How often the watchdog looks."""


@dataclass(eq=False, slots=True)
class _Wait:
    socket_number: int
    looks_left: int
    """Counted, not timed: while the whole machine is suspended nobody looks, and nobody is cut off for it."""
    is_cut: bool = False


class Watchdog:
    """Looks at all waits, and ends those that take too long."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waits: set[_Wait] = set()
        self._thread: threading.Thread | None = None

    @contextmanager
    def watching(self, socket_number: int, limit_s: float) -> Iterator[_Wait]:
        """Cut this socket off if the block takes longer; whoever reads from it gets an error at once."""
        wait = _Wait(socket_number, looks_left=1 + round(limit_s / LOOK_S))
        with self._lock:
            self._waits.add(wait)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._look_on, name="redrabbit-watchdog", daemon=True
                )
                self._thread.start()
        try:
            yield wait
        finally:
            with self._lock:  # from here on the number may be another socket's
                self._waits.discard(wait)

    def _look_on(self) -> None:
        never = threading.Event()
        while not never.wait(LOOK_S):
            with self._lock:
                for wait in self._waits:
                    wait.looks_left -= 1
                    if wait.looks_left <= 0 and not wait.is_cut:
                        wait.is_cut = True  # before: whoever waits is woken by it, and asks
                        _cut_off(wait.socket_number)


def _cut_off(socket_number: int) -> None:
    """Shut the connection down without closing the number, which its owner does.

    A second number for it (`os.dup`) is what a process with too many open files has not got.
    """
    with suppress(OSError):
        same = socket.socket(fileno=socket_number)
        try:
            same.shutdown(socket.SHUT_RDWR)
        finally:
            same.detach()


_WATCHDOG = Watchdog()
"""One for all connections: a thread that looks, and nothing that grows."""


class WatchedConnection(psycopg.Connection[Any]):
    """A connection each of whose waits ends within `limit_s`."""

    limit_s: float = 60.0

    def cut_off(self) -> None:
        """End what it waits for, from another thread: nobody wants to know any more."""
        with suppress(psycopg.Error):  # closed meanwhile
            _cut_off(self.fileno())

    def wait(self, *args: Any, **kwargs: Any) -> Any:
        """Wait as the driver does; OperationalError that says so, if the server was silent for too long."""
        with _WATCHDOG.watching(self.fileno(), self.limit_s) as wait:
            try:
                return super().wait(*args, **kwargs)
            except psycopg.Error as error:
                if wait.is_cut:
                    raise psycopg.OperationalError(
                        f"the server did not answer within {self.limit_s:g} s"
                    ) from error
                raise

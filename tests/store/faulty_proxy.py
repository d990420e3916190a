"""A TCP proxy before PostgreSQL that breaks in the ways in which networks and servers do.

It stands between the product and a real server. It knows nothing of the product: of what passes it knows only the
word COMMIT.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from urllib.parse import parse_qs, urlsplit

from redrabbit.base.clock import SteadyClock

CLOCK = SteadyClock()
PIECE = 65_536


class Fault(Enum):
    """What happens to the next COMMIT that passes, or at once."""

    LOSES_ANSWER = "the server commits, and its answer is cut off"
    LOSES_QUESTION = "the connection is cut before the server hears of it"
    SILENT_ANSWER = "the server commits, and nobody is told; the connection stays open"
    SILENT_QUESTION = "nothing passes any more, and the connection stays open"
    CUT = "all connections are cut at once"


class FaultyProxy:
    """Listens on loopback, and passes on what comes until it is told to break."""

    def __init__(self, server: str) -> None:
        """`server`: the address of a database, reached by a Unix socket."""
        parts = urlsplit(server)
        self._folder = parse_qs(parts.query)["host"][0]
        self._database = parts.path
        self._user = parts.username or "postgres"
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=50)
        self._lock = threading.Lock()
        self._fault: Fault | None = None
        self._refuse_s = 0.0
        self._refuses_until_s = 0.0
        self._open: set[socket.socket] = set()
        self._silent: set[socket.socket] = set()
        self.faults = 0
        """How many happened."""
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """The database's address through this proxy."""
        port = self._listener.getsockname()[1]
        return f"postgresql://{self._user}@127.0.0.1:{port}{self._database}"

    def breaks(self, fault: Fault, refuses_s: float) -> None:
        """Break at the next COMMIT, and refuse connections for some seconds from then on."""
        with self._lock:
            self._fault, self._refuse_s = fault, refuses_s
        if fault is Fault.CUT:
            with self._lock:
                self._happens()
            self._cut_all()

    def goes_silent(self) -> None:
        """Tell nobody anything any more over the connections that are open, and keep them open."""
        with self._lock:
            self._silent |= self._open

    def is_broken(self) -> bool:
        """Tell whether a fault is still to come, or connections are still refused."""
        with self._lock:
            return self._fault is not None or CLOCK.steady_s() < self._refuses_until_s

    def close(self) -> None:
        """Take no more connections and cut all."""
        self._listener.close()
        self._cut_all()

    def _happens(self) -> Fault | None:
        fault, self._fault = self._fault, None
        if fault is not None:
            self.faults += 1
            self._refuses_until_s = CLOCK.steady_s() + self._refuse_s
        return fault

    def _cut_all(self) -> None:
        with self._lock:
            found, self._open = self._open, set()
        for each in found:
            _cut(each)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if CLOCK.steady_s() < self._refuses_until_s:
                    client.close()
                    continue
                server = socket.socket(socket.AF_UNIX)
                server.connect(f"{self._folder}/.s.PGSQL.5432")
                with self._lock:
                    self._open |= {client, server}
                for source, target in ((client, server), (server, client)):
                    pump = self._up if source is client else self._down
                    threading.Thread(target=pump, args=(source, target), daemon=True).start()

    def _up(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while piece := client.recv(PIECE):
                if b"COMMIT" in piece and self._breaks_here(client, server, piece):
                    return
                server.sendall(piece)
        self._end(client, server)

    def _breaks_here(self, client: socket.socket, server: socket.socket, piece: bytes) -> bool:
        with self._lock:
            fault = self._happens()
            if fault is None:
                return False
            self._silent.add(client)
        if fault in {Fault.LOSES_ANSWER, Fault.SILENT_ANSWER}:
            server.sendall(piece)
        if fault is Fault.LOSES_ANSWER:
            server.shutdown(socket.SHUT_WR)  # the server ends once it has answered
            _drained(server)
        elif fault in {Fault.SILENT_ANSWER, Fault.SILENT_QUESTION}:
            _drained(client)  # that its end is gone is heard when it closes, as by any network
        self._end(client, server)
        return True

    def _down(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while client not in self._silent and (piece := server.recv(PIECE)):
                if client not in self._silent:
                    client.sendall(piece)
        if client not in self._silent:
            self._end(client, server)

    def _end(self, client: socket.socket, server: socket.socket) -> None:
        with self._lock:
            self._open -= {client, server}
        _cut(client)
        _cut(server)


def _drained(connection: socket.socket) -> None:
    with suppress(OSError):
        while connection.recv(PIECE):
            pass


def _cut(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


@contextmanager
def proxied(server: str) -> Iterator[FaultyProxy]:
    """Give a proxy before this database."""
    proxy = FaultyProxy(server)
    try:
        yield proxy
    finally:
        proxy.close()

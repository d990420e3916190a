"""A connection pooler as PgBouncer is in transaction mode: each transaction gets whichever session is free.

It speaks as much of PostgreSQL's protocol as that takes: it knows where a message begins and ends, and that a session is
free when the server says `ReadyForQuery, idle`. Every client is a session's own until its transaction ends.

Source: https://www.postgresql.org/docs/current/protocol-flow.html
"""

import select
import socket
import struct
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import parse_qs, urlsplit

SSL_REQUEST, GSS_REQUEST = 80877103, 80877104
TERMINATE = b"X"
IDLE = b"Z\x00\x00\x00\x05I"


class PoolingProxy:
    """Listens on loopback; has as many sessions of the server as it was told."""

    def __init__(self, server: str, sessions: int, *, takes_turns: bool) -> None:
        """`takes_turns`: the session that was free for longest is next (round robin), not the last one."""
        parts = urlsplit(server)
        self._socket = f"{parse_qs(parts.query)['host'][0]}/.s.PGSQL.5432"
        self._takes_turns = takes_turns
        self._sessions = sessions
        self._free: deque[socket.socket] = deque()
        self._greeting = b""
        self._waiting = threading.Condition()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=50)
        port = self._listener.getsockname()[1]
        self.url = f"postgresql://{parts.username or 'postgres'}@127.0.0.1:{port}{parts.path}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more clients, and end the sessions."""
        self._listener.close()
        with self._waiting:
            for session in self._free:
                session.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError, EOFError), client:
            self._fill(_startup(client))
            client.sendall(self._greeting)
            while (message := _message(client))[:1] != TERMINATE:
                self._transaction(client, message)

    def _fill(self, startup: bytes) -> None:
        """Make the sessions at the first client, as it asks for them."""
        with self._waiting:
            if self._greeting:
                return
            for _ in range(self._sessions):
                session = socket.socket(socket.AF_UNIX)
                session.connect(self._socket)
                session.sendall(startup)
                self._greeting = _until_idle(session)
                self._free.append(session)

    def _transaction(self, client: socket.socket, message: bytes) -> None:
        """Carry messages to one session until it says that it is idle."""
        with self._waiting:
            while not self._free:
                self._waiting.wait()
            session = self._free.popleft() if self._takes_turns else self._free.pop()
        try:
            session.sendall(message)
            while True:
                speaking, _, _ = select.select([client, session], [], [])
                if client in speaking:
                    session.sendall(_message(client))
                if session in speaking:
                    answer = _message(session)
                    client.sendall(answer)
                    if answer == IDLE:
                        return
        finally:
            with self._waiting:
                self._free.append(session)
                self._waiting.notify()


def _startup(client: socket.socket) -> bytes:
    while True:
        length = _exactly(client, 4)
        body = _exactly(client, struct.unpack("!i", length)[0] - 4)
        if struct.unpack("!i", body[:4])[0] not in {SSL_REQUEST, GSS_REQUEST}:
            return length + body
        client.sendall(b"N")


def _until_idle(session: socket.socket) -> bytes:
    said = b""
    while not said.endswith(IDLE):
        said += _message(session)
    return said


def _message(peer: socket.socket) -> bytes:
    head = _exactly(peer, 5)
    return head + _exactly(peer, struct.unpack("!i", head[1:])[0] - 4)


def _exactly(peer: socket.socket, count: int) -> bytes:
    said = b""
    while len(said) < count:
        more = peer.recv(count - len(said))
        if not more:
            raise EOFError
        said += more
    return said


@contextmanager
def pooled(server: str, sessions: int, *, takes_turns: bool) -> Iterator[str]:
    """Give the address of this database behind a pooler."""
    proxy = PoolingProxy(server, sessions, takes_turns=takes_turns)
    try:
        yield proxy.url
    finally:
        proxy.close()

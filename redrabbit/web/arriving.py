"""A connection before its first request, where pages are encrypted: which language it speaks, and the handshake.

Whoever connects has to begin within the deadline of headers, and makes room for others like anybody who
keeps us waiting. A first byte that is no TLS is plain HTTP: a browser that was told no `https://`. It is
let in, to be told where to go and nothing else (`access`), because a connection that is only cut off tells nobody
anything.

Source: RFC 8446, 5.1 (the first record of TLS begins with 22).
"""

import asyncio
import socket
from typing import Final

from redrabbit.web.budget import Share, WebBudgets

HANDSHAKE: Final = b"\x16"
GOODBYE_S: Final = 2.0
"""For so long the other side may take to end TLS in order."""


class Arrival:
    """A connection that has said nothing yet, or is about to agree on its keys."""

    def __init__(self, share: Share, budgets: WebBudgets) -> None:
        self.share = share
        self._budgets = budgets
        self.task: asyncio.Task[None] | None = None
        """Lets it in; whoever starts it says so here."""
        self.has_spoken = False
        """Whether its first byte is here; browsers open connections ahead, which is no offence."""

    def make_room(self) -> None:
        """End at once: others need the place, and this client keeps us waiting."""
        if self.has_spoken:
            self._budgets.note("made_room", self.share.client)
        self.share.give_back()
        if self.task is not None:
            self.task.cancel()


async def speaks_tls(connection: socket.socket) -> bool:
    """Wait for a connection's first byte, leave it where it is, and return whether it begins TLS."""
    while True:
        try:
            return connection.recv(1, socket.MSG_PEEK) == HANDSHAKE
        except BlockingIOError:
            await _readable(connection)


async def _readable(connection: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    here: asyncio.Future[None] = loop.create_future()

    def note() -> None:
        if not here.done():
            here.set_result(None)

    loop.add_reader(connection, note)
    try:
        await here
    finally:
        loop.remove_reader(connection)

"""Connections to the pages, counted and with deadlines (D47): nobody holds one for nothing.

1. One connection is taken in at a time, and only within the budget. Where that is used up, whoever
   has kept us waiting longest makes room for the next; if nobody does, a few are answered why not, and
   the rest is closed at once. So the web never takes the last open files of the process, which links
   and database need.
2. A request's header and body have to be here by their deadlines, however they drip.
3. Who doesn't read what is sent to it is cut off.

uvicorn has none of these: its `limit_concurrency` answers what has come in whole, and half a request
never is. So its listening is replaced, and its protocol over h11 gets timers.
Sources: RFC 9112, 9.5 and RFC 9110, 15.5.9 (408); tcp(7) (TCP_USER_TIMEOUT).
"""

import asyncio
import errno
import logging
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, Literal, Protocol

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
from uvicorn.server import ServerState

from redrabbit.base.clock import Clock
from redrabbit.domain.errors import Refusal
from redrabbit.web.arriving import GOODBYE_S, Arrival, speaks_tls
from redrabbit.web.budget import Budget, Share, WebBudgets
from redrabbit.web.head import STREAMS
from redrabbit.web.proxies import REFUSED
from redrabbit.web.tls import Tls

log = logging.getLogger("redrabbit.web")
faults = logging.getLogger("redrabbit.web.faults")
faults.setLevel(
    logging.ERROR
)  # what clients send wrongly is counted: a line each would fill a disk

BACKLOG: Final = 1024
"""Connections that the kernel holds until they are taken in; they cost no open file."""
TAKEN_AT_A_TIME: Final = 4
REST_S: Final = 0.02
"""Between so many: whoever only connects gets no more than 200 in a second, each half a millisecond."""
TOLD_WHY: Final = 32
TOLD_WHY_OF_CLIENT: Final = 8
"""Connections beyond the budget that are answered why; each is an open file, too."""
TOLD_WITHIN_S: Final = 2.0
"""Whoever is only told why gets less time to ask."""
STALLED_S: Final = 20.0
"""For so long a reader may take nothing; a browser takes what comes."""
SEND_BUFFER_BYTES: Final = 128 * 1024
"""In the kernel, for one connection; without a bound it grows to megabytes for each slow reader."""
NO_FILES: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
TRY_AGAIN_S: Final = 1.0
"""Where process or machine has no open file left."""

Awaited = Literal["header", "body"]

LATE: Final = b"The request was not here in time.\n"


class Waiting(Protocol):
    """Who keeps us waiting, and can make room."""

    share: Share

    def make_room(self) -> None:
        """End at once."""
        ...


class Connection(H11Protocol):
    """One client's connection, its share of the budget, and what has to happen by when."""

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        *,
        budgets: WebBudgets,
        share: Share,
        waiting: dict[Waiting, None],
        refused: Refusal | None,
    ) -> None:
        state: dict[str, Any] = {REFUSED: refused} if refused is not None else {}
        super().__init__(config, server_state, state)
        self.logger = faults
        self._budgets = budgets
        self.share = share
        self._waiting = waiting
        """All connections that keep us waiting, longest first."""
        self._is_refused = refused is not None
        self._has_spoken = self._is_lost = False
        self._awaited: Awaited | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._stall: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # because uvicorn narrows it as well
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        """Give back what was held."""
        super().connection_lost(exc)
        self._is_lost = True
        self.share.give_back()
        self._waiting.pop(self, None)
        for timer in (self._deadline, self._stall):
            if timer is not None:
                timer.cancel()

    def data_received(self, data: bytes) -> None:
        """Take what has come, and look what is still to come."""
        self._has_spoken = True
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        """Look what is still to come, now that one answer is given."""
        super().on_response_complete()
        self._look()

    def timeout_keep_alive_handler(self) -> None:
        """End a connection on which nothing more is asked."""
        super().timeout_keep_alive_handler()
        self._look()

    def pause_writing(self) -> None:
        """Begin to watch whether the reader takes anything."""
        super().pause_writing()
        self._watch_reader()

    def resume_writing(self) -> None:
        """Note that it does."""
        super().resume_writing()
        if self._stall is not None:
            self._stall.cancel()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP, and count it."""
        self._budgets.note("not_http", self.share.client)
        super().send_400_response(msg)

    def shutdown(self) -> None:
        """End when the service stops: after the answer, but a stream, which has no end, at once."""
        super().shutdown()
        if self._answering is not None and self.scope["path"].startswith(STREAMS):
            self.transport.close()

    def make_room(self) -> None:
        """End at once: others need the place, and this client keeps us waiting."""
        if self._awaited is not None and self._has_spoken:
            self._budgets.note("made_room", self.share.client)
        self.share.give_back()
        self._waiting.pop(self, None)
        self.transport.abort()

    def _look(self) -> None:
        """Set the deadline of what is awaited now; it is not moved by what comes meanwhile."""
        if self._is_lost:
            return
        if self.transport.is_closing():
            self._wait_for(None)
            self._watch_reader()
            return
        if self._is_refused and self._answering is not None:
            self._answering.keep_alive = False
        awaited: Awaited | None = None
        if self.conn.their_state is h11.SEND_BODY:
            awaited = "body"
        elif self.conn.their_state is h11.IDLE and self.timeout_keep_alive_task is None:
            awaited = "header"
        if awaited != self._awaited:
            self._wait_for(awaited)
        if awaited is None and self.timeout_keep_alive_task is None:
            self._waiting.pop(self, None)
        elif not self._is_refused:
            self._waiting.setdefault(self, None)

    @property
    def _answering(self) -> RequestResponseCycle | None:
        """The request that came last; uvicorn's type does not say that there may be none."""
        return self.cycle

    def _wait_for(self, awaited: Awaited | None) -> None:
        self._awaited = awaited
        if self._deadline is not None:
            self._deadline.cancel()
        if awaited is None:
            return
        limits = self._budgets.limits
        seconds: float = limits.body_deadline_s if awaited == "body" else limits.header_deadline_s
        if self._is_refused:
            seconds = min(seconds, TOLD_WITHIN_S)
        self._deadline = self.loop.call_later(seconds, self._be_late, awaited)

    def _be_late(self, awaited: Awaited) -> None:
        """Answer 408 if nothing was answered yet, and end the connection."""
        if not self._has_spoken:  # browsers open connections ahead: that is no offence
            self.transport.abort()
            return
        self._budgets.note(f"{awaited}_late", self.share.client)
        if self._answering is not None and not self._answering.response_complete:
            self._answering.disconnected = True  # whoever waits for the body learns that none comes
            self._answering.message_event.set()
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            headers = [("connection", "close"), ("content-type", "text/plain; charset=utf-8")]
            headers.append(("content-length", str(len(LATE))))
            answer = h11.Response(status_code=408, reason=b"Request Timeout", headers=headers)
            for event in (answer, h11.Data(data=LATE), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()
        self._look()

    def _watch_reader(self) -> None:
        """Cut the reader off when it has taken nothing for a while."""
        if self._stall is not None:
            self._stall.cancel()
        left = self.transport.get_write_buffer_size()
        self._stall = self.loop.call_later(STALLED_S, self._be_read, left)

    def _be_read(self, left: int) -> None:
        if self.transport.get_write_buffer_size() < left:
            self._watch_reader()
            return
        self._budgets.note("reader_stalled", self.share.client)
        self.transport.abort()


class WebServer(uvicorn.Server):
    """uvicorn with a counted door; leaves signals to whoever runs the service."""

    def __init__(
        self,
        config: uvicorn.Config,
        listener: socket.socket,
        budgets: WebBudgets,
        clock: Clock,
        tls: Tls | None = None,
    ) -> None:
        """`tls`: what pages are encrypted with; None: nothing."""
        super().__init__(config)
        self._tls = tls
        self._listener = listener
        self._budgets = budgets
        self._clock = clock
        self._told_why = Budget(
            kind="connections", most=TOLD_WHY, most_of_client=TOLD_WHY_OF_CLIENT
        )
        self._waiting: dict[Waiting, None] = {}
        self._coming_in: set[asyncio.Task[None]] = set()
        self._door: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the door."""
        del sockets  # what listens is ours
        await self.lifespan.startup()
        self.servers = []
        self._listener.setblocking(False)
        self._listener.listen(BACKLOG)
        self._door = asyncio.create_task(self._take_in(), name="web door")
        self.started = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the door, and then what is open."""
        if self._door is not None:
            self._door.cancel()
            await asyncio.gather(self._door, *self._coming_in, return_exceptions=True)
        self._listener.close()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone: there is more to stop than pages."""
        yield

    async def _take_in(self) -> None:
        """Take in one connection after the other until cancelled."""
        loop = asyncio.get_running_loop()
        taken = 0
        while True:
            try:
                connection, address = await loop.sock_accept(self._listener)
            except OSError as error:
                if error.errno in NO_FILES:
                    log.warning("no connection is taken in now: %s", error)
                    await self._clock.sleep(TRY_AGAIN_S)
                continue  # otherwise the client was gone at once
            self._let_in(connection, str(address[0]))
            taken += 1
            if taken % TAKEN_AT_A_TIME == 0:
                await self._clock.sleep(REST_S)

    def _let_in(self, connection: socket.socket, client: str) -> None:
        budget = self._budgets.connections
        refused = budget.refusal(client)
        if refused is not None and self._make_room(client, refused):
            refused = budget.refusal(client)
        if refused is not None:
            self._budgets.note(refused.code, client)
            budget = self._told_why
            if budget.refusal(client) is not None:
                connection.close()
                return
        arrival = Arrival(budget.take(client), self._budgets)
        begin = self._begin(connection, arrival, refused)
        task = arrival.task = asyncio.create_task(begin, name="connection")
        self._coming_in.add(task)
        task.add_done_callback(self._coming_in.discard)

    def _make_room(self, client: str, refused: Refusal) -> bool:
        """End the connection that has kept us waiting longest: of this client, or of any."""
        of_client = refused.code.endswith("_of_client")
        for waiting in self._waiting:
            if not of_client or waiting.share.client == client:
                waiting.make_room()
                return True
        return False

    async def _begin(
        self, connection: socket.socket, arrival: Arrival, refused: Refusal | None
    ) -> None:
        def protocol() -> Connection:
            return Connection(
                self.config,
                self.server_state,
                budgets=self._budgets,
                share=arrival.share,
                waiting=self._waiting,
                refused=refused,
            )

        try:
            _bound(connection)
            if self._tls is None:
                loop = asyncio.get_running_loop()
                await loop.connect_accepted_socket(protocol, connection)
            else:
                seconds = self._budgets.limits.header_deadline_s
                async with asyncio.timeout(seconds if refused is None else TOLD_WITHIN_S):
                    await self._agree(connection, arrival, protocol, self._tls)
        except BaseException as error:
            arrival.share.give_back()
            connection.close()
            if not isinstance(error, OSError):  # it was gone before it was let in
                raise
            if arrival.has_spoken and self._tls is not None:
                self._budgets.note("no_handshake", arrival.share.client)
        finally:
            self._waiting.pop(arrival, None)

    async def _agree(
        self,
        connection: socket.socket,
        arrival: Arrival,
        protocol: Callable[[], Connection],
        tls: Tls,
    ) -> None:
        """Let in who begins TLS once the keys are agreed on, and who speaks plain HTTP as such."""
        self._waiting[arrival] = None
        loop = asyncio.get_running_loop()
        is_tls = await speaks_tls(connection)
        arrival.has_spoken = True
        if not is_tls:
            await loop.connect_accepted_socket(protocol, connection)
            return
        await loop.connect_accepted_socket(
            protocol, connection, ssl=tls.context, ssl_shutdown_timeout=GOODBYE_S
        )


def _bound(connection: socket.socket) -> None:
    """Bound what one connection can hold in the kernel, and for how long its reader may be dead."""
    connection.setblocking(False)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    if sys.platform == "linux":  # elsewhere the kernel gives up after a quarter of an hour
        stalled_ms = round(STALLED_S * 1000)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, stalled_ms)

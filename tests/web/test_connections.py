"""Nobody holds a connection for nothing: deadlines, and a counted door (D47, K1.2)."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from redrabbit.base.settings import WebLimits
from redrabbit.domain.errors import Refusal
from redrabbit.web.budget import WebBudgets
from redrabbit.web.connections import (
    STALLED_S,
    TOLD_WHY_OF_CLIENT,
    TOLD_WITHIN_S,
    Connection,
    Waiting,
    WebServer,
)
from redrabbit.web.proxies import REFUSED
from tests.fakes import JumpClock

LIMITS = WebLimits(header_deadline_s=10, body_deadline_s=20)
BODY = b"0123456789"
HEADER = b"POST /act HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n"


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the body, once it is here."""
    body, more = b"", True
    if scope["path"] == "/early":
        await answer(send, 413, b"no")
        return
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body += message.get("body", b"")
        more = message.get("more_body", False)
    if scope["path"] == "/live/board":
        body = b"x" * 200_000
    refused = scope["state"].get(REFUSED)
    await answer(send, 503 if refused else 200, body)


async def answer(send: Send, status: int, body: bytes) -> None:
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@dataclass
class Timer:
    """Something that happens later, on a clock that a test moves."""

    at_s: float
    then: Callable[[], object]
    is_cancelled: bool = False

    def cancel(self) -> None:
        self.is_cancelled = True


class MovedLoop:
    """An event loop whose timers a test moves; tasks are the real one's."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.timers: list[Timer] = []

    def call_later(self, delay_s: float, then: Callable[..., object], *arguments: Any) -> Timer:
        timer = Timer(self.now_s + delay_s, lambda: then(*arguments))
        self.timers.append(timer)
        return timer

    def create_task(self, work: Any) -> "asyncio.Task[None]":
        return asyncio.get_running_loop().create_task(work)

    async def until(self, at_s: float) -> None:
        """Let time pass; what falls due happens in order."""
        while due := [t for t in self.timers if not t.is_cancelled and t.at_s <= at_s]:
            first = min(due, key=lambda timer: timer.at_s)
            self.timers.remove(first)
            self.now_s = max(self.now_s, first.at_s)
            first.then()
            await settled()
        self.now_s = at_s


class Wire(asyncio.Transport):
    """The other end of a connection."""

    def __init__(self, loop: MovedLoop, protocol: asyncio.Protocol) -> None:
        super().__init__({"peername": ("192.0.2.1", 1), "sockname": ("192.0.2.9", 2)})
        self._loop, self._protocol = loop, protocol
        self.received = b""
        self.closed_at_s: float | None = None
        self.was_aborted = False
        self.unread = 0
        """Bytes that the reader leaves in the transport; 0: it reads all."""

    def write(self, data: Any) -> None:
        self.received += bytes(data)

    def get_write_buffer_size(self) -> int:
        return self.unread

    def is_closing(self) -> bool:
        return self.closed_at_s is not None

    def close(self) -> None:
        if self.closed_at_s is None:
            self.closed_at_s = self._loop.now_s
            if self.unread == 0:
                self._protocol.connection_lost(None)

    def abort(self) -> None:
        self.was_aborted = True
        if self.closed_at_s is None:
            self.closed_at_s = self._loop.now_s
        self._protocol.connection_lost(None)

    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...


@dataclass
class Line:
    """One connection on a clock that a test moves."""

    loop: MovedLoop
    connection: Connection
    wire: Wire
    budgets: WebBudgets
    waiting: dict[Waiting, None]

    @classmethod
    def open(cls, refused: Refusal | None = None) -> "Line":
        config = uvicorn.Config(echo, http="h11", ws="none", log_config=None, lifespan="off")
        budgets, waiting, loop = WebBudgets(LIMITS), dict[Waiting, None](), MovedLoop()
        connection = Connection(
            config,
            ServerState(),
            budgets=budgets,
            share=budgets.connections.take("192.0.2.1"),
            waiting=waiting,
            refused=refused,
        )
        connection.loop = loop  # type: ignore[assignment]  # because it has what a connection asks of a loop
        wire = Wire(loop, connection)
        connection.connection_made(wire)
        return cls(loop, connection, wire, budgets, waiting)

    async def say(self, data: bytes) -> None:
        if data and not self.wire.is_closing():  # a transport never gives nothing
            self.connection.data_received(data)
        await settled()

    @property
    def refused(self) -> dict[str, int]:
        return {reason: count for reason, count in self.budgets.refused.items() if count}


async def settled() -> None:
    for _ in range(10):
        await JumpClock().sleep(0)


@given(gaps=st.lists(st.tuples(st.integers(1, 25), st.integers(0, 12)), min_size=1, max_size=12))
def test_a_request_has_to_be_here_by_its_deadlines_however_it_drips(
    gaps: list[tuple[int, int]],
) -> None:
    """Pieces of any size come after gaps of any length; what comes moves no deadline."""

    async def drip() -> None:
        line, left, at_s = Line.open(), HEADER + BODY, 0.0
        header_at_s = body_at_s = spoke_at_s = 0.0
        for size, gap_s in (*gaps, (len(left), 1)):
            at_s += gap_s + 0.37  # never at a deadline itself
            await line.loop.until(at_s)
            piece, left = left[:size], left[size:]
            await line.say(piece)
            spoke_at_s = spoke_at_s or at_s
            if len(left) <= len(BODY):
                header_at_s = header_at_s or at_s
            if not left:
                body_at_s = body_at_s or at_s
        await line.loop.until(at_s + 60)
        if header_at_s > LIMITS.header_deadline_s:
            assert line.wire.closed_at_s == LIMITS.header_deadline_s
            is_told = spoke_at_s < LIMITS.header_deadline_s
            assert line.wire.received.startswith(b"HTTP/1.1 408") is is_told
            assert line.refused == ({"header_late": 1} if is_told else {})
        elif body_at_s > header_at_s + LIMITS.body_deadline_s:
            assert line.wire.closed_at_s == header_at_s + LIMITS.body_deadline_s
            assert line.wire.received.startswith(b"HTTP/1.1 408")
            assert line.refused == {"body_late": 1}
        else:
            assert line.wire.received.startswith(b"HTTP/1.1 200")
            assert line.wire.received.endswith(BODY)
            assert line.refused == {}
        assert line.wire.is_closing()
        assert (line.budgets.connections.in_use, line.waiting) == (0, {})

    asyncio.run(drip())


async def test_a_second_request_has_its_own_deadline() -> None:
    line = Line.open()
    await line.say(HEADER + BODY)
    await line.loop.until(4)
    await line.say(b"GET / HTTP/1.1\r\n")
    for at_s in range(5, 14):
        await line.loop.until(at_s)
        await line.say(b"x-a: b\r\n")
    assert not line.wire.is_closing()
    await line.loop.until(15)
    assert (line.wire.closed_at_s, line.refused) == (14, {"header_late": 1})


async def test_a_connection_on_which_nothing_more_is_asked_ends_without_a_word() -> None:
    line = Line.open()
    await line.say(HEADER + BODY)
    assert list(line.waiting) == [line.connection]
    answered = line.wire.received
    await line.loop.until(60)
    assert line.wire.closed_at_s == 5
    assert (line.wire.received, line.refused) == (answered, {})


async def test_a_body_that_goes_on_after_its_answer_is_not_waited_for_for_ever() -> None:
    line = Line.open()
    await line.say(HEADER.replace(b"/act", b"/early"))
    assert line.wire.received.endswith(b"no")
    for at_s in range(1, 5):
        await line.loop.until(at_s * 4)
        await line.say(b"x")
    await line.loop.until(60)
    assert line.wire.closed_at_s is not None
    assert line.wire.closed_at_s <= LIMITS.body_deadline_s
    assert line.wire.received.endswith(b"no")


async def test_a_reader_that_takes_nothing_is_cut_off_and_a_slow_one_is_not() -> None:
    for taken_per_look, is_cut_off in ((0, True), (1, False)):
        line = Line.open()
        await line.say(b"GET /live/board HTTP/1.1\r\nHost: x\r\n\r\n")
        line.wire.unread = 200_000
        line.connection.pause_writing()
        for look in range(1, 6):
            await line.loop.until(look * STALLED_S - 1)
            line.wire.unread -= taken_per_look
        assert line.wire.was_aborted is is_cut_off
        assert line.refused == ({"reader_stalled": 1} if is_cut_off else {})
        line.wire.unread = 0
        line.connection.resume_writing()
        await line.loop.until(1000)
        assert line.wire.is_closing()


async def test_an_end_that_nobody_takes_note_of_is_not_waited_for() -> None:
    line = Line.open()
    await line.say(HEADER.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    line.wire.unread = 50_000
    await line.say(BODY)
    assert line.wire.is_closing()
    await line.loop.until(STALLED_S + 1)
    assert line.wire.was_aborted


async def test_what_is_no_http_is_answered_and_counted_and_not_logged_each_time(
    caplog: pytest.LogCaptureFixture,
) -> None:
    lines = [Line.open() for _ in range(20)]
    for line in lines:
        await line.say(b"\x16\x03\x01 hello\r\n\r\n")
        assert line.wire.received.startswith(b"HTTP/1.1 400")
        assert (line.wire.is_closing(), line.refused) == (True, {"not_http": 1})
    assert {record.message for record in caplog.records} == {"whoever looks was refused"}


@pytest.mark.parametrize(
    "lengths",
    [
        b"Content-Length: 5\r\nContent-Length: 6",
        b"Content-Length: 5, 6",
        b"Content-Length: +5",
        b"Content-Length: 5\r\nTransfer-Encoding: xchunked",
        b"Transfer-Encoding: chunked, identity",
        b"Transfer-Encoding : chunked",
    ],
)
async def test_a_request_whose_end_can_be_read_in_two_ways_is_refused(lengths: bytes) -> None:
    """ASVS 5.0.0, 4.2.1: nothing is smuggled in behind a request."""
    line = Line.open()
    await line.say(b"POST /act HTTP/1.1\r\nHost: x\r\n" + lengths + b"\r\n\r\n0\r\n\r\nGET")
    assert line.wire.received[:12] in {b"HTTP/1.1 400", b"HTTP/1.1 501"}
    assert line.wire.is_closing()


async def test_a_chunked_request_is_read_by_its_chunks_and_not_by_a_length_beside_them() -> None:
    """RFC 9112, 6.3."""
    line = Line.open()
    head = (
        b"POST /act HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    await line.say(head + b"3\r\nabc\r\n0\r\n\r\n")
    assert line.wire.received.startswith(b"HTTP/1.1 200")
    assert line.wire.received.endswith(b"abc")


async def test_whoever_is_beyond_the_budget_is_told_why_and_let_go() -> None:
    line = Line.open(Refusal("too_many_connections", limit=1))
    await line.say(HEADER + BODY)
    assert line.wire.received.startswith(b"HTTP/1.1 503")
    assert line.wire.closed_at_s == 0
    slow = Line.open(Refusal("too_many_connections", limit=1))
    await slow.say(b"GET")
    await slow.loop.until(60)
    assert slow.wire.closed_at_s == TOLD_WITHIN_S


@asynccontextmanager
async def door(limits: WebLimits) -> AsyncIterator[tuple[int, WebBudgets]]:
    """A served address with these limits."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        budgets = WebBudgets(limits)
        config = uvicorn.Config(
            held,
            http="h11",
            ws="none",
            log_config=None,
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
        server = WebServer(config, listener, budgets, JumpClock())
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:
            await JumpClock().sleep(0)
        try:
            yield listener.getsockname()[1], budgets
        finally:
            server.should_exit = True
            await serving


async def held(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer at once, but hold a stream for as long as its reader is there."""
    if scope["state"].get(REFUSED) is None and scope["path"] == "/live/board":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"begun", "more_body": True})
        while (await receive())["type"] != "http.disconnect":
            pass
    else:
        await answer(send, 503 if scope["state"].get(REFUSED) else 200, b"here")


class Client:
    """Connections of one address."""

    def __init__(self, port: int, address: str) -> None:
        self._port, self._address = port, address
        self.open: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def connect(self, says: bytes) -> asyncio.StreamReader:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self._port, local_addr=(self._address, 0)
        )
        self.open.append((reader, writer))
        writer.write(says)
        return reader

    async def half_ask(self) -> asyncio.StreamReader:
        return await self.connect(b"GET / HTTP/1.1\r\nHost: x\r\n")

    async def ask(self, path: str = "/") -> bytes:
        """Return the first line of an answer, empty if there is none."""
        reader = await self.connect(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        with suppress(ConnectionError):
            return (await reader.readline()).strip()
        return b""

    async def leave(self) -> None:
        for _, writer in self.open:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not is_so():
            await JumpClock().sleep(0)


OK, REFUSED_LINE = b"HTTP/1.1 200 OK", b"HTTP/1.1 503 Service Unavailable"


async def test_half_requests_make_room_for_whoever_asks_longest_first() -> None:
    limits = WebLimits(most_connections=10, most_connections_per_client=10, most_streams=5)
    async with door(limits) as (port, budgets):
        clients = [Client(port, f"127.0.0.{number}") for number in range(2, 8)]
        halves = [await client.half_ask() for client in clients for _ in range(5)]
        await until(lambda: budgets.refused["made_room"] == 20)
        assert budgets.connections.in_use == 10
        late = Client(port, "127.0.0.99")
        assert await late.ask() == OK
        assert await halves[0].read() == b""
        assert budgets.connections.in_use <= 10
        assert budgets.refused["too_many_connections"] == 0
        for client in (*clients, late):
            await client.leave()
        await until(lambda: budgets.connections.in_use == 0)


async def test_one_client_s_half_requests_take_the_place_of_nobody_else_s() -> None:
    limits = WebLimits(most_connections=10, most_connections_per_client=4, most_streams=5)
    async with door(limits) as (port, budgets):
        me, you = Client(port, "127.0.0.2"), Client(port, "127.0.0.3")
        mine = await me.half_ask()
        for _ in range(30):
            await you.half_ask()
        await until(lambda: budgets.refused["made_room"] == 26)
        assert budgets.connections.held == {"127.0.0.2": 1, "127.0.0.3": 4}
        me.open[0][1].write(b"\r\n")
        assert (await mine.readline()).strip() == OK
        await me.leave()
        await you.leave()


async def test_beyond_the_budget_a_few_are_told_why_and_the_rest_is_closed() -> None:
    limits = WebLimits(most_connections=4, most_connections_per_client=4, most_streams=4)
    async with door(limits) as (port, budgets):
        clients = [Client(port, f"127.0.0.{number}") for number in range(2, 6)]
        for client in clients:
            assert await client.ask("/live/board") == OK
        late = Client(port, "127.0.0.9")
        assert await late.ask() == REFUSED_LINE
        refused = budgets.refused["too_many_connections"]
        for _ in range(TOLD_WHY_OF_CLIENT + 5):
            await late.half_ask()
        await until(
            lambda: budgets.refused["too_many_connections"] == refused + TOLD_WHY_OF_CLIENT + 5
        )
        assert await late.ask() == b""
        assert budgets.connections.in_use == 4
        await clients[0].leave()
        await until(lambda: budgets.connections.in_use == 3)
        again = Client(port, "127.0.0.10")
        assert await again.ask() == OK
        for client in (*clients, late, again):
            await client.leave()


async def test_a_closed_door_lets_nobody_in() -> None:
    async with door(WebLimits()) as (port, budgets):
        client = Client(port, "127.0.0.2")
        await client.half_ask()
        assert await client.ask("/live/board") == OK
    assert budgets.connections.in_use == 0
    with pytest.raises(ConnectionRefusedError):
        await client.ask()
    await client.leave()

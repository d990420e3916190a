"""Receivers with moods, over real sockets: right, slow, dripping, endless, lying."""

import asyncio
import contextlib
import gzip
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from redrabbit.base.clock import SteadyClock

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
LIMIT_S = 10.0
CLOCK = SteadyClock()
Answering = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Hook:
    """A webhook's receiver."""

    answering: Answering
    port: int = 0
    heads: list[bytes] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    ended: int = 0
    """Connections that are over."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def headers(self, place: int = -1) -> dict[str, str]:
        lines = self.heads[place].decode().split("\r\n")[1:]
        return {name.lower(): value for name, _, value in (x.partition(": ") for x in lines if x)}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            self.heads.append(await reader.readuntil(b"\r\n\r\n"))
            self.bodies.append(await reader.readexactly(int(self.headers()["content-length"])))
            talking = asyncio.ensure_future(self.answering(writer))
            hanging_up = asyncio.ensure_future(reader.read())
            await asyncio.wait({talking, hanging_up}, return_when=asyncio.FIRST_COMPLETED)
            for task in (talking, hanging_up):
                task.cancel()
            await asyncio.gather(talking, hanging_up, return_exceptions=True)
        writer.transport.abort()
        self.ended += 1


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(LIMIT_S):
        while not condition():
            await CLOCK.sleep(0.01)


def answer(text: bytes) -> Answering:
    """Answer these bytes and close."""

    async def say(writer: asyncio.StreamWriter) -> None:
        writer.write(text)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    return say


def status(number: int, *, headers: str = "", body: bytes = b"") -> Answering:
    head = f"HTTP/1.1 {number} So\r\n{headers}Content-Length: {len(body)}\r\n\r\n"
    return answer(head.encode() + body)


def without_end(begin: bytes, again: bytes, every_s: float = 0.0) -> Answering:
    """Answer with a beginning and then the same for ever, as fast as it is taken."""

    async def say(writer: asyncio.StreamWriter) -> None:
        writer.write(begin)
        while True:
            writer.write(again)
            await writer.drain()
            await CLOCK.sleep(every_s)

    return say


async def silence(writer: asyncio.StreamWriter) -> None:
    """Take the message and say nothing."""
    del writer
    await asyncio.get_running_loop().create_future()


HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"

DRIPPING = {
    "nothing": silence,
    "its head in drips": without_end(HEAD, b"X-A: b\r\n", 0.02),
    "its body in drips": without_end(HEAD + b"Content-Length: 9999999\r\n\r\n", b"x", 0.02),
    "half a body": without_end(HEAD + b"Content-Length: 9\r\n\r\nhalf", b"", 0.02),
    "nothing but 100 Continue, slowly": without_end(b"", b"HTTP/1.1 100 C\r\n\r\n", 0.02),
}
"""Answers that never come to an end by themselves, and never to much."""

BOMB = gzip.compress(b"\0" * 100_000_000)
FLOODING = {
    "large chunks": without_end(CHUNKED, b"100000\r\n" + b"x" * 0x100000 + b"\r\n"),
    "chunks of one byte": without_end(CHUNKED, b"1\r\nx\r\n" * 10_000),
    "a body without a length": without_end(HEAD + b"\r\n", b"x" * 100_000),
    "a body as long as nobody waits for": without_end(
        HEAD + b"Content-Length: 99999999999\r\n\r\n", b"x" * 100_000
    ),
    "gzip": answer(
        HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB) + BOMB
    ),
}
"""Answers 200 with more than anybody reads."""

FLOODING_HEADS = {
    "headers": without_end(HEAD, b"X-A: b\r\n" * 10_000),
    "one header": without_end(HEAD + b"X-A: ", b"b" * 100_000),
    "100 Continue": without_end(b"", b"HTTP/1.1 100 C\r\n\r\n" * 5_000),
    "no line's end": without_end(b"", b"HTTP" * 10_000),
}
"""Answers whose head has no end."""


@asynccontextmanager
async def listening(answering: Answering, tls: ssl.SSLContext | None = None) -> AsyncIterator[Hook]:
    """Run a receiver until the end; it must have got rid of every connection by then."""
    hook = Hook(answering)
    server = await asyncio.start_server(hook.serve, "127.0.0.1", 0, ssl=tls)
    hook.port = server.sockets[0].getsockname()[1]
    try:
        yield hook
        await until(lambda: hook.ended == len(hook.heads))
    finally:
        server.close()
        await server.wait_closed()

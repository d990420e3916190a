"""Brokers for tests: Mosquitto in a private instance, the simulated one, and a tap on the wire."""

import asyncio
import contextlib
import shutil
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from simulators.broker import serving

CONNECT, PUBLISH, PUBACK, SUBSCRIBE, PINGREQ, DISCONNECT = 1, 3, 4, 8, 12, 14

MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def mosquitto(folder: Path, *more: str) -> AsyncIterator[int]:
    """Run a private Mosquitto, with more settings if wanted; yields its port once it is running."""
    if MOSQUITTO is None:
        pytest.skip("Mosquitto is not installed")
    port = free_port()
    settings = folder / "mosquitto.conf"
    lines = [f"listener {port} 127.0.0.1", "allow_anonymous true", "persistence false", *more]
    settings.write_text("\n".join(lines))
    process = await asyncio.create_subprocess_exec(
        MOSQUITTO, "-v", "-c", str(settings), stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    try:
        async with asyncio.timeout(10):
            while b"running" not in (line := await process.stderr.readline()):
                assert line, "Mosquitto ended at once"
        draining = asyncio.create_task(process.stderr.read())
        yield port
    finally:
        process.kill()
        await process.wait()
        await draining


@asynccontextmanager
async def simulated(_folder: Path) -> AsyncIterator[int]:
    async with serving() as (_, port):
        yield port


class Tap:
    """Stands between a client and a broker: records what the client sends; can cut and mute."""

    def __init__(self, broker_port: int) -> None:
        self._broker_port = broker_port
        self._pairs: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._news = asyncio.Event()
        self.is_mute = False
        """While true nothing passes, although the connections stand."""
        self.sent: list[int] = []
        """Types of the packets that the client sent."""
        self.acknowledged: list[int] = []
        """Identifiers of the messages that it acknowledged."""
        self.held: bytearray = bytearray()
        """What the broker sent while it was held back."""
        self._holding_back: asyncio.StreamWriter | None = None
        self._is_holding = False
        self.connections = 0

    async def start(self, port: int = 0) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        self.port: int = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self._server.close()
        self.cut()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._server.wait_closed()

    def cut(self) -> None:
        for writer in tuple(self._pairs):
            writer.transport.abort()

    def hold(self) -> None:
        """Hold back what the broker sends, as a busy network does."""
        self._is_holding = True

    def release(self) -> None:
        """Pass on all that was held, in one piece."""
        self._is_holding = False
        if self._holding_back is not None:
            self._holding_back.write(bytes(self.held))

    @property
    def open_connections(self) -> int:
        return len(self._tasks)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition on what was sent, or on connections, holds."""
        async with asyncio.timeout(10):
            while not condition():
                self._news.clear()
                await self._news.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        self._news.set()
        broker_reader, broker_writer = await asyncio.open_connection("127.0.0.1", self._broker_port)
        self._pairs |= {writer, broker_writer}
        to_broker = asyncio.create_task(self._pass_packets(reader, broker_writer))
        to_client = asyncio.create_task(self._pass_bytes(broker_reader, writer))
        await asyncio.wait({to_broker, to_client}, return_when=asyncio.FIRST_COMPLETED)
        for each in (writer, broker_writer):
            self._pairs.discard(each)
            each.transport.abort()
        await asyncio.wait({to_broker, to_client})
        self._tasks.discard(task)
        self._news.set()

    async def _pass_packets(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                packet = await read_packet(reader)
                self.sent.append(packet[0] >> 4)
                if packet[0] >> 4 == PUBACK:
                    self.acknowledged.append(int.from_bytes(packet[2:4], "big"))
                self._news.set()
                if not self.is_mute:
                    writer.write(packet)

    async def _pass_bytes(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while piece := await reader.read(65536):
                if self._is_holding:
                    self.held += piece
                    self._holding_back = writer
                    self._news.set()
                elif not self.is_mute:
                    writer.write(piece)


async def read_packet(reader: asyncio.StreamReader) -> bytes:
    """Read one MQTT packet, header and all (MQTT 3.1.1, 2.2)."""
    head = await reader.readexactly(1)
    length = shift = 0
    while True:
        octet = await reader.readexactly(1)
        head += octet
        length |= (octet[0] & 0x7F) << shift
        shift += 7
        if not octet[0] & 0x80:
            return head + await reader.readexactly(length)


@asynccontextmanager
async def answering(answers: dict[int, bytes]) -> AsyncIterator[tuple[int, list[int]]]:
    """Run a broker that gives one fixed answer per packet type; yields its port and what it got."""
    got: list[int] = []
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                packet = await read_packet(reader)
                got.append(packet[0] >> 4)
                answer = answers.get(packet[0] >> 4, b"")
                if answer[:1] == b"\x90":  # SUBACK carries the packet id of its SUBSCRIBE
                    answer = answer[:2] + packet[2:4] + answer[4:]
                writer.write(answer)
        writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], got
    finally:
        server.close()
        async with asyncio.timeout(5):  # every client must have closed its socket by itself
            await asyncio.gather(*tasks)
        await server.wait_closed()

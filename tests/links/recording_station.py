"""A tiny Modbus TCP station for tests: answers, records every request, and misbehaves on demand.

Written on plain streams from the specification, so that nothing in it is shared with the product.
Each fault is used up by one request; it gets the request and its proper answer and returns what
goes on the wire. None drops the answer, `RESET` resets the connection.
"""

import asyncio
import contextlib
import socket
import struct
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

RESET = b"reset"


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    transaction: int
    unit: int
    function: int
    address: int
    count: int


Fault = Callable[[Asked, bytes], bytes | None]


def frame(transaction: int, unit: int, pdu: bytes) -> bytes:
    return struct.pack(">HHHB", transaction, 0, len(pdu) + 1, unit) + pdu


@dataclass
class RecordingStation:
    """Use as `async with`; change `bits`, `registers` and `faults` at any time."""

    bits: dict[int, bool] = field(default_factory=dict)
    registers: dict[int, int] = field(default_factory=dict)
    illegal: set[int] = field(default_factory=set)
    """Register addresses that do not exist."""
    refusals: dict[int, int] = field(default_factory=dict)
    """Exception code by function code, for every request of that function."""
    dead_units: set[int] = field(default_factory=set)
    faults: deque[Fault] = field(default_factory=deque)
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    port: int = 0

    async def __aenter__(self) -> Self:
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self._server.close()
        for writer in tuple(self._writers):
            reset(writer)
        await self._server.wait_closed()
        if self._tasks:
            await asyncio.wait(self._tasks)

    @property
    def open_connections(self) -> int:
        return len(self._writers)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self._writers.add(writer)
        self.connections += 1
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                while True:
                    await self._answer_one(reader, writer)
        finally:
            self._writers.discard(writer)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _answer_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readexactly(7)
        transaction, _, length, unit = struct.unpack(">HHHB", head)
        body = await reader.readexactly(length - 1)
        asked = Asked(transaction, unit, *struct.unpack(">BHH", body[:5]))
        self.asked.append(asked)
        if unit in self.dead_units:
            return
        proper = frame(transaction, unit, self._pdu(asked))
        sent = self.faults.popleft()(asked, proper) if self.faults else proper
        if sent == RESET:
            reset(writer)
        elif sent is not None:
            writer.write(sent)
            await writer.drain()

    def _pdu(self, asked: Asked) -> bytes:
        wanted = range(asked.address, asked.address + asked.count)
        if asked.function in self.refusals:
            return bytes((asked.function | 0x80, self.refusals[asked.function]))
        if asked.function not in {1, 2, 3, 4}:
            return bytes((asked.function | 0x80, 1))
        if asked.function in {3, 4} and self.illegal.intersection(wanted):
            return bytes((asked.function | 0x80, 2))
        if asked.function in {1, 2}:
            pattern = sum(1 << place for place, at in enumerate(wanted) if self.bits.get(at))
            packed = pattern.to_bytes((asked.count + 7) // 8, "little")
        else:
            packed = struct.pack(f">{asked.count}H", *(self.registers.get(at, 0) for at in wanted))
        return bytes((asked.function, len(packed))) + packed


def reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST instead of FIN."""
    connection = writer.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()

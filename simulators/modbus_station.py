"""A Modbus TCP server with a station's registers, and the faults that real ones have.

Rules: Modbus Application Protocol V1.1b3 (function codes 1 to 4, exceptions) and the Modbus TCP
implementation guide (MBAP header; pipelined requests are answered in their order). Writes are
refused with *illegal function* and remembered, because the product must never send one (L9).
Not a general server: only reading, and fast rather than complete.
"""

import asyncio
import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import cast

ILLEGAL_FUNCTION = 1
ILLEGAL_ADDRESS = 2
ILLEGAL_VALUE = 3
DEVICE_BUSY = 6
NO_TARGET = 11
"""Gateway target device failed to respond: what a gateway says of an unknown unit."""

READ_COILS = 1
READ_DISCRETE_INPUTS = 2
READ_HOLDING_REGISTERS = 3
READ_INPUT_REGISTERS = 4
MAX_BITS = 2000
MAX_REGISTERS = 125
HEADER_BYTES = 7
SHORTEST_PDU_BYTES = 2
LONGEST_PDU_BYTES = 253

_REQUEST = struct.Struct(">HHHBBHH")
"""MBAP header (transaction, protocol, length, unit), then function, first address, count."""
_REPLY = struct.Struct(">HHHBBB")
"""MBAP header, then function and byte count, or function + 0x80 and exception code."""


class Image:
    """The four tables of one unit; an address at or above a table's size does not exist."""

    __slots__ = ("_bits", "_registers", "_sizes", "forbidden")

    def __init__(
        self, *, coils: int = 0, discrete_inputs: int = 0, holding: int = 0, inputs: int = 0
    ) -> None:
        self._sizes = (0, coils, discrete_inputs, holding, inputs)
        self._bits = [0, 0, 0]
        self._registers = [bytearray(), bytearray(), bytearray()]
        self._registers[1:] = [bytearray(2 * holding), bytearray(2 * inputs)]
        self.forbidden: list[tuple[int, int, int]] = []
        """(function code, first, last) holes that answer *illegal address*."""

    def size(self, function: int) -> int:
        """Return how many bits or registers the table of a function code has."""
        return self._sizes[function]

    def set_bit(self, function: int, address: int, value: bool) -> None:
        """Set a coil (1) or a discrete input (2)."""
        if value:
            self._bits[function] |= 1 << address
        else:
            self._bits[function] &= ~(1 << address)

    def set_registers(self, function: int, address: int, content: bytes) -> None:
        """Set holding (3) or input (4) registers from their bytes as on the wire."""
        start = 2 * address
        self._registers[function - 2][start : start + len(content)] = content

    def set_register_bit(self, function: int, address: int, bit: int, value: bool) -> None:
        """Set one bit, 0 the least significant, of a register."""
        registers, start = self._registers[function - 2], 2 * address
        word = int.from_bytes(registers[start : start + 2], "big")
        word = word | 1 << bit if value else word & ~(1 << bit)
        registers[start : start + 2] = word.to_bytes(2, "big")

    def read(self, function: int, first: int, count: int) -> bytes:
        """Return the content of a read; bits are packed from the lowest up."""
        if function <= READ_DISCRETE_INPUTS:
            chosen = (self._bits[function] >> first) & ((1 << count) - 1)
            return chosen.to_bytes((count + 7) >> 3, "little")
        start = first << 1
        return bytes(self._registers[function - 2][start : start + (count << 1)])

    def exists(self, function: int, first: int, count: int) -> bool:
        """Return whether every address of a read exists."""
        if first + count > self._sizes[function]:
            return False
        return not any(
            table == function and first <= last and first + count > low
            for table, low, last in self.forbidden
        )

    def copy(self) -> "Image":
        """Return an image that does not follow this one."""
        _, coils, discrete_inputs, holding, inputs = self._sizes
        other = Image(coils=coils, discrete_inputs=discrete_inputs, holding=holding, inputs=inputs)
        other._bits = list(self._bits)
        other._registers = [bytearray(registers) for registers in self._registers]
        other.forbidden = list(self.forbidden)
        return other


class ReplyFault(Enum):
    """What can go wrong with one reply."""

    DROPPED = "dropped"
    LATE = "late"
    RESET = "reset"
    """The connection is reset instead of a reply."""
    EXCEPTION = "exception"
    SHORT = "short"
    """Fewer registers than were asked for, in an otherwise proper frame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A fault, for as many replies as `times` says; None: until it is cleared."""

    fault: ReplyFault
    times: int | None = 1
    unit: int | None = None
    """None: whichever unit is asked."""
    functions: frozenset[int] | None = None
    """None: whichever function is asked for."""
    delay_s: float = 0.3
    exception: int = DEVICE_BUSY

    def concerns(self, unit: int, function: int) -> bool:
        """Return whether the reply to this is to go wrong."""
        return self.unit in {None, unit} and (self.functions is None or function in self.functions)


@dataclass(frozen=True, slots=True)
class WriteAttempt:
    """Somebody tried to write; the product never may (L9)."""

    unit: int
    function: int
    request: bytes


class ModbusStation:
    """One TCP endpoint with the images of its units, and its faults."""

    def __init__(
        self, images: Mapping[int, Image], *, before_read: Callable[[int], None] | None = None
    ) -> None:
        self.images = dict(images)
        self.before_read = before_read
        """Called with the unit id before each read, so that a world can be brought up to now."""
        self.connections: set[_Connection] = set()
        self.write_attempts: list[WriteAttempt] = []
        self.requests = 0
        self.is_cut = False
        self.is_mute = False
        """While true nothing is answered, though connections stay: a pulled cable."""
        self._failures: list[Failure] = []
        self._frozen: dict[int, Image] = {}
        self._server: asyncio.Server | None = None

    async def start(
        self, host: str = "127.0.0.1", port: int = 0, *, bound: socket.socket | None = None
    ) -> int:
        """Listen, on a socket that is bound already if one is given, and return the port."""
        loop = asyncio.get_running_loop()
        if bound is not None:
            self._server = await loop.create_server(lambda: _Connection(self), sock=bound)
        else:
            self._server = await loop.create_server(lambda: _Connection(self), host, port)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop listening and drop every connection."""
        if self._server is not None:
            self._server.close()
            self.reset_connections()
            await self._server.wait_closed()
            self._server = None

    def fail(self, failure: Failure) -> None:
        """Let the next replies go wrong; several failures are used up in their order."""
        self._failures.append(failure)

    def clear_failures(self) -> None:
        """Answer properly again."""
        self._failures.clear()

    def freeze(self, unit: int) -> None:
        """Go on answering, with registers that no longer follow the station."""
        self._frozen[unit] = self.images[unit].copy()

    def thaw(self, unit: int) -> None:
        """Let the registers follow the station again."""
        self._frozen.pop(unit, None)

    def cut(self) -> None:
        """Reset every connection and each new one until `mend`."""
        self.is_cut = True
        self.reset_connections()

    def mend(self) -> None:
        """Take connections again, and answer."""
        self.is_cut = self.is_mute = False

    def reset_connections(self) -> None:
        """Reset every connection that is open now."""
        for connection in list(self.connections):
            connection.reset()

    def take_failure(self, unit: int, function: int) -> Failure | None:
        """Return the fault of the next reply, counting it, or None."""
        for index, failure in enumerate(self._failures):
            if failure.concerns(unit, function):
                if failure.times == 1:
                    del self._failures[index]
                elif failure.times is not None:
                    self._failures[index] = _once_less(failure, failure.times)
                return failure
        return None

    def answer(self, frame: bytes) -> bytes:
        """Return the reply to one whole request frame."""
        transaction, protocol, _, unit, function = struct.unpack_from(">HHHBB", frame)
        self.requests += 1
        if not READ_COILS <= function <= READ_INPUT_REGISTERS:
            self.write_attempts.append(WriteAttempt(unit, function, frame[HEADER_BYTES:]))
            return _exception(transaction, unit, function, ILLEGAL_FUNCTION)
        image = self._frozen.get(unit) or self.images.get(unit)
        if image is None:
            return _exception(transaction, unit, function, NO_TARGET)
        if protocol or len(frame) != _REQUEST.size:
            return _exception(transaction, unit, function, ILLEGAL_VALUE)
        first, count = struct.unpack_from(">HH", frame, HEADER_BYTES + 1)
        if not 1 <= count <= (MAX_REGISTERS if function >= READ_HOLDING_REGISTERS else MAX_BITS):
            return _exception(transaction, unit, function, ILLEGAL_VALUE)
        if not image.exists(function, first, count):
            return _exception(transaction, unit, function, ILLEGAL_ADDRESS)
        if self.before_read is not None:
            self.before_read(unit)
        return _read_reply(transaction, unit, function, image.read(function, first, count))

    def spoiled(self, frame: bytes, failure: Failure) -> bytes:
        """Return the wrong reply that an EXCEPTION or SHORT failure gives."""
        transaction, _, _, unit, function = struct.unpack_from(">HHHBB", frame)
        if failure.fault is ReplyFault.EXCEPTION:
            return _exception(transaction, unit, function, failure.exception)
        content = self.answer(frame)[_REPLY.size : -2]
        return _read_reply(transaction, unit, function, content)


def _once_less(failure: Failure, times: int) -> Failure:
    return Failure(
        fault=failure.fault,
        times=times - 1,
        unit=failure.unit,
        delay_s=failure.delay_s,
        exception=failure.exception,
    )


def _read_reply(transaction: int, unit: int, function: int, content: bytes) -> bytes:
    size = len(content)
    return _REPLY.pack(transaction, 0, size + 3, unit, function, size) + content


def _exception(transaction: int, unit: int, function: int, code: int) -> bytes:
    return _REPLY.pack(transaction, 0, 3, unit, function | 0x80, code)


class _Connection(asyncio.Protocol):
    """One client: cuts the stream into requests and answers each."""

    def __init__(self, station: ModbusStation) -> None:
        self._station = station
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        if self._station.is_cut:
            self._transport.abort()
        else:
            self._station.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc  # why it went does not matter
        self._station.connections.discard(self)

    def reset(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer + data if self._buffer else data
        start, end = 0, len(buffer)
        while end - start >= HEADER_BYTES:
            length = HEADER_BYTES - 1 + (buffer[start + 4] << 8 | buffer[start + 5])
            pdu_bytes = length - HEADER_BYTES
            if not SHORTEST_PDU_BYTES <= pdu_bytes <= LONGEST_PDU_BYTES:
                self.reset()  # out of step with the client; there is no way back in
                return
            if end - start < length:
                break
            self._serve(buffer[start : start + length])
            start += length
        self._buffer = buffer[start:]

    def _serve(self, frame: bytes) -> None:
        station = self._station
        if station.is_mute:
            return
        failure = station.take_failure(frame[6], frame[7])
        if failure is None:
            self._reply(station.answer(frame))
            return
        match failure.fault:
            case ReplyFault.DROPPED:
                return
            case ReplyFault.LATE:
                loop = asyncio.get_running_loop()
                loop.call_later(failure.delay_s, self._reply, station.answer(frame))
            case ReplyFault.RESET:
                self.reset()
            case ReplyFault.EXCEPTION | ReplyFault.SHORT:
                self._reply(station.spoiled(frame, failure))

    def _reply(self, reply: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(reply)

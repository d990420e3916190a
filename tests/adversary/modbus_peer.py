"""A Modbus TCP peer that answers as it likes, over wires of its own.

The product's link speaks to it through the loop's own `create_connection`: the bytes are those of a
socket, and what a closed connection still had under way comes to nobody, as with TCP. Written from the
specification; a frame that answers another request carries values that would prove a detection.
"""

import asyncio
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from tests.adversary.machine import RIGHT_CODE, Machine

ANSWERS_AFTER_S = 0.002
EXCEPTIONS = (1, 2, 3, 4, 5, 6, 10, 11)


class Reply(Enum):
    """What becomes of one reply."""

    PROPER = auto()
    SLOW = auto()
    LATE = auto()
    """After the time limit, to a connection that may be closed by then."""
    SILENT = auto()
    TWICE = auto()
    EARLIER_FIRST = auto()
    """The reply to an earlier request comes once more, then this one."""
    FOREIGN_FIRST = auto()
    """A frame of another transaction, then this one, in one piece."""
    OTHER_UNIT_FIRST = auto()
    FOREIGN_ONLY = auto()
    NO_TRANSACTION = auto()
    """Transaction 0, which some clients take for any."""
    OTHER_FUNCTION = auto()
    NEXT_BEHIND = auto()
    """A reply to a request that was not made yet comes behind this one."""
    TRUNCATED = auto()
    HALF_THEN_CLOSED = auto()
    SPLIT = auto()
    BYTE_COUNT_LIES = auto()
    LENGTH_LIES = auto()
    OTHER_PROTOCOL = auto()
    RUBBISH = auto()
    EXCEPTION = auto()
    CLOSED = auto()


@dataclass(frozen=True, slots=True)
class Treatment:
    """How one request is answered."""

    reply: Reply = Reply.PROPER
    after_s: float = 0.1
    """For what is slow, late or comes in pieces."""


class Wire(asyncio.Transport):
    """One connection, as the client sees it."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, client: asyncio.Protocol, peer: "ModbusPeer"
    ) -> None:
        super().__init__()
        self._loop, self._client, self._peer = loop, client, peer
        self._is_closed = False
        self.last_reply = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self._is_closed:
            self._peer.asked(self, bytes(data))

    def send(self, data: bytes, after_s: float = ANSWERS_AFTER_S) -> None:
        """Let the client receive something, if it is still there by then."""
        self._loop.call_later(after_s, self._arrive, data)

    def _arrive(self, data: bytes) -> None:
        if not self._is_closed and data:
            self._client.data_received(data)

    def hang_up(self, after_s: float = ANSWERS_AFTER_S) -> None:
        self._loop.call_later(after_s, self.close)

    def close(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            self._loop.call_soon(self._client.connection_lost, None)

    def abort(self) -> None:
        self.close()

    def is_closing(self) -> bool:
        return self._is_closed

    def get_extra_info(self, _name: str, default: Any = None) -> Any:
        return default


@dataclass(frozen=True, slots=True)
class _Asked:
    transaction: int
    unit: int
    function: int
    address: int
    count: int


class ModbusPeer:
    """Serves one machine: bits in coils and in a status register, numbers and a label in registers."""

    def __init__(self, machine: Machine, treatments: Sequence[Treatment]) -> None:
        self._machine = machine
        self._treatments = treatments or (Treatment(),)
        self._loop = asyncio.get_running_loop()
        self._number = 0
        self.misbehaves = False
        """Until then it answers properly, so that the station can be read at all."""

    def connect(self, client: asyncio.Protocol) -> Wire:
        """Take a connection."""
        return Wire(self._loop, client, self)

    def asked(self, wire: Wire, request: bytes) -> None:
        """Answer one request as it is its turn."""
        transaction, _, _, unit, function, address, count = struct.unpack(">HHHBBHH", request)
        asked = _Asked(transaction, unit, function, address, count)
        treatment = Treatment()
        if self.misbehaves:
            treatment = self._treatments[self._number % len(self._treatments)]
            self._number += 1
        if treatment.reply is Reply.SLOW:
            self._loop.call_later(
                treatment.after_s / 2, self._answer, wire, asked, treatment, treatment.after_s / 2
            )
        else:
            self._answer(wire, asked, treatment, ANSWERS_AFTER_S)

    def _answer(self, wire: Wire, asked: _Asked, treatment: Treatment, after_s: float) -> None:
        proper = _frame(asked, self._body(asked, self._machine.values))
        earlier, wire.last_reply = wire.last_reply, proper
        alarming = self._body(asked, self._machine.values | _ALARM)
        made = _MADE[treatment.reply](_Making(asked, proper, alarming, earlier, treatment.after_s))
        for data, later_s in made.pieces:
            wire.send(data, after_s + later_s)
        if made.hangs_up:
            wire.hang_up(after_s)

    def _body(self, asked: _Asked, values: dict[str, bool | int | str]) -> bytes:
        if asked.function in {1, 2}:
            bits = _coils(values)[asked.address : asked.address + asked.count]
            packed = sum(bit << place for place, bit in enumerate(bits))
            return packed.to_bytes((asked.count + 7) // 8, "little")
        registers = _registers(values)[asked.address : asked.address + asked.count]
        return struct.pack(f">{asked.count}H", *registers)


_ALARM: dict[str, bool | int | str] = {
    "rejected": True,
    "result": 2,
    "code": RIGHT_CODE,
    "rejects": 60_000,
}
"""What a frame shows that answers another request: were it taken, a device would be detected."""

LABEL_REGISTERS = 4


def _coils(values: dict[str, bool | int | str]) -> list[bool]:
    shown = [bool(values[name]) for name in ("part_present", "rejected", "accepted")]
    return shown + [False] * 13


def _registers(values: dict[str, bool | int | str]) -> list[int]:
    bits = sum(bit << place for place, bit in enumerate(_coils(values)))
    numbers = [int(values[name]) for name in ("code", "result", "rejects", "accepts", "made")]
    label = str(values["part_code"]).encode().ljust(2 * LABEL_REGISTERS, b"\0")
    return [bits, *numbers, *struct.unpack(f">{LABEL_REGISTERS}H", label), *[0] * 8]


@dataclass(frozen=True, slots=True)
class _Making:
    asked: _Asked
    proper: bytes
    alarming: bytes
    earlier: bytes
    after_s: float


@dataclass(frozen=True, slots=True)
class _Made:
    pieces: tuple[tuple[bytes, float], ...] = ()
    """What is sent, and how much later than at once."""
    hangs_up: bool = False


def _frame(asked: _Asked, body: bytes, **other: int) -> bytes:
    told = {
        "transaction": asked.transaction,
        "protocol": 0,
        "unit": asked.unit,
        "function": asked.function,
        "count": len(body),
        "length": len(body) + 3,
    } | other
    head = struct.pack(
        ">HHHBBB",
        told["transaction"],
        told["protocol"],
        told["length"],
        told["unit"],
        told["function"],
        told["count"],
    )
    return head + body


def _whole(data: bytes, later_s: float = 0.0) -> _Made:
    return _Made(((data, later_s),))


def _foreign(making: _Making, **other: int) -> bytes:
    """Return a frame that answers something else, and would prove a detection."""
    return _frame(making.asked, making.alarming, **other)


def _of_other_transaction(making: _Making) -> bytes:
    return _foreign(making, transaction=(making.asked.transaction + 0x1234) & 0xFFFF)


def _of_other_unit(making: _Making) -> bytes:
    return _foreign(making, unit=making.asked.unit + 1)


def _in_pieces(making: _Making) -> _Made:
    size = max(1, len(making.proper) // 5)
    cuts = range(0, len(making.proper), size)
    each_s = making.after_s / len(cuts)
    return _Made(tuple((making.proper[cut : cut + size], n * each_s) for n, cut in enumerate(cuts)))


def _exception(making: _Making) -> bytes:
    code = EXCEPTIONS[making.asked.transaction % len(EXCEPTIONS)]
    return struct.pack(
        ">HHHBBB",
        making.asked.transaction,
        0,
        3,
        making.asked.unit,
        making.asked.function | 0x80,
        code,
    )


_MADE: dict[Reply, Callable[[_Making], _Made]] = {
    Reply.PROPER: lambda m: _whole(m.proper),
    Reply.SLOW: lambda m: _whole(m.proper),
    Reply.LATE: lambda m: _whole(m.alarming and m.proper, 0.3 + m.after_s),
    Reply.SILENT: lambda _: _Made(),
    Reply.TWICE: lambda m: _Made(((m.proper, 0.0), (m.proper, m.after_s))),
    Reply.EARLIER_FIRST: lambda m: _Made(((m.earlier, 0.0), (m.proper, m.after_s / 5))),
    Reply.FOREIGN_FIRST: lambda m: _whole(_of_other_transaction(m) + m.proper),
    Reply.OTHER_UNIT_FIRST: lambda m: _whole(_of_other_unit(m) + m.proper),
    Reply.FOREIGN_ONLY: lambda m: _whole(_of_other_transaction(m)),
    Reply.NO_TRANSACTION: lambda m: _whole(_foreign(m, transaction=0)),
    Reply.OTHER_FUNCTION: lambda m: _whole(_foreign(m, function=5 - m.asked.function % 4)),
    Reply.NEXT_BEHIND: lambda m: _whole(
        m.proper + _foreign(m, transaction=m.asked.transaction + 1)
    ),
    Reply.TRUNCATED: lambda m: _whole(m.proper[:-1]),
    Reply.HALF_THEN_CLOSED: lambda m: _Made(((m.proper[:-1], 0.0),), hangs_up=True),
    Reply.SPLIT: _in_pieces,
    Reply.BYTE_COUNT_LIES: lambda m: _whole(_foreign(m, count=len(m.alarming) + 2)),
    Reply.LENGTH_LIES: lambda m: _whole(_foreign(m, length=len(m.alarming) + 53)),
    Reply.OTHER_PROTOCOL: lambda m: _whole(_foreign(m, protocol=7)),
    Reply.RUBBISH: lambda _: _whole(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    Reply.EXCEPTION: lambda m: _whole(_exception(m)),
    Reply.CLOSED: lambda _: _Made(hangs_up=True),
}

"""One TCP connection to one Modbus unit: pymodbus as codec and transport, the policy ours.

pymodbus frames requests and replies, matches transaction and unit ids and owns the socket. It
neither retries nor reconnects here. Every reply is checked once more: unit, transaction (pymodbus
lets 0 pass), function code, byte count. A short or foreign reply is an error, never a value (B3).

After a timeout or a bad reply the connection is closed: whatever comes late, whole or in pieces,
comes to a socket that nobody reads any more (B3). This is why each station has a connection of its
own instead of one per endpoint: closing it, or waiting for it, costs no neighbour anything (B4).
The price is one socket per unit behind a gateway; gateways usually grant 8 to 32.

Only function codes 1 to 4 can be sent from here: there is nothing that writes (L9).

Source: pymodbus 3.16 `transaction.py`, `transport.py`; Modbus Messaging on TCP/IP V1.0b.
"""

import asyncio
import logging

from pymodbus import FramerType
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ConnectionException
from pymodbus.pdu import DecodePDU, ExceptionResponse, ModbusPDU
from pymodbus.pdu.bit_message import ReadCoilsRequest, ReadDiscreteInputsRequest
from pymodbus.pdu.register_message import (
    ReadHoldingRegistersRequest,
    ReadInputRegistersRequest,
)
from pymodbus.transaction import TransactionManager

from redrabbit.domain.decoding import BYTES_PER_REGISTER
from redrabbit.domain.observation import Reason
from redrabbit.domain.read_plan import ReadBlock
from redrabbit.domain.signals import Table
from redrabbit.domain.station import ModbusLink
from redrabbit.links.errors import StationRefusal, StationTrouble

REQUESTS: dict[Table, type[ModbusPDU]] = {
    Table.COIL: ReadCoilsRequest,
    Table.DISCRETE_INPUT: ReadDiscreteInputsRequest,
    Table.HOLDING_REGISTER: ReadHoldingRegistersRequest,
    Table.INPUT_REGISTER: ReadInputRegistersRequest,
}

EXCEPTION_FLAG = 0x80


class RawReply(ModbusPDU):
    """A reply as it came, function code first, not yet unpacked: equal bytes need no decoding."""

    def __init__(self, frame: bytes) -> None:
        self.frame = frame
        self.dev_id = 0
        self.transaction_id = 0
        self.function_code = frame[0]


class RawReplies(DecodePDU):
    """Leaves replies packed, and never raises: pymodbus would do so inside the event loop."""

    def decode(self, frame: bytes) -> ModbusPDU:
        """Return an exception reply as pymodbus reads it, anything else as it came."""
        if frame[0] > EXCEPTION_FLAG and (refusal := super().decode(frame)) is not None:
            return refusal
        return RawReply(frame)


class Request:
    """A request for one block, made once and sent again and again."""

    def __init__(self, block: ReadBlock, unit_id: int) -> None:
        self.pdu = REQUESTS[block.table](address=block.address, count=block.count, dev_id=unit_id)
        self.code = self.pdu.function_code
        self.byte_count = (
            (block.count + 7) // 8 if block.table.holds_bits else block.count * BYTES_PER_REGISTER
        )
        self.reply_head = bytes((self.code, self.byte_count))


class ModbusConnection:
    """Connects, asks, and closes after the first answer that does not come as it should."""

    def __init__(self, link: ModbusLink) -> None:
        self._link = link
        self._client: AsyncModbusTcpClient | None = None
        self._waiting: asyncio.Future[ModbusPDU] | None = None
        self._heard = False
        quieten_pymodbus()

    @property
    def is_open(self) -> bool:
        """True while the TCP connection stands, as far as this end knows."""
        return self._client is not None and self._client.connected

    async def open(self) -> None:
        """Connect; StationTrouble if that fails within the link's timeout.

        A new client for each connection: pymodbus would take the late end of an old connection for
        the end of the new one.
        """
        self.close()
        client = AsyncModbusTcpClient(
            self._link.host,
            port=self._link.port,
            framer=FramerType.SOCKET,
            timeout=self._link.timeout_s,
            retries=0,
            reconnect_delay=0,
            trace_packet=self._note_packet,
            trace_connect=self._note_connection,
        )
        client.ctx.framer.decoder = RawReplies(is_server=False)
        self._client = client
        try:
            # pymodbus' own `connect` uses `asyncio.wait_for`, which in Python 3.11 can swallow a
            # cancellation, and it keeps the system's error to itself.
            async with asyncio.timeout(self._link.timeout_s):
                client.ctx.transport, _ = await client.ctx.call_create()
        except OSError as error:
            self.close()
            cause = str(error) or f"no answer within {self._link.timeout_s} s"
            detail = f"TCP connect failed: {cause}"
            raise StationTrouble(Reason.NOT_CONNECTED, detail) from None

    async def read(self, request: Request) -> bytes:
        """Send a request and return the reply's packed bits or registers.

        StationRefusal is an answer and leaves the connection open; StationTrouble closes it.
        """
        if self._client is None or not self._client.connected:
            raise StationTrouble(Reason.NOT_CONNECTED, "connection lost")
        try:
            reply = await self._ask(self._client.ctx, request.pdu)
        except ConnectionException:
            self.close()
            raise StationTrouble(Reason.NOT_CONNECTED, "connection lost while waiting") from None
        except TimeoutError:
            self.close()
            raise self._no_answer() from None
        return self._checked(request, reply)

    async def _ask(self, ctx: TransactionManager, pdu: ModbusPDU) -> ModbusPDU:
        """Do what pymodbus's `execute` does, without its lock, retries and error log.

        One request at a time is this link's nature. Leaving those out saves a fifth of a request's
        cost (tests/benchmarks/test_bench_links.py).
        """
        waiting: asyncio.Future[ModbusPDU] = ctx.loop.create_future()
        self._waiting, self._heard = waiting, False
        pdu.transaction_id = ctx.getNextTID()
        ctx.response_future = waiting
        ctx.pdu_send(pdu)
        timer = ctx.loop.call_later(self._link.timeout_s, _expire, waiting)
        try:
            return await waiting
        finally:
            self._waiting = None
            timer.cancel()

    def close(self) -> None:
        """Close the socket at once; nothing that is still under way will be read."""
        if self._client is None:
            return
        transport = self._client.ctx.transport
        self._client.close()
        if transport is not None:
            transport.abort()  # type: ignore[attr-defined]  # because pymodbus types it as the base class
        self._client = None

    def _checked(self, request: Request, reply: ModbusPDU) -> bytes:
        """Return the bytes of a reply that is the one asked for; close the connection otherwise."""
        if reply.dev_id == self._link.unit_id and reply.transaction_id:
            if isinstance(reply, ExceptionResponse):
                if reply.function_code == request.code | EXCEPTION_FLAG:
                    raise StationRefusal(int(reply.exception_code))
            elif isinstance(reply, RawReply):
                frame = reply.frame
                if frame[:2] == request.reply_head and len(frame) == request.byte_count + 2:
                    return frame[2:]
        self.close()
        raise StationTrouble(
            Reason.BAD_REPLY,
            f"unit {reply.dev_id}, function {reply.function_code} is not what was asked for, "
            f"or is short: wanted {request.byte_count} bytes of function {request.code}",
        )

    def _no_answer(self) -> StationTrouble:
        """Return why no reply was accepted in time: silence, or only what was not asked for."""
        limit = f"within {self._link.timeout_s} s"
        if self._heard:
            return StationTrouble(Reason.BAD_REPLY, f"only foreign or cut-off frames {limit}")
        return StationTrouble(Reason.TIMEOUT, f"no reply {limit}")

    def _note_packet(self, sending: bool, data: bytes) -> bytes:
        if not sending:
            self._heard = True
        return data

    def _note_connection(self, connected: bool) -> None:
        """End the waiting when the connection ends; pymodbus would let it time out."""
        if not connected and self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(ConnectionException("connection lost"))


def _expire(waiting: asyncio.Future[ModbusPDU]) -> None:
    if not waiting.done():
        waiting.set_exception(TimeoutError())


def quieten_pymodbus() -> None:
    """Let pymodbus say nothing below CRITICAL unless somebody chose a level for it.

    What it logs at ERROR with its last frames are the daily troubles that links report as reasons.
    """
    logger = logging.getLogger("pymodbus")
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.CRITICAL)

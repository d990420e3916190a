"""The station side of the link benchmark, in a process of its own: answers as fast as it can.

Prints its port, then serves until its standard input ends. Every reply has the same content: the
figures are of blocks that did not change, as nearly all are; decoding a change is not in them.
"""

import asyncio
import struct
import sys
from typing import cast

REGISTERS_PER_REPLY = bytes((3, 40)) + bytes(40)
COILS_PER_REPLY = bytes((1, 2, 0, 0))
REPLIES = {1: COILS_PER_REPLY, 3: REGISTERS_PER_REPLY}


class Station(asyncio.Protocol):
    """Knows two requests: 16 coils, and 20 holding registers."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._buffer = b""

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while len(self._buffer) >= 12:
            request, self._buffer = self._buffer[:12], self._buffer[12:]
            pdu = REPLIES[request[7]]
            head = request[:4] + struct.pack(">H", len(pdu) + 1) + request[6:7]
            self._transport.write(head + pdu)


async def serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Station, "127.0.0.1", 0, backlog=500)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201  because the parent reads it
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    try:
        import uvloop

        uvloop.run(serve())
    except ImportError:
        asyncio.run(serve())

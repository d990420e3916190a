"""A crowd at the pages' address, in a process of its own: it looks, and it holds what it can.

    python -m tests.acceptance.crowd PORT BOARDS STATIONS HALF SLOW STATION...

opens so many streams of the board and of stations' pages, half requests that go on dripping, and
bodies that come by the byte; each is opened again when it is ended, from one of many addresses of
the loopback network. It lasts until its standard input ends.
"""

import asyncio
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from subprocess import PIPE, Popen

from tests.acceptance.processes import CLOCK, ROOT, environment

ADDRESSES = 40
DRIP_S, AGAIN_S = 1.0, 0.5


@contextmanager
def crowd(
    port: int, *, boards: int, stations: int, half: int, slow: int, of: Sequence[str]
) -> Iterator[None]:
    """Have a crowd at a port for the length of a block; `of` are the stations it looks at."""
    numbers = map(str, (port, boards, stations, half, slow))
    command = [sys.executable, "-m", "tests.acceptance.crowd", *numbers, *of]
    with Popen(command, stdin=PIPE, cwd=ROOT, env=environment()) as process:
        try:
            yield
        finally:
            process.kill()


async def _come_again_and_again(port: int, number: int, head: str, drop: str) -> None:
    """Ask with this head from the address of this number; then drip, or read where nothing drips."""
    address = f"127.0.0.{2 + number % ADDRESSES}"
    while True:
        with suppress(OSError):
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", port, local_addr=(address, 0)
            )
            try:
                writer.write(head.encode())
                await (_drip(writer, drop.encode()) if drop else _read(reader))
            finally:
                writer.close()
        await CLOCK.sleep(AGAIN_S)


async def _read(reader: asyncio.StreamReader) -> None:
    while await reader.read(65536):
        pass


async def _drip(writer: asyncio.StreamWriter, drop: bytes) -> None:
    while True:
        writer.write(drop)
        await writer.drain()
        await CLOCK.sleep(DRIP_S)


async def _gather(port: int, counts: Sequence[int], stations: Sequence[str]) -> None:
    boards, at_stations, half, slow = counts
    host = f" HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
    begun = (
        f"POST /api/v1/excuses{host}Content-Type: application/json\r\nContent-Length: 90000\r\n\r\n"
    )
    asked = [(f"GET /live/board{host}\r\n", "")] * boards
    for number in range(at_stations):
        station = stations[number % len(stations)]
        asked.append((f"GET /live/stations/{station}{host}\r\n", ""))
    asked += [(f"GET /{host}", "X-a: b\r\n")] * half
    asked += [(begun, " ")] * slow
    tasks = [
        asyncio.create_task(_come_again_and_again(port, number, head, drop))
        for number, (head, drop) in enumerate(asked)
    ]
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    for task in tasks:
        task.cancel()


if __name__ == "__main__":
    numbers = [int(text) for text in sys.argv[1:6]]
    asyncio.run(_gather(numbers[0], numbers[1:], sys.argv[6:]))

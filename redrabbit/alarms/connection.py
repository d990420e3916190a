"""One connection for one message, closed at once however the exchange ends.

Nothing outlives it: no socket, no thread of ours. How long it may take is said by whoever calls,
with `asyncio.timeout` around the whole of it (D48).
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from redrabbit.alarms.delivery import DeliveryRefused

ADDRESS_S: Final = 3.0
"""A name's next address is tried after so long: the first may lead nowhere, IPv6 often does."""
MOST_ADDRESSES: Final = 3
"""Of one name; more could not be tried within an attempt."""

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def connected(
    host: str, port: int, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Streams]:
    """Hold a connection to the first address of a host that takes one.

    Raises OSError if none does, DeliveryRefused where the host can't be one.
    """
    reader, writer = await _opened(host, port, tls)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()  # `close` would wait for a peer that no longer reads


async def _opened(host: str, port: int, tls: ssl.SSLContext | None) -> Streams:
    addresses = await _addresses(host, port)
    for address in addresses[:-1]:
        try:
            async with asyncio.timeout(ADDRESS_S):
                return await _open(address, host, port, tls)
        except OSError:  # also when its time is over
            continue
    return await _open(addresses[-1], host, port, tls)


async def _open(address: str, host: str, port: int, tls: ssl.SSLContext | None) -> Streams:
    name = host if tls is not None else None
    return await asyncio.open_connection(address, port, ssl=tls, server_hostname=name)


async def _addresses(host: str, port: int) -> list[str]:
    """Return the addresses of a host, each once; OSError if it has none."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError:  # two full stops, more than 63 letters between two
        raise DeliveryRefused(f"the address can't be used: {host!r} is no name") from None
    return list(dict.fromkeys(str(each[4][0]) for each in found))[:MOST_ADDRESSES]

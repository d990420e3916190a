"""A served address that encrypts: who begins TLS, who speaks plain HTTP, and who says nothing (D45, D47)."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from redrabbit.base.authority import AuthorityFiles, make_authority
from redrabbit.base.clock import SteadyClock
from redrabbit.base.private_files import replace_private
from redrabbit.base.settings import WebLimits
from redrabbit.web.budget import WebBudgets
from redrabbit.web.connections import WebServer
from redrabbit.web.tls import Tls, TlsFiles
from tests.fakes import JumpClock

ASKED = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
LIMITS = WebLimits(
    most_connections=10, most_connections_per_client=10, most_streams=5, header_deadline_s=1
)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> AuthorityFiles:
    folder: Path = tmp_path_factory.mktemp("authority")
    found, now = AuthorityFiles.beside(folder / "plant.key"), SteadyClock().now()
    authority = make_authority(found, "x", ["localhost"], now)
    replace_private(found.server, authority.server_pem(["localhost"], now))
    return found


async def says_scheme(scope: Scope, receive: Receive, send: Send) -> None:
    del receive
    body = scope["scheme"].encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def door(files: AuthorityFiles) -> AsyncIterator[tuple[int, WebBudgets]]:
    """An address that is served by https."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        budgets = WebBudgets(LIMITS)
        config = uvicorn.Config(says_scheme, http="h11", ws="none", log_config=None, lifespan="off")
        tls = Tls(TlsFiles(certificate=files.server, key=files.server), SteadyClock())
        server = WebServer(config, listener, budgets, JumpClock(), tls)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:
            await JumpClock().sleep(0)
        try:
            yield listener.getsockname()[1], budgets
        finally:
            server.should_exit = True
            await serving


async def asked(port: int, trusting: AuthorityFiles | None) -> str:
    """Return the answer's last line, asked by https if an authority is trusted."""
    context = None
    if trusting is not None:
        context = ssl.create_default_context(cafile=str(trusting.certificate))
    reader, writer = await asyncio.open_connection("localhost", port, ssl=context)
    writer.write(ASKED)
    answer = await reader.read()
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return answer.decode().rpartition("\n")[2]


async def until_free(budgets: WebBudgets) -> None:
    async with asyncio.timeout(20):
        while budgets.connections.in_use:
            await JumpClock().sleep(0)


async def test_who_begins_tls_is_encrypted_and_who_does_not_is_known_for_it(
    files: AuthorityFiles,
) -> None:
    async with door(files) as (port, budgets):
        assert await asked(port, files) == "https"
        assert await asked(port, None) == "http"
        await until_free(budgets)
        assert budgets.refused["no_handshake"] == 0


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
async def test_an_old_version_of_tls_is_not_spoken(
    files: AuthorityFiles, version: ssl.TLSVersion
) -> None:
    context = ssl.create_default_context(cafile=str(files.certificate))
    with pytest.warns(DeprecationWarning, match="deprecated"):
        context.minimum_version = context.maximum_version = version
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    async with door(files) as (port, budgets):
        with pytest.raises(OSError, match=r".*"):
            await asyncio.open_connection("localhost", port, ssl=context)
        await until_free(budgets)
        assert budgets.refused["no_handshake"] == 1


@pytest.mark.parametrize(
    ("says", "counted"),
    [
        (b"", 0),
        (b"\x16", 1),
        (b"\x16\x03\x01\x02\x00\x01", 1),
        (b"\x16" + b"\xff" * 600, 1),
        (b"\x16\x03\x01\x00\x05hello", 1),
    ],
    ids=["nothing", "one byte", "half a greeting", "noise", "no greeting"],
)
async def test_who_does_not_come_to_an_end_is_let_go_in_time(
    files: AuthorityFiles, says: bytes, counted: int
) -> None:
    async with door(files) as (port, budgets):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(says)
        async with asyncio.timeout(20):
            with suppress(OSError):
                await reader.read()
        writer.close()
        await until_free(budgets)
        assert budgets.refused["no_handshake"] == counted
        assert await asked(port, files) == "https"


async def test_who_has_not_finished_makes_room_for_others(files: AuthorityFiles) -> None:
    """As half requests do: otherwise eleven silent sockets would keep everybody out."""
    async with door(files) as (port, budgets):
        halves = [await asyncio.open_connection("127.0.0.1", port) for _ in range(5)]
        for _, writer in halves:
            writer.write(b"\x16\x03\x01")
        silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(5)]
        async with asyncio.timeout(20):
            while budgets.connections.in_use < 10:
                await JumpClock().sleep(0)
        assert await asked(port, files) == "https"
        assert budgets.refused["too_many_connections"] == 0
        assert budgets.refused["too_many_connections_of_client"] == 0
        for _, writer in (*halves, *silent):
            writer.close()
        await until_free(budgets)


async def test_whoever_goes_away_in_the_handshake_leaves_nothing(files: AuthorityFiles) -> None:
    async with door(files) as (port, budgets):
        for says in (b"", b"\x16\x03\x01"):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(says)
            writer.close()
            await until_free(budgets)
        assert await asked(port, files) == "https"

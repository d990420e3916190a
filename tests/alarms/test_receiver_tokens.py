"""A webhook gets its token; nothing else ever does (D24)."""

import asyncio
import os
from pathlib import Path

import pytest

from redrabbit.alarms.channels import posting
from redrabbit.alarms.delivery import DeliveryFailed
from redrabbit.alarms.receiver_tokens import TokenUnusable, read_tokens
from redrabbit.domain.plant import NotificationTarget, TargetKind

TOKEN = "zQ-S3cret.Token"


def office(
    url: str = "http://127.0.0.1:9/",
    *,
    path: Path | None = None,
    env: str | None = None,
    header: str | None = None,
) -> NotificationTarget:
    return NotificationTarget(
        name="office",
        kind=TargetKind.WEBHOOK,
        url=url,
        token_file=str(path) if path else None,
        token_env=env,
        token_header=header,
    )


def a_token_file(folder: Path, content: bytes = TOKEN.encode() + b"\n", mode: int = 0o600) -> Path:
    path = folder / "office"
    path.write_bytes(content)
    path.chmod(mode)
    return path


@pytest.fixture
def config(tmp_path: Path) -> Path:
    folder = tmp_path / "plant"
    folder.mkdir()
    return folder


def test_a_token_comes_from_a_file_or_a_variable(tmp_path: Path, config: Path) -> None:
    path = a_token_file(tmp_path)
    assert read_tokens([office(path=path)], config, {}) == {"office": TOKEN}
    assert read_tokens([office(env="OFFICE")], config, {"OFFICE": TOKEN}) == {"office": TOKEN}
    assert read_tokens([office()], config, {}) == {}


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o601])
def test_a_file_that_others_can_read_is_refused(mode: int, tmp_path: Path, config: Path) -> None:
    path = a_token_file(tmp_path, mode=mode)
    with pytest.raises(TokenUnusable, match=r"for its owner only \(0600\)"):
        read_tokens([office(path=path)], config, {})


def test_a_file_in_the_configuration_is_refused_by_whatever_way(
    tmp_path: Path, config: Path
) -> None:
    path = a_token_file(config)
    link = tmp_path / "link"
    link.symlink_to(path)
    for each in (path, link, tmp_path / "plant" / ".." / "plant" / "office"):
        with pytest.raises(TokenUnusable, match="lies in the configuration's folder"):
            read_tokens([office(path=each)], config, {})


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"two words", b"a\nb", b"\xff\xfe", b"x" * 5000, b"a\x1b[8m"]
)
def test_what_is_no_token_is_refused_without_showing_it(
    content: bytes, tmp_path: Path, config: Path
) -> None:
    path = a_token_file(tmp_path, TOKEN.encode() + b" " + content if content.strip() else content)
    with pytest.raises(TokenUnusable, match="does not hold one token") as refused:
        read_tokens([office(path=path)], config, {})
    assert TOKEN not in str(refused.value)


def test_every_token_that_is_not_there_is_named(tmp_path: Path, config: Path) -> None:
    with pytest.raises(TokenUnusable, match=r"nowhere: .*; .* no variable NOWHERE"):
        read_tokens([office(path=tmp_path / "nowhere"), office(env="NOWHERE")], config, {})
    with pytest.raises(TokenUnusable, match="is no file"):
        read_tokens([office(path=tmp_path)], config, {})


async def asked_for(target: NotificationTarget) -> str:
    """Post once to a receiver that answers 200, and return what it was sent, lower-case."""
    heard: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        named = office(f"http://127.0.0.1:{port}/", header=target.token_header)
        await posting({"office": TOKEN})(named, "k", "{}")
    return heard[0].decode()


async def test_the_token_is_sent_in_the_header_that_was_named() -> None:
    assert f"authorization: bearer {TOKEN}".lower() in (await asked_for(office())).lower()
    assert f"x-auth: {TOKEN}".lower() in (await asked_for(office(header="X-Auth"))).lower()


async def test_a_failure_does_not_tell_the_token() -> None:
    with pytest.raises(DeliveryFailed) as failed:
        await posting({"office": TOKEN})(office(), "k", "{}")
    assert TOKEN not in repr(failed.value)
    assert failed.value.__cause__ is None

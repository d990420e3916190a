"""A webhook gets its token; nothing else ever does (D24)."""

import base64
import os
from dataclasses import replace
from pathlib import Path

import pytest

from redrabbit.alarms.channels import make_channels
from redrabbit.alarms.delivery import DeliveryFailed
from redrabbit.alarms.receiver_secrets import ReceiverUnusable, read_secrets
from redrabbit.base.clock import SteadyClock
from redrabbit.domain.plant import NotificationTarget, TargetKind
from redrabbit.domain.secret_place import SecretPlace
from tests.alarms.moody import OK, answer, listening

TOKEN = "zQ-S3cret.Token"
WHSEC = "whsec_" + base64.b64encode(b"s" * 24).decode()
OTHER_WHSEC = "whsec_" + base64.b64encode(b"o" * 24).decode()


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
        token=SecretPlace(file=str(path) if path else None, env=env) if path or env else None,
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
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    assert read_secrets([office(path=path)], config, {})["office"].headers == bearer
    found = read_secrets([office(env="OFFICE")], config, {"OFFICE": TOKEN})
    assert found["office"].headers == bearer
    assert read_secrets([office()], config, {})["office"].headers == {}


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o601])
def test_a_file_that_others_can_read_is_refused(mode: int, tmp_path: Path, config: Path) -> None:
    path = a_token_file(tmp_path, mode=mode)
    with pytest.raises(ReceiverUnusable, match=r"for its owner only \(0600\)"):
        read_secrets([office(path=path)], config, {})


def test_a_file_in_the_configuration_is_refused_by_whatever_way(
    tmp_path: Path, config: Path
) -> None:
    path = a_token_file(config)
    link = tmp_path / "link"
    link.symlink_to(path)
    for each in (path, link, tmp_path / "plant" / ".." / "plant" / "office"):
        with pytest.raises(ReceiverUnusable, match="lies in the configuration's folder"):
            read_secrets([office(path=each)], config, {})


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"two words", b"a\nb", b"\xff\xfe", b"x" * 5000, b"a\x1b[8m"]
)
def test_what_is_no_token_is_refused_without_showing_it(
    content: bytes, tmp_path: Path, config: Path
) -> None:
    path = a_token_file(tmp_path, TOKEN.encode() + b" " + content if content.strip() else content)
    with pytest.raises(ReceiverUnusable, match="does not hold one token") as refused:
        read_secrets([office(path=path)], config, {})
    assert TOKEN not in str(refused.value)


def test_every_token_that_is_not_there_is_named(tmp_path: Path, config: Path) -> None:
    with pytest.raises(ReceiverUnusable, match=r"nowhere: .*; .* no variable NOWHERE"):
        read_secrets([office(path=tmp_path / "nowhere"), office(env="NOWHERE")], config, {})
    with pytest.raises(ReceiverUnusable, match="is no file"):
        read_secrets([office(path=tmp_path)], config, {})


def test_more_headers_and_the_secret_of_the_signature_come_from_their_places(
    tmp_path: Path, config: Path
) -> None:
    target = replace(
        office(path=a_token_file(tmp_path), header="X-Auth"),
        headers=(("Authorization", SecretPlace(env="BASIC")),),
        signing_secret=SecretPlace(env="SIGNING"),
    )
    found = read_secrets([target], config, {"BASIC": "Basic dXNlcjo=", "SIGNING": WHSEC})["office"]
    assert found.headers == {"Authorization": "Basic dXNlcjo=", "X-Auth": TOKEN}
    assert found.signing == (b"s" * 24,)
    assert "dXNlcjo" not in repr(found)
    assert TOKEN not in repr(found)
    assert str(b"s" * 24) not in repr(found)


def test_a_file_may_hold_the_new_signing_secret_and_the_old_one(
    tmp_path: Path, config: Path
) -> None:
    path = a_token_file(tmp_path, f"{OTHER_WHSEC}\n{WHSEC}\n".encode())
    target = replace(office(), signing_secret=SecretPlace(file=str(path)))
    assert read_secrets([target], config, {})["office"].signing == (b"o" * 24, b"s" * 24)


@pytest.mark.parametrize("text", ["", "whsec_", TOKEN, f"{WHSEC} {WHSEC} {WHSEC}", WHSEC[:-2]])
def test_what_is_no_signing_secret_is_refused_without_showing_it(text: str, config: Path) -> None:
    target = replace(office(), signing_secret=SecretPlace(env="SIGNING"))
    with pytest.raises(ReceiverUnusable, match="receiver office: the variable SIGNING") as refused:
        read_secrets([target], config, {"SIGNING": text})
    assert TOKEN not in str(refused.value)
    assert WHSEC[6:20] not in str(refused.value)


@pytest.mark.parametrize("text", ["", " ", "a\nb", "a\r\nX-B: c", "é", "x" * 5000])
def test_what_no_header_can_carry_is_refused(text: str, config: Path) -> None:
    target = replace(office(), headers=(("X-Api-Key", SecretPlace(env="KEY")),))
    with pytest.raises(ReceiverUnusable, match="does not hold one header's value"):
        read_secrets([target], config, {"KEY": text})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "No such file"),
        (b"", "holds no certificates"),
        (b"\xff\xfe", "holds no certificates"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "no certificates"),
        (b"x" * 600_000, "larger than 500 kB"),
    ],
)
def test_certificates_that_are_none_are_told_at_the_start(
    content: bytes | None, said: str, tmp_path: Path, config: Path
) -> None:
    """An empty file must not mean: trust the public authorities."""
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    target = replace(office("https://127.0.0.1:9/"), ca_file=str(path))
    with pytest.raises(ReceiverUnusable, match=said):
        read_secrets([target], config, {})


def test_certificates_are_loaded_where_something_is_encrypted_only(config: Path) -> None:
    assert read_secrets([office()], config, {})["office"].tls is None
    assert read_secrets([office("HTTPS://127.0.0.1:9/")], config, {})["office"].tls is not None


async def asked_for(target: NotificationTarget, config: Path) -> dict[str, str]:
    """Post once to a receiver that answers 200, and return the headers that it was sent."""
    secrets = read_secrets([target], config, {"OFFICE": TOKEN})
    async with listening(answer(OK)) as hook:
        named = replace(target, url=hook.url)
        await make_channels([named], secrets, SteadyClock())["office"].send("k", "{}")
    return hook.headers()


async def test_the_token_is_sent_in_the_header_that_was_named(config: Path) -> None:
    assert (await asked_for(office(env="OFFICE"), config))["authorization"] == f"Bearer {TOKEN}"
    named = await asked_for(office(env="OFFICE", header="X-Auth"), config)
    assert named["x-auth"] == TOKEN
    assert "authorization" not in named


async def test_a_failure_does_not_tell_the_token(config: Path) -> None:
    target = office(env="OFFICE")
    secrets = read_secrets([target], config, {"OFFICE": TOKEN})
    with pytest.raises(DeliveryFailed) as failed:
        await make_channels([target], secrets, SteadyClock())["office"].send("k", "{}")
    assert TOKEN not in repr(failed.value)
    assert failed.value.__cause__ is None

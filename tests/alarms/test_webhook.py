"""A webhook's receiver can answer what it likes: nothing of it costs more than its own message."""

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from redrabbit.alarms.delivery import DeliveryFailed, DeliveryRefused
from redrabbit.alarms.receiver_secrets import ReceiverSecrets, read_secrets
from redrabbit.alarms.signature import signed_headers
from redrabbit.alarms.webhook import MOST_ANSWER_BYTES, PIECE_BYTES, Webhook
from redrabbit.base.clock import SteadyClock
from redrabbit.domain.plant import NotificationTarget, TargetKind
from tests.alarms.moody import (
    DRIPPING,
    FLOODING,
    FLOODING_HEADS,
    OK,
    Answering,
    Hook,
    answer,
    listening,
    status,
)
from tests.certificates import certificate

BODY = '{"key":"k","event":"missed"}'
PLAIN = ReceiverSecrets()


def webhook(hook: Hook, secrets: ReceiverSecrets = PLAIN, url: str | None = None) -> Webhook:
    target = NotificationTarget(name="office", kind=TargetKind.WEBHOOK, url=url or hook.url)
    return Webhook(target, secrets, SteadyClock())


async def test_a_message_is_posted_whole_and_nothing_compressed_is_asked_for() -> None:
    async with listening(answer(OK)) as hook:
        await webhook(hook, url=hook.url + "?line=3%20a&x=é").send("alarm-line1-A-7", BODY)
    assert hook.bodies == [BODY.encode()]
    assert hook.heads[0].startswith(b"POST /hook?line=3%20a&x=%C3%A9 HTTP/1.1\r\n")
    headers = hook.headers()
    assert headers["host"] == f"127.0.0.1:{hook.port}"
    assert headers["content-type"] == "application/json"
    assert headers["idempotency-key"] == "alarm-line1-A-7"
    assert headers["accept-encoding"] == "identity"
    assert not headers.keys() & {"webhook-id", "webhook-signature", "authorization"}


async def test_a_message_is_signed_anew_at_each_attempt_over_what_is_sent() -> None:
    """Standard Webhooks: the timestamp is the attempt's, the id the message's."""
    secret = b"s" * 32
    async with listening(answer(OK)) as hook:
        sent = webhook(hook, ReceiverSecrets(signing=(secret,)))
        await sent.send("alarm-line.1-A-7", BODY)
    headers = hook.headers()
    assert headers["webhook-id"] == "alarm-line~1-A-7"
    at = SteadyClock().now()
    assert abs(int(headers["webhook-timestamp"]) - at.timestamp()) < 60
    stamped = at.replace(microsecond=0).fromtimestamp(int(headers["webhook-timestamp"]), at.tzinfo)
    expected = signed_headers([secret], "alarm-line.1-A-7", stamped, hook.bodies[0])
    assert headers["webhook-signature"] == expected["webhook-signature"]


async def test_headers_that_were_asked_for_are_sent() -> None:
    asked = ReceiverSecrets(headers={"Authorization": "Basic zQ==", "X-Api-Key": "zQ-S3cret"})
    async with listening(answer(OK)) as hook:
        await webhook(hook, asked).send("k", BODY)
    assert hook.headers()["authorization"] == "Basic zQ=="
    assert hook.headers()["x-api-key"] == "zQ-S3cret"


@pytest.mark.parametrize("mood", DRIPPING)
async def test_an_answer_that_never_ends_ends_with_the_attempt(mood: str) -> None:
    """K2.1: it held every receiver's messages, for ever."""
    async with listening(DRIPPING[mood]) as hook:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await webhook(hook).send("k", BODY)
        assert len(hook.bodies) == 1


@contextmanager
def turns() -> Iterator[list[int]]:
    """Count the turns of the event loop, which everybody else has."""
    counted = [0]
    loop = asyncio.get_running_loop()

    def turn() -> None:
        counted[0] += 1
        handle[0] = loop.call_soon(turn)

    handle = [loop.call_soon(turn)]
    yield counted
    handle[0].cancel()


@pytest.mark.parametrize("mood", FLOODING)
async def test_a_flood_after_2xx_is_read_to_its_bound_and_everybody_has_turns_meanwhile(
    mood: str,
) -> None:
    """K2.3: 480 kB of gzip took 992 MB, and an endless answer was read for ever."""
    async with listening(FLOODING[mood]) as hook:
        with turns() as counted:
            await webhook(hook).send("k", BODY)
    assert counted[0] >= MOST_ANSWER_BYTES // PIECE_BYTES


@pytest.mark.parametrize("mood", FLOODING_HEADS)
async def test_a_head_without_end_is_read_to_its_bound(mood: str) -> None:
    async with listening(FLOODING_HEADS[mood]) as hook:
        with turns() as counted, pytest.raises(DeliveryFailed) as failed:
            await webhook(hook).send("k", BODY)
        assert not isinstance(failed.value, DeliveryRefused)
    assert counted[0] >= 16  # h11 ends a line without an end at 16 kB


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 20x OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhal",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n",
        b"HTTP/3 200 zQ-S3cret\r\n\r\n",
    ],
)
async def test_what_is_no_whole_answer_is_a_failure_that_repeats_nothing_of_it(text: bytes) -> None:
    async with listening(answer(text)) as hook:
        with pytest.raises(DeliveryFailed) as failed:
            await webhook(hook).send("k", BODY)
    assert "zQ-S3cret" not in str(failed.value)
    assert failed.value.__cause__ is None


@pytest.mark.parametrize(
    "text",
    [
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\nhello",
        b"HTTP/1.1 202 Taken\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 103 Early\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
    ],
)
async def test_every_form_of_2xx_takes_the_message(text: bytes) -> None:
    async with listening(answer(text)) as hook:
        await webhook(hook).send("k", BODY)
        assert len(hook.bodies) == 1


@pytest.mark.parametrize(
    ("answering", "kind", "said"),
    [
        (status(400, body=b"no field line"), DeliveryRefused, "answered 400 .*: no field line"),
        (status(500), DeliveryFailed, "answered 500"),
        (status(302, headers="Location: http://127.0.0.1:1/\r\n"), DeliveryFailed, "answered 302"),
        (status(503, headers="Retry-After: 77\r\n"), DeliveryFailed, "answered 503"),
    ],
)
async def test_anything_else_is_told(
    answering: Answering, kind: type[DeliveryFailed], said: str
) -> None:
    async with listening(answering) as hook:
        with pytest.raises(kind, match=said) as failed:
            await webhook(hook).send("k", BODY)
    assert len(hook.bodies) == 1, "a redirect is followed nowhere"
    assert failed.value.retry_after_s == (77.0 if "503" in said else 0.0)


async def test_what_a_receiver_says_is_not_kept_where_it_was_sent_a_secret() -> None:
    asked = ReceiverSecrets(headers={"X-Api-Key": "zQ-S3cret"})
    async with listening(status(400, body=b"bad key zQ-S3cret")) as hook:
        with pytest.raises(DeliveryRefused) as refused:
            await webhook(hook, asked).send("k", BODY)
    assert str(refused.value) == "answered 400 Bad Request"


async def test_a_receiver_that_is_away_is_told_in_words() -> None:
    async with listening(answer(OK)) as hook:
        away = webhook(hook)
    with pytest.raises(DeliveryFailed, match=r"Connect|refused"):
        await away.send("k", BODY)


async def test_an_address_that_no_message_can_be_sent_to_refuses_it() -> None:
    async with listening(answer(OK)) as hook:
        with pytest.raises(DeliveryRefused, match="the address can't be used"):
            await webhook(hook, url="http://a..b/hook").send("k", BODY)


async def test_a_private_authority_is_trusted_where_it_is_named_and_nobody_else(
    tmp_path: Path,
) -> None:
    cert, key = certificate(tmp_path, "office")
    other, _ = certificate(tmp_path, "other")
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(cert, key)
    async with listening(answer(OK), serving) as hook:
        url = hook.url.replace("http:", "https:")
        for trusted, is_taken in ((cert, True), (other, False), (None, False)):
            sent = webhook(hook, of_receiver(url, trusted, tmp_path), url)
            if is_taken:
                await sent.send("k", BODY)
            else:
                with pytest.raises(DeliveryFailed, match="certificate verify failed"):
                    await sent.send("k", BODY)
    assert len(hook.bodies) == 1


def of_receiver(url: str, trusted: Path | None, folder: Path) -> ReceiverSecrets:
    target = NotificationTarget(
        name="office",
        kind=TargetKind.WEBHOOK,
        url=url,
        ca_file=str(trusted) if trusted is not None else None,
    )
    return read_secrets([target], folder / "plant", {})["office"]

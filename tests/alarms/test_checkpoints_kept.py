"""What a receiver was sent is what `redrabbit verify --checkpoint` takes, however it was kept (D62)."""

import asyncio
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

import aiomqtt
import pytest

from redrabbit.alarms.channels import make_channels
from redrabbit.alarms.checkpoint_sender import CheckpointSender
from redrabbit.alarms.delivery import Channel
from redrabbit.alarms.receiver_secrets import read_secrets
from redrabbit.base.clock import SteadyClock
from redrabbit.cli import main
from redrabbit.domain.facts.catalogue import fold
from redrabbit.domain.plant import NotificationTarget, TargetKind
from redrabbit.services.sending_checkpoints import CheckpointSending
from redrabbit.services.verifying import VerificationState
from redrabbit.store.database import SqlDatabase
from redrabbit.store.opening import open_database
from redrabbit.store.unit_of_work import Recording
from tests.alarms.moody import OK, answer, listening
from tests.links.brokers import mosquitto
from tests.plants import a_plant
from tests.stored import happened

PLANT = a_plant()


def channel(target: NotificationTarget) -> Channel:
    secrets = read_secrets([target], Path(), {})
    return make_channels([target], secrets, SteadyClock())[target.name]


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'plant.db'}"


def opened(url: str) -> SqlDatabase:
    recording = Recording(fold=fold, software="test")
    return open_database(url, plant="P", clock=SteadyClock(), recording=recording)


async def sent(url: str, way: Channel) -> None:
    """Record something, and send the checkpoint of it."""
    with opened(url) as database:
        for _ in range(3):
            await database.write(lambda uow: uow.append(happened("clock_stepped", step_s=1.0)))
        clock = SteadyClock()
        sending = CheckpointSending(
            database,
            lambda: PLANT,
            verification=VerificationState,
            heads_said_until=lambda: datetime.max.replace(tzinfo=clock.now().tzinfo),
            now=clock.now,
        )
        await CheckpointSender("archive", way, sending, clock).step()
        kept = await database.read(lambda reader: reader.checkpoints_sent())
        assert (kept["archive"].size, kept["archive"].said) == (3, None)
        await database.write(lambda uow: uow.append(happened("clock_stepped", step_s=1.0)))


def note_of(body: bytes) -> str:
    return str(json.loads(body)["checkpoint"])


KEPT: Mapping[str, Callable[[bytes], bytes]] = {
    "the message as it came": lambda body: body,
    "the message with blank lines": lambda body: b"\r\n" + body + b"\r\n",
    "the note": lambda body: note_of(body).encode(),
    "the note, mailed": lambda body: note_of(body).replace("\n", "\r\n").encode("utf-8-sig"),
    "the note, quoted in a mail": lambda body: (
        b"\n\n" + note_of(body).replace("\n", "  \r\n").encode()
    ),
}


def verified(url: str, body: bytes, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Verify with it, however it was kept; and find that it is not of another ledger."""
    for place, keep in enumerate(KEPT.values()):
        path = folder / f"kept-{place}"
        path.write_bytes(keep(body))
        assert main(["verify", "--database", url, "--checkpoint", str(path)]) == 0
        assert "unaltered: 4 entries" in capsys.readouterr().out
    other = f"sqlite:///{folder / 'other.db'}"
    opened(other).close()
    assert main(["verify", "--database", other, "--checkpoint", str(folder / "kept-0")]) == 1


async def test_a_webhook_gets_what_verifies(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with listening(answer(OK)) as hook:
        target = NotificationTarget(name="archive", kind=TargetKind.WEBHOOK, url=hook.url)
        await sent(url, channel(target))
    (body,) = hook.bodies
    assert hook.headers()["idempotency-key"] == json.loads(body)["key"]
    verified(url, body, tmp_path, capsys)


async def test_a_topic_gets_what_verifies(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with mosquitto(tmp_path) as port, aiomqtt.Client("127.0.0.1", port) as client:
        await client.subscribe("plant/checkpoints", qos=1)
        target = NotificationTarget(
            name="archive",
            kind=TargetKind.MQTT,
            host="127.0.0.1",
            port=port,
            topic="plant/checkpoints",
        )
        await sent(url, channel(target))
        async with asyncio.timeout(10):
            message = await anext(aiter(client.messages))
    assert isinstance(message.payload, bytes)
    verified(url, message.payload, tmp_path, capsys)

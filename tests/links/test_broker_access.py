"""A broker that asks who we are, and a way to it that is encrypted (issue of stations; D24)."""

import asyncio
import getpass
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import aiomqtt
import pytest

from redrabbit.domain.observation import Reason
from redrabbit.domain.secret_place import SecretPlace
from redrabbit.domain.station import BrokerAccess, BrokerTls
from redrabbit.links.broker_login import BrokerUnusable, read_logins
from redrabbit.links.mqtt import MqttBrokerLink
from tests.certificates import certificate
from tests.links.brokers import MOSQUITTO, mosquitto
from tests.links.mqtt_bench import TOPIC, Bench, station_at

pytestmark = pytest.mark.skipif(MOSQUITTO is None, reason="Mosquitto is not installed")

SECRET = "a secret for tests"


@dataclass(frozen=True)
class Broker:
    """A Mosquitto that asks for name, password and certificate, and the files that it takes."""

    port: int
    folder: Path
    password_file: Path
    own: Path
    """Its own certificate, which is its authority, too."""
    client: tuple[Path, Path]
    """A certificate that it takes, and its key."""
    stranger: tuple[Path, Path]

    def access(self, **changed: object) -> BrokerAccess:
        tls: dict[str, str | None] = {
            "ca_file": str(self.own),
            "certificate_file": str(self.client[0]),
            "key_file": str(self.client[1]),
        }
        tls |= {name: value for name, value in changed.items() if name in tls}  # type: ignore[misc]  # because they are texts
        return BrokerAccess(
            user=str(changed.get("user", "redrabbit")),
            password=SecretPlace(file=str(changed.get("password_file", self.password_file))),
            tls=None if changed.get("tls", True) is None else BrokerTls(**tls),
        )


@asynccontextmanager
async def asking(folder: Path) -> AsyncIterator[Broker]:
    """Run a broker that lets in only who has name, password and certificate."""
    config = folder / "config"
    config.mkdir()
    own, client, stranger = (certificate(folder, each) for each in ("own", "client", "stranger"))
    passwords, password = folder / "passwords", folder / "password"
    password.touch(mode=0o600)
    password.write_text(f"{SECRET}\n", encoding="ascii")
    made = await asyncio.create_subprocess_exec(
        "mosquitto_passwd", "-c", "-b", str(passwords), "redrabbit", SECRET
    )
    assert await made.wait() == 0
    more = (
        f"user {getpass.getuser()}",  # who may read the files
        f"cafile {client[0]}",
        f"certfile {own[0]}",
        f"keyfile {own[1]}",
        "require_certificate true",
        f"password_file {passwords}",
        "allow_anonymous false",
    )
    async with mosquitto(folder, *more) as port:
        yield Broker(port, config, password, own[0], client, stranger)


def bench_of(broker: Broker, access: BrokerAccess) -> Bench:
    """Return a link of a station whose broker is reached so."""
    bench, station = Bench(broker.port), station_at(broker.port, access=access)
    login = read_logins([station], broker.folder, {})["broker"]
    bench.link = MqttBrokerLink([station], bench.sink, bench.clock, Random(3), login)
    bench._task = asyncio.create_task(bench.link.run())
    return bench


async def test_who_has_name_password_and_certificate_reads_the_station(tmp_path: Path) -> None:
    async with asking(tmp_path) as broker:
        bench = bench_of(broker, broker.access())
        await bench.until(lambda: bench.diagnostics.connected_since is not None)
        context = ssl.create_default_context(cafile=broker.own)
        context.load_cert_chain(*broker.client)
        async with aiomqtt.Client(
            "127.0.0.1", broker.port, username="redrabbit", password=SECRET, tls_context=context
        ) as station:
            await station.publish(
                TOPIC, b'{"reject": true, "result": {"code": 7}, "seq": 1}', qos=1
            )
        heard = await bench.next()
        assert heard.failure is None
        assert heard.changes
        await bench.stop()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"user": "somebody"}, "Not authorized"),
        ({"password_file": "wrong"}, "Not authorized"),
        ({"ca_file": "stranger"}, "certificate verify failed"),
        ({"ca_file": None}, "certificate verify failed"),
        ({"certificate_file": None, "key_file": None}, "another certificate"),
        ({"certificate_file": "stranger", "key_file": "stranger"}, "another certificate"),
        ({"tls": None}, "closed the connection without an answer"),
    ],
    ids=[
        "name",
        "password",
        "other authority",
        "no authority",
        "no certificate",
        "stranger",
        "in clear",
    ],
)
async def test_whoever_lacks_one_of_them_is_not_connected_and_told_why(
    tmp_path: Path, changed: Mapping[str, str | None], said: str
) -> None:
    async with asking(tmp_path) as broker:
        wrong = tmp_path / "wrong"
        wrong.touch(mode=0o600)
        wrong.write_text("another secret", encoding="ascii")
        files = {"wrong": wrong, "stranger": broker.stranger[0]}
        asked = {
            name: str(files[each]) if each in files else each for name, each in changed.items()
        }
        if changed.get("key_file"):
            asked["key_file"] = str(broker.stranger[1])
        bench = bench_of(broker, broker.access(**asked))
        failed = await bench.next()
        assert failed.failure is Reason.NOT_CONNECTED
        assert said in str(failed.detail)
        assert SECRET not in str(failed.detail)
        await bench.stop()


def test_what_can_not_be_had_is_told_for_all_brokers_at_once(tmp_path: Path) -> None:
    own, other = certificate(tmp_path, "own"), certificate(tmp_path, "other")
    config = tmp_path / "config"
    config.mkdir()
    readable = tmp_path / "readable"
    readable.write_text("zQ-S3cret", encoding="ascii")
    two_lines = tmp_path / "two"
    two_lines.touch(mode=0o600)
    two_lines.write_text("zQ-S3cret\nzQ-S3cret\n", encoding="ascii")
    text = tmp_path / "text"
    text.write_text("no certificate", encoding="ascii")
    asked = {
        "nowhere": BrokerAccess(user="x", password=SecretPlace(env="NOWHERE")),
        "readable": BrokerAccess(user="x", password=SecretPlace(file=str(readable))),
        "lines": BrokerAccess(user="x", password=SecretPlace(file=str(two_lines))),
        "away": BrokerAccess(tls=BrokerTls(ca_file=str(tmp_path / "away.pem"))),
        "text": BrokerAccess(tls=BrokerTls(ca_file=str(text))),
        "key": BrokerAccess(tls=BrokerTls(certificate_file=str(own[0]), key_file=str(other[1]))),
    }
    stations = [
        station_at(1, name=name, endpoint=name, access=each) for name, each in asked.items()
    ]
    with pytest.raises(BrokerUnusable) as refused:
        read_logins(stations, config, {})
    told = dict(
        each.removeprefix("endpoint ").split(": ", 1)
        for each in str(refused.value).split("; endpoint ")
    )
    assert told.keys() == asked.keys()
    assert told["nowhere"] == "the environment has no variable NOWHERE"
    assert "for its owner only (0600)" in told["readable"]
    assert "does not hold one password" in told["lines"]
    assert "No such file" in told["away"]
    assert "holds no certificates; expected PEM" in told["text"]
    assert "the key is not that of the certificate" in told["key"]
    assert "zQ-S3cret" not in str(refused.value)

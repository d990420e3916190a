"""A station on a real Mosquitto, a real service, a real receiver: evidence in, messages out.

Each test has a broker of its own. The station is a client like any PLC's gateway: it publishes its
state at each change and ten times a second, with a sequence number and the time.
"""

import asyncio
import json
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import aiomqtt
import httpx2
import pytest
import pytest_asyncio
from ruamel.yaml import YAML

from tests.acceptance.processes import (
    CLOCK,
    LIMIT_S,
    LOOK_S,
    Service,
    free_port,
    says_no_traceback,
)
from tests.links.brokers import MOSQUITTO

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.timeout(3 * LIMIT_S),
    pytest.mark.skipif(MOSQUITTO is None, reason="Mosquitto is not installed"),
]

STATION, CHECK, RABBIT, CODE = "line1-op20", "line1-op20-seal-verification", "RR-0002", 31
TOPIC, EVENTS = "plant/line1/op20/state", "plant/redrabbit/events"
PUBLISH_EVERY_S = 0.1
OPERATOR = {"operator": "badge 2207"}


class Mosquitto:
    """A private instance that can be killed and started again on its port."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._log = folder / "mosquitto.log"
        self._settings = folder / "mosquitto.conf"
        self._settings.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence false\n"
        )
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        self._spawn()
        await until(self._answers, "Mosquitto")

    def _spawn(self) -> None:
        assert MOSQUITTO is not None
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [MOSQUITTO, "-c", str(self._settings)], stdout=log, stderr=log
            )

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(LIMIT_S)

    async def _answers(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.close()
        return True


@asynccontextmanager
async def going_on(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Let something of aiomqtt's go on for the length of a block, and wait until it has ended.

    It is cancelled until then: aiomqtt uses `asyncio.wait_for`, which in Python 3.11 swallows a cancellation
    that comes together with what it waits for.
    """
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        while not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=PUBLISH_EVERY_S)


async def until(condition: Callable[[], Awaitable[bool]], what: str) -> None:
    """Wait until something is so; a failure says what never came."""
    ends_at = CLOCK.now() + timedelta(seconds=LIMIT_S)
    while not await condition():
        assert CLOCK.now() < ends_at, f"{what}: not within {LIMIT_S:g} s"
        await CLOCK.sleep(LOOK_S)


@dataclass(frozen=True, slots=True)
class State:
    """What the station publishes."""

    part: str = ""
    rejected: bool = False
    accepted: bool = False
    code: int = 0
    count: int = 4711


@dataclass(slots=True)
class PublishingStation:
    """Publishes its state for as long as it runs, also after the broker was away."""

    port: int
    topic: str = TOPIC
    state: State = field(default_factory=State)
    sequence: int = 0
    late_s: float = 0.0
    """How long ago its messages say that they were made: as if it had kept them so long."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def shows(self, **changes: object) -> None:
        """Change what it shows; it is published at once."""
        self.state = replace(self.state, **changes)  # type: ignore[arg-type]  # because callers name its fields
        self.changed.set()

    def message(self) -> str:
        self.sequence += 1
        made_at = CLOCK.now() - timedelta(seconds=self.late_s)
        told = {"seq": self.sequence, "at": made_at.isoformat(), "q": True}
        return json.dumps(told | asdict(self.state))

    async def run(self) -> None:
        while True:
            try:
                async with aiomqtt.Client("127.0.0.1", self.port, timeout=LIMIT_S) as client:
                    await self._publish(client)
            except aiomqtt.MqttError:
                await CLOCK.sleep(PUBLISH_EVERY_S)

    async def _publish(self, client: aiomqtt.Client) -> None:
        while True:
            self.changed.clear()
            await client.publish(self.topic, self.message(), qos=1)
            waiting = asyncio.create_task(self.changed.wait())
            await asyncio.wait({waiting}, timeout=PUBLISH_EVERY_S)
            waiting.cancel()


@dataclass(slots=True)
class Webhook:
    """A receiver of messages that may refuse them for a while."""

    status: int = 200
    drips: bool = False
    """Whether its answers come a byte at a time, and never to an end."""
    hung_up: int = 0
    """How many of such answers the service did not wait for."""
    port: int = 0
    refused: list[dict[str, Any]] = field(default_factory=list)
    taken: list[dict[str, Any]] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii").lower()
        length = int(head.partition("content-length:")[2].split("\r\n")[0])
        body = json.loads(await reader.readexactly(length))
        assert f"idempotency-key: {body['key'].lower()}" in head
        if self.drips:
            self.refused.append(body)
            await self._drip(reader, writer)
            return
        (self.taken if self.status < 300 else self.refused).append(body)
        writer.write(f"HTTP/1.1 {self.status} x\r\ncontent-length: 0\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    async def _drip(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n")
        hanging_up = asyncio.ensure_future(reader.read())
        while not hanging_up.done():
            writer.write(b"x")
            await asyncio.wait({hanging_up}, timeout=PUBLISH_EVERY_S)
        self.hung_up += 1
        writer.transport.abort()


@dataclass(slots=True)
class Bench:
    """One plant with one station that is read over a real broker."""

    folder: Path
    config_dir: Path
    broker: Mosquitto
    webhook: Webhook
    station: PublishingStation

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["Desk"]:
        """Serve the plant, watched, for the length of a block."""
        database = self.folder / "records.sqlite3"
        with Service.forked(self.folder, self.config_dir, database) as service:
            url = await service.ready()
            async with httpx2.AsyncClient(base_url=f"{url}/api/v1", timeout=LIMIT_S) as client:
                yield Desk(service, client)
            assert says_no_traceback([service.log]), service.log

    @asynccontextmanager
    async def publishing(self) -> AsyncIterator[None]:
        async with going_on(self.station.run()):
            yield


@dataclass(slots=True)
class Desk:
    """An operator at the station, by the public API."""

    service: Service
    client: httpx2.AsyncClient
    run_id: str = ""

    async def get(self, path: str) -> Any:
        answer = await self.client.get(path)
        answer.raise_for_status()
        return answer.json()

    async def act(self, path: str, **body: object) -> dict[str, Any]:
        answer = await self.client.post(path, json=OPERATOR | body)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def confirm(self) -> dict[str, Any]:
        """Confirm the run, as soon as its verdict stands (decision 0024)."""
        ends_at = CLOCK.now() + timedelta(seconds=LIMIT_S)
        while True:
            answer = await self.client.post(f"/runs/{self.run_id}/confirm", json=OPERATOR)
            found: dict[str, Any] = answer.json()
            if answer.is_success:
                return found
            assert found["code"] == "verdict_open", answer.text
            assert CLOCK.now() < ends_at, answer.text
            await CLOCK.sleep(LOOK_S)

    async def is_read(self) -> bool:
        """Return whether readings are fresh: neither retained nor from the settle time."""
        shown = await self.get(f"/stations/{STATION}")
        fresh = [each["value"] is not None and not each["retained"] for each in shown["signals"]]
        return shown["no_data_since"] is None and all(fresh)

    async def take_part(self) -> None:
        """Wait until the station is read, start a run, take the part."""
        await until(self.is_read, "a reading of the station")
        self.run_id = (await self.act("/runs", check=CHECK))["run_id"]
        await self.act(f"/runs/{self.run_id}/scan", code=RABBIT)

    async def run(self) -> dict[str, Any]:
        found: dict[str, Any] = await self.get(f"/runs/{self.run_id}")
        return found

    async def is_presented(self) -> bool:
        return bool((await self.run())["presentations"][0]["presented_at"])

    async def verdict(self) -> tuple[str, str | None]:
        """Wait for the verdict; return it with its reason."""

        async def is_judged() -> bool:
            return (await self.run())["presentations"][0]["verdict"] is not None

        await until(is_judged, "a verdict")
        shown = (await self.run())["presentations"][0]
        return shown["verdict"], shown["verdict_reason"]


@pytest_asyncio.fixture
async def bench(tmp_path: Path, template: Path) -> AsyncIterator[Bench]:
    broker, webhook = Mosquitto(tmp_path), Webhook()
    server = await asyncio.start_server(webhook.serve, "127.0.0.1", 0)
    webhook.port = server.sockets[0].getsockname()[1]
    configure(template, broker.port, webhook.port)
    await broker.start()
    try:
        yield Bench(tmp_path, template, broker, webhook, PublishingStation(broker.port))
    finally:
        broker.kill()
        server.close()
        await server.wait_closed()


def configure(folder: Path, broker_port: int, webhook_port: int) -> None:
    """Point the template at the broker, tell two receivers, and let silence be a miss."""
    yaml = YAML()
    plant = yaml.load(folder / "plant.yaml")
    plant["endpoints"]["plant-broker"]["mqtt"] = f"127.0.0.1:{broker_port}"
    plant["notifications"] = {
        "andon": {"mqtt": f"127.0.0.1:{broker_port}", "topic": EVENTS},
        "office": {"webhook": f"http://127.0.0.1:{webhook_port}/hook", "events": ["missed"]},
    }
    yaml.dump(plant, folder / "plant.yaml")
    station = yaml.load(folder / f"{STATION}.yaml")
    rule = station["devices"]["line1-op20-camera"]["rule"]
    rule["on_silence"] = "missed"
    yaml.dump(station, folder / f"{STATION}.yaml")


async def test_a_rabbit_rejected_over_a_real_broker_passes_its_check(bench: Bench) -> None:
    async with bench.publishing(), bench.serving() as desk:
        await desk.take_part()
        bench.station.shows(part=RABBIT)
        await until(desk.is_presented, "the part's code")
        bench.station.shows(rejected=True, code=CODE)
        assert await desk.verdict() == ("detected", None)
        bench.station.shows(part="", rejected=False, code=0)
        await desk.act(f"/runs/{desk.run_id}/given-back", code=RABBIT)
        assert (await desk.confirm())["outcome"] == "passed"
        assert await desk.service.stopped() == 0


async def test_messages_that_were_kept_for_ten_minutes_prove_nothing(bench: Bench) -> None:
    """The finding (D27): unretained, in order, over a healthy connection; detected, and passed."""
    async with bench.publishing(), bench.serving() as desk:
        await desk.take_part()
        bench.station.late_s = 600
        bench.station.shows(part=RABBIT)
        await CLOCK.sleep(0.3)
        bench.station.shows(rejected=True, code=CODE)
        await CLOCK.sleep(0.3)
        bench.station.shows(part="", rejected=False, code=0)
        await CLOCK.sleep(0.3)
        bench.station.late_s = 0
        bench.station.changed.set()
        await until(desk.is_read, "live messages again")
        assert not await desk.is_presented()
        bench.station.shows(part=RABBIT)
        await until(desk.is_presented, "the part's code")
        bench.station.shows(rejected=True, code=CODE)
        assert await desk.verdict() == ("detected", None)


async def test_a_database_that_somebody_else_holds_makes_no_answer_in_time(bench: Bench) -> None:
    """The finding (D27): the answer came after 3.5 s, and was recorded as one of 0.1 s."""
    async with bench.publishing(), bench.serving() as desk:
        await desk.take_part()
        held = sqlite3.connect(bench.folder / "records.sqlite3", timeout=5, isolation_level=None)
        held.execute("BEGIN IMMEDIATE")
        bench.station.shows(part=RABBIT)
        await CLOCK.sleep(3.5)
        bench.station.shows(rejected=True, code=CODE)
        await CLOCK.sleep(1)
        held.execute("ROLLBACK")
        held.close()
        assert await desk.verdict() == ("missed", None), "within 3 s nothing had come"


async def test_a_rejection_left_over_from_before_proves_nothing(bench: Bench) -> None:
    left_over = State(rejected=True, code=CODE)
    bench.station.state = left_over
    async with aiomqtt.Client("127.0.0.1", bench.broker.port) as client:
        await client.publish(TOPIC, bench.station.message(), qos=1, retain=True)
    async with bench.serving() as desk:
        await until(lambda: has_expired(desk), "the retained message, taken and expired")
        refused = await desk.client.post("/runs", json=OPERATOR | {"check": CHECK})
        assert (refused.status_code, refused.json()["code"]) == (409, "device_no_data")
        async with bench.publishing():  # the bit was never reset
            await desk.take_part()
            bench.station.shows(part=RABBIT)
            verdict, reason = await desk.verdict()
    assert (verdict, reason) == ("inconclusive", "stuck")


async def has_expired(desk: Desk) -> bool:
    taken = any(line["message"] == "station is read" for line in desk.service.lines())
    return taken and (await desk.get(f"/stations/{STATION}"))["no_data_since"] is not None


async def test_a_broker_that_restarts_in_mid_presentation_leaves_it_inconclusive(
    bench: Bench,
) -> None:
    async with bench.publishing(), bench.serving() as desk:
        await desk.take_part()
        bench.station.shows(part=RABBIT)
        await until(desk.is_presented, "the part's code")
        bench.broker.kill()
        bench.station.shows(rejected=True, code=CODE)  # nobody hears it
        assert await desk.verdict() == ("inconclusive", "link_lost")
        await bench.broker.start()
        await until(desk.is_read, "the station, after the broker came back")
        assert await desk.verdict() == ("inconclusive", "link_lost")
        bench.station.shows(part="", rejected=False, code=0)
        await desk.act(f"/runs/{desk.run_id}/given-back", code=RABBIT)
        confirmed = await desk.confirm()
        assert confirmed["outcome"] == "inconclusive"


async def test_a_miss_reaches_its_receivers_although_the_service_is_killed(bench: Bench) -> None:
    bench.webhook.status = 503
    async with listening(bench.broker.port) as heard, bench.publishing():
        async with bench.serving() as desk:
            await desk.take_part()
            bench.station.shows(part=RABBIT)
            assert await desk.verdict() == ("missed", None)
            await until(lambda: has(bench.webhook.refused), "a try to deliver")
            desk.service.kill()
        told = next(each for each in bench.webhook.refused if each["event"] == "missed")
        bench.webhook.status = 200
        async with bench.serving() as desk:
            await until(lambda: has(bench.webhook.taken), "the message, after the restart")
            await until(lambda: has([e for e in heard if e["event"] == "missed"]), "the topic")
            await desk.service.stopped()
    assert {each["key"] for each in bench.webhook.taken} == {told["key"]}
    on_topic = [each for each in heard if each["event"] == "missed"]
    assert {each["key"] for each in on_topic} == {told["key"]}
    assert (told["station"], told["part_id"]) == (STATION, RABBIT)


async def test_a_dripping_webhook_delays_no_alarm_to_a_broker(bench: Bench) -> None:
    """K2.1: MQTT got the first message, and then none until the webhook was killed."""
    bench.webhook.drips = True
    async with listening(bench.broker.port) as heard, bench.publishing(), bench.serving() as desk:
        for number in (1, 2, 3):
            await desk.take_part()
            bench.station.shows(part=RABBIT)
            assert await desk.verdict() == ("missed", None)
            await until(partial(has_number, heard, number), "the topic")
            bench.station.shows(part="")
            await desk.act(f"/runs/{desk.run_id}/given-back", code=RABBIT)
            await desk.confirm()
        assert len({each["key"] for each in missed(heard)}) == 3
        await until(lambda: has([True] * bench.webhook.hung_up), "the end of the first attempt")
        assert {each["key"] for each in bench.webhook.refused} == {missed(heard)[0]["key"]}
        metrics = (await desk.client.get(desk.client.base_url.join("/metrics"))).text
        assert 'redrabbit_deliveries_pending{target="office"} 3.0' in metrics
        assert 'redrabbit_deliveries_pending{target="andon"} 0.0' in metrics
        assert await desk.service.stopped() == 0


async def has_number(heard: list[dict[str, Any]], number: int) -> bool:
    return len(missed(heard)) >= number


def missed(heard: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [each for each in heard if each["event"] == "missed"]


async def has(found: list[Any]) -> bool:
    return bool(found)


@asynccontextmanager
async def listening(port: int) -> AsyncIterator[list[dict[str, Any]]]:
    """Hear what is told on the topic of events."""
    heard: list[dict[str, Any]] = []
    subscribed = asyncio.Event()

    async def listen() -> None:
        async with aiomqtt.Client("127.0.0.1", port) as client:
            await client.subscribe(EVENTS, qos=1)
            subscribed.set()
            async for message in client.messages:
                heard.extend(
                    [json.loads(bytes(message.payload))]
                )  # one by one: others watch the list

    async with going_on(listen()):
        async with asyncio.timeout(LIMIT_S):
            await subscribed.wait()
        yield heard

"""What the tests of the MQTT link share: a link through a tap, its clock, what it has said."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import aiomqtt

from redrabbit.domain.identity import LineId, SignalName, StationId
from redrabbit.domain.observation import Acquisition, Reason, Value
from redrabbit.domain.signals import Encoding, MqttAddress, SignalSpec
from redrabbit.domain.station import MqttLink, Station
from redrabbit.domain.text import Text
from redrabbit.links.mqtt import MqttBrokerLink
from redrabbit.services.station_link import Diagnostics
from simulators.virtual_clock import VirtualClock
from tests.fakes import JumpClock
from tests.links.brokers import (
    Tap,
    mosquitto,
    simulated,
)

DEADLINE_S = 15.0
SETTLE_S = 0.5
TOPIC = "line/op30/state"


def signal(name: str, encoding: Encoding, topic: str = TOPIC, **more: Any) -> SignalSpec:
    address = MqttAddress(topic=topic, encoding=encoding, **more)
    return SignalSpec(name=SignalName(name), address=address)


JSON_SIGNALS = (
    signal("reject", Encoding.BOOL, path=("reject",), sequence_path=("seq",)),
    signal("code", Encoding.INTEGER, path=("result", "code"), sequence_path=("seq",)),
)

PLAIN_SIGNALS = (
    signal("present", Encoding.BOOL, "line/op30/present", expected_every_s=5.0),
    signal("torque", Encoding.NUMBER, "line/op30/torque"),
)


def station_at(
    port: int, signals: tuple[SignalSpec, ...] = JSON_SIGNALS, name: str = "op30", **more: Any
) -> Station:
    return Station(
        id=StationId(name),
        line=LineId("line"),
        operation="OP30",
        name=Text(en="Station", zh="工位"),
        link=MqttLink(
            **{"endpoint": "broker"} | more, host="127.0.0.1", port=port, settle_s=SETTLE_S
        ),
        signals=signals,
        devices=(),
    )


def turn() -> Awaitable[None]:
    return JumpClock().sleep(0)


class Bench:
    """A link whose connection runs through a tap, its clock, and what it has said."""

    def __init__(self, broker_port: int) -> None:
        self.broker_port = broker_port
        self.tap = Tap(broker_port)
        self.clock = VirtualClock(datetime(2026, 3, 2, 6, 0, tzinfo=UTC))
        self.heard: asyncio.Queue[Acquisition] = asyncio.Queue()
        self.outcomes: list[asyncio.Future[None]] = []
        """What the sink returns for the next acquisitions; nothing: None."""
        self.on_sink: Callable[[], object] = lambda: None
        """Called with each acquisition."""
        self._task: asyncio.Task[None] | None = None

    def sink(self, acquisition: Acquisition) -> Awaitable[object] | None:
        self.heard.put_nowait(acquisition)
        self.on_sink()
        return self.outcomes.pop(0) if self.outcomes else None

    async def listen(self, *stations: Station, settled: bool = True) -> None:
        """Start the link and wait until it has subscribed."""
        self.link = MqttBrokerLink(
            stations or [station_at(self.tap.port)], self.sink, self.clock, Random(3)
        )
        self._task = asyncio.create_task(self.link.run())
        await self.until(lambda: self.diagnostics.connected_since is not None)
        if settled:
            await self.pass_time(SETTLE_S)

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while not condition():
                assert self._task is None or not self._task.done()
                await turn()

    async def pass_time(self, seconds: float) -> None:
        """Let time pass for a process that does not stand still meanwhile."""
        until = self.clock.steady + timedelta(seconds=seconds)
        while self.clock.steady < until:
            await self.until(lambda: self.clock.next_wake_at() is not None)
            wakes_at = self.clock.next_wake_at() or until
            self.clock.advance_to(min(until, max(wakes_at, self.clock.steady)))
            await turn()

    def advance(self, seconds: float) -> None:
        """Let time pass at once, as for a process that stands still."""
        self.clock.advance_to(self.clock.steady + timedelta(seconds=seconds))

    @property
    def diagnostics(self) -> Diagnostics:
        return next(iter(self.link.diagnostics.values()))

    async def publish(self, payload: object, topic: str = TOPIC, **more: Any) -> None:
        """Publish as a station does, past the tap; QoS 1 unless told otherwise."""
        text = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        async with aiomqtt.Client("127.0.0.1", self.broker_port) as client:
            await client.publish(topic, text, **{"qos": 1, **more})

    async def publish_all(self, said: Iterable[tuple[str, object]]) -> None:
        """Publish several values over one connection."""
        async with aiomqtt.Client("127.0.0.1", self.broker_port) as client:
            for topic, value in said:
                text = value if isinstance(value, bytes) else json.dumps(value).encode()
                await client.publish(topic, text, qos=1)

    async def next(self) -> Acquisition:
        async with asyncio.timeout(DEADLINE_S):
            return await self.heard.get()

    async def stop(self) -> None:
        if self._task is not None and not self._task.done():
            self._task.cancel()
            async with asyncio.timeout(DEADLINE_S):
                await asyncio.gather(self._task, return_exceptions=True)


BROKERS: dict[str, Callable[[Path], AbstractAsyncContextManager[int]]] = {
    "mosquitto": mosquitto,
    "simulated": simulated,
}


def told(acquisition: Acquisition) -> dict[str, Value | Reason | None]:
    return {
        seen.signal: seen.reason if seen.value is None else seen.value
        for seen in acquisition.changes
    }


def state(seq: int, *, reject: bool, code: int = 0) -> dict[str, object]:
    return {"seq": seq, "reject": reject, "result": {"code": code}}


async def reconnected(bench: Bench) -> None:
    """Let the pause pass and wait for the next connection."""
    await bench.until(lambda: bench.clock.next_wake_at() is not None)
    bench.advance(30)
    await bench.until(lambda: bench.diagnostics.connected_since is not None)

"""The whole of it over the real records: a receiver is lost, the others hear of it, it comes back."""

import asyncio
import json
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from redrabbit.alarms.delivery import DeliveryFailed
from redrabbit.alarms.reach_watch import NOT_REACHED_AFTER_S
from redrabbit.alarms.telling import telling
from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.plant import NotificationTarget, TargetKind
from redrabbit.domain.records import AlarmRecord
from redrabbit.services.alarming import raise_alarm
from redrabbit.services.receiver_alarms import ReceiverAlarms
from simulators.virtual_clock import VirtualClock
from tests.alarms.people_to_tell import NOBODY_TOLD
from tests.plants import Bench

TARGETS = [
    NotificationTarget(name="andon", kind=TargetKind.MQTT),
    NotificationTarget(name="office", kind=TargetKind.WEBHOOK),
]


@dataclass
class Receiver:
    is_away: bool = False
    got: list[tuple[str, str | None]] = field(default_factory=list)
    """What happened, and to which receiver."""

    async def send(self, key: str, body: str) -> None:
        del key
        if self.is_away:
            raise DeliveryFailed("connection refused")
        told = json.loads(body)
        self.got.append((told["event"], told["receiver"]))


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.database.send_to(TARGETS)
    return bench


async def test_the_others_hear_within_minutes_that_a_receiver_is_lost(bench: Bench) -> None:
    """And it gets what it missed once it is back, in order, but not the news of itself."""
    receivers = {"andon": Receiver(is_away=True), "office": Receiver()}
    clock = VirtualClock(bench.clock.now())
    alarms = ReceiverAlarms(bench.database, lambda: None)
    works = telling(receivers, NOBODY_TOLD, bench.database.outbox, alarms, clock)
    tasks = [asyncio.ensure_future(work()) for work in works.values()]

    async def pass_time(seconds: float) -> None:
        for _ in range(round(seconds)):
            clock.advance_to(clock.steady + timedelta(seconds=1))
            for _ in range(30):
                turn = asyncio.get_running_loop().create_future()
                asyncio.get_running_loop().call_soon(turn.set_result, None)
                await turn

    def happens() -> None:
        bench.database.write_now(lambda uow: raise_alarm(uow, AlarmKind.CLOCK_STEP, at=uow.now))

    happens()
    await pass_time(NOT_REACHED_AFTER_S - 5)
    assert receivers["office"].got == [("clock_step", None)]
    await pass_time(10)
    assert receivers["office"].got == [("clock_step", None), ("receiver_not_reached", "andon")]
    happens()
    receivers["andon"].is_away = False
    await pass_time(75)
    assert receivers["andon"].got == [("clock_step", None)] * 2
    alarm = bench.database.read_now(lambda reader: reader.find(AlarmRecord))[1]
    assert (alarm.receiver, alarm.ended_at is not None) == ("andon", True)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

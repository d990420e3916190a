"""A sign of life comes only while the service records and watches, and its absence is the alarm (B20)."""

import json
from datetime import UTC, datetime

import pytest

from redrabbit.alarms.delivery import DeliveryFailed
from redrabbit.alarms.watcher import LOOK_AGAIN_S, Watcher
from simulators.virtual_clock import VirtualClock

BEGIN = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


class Outside:
    """A watcher that takes pings, or does not."""

    def __init__(self) -> None:
        self.pings: list[dict[str, str]] = []
        self.is_away = False

    async def send(self, key: str, body: str) -> None:
        if self.is_away:
            raise DeliveryFailed("ConnectionRefusedError")
        self.pings.append({"key": key, **json.loads(body)})


@pytest.fixture
def outside() -> Outside:
    return Outside()


def watcher_of(outside: Outside, truth: list[bool]) -> Watcher:
    return Watcher(outside, 60.0, lambda: truth[-1], VirtualClock(BEGIN), "Changchun 2")


async def test_it_pings_as_often_as_it_was_told(outside: Outside) -> None:
    watcher = watcher_of(outside, [True])
    assert await watcher.step() == 60.0
    (ping,) = outside.pings
    assert (ping["event"], ping["plant"]) == ("alive", "Changchun 2")
    assert watcher.state.taken_at == BEGIN


async def test_it_does_not_ping_while_nothing_is_recorded_or_watched(outside: Outside) -> None:
    truth = [False]
    watcher = watcher_of(outside, truth)
    assert await watcher.step() == LOOK_AGAIN_S
    assert outside.pings == []
    assert watcher.state.silent_at == BEGIN
    truth.append(True)
    await watcher.step()
    assert len(outside.pings) == 1
    assert watcher.state.silent_at is None


async def test_a_ping_that_was_not_taken_is_tried_again_soon_and_shown(outside: Outside) -> None:
    watcher = watcher_of(outside, [True])
    outside.is_away = True
    assert await watcher.step() == LOOK_AGAIN_S
    assert await watcher.step() == LOOK_AGAIN_S
    assert watcher.state.failed_at == BEGIN
    outside.is_away = False
    assert await watcher.step() == 60.0
    assert watcher.state.failed_at is None

"""Receivers hear that nothing is recorded though nothing can be recorded, and hear it once (K4)."""

import asyncio
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from redrabbit.alarms.delivery import DeliveryFailed
from redrabbit.alarms.recording_told import AGAIN_S, RecordingTeller, recording_told
from redrabbit.services.errors import StoreTrouble, TroubleWhy
from redrabbit.services.recording_watch import STOPPED_AFTER_S, RecordingWatch
from simulators.virtual_clock import VirtualClock

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
FULL = StoreTrouble("database or disk is full", TroubleWhy.DISK_FULL)


@dataclass
class Receiver:
    is_away: bool = False
    got: list[dict[str, object]] = field(default_factory=list)

    async def send(self, key: str, body: str) -> None:
        if self.is_away:
            raise DeliveryFailed("connection refused")
        told = json.loads(body)
        assert told["key"] == key
        self.got.append(told)

    @property
    def events(self) -> list[object]:
        return [told["event"] for told in self.got]


class Bench:
    def __init__(self) -> None:
        self.clock = VirtualClock(NOW)
        self.watch = RecordingWatch(self.clock)
        self.watch.recorded()
        self.receiver = Receiver()
        self.teller = RecordingTeller("andon", self.receiver, self.watch, self.clock, "Changchun 2")

    def stops(self) -> None:
        self.watch.failed(FULL)
        self.clock.advance_to(self.clock.steady + timedelta(seconds=STOPPED_AFTER_S + 1))


async def test_a_receiver_is_told_once_when_it_stops_and_once_when_it_works_again() -> None:
    bench = Bench()
    await bench.teller.step()
    assert bench.receiver.got == []
    bench.stops()
    for _ in range(5):
        await bench.teller.step()
    bench.watch.recorded()
    for _ in range(5):
        await bench.teller.step()
    assert bench.receiver.events == ["not_recording", "recording_again"]
    told = bench.receiver.got[0]
    assert (told["why"], told["since"], told["plant"]) == (
        "disk_full",
        NOW.isoformat(),
        "Changchun 2",
    )
    assert told["beside_the_records"] is True
    assert told["key"] != bench.receiver.got[1]["key"]


async def test_a_receiver_that_is_away_is_told_when_it_is_back() -> None:
    bench = Bench()
    bench.stops()
    bench.receiver.is_away = True
    assert await bench.teller.step() == AGAIN_S
    bench.receiver.is_away = False
    await bench.teller.step()
    assert bench.receiver.events == ["not_recording"]


async def test_who_never_heard_that_it_stopped_is_not_told_that_it_works_again() -> None:
    bench = Bench()
    bench.stops()
    bench.receiver.is_away = True
    await bench.teller.step()
    bench.watch.recorded()
    bench.receiver.is_away = False
    await bench.teller.step()
    assert bench.receiver.got == []


def test_each_receiver_has_a_task_of_its_own() -> None:
    bench = Bench()
    works = recording_told(
        {"andon": bench.receiver, "office": Receiver()}, bench.watch, bench.clock, "Changchun 2"
    )
    assert list(works) == ["recording told to andon", "recording told to office"]


@given(st.lists(st.sampled_from(["stops", "records", "lost", "back", "step"]), max_size=30))
def test_what_a_receiver_hears_always_alternates(happened: list[str]) -> None:
    """Whoever was told last that it stopped knows that it stopped."""

    async def story() -> None:
        bench = Bench()
        for each in happened:
            match each:
                case "stops":
                    bench.stops()
                case "records":
                    bench.watch.recorded()
                case "lost" | "back":
                    bench.receiver.is_away = each == "lost"
                case _:
                    await bench.teller.step()
        bench.receiver.is_away = False
        bench.watch.recorded()
        await bench.teller.step()
        pairs = len(bench.receiver.got) // 2
        assert bench.receiver.events == ["not_recording", "recording_again"] * pairs

    asyncio.run(story())

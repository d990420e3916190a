"""A receiver that has taken nothing for five minutes raises an alarm, which ends when it does (D48)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.alarms.reach_watch import LOOK_S, NOT_REACHED_AFTER_S, ReachWatch
from redrabbit.services.errors import StoreTrouble
from simulators.virtual_clock import VirtualClock

BEGIN = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


@dataclass
class Queue:
    is_failing: bool | None = None


@dataclass
class Told:
    """The records, as far as the watch knows them."""

    open: set[str] = field(default_factory=set)
    said: list[str] = field(default_factory=list)
    is_away: bool = False

    async def not_reached(self) -> frozenset[str]:
        self._refuse()
        return frozenset(self.open)

    async def begin(self, receiver: str) -> None:
        self._refuse()
        assert receiver not in self.open
        self.open.add(receiver)
        self.said.append(f"{receiver} lost")

    async def end(self, receiver: str) -> None:
        self._refuse()
        self.open.remove(receiver)
        self.said.append(f"{receiver} back")

    def _refuse(self) -> None:
        if self.is_away:
            raise StoreTrouble("disk full")


@dataclass
class Watched:
    queues: dict[str, Queue]
    alarms: Told
    clock: VirtualClock

    async def pass_time(self, seconds: float) -> None:
        for _ in range(round(seconds / LOOK_S)):
            self.clock.advance_to(self.clock.steady + timedelta(seconds=LOOK_S))
            await turned()


async def turned() -> None:
    for _ in range(3):
        turn = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(turn.set_result, None)
        await turn


@asynccontextmanager
async def watched(*names: str, told: Told | None = None) -> AsyncIterator[Watched]:
    bench = Watched({name: Queue() for name in names}, told or Told(), VirtualClock(BEGIN))
    task = asyncio.create_task(ReachWatch(bench.queues, bench.alarms, bench.clock).run())
    await turned()
    try:
        yield bench
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_an_alarm_is_raised_after_five_minutes_and_ends_with_the_first_message_taken() -> (
    None
):
    async with watched("andon", "office") as bench:
        bench.queues["office"].is_failing = False
        bench.queues["andon"].is_failing = True
        await bench.pass_time(NOT_REACHED_AFTER_S - LOOK_S)
        assert bench.alarms.said == []
        await bench.pass_time(LOOK_S)
        assert bench.alarms.said == ["andon lost"]
        await bench.pass_time(2 * NOT_REACHED_AFTER_S)
        assert bench.alarms.said == ["andon lost"], "once"
        bench.queues["andon"].is_failing = False
        await bench.pass_time(LOOK_S)
        assert bench.alarms.said == ["andon lost", "andon back"]


async def test_five_minutes_in_pieces_are_none() -> None:
    async with watched("andon") as bench:
        for _ in range(5):
            bench.queues["andon"].is_failing = True
            await bench.pass_time(NOT_REACHED_AFTER_S - LOOK_S)
            bench.queues["andon"].is_failing = False
            await bench.pass_time(LOOK_S)
        assert bench.alarms.said == []


async def test_an_alarm_of_an_earlier_life_ends_when_the_receiver_is_reached_not_before() -> None:
    async with watched("andon", told=Told(open={"andon"})) as bench:
        await bench.pass_time(9)
        bench.queues["andon"].is_failing = True
        await bench.pass_time(2 * NOT_REACHED_AFTER_S)
        assert bench.alarms.said == [], "it says so already"
        bench.queues["andon"].is_failing = False
        await bench.pass_time(LOOK_S)
        assert bench.alarms.said == ["andon back"]


async def test_the_alarm_about_a_receiver_that_was_removed_ends() -> None:
    async with watched("andon", told=Told(open={"pager"})) as bench:
        await bench.pass_time(LOOK_S)
        assert bench.alarms.said == ["pager back"]


async def test_what_the_records_could_not_be_told_is_told_later_and_once() -> None:
    async with watched("andon") as bench:
        bench.queues["andon"].is_failing = True
        bench.alarms.is_away = True
        await bench.pass_time(2 * NOT_REACHED_AFTER_S)
        bench.alarms.is_away = False
        await bench.pass_time(9)
        assert bench.alarms.said == ["andon lost"]


@pytest.mark.parametrize("step", [timedelta(days=-9), timedelta(days=9)])
async def test_a_clock_that_is_set_raises_and_delays_no_alarm(step: timedelta) -> None:
    async with watched("andon") as bench:
        bench.queues["andon"].is_failing = True
        await bench.pass_time(NOT_REACHED_AFTER_S / 2)
        bench.clock.step_wall(step)
        bench.clock.reanchor()
        await bench.pass_time(NOT_REACHED_AFTER_S / 2 - LOOK_S)
        assert bench.alarms.said == []
        await bench.pass_time(LOOK_S)
        assert bench.alarms.said == ["andon lost"]


@given(st.lists(st.tuples(st.sampled_from([None, True, False]), st.integers(1, 500)), max_size=8))
def test_an_alarm_stands_exactly_while_it_failed_for_five_minutes_and_was_not_reached(
    told: list[tuple[bool | None, int]],
) -> None:
    async def story() -> None:
        async with watched("andon") as bench:
            failing_s = 0
            stands: set[str] = set()
            for is_failing, seconds in told:
                bench.queues["andon"].is_failing = is_failing
                await bench.pass_time(seconds)
                failing_s = failing_s + seconds if is_failing else 0
                if failing_s >= NOT_REACHED_AFTER_S:
                    stands = {"andon"}
                elif is_failing is False:
                    stands = set()
                assert bench.alarms.open == stands

    asyncio.run(story())

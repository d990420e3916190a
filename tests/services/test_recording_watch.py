"""Whether anything is recorded: by what was committed, never by a loop that turns (K4, F3, F4)."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.services.errors import StoreTrouble, TroubleWhy
from redrabbit.services.recording_watch import (
    AGAIN_S,
    HEARTBEAT_S,
    STOPPED_AFTER_S,
    RecordingWatch,
    keep_beating,
    keep_log,
)
from simulators.virtual_clock import VirtualClock

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
FULL = StoreTrouble("database or disk is full", TroubleWhy.DISK_FULL)


@dataclass
class Database:
    """Takes beats, refuses them, or says nothing."""

    trouble: StoreTrouble | None = None
    silent: asyncio.Event | None = None
    beats: list[datetime] = field(default_factory=list)

    async def heartbeat(self, name: str, at: datetime) -> None:
        assert name == "agent"
        if self.silent is not None:
            await self.silent.wait()
        if self.trouble is not None:
            raise self.trouble
        self.beats.append(at)


class Bench:
    def __init__(self) -> None:
        self.clock = VirtualClock(NOW)
        self.watch = RecordingWatch(self.clock)
        self.database = Database()

    async def pass_time(self, seconds: float) -> None:
        for _ in range(round(seconds * 2)):
            self.clock.advance_to(self.clock.steady + timedelta(seconds=0.5))
            for _ in range(10):
                turn = asyncio.get_running_loop().create_future()
                asyncio.get_running_loop().call_soon(turn.set_result, None)
                await turn

    @contextmanager
    def running(self) -> Iterator[None]:
        works = (
            keep_beating(self.database, self.watch, self.clock),
            keep_log(self.watch, self.clock),
        )
        tasks = [asyncio.ensure_future(work) for work in works]
        yield
        for task in tasks:
            task.cancel()

    @property
    def why(self) -> TroubleWhy | None:
        stopped = self.watch.stopped()
        return stopped.why if stopped is not None else None


async def test_what_is_recorded_again_and_again_is_never_said_to_have_stopped() -> None:
    """G7: an idle service wrote 790 MB a day, one beat a second; one in two is as true."""
    bench = Bench()
    assert bench.why is None, "nothing is said before the first commit"
    with bench.running():
        await bench.pass_time(3600)
        assert bench.why is None
        assert len(bench.database.beats) == 3600 / HEARTBEAT_S


@pytest.mark.parametrize("after_s", [0.0, 0.5, 1.0, 1.5])
async def test_it_is_told_five_seconds_after_the_last_commit_whenever_the_disk_fails(
    after_s: float,
) -> None:
    """Decision 0029: however often the heart beats, and a second after it works again it is recorded."""
    bench = Bench()
    with bench.running():
        await bench.pass_time(10 + after_s)
        last = bench.database.beats[-1]
        bench.database.trouble = FULL
        await bench.pass_time((last - bench.clock.now()).total_seconds() + STOPPED_AFTER_S)
        told = [bench.why]
        await bench.pass_time(0.5)
        told.append(bench.why)
        bench.database.trouble = None
        await bench.pass_time(AGAIN_S)
        told.append(bench.why)
    assert told == [None, TroubleWhy.DISK_FULL, None]


async def test_a_database_that_refuses_is_told_with_its_reason_and_since_when() -> None:
    bench = Bench()
    with bench.running():
        await bench.pass_time(10)
        last = bench.database.beats[-1]
        bench.database.trouble = FULL
        await bench.pass_time(STOPPED_AFTER_S + HEARTBEAT_S)
        stopped = bench.watch.stopped()
        assert stopped is not None
        assert (stopped.why, stopped.since) == (TroubleWhy.DISK_FULL, last)
        bench.database.trouble = None
        await bench.pass_time(HEARTBEAT_S)
        assert bench.why is None


async def test_a_database_that_says_nothing_is_told_too() -> None:
    """P2: the loop turned, and the board said "watching"."""
    bench = Bench()
    with bench.running():
        await bench.pass_time(2)
        bench.database.silent = asyncio.Event()
        await bench.pass_time(STOPPED_AFTER_S + 2 * HEARTBEAT_S)
        assert bench.why is TroubleWhy.NO_ANSWER
        bench.database.silent.set()
        await bench.pass_time(HEARTBEAT_S)
        assert bench.why is None


async def test_the_log_says_once_that_it_stopped_and_once_that_it_works_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """F4: nothing was logged when the heartbeat could not be written, nor when it could again."""
    caplog.set_level(logging.INFO, "redrabbit")
    bench = Bench()
    with bench.running():
        for trouble in (None, FULL, None, FULL, None):
            bench.database.trouble = trouble
            await bench.pass_time(30)
    said = [record.getMessage() for record in caplog.records]
    assert said == ["nothing is recorded", "recorded again"] * 2
    assert caplog.records[0].__dict__["why"] == "disk_full"


@given(st.lists(st.tuples(st.floats(0.1, 12.0), st.booleans()), max_size=20))
def test_it_stopped_exactly_while_the_last_commit_is_older_than_five_seconds(
    happened: list[tuple[float, bool]],
) -> None:
    clock = VirtualClock(NOW)
    watch = RecordingWatch(clock)
    watch.recorded()
    last = clock.steady
    for seconds, succeeds in happened:
        clock.advance_to(clock.steady + timedelta(seconds=seconds))
        is_old = clock.steady - last > timedelta(seconds=STOPPED_AFTER_S)
        assert (watch.stopped() is not None) is is_old
        clock.step_wall(timedelta(hours=1))
        clock.reanchor()
        assert (watch.stopped() is not None) is is_old, "no clock that is set changes it"
        if succeeds:
            watch.recorded()
            last = clock.steady
        else:
            watch.failed(FULL)

"""The queue before a station: what is done while the database is away, and at the end."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

import pytest

from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import Actor
from redrabbit.domain.records import RunRecord
from redrabbit.services.errors import StoreTrouble
from redrabbit.services.ports import UnitOfWork
from redrabbit.services.station_queue import StationQueue
from tests.plants import OP20, TORQUE_CHECK, Bench

T = TypeVar("T")

ANNA = Actor.stated("2207")


class AwayDatabase:
    """A database that is away until it is `back`."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self.back = False
        self.tries = 0

    async def write(self, command: Callable[[UnitOfWork], T]) -> T:
        self.tries += 1
        if not self.back:
            raise StoreTrouble("connection refused")
        return self._bench.write(command)


def a_queue(bench: Bench) -> tuple[StationQueue, AwayDatabase]:
    database = AwayDatabase(bench)
    queue = StationQueue(bench.owners[OP20], database, bench.clock, lambda: None)  # type: ignore[arg-type]  # because this test only writes
    return queue, database


async def turns(count: int = 20) -> None:
    """Let everything that can run do so."""
    for _ in range(count):
        turn = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(turn.set_result, None)
        await turn


def recording(queue: StationQueue) -> bool:
    return queue.not_recording_since is None


def lose_the_station(bench: Bench, queue: StationQueue) -> None:
    bench.pass_time(10)
    queue.tick(bench.clock.now())


async def test_what_a_station_said_is_tried_again_until_the_database_is_back() -> None:
    bench = Bench()
    queue, database = a_queue(bench)
    lose_the_station(bench, queue)
    await turns()
    assert not recording(queue)
    database.back = True
    bench.pass_time(1)
    await turns()
    assert recording(queue)
    assert not queue.busy


async def test_a_queue_closes_though_the_database_is_away() -> None:
    """What is left was never acknowledged: it is as if the process had been killed."""
    bench = Bench()
    queue, database = a_queue(bench)
    lose_the_station(bench, queue)
    await turns()
    acted = asyncio.ensure_future(
        queue.act(
            lambda: queue.owner.start(
                check_id=TORQUE_CHECK,
                occurrence_id=None,
                containment_id=None,
                actor=ANNA,
                now=bench.clock.now(),
            )
        )
    )
    await turns()
    closed = asyncio.ensure_future(queue.close())
    await turns()
    bench.pass_time(1)
    await turns()
    assert closed.done()
    with pytest.raises(StoreTrouble):
        await acted
    assert database.tries == 2


async def test_a_queue_that_closes_commits_what_is_queued() -> None:
    bench = Bench()
    queue, database = a_queue(bench)
    database.back = True
    started = asyncio.ensure_future(
        queue.act(
            lambda: queue.owner.start(
                check_id=TORQUE_CHECK,
                occurrence_id=None,
                containment_id=None,
                actor=ANNA,
                now=bench.clock.now(),
            )
        )
    )
    await turns(1)
    await queue.close()
    run = await started
    assert bench.database.read_now(lambda reader: reader.get(RunRecord, run.run_id)) == run


async def test_a_refused_act_leaves_the_queue_in_order() -> None:
    bench = Bench()
    queue, database = a_queue(bench)
    database.back = True
    with pytest.raises(Refusal):
        await queue.act(lambda: queue.owner.confirm(actor=ANNA, now=bench.clock.now()))
    await turns()
    assert not queue.busy


async def test_a_station_lost_just_after_the_clock_was_set_back_is_seen_lost() -> None:
    """R46, B2: an hour set back must not hide an hour of silence."""
    bench = Bench()
    queue, _ = a_queue(bench)
    bench.clock.step_wall(timedelta(hours=-1))
    queue.shift(bench.clock.reanchor())
    bench.pass_time(10)
    assert queue.owner.live.lost(bench.clock.now()) is not None


async def test_a_station_is_not_lost_because_the_clock_was_set_forward() -> None:
    """R46."""
    bench = Bench()
    queue, _ = a_queue(bench)
    bench.clock.step_wall(timedelta(hours=1))
    queue.shift(bench.clock.reanchor())
    assert queue.owner.live.lost(bench.clock.now()) is None

"""A hole in the service's own loop: noticed by whoever looks first, recorded once, before anything is decided (C3)."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.facts.plant import NotWatched
from redrabbit.domain.identity import PartId, SignalName
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import NotWatchedRecord, OccurrenceRecord, PresentationRecord
from redrabbit.domain.rule import Rises, StaysOff
from redrabbit.domain.schedule import EveryInterval
from redrabbit.domain.unwatched import unwatched
from redrabbit.services import scheduling
from redrabbit.services.loop_watch import STANDS_STILL_AFTER_S, Hole, LoopWatch, note_holes
from redrabbit.services.ports import Where, equals
from simulators.virtual_clock import VirtualClock
from tests.plants import BEGIN, OP20, OP30, Bench, a_check, a_plant, a_station
from tests.services.test_agent import Running, turns
from tests.services.test_station_owner import scan, start

FROZEN_S = 8.0
OFTEN = a_check(
    schedule=EveryInterval(interval_s=60.0),
    opens_before=timedelta(seconds=59),
    closes_after=timedelta(seconds=10),
)
ACCEPTED = Rises(signal=SignalName("accepted"))


def holes_of(running: Running) -> list[NotWatchedRecord]:
    return running.database.read_now(lambda reader: reader.find(NotWatchedRecord))


def freeze(running: Running, seconds: float = FROZEN_S) -> datetime:
    """Let time pass in which no task gets a turn; return when it began."""
    began_at = running.clock.now()
    running.clock.advance_to(running.clock.steady + timedelta(seconds=seconds))
    return began_at


async def running_until(
    seconds: float, plant: Plant | None = None
) -> tuple[Running, "asyncio.Task[None]"]:
    running = Running(plant)
    await running.agent.open()
    task = asyncio.ensure_future(running.agent.run())
    await running.pass_time(seconds)
    return running, task


async def test_a_check_that_lapses_while_the_process_stands_still_is_nobody_s_omission() -> None:
    """C3: it was told `not_done`, people's fault; and the gap was in no record."""
    running, task = await running_until(1, a_plant(OFTEN))
    (due,) = running.database.read_now(lambda reader: reader.find(OccurrenceRecord))
    await running.pass_time((due.closes_at - running.clock.now()).total_seconds() - 2)
    began_at = freeze(running)
    await running.pass_time(1)
    task.cancel()
    (lapsed,) = running.database.read_now(
        lambda reader: reader.find(OccurrenceRecord, Where("outcome", "=", "lapsed"))
    )
    assert (lapsed.reason_code, lapsed.decided_at) == ("not_watching", due.closes_at)
    (hole,) = holes_of(running)
    assert abs(hole.begins_at - began_at) <= timedelta(seconds=0.1)
    assert timedelta(0) <= running.clock.now() - hole.ends_at <= timedelta(seconds=1.1)
    assert lapsed.decided_entry is not None
    assert hole.entry < lapsed.decided_entry


async def test_a_hole_is_recorded_at_once_though_nothing_is_due() -> None:
    running, task = await running_until(3)
    began_at = freeze(running)
    await running.pass_time(1)
    await running.pass_time(5)
    task.cancel()
    assert [hole.begins_at for hole in holes_of(running)] == [began_at]
    last = running.database.read_now(lambda reader: reader.entries())
    (told,) = [entry for entry in last if entry.type == NotWatched.TYPE]
    assert told.stream == "plant"


async def test_whoever_writes_first_after_a_hole_records_it_before_all_else() -> None:
    """A command may go on before the loop turns again."""
    running, task = await running_until(3)
    task.cancel()
    await turns()
    freeze(running)
    size = running.database.read_now(lambda reader: reader.head()).size
    await running.agent.database.write(lambda uow: uow.keep_name)
    (told,) = running.database.read_now(lambda reader: reader.entries(size))
    assert told.type == NotWatched.TYPE
    assert running.agent.loop_watch.holes() == ()
    assert running.agent.loop_watch.stands_still, "the loop itself has not turned again"


async def test_a_hole_is_recorded_once_the_database_is_back() -> None:
    running, task = await running_until(3)
    running.away = True
    freeze(running)
    await running.pass_time(3)
    freeze(running)
    await running.pass_time(3)
    running.away = False
    await running.pass_time(3)
    task.cancel()
    assert len(holes_of(running)) == 2


async def test_a_clock_that_is_set_is_no_hole() -> None:
    """R46."""
    running, task = await running_until(3)
    running.clock.step_wall(timedelta(days=2))
    await running.pass_time(5)
    running.clock.step_wall(timedelta(days=-3))
    await running.pass_time(5)
    task.cancel()
    assert holes_of(running) == []


def test_a_hole_whose_answer_was_lost_is_recorded_once() -> None:
    bench = Bench()
    hole = Hole(begins_at=BEGIN, ends_at=BEGIN + timedelta(seconds=7))
    for _ in range(2):
        bench.write(lambda uow: note_holes(uow, (hole,)))
    assert len(bench.database.read_now(lambda reader: reader.find(NotWatchedRecord))) == 1


@given(st.lists(st.tuples(st.floats(0.0, 20.0), st.booleans()), max_size=30))
def test_holes_cover_exactly_the_time_without_turns(steps: list[tuple[float, bool]]) -> None:
    """Whoever looks between two turns: holes share no moment, and none is missing or invented."""
    clock = VirtualClock(BEGIN)
    watch = LoopWatch(clock)
    watch.turned()
    looked_at = turned_at = clock.now()
    expected: list[Hole] = []
    for seconds, turns_now in steps:
        clock.advance_to(clock.steady + timedelta(seconds=seconds))
        since = max(looked_at, turned_at)
        if (clock.now() - since).total_seconds() > STANDS_STILL_AFTER_S:
            expected.append(Hole(begins_at=since, ends_at=clock.now()))
            looked_at = clock.now()
        if turns_now:
            watch.turned()
            turned_at = clock.now()
        assert watch.holes() == tuple(expected)


@pytest.mark.parametrize("part", ["RR-0001", "GM-0001"])
@pytest.mark.parametrize(
    "rule",
    [
        {"accepted": None},
        {"accepted": ACCEPTED},
        {
            "accepted": ACCEPTED,
            "detected": StaysOff(signal=SignalName("accepted"), for_s=1.0, after=None),
        },
        {"accepted": StaysOff(signal=SignalName("rejected"), for_s=1.0, after=None)},
    ],
    ids=["rejects", "answers", "detects by silence", "accepts by silence"],
)
@pytest.mark.parametrize("ticks_first", [True, False])
def test_nothing_is_judged_by_a_silence_that_nobody_heard(
    part: str, rule: dict[str, Any], *, ticks_first: bool
) -> None:
    """D12, D30: neither missed nor detected, with a red rabbit or a good master, whoever looks first."""
    check = a_check(parts=(PartId(part),))
    bench = Bench(a_plant(check, stations=(a_station(OP20, **rule), a_station(OP30))))
    start(bench)
    scan(bench, part)
    bench.see_free()
    bench.read(OP20, part_present=True)
    bench.pass_time(FROZEN_S)
    if ticks_first:
        bench.tick()
    bench.read(OP20)
    bench.tick()
    bench.pass_time(0.5)
    bench.read(OP20, part_present=False)
    bench.pass_time(5)
    bench.tick()
    (shown,) = bench.database.read_now(lambda reader: reader.find(PresentationRecord))
    assert shown.verdict == "inconclusive"


def test_a_step_of_obligations_knows_the_holes_of_long_ago_apart() -> None:
    """R12: only what shares the check's time counts."""
    bench = Bench()
    long_ago = Hole(begins_at=BEGIN, ends_at=BEGIN + timedelta(seconds=7))
    bench.write(lambda uow: note_holes(uow, (long_ago,)))
    bench.pass_time(3 * 3600)
    bench.write(lambda uow: scheduling.step(uow, bench.plant))
    (lapsed,) = bench.database.read_now(lambda reader: reader.find(OccurrenceRecord))
    assert lapsed.reason_code == "not_done"


def test_a_kill_is_on_record_from_the_last_heartbeat_and_its_share_is_counted() -> None:
    """K5, M2: nobody watched for most of the window, and people were blamed for it."""
    bench = Bench()
    bench.pass_time(15 * 60)  # five minutes after the due time
    bench.write(lambda uow: scheduling.step(uow, bench.plant))
    beat_at = bench.clock.now()
    bench.database.write_now(lambda work: work.beat("agent", beat_at))
    bench.pass_time(54 * 60 + 30)
    bench.restart()
    (hole,) = bench.database.read_now(lambda reader: reader.find(NotWatchedRecord))
    assert (hole.begins_at, hole.ends_at, hole.why) == (beat_at, bench.clock.now(), "down")
    bench.pass_time(30)
    bench.write(lambda uow: scheduling.step(uow, bench.plant))
    (lapsed,) = bench.database.read_now(
        lambda reader: reader.find(OccurrenceRecord, equals("outcome", "lapsed"))
    )
    assert lapsed.reason_code == "not_watching"
    share = bench.database.read_now(lambda reader: unwatched(reader, lapsed))
    assert (share.lasted, share.owed) == (timedelta(minutes=54, seconds=30), timedelta(hours=1))
    assert share.percent == 91

"""The queue before a station: what is done while the database is away, and at the end."""

import asyncio
from datetime import timedelta

import pytest

from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import SignalName
from redrabbit.domain.records import ContainmentRecord, RunRecord, StationRecord
from redrabbit.domain.run_words import Outcome, RunState, StopCode
from redrabbit.services import station_queue
from redrabbit.services.errors import NotRecordable, NotRecording, StoreTrouble
from redrabbit.services.station_queue import (
    ANSWER_WITHIN_S,
    GIVE_UP_AFTER_S,
    RETRY_S,
    SILENT_AFTER_S,
)
from tests.plants import LINE, OP20, OP30, Bench, a_plant, a_station
from tests.services.queue_bench import (
    ANNA,
    QueueBench,
    away,
    never,
    never_takes,
    never_takes_readings,
    takes_all,
    turns,
)

DETECTED = {"rejected": True, "reject_code": 11}


async def lose_the_station(bench: QueueBench) -> None:
    bench.bench.pass_time(10)
    bench.queue.tick(bench.bench.clock.now())
    await turns()


def not_recording_for_s(bench: QueueBench) -> float | None:
    since = bench.queue.not_recording_since
    return None if since is None else (bench.bench.clock.now() - since).total_seconds()


# While the database is away ---------------------------------------------------------------------


async def test_what_a_station_said_is_tried_again_until_the_database_is_back() -> None:
    bench = QueueBench()
    bench.database.answer = away
    await lose_the_station(bench)
    assert not_recording_for_s(bench) == 0
    assert bench.changes == 1, "pages show it"
    await bench.pass_time(1)
    assert not_recording_for_s(bench) == 1
    bench.database.answer = takes_all
    await bench.pass_time(1)
    assert not_recording_for_s(bench) is None
    assert bench.queue.is_quiet
    assert bench.queue.recording.waiting == 0


async def test_what_was_read_meanwhile_is_judged_by_its_own_time() -> None:
    """K3: six seconds of a locked database change no verdict."""
    bench = QueueBench()
    await bench.start()
    bench.database.answer = away
    await bench.show(**DETECTED)
    for _ in range(12):
        await bench.pass_time(RETRY_S)
        bench.reads()
    assert bench.verdict() is None
    bench.database.answer = takes_all
    await bench.pass_time(RETRY_S)
    assert bench.verdict() == "detected"


async def test_an_act_while_a_station_is_not_recording_is_answered_at_once() -> None:
    bench = QueueBench()
    await bench.start()
    bench.database.answer = away
    bench.reads(part_present=True)
    await turns()
    with pytest.raises(NotRecording, match=r"op20: .* since 20"):
        await bench.abort()


async def test_an_act_that_waits_is_answered_when_the_trouble_begins() -> None:
    bench = QueueBench()
    await bench.start()
    bench.database.answer = away
    bench.reads(part_present=True)
    acted = asyncio.create_task(bench.abort())
    await turns()
    assert acted.done()
    with pytest.raises(NotRecording):
        await acted
    assert bench.queue.recording.waiting == 0


async def test_an_act_behind_a_write_that_hangs_is_answered_within_seconds() -> None:
    """And it is not done later: whoever asked was told that it was not."""
    bench = QueueBench()
    await bench.start()
    bench.database.gate = asyncio.Event()
    bench.reads(part_present=True)
    acted = asyncio.create_task(bench.abort())
    await turns()
    assert not acted.done()
    await bench.pass_time(ANSWER_WITHIN_S - RETRY_S)
    later = asyncio.create_task(bench.abort())
    await turns()
    await bench.pass_time(RETRY_S)
    assert (acted.done(), later.done()) == (True, False)
    await bench.pass_time(ANSWER_WITHIN_S - RETRY_S)
    assert later.done()
    with pytest.raises(NotRecording):
        await later
    with pytest.raises(NotRecording, match="within 5 s"):
        await acted
    bench.database.gate.set()
    await turns()
    assert bench.run().state is RunState.PRESENTED


async def test_an_act_whose_write_is_under_way_is_answered_as_the_database_says() -> None:
    """Nobody can tell before whether it was done."""
    bench = QueueBench()
    await bench.start()
    bench.database.gate = asyncio.Event()
    acted = asyncio.create_task(bench.abort())
    await bench.pass_time(ANSWER_WITHIN_S)
    assert not acted.done()
    bench.database.gate.set()
    assert (await acted).reason_code is StopCode.PERSON


def is_stuck(bench: QueueBench) -> bool:
    return bench.queue.recording.not_recording_since is not None


async def test_a_write_that_hangs_is_shown_as_not_recorded_and_counts_when_it_is_known() -> None:
    """P2, F3: the pages said "watching" while nothing was recorded. Nothing is done twice (K2)."""
    bench = QueueBench()
    await bench.start()
    bench.database.gate = asyncio.Event()
    bench.reads(part_present=True)
    await turns()
    await bench.pass_time(SILENT_AFTER_S)
    assert not is_stuck(bench), "a backup may lock it for so long"
    await bench.pass_time(RETRY_S)
    assert is_stuck(bench)
    with pytest.raises(NotRecording):
        await bench.abort()
    bench.database.gate.set()
    await turns()
    assert not is_stuck(bench)
    assert (bench.run().state, bench.database.tries) == (RunState.PRESENTED, 3)


async def test_a_refusal_is_an_answer_of_the_database_too() -> None:
    bench = QueueBench()
    run = await bench.start()
    bench.database.gate = asyncio.Event()
    bench.database.answer = lambda _event: Refusal("run_closed", run=run.run_id)
    acted = asyncio.create_task(bench.abort())
    await turns()
    await bench.pass_time(SILENT_AFTER_S + RETRY_S)
    assert is_stuck(bench)
    bench.database.gate.set()
    with pytest.raises(Refusal):
        await acted
    assert not is_stuck(bench)


async def test_an_act_that_nobody_waits_for_any_more_is_not_done() -> None:
    bench = QueueBench()
    await bench.start()
    bench.database.gate = asyncio.Event()
    bench.reads(part_present=True)
    acted = asyncio.create_task(bench.abort())
    await turns()
    acted.cancel()
    await turns()
    bench.database.gate.set()
    await turns()
    assert bench.run().state is RunState.PRESENTED


async def test_a_queue_that_is_not_recording_is_not_held() -> None:
    """Another configuration is not taken over then; it was not asked to wait, either."""
    bench = QueueBench()
    bench.database.answer = away
    await lose_the_station(bench)
    with pytest.raises(NotRecording):
        async with bench.queue.held():
            pytest.fail("it can't stand still")


async def test_who_waits_to_hold_a_queue_is_told_when_the_trouble_begins() -> None:
    bench = QueueBench()
    await bench.start()
    bench.database.answer = away
    bench.reads(part_present=True)
    with pytest.raises(NotRecording):
        async with bench.queue.held():
            pytest.fail("it can't stand still")
    assert bench.queue.recording.waiting == 0


# Beyond the bounds ------------------------------------------------------------------------------


async def test_a_run_that_could_not_be_followed_ends_not_recorded_when_the_database_is_back() -> (
    None
):
    bench = QueueBench()
    await bench.start()
    bench.database.answer = away
    bench.reads(part_present=True)
    await bench.pass_time(GIVE_UP_AFTER_S + RETRY_S)
    bench.reads(**DETECTED)
    assert bench.queue.recording.waiting == 0
    assert bench.queue.owner.live.readings["rejected"].value is True  # type: ignore[index]  # because a name is a text
    bench.database.answer = takes_all
    await bench.pass_time(RETRY_S)
    assert bench.verdict() == "inconclusive not_recorded"
    assert bench.run().state is RunState.AWAITING_RETURN
    assert bench.queue.not_recording_since is None


async def test_a_decision_that_was_made_is_recorded_however_long_it_takes() -> None:
    """L4: nobody gets rid of a miss by locking the database for a while."""
    bench = QueueBench()
    await bench.start()
    bench.reads(part_present=True)
    await turns()
    bench.database.answer = away
    bench.reads(accepted=True)
    await bench.pass_time(10 * GIVE_UP_AFTER_S)
    bench.database.answer = takes_all
    await bench.pass_time(RETRY_S)
    assert bench.verdict() == "missed"
    assert bench.bench.database.read_now(lambda reader: reader.count(ContainmentRecord)) == 1


async def test_a_detection_does_not_pass_where_what_followed_was_not_recorded() -> None:
    bench = QueueBench()
    await bench.start()
    bench.reads(part_present=True)
    await turns()
    bench.database.answer = away
    bench.reads(**DETECTED)
    await bench.pass_time(GIVE_UP_AFTER_S + RETRY_S)
    bench.database.answer = takes_all
    await bench.pass_time(RETRY_S)
    assert bench.verdict() == "detected"
    assert bench.run().reason_code is StopCode.NOT_RECORDED


async def test_more_readings_than_a_queue_holds_are_not_judged_by(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(station_queue, "MOST_WAITING", 10)
    bench = QueueBench()
    await bench.start()
    bench.database.gate = asyncio.Event()
    bench.reads(part_present=True)
    await turns()
    for count in range(30):
        bench.reads(part_count=1000 + count)
        assert bench.queue.recording.waiting <= 10
    bench.reads(**DETECTED)
    assert bench.queue.owner.live.counter() == 1029
    with pytest.raises(NotRecording):
        await bench.abort()
    bench.database.gate.set()
    await turns()
    assert bench.verdict() == "inconclusive not_recorded"
    bench.reads(part_count=1030)
    assert bench.queue.owner.live.counter() == 1030


async def test_a_queue_that_is_held_keeps_whatever_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its owner may be replaced meanwhile; holding is bounded by the database's own patience."""
    monkeypatch.setattr(station_queue, "MOST_WAITING", 10)
    bench = QueueBench()
    await bench.start()
    async with bench.queue.held():
        bench.reads(part_present=True)
        for count in range(30):
            bench.reads(part_count=1000 + count)
        bench.reads(**DETECTED)
    await turns()
    assert bench.verdict() == "detected"


async def test_a_part_seen_elsewhere_is_told_though_the_queue_gave_up() -> None:
    """L5."""
    bench = QueueBench()
    await bench.start()
    bench.database.answer = away
    bench.reads(part_present=True)
    await bench.pass_time(GIVE_UP_AFTER_S + RETRY_S)
    bench.reads(part_code="RR-0003")
    bench.database.answer = takes_all
    await bench.pass_time(RETRY_S)
    assert "escape" in bench.alarms()


async def test_so_many_parts_seen_elsewhere_are_kept_and_no_more(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(station_queue, "MOST_SIGHTINGS", 2)
    bench = QueueBench()
    await bench.start()
    bench.database.answer = away
    bench.reads(part_present=True)
    await bench.pass_time(GIVE_UP_AFTER_S + RETRY_S)
    for _ in range(5):
        bench.reads(part_code="RR-0003")
        bench.reads(part_code="")
    assert bench.queue.recording.faults == 3
    assert "a part seen elsewhere is not recorded: too many" in caplog.messages
    bench.database.answer = takes_all
    await bench.pass_time(RETRY_S)
    assert bench.alarms().count("escape") == 2


async def test_a_station_without_a_run_goes_on_when_the_database_is_back() -> None:
    bench = QueueBench()
    bench.database.answer = away
    await lose_the_station(bench)
    await bench.pass_time(GIVE_UP_AFTER_S + RETRY_S)
    bench.database.answer = takes_all
    await bench.pass_time(RETRY_S)
    bench.reads()
    await turns()
    assert bench.queue.is_quiet
    await bench.start()
    assert bench.run().state is RunState.ARMED


async def test_the_clock_may_be_set_though_a_queue_gave_up() -> None:
    """R46: one station's trouble keeps nobody from adopting the clock."""
    bench = QueueBench()
    await bench.start()
    bench.database.answer = away
    bench.reads(part_present=True)
    await turns()
    assert not bench.queue.is_quiet
    await bench.pass_time(GIVE_UP_AFTER_S + RETRY_S)
    assert bench.queue.is_quiet


# What the database never takes ------------------------------------------------------------------


async def test_a_verdict_that_is_not_recordable_ends_the_run_inconclusive(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """K3: it is not tried again, and the next act is answered."""
    bench = QueueBench()
    await bench.start()
    bench.database.answer = never_takes_readings
    await bench.show(**DETECTED)
    assert bench.verdict() == "inconclusive not_recordable"
    assert bench.queue.is_quiet
    assert bench.queue.recording.faults == 1
    told = next(record for record in caplog.records if record.message == "not recordable")
    assert told.__dict__["reason"].startswith("Python int too large")
    assert told.exc_info is None
    assert (await bench.abort()).outcome is None


async def test_a_miss_that_is_not_recordable_is_recorded_without_what_was_read() -> None:
    """L4: nobody gets rid of a miss by telling a value that no database takes."""
    bench = QueueBench()
    await bench.start()
    bench.database.answer = never_takes_readings
    await bench.show(accepted=True)
    assert bench.verdict() == "missed"
    (case,) = bench.bench.database.read_now(lambda reader: reader.find(ContainmentRecord))
    assert case.counter_to is None


async def test_a_miss_that_is_not_recordable_at_all_ends_the_run() -> None:
    bench = QueueBench()
    await bench.start()
    bench.database.answer = never_takes("containment_opened")
    await bench.show(accepted=True)
    assert bench.verdict() == "inconclusive not_recordable"


async def test_a_part_whose_presentation_is_not_recordable_comes_back() -> None:
    bench = QueueBench()
    await bench.start()
    bench.database.answer = never_takes("part_presented")
    bench.reads(part_present=True)
    await turns()
    assert bench.run().state is RunState.AWAITING_RETURN
    assert bench.run().reason_code is StopCode.NOT_RECORDABLE


async def test_a_fault_of_ours_in_recording_is_told_and_ends_the_run(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bench = QueueBench()
    await bench.start()
    bench.database.answer = lambda event: (
        KeyError("a bug") if event.type == "verdict_reached" else None
    )
    bench.reads(part_present=True)
    await turns()
    bench.database.answer = lambda event: (
        KeyError("a bug") if never_takes_readings(event) is not None else None
    )
    bench.reads(**DETECTED)
    await turns()
    assert bench.verdict() == "inconclusive not_recordable"
    assert any(record.exc_info for record in caplog.records)


async def test_a_run_whose_end_is_not_recordable_is_let_be() -> None:
    """It moves nobody's queue any more; a person is told that it can't be given up, either."""
    bench = QueueBench()
    await bench.start()
    bench.reads(part_present=True)
    await turns()
    bench.database.answer = never
    bench.reads(**DETECTED)
    await turns()
    tries = bench.database.tries
    for _ in range(10):
        await bench.pass_time(RETRY_S)
        bench.reads()
    assert bench.database.tries == tries
    assert bench.queue.is_quiet
    bench.queue.shift(timedelta(hours=1))
    bench.reads()
    await turns()
    assert bench.database.tries == tries, "a clock that is set changes nothing of it (R46)"
    with pytest.raises(NotRecordable):
        await bench.abort()
    bench.database.answer = takes_all
    assert (await bench.abort()).reason_code is StopCode.PERSON


async def test_a_lost_station_that_is_not_recordable_is_tried_once() -> None:
    bench = QueueBench()
    bench.database.answer = never
    await lose_the_station(bench)
    await bench.pass_time(10)
    assert bench.database.tries == 1
    bench.database.answer = takes_all
    bench.reads()
    await turns()
    found = bench.bench.database.read_now(lambda reader: reader.get(StationRecord, LINE, OP20))
    assert found is None or found.no_data_since is None


async def test_what_is_not_recordable_takes_nothing_else_along() -> None:
    """A verdict and an escape come with one reading; only the alarm is not recordable."""
    bench = QueueBench()
    await bench.start()
    bench.reads(part_present=True)
    await turns()
    bench.database.answer = never_takes("alarm_raised")
    bench.reads(part_code="RR-0003", **DETECTED)
    await turns()
    assert bench.verdict() == "detected"
    assert bench.alarms() == []


async def test_a_run_whose_first_part_can_not_be_issued_on_record_ends() -> None:
    by_code = {"presented": None, "part_code": SignalName("part_code")}
    plant = a_plant(stations=(a_station(OP20, **by_code), a_station(OP30)))
    bench = QueueBench(Bench(plant))
    await bench.start(scanning=False)
    bench.database.answer = never_takes("part_issued")
    bench.reads(part_code="RR-0001")
    await turns()
    run = bench.run()
    assert (run.state, run.outcome) == (RunState.CLOSED, Outcome.INCONCLUSIVE)
    assert run.reason_code is StopCode.NOT_RECORDABLE


# At the end of the service, and else ------------------------------------------------------------


async def test_a_queue_closes_though_the_database_is_away() -> None:
    """What is left then is as if the process had been killed."""
    bench = QueueBench()
    bench.database.answer = away
    await lose_the_station(bench)
    bench.reads()
    closed = asyncio.create_task(bench.queue.close())
    await turns()
    assert not closed.done()
    await bench.pass_time(RETRY_S)
    assert closed.done()
    assert bench.database.tries == 1, "each try may take seconds"


async def test_an_act_whose_database_goes_away_is_answered_at_the_end() -> None:
    bench = QueueBench()
    await bench.start()
    bench.database.answer = away
    bench.database.gate = asyncio.Event()
    first = asyncio.create_task(bench.abort())
    bench.reads(part_present=True)
    second = asyncio.create_task(bench.abort())
    await turns()
    closed = asyncio.create_task(bench.queue.close())
    await turns()
    bench.database.gate.set()
    await turns()
    assert closed.done()
    for acted in (first, second):
        with pytest.raises(StoreTrouble):
            await acted


async def test_a_queue_that_closes_commits_what_is_queued() -> None:
    bench = QueueBench()
    started = asyncio.ensure_future(bench.start())
    await turns(1)
    await bench.queue.close()
    run = await started
    assert bench.bench.database.read_now(lambda reader: reader.get(RunRecord, run.run_id)) == run


async def test_a_queue_that_gave_up_closes_without_making_up() -> None:
    bench = QueueBench()
    await bench.start()
    bench.database.answer = away
    bench.reads(part_present=True)
    await bench.pass_time(GIVE_UP_AFTER_S + RETRY_S)
    closed = asyncio.create_task(bench.queue.close())
    await bench.pass_time(RETRY_S)
    assert closed.done()
    assert bench.verdict() is None


async def test_a_refused_act_leaves_the_queue_in_order() -> None:
    bench = QueueBench()
    with pytest.raises(Refusal):
        await bench.queue.act(
            lambda: bench.queue.owner.confirm(actor=ANNA, now=bench.bench.clock.now())
        )
    await turns()
    assert bench.queue.is_quiet


async def test_a_station_lost_just_after_the_clock_was_set_back_is_seen_lost() -> None:
    """R46, B2: an hour set back must not hide an hour of silence."""
    bench = QueueBench()
    bench.bench.clock.step_wall(timedelta(hours=-1))
    bench.queue.shift(bench.bench.clock.reanchor())
    bench.bench.pass_time(10)
    assert bench.queue.owner.live.lost(bench.bench.clock.now()) is not None


async def test_a_station_is_not_lost_because_the_clock_was_set_forward() -> None:
    """R46."""
    bench = QueueBench()
    bench.bench.clock.step_wall(timedelta(hours=1))
    bench.queue.shift(bench.bench.clock.reanchor())
    assert bench.queue.owner.live.lost(bench.bench.clock.now()) is None

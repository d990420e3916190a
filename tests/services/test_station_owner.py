"""A run from its start to its confirmation, over the memory store."""

from typing import Any

import pytest

from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import Actor, SignalName
from redrabbit.domain.observation import Reason
from redrabbit.domain.records import (
    AlarmRecord,
    ChallengePartRecord,
    ContainmentRecord,
    DeviceRecord,
    OccurrenceRecord,
    PresentationRecord,
    RunRecord,
    StationRecord,
)
from redrabbit.domain.repair import RepairCode
from redrabbit.services import containing, scheduling
from redrabbit.services.containing import EndTold
from redrabbit.services.ports import equals
from redrabbit.services.station_owner import StationOwner
from tests.plants import LINE, OP20, OP30, TORQUE_CHECK, Bench, a_check, a_part, a_plant, a_station

ANNA = Actor.stated("2207")


def start(bench: Bench, **more: Any) -> RunRecord:
    usual: dict[str, Any] = {"occurrence_id": None, "containment_id": None}
    record = bench.settle(
        bench.owners[OP20].start(
            check_id=TORQUE_CHECK, actor=ANNA, now=bench.clock.now(), **(usual | more)
        )
    )
    assert record is not None
    return record


def scan(bench: Bench, code: str) -> None:
    bench.settle(bench.owners[OP20].scan(code, actor=ANNA, now=bench.clock.now()))


def put_in(bench: Bench, answer: str | None, code: int = 11) -> None:
    """Put the part in, let the device answer, and take the part out again."""
    bench.see_free()
    bench.read(OP20, part_present=True)
    bench.pass_time(0.9)
    if answer == "rejected":
        bench.read(OP20, rejected=True, reject_code=code)
    elif answer == "accepted":
        bench.read(OP20, accepted=True, part_count=1001)
    bench.pass_time(0.9)
    bench.read(OP20, part_present=False, rejected=False, accepted=False, reject_code=0)


def give_back(bench: Bench, code: str) -> None:
    bench.pass_time(1)
    bench.settle(bench.owners[OP20].give_back(code, actor=ANNA, now=bench.clock.now()))


def confirm(bench: Bench) -> None:
    bench.settle(bench.owners[OP20].confirm(actor=ANNA, now=bench.clock.now()))


def shift_starts(bench: Bench) -> OccurrenceRecord:
    """Go to the shift start and return its occurrence."""
    bench.pass_time(600)
    bench.write(lambda uow: scheduling.step(uow, bench.plant))
    bench.read(OP20)
    bench.read(OP30)
    (made,) = bench.database.read_now(lambda reader: reader.find(OccurrenceRecord))
    return made


def pass_a_run(bench: Bench, **more: Any) -> RunRecord:
    run = start(bench, **more)
    scan(bench, "RR-0001")
    put_in(bench, "rejected")
    give_back(bench, "RR-0001")
    scan(bench, "GM-0001")
    put_in(bench, "accepted")
    give_back(bench, "GM-0001")
    confirm(bench)
    return run


def test_a_run_that_detects_and_accepts_passes_its_occurrence() -> None:
    bench = Bench()
    due = shift_starts(bench)
    run = pass_a_run(bench, occurrence_id=due.occurrence_id)
    closed = bench.database.read_now(lambda reader: reader.get(RunRecord, run.run_id))
    assert closed is not None
    assert (closed.state, closed.outcome, closed.confirmed_by) == ("closed", "passed", "2207")
    decided = bench.database.read_now(
        lambda reader: reader.get(OccurrenceRecord, due.occurrence_id)
    )
    assert decided is not None
    assert (decided.outcome, decided.run_id) == ("passed", run.run_id)
    shown = bench.database.read_now(lambda reader: reader.find(PresentationRecord))
    assert [(p.verdict, p.presented_how, p.counter) for p in shown] == [
        ("detected", "edge", 1000),
        ("accepted", "edge", 1001),
    ]
    parts = bench.database.read_now(lambda reader: reader.find(ChallengePartRecord))
    assert {p.part_id: (p.custody, p.uses) for p in parts}["RR-0001"] == ("stored", 1)


def test_a_miss_opens_a_containment_from_the_last_good_check() -> None:
    """L4, D5: the window is counted in parts, and opened in the transaction of the miss."""
    bench = Bench()
    due = shift_starts(bench)
    good = pass_a_run(bench)
    bench.read(OP20, part_count=1215)
    start(bench)
    scan(bench, "RR-0001")
    put_in(bench, "accepted")
    (case,) = bench.database.read_now(lambda reader: reader.find(ContainmentRecord))
    assert (case.window_from_run, case.counter_from, case.counter_to) == (good.run_id, 1000, 1001)
    assert case.state == "open"
    entries = bench.database.read_now(lambda reader: reader.entries())
    places = {entry.type: entry.index for entry in entries}
    assert places["containment_opened"] - places["verdict_reached"] <= 2
    assert due.check_id == case.check_id


def test_a_case_that_is_verified_again_with_its_reaction_done_is_closed_by_a_person() -> None:
    """D35."""
    bench = Bench()
    shift_starts(bench)
    start(bench)
    scan(bench, "RR-0001")
    put_in(bench, "accepted")
    give_back(bench, "RR-0001")
    confirm(bench)
    (case,) = bench.database.read_now(lambda reader: reader.find(ContainmentRecord))
    number = case.containment_id
    bench.write(lambda uow: containing.end_window(uow, number, EndTold(), count=None, actor=ANNA))
    bench.write(lambda uow: containing.tick_reaction(uow, number, step=0, actor=ANNA))
    clean = RepairCode.LENS_CLEANED
    bench.write(
        lambda uow: containing.record_repair(uow, number, repair=clean, text=None, actor=ANNA)
    )
    pass_a_run(bench, containment_id=number)
    (still_open,) = bench.database.read_now(lambda reader: reader.find(ContainmentRecord))
    assert still_open.state == "reverified"
    bench.write(lambda uow: containing.tick_reaction(uow, number, step=1, actor=ANNA))
    (still_open,) = bench.database.read_now(lambda reader: reader.find(ContainmentRecord))
    assert (still_open.state, still_open.closed_at) == ("reverified", None)
    bench.write(lambda uow: containing.close(uow, number, actor=ANNA))
    (closed,) = bench.database.read_now(lambda reader: reader.find(ContainmentRecord))
    assert (closed.state, closed.closed_by) == ("closed", ANNA.id)
    assert closed.closed_at is not None


def test_an_expired_part_cannot_start_a_run() -> None:
    """L6, and the story of the expired rabbit."""
    old = a_part("RR-0001", valid_until=a_part("x").valid_until.replace(year=2025))
    bench = Bench(a_plant(parts=(old, a_part("GM-0001", None))))
    with pytest.raises(Refusal) as refused:
        start(bench)
    assert refused.value.code == "part_expired"
    assert bench.database.read_now(lambda reader: reader.find(RunRecord)) == []


def test_a_restart_in_mid_presentation_ends_it_inconclusive() -> None:
    """L3: what was not seen is not guessed; the part is still to be given back."""
    bench = Bench()
    run = start(bench)
    scan(bench, "RR-0001")
    bench.see_free()
    bench.read(OP20, part_present=True)
    bench.restart()
    (shown,) = bench.database.read_now(lambda reader: reader.find(PresentationRecord))
    assert (shown.verdict, shown.verdict_reason) == ("inconclusive", "restarted")
    give_back(bench, "RR-0001")
    confirm(bench)
    closed = bench.database.read_now(lambda reader: reader.get(RunRecord, run.run_id))
    assert closed is not None
    assert closed.outcome == "inconclusive"


def test_an_inconclusive_run_leaves_the_occurrence_open_and_is_counted() -> None:
    """D4."""
    bench = Bench()
    due = shift_starts(bench)
    start(bench, occurrence_id=due.occurrence_id)
    scan(bench, "RR-0001")
    put_in(bench, "rejected", code=99)
    give_back(bench, "RR-0001")
    confirm(bench)
    still = bench.database.read_now(lambda reader: reader.get(OccurrenceRecord, due.occurrence_id))
    assert still is not None
    assert (still.outcome, still.inconclusive_runs, still.run_id) == (None, 1, None)
    pass_a_run(bench, occurrence_id=due.occurrence_id)
    done = bench.database.read_now(lambda reader: reader.get(OccurrenceRecord, due.occurrence_id))
    assert done is not None
    assert done.outcome == "passed"


def test_an_undone_check_lapses_at_its_close_whenever_that_is_written() -> None:
    """D9, L7."""
    bench = Bench()
    due = shift_starts(bench)
    bench.pass_time(3 * 3600)
    bench.write(lambda uow: scheduling.step(uow, bench.plant))
    lapsed = bench.database.read_now(lambda reader: reader.get(OccurrenceRecord, due.occurrence_id))
    assert lapsed is not None
    assert (lapsed.outcome, lapsed.decided_at, lapsed.reason_code) == (
        "lapsed",
        due.closes_at,
        "not_done",
    )


def test_what_came_due_while_the_software_was_down_is_made_and_lapsed() -> None:
    """L7, R12: the story of the service that was down over a shift change."""
    bench = Bench()
    bench.pass_time(20 * 3600)
    bench.restart()
    made = bench.database.read_now(lambda reader: reader.find(OccurrenceRecord))
    assert [(o.trigger_key, o.outcome, o.reason_code) for o in made] == [
        ("shift:2026-03-02:early", "lapsed", "not_watching"),
        ("shift:2026-03-02:late", "lapsed", "not_watching"),
        ("shift:2026-03-02:night", "lapsed", "not_watching"),
    ]


def test_a_challenge_part_seen_at_another_station_raises_the_escape_alarm() -> None:
    """L5."""
    bench = Bench(a_plant(a_check(), a_check("op30-torque", OP30)))
    start(bench)
    scan(bench, "RR-0001")
    bench.pass_time(1)
    bench.read(OP30, part_code="RR-0001")
    alarms = bench.database.read_now(lambda reader: reader.find(AlarmRecord))
    assert [(a.kind, a.part_id, a.station) for a in alarms] == [("escape", "RR-0001", OP30)]
    part = bench.database.read_now(lambda reader: reader.get(ChallengePartRecord, "RR-0001"))
    assert part is not None
    assert part.custody == "missing"


def test_a_part_not_given_back_in_time_raises_the_alarm_once() -> None:
    """L5."""
    bench = Bench()
    start(bench)
    scan(bench, "RR-0001")
    put_in(bench, "rejected")
    for _ in range(3):
        bench.pass_time(301)
        bench.read(OP20)
        bench.tick()
    alarms = bench.database.read_now(
        lambda reader: reader.find(AlarmRecord, equals("kind", "not_returned"))
    )
    assert len(alarms) == 1


def test_a_wrong_scan_is_refused_and_kept() -> None:
    """B25."""
    bench = Bench()
    start(bench)
    with pytest.raises(Refusal) as refused:
        scan(bench, "RR-0002")
    assert refused.value.code == "wrong_part"
    bench.settle(bench.owners[OP20].refused("RR-0002", refused.value, ANNA))
    last = bench.database.read_now(lambda reader: reader.entries())[-1]
    assert (last.type, (last.payload or {})["code"]) == ("scan_refused", "RR-0002")


def test_a_silent_station_is_without_data_and_then_read_again() -> None:
    """R17."""
    bench = Bench()
    bench.pass_time(10)
    bench.tick()
    lost = bench.database.read_now(lambda reader: reader.get(StationRecord, LINE, OP20))
    assert lost is not None
    assert lost.no_data_since is not None
    with pytest.raises(Refusal) as refused:
        start(bench)
    assert refused.value.code == "station_no_data"
    bench.read(OP20)
    again = bench.database.read_now(lambda reader: reader.get(StationRecord, LINE, OP20))
    assert again is not None
    assert again.no_data_since is None


def entry_types(bench: Bench) -> list[str]:
    """Return the types of all entries, in order."""
    return [entry.type for entry in bench.database.read_now(lambda reader: reader.entries())]


def the_device(bench: Bench) -> DeviceRecord:
    """Return the record of OP20's device."""
    record = bench.database.read_now(lambda r: r.get(DeviceRecord, LINE, "op20-torque"))
    assert record is not None
    return record


def test_a_dead_block_blinds_its_device_though_its_station_is_read() -> None:
    """K4, f2: recorded once, since the last good reading; no run may be started; and told when over."""
    bench = Bench()
    blind_since = bench.clock.now()
    for _ in range(6):
        bench.pass_time(1)
        bench.read(OP20, rejected=Reason.DEVICE_ERROR, part_count=1001)
        bench.tick()
    assert entry_types(bench).count("device_lost") == 1
    assert entry_types(bench).count("station_lost") == 1, "op30 alone, which nobody read"
    lost = the_device(bench)
    assert (lost.no_data_since, lost.signal, lost.reason) == (
        blind_since,
        "rejected",
        "device_error",
    )
    with pytest.raises(Refusal) as refused:
        start(bench)
    assert refused.value.code == "device_no_data"
    assert refused.value.params == {
        "station": "op20",
        "device": "op20-torque",
        "signal": "rejected",
    }
    bench.read(OP20, rejected=False)
    assert (the_device(bench).no_data_since, the_device(bench).signal) == (None, None)
    start(bench)


def test_a_blind_device_stays_known_as_blind_over_a_restart() -> None:
    bench = Bench()
    bench.read(OP20, rejected=Reason.DEVICE_ERROR)
    bench.pass_time(3)
    bench.read(OP20, part_count=1001)
    bench.tick()
    since = the_device(bench).no_data_since
    bench.restart()
    bench.pass_time(3)
    bench.read(OP20, part_count=1002)
    bench.tick()
    assert the_device(bench).no_data_since == since
    assert entry_types(bench).count("device_lost") == 1


def test_a_station_without_any_data_says_so_itself() -> None:
    bench = Bench()
    bench.pass_time(10)
    bench.tick()
    bench.read(OP20)
    bench.tick()
    assert "device_lost" not in entry_types(bench)


def test_a_station_that_was_never_read_starts_no_run() -> None:
    """K4: not even in the first seconds after the start of the service."""
    bench = Bench()
    owner = StationOwner(
        bench.plant, bench.plant.station(OP20), started_at=bench.clock.now(), recorded_lost=True
    )
    with pytest.raises(Refusal) as refused:
        owner.start(
            check_id=TORQUE_CHECK,
            occurrence_id=None,
            containment_id=None,
            actor=ANNA,
            now=bench.clock.now(),
        )
    assert refused.value.code == "station_no_data"


def test_a_restart_ends_a_later_presentation_that_was_open_beside_the_first() -> None:
    """L10, L3: the first verdict stays, and the second presentation is not left without one."""
    station = a_station(OP20, presented=None, part_code=SignalName("part_code"), within_s=3.0)
    bench = Bench(a_plant(stations=(station, a_station(OP30))))
    start(bench)
    scan(bench, "RR-0001")
    bench.pass_time(1)
    bench.read(OP20, part_code="RR-0001")
    bench.pass_time(1)
    bench.read(OP20, rejected=True, reject_code=11)
    bench.pass_time(3)
    bench.read(OP20, part_code="", rejected=False, reject_code=0)
    bench.pass_time(1)
    bench.read(OP20, part_code="RR-0001")
    bench.restart()
    shown = bench.database.read_now(lambda reader: reader.find(PresentationRecord))
    assert [(p.attempt, p.verdict, p.verdict_reason, p.decides) for p in shown] == [
        (1, "detected", None, True),
        (2, "inconclusive", "restarted", False),
    ]


def test_a_part_that_is_out_elsewhere_and_turns_up_where_it_is_awaited_has_escaped() -> None:
    """L5: this run may not take it, and its own run did not give it back."""
    stations = tuple(
        a_station(each, presented=None, part_code=SignalName("part_code")) for each in (OP20, OP30)
    )
    bench = Bench(a_plant(a_check(), a_check("op30-torque", OP30), stations=stations))
    elsewhere = bench.settle(
        bench.owners[OP30].start(
            check_id="op30-torque",
            occurrence_id=None,
            containment_id=None,
            actor=ANNA,
            now=bench.clock.now(),
        )
    )
    start(bench)
    bench.settle(bench.owners[OP30].scan("RR-0001", actor=ANNA, now=bench.clock.now()))
    bench.pass_time(1)
    bench.read(OP20, part_code="RR-0001")
    alarms = bench.database.read_now(lambda reader: reader.find(AlarmRecord))
    assert [(a.kind, a.station, a.part_id) for a in alarms] == [("escape", OP20, "RR-0001")]
    run = bench.owners[OP20].run
    assert run is not None
    assert run.state.value == "awaiting_part"
    part = bench.database.read_now(lambda reader: reader.get(ChallengePartRecord, "RR-0001"))
    assert part is not None
    assert elsewhere is not None
    assert (part.custody, part.run_id) == ("missing", elsewhere.run_id)

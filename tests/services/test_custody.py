"""Where challenge parts are, and what becomes of runs, over restarts and changed configurations."""

from dataclasses import replace

import pytest

from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import Actor, ContainmentId, FailureMode, PartId
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import (
    AlarmRecord,
    ChallengePartRecord,
    ContainmentRecord,
    PresentationRecord,
    RunRecord,
)
from redrabbit.domain.repair import RepairCode
from redrabbit.domain.station import Station
from redrabbit.services import containing, planning
from redrabbit.services.ports import equals
from tests.plants import OP20, OP30, TORQUE_CHECK, Bench, a_check, a_part, a_plant, a_station

ANNA = Actor.stated("2207")


def start(
    bench: Bench, check_id: str = TORQUE_CHECK, containment_id: ContainmentId | None = None
) -> None:
    bench.settle(
        bench.owners[OP20].start(
            check_id=check_id,
            occurrence_id=None,
            containment_id=containment_id,
            actor=ANNA,
            now=bench.clock.now(),
        )
    )


def scan(bench: Bench, code: str = "RR-0001") -> None:
    bench.settle(bench.owners[OP20].scan(code, actor=ANNA, now=bench.clock.now()))


def put_in(bench: Bench, **answer: bool | int) -> None:
    bench.see_free()
    bench.read(OP20, part_present=True)
    bench.pass_time(0.9)
    bench.read(OP20, **answer)
    bench.pass_time(0.9)
    bench.read(OP20, part_present=False, rejected=False, accepted=False, reject_code=0)


def give_back(bench: Bench, code: str = "RR-0001") -> None:
    bench.pass_time(1)
    bench.settle(bench.owners[OP20].give_back(code, actor=ANNA, now=bench.clock.now()))


def revised(bench: Bench, plant: Plant) -> None:
    bench.plant = replace(plant, digest="1" * 64)
    bench.restart()


def alarms(bench: Bench, kind: str) -> list[str | None]:
    found = bench.database.read_now(lambda reader: reader.find(AlarmRecord, equals("kind", kind)))
    return [alarm.part_id for alarm in found]


def part(bench: Bench, part_id: str = "RR-0001") -> ChallengePartRecord:
    found = bench.database.read_now(lambda reader: reader.get(ChallengePartRecord, part_id))
    assert found is not None
    return found


def the_run(bench: Bench) -> RunRecord:
    (run,) = bench.database.read_now(lambda reader: reader.find(RunRecord))
    return run


def wait_for_return(bench: Bench, seconds: float) -> None:
    bench.pass_time(seconds)
    bench.read(OP20)
    bench.tick()


def test_a_part_that_is_not_back_is_told_once_over_restarts() -> None:
    """L5."""
    bench = Bench()
    start(bench)
    scan(bench)
    put_in(bench, rejected=True, reject_code=11)
    wait_for_return(bench, 301)
    for _ in range(2):
        bench.restart()
        wait_for_return(bench, 301)
    assert alarms(bench, "not_returned") == ["RR-0001"]


def test_restarts_do_not_put_off_the_alarm_for_a_part_that_is_not_back() -> None:
    """L5: the time to give it back runs from the verdict, whoever watches."""
    bench = Bench()
    start(bench)
    scan(bench)
    put_in(bench, rejected=True, reject_code=11)
    for _ in range(3):
        wait_for_return(bench, 100)
        bench.restart()
    wait_for_return(bench, 10)
    assert alarms(bench, "not_returned") == ["RR-0001"]


def test_restarts_do_not_put_off_the_alarm_for_a_part_that_was_never_presented() -> None:
    """L5."""
    bench = Bench()
    start(bench)
    scan(bench)
    for _ in range(6):
        wait_for_return(bench, 100)
        bench.restart()
    wait_for_return(bench, 1)
    assert alarms(bench, "not_returned") == ["RR-0001"]


def test_a_missing_part_that_its_run_waits_for_is_given_back_there() -> None:
    """L5: else two runs could have one part."""
    bench = Bench()
    start(bench)
    scan(bench)
    put_in(bench, rejected=True, reject_code=11)
    wait_for_return(bench, 301)
    with pytest.raises(Refusal) as refused:
        bench.write(lambda uow: planning.found_again(uow, "RR-0001", actor=ANNA))
    assert refused.value.code == "part_is_out"
    give_back(bench)
    assert part(bench).custody == "stored"


def test_a_run_whose_check_is_gone_leaves_its_part_missing_until_it_is_found() -> None:
    """L5, D14."""
    bench = Bench(a_plant(a_check(), a_check("op30-torque", OP30)))
    start(bench)
    scan(bench)
    revised(bench, a_plant(a_check("op30-torque", OP30)))
    assert (the_run(bench).state, the_run(bench).outcome) == ("closed", "aborted")
    assert part(bench).custody == "missing"
    assert alarms(bench, "not_returned") == ["RR-0001"]
    bench.write(lambda uow: planning.found_again(uow, "RR-0001", actor=ANNA))
    assert part(bench).custody == "stored"


def test_a_run_whose_check_is_gone_raises_no_alarm_when_nothing_is_out() -> None:
    bench = Bench(a_plant(a_check(), a_check("op30-torque", OP30)))
    start(bench)
    revised(bench, a_plant(a_check("op30-torque", OP30)))
    assert the_run(bench).state == "closed"
    assert alarms(bench, "not_returned") == []


def test_a_run_whose_check_is_gone_keeps_its_miss() -> None:
    """D4: the outcome of a run is its worst step."""
    bench = Bench(a_plant(a_check(), a_check("op30-torque", OP30)))
    start(bench)
    scan(bench)
    put_in(bench, accepted=True)
    revised(bench, a_plant(a_check("op30-torque", OP30)))
    assert (the_run(bench).outcome, the_run(bench).reason_code) == (
        "failed",
        "configuration_changed",
    )


def test_a_run_does_not_go_on_at_another_device_than_it_began_at() -> None:
    """L3: the plan was revised and the check moved to another station while its run was open."""
    bench = Bench()
    start(bench)
    scan(bench)
    revised(bench, a_plant(a_check(station=OP30)))
    assert (the_run(bench).state, the_run(bench).outcome) == ("closed", "aborted")
    assert all(owner.run is None for owner in bench.owners.values())


def test_a_presentation_kept_beside_ends_with_a_restart() -> None:
    """L3, L10."""
    bench = Bench(a_plant(stations=(a_station_that_reads_codes(), a_plant().stations[1])))
    start(bench)
    scan(bench)
    put_in_by_code(bench)
    bench.pass_time(1)
    bench.read(OP20, part_code="")
    bench.pass_time(5)
    bench.read(OP20)
    bench.read(OP20, part_code="RR-0001")
    bench.restart()
    shown = bench.database.read_now(lambda reader: reader.find(PresentationRecord))
    assert [(p.attempt, p.verdict, p.verdict_reason) for p in shown] == [
        (1, "detected", None),
        (2, "inconclusive", "restarted"),
    ]


def a_station_that_reads_codes() -> Station:
    return a_station(OP20, presented=None, part_code="part_code", within_s=3.0)


def put_in_by_code(bench: Bench) -> None:
    bench.pass_time(1)
    bench.read(OP20, part_code="RR-0001")
    bench.pass_time(0.9)
    bench.read(OP20, rejected=True, reject_code=11)
    bench.pass_time(0.9)
    bench.read(OP20, rejected=False, reject_code=0)


def test_a_case_is_not_reverified_by_a_check_of_another_failure_mode() -> None:
    """L4: a pass must prove what was missed."""
    high = FailureMode("torque_high")
    base = a_plant()
    station = base.stations[0]
    device = replace(
        station.devices[0],
        failure_modes=(*station.devices[0].failure_modes, high),
        rule=replace(
            station.devices[0].rule, reject_codes={FailureMode("torque_low"): 11, high: 12}
        ),
    )
    plant = a_plant(
        a_check(),
        a_check("op20-high", parts=(PartId("RR-0003"), PartId("GM-0001"))),
        stations=(replace(station, devices=(device,)), base.stations[1]),
        parts=(*base.parts, a_part("RR-0003", "torque_high")),
    )
    bench = Bench(plant)
    start(bench)
    scan(bench)
    put_in(bench, accepted=True)
    give_back(bench)
    bench.settle(bench.owners[OP20].confirm(actor=ANNA, now=bench.clock.now()))
    (case,) = bench.database.read_now(lambda reader: reader.find(ContainmentRecord))
    with pytest.raises(Refusal) as refused:
        start(bench, "op20-high", case.containment_id)
    assert refused.value.code == "containment_not_to_reverify"
    mended = RepairCode.SETTING_RESTORED
    bench.write(
        lambda uow: containing.record_repair(
            uow, case.containment_id, repair=mended, text=None, actor=ANNA
        )
    )
    start(bench, TORQUE_CHECK, case.containment_id)

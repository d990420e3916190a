"""What doesn't count for the plan is kept and shown, and fulfils nothing (D28, D33)."""

from dataclasses import replace

import pytest

from redrabbit.domain.fulfilment import NotCounted
from redrabbit.domain.good_checks import last_good_check
from redrabbit.domain.grade import Grade
from redrabbit.domain.identity import PartId, SignalName
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import ContainmentRecord, OccurrenceRecord, RunRecord
from redrabbit.domain.repair import RepairCode
from redrabbit.domain.run_words import Outcome
from redrabbit.domain.signals import Encoding, Table
from redrabbit.domain.station_says import ProductionSignal, StationSays
from redrabbit.services import containing
from tests.plants import OP20, Bench, a_check, a_plant, a_signal
from tests.services.test_custody import ANNA, give_back, put_in, scan, start

PROGRAM = SignalName("program")


def plant_of(least_grade: Grade | None = None) -> Plant:
    """Return a plant whose station tells its program: 7 is production's."""
    plant = a_plant(a_check(parts=(PartId("RR-0001"),), least_grade=least_grade))
    station, *others = plant.stations
    telling = replace(
        station,
        signals=(*station.signals, a_signal(PROGRAM, Table.HOLDING_REGISTER, 30, Encoding.UINT16)),
        says=StationSays(program=ProductionSignal(signal=PROGRAM, values=(7,))),
    )
    return replace(plant, stations=(telling, *others))


def verified(plant: Plant, program: int | None) -> Bench:
    """Return the bench after a run that detected its part under this program."""
    bench = Bench(plant)
    if program is not None:
        bench.read(OP20, program=program)
    start(bench)
    scan(bench)
    put_in(bench, rejected=True, reject_code=11)
    give_back(bench)
    bench.settle(bench.owners[OP20].confirm(actor=ANNA, now=bench.clock.now()))
    return bench


def the_run(bench: Bench) -> RunRecord:
    (run,) = bench.database.read_now(lambda reader: reader.find(RunRecord))
    return run


def occurrence_outcome(bench: Bench) -> str | None:
    (occurrence,) = bench.database.read_now(lambda reader: reader.find(OccurrenceRecord))
    return occurrence.outcome


@pytest.mark.parametrize(
    ("program", "not_counted"),
    [
        pytest.param(7, None, id="production"),
        pytest.param(9, NotCounted.OTHER_PROGRAM, id="another program"),
        pytest.param(None, NotCounted.OTHER_PROGRAM, id="not told"),
    ],
)
def test_only_productions_program_fulfils_an_obligation(
    program: int | None, not_counted: NotCounted | None
) -> None:
    bench = verified(plant_of(), program)
    assert (the_run(bench).outcome, the_run(bench).not_counted) == (Outcome.PASSED, not_counted)
    counts = not_counted is None
    assert occurrence_outcome(bench) == ("passed" if counts else None)
    good = bench.database.read_now(lambda reader: last_good_check(reader, "op20-torque"))
    assert (good is not None) is counts


@pytest.mark.parametrize(
    ("demanded", "not_counted"),
    [
        pytest.param(None, None, id="nothing demanded"),
        pytest.param(Grade.C, None, id="what it is"),
        pytest.param(Grade.B, NotCounted.GRADE_TOO_LOW, id="better than it is"),
    ],
)
def test_weaker_evidence_than_the_plan_demands_fulfils_nothing(
    demanded: Grade | None, not_counted: NotCounted | None
) -> None:
    """The station has no part code, so which part it was is known by order: C."""
    bench = verified(plant_of(demanded), program=7)
    assert (the_run(bench).grade, the_run(bench).not_counted) == (Grade.C, not_counted)
    assert occurrence_outcome(bench) == ("passed" if not_counted is None else None)


def test_a_case_is_not_ended_under_another_program() -> None:
    """L4: a re-verification must prove what production runs by."""
    bench = Bench(plant_of())
    bench.read(OP20, program=7)
    start(bench)
    scan(bench)
    put_in(bench, accepted=True)
    give_back(bench)
    bench.settle(bench.owners[OP20].confirm(actor=ANNA, now=bench.clock.now()))
    (case,) = bench.database.read_now(lambda reader: reader.find(ContainmentRecord))
    restored = RepairCode.PROGRAM_RESTORED
    bench.write(
        lambda uow: containing.record_repair(
            uow, case.containment_id, repair=restored, text=None, actor=ANNA
        )
    )
    bench.read(OP20, program=9)
    start(bench, containment_id=case.containment_id)
    scan(bench)
    put_in(bench, rejected=True, reject_code=11)
    give_back(bench)
    bench.settle(bench.owners[OP20].confirm(actor=ANNA, now=bench.clock.now()))
    (after,) = bench.database.read_now(lambda reader: reader.find(ContainmentRecord))
    assert after.state == "open"

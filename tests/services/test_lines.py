"""What stands on which line: parts lent, stations and checks moved; one record, one stream (D50)."""

import itertools
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from redrabbit.domain import acts
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.catalogue import fold
from redrabbit.domain.identity import CheckId, LineId, PartId, RunId
from redrabbit.domain.ledger import Entry
from redrabbit.domain.plant import Line, Plant
from redrabbit.domain.record_comparison import Folded
from redrabbit.domain.records import (
    TABLES,
    AlarmRecord,
    ChallengePartRecord,
    CheckRecord,
    OccurrenceRecord,
    StationRecord,
)
from redrabbit.services import scheduling
from redrabbit.services.ports import equals
from tests.plants import (
    IDLE_SIGNALS,
    LINE,
    OP20,
    OP30,
    TORQUE_CHECK,
    Bench,
    a_check,
    a_plant,
    words,
)
from tests.services.served import ANNA, START, Served

OTHER_LINE = LineId("line2")
OTHER_CHECK = CheckId("op30-torque")


def on_two_lines(*checks: Any, other: Any = OP30) -> Plant:
    """Return the plant with this station on a second line."""
    plant = a_plant(*checks)
    stations = tuple(
        replace(station, line=OTHER_LINE) if station.id == other else station
        for station in plant.stations
    )
    calendars = {LINE: plant.calendars[LINE], OTHER_LINE: plant.calendars[LINE]}
    lines = (*plant.lines, Line(id=OTHER_LINE, name=words("Line 2")))
    return replace(plant, stations=stations, calendars=calendars, lines=lines)


def lending() -> Plant:
    """Return a plant whose lines share their challenge parts."""
    return on_two_lines(a_check(), a_check(OTHER_CHECK, OP30, line=OTHER_LINE))


def entries(served: Served | Bench) -> list[Entry]:
    return list(served.database.read_now(lambda reader: reader.entries()))


def told(served: Served, part_id: str = "RR-0001") -> list[tuple[str, str]]:
    """Return type and stream of each entry about where a part is."""
    kinds = {"part_issued", "part_given_back", "part_handed_over", "part_handed_back"}
    return [
        (entry.type, entry.stream)
        for entry in entries(served)
        if entry.type in kinds and (entry.payload or {})["part_id"] == part_id
    ]


def part(served: Served) -> ChallengePartRecord:
    found = served.database.read_now(lambda reader: reader.get(ChallengePartRecord, "RR-0001"))
    assert found is not None
    return found


def must_fold_in_any_order(served: Served | Bench) -> None:
    """The same records, stream by stream, whichever stream comes first."""
    streams = sorted({entry.stream for entry in entries(served)})
    for order in (streams, streams[::-1]):
        folded = Folded(fold)
        for stream in order:
            for entry in entries(served):
                if entry.stream == stream:
                    folded.add(entry)
        for kind in TABLES:
            kept = served.database.read_now(lambda reader, k=kind: reader.find(k))  # type: ignore[misc]  # because mypy has no type for a default of a lambda
            assert sorted(map(str, folded.records[kind].values())) == sorted(map(str, kept)), kind


async def run_on_other_line(served: Served) -> RunId:
    run = await served.service.do(replace(START, check_id=OTHER_CHECK), ANNA)
    return RunId(run.run_id)


async def test_a_part_used_on_another_line_is_handed_over_and_back_by_one_fact_each() -> None:
    """L5, D50: its uses are counted once, on the line where it is at home."""
    served = await Served.opened(lending())
    run = await run_on_other_line(served)
    assert run == "line2-R-1"
    await served.service.do(acts.ScanPart(run_id=run, code="RR-0001"), ANNA)
    assert (part(served).custody, part(served).run_id, part(served).uses) == ("issued", run, 1)
    with pytest.raises(Refusal) as refused:
        await served.start()
    assert refused.value.code == "part_is_out"
    await served.service.do(acts.AbortRun(run_id=run, reason="gloves"), ANNA)
    await served.service.do(acts.GiveBackPart(run_id=run, code="RR-0001"), ANNA)
    assert (part(served).custody, part(served).run_id, part(served).uses) == ("stored", None, 1)
    assert told(served) == [
        ("part_issued", "line2"),
        ("part_handed_over", "line1"),
        ("part_given_back", "line2"),
        ("part_handed_back", "line1"),
    ]
    assert (await served.start()).run_id == "line1-R-1"
    must_fold_in_any_order(served)


async def test_a_part_at_home_is_handed_to_nobody() -> None:
    served = await Served.opened(lending())
    run = await served.awaiting_return()
    await served.service.do(acts.GiveBackPart(run_id=run, code="RR-0001"), ANNA)
    assert told(served) == [("part_issued", "line1"), ("part_given_back", "line1")]
    assert part(served).uses == 1


async def test_a_lent_part_that_is_not_back_is_missing_on_its_own_line() -> None:
    """L5: the alarm is raised where it was used."""
    served = await Served.opened(lending())
    run = await run_on_other_line(served)
    await served.service.do(acts.ScanPart(run_id=run, code="RR-0001"), ANNA)
    await served.service.do(acts.AbortRun(run_id=run, reason="gloves"), ANNA)
    for _ in range(2):
        served.pass_time(301)
        await served.read_station(OP30)
        served.agent.tick(served.clock.now())
        await served.agent.queues[OP30].close()
    assert part(served).custody == "missing"
    (alarm,) = served.database.read_now(
        lambda reader: reader.find(AlarmRecord, equals("kind", "not_returned"))
    )
    assert (alarm.stream, alarm.part_id, alarm.run_id) == ("line2", "RR-0001", run)
    (missing,) = [entry for entry in entries(served) if entry.type == "part_missing"]
    assert missing.stream == "line1"
    must_fold_in_any_order(served)


def moved(bench: Bench, plant: Plant) -> None:
    bench.plant = replace(plant, digest="1" * 64)
    bench.restart()


def test_a_station_moved_to_another_line_is_retired_there_and_adopted_here() -> None:
    bench = Bench(a_plant(a_check()))
    moved(bench, on_two_lines(a_check(station=OP20)))
    known = bench.database.read_now(
        lambda reader: reader.find(StationRecord, equals("station_id", OP30))
    )
    assert [(each.line, each.retired_at is None) for each in known] == [
        ("line1", False),
        ("line2", True),
    ]
    bench.read(OP30, **IDLE_SIGNALS)
    must_fold_in_any_order(bench)


@pytest.mark.parametrize("later", [timedelta(0), timedelta(minutes=15), timedelta(hours=9)])
def test_a_check_moved_to_another_line_owes_nothing_twice(later: timedelta) -> None:
    """L7, D50: what the old line owed is excused or was decided; the new one owes from now on."""
    bench = Bench(a_plant(a_check()))
    bench.pass_time(later.total_seconds())
    bench.write(lambda uow: scheduling.step(uow, bench.plant))
    moved(bench, on_two_lines(a_check(line=OTHER_LINE), other=OP20))
    bench.pass_time(24 * 3600)
    bench.write(lambda uow: scheduling.step(uow, bench.plant))
    known = bench.database.read_now(lambda reader: reader.find(CheckRecord))
    assert [(each.line, each.check_id, each.retired_at is None) for each in known] == [
        ("line1", TORQUE_CHECK, False),
        ("line2", TORQUE_CHECK, True),
    ]
    made = bench.database.read_now(lambda reader: reader.find(OccurrenceRecord))
    owed = [each.trigger_key for each in made if each.reason_code != "check_retired"]
    assert len(owed) == len(set(owed))
    assert all(each.outcome is not None for each in made if each.line == "line1")
    dues = sorted({each.due_at for each in made})
    assert {after - before for before, after in itertools.pairwise(dues)} == {timedelta(hours=8)}
    must_fold_in_any_order(bench)


def test_each_line_counts_for_itself() -> None:
    bench = Bench(lending())
    bench.pass_time(600)
    bench.write(lambda uow: scheduling.step(uow, bench.plant))
    made = bench.database.read_now(lambda reader: reader.find(OccurrenceRecord))
    assert [each.occurrence_id for each in made] == ["line1-O-1", "line2-O-1"]
    assert {PartId("RR-0001")} <= {part.id for part in bench.plant.parts}

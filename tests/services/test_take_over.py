"""Another configuration without a restart: one transaction, every queue in order (D52, B13, L7)."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import time, timedelta
from typing import Any, TypeVar

import pytest

from redrabbit.domain import acts
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.plant import InForceItem, InForceKind, in_force_digest
from redrabbit.domain.identity import CheckId, LineId, RunId, StationId
from redrabbit.domain.plant import Line, Plant
from redrabbit.domain.records import OccurrenceRecord, PresentationRecord, StationRecord
from redrabbit.domain.schedule import Daily
from redrabbit.services import scheduling
from redrabbit.services.errors import StoreTrouble
from redrabbit.services.ports import UnitOfWork, equals
from redrabbit.services.taking_up import TakenOver
from tests.plants import LINE, OP20, OP30, TORQUE_CHECK, a_check, a_part, a_plant, a_station
from tests.services.served import ANNA, START, Served

T = TypeVar("T")

FILES = {"plant.yaml": "plant: y\n"}
OTHER_CHECK = CheckId("op30-torque")
PART = "RR-0001"


def revised(*checks: Any, revision: str = "1", **changes: Any) -> Plant:
    """Return a plant as another revision of the files gives it."""
    item = InForceItem(kind=InForceKind.PLAN, id="CP-1", digest=revision * 64, revision=revision)
    return replace(a_plant(*checks, **changes), digest=revision * 64, in_force=(item,))


async def take_over(served: Served, plant: Plant) -> TakenOver:
    return await served.agent.take_over(plant, FILES)


def occurrences(served: Served) -> list[OccurrenceRecord]:
    return served.database.read_now(lambda reader: reader.find(OccurrenceRecord))


async def armed(served: Served) -> RunId:
    """Have a run at OP20 whose part was taken."""
    run = RunId((await served.start()).run_id)
    await served.service.do(acts.ScanPart(run_id=run, code=PART), ANNA)
    return run


# What goes on, and what does not


async def test_a_run_that_nothing_concerns_goes_on_and_detects() -> None:
    served = await Served.opened(a_plant(a_check(), a_check(OTHER_CHECK, OP30)))
    run = await armed(served)
    await served.see_free()
    await served.read_station(part_present=True)
    owner = served.agent.queues[OP20].owner
    other = a_check(OTHER_CHECK, OP30, grace=timedelta(minutes=5))
    taken = await take_over(served, revised(a_check(), other))
    assert (taken.adopted, dict(taken.rebuilt), taken.removed) == (True, {}, frozenset())
    assert served.agent.queues[OP20].owner is owner
    served.pass_time(0.5)
    await served.read_station(rejected=True, reject_code=11)
    (shown,) = served.database.read_now(lambda reader: reader.find(PresentationRecord))
    assert (shown.run_id, shown.verdict) == (run, "detected")


@pytest.mark.parametrize(
    "plant",
    [
        revised(a_check(), stations=(a_station(OP20, within_s=4.0), a_station(OP30))),
        revised(a_check(grace=timedelta(minutes=5))),
        revised(parts=(a_part("RR-0001", storage="B4"), a_part("GM-0001", None))),
    ],
    ids=["its rule", "its check", "its part"],
)
async def test_a_run_that_something_concerns_is_taken_up_as_after_a_restart(plant: Plant) -> None:
    """L3: what was before the device is inconclusive; the part is still to be given back."""
    served = await Served.opened()
    run = await armed(served)
    await served.see_free()
    await served.read_station(part_present=True)
    taken = await take_over(served, plant)
    assert set(taken.rebuilt) == {OP20}
    (shown,) = served.database.read_now(lambda reader: reader.find(PresentationRecord))
    assert (shown.verdict, shown.verdict_reason) == ("inconclusive", "restarted")
    await served.service.do(acts.GiveBackPart(run_id=run, code=PART), ANNA)
    assert (await served.service.do(acts.ConfirmRun(run_id=run), ANNA)).outcome == "inconclusive"


async def test_a_station_that_is_read_as_before_keeps_its_readings() -> None:
    """Its link tells only what changes: a watch without readings could judge nothing."""
    served = await Served.opened()
    await served.read_station(part_count=1234)
    stations = (a_station(OP20, within_s=4.0), a_station(OP30))
    taken = await take_over(served, revised(stations=stations))
    assert (set(taken.rebuilt), taken.relink) == ({OP20}, frozenset())
    assert served.agent.queues[OP20].owner.live.counter() == 1234
    run = await armed(served)
    await served.put_in(rejected=True, reject_code=11)
    await served.service.do(acts.GiveBackPart(run_id=run, code=PART), ANNA)
    (shown,) = served.database.read_now(lambda reader: reader.find(PresentationRecord))
    assert shown.verdict == "detected"


def made_at(served: Served, station: StationId = OP20) -> tuple[int, int] | None:
    """Return parts made and epoch of a station's count."""
    count = served.agent.queues[station].owner.production.counting.at(served.clock.now())
    return (count.made, count.epoch) if count is not None else None


async def test_a_station_that_is_read_as_before_goes_on_counting() -> None:
    """D34."""
    served = await Served.opened()
    await take_over(served, revised(stations=(a_station(OP20, within_s=4.0), a_station(OP30))))
    await served.read_station(part_count=1005)
    assert made_at(served) == (1005, 1)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param({}, (1005, 1), id="the same counter over another link"),
        pytest.param(
            {"scale": 2.0}, (1000, 2), id="another counter: nobody knows what lies between"
        ),
    ],
)
async def test_a_count_goes_on_where_its_counter_is_the_same(
    changed: dict[str, Any], expected: tuple[int, int]
) -> None:
    served = await Served.opened()
    other = a_station(OP20)
    signals = tuple(
        replace(spec, **changed) if spec.name == other.part_counter else spec
        for spec in other.signals
    )
    moved = replace(other, signals=signals, link=replace(other.link, endpoint="another-plc"))
    await take_over(served, revised(stations=(moved, a_station(OP30))))
    assert made_at(served) is None, "not read yet"
    await served.read_station(part_count=1005)
    assert made_at(served) == expected


async def test_a_station_on_another_line_goes_on_counting() -> None:
    served = await Served.opened()
    other = LineId("line2")
    lines = (*a_plant().lines, Line(id=other, name=a_plant().lines[0].name))
    moved = replace(a_station(OP30), line=other)
    calendars = {line.id: a_plant().calendars[LINE] for line in lines}
    plant = revised(stations=(a_station(OP20), moved), lines=lines, calendars=calendars)
    await take_over(served, plant)
    await served.read_station(OP30, part_count=1007)
    assert made_at(served, OP30) == (1007, 1)


async def test_a_station_that_comes_back_begins_from_what_was_told_last() -> None:
    served = await Served.opened()
    await served.read_station(part_count=0)  # told: it went back
    await take_over(served, revised(stations=(a_station(OP30),)))
    await take_over(served, revised(revision="2", stations=(a_station(OP20), a_station(OP30))))
    await served.read_station(part_count=7)
    assert made_at(served) == (1000, 3), "another may count now"


async def test_a_station_that_was_never_read_has_nothing_to_go_on_from() -> None:
    served = Served()
    await served.agent.open()
    other = a_station(OP20)
    moved = replace(other, link=replace(other.link, endpoint="another-plc"))
    await take_over(served, revised(stations=(moved, a_station(OP30))))
    await served.read_station(part_count=7)
    assert made_at(served) == (7, 1)


async def test_a_station_that_is_read_otherwise_is_told_and_unread_until_its_link_is_new() -> None:
    served = await Served.opened()
    other = a_station(OP20)
    moved = replace(other, link=replace(other.link, endpoint="another-plc"))
    taken = await take_over(served, revised(stations=(moved, a_station(OP30))))
    assert taken.relink == {OP20}
    assert served.agent.queues[OP20].owner.live.last_good_at() is None


async def test_stations_come_and_go() -> None:
    """D14: what is gone is retired; a link that still reads it is not listened to."""
    served = await Served.opened()
    op40 = StationId("op40")
    taken = await take_over(served, revised(stations=(a_station(OP20), a_station(op40))))
    assert (set(taken.rebuilt), set(taken.relink), set(taken.removed)) == ({op40}, {op40}, {OP30})
    assert set(served.agent.queues) == {OP20, op40}
    gone = served.database.read_now(lambda reader: reader.get(StationRecord, LINE, OP30))
    assert gone is not None
    assert gone.retired_at is not None
    assert set(served.service.views()) == {OP20, op40}
    assert dict(served.service.views(op40)) == {op40: served.service.views()[op40]}
    await served.read_station(op40, part_count=1)
    assert served.agent.queues[op40].owner.live.counter() == 1


async def test_a_run_whose_check_is_gone_is_closed_and_its_part_missing() -> None:
    """L5, D14."""
    served = await Served.opened(a_plant(a_check(), a_check(OTHER_CHECK, OP30)))
    run = await armed(served)
    await take_over(served, revised(a_check(OTHER_CHECK, OP30)))
    assert (served.run(run).state, served.run(run).reason_code) == (
        "closed",
        "configuration_changed",
    )
    assert served.agent.queues[OP20].owner.run is None


async def test_a_configuration_that_is_in_force_already_changes_nothing() -> None:
    served = await Served.opened(revised())
    size = len(served.types())
    taken = await take_over(served, revised())
    assert (taken.adopted, dict(taken.rebuilt)) == (False, {})
    assert len(served.types()) == size


# What is owed


async def test_what_came_due_before_is_owed_by_the_plan_before() -> None:
    """L7: the new plan asks otherwise, and wipes nothing out."""
    served = await Served.opened()
    served.pass_time(20 * 3600)
    await take_over(served, revised(a_check(schedule=Daily(at=time(6)))))
    assert [(o.trigger_key, o.outcome) for o in occurrences(served)] == [
        ("shift:2026-03-02:early", "lapsed"),
        ("shift:2026-03-02:late", "lapsed"),
        ("shift:2026-03-02:night", "lapsed"),
    ]
    served.pass_time(6 * 3600)
    await served.write(lambda uow: scheduling.step(uow, served.agent.in_force(uow)))
    assert occurrences(served)[-1].trigger_key == "2026-03-03T06:00:00Z"


async def test_entries_from_then_on_name_what_is_in_force() -> None:
    served = await Served.opened(revised(revision="1"))
    await take_over(served, revised(revision="2"))
    await served.service.do(acts.QuarantinePart(part_id="RR-0002", reason="worn"), ANNA)  # type: ignore[arg-type]  # because it is one
    last = served.database.read_now(lambda reader: reader.entries())[-1]
    assert last.in_force == in_force_digest(revised(revision="2").in_force)


# Half-done state


class Slow(Served):
    """A service whose database waits before it commits, or is away."""

    def __init__(self, plant: Plant | None = None) -> None:
        super().__init__(plant)
        self.gate = asyncio.Event()
        self.gate.set()
        self.away = False

    async def write(self, command: Callable[[UnitOfWork], T]) -> T:
        if self.away:
            raise StoreTrouble("connection refused")
        result = self.database.write_now(command)
        await self.gate.wait()
        return result


async def turns() -> None:
    for _ in range(30):
        turn = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(turn.set_result, None)
        await turn


async def test_what_is_asked_meanwhile_waits_and_is_done_in_order_under_the_new_plan() -> None:
    served = Slow()
    await served.open()
    run = RunId((await served.start()).run_id)
    served.gate.clear()
    abort = asyncio.ensure_future(
        served.service.do(acts.AbortRun(run_id=run, reason="gloves"), ANNA)
    )
    await turns()
    plant = revised(a_check(), a_check(OTHER_CHECK, OP20))
    taking = asyncio.ensure_future(take_over(served, plant))
    await turns()
    began = asyncio.ensure_future(served.service.do(replace(START, check_id=TORQUE_CHECK), ANNA))
    await turns()
    assert not [each for each in (abort, taking, began) if each.done()]
    served.gate.set()
    await asyncio.gather(abort, taking, began)
    kinds = [t for t in served.types() if t in {"run_closed", "in_force_changed", "run_started"}]
    assert kinds == [
        "in_force_changed",
        "run_started",
        "run_closed",
        "in_force_changed",
        "run_started",
    ]
    last = served.database.read_now(lambda reader: reader.entries())[-1]
    assert last.in_force == in_force_digest(plant.in_force)


async def test_a_step_between_commit_and_answer_sees_the_plan_that_was_adopted() -> None:
    """D52: asked per command; by the old plan it would make what nobody owes any more."""
    served = Slow()
    await served.open()
    served.gate.clear()
    taking = asyncio.ensure_future(take_over(served, revised(a_check(schedule=Daily(at=time(7))))))
    await turns()
    assert not taking.done()
    seen = await served.read(served.agent.in_force)
    assert seen.digest == "1" * 64
    assert served.service.plant.digest == "0" * 64
    served.gate.set()
    await taking
    assert served.service.plant.digest == "1" * 64


async def test_a_database_that_is_away_leaves_everything_as_it_was() -> None:
    served = Slow()
    await served.open()
    owners = {name: queue.owner for name, queue in served.agent.queues.items()}
    size = len(served.types())
    served.away = True
    stations = (a_station(OP20, within_s=4.0),)
    with pytest.raises(StoreTrouble):
        await take_over(served, revised(stations=stations))
    served.away = False
    assert {name: queue.owner for name, queue in served.agent.queues.items()} == owners
    assert (served.service.plant.digest, len(served.types())) == ("0" * 64, size)
    await armed(served)
    assert set((await take_over(served, revised(stations=stations))).removed) == {OP30}


async def test_who_gives_up_waiting_leaves_nothing_half_done() -> None:
    served = Slow()
    await served.open()
    served.gate.clear()
    taking = asyncio.ensure_future(
        take_over(served, revised(stations=(a_station(OP20, within_s=4.0), a_station(OP30))))
    )
    await turns()
    taking.cancel()
    second = asyncio.ensure_future(take_over(served, revised(revision="2")))
    await turns()
    served.gate.set()
    await second
    assert served.service.plant.digest == "2" * 64
    assert served.agent.queues[OP20].owner.station == a_station(OP20)
    assert not any(queue.busy for queue in served.agent.queues.values())


async def test_an_act_that_waits_at_a_station_which_goes_is_refused() -> None:
    served = Slow(a_plant(a_check(), a_check(OTHER_CHECK, OP30)))
    await served.open()
    served.gate.clear()
    taking = asyncio.ensure_future(take_over(served, revised(stations=(a_station(OP20),))))
    await turns()
    began = asyncio.ensure_future(served.service.do(replace(START, check_id=OTHER_CHECK), ANNA))
    await turns()
    served.gate.set()
    await taking
    with pytest.raises(Refusal) as refused:
        await began
    assert refused.value.code == "no_such_station"


async def test_a_start_that_waits_while_its_check_moves_away_is_refused() -> None:
    """Else a run of one station would be watched at another."""
    served = Slow()
    await served.open()
    served.gate.clear()
    taking = asyncio.ensure_future(take_over(served, revised(a_check(station=OP30))))
    await turns()
    began = asyncio.ensure_future(served.start())
    await turns()
    served.gate.set()
    await taking
    with pytest.raises(Refusal) as refused:
        await began
    assert refused.value.code == "no_such_check"
    assert served.database.read_now(lambda r: r.count(OccurrenceRecord, equals("line", "x"))) == 0


async def test_readings_taken_meanwhile_are_not_lost() -> None:
    served = Slow()
    await served.open()
    served.gate.clear()
    taking = asyncio.ensure_future(
        take_over(served, revised(stations=(a_station(OP20, within_s=4.0), a_station(OP30))))
    )
    await turns()
    reading = asyncio.ensure_future(served.read_station(part_count=2000))
    await turns()
    served.gate.set()
    await asyncio.gather(taking, reading)
    assert served.agent.queues[OP20].owner.live.counter() == 2000


async def test_the_version_only_grows() -> None:
    served = await Served.opened()
    before = served.service.version()
    await take_over(served, revised(stations=(a_station(OP20),)))
    assert served.service.version() > before

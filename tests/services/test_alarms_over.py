"""An alarm ends with what it is about, in the record, in plants without rules for steps, too (decisions 41 and 59)."""

from typing import Any

import pytest

from redrabbit.domain.containment_questions import reaction_of
from redrabbit.domain.facts.alarm import AlarmKind, AlarmRecord
from redrabbit.domain.facts.occurrence import OccurrenceRecord
from redrabbit.domain.facts.pulse import PulseDecided, PulseProposed, PulseWhy
from redrabbit.domain.identity import Actor
from redrabbit.domain.learnt_pulse import Cycle
from redrabbit.services import planning, scheduling
from redrabbit.services.alarm_pages import page_of
from redrabbit.services.alarming import raise_alarm
from redrabbit.services.alarms_over import AT_ONE_LOOK, ENDED_BY_THEIR_OWN, ENDS, STAYS, over_alarms
from redrabbit.services.escalating import Escalating
from redrabbit.services.ports import UnitOfWork, equals
from redrabbit.services.record_fact import record
from tests.plants import LINE, OP20, Bench
from tests.services.queries.at_op20 import AtOp20
from tests.services.test_containing import close, missed, stop, the_case, tick
from tests.services.test_windows_of_nests import DETECTED, MISSED, a_miss_in_nest_1

LI = Actor.stated("Li")


def an_overdue_bench() -> Bench:
    bench = Bench()
    bench.pass_time(40 * 60)
    bench.write(lambda uow: scheduling.step(uow, bench.plant))
    return bench


async def looked(bench: Bench) -> dict[str, bool]:
    """Let it be looked once, and say of each kind of alarm whether all of it ended."""
    await Escalating(bench.database, bench.clock, lambda: None, lambda: False).step()
    ended: dict[str, bool] = {}
    for each in bench.database.read_now(lambda reader: reader.find(AlarmRecord)):
        ended[each.kind] = ended.get(each.kind, True) and each.ended_at is not None
    return ended


def occurrence(bench: Bench) -> OccurrenceRecord:
    return bench.database.read_now(lambda reader: reader.find(OccurrenceRecord))[0]


async def test_an_alarm_about_an_overdue_check_stays_until_the_check_is_decided() -> None:
    bench = an_overdue_bench()
    assert await looked(bench) == {"overdue": False}
    due = occurrence(bench).occurrence_id
    bench.write(lambda uow: planning.excuse(uow, due, reason="line rebuilt", actor=LI))
    assert await looked(bench) == {"overdue": True}


async def test_a_lapsed_check_is_overdue_no_more_and_waits_for_a_person() -> None:
    bench = an_overdue_bench()
    bench.pass_time(4 * 3600)
    bench.write(lambda uow: scheduling.step(uow, bench.plant))
    assert await looked(bench) == {"overdue": True, "lapsed": False}


async def test_those_that_a_service_of_before_left_open_end_however_many_there_are() -> None:
    bench = an_overdue_bench()
    due = occurrence(bench)

    def more(uow: UnitOfWork) -> None:
        about: dict[str, Any] = {"line": due.line, "occurrence_id": due.occurrence_id}
        for _ in range(AT_ONE_LOOK + 1):
            raise_alarm(uow, AlarmKind.OVERDUE, at=uow.now, **about)
        planning.excuse(uow, due.occurrence_id, reason="line rebuilt", actor=LI)

    bench.write(more)
    assert len(bench.database.read_now(over_alarms)) == AT_ONE_LOOK
    assert await looked(bench) == {"overdue": True}


@pytest.mark.parametrize("kind", [AlarmKind.OVERDUE, AlarmKind.MISSED])
async def test_an_alarm_about_no_check_is_left_alone(kind: AlarmKind) -> None:
    bench = Bench()
    bench.write(lambda uow: raise_alarm(uow, kind, at=uow.now))
    assert await looked(bench) == {kind: False}


def test_each_kind_either_ends_with_the_records_or_stays_or_is_ended_by_what_raises_it() -> None:
    told = [*ENDS, *STAYS, *ENDED_BY_THEIR_OWN]
    assert sorted(told) == sorted(AlarmKind)


def close_the_case(bench: AtOp20) -> None:
    bench.verify(case="line1-C-1")
    tick(bench)
    tick(bench)
    stop(bench)
    close(bench)


def pages(bench: Bench) -> list[str]:
    return bench.database.read_now(
        lambda reader: [page_of(reader, alarm) for alarm in reader.find(AlarmRecord)]
    )


async def test_the_alarm_about_a_miss_ends_when_a_person_closes_its_case_and_not_before() -> None:
    bench = missed()
    assert await looked(bench) == {"missed": False}
    bench.verify(case="line1-C-1")
    assert await looked(bench) == {"missed": False}, "verified again is not closed (D35)"
    tick(bench)
    tick(bench)
    stop(bench)
    assert await looked(bench) == {"missed": False}
    close(bench)
    assert await looked(bench) == {"missed": True}
    assert pages(bench) == ["/containments/line1-C-1"], "the case that it was about, closed or not"


async def test_a_miss_that_moved_an_open_case_ends_with_that_case() -> None:
    bench = missed()
    bench.repair()
    bench.miss(case="line1-C-1")
    assert pages(bench) == ["/containments/line1-C-1"] * 2
    close_the_case(bench)
    assert await looked(bench) == {"missed": True}


async def test_a_miss_after_a_case_was_closed_has_its_own() -> None:
    bench = missed()
    close_the_case(bench)
    bench.miss()
    await looked(bench)
    first, second = bench.ask(lambda reader: reader.find(AlarmRecord, order_by="number"))
    assert (first.ended_at is not None, second.ended_at) == (True, None)
    assert pages(bench) == ["/containments/line1-C-1", "/containments/line1-C-2"]


async def test_a_case_of_another_nest_neither_holds_an_alarm_nor_ends_it() -> None:
    bench = a_miss_in_nest_1()
    bench.check(2, MISSED)
    assert pages(bench) == ["/containments/line1-C-1", "/containments/line1-C-2"]
    bench.repair("line1-C-1")
    bench.check(1, DETECTED, case="line1-C-1")
    while any(step.done_at is None for step in reaction_of(the_case(bench))):
        tick(bench)
    stop(bench)
    close(bench)
    await looked(bench)
    first, second = bench.ask(
        lambda reader: reader.find(AlarmRecord, equals("kind", "missed"), order_by="number")
    )
    assert (first.ended_at is not None, second.ended_at) == (True, None)


async def test_the_alarm_about_a_part_ends_when_it_is_back() -> None:
    bench = AtOp20()
    bench.start()
    bench.judged("RR-0001", rejected=True, reject_code=11)
    bench.take_off()
    bench.pass_time(3600)
    bench.tick()
    assert await looked(bench) == {"not_returned": False}
    assert len(bench.page().alarms) == 1
    bench.give_back()
    assert await looked(bench) == {"not_returned": True}
    assert bench.page().alarms == ()


async def test_the_alarm_about_a_shorter_pulse_ends_when_a_person_has_decided_it() -> None:
    bench = Bench()

    def decide(uow: UnitOfWork, entry: int) -> None:
        decided = PulseDecided(
            station=OP20,
            signal="rejected",
            confirmed=True,
            pulse_s=0.2,
            proposed_entry=entry,
            cycles=(),
        )
        record(uow, decided, stream=LINE, actor=LI)

    def propose(uow: UnitOfWork) -> None:
        for why in PulseWhy:
            proposed = PulseProposed(
                station=OP20,
                signal="rejected",
                learnt_of="1" * 64,
                poll_interval_s=0.1,
                why=why,
                at_least_s=0.2,
                at_most_s=0.3,
                cycles=(Cycle(at_least_s=0.2, at_most_s=0.3),),
            )
            record(uow, proposed, stream=LINE, actor=LI)
        raise_alarm(uow, AlarmKind.SHORTER_PULSE, at=uow.now, line=LINE, station=OP20)

    bench.write(propose)
    assert await looked(bench) == {"shorter_pulse": False}
    bench.write(lambda uow: decide(uow, 2))
    assert await looked(bench) == {"shorter_pulse": True}

"""Obligations: made once, told once, lapsed at their close; and what `overdue` says without them."""

from datetime import datetime, timedelta

import pytest

from redrabbit.domain.identity import PartId
from redrabbit.domain.record_query import recorded
from redrabbit.domain.records import AlarmRecord, ChallengePartRecord, CheckRecord, OccurrenceRecord
from redrabbit.domain.schedule import EveryInterval, OnDemand
from redrabbit.services import planning, scheduling
from redrabbit.services.adopting import adopt
from redrabbit.services.overdue import lapsed_checks, overdue_occurrences
from tests.plants import BEGIN, LINE, OP20, Bench, a_check, a_plant
from tests.services.test_custody import ANNA, give_back, put_in, scan, start


def step(bench: Bench) -> None:
    bench.write(lambda uow: scheduling.step(uow, bench.plant))


def occurrences(bench: Bench) -> list[OccurrenceRecord]:
    return bench.database.read_now(lambda reader: reader.find(OccurrenceRecord))


def test_an_occurrence_is_made_once_however_often_somebody_looks() -> None:
    """B14."""
    bench = Bench()
    for _ in range(5):
        bench.pass_time(60)
        step(bench)
    assert [o.trigger_key for o in occurrences(bench)] == ["shift:2026-03-02:early"]


def test_being_overdue_is_told_once_and_dated_at_the_end_of_the_grace() -> None:
    bench = Bench()
    bench.pass_time(40 * 60)
    step(bench)
    step(bench)
    alarms = bench.database.read_now(lambda reader: reader.find(AlarmRecord))
    (due,) = occurrences(bench)
    assert [(a.kind, a.raised_at) for a in alarms] == [("overdue", due.grace_ends_at)]


def test_the_next_step_is_when_something_is_to_be_done() -> None:
    bench = Bench()
    (due,) = occurrences(bench)

    def next_at() -> timedelta:
        now = bench.clock.now()
        found = bench.database.read_now(
            lambda reader: scheduling.next_step_at(reader, bench.plant, now)
        )
        assert found is not None
        return found - due.due_at

    assert next_at() == timedelta(minutes=20)
    bench.pass_time(35 * 60)
    step(bench)
    assert next_at() == timedelta(minutes=60)
    bench.pass_time(40 * 60)
    step(bench)
    assert next_at() == timedelta(hours=8) - timedelta(minutes=15)


def test_a_check_on_demand_is_never_due() -> None:
    bench = Bench(a_plant(a_check(schedule=OnDemand())))
    bench.pass_time(30 * 86400)
    step(bench)
    assert occurrences(bench) == []
    assert (
        bench.database.read_now(
            lambda reader: scheduling.next_step_at(reader, bench.plant, bench.clock.now())
        )
        is None
    )


def test_overdue_is_right_when_no_scheduler_ran_for_days() -> None:
    """D9: readers compute what nobody has made."""
    bench = Bench()
    bench.pass_time(3 * 86400 + 35 * 60)
    found = bench.database.read_now(
        lambda reader: overdue_occurrences(reader, bench.plant, bench.clock.now())
    )
    assert [(o.check_id, o.due_at) for o in found] == [
        ("op20-torque", BEGIN + timedelta(days=3, minutes=10))
    ]


def test_a_check_gone_from_the_plan_is_retired_and_owes_nothing_more() -> None:
    """D14."""
    bench = Bench()
    other = a_plant(a_check("another"), digest="1" * 64)
    bench.write(lambda uow: adopt(uow, other, {"plant.yaml": "y"}, "test"))
    gone = bench.database.read_now(lambda reader: reader.get(CheckRecord, LINE, "op20-torque"))
    assert gone is not None
    assert gone.retired_at is not None
    (due,) = occurrences(bench)
    assert (due.outcome, due.reason_code) == ("excused", "check_retired")


def test_a_part_that_people_quarantined_comes_back_so_and_says_it_was_before() -> None:
    """The configuration decided nothing, and no words of a person are claimed that are not there."""
    bench = Bench()
    part = bench.plant.parts[0].id
    bench.write(lambda uow: planning.quarantine(uow, part, reason="worn", actor=ANNA))
    without = a_plant(parts=bench.plant.parts[1:], digest="1" * 64)
    bench.write(lambda uow: adopt(uow, without, {"plant.yaml": "y"}, "test"))
    bench.write(lambda uow: adopt(uow, bench.plant, {"plant.yaml": "x"}, "test"))
    back = bench.database.read_now(lambda reader: recorded(reader, ChallengePartRecord, part))
    assert (back.state, back.state_code, back.state_text) == (
        "quarantined",
        "quarantined_before",
        None,
    )
    assert back.taken_out_by == [ANNA.id]


def test_a_configuration_in_force_is_adopted_without_an_entry() -> None:
    bench = Bench()
    size = bench.database.read_now(lambda reader: reader.head()).size
    assert not bench.write(lambda uow: adopt(uow, bench.plant, {"plant.yaml": "x"}, "test"))
    assert bench.database.read_now(lambda reader: reader.head()).size == size


def test_an_interval_counts_from_the_adoption_of_the_check() -> None:
    bench = Bench(
        a_plant(
            a_check(
                schedule=EveryInterval(interval_s=3600.0),
                opens_before=timedelta(0),
                closes_after=timedelta(minutes=30),
            )
        )
    )
    bench.pass_time(2 * 3600 + 1)
    step(bench)
    assert [o.due_at - BEGIN for o in occurrences(bench)] == [
        timedelta(hours=1),
        timedelta(hours=2),
    ]


def lapsed(bench: Bench) -> list[tuple[str, datetime]]:
    found = bench.database.read_now(
        lambda reader: lapsed_checks(reader, bench.plant, bench.clock.now())
    )
    return [(each.check_id, each.due_at) for each in found]


def overdue(bench: Bench) -> list[str]:
    found = bench.database.read_now(
        lambda reader: overdue_occurrences(reader, bench.plant, bench.clock.now())
    )
    return [each.check_id for each in found]


@pytest.mark.parametrize("swept", [False, True])
def test_a_check_that_lapsed_is_listed_until_it_passes_whether_somebody_swept_or_not(
    swept: bool,
) -> None:
    check = a_check(parts=(PartId("RR-0001"),), opens_before=timedelta(hours=6))
    bench = Bench(a_plant(check))
    assert lapsed(bench) == []
    bench.pass_time(3 * 3600)
    if swept:
        bench.write(lambda uow: scheduling.step(uow, bench.plant))
    assert lapsed(bench) == [("op20-torque", BEGIN + timedelta(minutes=10))]
    bench.read(OP20)
    start(bench)  # for the shift that comes next
    scan(bench)
    put_in(bench, rejected=True, reject_code=11)
    give_back(bench)
    bench.settle(bench.owners[OP20].confirm(actor=ANNA, now=bench.clock.now()))
    assert lapsed(bench) == []


def test_what_falls_due_in_a_pause_is_neither_overdue_nor_lapsed_though_nobody_swept() -> None:
    """Findings A7, B23."""
    bench = Bench()
    ends_at = BEGIN + timedelta(hours=7)
    bench.write(
        lambda uow: planning.declare_pause(
            uow,
            bench.plant,
            line=LINE,
            begins_at=BEGIN,
            ends_at=ends_at,
            reason="no parts",
            actor=ANNA,
        )
    )
    bench.pass_time(35 * 60)
    assert overdue(bench) == []
    bench.pass_time(3 * 3600)
    assert lapsed(bench) == []

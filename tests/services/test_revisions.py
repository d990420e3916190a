"""What becomes of obligations, runs and parts when the configuration or the plan changes."""

from dataclasses import replace
from datetime import time

from redrabbit.domain.identity import Actor, LineId
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import (
    OccurrenceRecord,
)
from redrabbit.domain.schedule import Daily
from redrabbit.domain.shift_calendar import Shift, ShiftCalendar
from redrabbit.services import scheduling
from redrabbit.services.queries.due import due_page
from redrabbit.services.taking_up import open_life
from tests.plants import LINE, OP20, OP30, TORQUE_CHECK, UTC_ZONE, Bench, a_check, a_plant

ANNA = Actor.stated("2207")
EVERY_DAY = tuple(range(7))


def revised(bench: Bench, plant: Plant, digest: str) -> None:
    """Stop the product and start it with another configuration."""
    bench.plant = replace(plant, digest=digest * 64)
    bench.restart()


def occurrences(bench: Bench) -> list[OccurrenceRecord]:
    return bench.database.read_now(lambda reader: reader.find(OccurrenceRecord))


def start(bench: Bench) -> None:
    bench.settle(
        bench.owners[OP20].start(
            check_id=TORQUE_CHECK,
            occurrence_id=None,
            containment_id=None,
            actor=ANNA,
            now=bench.clock.now(),
        )
    )


def scan(bench: Bench, code: str) -> None:
    bench.settle(bench.owners[OP20].scan(code, actor=ANNA, now=bench.clock.now()))


def test_a_shift_moved_to_later_the_same_day_owes_no_second_occurrence() -> None:
    """D8: the key is shift and plant date, so that this one is made already."""
    bench = Bench()
    bench.pass_time(15 * 60)
    later = Shift(name="early", weekdays=EVERY_DAY, starts_at=time(7), ends_at=time(14))
    calendars = {LineId(LINE): ShiftCalendar(zone=UTC_ZONE, shifts=(later,))}
    revised(bench, replace(bench.plant, calendars=calendars), "1")
    bench.pass_time(50 * 60)
    bench.write(lambda uow: scheduling.step(uow, bench.plant))
    assert [o.trigger_key for o in occurrences(bench)] == ["shift:2026-03-02:early"]
    now = bench.clock.now()
    next_at = bench.database.read_now(
        lambda reader: scheduling.next_step_at(reader, bench.plant, now)
    )
    assert next_at is not None
    assert next_at > now


def test_a_check_brought_back_owes_nothing_twice() -> None:
    """D8: what was made ahead of its time and excused meanwhile is not made again."""
    daily = a_check(schedule=Daily(at=time(6)))
    other = a_check("op30-torque", OP30)
    bench = Bench(a_plant(daily, other))
    with_both = bench.plant
    bench.pass_time(60)
    revised(bench, a_plant(other), "1")
    bench.pass_time(60)
    revised(bench, with_both, "2")
    mine = [o for o in occurrences(bench) if o.check_id == TORQUE_CHECK]
    assert [o.outcome for o in mine] == ["excused"]


def test_what_lapsed_while_nobody_watched_is_not_excused_by_a_plan_without_the_check() -> None:
    """L7: downtime is no excuse, and a revision that comes after the close is none either."""
    bench = Bench(a_plant(a_check(), a_check("op30-torque", OP30)))
    bench.pass_time(3 * 3600)
    revised(bench, a_plant(a_check("op30-torque", OP30)), "1")
    mine = [o for o in occurrences(bench) if o.check_id == TORQUE_CHECK]
    assert [(o.outcome, o.reason_code) for o in mine] == [("lapsed", "not_watching")]


def test_what_came_due_before_a_revision_is_owed_by_the_plan_in_force_then() -> None:
    """L7, R12: a schedule that is changed while nobody watches wipes nothing out."""
    bench = Bench()
    before = bench.plant
    bench.pass_time(20 * 3600)
    after = replace(a_plant(a_check(schedule=Daily(at=time(6)))), digest="1" * 64)
    bench.write(
        lambda uow: open_life(uow, after, {"plant.yaml": "plant: y\n"}, "test", before=before)
    )
    assert [(o.trigger_key, o.outcome) for o in occurrences(bench)] == [
        ("shift:2026-03-02:early", "lapsed"),
        ("shift:2026-03-02:late", "lapsed"),
        ("shift:2026-03-02:night", "lapsed"),
    ]


def test_a_check_that_is_left_out_still_owes_what_was_due() -> None:
    """D55: a plan change is no amnesty; the overdue check was excused at once."""
    both = a_check(), a_check("op30-torque", OP30)
    bench = Bench(a_plant(*both))
    bench.pass_time(40 * 60)
    bench.write(lambda uow: scheduling.step(uow, bench.plant))
    assert [o.overdue_told for o in occurrences(bench)] == [True, True]
    revised(bench, a_plant(a_check("op30-torque", OP30)), "1")
    mine = [o for o in occurrences(bench) if o.check_id == TORQUE_CHECK]
    assert [o.outcome for o in mine] == [None]
    now = bench.clock.now()
    page = bench.database.read_now(lambda reader: due_page(reader, bench.plant, now))
    assert {row.check for row in page.overdue} == {TORQUE_CHECK, "op30-torque"}
    bench.pass_time(3600)
    bench.write(lambda uow: scheduling.step(uow, bench.plant))
    mine = [o for o in occurrences(bench) if o.check_id == TORQUE_CHECK]
    assert [o.outcome for o in mine] == ["lapsed"]


def test_a_check_that_is_left_out_before_it_is_due_owes_nothing() -> None:
    bench = Bench(a_plant(a_check(), a_check("op30-torque", OP30)))
    bench.pass_time(60)
    bench.write(lambda uow: scheduling.step(uow, bench.plant))
    revised(bench, a_plant(a_check("op30-torque", OP30)), "1")
    mine = [o for o in occurrences(bench) if o.check_id == TORQUE_CHECK]
    assert [(o.outcome, o.reason_code) for o in mine] == [("excused", "check_retired")]

"""A week of a line: every due time once, made or planned, on its plant-local day; pauses and a plan to come are minded."""

from collections import Counter
from datetime import datetime, timedelta

import pytest

from redrabbit.domain.identity import LineId
from redrabbit.domain.records import CheckRecord, OccurrenceRecord
from redrabbit.domain.schedule import due_times
from redrabbit.domain.shift_calendar import plant_date
from redrabbit.services import planning
from redrabbit.services.queries.week import WeekPage, week_page
from tests.services.queries.at_op20 import ANNA, AtOp20
from tests.showcase_story import Showcase


def slots(page: WeekPage) -> list[tuple[str, datetime, str | None]]:
    return [
        (row.check, slot.due_at, slot.occurrence)
        for row in page.rows
        for day in row.days
        for slot in day
    ]


@pytest.mark.parametrize("line", ["line1", "line2", "line3", "line4"])
def test_every_due_time_of_the_week_stands_there_once(showcase: Showcase, line: str) -> None:
    plant, now = showcase.plant, showcase.clock.now()
    today = plant_date(plant.zone, now)
    page = showcase.ask(lambda r: week_page(r, plant, line, today, now))
    every = showcase.ask(lambda r: r.find(OccurrenceRecord))
    made = {each.occurrence_id for each in every if each.line == line}
    found = slots(page)
    assert {each for _, _, each in found if each is not None} == made
    assert all(n == 1 for n in Counter((check, at) for check, at, _ in found).values())
    since = {each.check_id: each.adopted_at for each in showcase.ask(lambda r: r.find(CheckRecord))}
    end = now.astimezone(plant.zone).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(
        days=7 - today.weekday()
    )
    owed = {
        (check.id, due.due_at)
        for check in plant.plan.checks
        if check.line == line
        for due in due_times(
            check.schedule, plant.calendars[LineId(line)], since[check.id], now, end
        )
        if due.due_at < end
    }
    assert owed <= {(check, at) for check, at, _ in found}
    assert {(c, at) for c, at, each in found if each is None} <= owed, "nothing is invented"
    assert sum(day.count for day in page.days) == len(found)
    for row in page.rows:
        for day, of_day in zip(page.days, row.days, strict=True):
            assert all(plant_date(plant.zone, slot.due_at) == day.day for slot in of_day)


def test_a_pause_moves_what_is_planned_and_is_shown() -> None:
    bench = AtOp20()
    now = bench.clock.now()
    plant, line = bench.plant, bench.plant.lines[0].id
    today = plant_date(plant.zone, now)
    coming = bench.ask(lambda r: week_page(r, plant, line, today, now))
    planned = sorted(at for _, at, each in slots(coming) if each is None)
    first = planned[0]
    begin, end = first - timedelta(minutes=1), first + timedelta(minutes=2)
    bench.database.write_now(
        lambda uow: planning.declare_pause(
            uow,
            plant,
            line=line,
            begins_at=begin,
            ends_at=end,
            reason="stocktaking",
            actor=ANNA,
        )
    )
    paused = bench.ask(lambda r: week_page(r, plant, line, today, now))
    after = {slot.due_at: slot for row in paused.rows for day in row.days for slot in day}
    assert first not in after
    assert after[end].is_moved
    assert [pause.reason for day in paused.days for pause in day.pauses] == ["stocktaking"]


def test_another_line_and_another_week(showcase: Showcase) -> None:
    plant, now = showcase.plant, showcase.clock.now()
    today = plant_date(plant.zone, now)
    before = showcase.ask(lambda r: week_page(r, plant, None, today - timedelta(weeks=4), now))
    assert (before.line, slots(before)) == (plant.lines[0].id, [])
    assert before.week[0].weekday() == 0
    assert not any(day.is_today for day in before.days)
    with pytest.raises(LookupError):
        showcase.ask(lambda r: week_page(r, plant, "nowhere", today, now))

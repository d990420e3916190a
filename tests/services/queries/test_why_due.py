"""Why a check is due: only by the rules that make it due then, by what happened, and by no rule of another plan."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from redrabbit.domain.facts.occurrence import (
    MadeBy,
    event_key,
    event_of,
    is_of_production,
    made_by,
    parts_key,
    shift_key,
)
from redrabbit.domain.identity import EventId
from redrabbit.domain.occurrence import trigger_key
from redrabbit.domain.records import CheckRecord, OccurrenceRecord
from redrabbit.domain.schedule import each_due_time, parse_schedule
from redrabbit.domain.schedule_rules import rules_of
from redrabbit.services.queries.schedule_shown import rules_shown, schedule_shown
from redrabbit.services.queries.why_due import why_made_due, why_planned
from tests.showcase_story import Showcase

DAY = datetime(2026, 11, 23, tzinfo=UTC).date()


@pytest.mark.parametrize(
    ("key", "made"),
    [
        ("2026-11-23T06:00:00Z", MadeBy.SCHEDULE),
        ("shift:2026-11-23:early:middle", MadeBy.SCHEDULE),
        (event_key(EventId("line1-E-7")), MadeBy.EVENT),
        (parts_key("line1-R-3", 500), MadeBy.PARTS),
        (shift_key(DAY, "early"), MadeBy.FIRST_PART),
    ],
)
def test_a_trigger_key_says_what_made_it_due(key: str, made: MadeBy) -> None:
    for each in (key, trigger_key(key, variant="A", nest="2")):
        assert made_by(each) is made
        assert is_of_production(each) == (made is not MadeBy.SCHEDULE)
    assert event_of(trigger_key(event_key(EventId("line1-E-7")), nest="2")) == "line1-E-7"


def test_of_several_rules_only_those_are_named_that_make_it_due_then(showcase: Showcase) -> None:
    plant, now = showcase.plant, showcase.clock.now()
    schedule = parse_schedule("every shift start + daily at 14:00 + every 7 h")
    check = replace(plant.plan.checks[0], schedule=schedule)
    record = next(
        each
        for each in showcase.ask(lambda r: r.find(CheckRecord))
        if each.check_id == check.id and each.line == check.line
    )
    calendar, seen = plant.calendars[check.line], set()
    until = now + timedelta(days=8)
    for due in each_due_time(schedule, calendar, record.adopted_at, now, until):
        named = why_planned(plant, check, record, due.due_at).rules
        assert named
        others = [each for each in schedule_shown(schedule) if each not in named]
        alone = [
            rule
            for rule in rules_of(schedule)
            if due.due_at
            in {
                each.due_at for each in each_due_time(rule, calendar, record.adopted_at, now, until)
            }
        ]
        assert named == rules_shown(alone)
        seen.add(len(others))
    assert {1, 2} <= seen, "one alone, and two at once"


def test_what_another_plan_made_due_is_not_explained_by_this_one(showcase: Showcase) -> None:
    plant = showcase.plant
    made = next(
        each
        for each in showcase.ask(lambda r: r.find(OccurrenceRecord))
        if made_by(each.trigger_key) is MadeBy.SCHEDULE
    )
    check = next(each for each in plant.plan.checks if each.id == made.check_id)
    record = next(
        each for each in showcase.ask(lambda r: r.find(CheckRecord)) if each.check_id == check.id
    )
    why = showcase.ask(lambda r: why_made_due(r, plant, check, record, made))
    assert why.rules
    assert why.plan is None
    older = replace(made, plan_revision="0")
    why = showcase.ask(lambda r: why_made_due(r, plant, check, record, older))
    assert (why.rules, why.plan) == ((), f"{made.plan_number} 0")

"""A plan tried out: due times as `schedule` has them, parts and events as they are given, and what is not known is said."""

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from functools import partial
from typing import Any

import pytest

from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import StationId
from redrabbit.domain.parts_made import PartsMade, parts_at_rate
from redrabbit.domain.schedule import due_times, parse_schedule
from redrabbit.domain.schedule_rules import PlantEvent
from redrabbit.domain.shift_calendar import A_MOMENT
from redrabbit.domain.try_out import Basis, Happens, NotKnown, Played, play
from tests.plants import BEGIN, LINE, OP20, OP30, a_check, a_plant

DAY = timedelta(days=1)
SINCE = BEGIN.replace(hour=6, minute=0)
UNTIL = SINCE + 2 * DAY


def tried(words: str, **known: Any) -> Played:
    plant = a_plant(a_check(schedule=parse_schedule(words)))
    basis = Basis(since=SINCE, until=UNTIL, **known)
    (played,) = play(plant, basis)
    return played


def made(per_hour: int) -> dict[StationId, PartsMade]:
    calendar = a_plant().calendars[LINE]
    return {OP20: parts_at_rate(calendar, Fraction(per_hour), SINCE, UNTIL)}


@pytest.mark.parametrize(
    "words", ["every shift start", "every 3 h of work + daily at 11:00", "on demand", "every 7 h"]
)
def test_the_calendar_is_that_of_the_schedule_and_the_begin_belongs_to_it(words: str) -> None:
    calendar = a_plant().calendars[LINE]
    asked = due_times(parse_schedule(words), calendar, SINCE, SINCE - A_MOMENT, UNTIL - A_MOMENT)
    assert list(tried(words).due) == asked


def test_parts_are_counted_from_each_check() -> None:
    by_parts = tried("every 100 parts + every shift start", made=made(50)).due
    assert [(each.due_at - SINCE) / timedelta(hours=1) for each in by_parts[:6]] == [
        *(0, 2, 4, 6, 8, 10)
    ]
    assert [each.trigger_key.split(":")[0] for each in by_parts[:5]] == [
        *("shift", "parts", "parts", "parts", "shift")
    ]


def test_a_check_that_was_made_for_a_shift_serves_its_first_part() -> None:
    alone = tried("before the first part of each shift", made=made(60))
    assert (len(alone.due), len(alone.served)) == (6, 0)
    assert alone.due[0].due_at == SINCE + timedelta(minutes=1)
    both = tried("before the first part of each shift + every shift start", made=made(60))
    assert (len(both.due), len(both.served)) == (6, 6)


def test_an_event_is_due_when_it_happens_and_what_is_due_then_serves_it() -> None:
    happens = [
        Happens(at=SINCE + timedelta(hours=hours), line=LINE, station=station, event=event)
        for hours, station, event in (
            (0, None, PlantEvent.CHANGEOVER),
            (1, OP20, PlantEvent.CHANGEOVER),
            (2, None, PlantEvent.TOOL_CHANGE),
            (3, OP30, PlantEvent.CHANGEOVER),
            (99, None, PlantEvent.CHANGEOVER),
        )
    ]
    played = tried("after changeover + every shift start", events=happens)
    assert [each.due_at for each in played.due[:3]] == [
        SINCE + timedelta(hours=hours) for hours in (0, 1, 8)
    ]
    assert played.not_known == ()


@pytest.mark.parametrize(
    ("words", "known", "not_known"),
    [
        ("every 50 parts + after changeover", {}, (NotKnown.PARTS, NotKnown.EVENTS)),
        ("every 50 parts", {"made": made(5)}, ()),
        ("after failed check", {}, ()),
        ("every shift start", {}, ()),
    ],
)
def test_what_is_not_known_is_said_and_not_played(
    words: str, known: dict[str, Any], not_known: tuple[NotKnown, ...]
) -> None:
    assert tried(words, **known).not_known == not_known


@pytest.mark.parametrize("words", ["every 10 s", "every 2 parts"])
def test_far_too_much_is_refused(words: str) -> None:
    with pytest.raises(Refusal, match="try_out_too_much"):
        tried(words, made=made(1_000), most=500)


@pytest.mark.parametrize("words", ["every 1 h", "every 50 parts", "after tool change"])
def test_what_is_too_much_is_too_much_of_all_checks_together(words: str) -> None:
    names = ("one", "two", "three", "four")
    plant = a_plant(*(a_check(name, schedule=parse_schedule(words)) for name in names))
    event = partial(Happens, line=LINE, station=None, event=PlantEvent.TOOL_CHANGE)
    basis = Basis(
        since=SINCE,
        until=UNTIL,
        made=made(100),
        events=[event(at=SINCE + timedelta(minutes=m)) for m in range(40)],
    )
    size = sum(len(each.due) for each in play(plant, basis))
    assert sum(len(each.due) for each in play(plant, replace(basis, most=size))) == size
    with pytest.raises(Refusal, match="try_out_too_much"):
        play(plant, replace(basis, most=size - 1))

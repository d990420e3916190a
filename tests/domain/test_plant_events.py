"""Which telling is of which event, which check waits for it, and what serves it (R08, D55)."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.facts.plant_event import PlantEventRecord, ToldBy
from redrabbit.domain.identity import RunId
from redrabbit.domain.plant_events import TOLD_TWICE_WITHIN, same_event, serves, waits_for
from redrabbit.domain.schedule import parse_schedule
from redrabbit.domain.schedule_rules import PlantEvent
from tests.builders import an_occurrence, at
from tests.plants import LINE, OP20, OP30, a_check
from tests.stored import bare

TWICE_S = TOLD_TWICE_WITHIN.total_seconds()


def a_telling(number: int = 1, **changes: Any) -> PlantEventRecord:
    usual: dict[str, Any] = {
        "event_id": f"line1-E-{number}",
        "line": LINE,
        "number": number,
        "station": OP20,
        "event": PlantEvent.CHANGEOVER,
        "happened_at": at(0),
        "told_by_what": ToldBy.PERSON,
    }
    telling: PlantEventRecord = bare(PlantEventRecord, number, **(usual | changes))
    return telling


def told_again(*known: PlantEventRecord, **changes: Any) -> str | None:
    usual: dict[str, Any] = {
        "station": OP20,
        "told_by_what": ToldBy.PERSON,
        "signal": None,
        "at": at(TWICE_S),
    }
    return same_event(known, **(usual | changes))


def test_told_again_shortly_after_it_is_the_same_event() -> None:
    assert told_again(a_telling()) == "line1-E-1"
    assert told_again(a_telling(), at=at(TWICE_S + 1)) is None
    assert told_again(a_telling(), told_by_what=ToldBy.SIGNAL, signal="changeover") == "line1-E-1"
    assert told_again(a_telling(told_by_what=ToldBy.SIGNAL, signal="changeover")) == "line1-E-1"


def test_the_whole_line_holds_each_station_and_no_station_another() -> None:
    assert told_again(a_telling(station=None)) == "line1-E-1"
    assert told_again(a_telling(), station=None) == "line1-E-1"
    assert told_again(a_telling(), station=OP30) is None


@pytest.mark.parametrize("told_by", [ToldBy.SIGNAL, ToldBy.PROGRAM, ToldBy.SOFTWARE])
def test_what_tells_of_each_event_once_tells_of_two(told_by: ToldBy) -> None:
    signal = "lot" if told_by is ToldBy.SIGNAL else None
    first = a_telling(told_by_what=told_by, signal=signal)
    assert told_again(first, told_by_what=told_by, signal=signal) is None
    assert told_again(first, told_by_what=ToldBy.PERSON) == "line1-E-1"


def test_two_signals_of_one_event_tell_of_it_once() -> None:
    first = a_telling(told_by_what=ToldBy.SIGNAL, signal="tool_out")
    assert told_again(first, told_by_what=ToldBy.SIGNAL, signal="tool_in") == "line1-E-1"


@given(st.lists(st.floats(1, TWICE_S), min_size=1, max_size=20))
def test_an_event_that_is_told_again_and_again_does_not_go_on_for_ever(gaps: list[float]) -> None:
    known: list[PlantEventRecord] = []
    now = 0.0
    for number, gap in enumerate((0.0, *gaps), 1):
        now += gap
        same_as = told_again(*known, at=at(now))
        known.append(a_telling(number, happened_at=at(now), same_as=same_as))
    firsts = [each.happened_at for each in known if each.same_as is None]
    assert all(b - a > TOLD_TWICE_WITHIN for a, b in pairwise(firsts))
    for each in known:
        if each.same_as is not None:
            first = next(one for one in known if one.event_id == each.same_as)
            assert each.happened_at - first.happened_at <= TOLD_TWICE_WITHIN


def test_a_check_waits_for_what_its_plan_names_at_its_station() -> None:
    check = a_check(schedule=parse_schedule("every shift start + after changeover"))
    assert waits_for(check, LINE, OP20, PlantEvent.CHANGEOVER)
    assert waits_for(check, LINE, None, PlantEvent.CHANGEOVER)
    assert not waits_for(check, LINE, OP30, PlantEvent.CHANGEOVER)
    assert not waits_for(check, "line2", None, PlantEvent.CHANGEOVER)
    assert not waits_for(check, LINE, OP20, PlantEvent.TOOL_CHANGE)
    assert not waits_for(a_check(), LINE, OP20, PlantEvent.CHANGEOVER)


def test_what_is_due_already_and_not_begun_serves_the_event() -> None:
    """Due at T0, open for an hour."""
    due = an_occurrence()
    assert not serves(due, at(-1))  # it may be done before the event
    assert serves(due, at(0))
    assert serves(due, at(3599))
    assert not serves(due, at(3600))
    run: dict[str, Any] = {"run_id": RunId("line1-R-1"), "held_until": at(0) + timedelta(hours=2)}
    assert not serves(an_occurrence(**run), at(60))  # it was begun before the event
    assert not serves(an_occurrence(outcome="passed"), at(60))

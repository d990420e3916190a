from datetime import time
from typing import Any

import pytest

from redrabbit.domain.schedule_rules import (
    AfterEvent,
    Daily,
    Days,
    EveryShiftStart,
    FirstShift,
    NotWorking,
    OnDays,
    OnDemand,
    OneRule,
    Period,
    PlantEvent,
    Together,
    events_of,
    needs_shifts,
    rules_of,
    schedule_of,
)

SHIFT = EveryShiftStart()
CHANGEOVER = AfterEvent(event=PlantEvent.CHANGEOVER)
LOT = AfterEvent(event=PlantEvent.LOT)


def test_one_rule_stands_for_itself_and_several_stand_together() -> None:
    assert schedule_of([SHIFT]) == SHIFT
    assert schedule_of([SHIFT, LOT]) == Together(rules=(SHIFT, LOT))
    assert rules_of(SHIFT) == (SHIFT,)
    assert rules_of(Together(rules=(SHIFT, LOT))) == (SHIFT, LOT)


@pytest.mark.parametrize(
    ("rules", "problem"),
    [
        ((), "2 to 12 rules together, found 0"),
        ((SHIFT,), "2 to 12 rules together, found 1"),
        ((SHIFT, SHIFT), "a rule is there twice"),
        ((SHIFT, OnDemand()), "`on demand` stands alone"),
    ],
)
def test_rules_that_can_not_stand_together_are_refused(
    rules: tuple[OneRule, ...], problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        Together(rules=rules)


def test_the_events_of_a_schedule_are_those_that_its_plan_names() -> None:
    assert events_of(Together(rules=(CHANGEOVER, SHIFT, LOT))) == (
        PlantEvent.CHANGEOVER,
        PlantEvent.LOT,
    )
    assert events_of(LOT) == (PlantEvent.LOT,)
    assert events_of(SHIFT) == ()


@pytest.mark.parametrize(
    "said",
    [
        {"every": Period.DAY, "day": 1},
        {"every": Period.DAY, "month": 1},
        {"every": Period.WEEK},
        {"every": Period.WEEK, "weekdays": (0,), "week": 1},
        {"every": Period.MONTH},
        {"every": Period.MONTH, "day": 1, "week": 1, "weekdays": (0,)},
        {"every": Period.MONTH, "week": 5, "weekdays": (0,)},
        {"every": Period.MONTH, "week": 1, "weekdays": (0, 1)},
        {"every": Period.MONTH, "day": 32},
        {"every": Period.QUARTER, "day": 1, "month": 1},
        {"every": Period.YEAR, "day": 1},
        {"every": Period.YEAR, "month": 13, "day": 1},
        {"every": Period.YEAR, "month": 4, "day": 31},
        {"every": Period.YEAR, "month": 4, "week": 1, "weekdays": (0,)},
    ],
)
def test_days_that_no_calendar_has_are_refused(said: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"no day|a month is|a day of"):
        Days(**said)


def test_days_that_have_a_rule_of_their_own_are_no_other_rule() -> None:
    for days in (Days(every=Period.DAY), Days(every=Period.MONTH, day=1)):
        with pytest.raises(ValueError, match="a rule of its own"):
            OnDays(days=days, at=time(6))


def test_a_rule_needs_shifts_where_a_line_without_them_never_owes_it() -> None:
    assert needs_shifts(SHIFT)
    assert needs_shifts(FirstShift(days=Days(every=Period.DAY)))
    assert needs_shifts(Daily(at=time(6), when_not_working=NotWorking.SKIP))
    assert not needs_shifts(Daily(at=time(6)))
    assert not needs_shifts(LOT)

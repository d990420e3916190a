import pytest

from redrabbit.domain.schedule_rules import (
    AfterEvent,
    EveryShiftStart,
    OnDemand,
    OneRule,
    PlantEvent,
    Together,
    events_of,
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

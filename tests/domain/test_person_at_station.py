"""Who is at a station: said by a badge, proved by a PIN, and neither lasts (K12, D45, B28)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.identity import BadgeId, How, PersonId, ScreenId
from redrabbit.domain.person_at_station import IDLE, PersonAtStation, Situation, came

BEGAN = datetime(2026, 11, 27, 6, 0, tzinfo=UTC)
NOW = BEGAN + timedelta(hours=2)
CHEN = PersonId("p-0042")
BADGE = BadgeId("b" * 64)


def at(minutes: float = 0, run: str | None = None, shift: datetime | None = BEGAN) -> Situation:
    return Situation(now=NOW + timedelta(minutes=minutes), run_id=run, shift_began_at=shift)


def chen(situation: Situation, how: How = How.BADGE) -> PersonAtStation:
    return came(CHEN, BADGE, how, situation)


def test_a_badge_says_who_acts_at_the_station() -> None:
    actor = chen(at()).actor("line1-op20", ScreenId("s-1"))
    assert (actor.id, actor.how, actor.station) == (CHEN, How.BADGE, "line1-op20")
    assert not chen(at()).is_proven


def test_without_a_run_somebody_is_there_for_five_minutes_after_their_last_act() -> None:
    person = chen(at())
    assert person.is_there(at(4.99))
    assert not person.is_there(at(5))
    later = person.acted(at(4))
    assert later.is_there(at(8.99))
    assert not later.is_there(at(9))
    assert later.came_at == NOW


def test_at_a_run_somebody_stays_until_it_is_closed() -> None:
    person = chen(at()).acted(at(1, "R-1"))
    assert person.is_there(at(59, "R-1"))
    assert not person.is_there(at(59))
    assert not person.is_there(at(59, "R-2"))
    assert person.is_there(at(5.9))


def test_who_comes_in_the_middle_of_a_run_is_at_it() -> None:
    assert chen(at(run="R-1")).is_there(at(59, "R-1"))


@pytest.mark.parametrize("run", [None, "R-1"])
@pytest.mark.parametrize("shift", [BEGAN + timedelta(hours=8), None])
def test_at_a_change_of_shift_everybody_is_asked_anew(
    run: str | None, shift: datetime | None
) -> None:
    assert not chen(at(run=run)).is_there(at(1, run, shift))


def test_where_no_shift_is_on_somebody_may_be_there_too() -> None:
    assert chen(at(shift=None)).is_there(at(1, shift=None))
    assert not chen(at(shift=None)).is_there(at(1))


def test_a_pin_proves_who_it_is_until_they_go() -> None:
    person = chen(at(), How.TAUGHT_IN).proved(at(1, "R-1"), "of the PIN")
    assert person.is_proven
    assert person.actor("line1-op20", ScreenId("s-1")).how is How.BADGE_PIN
    assert person.acted(at(2, "R-1")).is_proven
    assert person.is_there(at(59, "R-1"))


def test_a_clock_that_was_set_back_keeps_nobody_there() -> None:
    person = chen(at())
    assert person.is_there(at(-0.5))
    assert not person.is_there(at(-1.5))
    assert person.acted(at(-0.5)).acted_at == NOW


@given(
    minutes=st.lists(st.floats(0.1, 20), min_size=1, max_size=12),
    runs=st.lists(st.sampled_from([None, "R-1", "R-2"]), min_size=12, max_size=12),
)
def test_nobody_is_there_longer_than_a_run_or_five_minutes(
    minutes: list[float], runs: list[str | None]
) -> None:
    """Whatever happens: somebody is there only where the time since their last act, outside of their run, is short."""
    person, passed = chen(at()), 0.0
    for step, run in zip(minutes, runs, strict=False):
        passed += step
        situation = at(passed, run)
        if not person.is_there(situation):
            assert run != person.run_id or run is None
            assert situation.now - person.acted_at >= IDLE
            return
        assert situation.now - person.acted_at < IDLE or run == person.run_id
        person = person.acted(situation)
        assert person == replace(person, acted_at=situation.now, run_id=run)

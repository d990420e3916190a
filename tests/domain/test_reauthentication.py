"""Whoever has shown who they are has a minute to sign, by a clock that nobody sets back (R20)."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import Actor, How
from redrabbit.domain.reauthentication import FRESH, Reauthentication, refuse_stale

WU = Actor(id="p-0001", how=How.PASSWORD)
SECONDS = st.floats(0, 1e7, allow_nan=False)


def shown(steady_s: float, person_id: str = WU.id) -> Reauthentication:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    return Reauthentication(person_id=person_id, how=How.PASSWORD, at=at, steady_s=steady_s)


@given(SECONDS, SECONDS)
def test_it_is_fresh_for_a_minute_and_never_before_it_was(at_s: float, now_s: float) -> None:
    assert shown(at_s).is_fresh(now_s) is (0 <= now_s - at_s <= FRESH.total_seconds())


@pytest.mark.parametrize("late_s", [0, 60])
def test_who_has_just_shown_who_they_are_may_sign(late_s: float) -> None:
    one = shown(100)
    assert refuse_stale(one, WU, 100 + late_s) is one


@pytest.mark.parametrize(
    "one",
    [None, shown(100, "p-0002"), shown(39.9), shown(100.1)],
    ids=["nothing", "somebody else", "too long ago", "not yet"],
)
def test_nobody_signs_who_has_not(one: Reauthentication | None) -> None:
    with pytest.raises(Refusal, match="reauthentication_required"):
        refuse_stale(one, WU, 100)

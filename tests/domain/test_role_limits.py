"""What a role does not reach, though the table of acts allows it (K12, D45, D56)."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.challenge_part import PartState
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.fact import json_of
from redrabbit.domain.identity import Actor, How
from redrabbit.domain.records import ChallengePartRecord
from redrabbit.domain.role import Role
from redrabbit.domain.role_limits import (
    PAUSE_OF_A_SHIFT_LEADER,
    one_shift_ahead,
    refuse_beyond_the_floor,
    refuse_early_excuse,
    refuse_long_pause,
    refuse_others_run,
    refuse_same_person,
)
from redrabbit.domain.shift_calendar import Shift, ShiftCalendar, shift_windows
from tests.domain.people import grant, person_id
from tests.stored import bare

LEADER, ENGINEER = frozenset({Role.SHIFT_LEADER}), frozenset({Role.QUALITY_ENGINEER})
MONDAY = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
TWO_SHIFTS = ShiftCalendar(
    zone=ZoneInfo("UTC"),
    shifts=tuple(
        Shift(name=name, weekdays=(0, 1, 2, 3, 4), starts_at=time(begins), ends_at=time(ends))
        for name, begins, ends in (("early", 6, 14), ("late", 14, 22))
    ),
)


def code_of(refusal: pytest.ExceptionInfo[Refusal]) -> tuple[str, dict[str, Any]]:
    return refusal.value.code, refusal.value.params


def test_a_shift_leader_pauses_for_a_day_and_a_quality_engineer_longer() -> None:
    """D56."""
    refuse_long_pause(LEADER, PAUSE_OF_A_SHIFT_LEADER)
    refuse_long_pause(ENGINEER | LEADER, timedelta(days=14))
    for roles in (LEADER, frozenset({Role.SERVICE})):
        with pytest.raises(Refusal) as refused:
            refuse_long_pause(roles, PAUSE_OF_A_SHIFT_LEADER + timedelta(seconds=1))
        assert refused.value.code == "pause_too_long"


@pytest.mark.parametrize(
    ("hours", "until"),
    [
        (0, 16),  # early is on: until the end of late
        (7.9, 16),
        (8, 32),  # late is on: until the end of early tomorrow
        (16, 32),  # no shift is on: until the end of the next
        (23.9, 32),
        (4 * 24 + 8, 7 * 24 + 8),  # late on Friday: until the end of early on Monday
        (5 * 24, 7 * 24 + 8),
    ],
)
def test_one_shift_ahead_is_the_end_of_the_next(hours: float, until: float) -> None:
    at = MONDAY + timedelta(hours=hours)
    assert one_shift_ahead(TWO_SHIFTS, at) == MONDAY + timedelta(hours=until)


@given(st.integers(0, 14 * 24 * 60).map(lambda minutes: MONDAY + timedelta(minutes=minutes)))
def test_at_most_two_shifts_begin_up_to_one_shift_ahead(now: datetime) -> None:
    limit = one_shift_ahead(TWO_SHIFTS, now)
    inside = shift_windows(TWO_SHIFTS, now, limit)
    assert 1 <= len(inside) <= 2
    assert inside[-1].ends_at == limit


def test_without_shifts_nothing_is_ahead() -> None:
    idle = ShiftCalendar(zone=ZoneInfo("UTC"), shifts=())
    assert one_shift_ahead(idle, MONDAY) == MONDAY


def test_a_shift_leader_excuses_no_further_than_one_shift_ahead() -> None:
    """K12."""
    limit = MONDAY + timedelta(hours=16)
    refuse_early_excuse(LEADER, limit, TWO_SHIFTS, MONDAY)
    refuse_early_excuse(ENGINEER, limit + timedelta(days=300), TWO_SHIFTS, MONDAY)
    late = limit + timedelta(seconds=1)
    with pytest.raises(Refusal) as refused:
        refuse_early_excuse(LEADER, late, TWO_SHIFTS, MONDAY)
    assert code_of(refused) == ("excuse_too_early", {"due_at": late, "limit": limit})
    with pytest.raises(Refusal):
        refuse_early_excuse(LEADER, late, None, MONDAY)
    refuse_early_excuse(LEADER, MONDAY, None, MONDAY)


def test_a_run_is_ended_by_who_ran_it_or_leads() -> None:
    anna = Actor(id="p-0007", how=How.BADGE)
    operator = frozenset({Role.OPERATOR})
    refuse_others_run(operator, anna, ["p-0001", "p-0007"])
    refuse_others_run(operator | LEADER, anna, ["p-0001"])
    refuse_others_run(ENGINEER, anna, [])
    with pytest.raises(Refusal) as refused:
        refuse_others_run(operator, anna, ["p-0001"])
    assert code_of(refused) == ("run_of_another", {"needs": ("shift_leader", "quality_engineer")})


def a_part(**changed: Any) -> ChallengePartRecord:
    given_: dict[str, Any] = {
        "part_id": "RR-0001",
        "state": PartState.QUARANTINED,
        "state_by": "p-0009",
        "state_how": How.BADGE_PIN,
        "all_who_quarantined": json_of(["p-0007", "p-0009"]),
    }
    part: ChallengePartRecord = bare(ChallengePartRecord, 1, **(given_ | changed))
    return part


def test_who_quarantined_a_part_does_not_release_it() -> None:
    """K12."""
    anna, bernd = Actor(id="p-0007", how=How.PASSWORD), Actor(id="p-0008", how=How.PASSWORD)
    with pytest.raises(Refusal) as refused:
        refuse_same_person(a_part(), anna)
    assert code_of(refused) == ("same_person", {"part": "RR-0001"})
    refuse_same_person(a_part(), bernd)
    refuse_same_person(a_part(state=PartState.UNRELEASED), anna)
    refuse_same_person(a_part(all_who_quarantined=None), anna)


def test_a_shift_leader_answers_for_the_floor_of_their_lines_only() -> None:
    """A badge of a quality engineer in the hands of a shift leader would be a quality engineer's rights."""
    holder, admin = person_id(2), frozenset({Role.ADMINISTRATOR})
    on_line1 = grant(1, 2, Role.OPERATOR, line="line1")
    everywhere = grant(2, 2, Role.MAINTENANCE)
    leading = grant(3, 2, Role.SHIFT_LEADER, line="line1")
    refuse_beyond_the_floor(LEADER, ["line1"], holder, [])
    refuse_beyond_the_floor(LEADER, ["line1"], holder, [on_line1])
    refuse_beyond_the_floor(LEADER, [None], holder, [on_line1, everywhere])
    refuse_beyond_the_floor(admin, [], holder, [on_line1, everywhere, leading])
    for leads, held in (
        (["line2"], [on_line1]),
        (["line1"], [on_line1, everywhere]),
        ([None], [leading]),
        ([], [on_line1]),
    ):
        with pytest.raises(Refusal) as refused:
            refuse_beyond_the_floor(LEADER, leads, holder, held)
        assert refused.value.code == "person_beyond_floor"

from dataclasses import replace
from datetime import date

import pytest

from redrabbit.domain.challenge_part import (
    Category,
    CertifiedValue,
    ChallengePart,
    PartState,
    refuse_unfit,
)
from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import FailureMode, PartId, PartKindId
from redrabbit.domain.text import Text

RABBIT = ChallengePart(
    id=PartId("RR-0007"),
    kind=PartKindId("RR-0007"),
    name=Text(en="bolt without thread lock", zh="无胶螺栓"),
    category=Category.TORQUE,
    failure_mode=FailureMode("torque_low"),
    storage="drawer B3",
    valid_until=date(2026, 3, 31),
    released=True,
    wear_limit_uses=50,
)
TODAY = date(2026, 3, 2)


def is_fit(part: ChallengePart, *, uses: int, today: date) -> bool:
    try:
        refuse_unfit(part, PartState.RELEASED, uses=uses, today=today)
    except Refusal:
        return False
    return True


def test_a_released_valid_unworn_part_may_start_a_run() -> None:
    assert is_fit(RABBIT, uses=49, today=TODAY)


def test_a_part_without_wear_limit_never_wears_out() -> None:
    endless = replace(RABBIT, wear_limit_uses=None)

    assert is_fit(endless, uses=1_000_000, today=TODAY)


def test_a_part_may_still_be_used_on_its_last_day() -> None:
    assert is_fit(RABBIT, uses=0, today=RABBIT.valid_until)


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (PartState.UNRELEASED, "part_unreleased"),
        (PartState.QUARANTINED, "part_quarantined"),
        (PartState.RETIRED, "part_retired"),
    ],
)
def test_a_part_that_is_not_released_is_refused_by_its_state(state: PartState, code: str) -> None:
    """L6."""
    with pytest.raises(Refusal) as refusal:
        refuse_unfit(RABBIT, state, uses=0, today=TODAY)

    assert (refusal.value.code, refusal.value.params) == (code, {"part": "RR-0007"})


def test_an_expired_rabbit_is_refused_on_the_day_after() -> None:
    """Story: an expired rabbit scanned (L6)."""
    with pytest.raises(Refusal) as refusal:
        refuse_unfit(RABBIT, PartState.RELEASED, uses=0, today=date(2026, 4, 1))

    assert refusal.value.code == "part_expired"
    assert refusal.value.params["valid_until"] == "2026-03-31"


def test_a_worn_out_part_is_refused_at_its_limit() -> None:
    """L6, R34: fifty uses are its limit, so there is no fifty-first."""
    with pytest.raises(Refusal) as refusal:
        refuse_unfit(RABBIT, PartState.RELEASED, uses=50, today=TODAY)

    assert refusal.value.code == "part_worn_out"
    assert refusal.value.params == {"part": "RR-0007", "uses": 50, "limit": 50}


def test_only_a_part_without_a_failure_mode_is_a_good_master() -> None:
    assert not RABBIT.is_good_master
    assert replace(RABBIT, failure_mode=None).is_good_master


@pytest.mark.parametrize(
    ("measured", "is_met"), [(18.2, True), (19.7, True), (16.7, True), (19.8, False), (16.6, False)]
)
def test_a_certified_value_is_met_within_its_tolerance(measured: float, is_met: bool) -> None:
    """D29."""
    certified = CertifiedValue(value=18.2, tolerance=1.5, unit="N·m")
    assert certified.is_met_by(measured) is is_met

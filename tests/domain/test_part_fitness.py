"""Whether a challenge part can be taken now: fit (L6) and in its place (B25)."""

from datetime import timedelta
from typing import Any

import pytest

from redrabbit.domain.challenge_part import Custody, PartState
from redrabbit.domain.part_fitness import why_unfit
from redrabbit.domain.records import ChallengePartRecord
from tests.plants import BEGIN, a_part
from tests.stored import bare

PART = a_part("RR-0001", wear_limit_uses=50)
TODAY = BEGIN.date()


def a_record(**given_values: Any) -> ChallengePartRecord:
    usual: dict[str, Any] = {
        "part_id": PART.id,
        "state": PartState.RELEASED,
        "custody": Custody.STORED,
        "uses": 49,
    }
    record: ChallengePartRecord = bare(ChallengePartRecord, **(usual | given_values))
    return record


def code_of(record: ChallengePartRecord, days: int = 0) -> str | None:
    refusal = why_unfit(PART, record, TODAY + timedelta(days=days))
    return refusal.code if refusal is not None else None


def test_a_fit_part_in_its_place_can_be_taken() -> None:
    assert code_of(a_record()) is None


@pytest.mark.parametrize("state", sorted(set(PartState) - {PartState.RELEASED}))
def test_a_part_that_is_not_released_is_unfit(state: PartState) -> None:
    assert code_of(a_record(state=state)) == f"part_{state.value}"


def test_a_worn_or_an_expired_part_is_unfit() -> None:
    assert code_of(a_record(uses=50)) == "part_worn_out"
    assert code_of(a_record(), days=4000) == "part_expired"


@pytest.mark.parametrize("custody", sorted(set(Custody) - {Custody.STORED}))
def test_a_part_that_is_out_is_named_with_where_it_is(custody: Custody) -> None:
    refusal = why_unfit(PART, a_record(custody=custody, run_id=7), TODAY)
    assert refusal is not None
    assert refusal.code == "part_is_out"
    assert refusal.params == {"part": "RR-0001", "custody": custody.value, "run": 7}


def test_what_makes_it_unfit_is_told_before_that_it_is_out() -> None:
    assert (
        code_of(a_record(state=PartState.QUARANTINED, custody=Custody.MISSING))
        == "part_quarantined"
    )

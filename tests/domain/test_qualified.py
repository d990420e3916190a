"""Whether somebody is qualified to run a check (R19)."""

from dataclasses import replace
from typing import Any

import pytest

from redrabbit.domain.facts.qualification import QualificationGap, QualificationRecord
from redrabbit.domain.identity import How, QualificationId
from redrabbit.domain.qualified import qualification_gap
from tests.domain.people import NOW, after, person_id
from tests.plants import a_check

CHECK = a_check()
NONE: dict[str, Any] = {"station": None, "device": None, "check_id": None}
ABOUT: list[dict[str, Any]] = [
    {"station": CHECK.station},
    {"device": CHECK.device},
    {"check_id": CHECK.id},
]
OTHERS: list[dict[str, Any]] = [
    {"station": "line9-op90"},
    {"device": "other"},
    {"check_id": "other"},
]


def held(**told: Any) -> QualificationRecord:
    known = QualificationRecord(
        qualification_id=QualificationId("q-0001"),
        stream="plant",
        number=1,
        person_id=person_id(1),
        **NONE,
        valid_until=None,
        recorded_at=after(-9),
        recorded_by="p-0002",
        recorded_how=How.PASSWORD,
        recorded_entry=1,
        withdrawn_at=None,
        withdrawn_by=None,
        withdrawn_how=None,
        withdrawn_entry=None,
    )
    return replace(known, **told)


@pytest.mark.parametrize("about", ABOUT)
def test_one_for_the_station_the_device_or_the_check_will_do(about: dict[str, Any]) -> None:
    assert qualification_gap([held(**about)], CHECK, NOW) is None
    assert qualification_gap([held(**about, valid_until=after(1))], CHECK, NOW) is None


@pytest.mark.parametrize("about", ABOUT)
def test_one_that_has_ended_is_none_from_its_end_on(about: dict[str, Any]) -> None:
    ended = [held(**about, valid_until=NOW)]
    assert qualification_gap(ended, CHECK, NOW) is QualificationGap.ENDED
    assert qualification_gap([*ended, held(**ABOUT[0])], CHECK, NOW) is None


@pytest.mark.parametrize("about", OTHERS)
def test_one_for_something_else_is_none(about: dict[str, Any]) -> None:
    assert qualification_gap([held(**about)], CHECK, NOW) is QualificationGap.MISSING


def test_one_that_was_withdrawn_is_none() -> None:
    withdrawn = held(**ABOUT[0], withdrawn_at=after(-1))
    assert qualification_gap([withdrawn], CHECK, NOW) is QualificationGap.MISSING
    assert qualification_gap([], CHECK, NOW) is QualificationGap.MISSING

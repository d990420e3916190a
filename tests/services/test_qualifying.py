"""A qualification is for one thing that the plant has, said by somebody else, and withdrawn once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from redrabbit.domain.identity import PersonId, QualificationId
from redrabbit.domain.people_acts import RecordQualification, WithdrawQualification
from redrabbit.domain.role import Role
from tests.plants import BEGIN, OP20, TORQUE_CHECK
from tests.services.people_served import a_person, refused, with_administrator


@pytest.mark.parametrize(
    "what", [{"station": OP20}, {"device": "op20-torque"}, {"check_id": TORQUE_CHECK}]
)
async def test_somebody_is_qualified_by_who_leads(what: dict[str, Any]) -> None:
    served = await with_administrator()
    leader = await a_person(served, "Leader", Role.SHIFT_LEADER)
    li = PersonId((await a_person(served, "Li")).id)
    until = BEGIN + timedelta(days=365)
    ask = RecordQualification(person_id=li, valid_until=until, **what)
    known = await served.service.do(ask, leader)
    assert (known.qualification_id, known.valid_until, known.recorded_by) == (
        "q-0001",
        until,
        leader.id,
    )
    withdraw = WithdrawQualification(person_id=li, qualification_id=known.qualification_id)
    assert (await served.service.do(withdraw, leader)).withdrawn_by == leader.id
    assert await refused(served, withdraw, leader) == "no_such_qualification"


async def test_a_qualification_is_withdrawn_from_whose_it_is() -> None:
    """A number of somebody else's withdraws nothing, whoever is named: nobody, another person, one unknown."""
    served = await with_administrator()
    leader = await a_person(served, "Leader", Role.SHIFT_LEADER)
    li, wang = [PersonId((await a_person(served, name)).id) for name in ("Li", "Wang")]
    known = await served.service.do(RecordQualification(person_id=li, station=OP20), leader)
    for other in (wang, PersonId("p-9999"), PersonId("")):
        ask = WithdrawQualification(person_id=other, qualification_id=known.qualification_id)
        assert await refused(served, ask, leader) == "no_such_qualification"
    ask = WithdrawQualification(person_id=li, qualification_id=known.qualification_id)
    assert (await served.service.do(ask, leader)).withdrawn_by == leader.id


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ({}, "qualified_for_one_thing"),
        ({"station": OP20, "check_id": TORQUE_CHECK}, "qualified_for_one_thing"),
        ({"station": "no"}, "qualified_for_nothing_known"),
        ({"device": "no"}, "qualified_for_nothing_known"),
        ({"check_id": "no"}, "qualified_for_nothing_known"),
        ({"station": OP20, "valid_until": BEGIN}, "end_is_past"),
        (
            {"station": OP20, "valid_until": datetime(2101, 1, 1, tzinfo=UTC)},
            "instant_out_of_range",
        ),
    ],
)
async def test_what_makes_no_sense_is_no_qualification(what: dict[str, Any], code: str) -> None:
    served = await with_administrator()
    li = PersonId((await a_person(served, "Li")).id)
    assert await refused(served, RecordQualification(person_id=li, **what)) == code


async def test_nobody_qualifies_themselves() -> None:
    served = await with_administrator()
    leader = await a_person(served, "Leader", Role.SHIFT_LEADER)
    own = RecordQualification(person_id=PersonId(leader.id), station=OP20)
    assert await refused(served, own, leader) == "own_grant"
    unknown = WithdrawQualification(
        person_id=PersonId(leader.id), qualification_id=QualificationId("q-0009")
    )
    assert await refused(served, unknown, leader) == "no_such_qualification"

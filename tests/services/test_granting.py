"""Roles are granted by somebody else, where and when they make sense, and revoked once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from redrabbit.domain.acts import QuarantinePart
from redrabbit.domain.identity import GrantId, LineId, PartId, PersonId
from redrabbit.domain.people_acts import DisablePerson, GrantRole, RevokeRole
from redrabbit.domain.role import Role
from tests.plants import BEGIN, LINE
from tests.services.people_served import (
    ADMINISTRATOR,
    CHEN,
    a_person,
    refused,
    with_administrator,
)

QUARANTINE = QuarantinePart(part_id=PartId("RR-0001"), reason="bent")


async def test_a_role_holds_from_its_grant_to_its_revocation() -> None:
    served = await with_administrator()
    li = await a_person(served, "Li")
    assert await refused(served, QUARANTINE, li) == "not_permitted"
    ask = GrantRole(person_id=PersonId(li.id), role=Role.OPERATOR, line=LINE)
    given = await served.service.do(ask, ADMINISTRATOR)
    assert (given.grant_id, given.granted_by, given.from_at) == ("g-0002", CHEN, BEGIN)
    await served.service.do(QUARANTINE, li)
    revoke = RevokeRole(person_id=PersonId(li.id), grant_id=given.grant_id)
    assert await refused(served, replace(revoke, person_id=CHEN)) == "no_such_grant"
    revoked = await served.service.do(revoke, ADMINISTRATOR)
    assert revoked.revoked_by == CHEN
    assert await refused(served, revoke) == "grant_revoked"
    assert await refused(served, QUARANTINE, li) == "not_permitted"


async def test_a_role_of_later_holds_later() -> None:
    served = await with_administrator()
    li = await a_person(served, "Li")
    ask = GrantRole(
        person_id=PersonId(li.id),
        role=Role.OPERATOR,
        line=LINE,
        from_at=BEGIN + timedelta(hours=1),
        until_at=BEGIN + timedelta(hours=2),
    )
    await served.service.do(ask, ADMINISTRATOR)
    assert await refused(served, QUARANTINE, li) == "not_permitted"
    served.pass_time(3600)
    await served.service.do(QUARANTINE, li)
    served.pass_time(3600)
    assert await refused(served, QUARANTINE, li) == "not_permitted"


async def test_what_was_is_not_granted_backwards() -> None:
    served = await with_administrator()
    li = await a_person(served, "Li")
    ask = GrantRole(
        person_id=PersonId(li.id),
        role=Role.OPERATOR,
        line=LINE,
        from_at=BEGIN - timedelta(days=1),
    )
    assert (await served.service.do(ask, ADMINISTRATOR)).from_at == BEGIN


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"line": LineId("no")}, "no_such_line"),
        ({"role": Role.ADMINISTRATOR}, "role_for_all_lines"),
        ({"role": Role.SERVICE}, "role_of_tokens"),
        ({"role": Role.AUDITOR}, "auditor_needs_end"),
        ({"until_at": BEGIN}, "grant_ends_before_it_begins"),
        ({"until_at": datetime(2101, 1, 1, tzinfo=UTC)}, "instant_out_of_range"),
        ({"person_id": CHEN}, "own_grant"),
        ({"deputy_for": CHEN}, "deputy_needs_end"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_makes_no_sense_is_not_granted(changed: dict[str, Any], code: str) -> None:
    served = await with_administrator()
    li = await a_person(served, "Li")
    ask = GrantRole(person_id=PersonId(li.id), role=Role.SHIFT_LEADER, line=LINE)
    assert await refused(served, replace(ask, **changed)) == code


async def test_a_deputy_has_an_end_and_the_role_of_whom_they_stand_for() -> None:
    """D45."""
    served = await with_administrator()
    wang = await a_person(served, "Wang", Role.QUALITY_ENGINEER)
    li = await a_person(served, "Li")
    ask = GrantRole(
        person_id=PersonId(li.id),
        role=Role.QUALITY_ENGINEER,
        line=LINE,
        until_at=BEGIN + timedelta(days=7),
        deputy_for=PersonId(wang.id),
    )
    for wrong in (
        {"role": Role.SHIFT_LEADER},  # which Wang is not
        {"line": None},  # Wang has it on one line
        {"person_id": PersonId(wang.id)},  # for themselves
    ):
        assert await refused(served, replace(ask, **wrong)) == "deputy_of_no_such_role"
    given = await served.service.do(ask, ADMINISTRATOR)
    assert given.deputy_for == wang.id


async def test_the_last_administrator_keeps_the_role() -> None:
    """K12."""
    served = await with_administrator()
    own = RevokeRole(person_id=CHEN, grant_id=GrantId("g-0001"))
    assert await refused(served, own) == "last_administrator"
    assert await refused(served, replace(own, grant_id=GrantId("g-0099"))) == "no_such_grant"
    li = await a_person(served, "Li", Role.ADMINISTRATOR, line=None)
    await served.service.do(own, ADMINISTRATOR)
    other = RevokeRole(person_id=PersonId(li.id), grant_id=GrantId("g-0002"))
    assert await refused(served, other, li) == "last_administrator"


async def test_nothing_is_granted_to_who_has_no_rights() -> None:
    served = await with_administrator()
    li = await a_person(served, "Li")
    await served.service.do(DisablePerson(person_id=PersonId(li.id)), ADMINISTRATOR)
    ask = GrantRole(person_id=PersonId(li.id), role=Role.OPERATOR, line=LINE)
    assert await refused(served, ask) == "person_disabled"


async def test_after_a_clock_is_set_back_people_act_on_and_people_are_managed() -> None:
    """An hour back, to summer time by hand: nobody loses the rights of the last hour, the administrator included."""
    served = await with_administrator()
    served.pass_time(1800)
    li = await a_person(served, "Li", Role.OPERATOR)
    served.clock.step_wall(timedelta(hours=-1))
    served.clock.reanchor()
    await served.service.do(QUARANTINE, li)
    bao = await a_person(served, "Bao", Role.OPERATOR)
    assert bao.id == "p-0003"

"""Badges stand for one person; who is unknown is taught in for a day (D45)."""

from dataclasses import replace

import pytest

from redrabbit.domain.acts import QuarantinePart
from redrabbit.domain.identity import BadgeId, How, PartId, PersonId, StationId
from redrabbit.domain.people_acts import (
    DisablePerson,
    GrantRole,
    IssueBadge,
    RevokeBadge,
    TeachInBadge,
)
from redrabbit.domain.records import BadgeRecord, PersonRecord
from redrabbit.domain.rights import holder_of
from redrabbit.domain.role import Role
from redrabbit.services.queries.registered_people import person_page
from tests.plants import LINE, OP20
from tests.services.people_served import (
    ADMINISTRATOR,
    a_person,
    named,
    refused,
    with_administrator,
)
from tests.services.served import Served

BADGE, OTHER = BadgeId("ab" * 32), BadgeId("cd" * 32)
QUARANTINE = QuarantinePart(part_id=PartId("RR-0001"), reason="bent")


async def test_a_badge_is_issued_and_revoked_and_issued_to_another() -> None:
    served = await with_administrator()
    li, wang = [PersonId((await a_person(served, name)).id) for name in ("Li", "Wang")]
    issue = IssueBadge(badge_id=BADGE, person_id=li)
    revoke = RevokeBadge(badge_id=BADGE, person_id=li)
    assert await refused(served, revoke) == "no_such_badge"
    issued = await served.service.do(issue, ADMINISTRATOR)
    assert (issued.person_id, issued.provisional_until) == (li, None)
    assert await refused(served, issue) == "badge_issued_already"
    assert await refused(served, replace(issue, person_id=wang)) == "badge_taken"
    assert await refused(served, replace(revoke, person_id=wang)) == "no_such_badge"
    await served.service.do(revoke, ADMINISTRATOR)
    assert await refused(served, revoke) == "no_such_badge"
    again = await served.service.do(replace(issue, person_id=wang), ADMINISTRATOR)
    assert (again.person_id, again.revoked_at) == (wang, None)


async def test_nobody_without_rights_gets_a_badge() -> None:
    served = await with_administrator()
    li = PersonId((await a_person(served, "Li")).id)
    await served.service.do(DisablePerson(person_id=li), ADMINISTRATOR)
    assert await refused(served, IssueBadge(badge_id=BADGE, person_id=li)) == "person_disabled"


async def test_an_unknown_badge_is_taught_in_for_a_day_for_somebody_new() -> None:
    """D45: and within this day somebody who knows the person issues it for good."""
    served = await with_administrator()
    leader = await a_person(served, "Leader", Role.SHIFT_LEADER, how=How.BADGE)
    ask = TeachInBadge(badge_id=BADGE, station=OP20, name=named(served, "新人"))
    badge = await served.service.do(ask, leader)
    assert badge.provisional_until is not None
    assert await refused(served, ask, leader) == "badge_known"
    newcomer = replace(leader, id=badge.person_id, how=How.TAUGHT_IN)
    await served.service.do(QUARANTINE, newcomer)
    served.pass_time(24 * 3600)
    assert holder_of(badge, served.clock.now()) is None
    assert await refused(served, QUARANTINE, newcomer) == "not_permitted"
    assert await refused(served, ask, leader) == "badge_known"
    issued = await served.service.do(
        IssueBadge(badge_id=BADGE, person_id=badge.person_id), ADMINISTRATOR
    )
    assert issued.provisional_until is None


async def test_a_badge_taught_in_is_issued_for_good_within_its_day() -> None:
    served = await with_administrator()
    leader = await a_person(served, "Leader", Role.SHIFT_LEADER)
    li = PersonId((await a_person(served, "Li", Role.OPERATOR)).id)
    taught = TeachInBadge(badge_id=BADGE, station=OP20, person_id=li)
    assert (await served.service.do(taught, leader)).person_id == li
    issued = await served.service.do(IssueBadge(badge_id=BADGE, person_id=li), leader)
    assert issued.provisional_until is None
    people = served.database.read_now(lambda reader: reader.find(PersonRecord))
    assert len(people) == 3  # nobody was registered anew


async def test_a_badge_is_taught_in_for_one_person_at_a_station_that_there_is() -> None:
    served = await with_administrator()
    leader = await a_person(served, "Leader", Role.SHIFT_LEADER)
    li = PersonId((await a_person(served, "Li", Role.OPERATOR)).id)
    nobody = TeachInBadge(badge_id=BADGE, station=OP20)
    new = replace(nobody, name=named(served, "New"))
    assert await refused(served, nobody, leader) == "badge_of_whom"
    assert await refused(served, replace(new, person_id=li), leader) == "badge_of_whom"
    nowhere = replace(new, station=StationId("no"))
    assert await refused(served, nowhere, leader) == "no_such_station"
    assert served.database.read_now(lambda reader: reader.find(BadgeRecord)) == []


@pytest.mark.parametrize("role", [Role.QUALITY_ENGINEER, Role.SHIFT_LEADER, Role.ADMINISTRATOR])
async def test_a_role_beyond_the_floor_takes_badges_away_that_a_shift_leader_gave(
    role: Role,
) -> None:
    """Else the leader keeps one, and acts as somebody with more rights."""
    served = await with_administrator()
    leader = await a_person(served, "Leader", Role.SHIFT_LEADER)
    li = PersonId((await a_person(served, "Li")).id)
    await served.service.do(IssueBadge(badge_id=BADGE, person_id=li), leader)
    await served.service.do(IssueBadge(badge_id=OTHER, person_id=li), ADMINISTRATOR)
    await served.service.do(GrantRole(person_id=li, role=Role.OPERATOR, line=LINE), ADMINISTRATOR)
    assert withdrawn(served, li) == ()
    size = len(served.types())
    given = await served.service.do(GrantRole(person_id=li, role=role, line=None), ADMINISTRATOR)
    assert served.types()[size:] == ["badge_revoked", "role_granted"]
    badge, kept = (
        served.database.read_now(lambda reader, id_=id_: reader.get(BadgeRecord, id_))  # type: ignore[misc]  # because mypy has no type for a default of a lambda
        for id_ in (BADGE, OTHER)
    )
    assert badge is not None
    assert kept is not None
    assert (badge.revoked_by, kept.revoked_at) == (ADMINISTRATOR.id, None)
    assert withdrawn(served, li) == (BADGE,)
    assert await refused(served, IssueBadge(badge_id=BADGE, person_id=li), leader) == (
        "person_beyond_floor"
    )
    await served.service.do(IssueBadge(badge_id=BADGE, person_id=li), ADMINISTRATOR)
    assert given.granted_by == ADMINISTRATOR.id
    assert withdrawn(served, li) == ()


async def test_a_badge_of_who_was_administrator_then_stays() -> None:
    """What they may now is another question: they might give it when they did."""
    served = await with_administrator()
    boss = await a_person(served, "Boss", Role.ADMINISTRATOR, line=None)
    li = PersonId((await a_person(served, "Li")).id)
    await served.service.do(IssueBadge(badge_id=BADGE, person_id=li), boss)
    await served.service.do(DisablePerson(person_id=PersonId(boss.id)), ADMINISTRATOR)
    engineer = GrantRole(person_id=li, role=Role.QUALITY_ENGINEER, line=None)
    await served.service.do(engineer, ADMINISTRATOR)
    assert "badge_revoked" not in served.types()


async def test_a_badge_of_who_became_administrator_later_goes() -> None:
    served = await with_administrator()
    leader = await a_person(served, "Leader", Role.SHIFT_LEADER)
    li = PersonId((await a_person(served, "Li")).id)
    await served.service.do(IssueBadge(badge_id=BADGE, person_id=li), leader)
    promoted = GrantRole(person_id=PersonId(leader.id), role=Role.ADMINISTRATOR, line=None)
    await served.service.do(promoted, ADMINISTRATOR)
    engineer = GrantRole(person_id=li, role=Role.QUALITY_ENGINEER, line=None)
    await served.service.do(engineer, ADMINISTRATOR)
    assert withdrawn(served, li) == (BADGE,)


def withdrawn(served: Served, person_id: PersonId) -> tuple[str, ...]:
    """Return the badges of which the person's page says that a role took them away."""
    page = served.database.read_now(
        lambda reader: person_page(reader, served.plant, person_id, served.clock.now())
    )
    return tuple(badge for each in page.grants for badge in each.badges_withdrawn)

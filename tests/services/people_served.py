"""A served plant that knows people: its first administrator, and what others are given by asking."""

from typing import Any

import pytest

from redrabbit.domain.acts import Act
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.person import PersonKind, PersonRegistered
from redrabbit.domain.facts.role_grant import RoleGranted
from redrabbit.domain.identity import AGENT, Actor, GrantId, How, LineId, PersonId
from redrabbit.domain.ledger import PLANT_STREAM
from redrabbit.domain.people_acts import GrantRole, RegisterPerson
from redrabbit.domain.plant import Plant
from redrabbit.domain.role import Role
from redrabbit.services.record_fact import record
from redrabbit.services.stated_names import id_of
from tests.plants import LINE
from tests.services.served import Served

CHEN = PersonId("p-0001")
"""The first administrator."""
ADMINISTRATOR = Actor(id=CHEN, how=How.PASSWORD)


def named(served: Served, name: str) -> str:
    """Return the id of a stated name."""
    return served.database.write_now(lambda uow: id_of(uow, name))


async def with_administrator(plant: Plant | None = None, *, served: Served | None = None) -> Served:
    """Return a service whose plant has one administrator; `served` where it was opened before."""
    served = served or await Served.opened(plant)
    chen = PersonRegistered(
        person_id=CHEN,
        name=named(served, "Chen"),
        language=None,
        employee_number=None,
        kind=PersonKind.PERSON,
        expires_at=None,
    )
    role = RoleGranted(
        grant_id=GrantId("g-0001"),
        person_id=CHEN,
        role=Role.ADMINISTRATOR,
        line=None,
        from_at=served.clock.now(),
        until_at=None,
        deputy_for=None,
    )
    for fact in (chen, role):
        served.database.write_now(
            lambda uow, fact=fact: record(uow, fact, stream=PLANT_STREAM, actor=AGENT)  # type: ignore[misc]  # because mypy has no type for a default of a lambda
        )
    return served


async def a_person(
    served: Served, name: str, *roles: Role, line: str | None = LINE, how: How = How.BADGE_PIN
) -> Actor:
    """Register somebody, give them roles, and return them as they act."""
    person = await served.service.do(
        RegisterPerson(
            name=named(served, name),
            language=None,
            employee_number=None,
            kind=PersonKind.PERSON,
            expires_at=None,
        ),
        ADMINISTRATOR,
    )
    for role in roles:
        where = None if line is None else LineId(line)
        given = GrantRole(person_id=person.person_id, role=role, line=where)
        await served.service.do(given, ADMINISTRATOR)
    return Actor(id=person.person_id, how=how)


async def refused(served: Served, act: Act[Any], actor: Actor = ADMINISTRATOR) -> str:
    """Return with which code an act is refused; nothing is written then."""
    size = len(served.types())
    with pytest.raises(Refusal) as refusal:
        await served.service.do(act, actor)
    assert len(served.types()) == size
    return refusal.value.code

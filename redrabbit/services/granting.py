"""Roles granted and revoked, deputies with dates (R47, D45)."""

from datetime import datetime

from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.role_grant import RoleGranted, RoleRevoked
from redrabbit.domain.identity import Actor, GrantId, PersonId
from redrabbit.domain.ledger import PLANT_STREAM
from redrabbit.domain.limits import can_be_recorded
from redrabbit.domain.people_acts import GrantRole
from redrabbit.domain.plant import Plant
from redrabbit.domain.record_query import equals, recorded
from redrabbit.domain.records import RoleGrantRecord
from redrabbit.domain.rights import refuse_last_administrator, refuse_own_grant, roles_of_person
from redrabbit.domain.role import Role
from redrabbit.services.badges import withdraw_for_role
from redrabbit.services.people import (
    administrators,
    refuse_long_audit,
    the_active_person,
    the_person,
)
from redrabbit.services.plant_numbers import next_in_plant
from redrabbit.services.ports import UnitOfWork
from redrabbit.services.record_fact import record


def grant(uow: UnitOfWork, plant: Plant, asked: GrantRole, *, actor: Actor) -> RoleGrantRecord:
    """Give a role, from now or later on; refused to oneself, and where its dates or its line make no sense.

    Badges go, right before, whose giver might give none to a holder of it.
    """
    refuse_own_grant(actor.id, asked.person_id)
    person = the_active_person(uow, asked.person_id)
    from_at = uow.now if asked.from_at is None else max(asked.from_at, uow.now)
    _refuse_place(plant, asked)
    _refuse_dates(from_at, asked.until_at)
    if asked.role is Role.AUDITOR:
        refuse_long_audit(person, uow.now)
    if asked.deputy_for is not None:
        _refuse_deputy(uow, asked, asked.deputy_for)
    withdraw_for_role(uow, asked.person_id, asked.role, actor=actor)
    grant_id = GrantId(next_in_plant(uow, RoleGrantRecord))
    given = RoleGranted(
        grant_id=grant_id,
        person_id=asked.person_id,
        role=asked.role,
        line=asked.line,
        from_at=from_at,
        until_at=asked.until_at,
        deputy_for=asked.deputy_for,
    )
    record(uow, given, stream=PLANT_STREAM, actor=actor)
    return recorded(uow, RoleGrantRecord, grant_id)


def revoke(
    uow: UnitOfWork, grant_id: GrantId, *, actor: Actor, person_id: PersonId | None = None
) -> RoleGrantRecord:
    """End a grant for good; refused where nobody would administer the plant after it.

    Refused, too, where it is not that of `person_id`; None: whoever has it.
    """
    given = uow.get(RoleGrantRecord, grant_id)
    if given is None or person_id not in {None, given.person_id}:
        raise Refusal("no_such_grant", grant=grant_id)
    if given.revoked_at is not None:
        raise Refusal("grant_revoked", grant=grant_id)
    refuse_last_administrator(administrators(uow), administrators(uow, without=given))
    record(uow, RoleRevoked(grant_id=grant_id), stream=PLANT_STREAM, actor=actor)
    return recorded(uow, RoleGrantRecord, grant_id)


def _refuse_place(plant: Plant, asked: GrantRole) -> None:
    if asked.role is Role.SERVICE:
        raise Refusal("role_of_tokens", role=asked.role.value)  # a token says what a program may
    if asked.line is None:
        return
    if asked.line not in {line.id for line in plant.lines}:
        raise Refusal("no_such_line", line=asked.line)
    if asked.role is Role.ADMINISTRATOR:
        raise Refusal("role_for_all_lines", role=asked.role.value)  # people belong to no line


def _refuse_dates(from_at: datetime, until_at: datetime | None) -> None:
    for instant in (from_at, until_at):
        if instant is not None and not can_be_recorded(instant):
            raise Refusal("instant_out_of_range", value=instant.isoformat())
    if until_at is not None and until_at <= from_at:
        raise Refusal("grant_ends_before_it_begins", begins_at=from_at, ends_at=until_at)


def _refuse_deputy(uow: UnitOfWork, asked: GrantRole, principal_id: PersonId) -> None:
    """Refuse a deputy without an end, of nobody, of themselves, or of a role that the other does not have (D45)."""
    principal = the_person(uow, principal_id)
    grants = uow.find(RoleGrantRecord, equals("person_id", principal_id))
    has_it = asked.role in roles_of_person(principal, grants, asked.line, uow.now)
    if asked.until_at is None:
        raise Refusal("deputy_needs_end")
    if principal_id == asked.person_id or not has_it:
        raise Refusal("deputy_of_no_such_role", person=principal_id, role=asked.role.value)

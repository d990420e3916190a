"""Badges: issued, taught in for a day, revoked (R19, D45)."""

from datetime import timedelta
from typing import Final

from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.badge import BadgeIssued, BadgeRevoked
from redrabbit.domain.facts.person import PersonKind
from redrabbit.domain.facts.role_grant import RoleGranted
from redrabbit.domain.identity import Actor, BadgeId, GrantId, How, PersonId
from redrabbit.domain.ledger import PLANT_STREAM
from redrabbit.domain.people_acts import TeachInBadge
from redrabbit.domain.plant import Plant
from redrabbit.domain.record_query import equals, recorded
from redrabbit.domain.records import BadgeRecord, PersonRecord, RoleGrantRecord
from redrabbit.domain.rights import holder_of
from redrabbit.domain.role import Role
from redrabbit.domain.role_limits import is_beyond_the_floor, might_give_any_badge
from redrabbit.services.approving import end_requests_of
from redrabbit.services.people import register, the_active_person
from redrabbit.services.plant_numbers import next_in_plant
from redrabbit.services.ports import UnitOfWork
from redrabbit.services.record_fact import record

TAUGHT_IN_FOR: Final = timedelta(hours=24)
"""Until then somebody who knows the person has issued the badge, or it stands for nobody (D45)."""


def issue(uow: UnitOfWork, badge_id: BadgeId, person_id: PersonId, *, actor: Actor) -> BadgeRecord:
    """Let a badge stand for a person; refused while it stands for another."""
    the_active_person(uow, person_id)
    known = uow.get(BadgeRecord, badge_id)
    holder = None if known is None else holder_of(known, uow.now)
    if known is not None and holder is not None:
        if holder != person_id:
            raise Refusal("badge_taken", person=holder)
        if known.provisional_until is None:
            raise Refusal("badge_issued_already", person=holder)
    issued = BadgeIssued(badge_id=badge_id, person_id=person_id, provisional_until=None)
    record(uow, issued, stream=PLANT_STREAM, actor=actor)
    return recorded(uow, BadgeRecord, badge_id)


def revoke(
    uow: UnitOfWork, badge_id: BadgeId, *, actor: Actor, person_id: PersonId | None = None
) -> BadgeRecord:
    """Let a badge stand for nobody; refused where it does not stand for `person_id` (None: for whomever)."""
    known = uow.get(BadgeRecord, badge_id)
    if known is None or known.revoked_at is not None or person_id not in {None, known.person_id}:
        raise Refusal("no_such_badge")
    record(uow, BadgeRevoked(badge_id=badge_id), stream=PLANT_STREAM, actor=actor)
    end_requests_of(uow, known.person_id, known_by={How.BADGE, How.BADGE_PIN})
    return recorded(uow, BadgeRecord, badge_id)


def withdraw_for_role(uow: UnitOfWork, person_id: PersonId, role: Role, *, actor: Actor) -> None:
    """Let badges stand for nobody whose giver might give none to a holder of this role: they may have kept one (decision 62)."""
    if not is_beyond_the_floor(role):
        return
    for badge in uow.find(BadgeRecord, equals("person_id", person_id)):
        given = uow.find(RoleGrantRecord, equals("person_id", badge.issued_by))
        if holder_of(badge, uow.now) is not None and not might_give_any_badge(badge, given):
            revoke(uow, badge.badge_id, actor=actor)


def teach_in(uow: UnitOfWork, plant: Plant, asked: TeachInBadge, *, actor: Actor) -> BadgeRecord:
    """Let a badge that stands for nobody stand for somebody for a day; a new person is an operator so long."""
    known = uow.get(BadgeRecord, asked.badge_id)
    if known is not None and known.revoked_at is None:
        raise Refusal("badge_known", person=known.person_id)
    if (asked.person_id is None) is (asked.name is None):
        raise Refusal("badge_of_whom")
    person = (
        _newcomer(uow, plant, asked, asked.name, actor)
        if asked.name is not None
        else the_active_person(uow, str(asked.person_id))
    )
    taught = BadgeIssued(
        badge_id=asked.badge_id,
        person_id=person.person_id,
        provisional_until=uow.now + TAUGHT_IN_FOR,
    )
    record(uow, taught, stream=PLANT_STREAM, actor=actor)
    return recorded(uow, BadgeRecord, asked.badge_id)


def _newcomer(
    uow: UnitOfWork, plant: Plant, asked: TeachInBadge, name: str, actor: Actor
) -> PersonRecord:
    try:
        line = plant.station(asked.station).line
    except KeyError:
        raise Refusal("no_such_station", station=asked.station) from None
    person = register(
        uow,
        name=name,
        language=None,
        employee_number=None,
        kind=PersonKind.PERSON,
        expires_at=None,
        same_name=asked.same_name,
        actor=actor,
    )
    for_a_day = RoleGranted(
        grant_id=GrantId(next_in_plant(uow, RoleGrantRecord)),
        person_id=person.person_id,
        role=Role.OPERATOR,
        line=line,
        from_at=uow.now,
        until_at=uow.now + TAUGHT_IN_FOR,
        deputy_for=None,
    )
    record(uow, for_a_day, stream=PLANT_STREAM, actor=actor)
    return person

"""Whether who starts a run is qualified for it, where the plant asks (R19): refused, or kept with the run."""

from redrabbit.domain.control_plan import Check
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.qualification import QualificationGap
from redrabbit.domain.identity import Actor, How, PersonId
from redrabbit.domain.people_rules import AskedQualification
from redrabbit.domain.plant import Plant
from redrabbit.domain.qualified import LEADING, qualification_gap
from redrabbit.domain.record_query import equals
from redrabbit.domain.records import PersonRecord, QualificationRecord, RoleGrantRecord
from redrabbit.domain.rights import is_active, roles_of_person
from redrabbit.services.ports import UnitOfWork
from redrabbit.services.queries.people import name_now, names_in

_NOT_ASKED = frozenset({How.SYSTEM, How.TOKEN, How.PAPER})
"""A program is trained for nothing."""


def gap_at_start(
    uow: UnitOfWork, plant: Plant, check: Check, actor: Actor
) -> QualificationGap | None:
    """Return why who starts this check is not qualified for it; None where they are, or nobody asks.

    Refusal where the plant lets nobody start without; it says who may.
    """
    asked = plant.people.qualification
    if asked is AskedQualification.IGNORE or actor.how in _NOT_ASKED:
        return None
    if not uow.find(PersonRecord, limit=1):
        return None  # nobody can be qualified yet
    gap = _gap_of(uow, check, actor)
    if gap is not None and asked is AskedQualification.ASK:
        raise _refused(uow, check)
    return gap


def _gap_of(uow: UnitOfWork, check: Check, actor: Actor) -> QualificationGap | None:
    person = uow.get(PersonRecord, actor.id)
    if person is None:
        return QualificationGap.MISSING  # a name that was only said
    grants = uow.find(RoleGrantRecord, equals("person_id", person.person_id))
    if roles_of_person(person, grants, check.line, uow.now) & LEADING:
        return None
    held = uow.find(QualificationRecord, equals("person_id", person.person_id))
    return qualification_gap(held, check, uow.now)


def _refused(uow: UnitOfWork, check: Check) -> Refusal:
    held: dict[PersonId, list[QualificationRecord]] = {}
    for each in uow.find(QualificationRecord):
        held.setdefault(each.person_id, []).append(each)
    names = names_in(uow)
    who = [
        name_now(names, person.person_id)
        for person in uow.find(PersonRecord, order_by="number")
        if is_active(person, uow.now)
        and qualification_gap(held.get(person.person_id, ()), check, uow.now) is None
    ]
    if not who:
        return Refusal("nobody_qualified", check=check.id)
    return Refusal("not_qualified", check=check.id, who=", ".join(who))

"""Whether who starts a run is qualified for it, where the plant asks (R19): refused, or kept with the run."""

from collections.abc import Iterable
from typing import Final, TypeVar

from redrabbit.domain.acts import StartRun
from redrabbit.domain.control_plan import Check
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.qualification import QualificationGap
from redrabbit.domain.identity import Actor, How, PersonId
from redrabbit.domain.people_rules import AskedQualification
from redrabbit.domain.permissions import may
from redrabbit.domain.plant import Plant
from redrabbit.domain.qualified import LEADING, qualification_gap
from redrabbit.domain.record_query import equals
from redrabbit.domain.records import PersonRecord, QualificationRecord, RoleGrantRecord
from redrabbit.domain.rights import roles_of_person
from redrabbit.services.ports import UnitOfWork
from redrabbit.services.queries.people import name_now, names_in

_NOT_ASKED = frozenset({How.SYSTEM, How.TOKEN, How.PAPER})
"""A program is trained for nothing."""
MOST_NAMED: Final = 5
"""As many fit on a station's screen; of all others the count is said."""

H = TypeVar("H", QualificationRecord, RoleGrantRecord)


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
    who = _qualified_here(uow, check)
    if not who:
        return Refusal("nobody_qualified", check=check.id)
    names = names_in(uow)
    said = ", ".join(name_now(names, each) for each in who[:MOST_NAMED])
    more = " …" if len(who) > MOST_NAMED else ""
    return Refusal("not_qualified", check=check.id, who=f"{said}{more}", count=len(who))


def _qualified_here(uow: UnitOfWork, check: Check) -> list[PersonId]:
    """Return who is qualified for a check and has a role on its line by which they may start it."""
    held = _by_person(uow.find(QualificationRecord))
    granted = _by_person(uow.find(RoleGrantRecord))
    return [
        person.person_id
        for person in uow.find(PersonRecord, order_by="number")
        if qualification_gap(held.get(person.person_id, ()), check, uow.now) is None
        and may(
            roles_of_person(person, granted.get(person.person_id, ()), check.line, uow.now),
            StartRun,
        )
    ]


def _by_person(found: Iterable[H]) -> dict[PersonId, list[H]]:
    by_person: dict[PersonId, list[H]] = {}
    for each in found:
        by_person.setdefault(each.person_id, []).append(each)
    return by_person

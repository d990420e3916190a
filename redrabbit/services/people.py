"""People made known, changed, disabled and enabled (R19). Who may ask is asked at the door."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.person import (
    PersonChanged,
    PersonDisabled,
    PersonEnabled,
    PersonKind,
    PersonLanguage,
    PersonRegistered,
)
from redrabbit.domain.identity import Actor, PersonId
from redrabbit.domain.ledger import PLANT_STREAM
from redrabbit.domain.limits import can_be_recorded
from redrabbit.domain.record_query import equals, recorded
from redrabbit.domain.records import PersonRecord, RoleGrantRecord
from redrabbit.domain.rights import (
    is_active,
    lasting_administrators,
    refuse_last_administrator,
)
from redrabbit.domain.role import Role
from redrabbit.domain.text import compared_name
from redrabbit.services.approving import end_requests_of
from redrabbit.services.credentials import forget_codes
from redrabbit.services.plant_numbers import next_in_plant
from redrabbit.services.ports import Reader, UnitOfWork
from redrabbit.services.queries.people import kept_name, reads_as
from redrabbit.services.record_fact import record
from redrabbit.services.sessions import end_sessions

LONGEST_AUDIT: Final = timedelta(days=90)
"""An auditor's account ends of itself."""


def register(
    uow: UnitOfWork,
    *,
    name: str,
    language: PersonLanguage | None,
    employee_number: str | None,
    kind: PersonKind,
    expires_at: datetime | None,
    same_name: bool,
    actor: Actor,
) -> PersonRecord:
    """Make somebody known, under the next number; `name` is the id of a stated name that is kept.

    Refusal where somebody has this name already, unless it is known (`same_name`) that this is another person.
    """
    _refuse_end(uow, expires_at)
    _refuse_taken(uow, employee_number, None)
    if not same_name:
        _refuse_same_name(uow, name)
    _refuse_number_as_name(uow, name, employee_number, None)
    person_id = PersonId(next_in_plant(uow, PersonRecord))
    known = PersonRegistered(
        person_id=person_id,
        name=name,
        language=language,
        employee_number=employee_number,
        kind=kind,
        expires_at=expires_at,
    )
    record(uow, known, stream=PLANT_STREAM, actor=actor)
    return recorded(uow, PersonRecord, person_id)


def change(
    uow: UnitOfWork,
    person_id: PersonId,
    *,
    name: str,
    language: PersonLanguage | None,
    employee_number: str | None,
    kind: PersonKind,
    expires_at: datetime | None,
    same_name: bool,
    actor: Actor,
) -> PersonRecord:
    """Tell anew what is told of a person; the one administrator who must stay can't be given an end.

    A new name that another person has is refused, unless it is known (`same_name`) that they are two.
    """
    person = the_person(uow, person_id)
    if expires_at != person.expires_at:
        _refuse_end(uow, expires_at)
    if employee_number != person.employee_number:
        _refuse_taken(uow, employee_number, person_id)
    if name != person.name and not same_name:
        _refuse_same_name(uow, name, but=person_id)
    if (name, employee_number) != (person.name, person.employee_number):
        _refuse_number_as_name(uow, name, employee_number, person_id)
    changed = replace(
        person,
        name=name,
        language=language,
        employee_number=employee_number,
        kind=kind,
        expires_at=expires_at,
    )
    if any(_is_audit(uow, grant) for grant in _grants(uow, person_id)):
        refuse_long_audit(changed, uow.now)
    _refuse_unadministered(uow, changed)
    if not is_active(person, uow.now):
        _end_what_began(uow, person_id)  # who had expired and is given a later end signs in anew
    told = PersonChanged(
        person_id=person_id,
        name=name,
        language=language,
        employee_number=employee_number,
        kind=kind,
        expires_at=expires_at,
    )
    record(uow, told, stream=PLANT_STREAM, actor=actor)
    return the_person(uow, person_id)


def disable(uow: UnitOfWork, person_id: PersonId, *, actor: Actor) -> PersonRecord:
    """Take all rights of a person away, and end what they began; refused for the last administrator."""
    person = the_person(uow, person_id)
    if person.disabled_at is not None:
        raise Refusal("person_disabled", person=person_id)
    _refuse_unadministered(uow, replace(person, disabled_at=uow.now))
    _end_what_began(uow, person_id)  # for good: else it lives again when the person is enabled
    record(uow, PersonDisabled(person_id=person_id), stream=PLANT_STREAM, actor=actor)
    return the_person(uow, person_id)


def enable(uow: UnitOfWork, person_id: PersonId, *, actor: Actor) -> PersonRecord:
    """Let a person have the rights of their grants again; they sign in anew."""
    if the_person(uow, person_id).disabled_at is None:
        raise Refusal("person_not_disabled", person=person_id)
    _end_what_began(uow, person_id)  # an earlier version left it when it disabled somebody
    record(uow, PersonEnabled(person_id=person_id), stream=PLANT_STREAM, actor=actor)
    return the_person(uow, person_id)


def the_person(reader: Reader, person_id: str) -> PersonRecord:
    """Return the person; Refusal where there is none."""
    person = reader.get(PersonRecord, person_id)
    if person is None:
        raise Refusal("no_such_person", person=person_id)
    return person


def the_active_person(uow: UnitOfWork, person_id: str) -> PersonRecord:
    """Return the person; Refusal where there is none, and where they have no rights any more."""
    person = the_person(uow, person_id)
    if not is_active(person, uow.now):
        raise Refusal("person_disabled", person=person_id)
    return person


def people_named(reader: Reader) -> dict[str, list[PersonId]]:
    """Return who has which name, as names are compared at signing in: letters large or small, spaces few or many."""
    names, found = reader.names(), defaultdict[str, list[PersonId]](list)
    for person in reader.find(PersonRecord):
        if person.name in names:  # not one that was erased
            found[compared_name(kept_name(names, person.name))].append(person.person_id)
    return found


def refuse_long_audit(person: PersonRecord, now: datetime) -> None:
    """Refuse an auditor whose account has no end, or a late one."""
    latest = now + LONGEST_AUDIT
    if person.expires_at is None or person.expires_at > latest:
        raise Refusal("auditor_needs_end", person=person.person_id, limit=latest)


def administrators(
    uow: UnitOfWork,
    *,
    changed: Iterable[PersonRecord] = (),
    without: RoleGrantRecord | None = None,
) -> frozenset[PersonId]:
    """Return who administers the plant without an end, as it would be after a change."""
    people = {person.person_id: person for person in uow.find(PersonRecord)}
    people.update((person.person_id, person) for person in changed)
    grants = [
        grant
        for grant in uow.find(RoleGrantRecord, equals("role", Role.ADMINISTRATOR))
        if without is None or grant.grant_id != without.grant_id
    ]
    return lasting_administrators(people.values(), grants, uow.now)


def _end_what_began(uow: UnitOfWork, person_id: PersonId) -> None:
    """End what a person began or was given while they had rights: sessions, links and codes, and what they asked for."""
    end_sessions(uow, person_id)
    forget_codes(uow, person_id)
    end_requests_of(uow, person_id)


def _refuse_unadministered(uow: UnitOfWork, changed: PersonRecord) -> None:
    refuse_last_administrator(administrators(uow), administrators(uow, changed=(changed,)))


def _is_audit(uow: UnitOfWork, grant: RoleGrantRecord) -> bool:
    """Tell whether a grant is that of an auditor, now or later."""
    is_over = grant.until_at is not None and grant.until_at <= uow.now
    return grant.role is Role.AUDITOR and grant.revoked_at is None and not is_over


def _grants(reader: Reader, person_id: PersonId) -> list[RoleGrantRecord]:
    return reader.find(RoleGrantRecord, equals("person_id", person_id))


def _refuse_end(uow: UnitOfWork, expires_at: datetime | None) -> None:
    if expires_at is None:
        return
    if not can_be_recorded(expires_at):
        raise Refusal("instant_out_of_range", value=expires_at.isoformat())
    if expires_at <= uow.now:
        raise Refusal("end_is_past", value=expires_at)


def _refuse_same_name(reader: Reader, name: str, *, but: PersonId | None = None) -> None:
    """Refuse a name that another person has, disabled or not: it may be the same one, made known twice."""
    said = kept_name(reader.names(), name)
    others = [each for each in people_named(reader).get(compared_name(said), ()) if each != but]
    if others:
        raise Refusal("same_name", name=said, person=others[0])


def _refuse_taken(reader: Reader, employee_number: str | None, person_id: PersonId | None) -> None:
    """Refuse an employee number that another person has, disabled or not, however it is written: it stands for one."""
    if employee_number is None:
        return
    names = reader.names()
    said = kept_name(names, employee_number)
    for known in reader.find(PersonRecord):
        is_theirs = known.employee_number == employee_number
        if known.person_id != person_id and (
            is_theirs or reads_as(names, known.employee_number, said)
        ):
            raise Refusal("employee_number_taken", person=known.person_id)


def _refuse_number_as_name(
    reader: Reader, name: str, employee_number: str | None, person_id: PersonId | None
) -> None:
    """Refuse a name that is another person's employee number, and the other way round: who reads it means that one."""
    names = reader.names()

    def compared(stated: str | None) -> str | None:
        """Return it as names are compared at signing in; None where there is none, or it was erased."""
        kept = names.get(stated) if stated is not None else None
        return compared_name(kept.name) if kept is not None else None

    said, number = compared(name), compared(employee_number)
    for known in reader.find(PersonRecord):
        meant = (said, compared(known.employee_number)), (number, compared(known.name))
        if known.person_id != person_id and any(a is not None and a == b for a, b in meant):
            raise Refusal("name_is_a_number", person=known.person_id)

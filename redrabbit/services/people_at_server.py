"""What the server's command line does about people, where nobody signs in (R19, decision 38).

It makes the first administrator. Later it is the way back in when nobody can sign in any more: then it is told, by its
entries and, where somebody acts as administrator by it who did not, by an alarm. A table that an administrator imports in the
browser is taken as here, in their name (`by`): then nothing is told, as they did it where they are known.
"""

from dataclasses import dataclass
from datetime import datetime

from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.person import PersonKind, PersonLanguage
from redrabbit.domain.identity import SERVER, Actor, LineId, PersonId, person_name
from redrabbit.domain.people_acts import GrantRole
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import PersonRecord, RoleGrantRecord
from redrabbit.domain.rights import is_active
from redrabbit.domain.role import Role
from redrabbit.services import administrators_added, people
from redrabbit.services.credential_states import give_link
from redrabbit.services.granting import grant
from redrabbit.services.ports import Reader, UnitOfWork
from redrabbit.services.queries.people import people_numbered, reads_as
from redrabbit.services.stated_names import id_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """Who is to be made known, as somebody typed it."""

    name: str
    language: PersonLanguage | None = None
    employee_number: str | None = None
    kind: PersonKind = PersonKind.PERSON
    expires_at: datetime | None = None
    same_name: bool = False
    """It is known that another person has this name."""


def add(uow: UnitOfWork, who: Newcomer, *, by: Actor = SERVER) -> PersonRecord:
    """Make somebody known."""
    return people.register(
        uow,
        name=id_of(uow, person_name(who.name)),
        language=who.language,
        employee_number=number_id(uow, who.employee_number),
        kind=who.kind,
        expires_at=who.expires_at,
        same_name=who.same_name,
        actor=by,
    )


def change(
    uow: UnitOfWork, person: PersonRecord, who: Newcomer, *, by: Actor = SERVER
) -> PersonRecord:
    """Tell anew what is told of a person; an administrator whose account was over raises an alarm, as a new one does."""
    changed = people.change(
        uow,
        person.person_id,
        name=id_of(uow, person_name(who.name)),
        language=who.language,
        employee_number=number_id(uow, who.employee_number),
        kind=who.kind,
        expires_at=who.expires_at,
        same_name=who.same_name,
        actor=by,
    )
    if by == SERVER and is_active(changed, uow.now) and not is_active(person, uow.now):
        administrators_added.tell_of(uow, person.person_id)
    return changed


def give_roles(
    uow: UnitOfWork,
    plant: Plant,
    person_id: PersonId,
    roles: tuple[Role, ...],
    *,
    lines: tuple[str, ...],
    until_at: datetime | None = None,
    deputy_for: PersonId | None = None,
    by: Actor = SERVER,
) -> list[RoleGrantRecord]:
    """Grant roles on these lines, on all where none is named; at the server each administrator but the first raises an alarm."""
    given = []
    for role in roles:
        for line in lines or (None,):
            asked = GrantRole(
                person_id=person_id,
                role=role,
                line=None if line is None else LineId(line),
                until_at=until_at,
                deputy_for=deputy_for,
            )
            given.append(grant(uow, plant, asked, actor=by))
            if by == SERVER and role is Role.ADMINISTRATOR:
                administrators_added.tell_of(uow, person_id)
    return given


def enable(uow: UnitOfWork, person_id: PersonId) -> PersonRecord:
    """Let a person have the rights of their grants again; an administrator raises an alarm, as a new one does."""
    enabled = people.enable(uow, person_id, actor=SERVER)
    administrators_added.tell_of(uow, person_id)
    return enabled


def link_code(uow: UnitOfWork, person_id: PersonId, *, is_new: bool = False) -> str:
    """Return a code with which a person sets their password, once; see `give_link`.

    That of an administrator raises an alarm; not where they were made known just now (`is_new`), which did.
    """
    code = give_link(uow, person_id, actor=SERVER)
    if not is_new:
        administrators_added.tell_of(uow, person_id)
    return code


def number_id(uow: UnitOfWork, employee_number: str | None) -> str | None:
    """Return the id that stands for an employee number."""
    return None if employee_number is None else id_of(uow, person_name(employee_number))


def person_said(reader: Reader, said: str) -> PersonRecord:
    """Return the person of a number, employee number or name; Refusal where there is none, or more than one.

    Whom a text means as an employee number and whom it means as a name are all meant: which of them is never guessed.
    """
    known = reader.get(PersonRecord, said)
    if known is not None:
        return known
    stated = reader.names()
    named = [each for each in reader.find(PersonRecord) if reads_as(stated, each.name, said)]
    found = {each.person_id: each for each in (*people_numbered(reader, said.strip()), *named)}
    if len(found) != 1:
        raise Refusal("no_such_person" if not found else "name_of_several", person=said)
    (person,) = found.values()
    return person

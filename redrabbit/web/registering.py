"""What it takes to register somebody, or to tell anew what is told of them, as the page and the call ask it: names are kept with the act, or not at all (D51)."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Generic, TypeVar

from redrabbit.domain.erasable import StatedName
from redrabbit.domain.facts.person import PersonKind, PersonLanguage
from redrabbit.domain.identity import Actor, PersonId
from redrabbit.domain.people_acts import ChangePerson, RegisterPerson
from redrabbit.services.people import the_person
from redrabbit.services.queries.people import name_now, names_in
from redrabbit.web.site import Site

A = TypeVar("A", RegisterPerson, ChangePerson)


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming(Generic[A]):
    """An act that names somebody, and the names in it that are not kept yet."""

    act: A
    names: tuple[StatedName, ...]


@dataclass(frozen=True, slots=True)
class _Names:
    """The names of one act, as they are said one after the other."""

    site: Site
    new: list[StatedName] = field(default_factory=list)

    async def id_of(self, said: str, kept: str | None = None, shown: str = "") -> str:
        """Return the id of what was said: the one that is kept where it is what was shown."""
        if kept is not None and said.strip() == shown:
            return kept
        stated = await self.site.service.stated(said)
        if stated.new_name is not None:
            self.new.append(stated.new_name)
        return stated.id


async def registering(
    site: Site,
    who: Actor,
    *,
    name: str,
    employee_number: str | None,
    language: PersonLanguage | None = None,
    expires_at: datetime | None,
    same_name: bool,
) -> Naming[RegisterPerson]:
    """Return the act by which somebody is registered; Refusal where whoever asks may not, and nothing is kept then."""
    act = RegisterPerson(
        name="",
        language=language,
        employee_number=None,
        kind=PersonKind.PERSON,
        expires_at=expires_at,
        same_name=same_name,
    )
    await site.service.require(act, who)
    names = _Names(site)
    named = replace(
        act,
        name=await names.id_of(name),
        employee_number=await names.id_of(employee_number) if employee_number else None,
    )
    return Naming(act=named, names=tuple(names.new))


async def changing(
    site: Site,
    who: Actor,
    person_id: PersonId,
    *,
    name: str,
    employee_number: str | None,
    language: PersonLanguage | None,
    expires_at: datetime | None,
    same_name: bool,
) -> Naming[ChangePerson]:
    """Return the act that tells of a person anew; Refusal where whoever asks may not, and nothing is kept then.

    A name and a number that are as they are shown stay as they are kept, erased ones too.
    """
    act = ChangePerson(
        person_id=person_id,
        name="",
        language=language,
        employee_number=None,
        kind=PersonKind.PERSON,
        expires_at=expires_at,
        same_name=same_name,
    )
    await site.service.require(act, who)
    person, known = await site.service.read(
        lambda reader: (the_person(reader, person_id), names_in(reader))
    )
    names, number = _Names(site), person.employee_number
    told = replace(
        act,
        kind=person.kind,
        name=await names.id_of(name, person.name, name_now(known, person_id)),
        employee_number=await names.id_of(employee_number, number, name_now(known, number or ""))
        if employee_number
        else None,
    )
    return Naming(act=told, names=tuple(names.new))

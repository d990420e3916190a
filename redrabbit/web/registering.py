"""What it takes to register somebody, or to tell anew what is told of them, as the page and the call ask it: names are kept from the right on, and not before (D51)."""

from dataclasses import replace
from datetime import datetime

from redrabbit.domain.facts.person import PersonKind, PersonLanguage
from redrabbit.domain.identity import Actor, PersonId
from redrabbit.domain.people_acts import ChangePerson, RegisterPerson
from redrabbit.services.people import the_person
from redrabbit.services.queries.people import name_now, names_in
from redrabbit.web.site import Site


async def registering(
    site: Site,
    who: Actor,
    *,
    name: str,
    employee_number: str | None,
    language: PersonLanguage | None = None,
    expires_at: datetime | None,
    same_name: bool,
) -> RegisterPerson:
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
    named = replace(act, name=(await site.service.stated(name)).id)
    if not employee_number:
        return named
    return replace(named, employee_number=(await site.service.stated(employee_number)).id)


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
) -> ChangePerson:
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
    person, names = await site.service.read(
        lambda reader: (the_person(reader, person_id), names_in(reader))
    )
    number = person.employee_number
    return replace(
        act,
        kind=person.kind,
        name=await _kept(site, name, person.name, name_now(names, person_id)),
        employee_number=await _kept(site, employee_number, number, name_now(names, number or ""))
        if employee_number
        else None,
    )


async def _kept(site: Site, said: str, kept: str | None, shown: str) -> str:
    """Return the id of what was said: the one that is kept where it is what was shown."""
    if kept is not None and said.strip() == shown:
        return kept
    return (await site.service.stated(said)).id

"""What it takes to register somebody, as the page and the call ask it: names are kept from the right on, and not before (D51)."""

from dataclasses import replace
from datetime import datetime

from redrabbit.domain.facts.person import PersonKind, PersonLanguage
from redrabbit.domain.identity import Actor
from redrabbit.domain.people_acts import RegisterPerson
from redrabbit.web.site import Site


async def registering(
    site: Site,
    who: Actor,
    *,
    name: str,
    employee_number: str | None,
    language: PersonLanguage | None = None,
    expires_at: datetime | None,
) -> RegisterPerson:
    """Return the act by which somebody is registered; Refusal where whoever asks may not, and nothing is kept then."""
    act = RegisterPerson(
        name="",
        language=language,
        employee_number=None,
        kind=PersonKind.PERSON,
        expires_at=expires_at,
    )
    await site.service.require(act, who)
    named = replace(act, name=(await site.service.stated(name)).id)
    if not employee_number:
        return named
    return replace(named, employee_number=(await site.service.stated(employee_number)).id)

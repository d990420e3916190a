"""Setting, removing and trying how a person is reached, as pages and calls ask it."""

import asyncio

from starlette.requests import Request

from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.alarm import AlarmRecord
from redrabbit.domain.identity import PersonId, is_a_person
from redrabbit.domain.way import Way, WayKind
from redrabbit.services import ways
from redrabbit.web.pages.forms import Form
from redrabbit.web.site import Site, number_in
from redrabbit.web.visitor import actor, place_of


async def set_way(site: Site, request: Request, person_id: str, kind: WayKind, said: str) -> Way:
    """Reach a person at this address, too; Refusal where it would be read along on the network."""
    place_of(request)
    new = await asyncio.to_thread(site.ways.way, kind, said)
    who = await actor(site.service, request, "")
    return await site.sign_in.record(
        lambda uow: ways.set_way(uow, _person(person_id), new, actor=who)
    )


async def remove_way(site: Site, request: Request, person_id: str, number: int) -> None:
    """Reach a person in one way no more."""
    who = await actor(site.service, request, "")
    await site.sign_in.record(
        lambda uow: ways.remove_way(uow, _person(person_id), number, actor=who)
    )


async def test_way(site: Site, request: Request, person_id: str, number: int) -> AlarmRecord:
    """Send a person a test in one way."""
    who = await actor(site.service, request, "")
    return await site.sign_in.record(
        lambda uow: ways.test_way(uow, _person(person_id), number, actor=who)
    )


async def change_by_form(
    site: Site, request: Request, person_id: str, act: str, form: Form
) -> None:
    """Do what a form about the ways of a person asks: one of `FORMS`."""
    if act == "set-way":
        try:
            kind = WayKind(form.get("kind", ""))
        except ValueError:
            raise Refusal("form_unreadable") from None
        await set_way(site, request, person_id, kind, form.get("address", ""))
    elif act == "remove-way":
        await remove_way(site, request, person_id, number_in(form, "way"))
    else:
        await test_way(site, request, person_id, number_in(form, "way"))


FORMS = ("set-way", "remove-way", "test-way")
"""What the forms about the ways of a person ask, by the last word of their address."""


def _person(person_id: str) -> PersonId:
    if not is_a_person(person_id):
        raise Refusal("no_such_person", person=person_id)
    return PersonId(person_id)

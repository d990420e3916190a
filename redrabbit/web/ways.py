"""Setting, removing and trying how a person is reached, as pages and calls ask it."""

import asyncio
import hashlib
import hmac
from collections.abc import Callable
from typing import TypeVar

from starlette.requests import Request

from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.fact import Record
from redrabbit.domain.identity import Actor, PersonId, is_a_person
from redrabbit.domain.own_acts import RemoveWay, SetWay, TryWay
from redrabbit.domain.record_query import recorded
from redrabbit.domain.records import AlarmRecord, PersonRecord
from redrabbit.domain.way import WayKind
from redrabbit.services import ways
from redrabbit.services.done_once import Asked, once
from redrabbit.services.ports import UnitOfWork
from redrabbit.web.pages.forms import Form, key_of
from redrabbit.web.site import Site, number_in
from redrabbit.web.visitor import actor, place_of

R = TypeVar("R", bound=Record)


Keyed = Callable[[Actor], str | None]
"""Says under which key somebody asks; None: under none."""


async def set_way(
    site: Site, request: Request, person_id: str, kind: WayKind, said: str, *, key: Keyed
) -> PersonRecord:
    """Reach a person at this address, too; Refusal where it would be read along on the network."""
    place_of(request)
    new = await asyncio.to_thread(site.ways.way, kind, said)
    person, who = _person(person_id), await actor(site.service, request, "")
    act = SetWay(person_id=person, kind=kind, address=kept_as(site, new.address))

    def command(uow: UnitOfWork) -> PersonRecord:
        ways.set_way(uow, person, new, actor=who)
        return recorded(uow, PersonRecord, person)

    return await _once(site, act, who, key, command)


async def remove_way(
    site: Site, request: Request, person_id: str, number: int, *, key: Keyed
) -> PersonRecord:
    """Reach a person in one way no more."""
    person, who = _person(person_id), await actor(site.service, request, "")

    def command(uow: UnitOfWork) -> PersonRecord:
        ways.remove_way(uow, person, number, actor=who)
        return recorded(uow, PersonRecord, person)

    return await _once(site, RemoveWay(person_id=person, number=number), who, key, command)


async def test_way(
    site: Site, request: Request, person_id: str, number: int, *, key: Keyed
) -> AlarmRecord:
    """Send a person a test in one way."""
    person, who = _person(person_id), await actor(site.service, request, "")
    return await _once(
        site,
        TryWay(person_id=person, number=number),
        who,
        key,
        lambda uow: ways.test_way(uow, person, number, actor=who),
    )


async def change_by_form(
    site: Site, request: Request, person_id: str, act: str, form: Form
) -> None:
    """Do what a form about the ways of a person asks: one of `FORMS`."""

    def key(who: Actor) -> str | None:
        return key_of(form, path=request.url.path, name=who.id)

    if act == "set-way":
        try:
            kind = WayKind(form.get("kind", ""))
        except ValueError:
            raise Refusal("form_unreadable") from None
        await set_way(site, request, person_id, kind, form.get("address", ""), key=key)
    elif act == "remove-way":
        await remove_way(site, request, person_id, number_in(form, "way"), key=key)
    else:
        await test_way(site, request, person_id, number_in(form, "way"), key=key)


def kept_as(site: Site, address: str) -> str:
    """Return what is kept of an address with an act: nobody finds it by trying, not without this installation's secret."""
    return hmac.new(site.rules.form_secret, f"way {address}".encode(), hashlib.sha256).hexdigest()


async def _once(
    site: Site,
    act: SetWay | RemoveWay | TryWay,
    who: Actor,
    key: Keyed,
    command: Callable[[UnitOfWork], R],
) -> R:
    asked = Asked(act=act, actor=who, key=key(who))

    def permit(uow: UnitOfWork) -> None:
        ways.require_own(uow, act.person_id, who)

    return await site.sign_in.record(once(asked, permit, command))


FORMS = ("set-way", "remove-way", "test-way")
"""What the forms about the ways of a person ask, by the last word of their address."""


def _person(person_id: str) -> PersonId:
    if not is_a_person(person_id):
        raise Refusal("no_such_person", person=person_id)
    return PersonId(person_id)

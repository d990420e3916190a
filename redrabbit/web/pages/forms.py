"""A form that somebody sent: who it was, what they ask, and that it is done once."""

import hashlib
import json
from enum import StrEnum
from typing import Final, TypeVar

from starlette.requests import Request

from redrabbit.domain.acts import Act
from redrabbit.domain.erasable import StatedName
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.fact import Record
from redrabbit.domain.identity import Actor, StationId
from redrabbit.domain.people_acts import ActOnPeople
from redrabbit.domain.role import Role
from redrabbit.services.elsewhere import refuse_elsewhere
from redrabbit.web.access import FORM_FIELD, FORM_KEY
from redrabbit.web.showing_again import shown_again
from redrabbit.web.shown_to import stated_name
from redrabbit.web.site import Site
from redrabbit.web.visitor import actor, asker_at

R = TypeVar("R", bound=Record)
W = TypeVar("W", bound=StrEnum)

Form = dict[str, str]

KEY_PREFIX: Final = "form-"


async def carry_out(
    site: Site,
    request: Request,
    form: Form,
    act: Act[R],
    *,
    at: str | None = None,
    names: tuple[StatedName, ...] = (),
) -> R:
    """Do what the form asks, as who is signed in, or in the name that it or this browser states (D19), once.

    `at` is the station whose page it stands on; Refusal for an act at another one. A PIN that a form brings from a station's own screen
    is asked first, and kept nowhere. `names` are those in the act that are not kept yet.
    """
    if form.get("pin", "").strip():
        await shown_again(site, request, password="", pin=form["pin"].strip())
    form = {name: value for name, value in form.items() if name != "pin"}  # nothing kept has it
    asker = asker_at(request)
    who = await actor(site.service, request, _stated(request, form), act, at=at)
    if at is not None and who.station is None:  # else the door asks it
        plant = site.service.plant
        await site.service.read(lambda reader: refuse_elsewhere(reader, plant, act, at))
    if isinstance(act, ActOnPeople):
        await site.sign_in.at_stations.look_anew()
    key = key_of(form, path=request.url.path, name=_stated(request, form) or who.id)
    done = await site.service.do(act, who, key=key, names=names)
    if asker.screen is not None:
        await site.sign_in.at_stations.acted(StationId(asker.screen.station))
    return done


async def acting(site: Site, request: Request, form: Form, act: Act[R]) -> Actor:
    """Return in whose name a form is sent, who may do such an act; Refusal where nobody is said, or they may not."""
    who = await actor(site.service, request, _stated(request, form), act)
    await site.service.require(act, who)
    return who


async def asking(site: Site, request: Request, form: Form) -> Actor:
    """Return who asks by a form about people; Refusal for a name that is only stated, of which nothing is kept."""
    if not asker_at(request).is_known and _stated(request, form):
        raise Refusal("person_required", act="", needs=(Role.ADMINISTRATOR.value,))
    return await actor(site.service, request, "")


def key_of(form: Form, *, path: str, name: str) -> str | None:
    """Return the key under which a form is done once; None for a form that has none.

    It stands for all that was sent, so a page that was kept open may send something else.
    """
    if not form.get(FORM_KEY):
        return None
    fields = sorted((field, value) for field, value in form.items() if field != FORM_FIELD)
    sent = json.dumps([path, name, fields])
    return KEY_PREFIX + hashlib.sha256(sent.encode()).hexdigest()


def word(words: type[W], text: str) -> W:
    """Return the word of an enumeration; Refusal for another."""
    try:
        return words(text)
    except ValueError:
        raise Refusal("form_unreadable") from None


def _stated(request: Request, form: Form) -> str:
    known = asker_at(request).is_known
    return form.get("by", "").strip() or ("" if known else stated_name(request))

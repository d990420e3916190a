"""How an API call does something: as whoever asks, or in the name that its body states; once for each key (D65)."""

from dataclasses import dataclass
from typing import Annotated, TypeVar

from fastapi import Depends, Request

from redrabbit.domain import acts
from redrabbit.domain.erasable import StatedName
from redrabbit.domain.facts.fact import Record
from redrabbit.domain.identity import StationId
from redrabbit.services.queries.people import Names, names_in
from redrabbit.web.api.requests import Act
from redrabbit.web.api.values import Key
from redrabbit.web.site import Site
from redrabbit.web.visitor import actor, asker_at

R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, and under which key."""

    request: Request
    key: str | None


def _caller(request: Request, key: Key = None) -> Caller:
    return Caller(request, key)


By = Annotated[Caller, Depends(_caller)]


async def done(site: Site, act: acts.Act[R], by: Caller, names: tuple[StatedName, ...] = ()) -> R:
    """Do an act of whoever is signed in; nobody does one about people in a name that is only stated.

    `names` are those in the act that are not kept yet.
    """
    who = await actor(site.service, by.request, "")
    await site.sign_in.at_stations.look_anew()
    return await site.service.do(act, who, by.key, names=names)


async def do(
    site: Site, body: Act, act: acts.Act[R], by: Caller, seen: frozenset[int] | None = None
) -> tuple[R, Names]:
    """Do what a program asks and return the record that it changed, with the names for it."""
    who = await actor(site.service, by.request, body.operator or "", act)
    record = await site.service.do(act, who, by.key, seen=seen)
    asker = asker_at(by.request)
    if asker.screen is not None:
        await site.sign_in.at_stations.acted(StationId(asker.screen.station))
    return record, await site.service.read(names_in)

"""How an API call does something: in the name that its body states, once for each key (D65)."""

from typing import TypeVar

from redrabbit.domain import acts
from redrabbit.domain.facts.fact import Record
from redrabbit.services.queries.people import Names, names_in
from redrabbit.web.api.requests import Act
from redrabbit.web.site import Site

R = TypeVar("R", bound=Record)


async def do(
    site: Site, body: Act, act: acts.Act[R], key: str | None, seen: frozenset[int] | None = None
) -> tuple[R, Names]:
    """Do what a program asks and return the record that it changed, with the names for it."""
    actor = await site.service.stated(body.operator)
    record = await site.service.do(act, actor, key, seen=seen)
    return record, await site.service.read(names_in)

"""Streams end for who may not read them any more."""

from collections.abc import AsyncGenerator

from starlette.requests import Request
from starlette.routing import Route

from redrabbit.domain.facts.role_grant import RoleGranted, RoleRevoked
from redrabbit.domain.identity import GrantId, PersonId
from redrabbit.domain.role import Role
from redrabbit.services.askers import Shown
from redrabbit.web.access import AccessRules
from redrabbit.web.signed_out import SIGNED_OUT, while_allowed
from redrabbit.web.site import Site
from redrabbit.web.visitor import ASKER
from tests.fakes import JumpClock
from tests.people import People, sign_in_at
from tests.showcase_story import BEGIN, Showcase


async def a_stream() -> tuple[Showcase, People, AsyncGenerator[bytes, None]]:
    """Return a stream with an event each second, which somebody follows who is signed in."""
    clock = JumpClock(BEGIN)
    showcase = Showcase(clock)
    await showcase.open()
    sign_in = sign_in_at(showcase.agent)
    site = Site(service=showcase.service, clock=clock, rules=AccessRules(), sign_in=sign_in)
    people = People(showcase.agent, showcase._kept.write_now)
    li_na = people.register("Li Na", Role.AUDITOR)
    path = "/api/v1/events"
    scope = {"type": "http", "method": "GET", "path": path, "headers": [], "state": {}}
    request = Request({**scope, "route": Route(path, endpoint=lambda: None)})
    setattr(request.state, ASKER, await sign_in.asker(Shown(session=people.session(li_na))))

    async def events() -> AsyncGenerator[bytes, None]:
        while True:
            clock.jump(1)
            yield b"."

    return showcase, people, while_allowed(site, request, events())


async def test_a_stream_ends_within_a_beat_when_its_reader_is_disabled() -> None:
    _, people, stream = await a_stream()
    assert [await anext(stream) for _ in range(9)] == [b"."] * 9
    people.disable(people.register("Other"))
    assert [await anext(stream) for _ in range(3)] == [b"."] * 3
    people.disable(PersonId("p-0001"))
    left = [event async for event in stream]
    assert left[-1] == SIGNED_OUT
    assert len(left) <= 3


async def test_a_stream_ends_within_a_beat_when_the_role_is_taken_away_that_it_is_for() -> None:
    """Who was an auditor went on reading the ledger's events for as long as the stream lived."""
    _, people, stream = await a_stream()
    other = RoleGranted(
        grant_id=GrantId("g-0002"),
        person_id=PersonId("p-0001"),
        role=Role.OPERATOR,
        line=None,
        from_at=BEGIN,
        until_at=None,
        deputy_for=None,
    )
    people.tell(other)
    assert [await anext(stream) for _ in range(9)] == [b"."] * 9
    people.tell(RoleRevoked(grant_id=GrantId("g-0001")))
    left = [event async for event in stream]
    assert left[-1] == SIGNED_OUT
    assert len(left) <= 3


async def test_a_stream_ends_when_the_records_can_not_say_who_reads() -> None:
    showcase, _, stream = await a_stream()
    assert await anext(stream) == b"."
    with showcase.database_away():
        left = [event async for event in stream]
    assert SIGNED_OUT not in left
    assert len(left) <= 3

"""How people are reached is set by themselves or an administrator, bounded, recorded without the address, and erasable."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import SERVER, Actor, How, PersonId
from redrabbit.domain.people_acts import DisablePerson
from redrabbit.domain.role import Role
from redrabbit.domain.way import MOST_WAYS, Way, WayKind, number_of_way
from redrabbit.services.ways import NewWay, WaysKnown, remove_way, set_way, test_way
from tests.services.people_served import ADMINISTRATOR, CHEN, a_person, with_administrator
from tests.services.served import Served

MAIL = NewWay(kind=WayKind.MAIL, address="li.na@plant.example")
HOST = NewWay(kind=WayKind.APPRISE, address="json://10.0.0.1/", names_host=True)
test_way.__test__ = False  # type: ignore[attr-defined]  # because its name is what it does


async def li_at(served: Served) -> Actor:
    return await a_person(served, "Li Na", Role.OPERATOR, how=How.PASSWORD)


def wrote(served: Served, command: Any) -> Any:
    return served.database.write_now(command)


def refusal(served: Served, command: Any) -> str:
    size = len(served.types())
    with pytest.raises(Refusal) as refused:
        wrote(served, command)
    assert len(served.types()) == size
    return refused.value.code


def ways(served: Served) -> list[Way]:
    return list(served.database.read_now(lambda reader: reader.rows(Way)))


async def test_a_person_sets_and_removes_their_own_and_the_ledger_has_no_address() -> None:
    served = await with_administrator()
    li = await li_at(served)
    me = PersonId(li.id)
    way = wrote(served, lambda uow: set_way(uow, me, MAIL, actor=li))
    assert (way.way_id, way.set_by) == (f"{me}:1", me)
    assert wrote(served, lambda uow: set_way(uow, me, MAIL, actor=li)) == way
    entry = served.database.read_now(lambda reader: reader.entries())[-1]
    assert (entry.type, entry.actor.id) == ("way_set", me)
    assert entry.payload == {"person_id": me, "number": 1, "kind": "mail"}
    wrote(served, lambda uow: remove_way(uow, me, 1, actor=li))
    assert ways(served) == []
    entries = served.database.read_now(lambda reader: reader.entries())
    assert entries[-1].type == "way_removed"
    assert "plant.example" not in json.dumps([entry.payload for entry in entries])
    assert refusal(served, lambda uow: remove_way(uow, me, 1, actor=li)) == "no_such_way"
    assert refusal(served, lambda uow: test_way(uow, me, 1, actor=li)) == "no_such_way"


@given(st.lists(st.sampled_from(["set", "remove first", "remove last"]), max_size=12))
def test_no_number_of_a_way_is_ever_given_again(acts: list[str]) -> None:
    """A message that was parked when its way was removed names the number: sent again, it went to another address."""
    served = asyncio.run(with_administrator())
    given: list[str] = []
    for at, act in enumerate(acts):
        known = sorted(ways(served), key=lambda way: way.set_at)
        if act == "set" and len(known) < MOST_WAYS:
            mail = NewWay(kind=WayKind.MAIL, address=f"li{at}@plant.example")
            given.append(wrote(served, lambda uow: set_way(uow, CHEN, mail, actor=SERVER)).way_id)  # noqa: B023  called at once
        elif act != "set" and known:
            number = number_of_way(known[0 if act == "remove first" else -1].way_id)
            wrote(served, lambda uow: remove_way(uow, CHEN, number, actor=SERVER))  # noqa: B023  called at once
    assert len(set(given)) == len(given)


async def test_an_administrator_and_the_server_set_those_of_others_and_nobody_else_does() -> None:
    served = await with_administrator()
    li = await li_at(served)
    bao = await a_person(served, "Bao", Role.QUALITY_ENGINEER, how=How.PASSWORD)
    me = PersonId(li.id)
    assert refusal(served, lambda uow: set_way(uow, me, MAIL, actor=bao)) == "not_permitted"
    badge = Actor(id=li.id, how=How.BADGE)
    assert refusal(served, lambda uow: set_way(uow, me, MAIL, actor=badge)) == "not_permitted"
    stated = Actor.stated("Chen")
    assert refusal(served, lambda uow: set_way(uow, me, MAIL, actor=stated)) == "not_permitted"
    wrote(served, lambda uow: set_way(uow, me, MAIL, actor=ADMINISTRATOR))
    assert refusal(served, lambda uow: remove_way(uow, me, 1, actor=bao)) == "not_permitted"
    assert refusal(served, lambda uow: test_way(uow, me, 1, actor=bao)) == "not_permitted"
    wrote(served, lambda uow: remove_way(uow, me, 1, actor=SERVER))
    nobody = PersonId("p-0099")
    assert refusal(served, lambda uow: set_way(uow, nobody, MAIL, actor=SERVER)) == "no_such_person"
    await served.service.do(DisablePerson(person_id=me), ADMINISTRATOR)
    assert refusal(served, lambda uow: set_way(uow, me, MAIL, actor=SERVER)) == "person_disabled"


async def test_only_an_administrator_names_a_host_that_this_service_then_calls() -> None:
    served = await with_administrator()
    li = await li_at(served)
    me = PersonId(li.id)
    assert refusal(served, lambda uow: set_way(uow, me, HOST, actor=li)) == "way_names_host"
    assert wrote(served, lambda uow: set_way(uow, me, HOST, actor=ADMINISTRATOR)).kind


async def test_nobody_has_more_ways_than_people_have() -> None:
    served = await with_administrator()
    me = PersonId((await li_at(served)).id)
    for number in range(MOST_WAYS):
        new = NewWay(kind=WayKind.MAIL, address=f"li{number}@plant.example")
        wrote(served, lambda uow, new=new: set_way(uow, me, new, actor=SERVER))
    assert refusal(served, lambda uow: set_way(uow, me, MAIL, actor=SERVER)) == "too_many_ways"


async def test_what_waits_for_a_way_that_is_removed_is_parked_and_seen() -> None:
    served = await with_administrator()
    li = await li_at(served)
    me = PersonId(li.id)
    wrote(served, lambda uow: set_way(uow, me, MAIL, actor=li))
    alarm = wrote(served, lambda uow: test_way(uow, me, 1, actor=li))
    assert (alarm.receiver, alarm.ended_at is not None) == (f"{me}:1", True)
    waits = served.database.read_now(lambda reader: reader.waiting_deliveries(f"{me}:1", 9))
    assert [each.event for each in waits] == ["test"]
    wrote(served, lambda uow: remove_way(uow, me, 1, actor=li))
    parked = served.database.read_now(lambda reader: reader.parked_messages(9))
    assert [(each.receiver, each.reason.value) for each in parked] == [
        (f"{me}:1", "receiver_removed")
    ]


def test_what_nobody_can_be_reached_by_is_refused() -> None:
    nothing = WaysKnown()
    for kind, said, code in (
        (WayKind.MAIL, "li.na@plant.example", "no_mail_server"),
        (WayKind.MAIL, "li.na", "way_unreadable"),
        (WayKind.APPRISE, "tgram://1/2", "way_unreadable"),
    ):
        with pytest.raises(Refusal) as refused:
            nothing.way(kind, said)
        assert refused.value.code == code
    known = WaysKnown(mails=True, is_known=lambda _: True, names_no_host=lambda said: "x" in said)
    assert known.way(WayKind.MAIL, "li.na@plant.example") == MAIL
    assert not known.way(WayKind.APPRISE, "tgram://x").names_host
    assert known.way(WayKind.APPRISE, "json://10.0.0.1/") == HOST
    filed = replace(known, names_file=lambda said: "keyfile" in said)
    with pytest.raises(Refusal) as refused:
        filed.way(WayKind.APPRISE, "tgram://x?keyfile=y")
    assert refused.value.code == "way_unreadable"

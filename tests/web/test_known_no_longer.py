"""What somebody was known by counts in the transaction that records what they do, or nothing is recorded (decision 0061)."""

import re

import pytest
from starlette.requests import Request

from redrabbit.domain import acts
from redrabbit.domain.badge_code import badge_id
from redrabbit.domain.beside import digest_of
from redrabbit.domain.credential import CredentialKind
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.badge import BadgeRevoked
from redrabbit.domain.facts.station_screen import StationScreenRevoked
from redrabbit.domain.identity import SERVER, Actor, PartId, PersonId
from redrabbit.domain.records import StationScreenRecord
from redrabbit.domain.role import Role
from redrabbit.services import sessions
from redrabbit.services.askers import Shown
from redrabbit.services.credential_states import reset
from redrabbit.services.ports import UnitOfWork
from redrabbit.web.access import form_token
from redrabbit.web.visitor import actor, identify
from tests.people import BADGE_KEY, PIN, People
from tests.web.conftest import NONCE, RULES, Visitor

STATION = "line1-op20"
QUARANTINE = acts.QuarantinePart(part_id=PartId("RR-0001"), reason="x")


def people_of(visitor: Visitor) -> People:
    return People(visitor.plant.agent, lambda command: visitor.let(visitor.plant.write(command)))


def entries(visitor: Visitor) -> int:
    return len(visitor.plant.ask(lambda reader: reader.entries()))


def refused(visitor: Visitor, by: Actor) -> None:
    size = entries(visitor)
    with pytest.raises(Refusal, match="known_no_longer"):
        visitor.let(visitor.plant.service.do(QUARANTINE, by))
    assert entries(visitor) == size


def known_by(visitor: Visitor, shown: Shown) -> Actor:
    found = visitor.let(visitor.sign_in.asker(shown)).actor
    assert found is not None
    return found


def test_an_act_in_a_session_that_ended_meanwhile_is_not_recorded(visitor: Visitor) -> None:
    people = people_of(visitor)
    lead = people.register("Wang Fang", Role.SHIFT_LEADER)
    by = known_by(visitor, Shown(session=people.session(lead)))
    visitor.let(visitor.plant.write(lambda uow: sessions.end_sessions(uow, lead)))
    refused(visitor, by)


def revoke_screens(visitor: Visitor, people: People) -> None:
    for screen in visitor.plant.ask(lambda reader: reader.find(StationScreenRecord)):
        people.tell(StationScreenRevoked(screen_id=screen.screen_id))


def test_an_act_by_a_badge_at_a_screen_that_was_taken_away_is_not_recorded(
    visitor: Visitor,
) -> None:
    people = people_of(visitor)
    chen = people.register("Chen Wei", Role.OPERATOR, password=False)
    people.badge(chen, "B-1001")
    screen = people.screen(STATION)
    visitor.client.cookies.set("rr_screen", screen)
    visitor.send(f"/stations/{STATION}/who", name="B-1001")
    by = known_by(visitor, Shown(screen=screen))
    revoke_screens(visitor, people)
    refused(visitor, by)


def test_a_stated_name_at_a_screen_that_was_taken_away_is_not_recorded(visitor: Visitor) -> None:
    """Another screen of the station stays: the name was stated at the one that is gone."""
    people = people_of(visitor)
    people.register("Wang Fang", Role.SHIFT_LEADER)
    shown = people.screen(STATION)
    scope = {
        "type": "http",
        "method": "POST",
        "scheme": "http",
        "path": "/",
        "headers": [(b"cookie", f"rr_screen={shown}".encode())],
        "state": {},
    }
    request = Request(scope)
    visitor.let(identify(visitor.sign_in, request))
    by = visitor.let(actor(visitor.plant.service, request, "Old Zhang"))
    revoke_screens(visitor, people)
    people.screen(STATION)
    refused(visitor, by)


def sent(visitor: Visitor, path: str, **fields: str) -> tuple[int, str]:
    session = visitor.client.cookies.get("rr_session")
    token = form_token(RULES, NONCE, digest_of(session) if session else "")
    answer = visitor.client.post(path, data={"form_token": token, **fields}, follow_redirects=False)
    return answer.status_code, answer.text


def taken(uow: UnitOfWork, lead: PersonId) -> None:
    reset(uow, lead, CredentialKind.PASSWORD, actor=SERVER)


@pytest.mark.parametrize("by_badge", [False, True])
def test_a_code_of_who_is_known_no_longer_enrols_no_screen(
    visitor: Visitor, by_badge: bool
) -> None:
    people = people_of(visitor)
    lead = people.register("Wang Fang", Role.SHIFT_LEADER, password=not by_badge)
    if by_badge:
        people.badge(lead, "B-2001")
        visitor.client.cookies.set("rr_screen", people.screen(STATION))
        people.pin(lead)
        visitor.send(f"/stations/{STATION}/who", name="B-2001")
        visitor.send(f"/stations/{STATION}/pin", pin=PIN)
    else:
        visitor.client.cookies.set("rr_session", people.session(lead))
    status, page = sent(visitor, f"/stations/{STATION}/screens/code")
    code = re.search(r'screen-code mono">([0-9A-Z]{4}-[0-9A-Z]{4})<', page)
    assert status == 200
    assert code is not None
    if by_badge:
        people.tell(BadgeRevoked(badge_id=badge_id(BADGE_KEY, "B-2001")))
    else:
        visitor.let(visitor.plant.write(lambda uow: taken(uow, lead)))
    visitor.client.cookies.clear()
    size = entries(visitor)
    answer = visitor.client.post("/api/v1/enrolments", json={"code": code[1], "name": "mine"})
    assert (answer.status_code, answer.json()["code"]) == (403, "code_does_not_work")
    assert entries(visitor) == size

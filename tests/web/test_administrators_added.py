"""Whoever manages people sees on *People* who was made administrator at the server, and takes the alarm there."""

import re

from redrabbit.domain.identity import PersonId
from redrabbit.domain.role import Role
from redrabbit.services.administrators_added import open_alarms
from redrabbit.services.people_at_server import Newcomer, add, give_roles
from redrabbit.services.ports import UnitOfWork
from tests.web.conftest import Visitor
from tests.web.test_people import done, enter
from tests.web.test_sign_in import ORIGIN, people_of

ASKED = "Look whether this was meant to be"


def made_at_the_server(visitor: Visitor) -> str:
    """Make somebody administrator beside Chen and return the alarm."""

    def command(uow: UnitOfWork) -> str:
        known = add(uow, Newcomer(name="Mallory"))
        give_roles(
            uow,
            visitor.plant.plant,
            PersonId(known.person_id),
            (Role.ADMINISTRATOR,),
            lines=(),
        )
        return open_alarms(uow)[-1].alarm_id

    return visitor.let(visitor.plant.write(command))


def test_an_administrator_sees_it_on_people_and_takes_it_there(visitor: Visitor) -> None:
    people_of(visitor).register("Chen", Role.ADMINISTRATOR)
    enter(visitor, "Chen")
    assert ASKED not in visitor.text("/people")
    alarm = made_at_the_server(visitor)
    assert "Mallory" in visitor.text("/people").partition(ASKED)[2]
    assert "在服务器上新设的管理员" in visitor.text("/people", "zh")
    assert done(visitor, "/people/alarms", alarm="nothing")[0] == 409
    assert done(visitor, "/people/alarms", alarm=alarm)[0] == 303
    assert ASKED not in visitor.text("/people")
    assert visitor.client.get("/people/alarms").status_code == 200


def test_the_page_of_alarms_offers_nobody_to_take_it(visitor: Visitor) -> None:
    people_of(visitor).register("Chen", Role.ADMINISTRATOR)
    people_of(visitor).register("Leader", Role.SHIFT_LEADER)
    enter(visitor, "Leader")
    before = visitor.text("/alarms")
    alarm = made_at_the_server(visitor)
    after = visitor.text("/alarms")
    assert f'id="{alarm}"' in after
    buttons = re.compile(r'name="alarms" value="([^"]*)"[^>]*>([^<]*)')
    assert buttons.findall(before)
    assert buttons.findall(after) == buttons.findall(before)


def test_who_leads_a_shift_is_refused_by_page_and_call(visitor: Visitor) -> None:
    people_of(visitor).register("Chen", Role.ADMINISTRATOR)
    people_of(visitor).register("Leader", Role.SHIFT_LEADER)
    alarm = made_at_the_server(visitor)
    enter(visitor, "Leader")
    assert done(visitor, "/people/alarms", alarm=alarm)[0] == 409
    status, page = done(visitor, "/alarms/take", alarms=alarm)
    assert (status, "for another administrator to look at" in page) == (409, True)

    def call(path: str) -> tuple[int, str]:
        answer = visitor.client.post(f"/api/v1{path}", json={}, headers=ORIGIN)
        return answer.status_code, answer.json().get("code", "")

    assert call(f"/alarms/{alarm}/acknowledge") == (403, "alarm_of_administrators")
    assert call(f"/people/alarms/{alarm}/acknowledge") == (403, "not_permitted")
    enter(visitor, "Chen")
    assert call(f"/people/alarms/{alarm}/acknowledge") == (200, "")

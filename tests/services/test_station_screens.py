"""A screen is enrolled at a station that there is, and revoked once (B28)."""

from dataclasses import replace

from redrabbit.domain.beside import ScreenSecret
from redrabbit.domain.identity import Actor, How, StationId
from redrabbit.domain.people_acts import EnrolScreen, RevokeScreen
from redrabbit.domain.role import Role
from tests.plants import OP20
from tests.services.people_served import ADMINISTRATOR, a_person, refused, with_administrator
from tests.services.served import START


async def test_a_stated_name_works_before_a_screen_until_it_is_revoked() -> None:
    served = await with_administrator()
    leader = await a_person(served, "Leader", Role.SHIFT_LEADER)
    anna = Actor(id="name:anna", how=How.STATED, station=OP20)
    assert await refused(served, START, anna) == "person_required"
    ask = EnrolScreen(station=OP20, name=" tablet 左 ", secret_digest="ab" * 32)
    screen = await served.service.do(ask, leader)
    assert (screen.screen_id, screen.name, screen.enrolled_by) == ("s-0001", "tablet 左", leader.id)
    revoke = RevokeScreen(station=OP20, screen_id=screen.screen_id)
    assert (
        await refused(served, replace(revoke, station=StationId("line2-op40"))) == "no_such_screen"
    )
    kept = served.database.read_now(lambda reader: reader.row(ScreenSecret, "ab" * 32))
    assert kept is not None
    assert kept.screen_id == screen.screen_id
    await served.service.do(START, anna)
    await served.service.do(revoke, leader)
    assert served.database.read_now(lambda reader: reader.rows(ScreenSecret)) == []
    assert await refused(served, revoke) == "no_such_screen"


async def test_a_screen_has_a_station_and_a_name() -> None:
    served = await with_administrator()
    nowhere = EnrolScreen(station=StationId("no"), name="tablet")
    assert await refused(served, nowhere) == "no_such_station"
    assert await refused(served, EnrolScreen(station=OP20, name=" ")) == "text_missing"
    assert ADMINISTRATOR.station is None

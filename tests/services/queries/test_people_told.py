"""Whom rosters name and nobody can tell is shown and logged; whoever is told has a name (R10)."""

import pytest

from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.identity import SERVER, PersonId
from redrabbit.domain.people_acts import DisablePerson
from redrabbit.domain.reaching import Unreached
from redrabbit.domain.role import Role
from redrabbit.domain.way import WayKind
from redrabbit.services.alarming import raise_alarm
from redrabbit.services.escalating import take_steps
from redrabbit.services.queries.alarms import alarms_page
from redrabbit.services.queries.people_told import ToldNames, log_unreached, people_told
from redrabbit.services.queries.receivers import receivers_page
from redrabbit.services.ways import NewWay, remove_way, set_way
from redrabbit.services.ways import test_way as send_test
from tests.alarm_rules import a_duty, a_rule, a_step
from tests.plants import LINE, a_plant
from tests.services.people_served import ADMINISTRATOR, a_person, with_administrator
from tests.services.served import Served
from tests.services.test_reaching import ANDON, BAO, LI

PLANT = a_plant(
    targets=(ANDON,),
    rules=(a_rule(a_step(0, rosters=("leaders",))),),
    rosters={"leaders": (a_duty(people=(LI, BAO, "4711"), lines=frozenset({LINE})),)},
)


async def served_people() -> Served:
    served = await with_administrator(PLANT)
    await a_person(served, "Li Na", Role.SHIFT_LEADER)
    await a_person(served, "Bao", Role.OPERATOR, line=None)
    reach(served, LI, "li.na@plant.example")
    return served


def reach(served: Served, person: PersonId, address: str) -> None:
    new = NewWay(kind=WayKind.MAIL, address=address)
    served.database.write_now(lambda uow: set_way(uow, person, new, actor=SERVER))


async def test_whom_a_roster_names_and_why_they_are_not_told() -> None:
    served = await served_people()
    now = served.clock.now()
    rows = served.database.read_now(lambda reader: people_told(reader, PLANT, now))
    assert [(row.named, row.name, row.why, row.lines) for row in rows] == [
        ("4711", "4711", Unreached.UNKNOWN, (LINE,)),
        (BAO, "Bao", Unreached.NO_WAY, (LINE,)),
        (LI, "Li Na", None, ()),
    ]
    assert [way.shown for way in rows[2].ways] == ["l…@plant.example"]
    await served.service.do(DisablePerson(person_id=LI), ADMINISTRATOR)
    rows = served.database.read_now(lambda reader: people_told(reader, PLANT, now))
    assert {row.why for row in rows if row.named == LI} == {Unreached.DISABLED}
    other = served.database.read_now(lambda reader: people_told(reader, a_plant(), now))
    assert other == ()


async def test_serve_says_whom_nobody_can_tell(caplog: pytest.LogCaptureFixture) -> None:
    served = await served_people()
    now = served.clock.now()
    served.database.read_now(lambda reader: log_unreached(reader, PLANT, now))
    said = [(r.named, r.why) for r in caplog.records if "not reached" in r.message]  # type: ignore[attr-defined]  # because they are the record's extras
    assert said == [("4711", "unknown"), (BAO, "no_way")]


async def test_pages_name_people_and_what_waits_for_them() -> None:
    served = await served_people()
    served.database.write_now(lambda uow: send_test(uow, LI, 1, actor=ADMINISTRATOR))
    page = served.database.read_now(
        lambda reader: receivers_page(reader, PLANT, served.clock.now())
    )
    assert [row.name for row in page.receivers] == ["andon"]
    assert [(row.name, row.waiting) for row in page.people if row.person == LI] == [("Li Na", 1)]
    served.database.write_now(lambda uow: remove_way(uow, LI, 1, actor=ADMINISTRATOR))
    page = served.database.read_now(
        lambda reader: receivers_page(reader, PLANT, served.clock.now())
    )
    assert [(row.called, row.about, row.is_known) for row in page.parked] == [
        ("Li Na", "Li Na", False)
    ]
    assert page.parked_in_all == 1


async def test_the_page_of_alarms_says_whom_a_step_missed() -> None:
    served = await served_people()
    served.database.write_now(
        lambda uow: raise_alarm(uow, AlarmKind.INCONCLUSIVE, at=uow.now, line=LINE)
    )
    served.database.write_now(take_steps)
    page = served.database.read_now(lambda reader: alarms_page(reader, PLANT, served.clock.now()))
    ((told,),) = [[each for each in row.told if each.step] for row in page.open]
    assert [fate.receiver for fate in told.fates] == ["Li Na · l…@plant.example"]
    assert (told.unreached, told.nobody_at) == (("Bao",), ())
    names = served.database.read_now(
        lambda reader: ToldNames(reader, PLANT).all_of(["andon", LI, "gone", "p-0099:3"])
    )
    assert names == ("andon", "Li Na", "gone", "p-0099")

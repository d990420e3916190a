"""That somebody was made administrator at the server is for another administrator to look at; nobody hides it."""

from datetime import timedelta

import pytest

from redrabbit.domain import acts
from redrabbit.domain.acts import Act
from redrabbit.domain.facts.alarm import AlarmKind, AlarmRecord
from redrabbit.domain.identity import Actor, AlarmId, How
from redrabbit.domain.people_acts import AcknowledgeAdministrator
from redrabbit.domain.record_query import equals
from redrabbit.domain.role import Role
from redrabbit.services.alarming import raise_alarm
from redrabbit.services.people_at_server import Newcomer, add, give_roles
from redrabbit.services.ports import UnitOfWork
from tests.plants import BEGIN
from tests.services.people_served import ADMINISTRATOR, a_person, refused, with_administrator
from tests.services.served import Served

KIND = AlarmKind.ADMINISTRATOR_ADDED


def made_at_the_server(served: Served, name: str = "Mallory") -> tuple[Actor, AlarmId]:
    """Return who was made administrator, and the alarm of it."""

    def command(uow: UnitOfWork) -> str:
        known = add(uow, Newcomer(name=name))
        give_roles(uow, served.plant, known.person_id, (Role.ADMINISTRATOR,), lines=())
        return known.person_id

    person = served.database.write_now(command)
    alarms = served.database.read_now(lambda r: r.find(AlarmRecord, equals("kind", KIND)))
    return Actor(id=person, how=How.PASSWORD), AlarmId(alarms[-1].alarm_id)


def silence(kind: AlarmKind | None) -> acts.SilenceAlarms:
    return acts.SilenceAlarms(
        line=None, station=None, kind=kind, ends_at=BEGIN + timedelta(days=1), reason="too loud"
    )


async def test_another_administrator_takes_it_and_who_it_is_about_does_not() -> None:
    served = await with_administrator()
    mallory, alarm = made_at_the_server(served)
    act = AcknowledgeAdministrator(alarm_id=alarm)
    assert await refused(served, act, mallory) == "alarm_of_administrators"
    second, other = made_at_the_server(served, "Second")
    taken = await served.service.do(act, ADMINISTRATOR)
    assert (taken.acknowledged_by, taken.acknowledged_how) == (ADMINISTRATOR.id, How.PASSWORD)
    assert await refused(served, act) == "alarm_already_acknowledged"
    of_second = AcknowledgeAdministrator(alarm_id=other)
    assert await refused(served, of_second, second) == "alarm_of_administrators"
    await served.service.do(of_second, mallory)


@pytest.mark.parametrize("role", [Role.SHIFT_LEADER, Role.QUALITY_ENGINEER])
async def test_nobody_takes_silences_or_drops_it_as_other_alarms(role: Role) -> None:
    served = await with_administrator()
    leader = await a_person(served, "Leader", role, line=None)
    mallory, alarm = made_at_the_server(served)
    hiding: tuple[Act[object], ...] = (  # type: ignore[type-var]  # whatever record they answer with
        acts.AcknowledgeAlarm(alarm_id=alarm),
        acts.AcknowledgeAlarms(alarm_ids=(alarm,)),
        acts.DropMessage(alarm_id=alarm, receiver="andon"),
        silence(KIND),
    )
    for act in hiding:
        assert await refused(served, act, leader) == "alarm_of_administrators"
    by_leader = AcknowledgeAdministrator(alarm_id=alarm)
    assert await refused(served, by_leader, leader) == "not_permitted"
    unproved = Actor(id=mallory.id, how=How.BADGE)
    assert await refused(served, by_leader, unproved) == "proof_required"


async def test_it_stays_open_where_all_alarms_are_taken_and_is_told_where_all_are_silenced() -> (
    None
):
    served = await with_administrator()
    leader = await a_person(served, "Leader", Role.SHIFT_LEADER, line=None)
    await served.service.do(silence(None), leader)
    _, alarm = made_at_the_server(served)
    step = served.database.write_now(
        lambda uow: AlarmId(raise_alarm(uow, AlarmKind.CLOCK_STEP, at=uow.now))
    )
    await served.service.do(acts.AcknowledgeAlarms(alarm_ids=(alarm, step)), leader)

    def kept(alarm_id: AlarmId) -> AlarmRecord:
        found = served.database.read_now(lambda reader: reader.get(AlarmRecord, alarm_id))
        assert found is not None
        return found

    assert kept(step).held_for is not None
    assert kept(step).acknowledged_at is not None
    assert kept(alarm).held_for is None
    assert kept(alarm).acknowledged_at is None


async def test_another_alarm_is_none_of_administrators() -> None:
    served = await with_administrator()
    step = served.database.write_now(
        lambda uow: AlarmId(raise_alarm(uow, AlarmKind.CLOCK_STEP, at=uow.now))
    )
    assert await refused(served, AcknowledgeAdministrator(alarm_id=step)) == "no_such_alarm"

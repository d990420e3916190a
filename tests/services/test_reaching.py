"""Who is on duty is told by all of their ways, as long as they may; else the step is told to others (R10)."""

import json
from datetime import timedelta
from typing import Any

from redrabbit.domain.facts.alarm import AlarmKind, AlarmRecord
from redrabbit.domain.facts.alarm_told import AlarmToldRecord
from redrabbit.domain.identity import SERVER, PersonId
from redrabbit.domain.people_acts import DisablePerson, EnablePerson
from redrabbit.domain.plant import NotificationTarget, TargetKind
from redrabbit.domain.role import Role
from redrabbit.domain.way import WayKind
from redrabbit.services import people_at_server
from redrabbit.services.alarming import raise_alarm
from redrabbit.services.escalating import take_steps
from redrabbit.services.people_at_server import Newcomer
from redrabbit.services.reaching import people_to_tell, person_named, way_now
from redrabbit.services.receiver_alarms import say_not_reached
from redrabbit.services.ways import NewWay, remove_way, set_way
from tests.alarm_rules import a_duty, a_rule, a_step
from tests.plants import a_plant
from tests.services.people_served import ADMINISTRATOR, a_person, with_administrator
from tests.services.served import Served

ANDON = NotificationTarget(name="andon", kind=TargetKind.WEBHOOK, url="http://127.0.0.1:9/")
LI, BAO = PersonId("p-0002"), PersonId("p-0003")


class OnDuty:
    """A plant whose roster names Li Na, and whose second step names Bao."""

    def __init__(self, served: Served) -> None:
        self.served = served

    @classmethod
    async def begun(cls) -> "OnDuty":
        rule = a_rule(a_step(0, rosters=("leaders",)), a_step(10, people=(BAO,)))
        duty = {"leaders": (a_duty(people=(LI,)),)}
        served = await with_administrator(a_plant(targets=(ANDON,), rules=(rule,), rosters=duty))
        await a_person(served, "Li Na", Role.SHIFT_LEADER)
        await a_person(served, "Bao", Role.QUALITY_ENGINEER)
        return cls(served)

    def write(self, command: Any) -> Any:
        return self.served.database.write_now(command)

    def reach(self, person: PersonId, *addresses: str) -> None:
        for address in addresses:
            new = NewWay(kind=WayKind.MAIL, address=address)
            self.write(lambda uow, new=new: set_way(uow, person, new, actor=SERVER))

    def alarm(self, line: str | None = "line1") -> str:
        raised: str = self.write(
            lambda uow: raise_alarm(uow, AlarmKind.INCONCLUSIVE, at=uow.now, line=line)
        )
        self.write(take_steps)
        return raised

    def pass_time(self, minutes: float) -> None:
        clock = self.served.clock
        clock.advance_to(clock.steady + timedelta(minutes=minutes))
        self.write(take_steps)

    def told(self, alarm: str) -> list[tuple[int, list[str], list[int], list[str]]]:
        rows = self.served.database.read_now(lambda reader: reader.find(AlarmToldRecord))
        return [
            (
                row.step,
                json.loads(row.receivers),
                json.loads(row.nobody_at),
                json.loads(row.unreached),
            )
            for row in rows
            if row.alarm_id == alarm and (row.step or row.nobody_at != "[]")
        ]

    def waiting(self) -> list[tuple[str, str, object]]:
        """Return what waits for people: for whom, what, and which steps reached nobody."""
        reader = self.served.database
        names = reader.read_now(people_to_tell)
        found = []
        for name in names:
            waits = reader.read_now(lambda r: r.waiting_deliveries(name, 9))  # noqa: B023  read at once
            payloads = [json.loads(each.payload) for each in waits]
            found += [(name, said["event"], said.get("nobody_at")) for said in payloads]
        return found


async def test_who_is_on_duty_is_told_by_all_of_their_ways_and_stands_on_record_by_number() -> None:
    duty = await OnDuty.begun()
    duty.reach(LI, "li@plant.example", "li@home.example")
    alarm = duty.alarm()
    assert duty.told(alarm) == [(1, [LI], [], [])]
    assert duty.waiting() == [(f"{LI}:1", "inconclusive", None), (f"{LI}:2", "inconclusive", None)]


async def test_who_is_disabled_is_told_no_more_and_the_next_step_hears_that_nobody_was() -> None:
    duty = await OnDuty.begun()
    duty.reach(LI, "li@plant.example")
    duty.reach(BAO, "bao@plant.example")
    await duty.served.service.do(DisablePerson(person_id=LI), ADMINISTRATOR)
    alarm = duty.alarm()
    assert duty.told(alarm) == [(2, [BAO], [1], [LI])]
    assert duty.waiting() == [(f"{BAO}:1", "inconclusive", [1])]


async def test_where_nobody_can_be_told_whoever_wants_it_is_told_instead() -> None:
    duty = await OnDuty.begun()
    alarm = duty.alarm()
    assert duty.told(alarm) == [(1, ["andon"], [1, 2], [LI, BAO])]


async def test_a_role_on_another_line_is_none_and_of_no_line_any_counts() -> None:
    duty = await OnDuty.begun()
    duty.reach(LI, "li@plant.example")
    elsewhere = duty.alarm("line9")
    assert duty.told(elsewhere) == [(1, ["andon"], [1, 2], [LI, BAO])]
    assert duty.told(duty.alarm(None)) == [(1, [LI], [], [])]


async def test_who_may_again_is_told_again() -> None:
    duty = await OnDuty.begun()
    duty.reach(LI, "li@plant.example")
    await duty.served.service.do(DisablePerson(person_id=LI), ADMINISTRATOR)
    await duty.served.service.do(EnablePerson(person_id=LI), ADMINISTRATOR)
    assert duty.told(duty.alarm()) == [(1, [LI], [], [])]


async def test_a_way_that_is_not_reached_is_not_told_of_itself() -> None:
    duty = await OnDuty.begun()
    duty.reach(LI, "li@plant.example", "li@home.example")
    duty.write(lambda uow: say_not_reached(uow, f"{LI}:1"))
    duty.write(take_steps)
    assert duty.waiting() == [(f"{LI}:2", "receiver_not_reached", None)]
    duty.write(lambda uow: remove_way(uow, LI, 1, actor=SERVER))
    alarms = duty.served.database.read_now(lambda reader: reader.find(AlarmRecord))
    assert [alarm.ended_at is not None for alarm in alarms] == [True]


async def test_a_person_is_known_by_number_and_by_employee_number() -> None:
    duty = await OnDuty.begun()
    duty.reach(LI, "li@plant.example")
    known = duty.served.database.read_now(lambda reader: person_named(reader, LI))
    assert known is not None
    assert duty.served.database.read_now(lambda reader: person_named(reader, "4711")) is None
    duty.write(lambda uow: people_at_server.add(uow, Newcomer(name="Wu", employee_number="E-1")))
    for said in ("E-1", "e-1", "\uff25-1"):
        wu = duty.served.database.read_now(lambda reader, said=said: person_named(reader, said))  # type: ignore[misc]  # because mypy has no type for a default of a lambda
        assert wu is not None
        assert wu.person_id == "p-0004"
    way = duty.served.database.read_now(lambda reader: way_now(reader, f"{LI}:1"))
    assert way is not None
    assert (way[0].address, way[1]) == ("li@plant.example", None)
    assert duty.served.database.read_now(lambda reader: way_now(reader, f"{LI}:7")) is None

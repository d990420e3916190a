"""A release, closing or excuse that another person is to approve, within working hours; or one person's, marked (D45)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from redrabbit.domain import acts
from redrabbit.domain.approval import Approvable, ApprovalMode, ApprovalRules
from redrabbit.domain.asked_acts import ASKED
from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.identity import PartId
from redrabbit.domain.people_rules import PeopleRules
from redrabbit.domain.records import AlarmRecord, ApprovalRecord
from redrabbit.domain.role import Role
from redrabbit.domain.signing import Meaning
from redrabbit.services import approving
from redrabbit.services.queries.approvals import approvals_page, waiting_count
from tests.plants import a_plant
from tests.services.people_served import a_person, with_administrator
from tests.services.test_signing import BENT, PART, Desk

AFTER = ApprovalRules(
    modes={Approvable.RELEASE_PART: ApprovalMode.AFTER}, within=timedelta(hours=2)
)


async def desk_with(rules: ApprovalRules) -> Desk:
    plant = replace(a_plant(), people=PeopleRules(approval=rules))
    served = await with_administrator(plant)
    wu = await a_person(served, "Wu", Role.QUALITY_ENGINEER)
    lin = await a_person(served, "Lin", Role.QUALITY_ENGINEER)
    chen = await a_person(served, "Chen Wei", Role.OPERATOR)
    desk = Desk(served, wu, lin, chen)
    await served.service.do(BENT, chen)
    await served.service.do(acts.ReleasePart(part_id=PART), wu)
    return desk


def approvals(desk: Desk) -> list[ApprovalRecord]:
    found: list[ApprovalRecord] = desk.ask(lambda reader: reader.find(ApprovalRecord))
    return found


def alarms(desk: Desk) -> list[tuple[bool, str | None]]:
    found = desk.ask(lambda reader: reader.find(AlarmRecord))
    kind = AlarmKind.APPROVAL_OVERDUE
    return [(one.ended_at is None, one.part_id) for one in found if one.kind is kind]


def states(desk: Desk) -> list[str]:
    now = desk.served.clock.now()
    page = desk.ask(lambda reader: approvals_page(reader, now))
    return [one.state for one in page.waiting]


async def test_a_release_has_effect_and_waits_for_another_person() -> None:
    desk = await desk_with(AFTER)
    (asked,) = approvals(desk)
    assert (asked.decided_by, asked.mode) == (desk.wu.id, "after")
    assert asked.waits_until == desk.served.clock.now() + timedelta(hours=2)
    assert states(desk) == ["due"]
    approve = desk.to_sign(Meaning.APPROVED)
    assert await desk.refused(approve, desk.wu, desk.shown(desk.wu)) == "signed_by_another"
    await desk.sign(approve, desk.lin, desk.shown(desk.lin))
    (given,) = approvals(desk)
    assert (given.approved_by, given.waits_until) == (desk.lin.id, None)
    assert desk.ask(waiting_count) == 0


async def test_one_that_nobody_gives_in_time_is_told_once_and_ends_when_it_is_given() -> None:
    desk = await desk_with(AFTER)
    desk.served.pass_time(7199)
    desk.served.database.write_now(approving.tell_overdue)
    assert alarms(desk) == []
    assert desk.ask(approving.next_overdue_at) == desk.served.clock.now() + timedelta(seconds=1)
    desk.served.pass_time(1)
    for _ in range(2):
        desk.served.database.write_now(approving.tell_overdue)
    assert alarms(desk) == [(True, PART)]
    assert states(desk) == ["overdue"]
    assert desk.ask(approving.next_overdue_at) is None
    await desk.sign(desk.to_sign(Meaning.APPROVED), desk.lin, desk.shown(desk.lin))
    assert alarms(desk) == [(False, PART)]


async def test_what_is_changed_meanwhile_waits_no_more() -> None:
    desk = await desk_with(AFTER)
    desk.served.pass_time(7200)
    desk.served.database.write_now(approving.tell_overdue)
    await desk.served.service.do(BENT, desk.chen)
    assert [one.waits_until for one in approvals(desk)] == [None]
    assert alarms(desk) == [(False, PART)]
    await desk.served.service.do(acts.ReleasePart(part_id=PART), desk.lin)
    assert len(approvals(desk)) == 2
    assert states(desk) == ["due"]


async def test_one_person_alone_is_marked() -> None:
    alone = ApprovalRules(modes={Approvable.RELEASE_PART: ApprovalMode.ALONE})
    desk = await desk_with(alone)
    (asked,) = approvals(desk)
    assert (asked.mode, asked.waits_until) == ("alone", None)
    assert desk.ask(approving.next_overdue_at) is None


async def test_a_plant_that_says_nothing_is_as_before() -> None:
    desk = await desk_with(ApprovalRules())
    assert approvals(desk) == []
    assert "approval_asked" not in desk.served.types()


@pytest.mark.parametrize("kind", ASKED)
def test_every_act_that_is_approved_names_its_record(kind: type[acts.Act[Any]]) -> None:
    what, subject, name = ASKED[kind]
    assert what.value == kind.KIND
    assert name in kind.__dataclass_fields__
    assert PartId("RR-0001") == PART
    assert subject.value

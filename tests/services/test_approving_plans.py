"""A revision of the control plan is approved in the mode that the plant chose, or elsewhere; nobody approves their own where it says so (D45)."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pytest

from redrabbit.domain import acts
from redrabbit.domain.approval import Approvable, ApprovalMode, ApprovalRules, RequestEnd
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.person import PersonLanguage
from redrabbit.domain.facts.plan_revision import PlanState
from redrabbit.domain.facts.plant import InForceItem, InForceKind
from redrabbit.domain.identity import SERVER, Actor
from redrabbit.domain.people_rules import PeopleRules
from redrabbit.domain.plan_acts import ApprovePlan, DiscardPlan, SchedulePlan, approval_here
from redrabbit.domain.plant import Plant
from redrabbit.domain.reauthentication import Reauthentication
from redrabbit.domain.records import ApprovalRecord, PlanRevisionRecord, SignatureRecord
from redrabbit.domain.role import Role
from redrabbit.domain.signing import Meaning
from redrabbit.services import approving, plan_revisions
from redrabbit.services.plan_revisions import NewPlan
from redrabbit.services.ports import Reader
from redrabbit.services.queries.plan_page import revision_page
from redrabbit.services.queries.signed_text import digest_of_text, text_to_sign
from redrabbit.services.signables import leaf_of, signable_at
from tests.plants import a_check, a_plant
from tests.services.people_served import a_person, with_administrator
from tests.services.served import Served

DIGEST = "b" * 64
HERE = approval_here(DIGEST)
ELSEWHERE = replace(
    HERE,
    elsewhere_number="DOC-118",
    elsewhere_on=date(2026, 1, 5),
    elsewhere_digest="c" * 64,
)


def revised(plant: Plant) -> Plant:
    item = InForceItem(kind=InForceKind.PLAN, id="CP-1", digest=DIGEST, revision="B")
    return replace(plant, plan=replace(plant.plan, revision="B"), digest=DIGEST, in_force=(item,))


@dataclass
class Office:
    """A served plant with a draft that Wu brought; Zhao and Xu are quality engineers, too."""

    served: Served
    wu: Actor
    zhao: Actor
    xu: Actor

    @classmethod
    async def opened(cls, mode: ApprovalMode | None, brought_by: Actor | None = None) -> "Office":
        modes = {} if mode is None else {Approvable.APPROVE_PLAN: mode}
        rules = ApprovalRules(modes=modes, within=timedelta(hours=2))
        plant = replace(a_plant(a_check()), people=PeopleRules(approval=rules))
        served = await with_administrator(plant)
        people = [
            await a_person(served, name, Role.QUALITY_ENGINEER, line=None)
            for name in ("Wu", "Zhao", "Xu")
        ]
        new = NewPlan(
            plant=revised(plant), content="B", source_file=None, source_digest=None, answers={}
        )
        await served.write(
            lambda uow: plan_revisions.store_draft(uow, plant, new, actor=brought_by or people[0])
        )
        return cls(served, *people)

    def plan(self) -> PlanRevisionRecord:
        (found,) = self.served.database.read_now(lambda reader: reader.find(PlanRevisionRecord))
        return found

    def approvals(self) -> list[ApprovalRecord]:
        return self.served.database.read_now(lambda reader: reader.find(ApprovalRecord))

    async def refused(self, act: acts.Act[Any], actor: Actor) -> str:
        with pytest.raises(Refusal) as refusal:
            await self.served.service.do(act, actor)
        return refusal.value.code

    async def sign(self, entry: int, actor: Actor) -> SignatureRecord:
        """Sign what an entry says as approved, having just shown a password."""

        def read(reader: Reader) -> acts.GiveSignature:
            text = text_to_sign(reader, self.served.plant, signable_at(reader, entry), "zh")
            return acts.GiveSignature(
                entry=entry,
                leaf_hash=leaf_of(reader, entry),
                meaning=Meaning.APPROVED,
                shown=digest_of_text(text),
                language=PersonLanguage.ZH,
            )

        clock = self.served.clock
        shown = Reauthentication(
            person_id=actor.id, how=actor.how, at=clock.now(), steady_s=clock.steady_s()
        )
        act = self.served.database.read_now(read)
        return await self.served.service.do(act, actor, shown=shown)

    async def sign_refused(self, entry: int, actor: Actor) -> str:
        with pytest.raises(Refusal) as refusal:
            await self.sign(entry, actor)
        return refusal.value.code


async def test_where_the_plant_wants_another_before_a_draft_stays_one_until_they_sign() -> None:
    office = await Office.opened(ApprovalMode.BEFORE)
    request = await office.served.service.do(HERE, office.wu)
    assert isinstance(request, ApprovalRecord)
    assert office.plan().state is PlanState.DRAFT
    assert await office.refused(HERE, office.zhao) == "requested_already"
    assert await office.sign_refused(request.of_entry, office.wu) == "signed_by_another"
    schedule = SchedulePlan(digest=DIGEST, effective_at=None)
    assert await office.refused(schedule, office.wu) == "plan_not_so"
    await office.sign(request.of_entry, office.zhao)
    plan = office.plan()
    assert (plan.state, plan.approved_by) == (PlanState.APPROVED, office.wu.id)
    (approval,) = office.approvals()
    assert (approval.ended, approval.approved_by) == (RequestEnd.CARRIED_OUT, office.zhao.id)
    assert approval.done_entry == plan.approved_entry
    shown = office.served.database.read_now(
        lambda reader: revision_page(
            reader,
            office.served.plant,
            revised(office.served.plant),
            DIGEST,
            office.served.clock.now(),
        )
    ).shown
    assert shown.approved_by is not None
    assert shown.approved_by.name == "Zhao", "who asked for it did not approve it"
    await office.served.service.do(schedule, office.wu)
    assert office.plan().state is PlanState.SCHEDULED


async def test_who_brought_a_plan_does_not_approve_the_request_of_another_for_it() -> None:
    office = await Office.opened(ApprovalMode.BEFORE)
    request = await office.served.service.do(HERE, office.zhao)
    assert isinstance(request, ApprovalRecord)
    assert await office.sign_refused(request.of_entry, office.wu) == "signed_by_another"
    await office.sign(request.of_entry, office.xu)
    assert office.plan().approved_by == office.zhao.id


async def test_a_draft_that_is_taken_back_ends_the_request() -> None:
    office = await Office.opened(ApprovalMode.BEFORE)
    await office.served.service.do(HERE, office.wu)
    await office.served.service.do(DiscardPlan(digest=DIGEST, reason="wrong"), office.xu)
    assert [one.ended for one in office.approvals()] == [RequestEnd.CHANGED]


async def test_afterwards_another_person_signs_what_somebody_decided_on_their_own_plan() -> None:
    office = await Office.opened(ApprovalMode.AFTER)
    await office.served.service.do(HERE, office.wu)
    plan = office.plan()
    assert (plan.state, plan.approved_by) == (PlanState.APPROVED, office.wu.id)
    (asked,) = office.approvals()
    assert (asked.of_entry, asked.waits_until is None) == (plan.approved_entry, False)
    await office.served.service.do(SchedulePlan(digest=DIGEST, effective_at=None), office.wu)
    assert await office.sign_refused(asked.of_entry, office.wu) == "signed_by_another"
    await office.sign(asked.of_entry, office.zhao)  # from when it counts changes nothing of it
    assert office.approvals()[0].approved_by == office.zhao.id


async def test_nobody_waits_for_the_approval_of_a_plan_that_was_taken_back() -> None:
    office = await Office.opened(ApprovalMode.AFTER)
    await office.served.service.do(HERE, office.wu)
    await office.served.service.do(DiscardPlan(digest=DIGEST, reason="wrong"), office.wu)
    assert [one.waits_until for one in office.approvals()] == [None]


async def test_alone_it_is_marked_as_decided_by_one_person() -> None:
    office = await Office.opened(ApprovalMode.ALONE)
    await office.served.service.do(HERE, office.wu)
    assert [(one.mode, one.waits_until) for one in office.approvals()] == [
        (ApprovalMode.ALONE, None)
    ]


@pytest.mark.parametrize("mode", [ApprovalMode.AFTER, ApprovalMode.ALONE, None])
async def test_a_plan_that_another_person_approves_was_seen_by_two(
    mode: ApprovalMode | None,
) -> None:
    office = await Office.opened(mode)
    await office.served.service.do(HERE, office.zhao)
    assert office.approvals() == []


async def test_who_brought_it_at_the_server_is_nobody_who_was_seen() -> None:
    office = await Office.opened(ApprovalMode.ALONE, brought_by=SERVER)
    await office.served.service.do(HERE, office.zhao)
    assert [one.mode for one in office.approvals()] == [ApprovalMode.ALONE]


async def test_no_document_makes_two_of_one_person_where_nobody_knows_who_brought_the_plan() -> (
    None
):
    """Hostile test: a plan imported at the server was approved by one person and a made-up number."""
    office = await Office.opened(ApprovalMode.BEFORE, brought_by=SERVER)
    assert await office.refused(ELSEWHERE, office.wu) == "plan_of_nobody_known"
    assert office.plan().state is PlanState.DRAFT


async def test_who_brought_a_plan_does_not_say_that_it_was_approved_elsewhere() -> None:
    office = await Office.opened(ApprovalMode.BEFORE)
    assert await office.refused(ELSEWHERE, office.wu) == "plan_of_own"
    await office.served.service.do(ELSEWHERE, office.zhao)
    plan = office.plan()
    assert (plan.elsewhere_number, plan.elsewhere_on, plan.elsewhere_digest) == (
        "DOC-118",
        date(2026, 1, 5),
        "c" * 64,
    )
    assert (office.plan().state, office.approvals()) == (PlanState.APPROVED, [])


@pytest.mark.parametrize(
    "unclear",
    [{"elsewhere_number": " "}, {"elsewhere_on": None}, {"elsewhere_on": date(2099, 1, 1)}],
)
async def test_a_document_has_a_number_and_a_day_that_has_come(unclear: dict[str, Any]) -> None:
    office = await Office.opened(None)
    act: ApprovePlan = replace(ELSEWHERE, **unclear)
    assert await office.refused(act, office.zhao) == "plan_document_unclear"


async def test_at_the_server_nobody_is_the_other_person() -> None:
    before = await Office.opened(ApprovalMode.BEFORE)
    with pytest.raises(Refusal) as refusal:
        await before.served.write(
            lambda uow: approving.approve_at_server(uow, before.served.plant, ELSEWHERE)
        )
    assert refusal.value.code == "approved_by_people"
    after = await Office.opened(ApprovalMode.AFTER)
    await after.served.write(
        lambda uow: approving.approve_at_server(uow, after.served.plant, ELSEWHERE)
    )
    (asked,) = after.approvals()
    assert (asked.decided_by, asked.waits_until is None) == (SERVER.id, False)
    await after.sign(asked.of_entry, after.zhao)

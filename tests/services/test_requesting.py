"""An act that waits as a request until another person approves it, and has no effect before (D45)."""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redrabbit.base.messages import Message, catalogue
from redrabbit.domain import acts
from redrabbit.domain.approval import (
    LONGEST_WAIT,
    Approvable,
    ApprovalMode,
    ApprovalRules,
    RequestEnd,
)
from redrabbit.domain.challenge_part import PartState
from redrabbit.domain.containment_questions import left_to_do, reaction_of
from redrabbit.domain.control_plan import Check
from redrabbit.domain.credential import CredentialKind
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.facts.approval_request import ApprovalCarriedOut, ApprovalRequested
from redrabbit.domain.facts.catalogue import fact_of
from redrabbit.domain.facts.challenge_part import PartStateChanged
from redrabbit.domain.facts.containment import ContainmentReverified
from redrabbit.domain.facts.credential import CredentialSet
from redrabbit.domain.facts.fact import Fact
from redrabbit.domain.facts.occurrence import DecisionCode, OccurrenceDecided
from redrabbit.domain.facts.person import PersonLanguage
from redrabbit.domain.facts.signature import SignatureGiven
from redrabbit.domain.fallen_requests import CHANGING
from redrabbit.domain.identity import (
    AGENT,
    SCHEDULER,
    Actor,
    BadgeId,
    ContainmentId,
    How,
    OccurrenceId,
    PartId,
    PersonId,
)
from redrabbit.domain.people_acts import (
    DisablePerson,
    EnablePerson,
    GrantRole,
    ResetCredential,
    RevokeBadge,
    RevokeRole,
)
from redrabbit.domain.people_rules import PeopleRules
from redrabbit.domain.reauthentication import Reauthentication
from redrabbit.domain.record_query import equals, recorded
from redrabbit.domain.records import (
    AlarmRecord,
    ApprovalRecord,
    ChallengePartRecord,
    ContainmentRecord,
    OccurrenceRecord,
    RoleGrantRecord,
    SignatureRecord,
)
from redrabbit.domain.repair import RepairCode
from redrabbit.domain.role import Role
from redrabbit.domain.signing import Meaning, is_as_asked
from redrabbit.services import badges, requesting, scheduling, signing
from redrabbit.services.ports import Reader, UnitOfWork
from redrabbit.services.queries import approvals
from redrabbit.services.queries.approvals import answers_since, approvals_page, waiting_count
from redrabbit.services.queries.signed_text import digest_of_text, text_to_sign
from redrabbit.services.queries.waiting import Kind, what_waits
from redrabbit.services.record_fact import record
from redrabbit.services.signables import leaf_of, signable_at
from tests.plants import LINE, a_check, a_plant
from tests.services.people_served import ADMINISTRATOR, a_person, with_administrator
from tests.services.served import ANNA, START, Served
from tests.services.test_credential_states import tell
from tests.services.test_doing import case_of

PART = PartId("RR-0001")
BENT = acts.QuarantinePart(part_id=PART, reason="bent")
RELEASE = acts.ReleasePart(part_id=PART)
BEFORE = ApprovalRules(
    modes=dict.fromkeys(Approvable, ApprovalMode.BEFORE), within=timedelta(hours=2)
)


@dataclass
class Office:
    """A served plant that asks before; a shift leader, two quality engineers and an operator."""

    served: Served
    lin: Actor
    wu: Actor
    zhao: Actor
    chen: Actor

    @classmethod
    async def opened(cls, *checks: Check, served: Served | None = None) -> "Office":
        plant = replace(a_plant(*checks), people=PeopleRules(approval=BEFORE))
        served = await with_administrator(plant, served=served)
        people = [
            await a_person(served, name, role)
            for name, role in (
                ("Lin", Role.SHIFT_LEADER),
                ("Wu", Role.QUALITY_ENGINEER),
                ("Zhao", Role.QUALITY_ENGINEER),
                ("Qian", Role.OPERATOR),
            )
        ]
        return cls(served, *people)

    def ask(self, query: Any) -> Any:
        return self.served.database.read_now(query)

    @property
    def due(self) -> OccurrenceRecord:
        found: list[OccurrenceRecord] = self.ask(lambda reader: reader.find(OccurrenceRecord))
        return found[0]

    def case(self, containment_id: str) -> ContainmentRecord:
        found: ContainmentRecord = self.ask(
            lambda reader: recorded(reader, ContainmentRecord, containment_id)
        )
        return found

    def excuse(self, reason: str = "no parts") -> acts.Excuse:
        return acts.Excuse(occurrence_id=OccurrenceId(self.due.occurrence_id), reason=reason)

    async def asks(
        self, act: acts.Act[Any], actor: Actor, key: str | None = None
    ) -> ApprovalRecord:
        request = await self.served.service.do(act, actor, key)
        assert isinstance(request, ApprovalRecord)
        return request

    def request(self, entry: int) -> ApprovalRecord:
        found: ApprovalRecord | None = self.ask(lambda reader: reader.get(ApprovalRecord, entry))
        assert found is not None
        return found

    def shown(self, actor: Actor) -> Reauthentication:
        clock = self.served.clock
        return Reauthentication(
            person_id=actor.id, how=actor.how, at=clock.now(), steady_s=clock.steady_s()
        )

    def approval(self, entry: int) -> acts.GiveSignature:
        """Return what somebody asks who approves a request as it stands before them."""

        def read(reader: Reader) -> acts.GiveSignature:
            text = text_to_sign(reader, self.served.plant, signable_at(reader, entry), "en")
            return acts.GiveSignature(
                entry=entry,
                leaf_hash=leaf_of(reader, entry),
                meaning=Meaning.APPROVED,
                shown=digest_of_text(text),
                language=PersonLanguage.EN,
            )

        asked: acts.GiveSignature = self.ask(read)
        return asked

    async def approve(self, entry: int, actor: Actor) -> SignatureRecord:
        return await self.served.service.do(self.approval(entry), actor, shown=self.shown(actor))

    async def refused(
        self, act: acts.Act[Any], actor: Actor, shown: Reauthentication | None = None
    ) -> str:
        """Return with which code an act is refused; nothing is written then."""
        size = len(self.served.types())
        with pytest.raises(Refusal) as refusal:
            await self.served.service.do(act, actor, shown=shown)
        assert len(self.served.types()) == size
        return refusal.value.code

    def step(self) -> None:
        """Let the scheduler do what is due."""
        self.served.database.write_now(lambda uow: scheduling.step(uow, self.served.plant))

    def alarms(self) -> list[tuple[bool, str | None]]:
        found = self.ask(lambda reader: reader.find(AlarmRecord))
        kind = AlarmKind.APPROVAL_OVERDUE
        return [(one.ended_at is None, one.occurrence_id) for one in found if one.kind is kind]


async def test_an_excuse_has_no_effect_before_another_person_approves_it() -> None:
    office = await Office.opened()
    stood = office.due
    request = await office.asks(office.excuse(), office.lin)
    assert office.due == stood  # it stays due
    assert (request.decided_by, request.decided_how) == (office.lin.id, office.lin.how)
    assert (request.act, request.subject_id) == ("excuse", stood.occurrence_id)
    assert (request.reason_text, request.stood_at) == ("no parts", stood.entry)
    await office.approve(request.of_entry, office.wu)
    excused, now = office.due, office.request(request.of_entry)
    assert (excused.outcome, excused.reason_text) == ("excused", "no parts")
    assert (excused.decided_by, excused.decided_how) == (office.lin.id, office.lin.how)
    assert (now.ended, now.approved_by, now.done_entry) == (
        RequestEnd.CARRIED_OUT,
        office.wu.id,
        excused.decided_entry,
    )
    assert office.served.types()[-3:] == [
        "signature_given",
        "occurrence_decided",
        "approval_carried_out",
    ]


async def test_who_asked_does_not_approve_and_nobody_without_the_right_does() -> None:
    office = await Office.opened()
    request = await office.asks(office.excuse(), office.lin)
    approve = office.approval(request.of_entry)
    assert await office.refused(approve, office.lin, office.shown(office.lin)) == (
        "signed_by_another"
    )
    assert await office.refused(approve, office.chen, office.shown(office.chen)) == "not_permitted"
    assert await office.refused(approve, office.wu) == "reauthentication_required"
    stale = office.shown(office.wu)
    office.served.pass_time(61)
    assert await office.refused(approve, office.wu, stale) == "reauthentication_required"
    assert office.due.outcome is None


async def test_an_approver_reaches_no_further_than_if_they_did_it_themselves() -> None:
    """Who quarantined a part does not let its release through either."""
    office = await Office.opened()
    await office.served.service.do(BENT, office.wu)
    request = await office.asks(RELEASE, office.zhao)
    approve = office.approval(request.of_entry)
    assert await office.refused(approve, office.lin, office.shown(office.lin)) == "not_permitted"
    assert await office.refused(approve, office.wu, office.shown(office.wu)) == (
        "signed_by_another"
    )


async def test_a_shift_leader_approves_no_excuse_that_they_might_not_make() -> None:
    """It takes a quality engineer where the check falls due later than one shift ahead (K12)."""
    office = await Office.opened(a_check(opens_before=timedelta(hours=30)))
    due = office.ask(lambda reader: reader.find(OccurrenceRecord, order_by="due_at"))[-1]
    ahead = acts.Excuse(occurrence_id=OccurrenceId(due.occurrence_id), reason="no shift")
    assert await office.refused(ahead, office.lin) == "excuse_too_early"
    request = await office.asks(ahead, office.wu)
    approve = office.approval(request.of_entry)
    assert await office.refused(approve, office.lin, office.shown(office.lin)) == (
        "excuse_too_early"
    )
    await office.approve(request.of_entry, office.zhao)


@pytest.mark.parametrize("is_over", [False, True])
async def test_a_deputy_approves_for_the_time(is_over: bool) -> None:
    office = await Office.opened()
    request = await office.asks(office.excuse(), office.lin)
    deputy = await a_person(office.served, "Sun", Role.OPERATOR)
    until = office.served.clock.now() + timedelta(minutes=2)
    approve = office.approval(request.of_entry)
    assert await office.refused(approve, deputy, office.shown(deputy)) == "not_permitted"
    stands_in = GrantRole(
        person_id=PersonId(deputy.id),
        role=Role.SHIFT_LEADER,
        line=LINE,
        until_at=until,
        deputy_for=PersonId(office.lin.id),
    )
    await office.served.service.do(stands_in, ADMINISTRATOR)
    if is_over:
        office.served.pass_time(120)
        assert await office.refused(approve, deputy, office.shown(deputy)) == "not_permitted"
    else:
        await office.approve(request.of_entry, deputy)
    assert office.due.outcome == (None if is_over else "excused")


async def test_a_release_waits_and_is_done() -> None:
    office = await Office.opened()
    await office.served.service.do(BENT, office.chen)
    request = await office.asks(RELEASE, office.wu)
    part = office.ask(lambda reader: reader.get(ChallengePartRecord, PART))
    assert part.state == "quarantined"
    await office.approve(request.of_entry, office.zhao)
    part = office.ask(lambda reader: reader.get(ChallengePartRecord, PART))
    assert (part.state, part.state_by) == ("released", office.wu.id)


async def test_a_closing_waits_and_who_had_a_hand_in_the_case_does_not_approve_it() -> None:
    served = await Served.opened(replace(a_plant(), people=PeopleRules(approval=BEFORE)))
    case = ContainmentId((await case_of(served)).containment_id)
    office = await Office.opened(served=served)
    for who, act in (
        (office.chen, acts.RecordStop(containment_id=case)),
        (office.zhao, acts.TickReaction(containment_id=case, step=0)),
        (
            office.chen,
            acts.RecordRepair(containment_id=case, repair=RepairCode.LENS_CLEANED, text=None),
        ),
    ):
        await served.service.do(act, who)

    def reverified(uow: UnitOfWork) -> None:
        found = recorded(uow, ContainmentRecord, case)
        proof = ContainmentReverified(containment_id=case, run_id=found.run_id)
        record(uow, proof, stream=found.line, actor=AGENT)

    served.database.write_now(reverified)
    for step in range(1, len(reaction_of(office.case(case)))):
        await served.service.do(acts.TickReaction(containment_id=case, step=step), office.zhao)
    assert left_to_do(office.case(case)) == ()
    request = await office.asks(acts.CloseContainment(containment_id=case), office.wu)
    assert office.case(case).state != "closed"
    approve = office.approval(request.of_entry)
    assert await office.refused(approve, office.zhao, office.shown(office.zhao)) == (
        "signed_by_another"
    )
    other = await a_person(served, "Sun", Role.QUALITY_ENGINEER)
    await office.approve(request.of_entry, other)
    assert (office.case(case).state, office.case(case).closed_by) == ("closed", office.wu.id)


async def test_a_request_is_refused_with_a_reason_and_by_another_person() -> None:
    office = await Office.opened()
    request = await office.asks(office.excuse(), office.lin)
    no = acts.RefuseApproval(entry=request.of_entry, reason="parts are there")
    assert await office.refused(no, office.lin) == "request_of_own"
    assert await office.refused(no, office.chen) == "not_permitted"
    assert await office.refused(replace(no, reason=" "), office.wu) == "reason_required"
    ended = await office.served.service.do(no, office.wu)
    assert (ended.ended, ended.ended_by, ended.ended_text) == (
        RequestEnd.REFUSED,
        office.wu.id,
        "parts are there",
    )
    assert office.due.outcome is None
    assert await office.refused(no, office.zhao) == "request_ended"
    again = await office.asks(office.excuse(), office.lin)  # it may be asked again
    assert again.of_entry != request.of_entry


@pytest.mark.parametrize(
    ("language", "told"), [("en", "Excuse scheduled check"), ("zh", "豁免验证任务")]
)
async def test_what_waits_as_a_request_is_said_as_not_done(language: str, told: str) -> None:
    office = await Office.opened()
    request = await office.asks(office.excuse(), office.lin)
    now = office.served.clock.now()
    waits = office.ask(
        lambda reader: what_waits(
            reader, office.served.plant, office.wu.id, lambda _line: frozenset(Role), now
        )
    )
    (words,) = [each.words for each in waits if each.kind is Kind.APPROVAL]
    assert f"{told} {request.subject_id}" in catalogue(language).render(words)


async def test_who_asked_is_told_what_became_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once refused, once approved; what they took back themselves is no news."""
    monkeypatch.setattr(approvals, "AT_ONCE", 1)
    office = await Office.opened()
    begin = office.served.clock.now()

    def answers(who: Actor, since: datetime = begin) -> list[tuple[int, str]]:
        found = office.ask(
            lambda reader: answers_since(reader, who.id, since, office.served.clock.now())
        )
        return [(one.record.of_entry, one.state.value) for one in found]

    taken_back = await office.asks(office.excuse(), office.lin)
    await office.served.service.do(acts.WithdrawRequest(entry=taken_back.of_entry), office.lin)
    refused = await office.asks(office.excuse(), office.lin)
    assert answers(office.lin) == []
    no = acts.RefuseApproval(entry=refused.of_entry, reason="parts are there")
    await office.served.service.do(no, office.wu)
    approved = await office.asks(office.excuse(), office.lin)
    await office.approve(approved.of_entry, office.wu)
    told = [(approved.of_entry, "carried_out"), (refused.of_entry, "refused")]
    assert answers(office.lin) == told
    assert answers(office.wu) == []
    office.served.pass_time(60)
    assert answers(office.lin, office.served.clock.now()) == []


async def test_who_may_not_approve_does_not_refuse_either() -> None:
    """Who quarantined a part let nobody release it, though another was to look at it (D47)."""
    office = await Office.opened()
    await office.served.service.do(BENT, office.wu)
    request = await office.asks(RELEASE, office.zhao)
    no = acts.RefuseApproval(entry=request.of_entry, reason="still bent")
    assert await office.refused(no, office.wu) == "request_of_own_hand"
    other = await a_person(office.served, "Sun", Role.QUALITY_ENGINEER)
    ended = await office.served.service.do(no, other)
    assert (ended.ended, ended.ended_by) == (RequestEnd.REFUSED, other.id)


async def test_a_shift_leader_refuses_no_excuse_that_they_might_not_make() -> None:
    office = await Office.opened(a_check(opens_before=timedelta(hours=30)))
    due = office.ask(lambda reader: reader.find(OccurrenceRecord, order_by="due_at"))[-1]
    ahead = acts.Excuse(occurrence_id=OccurrenceId(due.occurrence_id), reason="no shift")
    request = await office.asks(ahead, office.wu)
    no = acts.RefuseApproval(entry=request.of_entry, reason="there is one")
    assert await office.refused(no, office.lin) == "excuse_too_early"
    await office.served.service.do(no, office.zhao)


async def test_who_asked_withdraws_and_nobody_else() -> None:
    office = await Office.opened()
    request = await office.asks(office.excuse(), office.lin)
    back = acts.WithdrawRequest(entry=request.of_entry)
    assert await office.refused(back, office.wu) == "request_of_another"
    ended = await office.served.service.do(back, office.lin)
    assert (ended.ended, ended.ended_by) == (RequestEnd.WITHDRAWN, office.lin.id)
    assert await office.refused(back, office.lin) == "request_ended"
    nothing = acts.WithdrawRequest(entry=0)
    assert await office.refused(nothing, office.lin) == "no_such_request"


async def test_one_request_about_a_thing_waits_at_a_time_and_a_key_asks_once() -> None:
    office = await Office.opened()
    request = await office.asks(office.excuse(), office.lin, "my-key")
    assert await office.asks(office.excuse(), office.lin, "my-key") == request
    assert await office.refused(office.excuse("other words"), office.wu) == "requested_already"


async def test_what_can_not_be_done_is_not_asked() -> None:
    office = await Office.opened()
    assert await office.refused(RELEASE, office.wu) == "part_already_released"
    assert await office.refused(office.excuse(" "), office.lin) == "reason_required"


async def test_a_change_of_what_it_is_about_ends_the_request_and_its_alarm() -> None:
    office = await Office.opened()
    await office.served.service.do(BENT, office.chen)
    request = await office.asks(RELEASE, office.wu)
    office.served.pass_time(7200)
    office.step()
    assert [state for state, _ in office.alarms()] == [True]
    await office.served.service.do(replace(BENT, reason="cracked"), office.chen)
    ended = office.request(request.of_entry)
    assert (ended.ended, ended.ended_by) == (RequestEnd.CHANGED, office.chen.id)
    assert [state for state, _ in office.alarms()] == [False]
    with pytest.raises(Refusal):
        office.approval(request.of_entry)


async def test_a_run_for_the_check_ends_the_request_to_excuse_it() -> None:
    office = await Office.opened()
    request = await office.asks(office.excuse(), office.lin)
    start = replace(START, occurrence_id=OccurrenceId(office.due.occurrence_id))
    await office.served.service.do(start, office.chen)
    assert office.request(request.of_entry).ended is RequestEnd.CHANGED


async def test_a_check_that_lapses_ends_the_request_to_excuse_it() -> None:
    office = await Office.opened()
    request = await office.asks(office.excuse(), office.lin)
    assert request.ends_at == office.due.closes_at
    while office.served.clock.now() < office.due.closes_at:
        office.served.pass_time(600)
    approve = office.approval(request.of_entry)  # the scheduler has not come by yet
    assert await office.refused(approve, office.wu, office.shown(office.wu)) == "request_ended"
    office.step()
    assert office.due.outcome == "lapsed"
    ended = office.request(request.of_entry)
    assert (ended.ended, ended.ended_by) == (RequestEnd.TIME_OVER, SCHEDULER.id)


async def test_a_change_after_its_time_ends_a_request_for_its_time() -> None:
    office = await Office.opened()
    await office.served.service.do(BENT, office.chen)
    request = await office.asks(RELEASE, office.wu)
    office.served.pass_time(LONGEST_WAIT.total_seconds())  # the scheduler has not come by yet
    await office.served.service.do(replace(BENT, reason="cracked"), office.chen)
    ended = office.request(request.of_entry)
    assert (ended.ended, ended.ended_by) == (RequestEnd.TIME_OVER, SCHEDULER.id)


async def test_one_that_nobody_approves_is_told_once_and_ends_in_time() -> None:
    office = await Office.opened()
    await office.served.service.do(BENT, office.chen)
    request = await office.asks(RELEASE, office.wu)
    assert request.ends_at == request.decided_at + LONGEST_WAIT
    office.served.pass_time(7200)
    for _ in range(2):
        office.step()
    assert len(office.alarms()) == 1
    assert office.ask(requesting.next_end_at) == request.ends_at
    office.served.pass_time(LONGEST_WAIT.total_seconds())
    approve = office.approval(request.of_entry)
    assert await office.refused(approve, office.zhao, office.shown(office.zhao)) == (
        "request_ended"
    )
    office.served.database.write_now(requesting.end_late)
    assert office.request(request.of_entry).ended is RequestEnd.TIME_OVER
    assert office.ask(requesting.next_end_at) is None
    assert [state for state, _ in office.alarms()] == [False]


@pytest.mark.parametrize(("how", "ends"), [(How.BADGE_PIN, True), (How.PASSWORD, False)])
async def test_what_was_asked_by_a_badge_ends_when_the_badge_is_taken_away(
    how: How, ends: bool
) -> None:
    """Hostile test: who had lost a badge and PIN was still named as who had asked, once it was approved."""
    office = await Office.opened()
    lin = PersonId(office.lin.id)
    badge = BadgeId("b" * 64)
    office.served.database.write_now(lambda uow: badges.issue(uow, badge, lin, actor=ADMINISTRATOR))
    request = await office.asks(office.excuse(), replace(office.lin, how=how))
    await office.served.service.do(RevokeBadge(person_id=lin, badge_id=badge), ADMINISTRATOR)
    gone = RequestEnd.ASKER_GONE if ends else None
    assert office.request(request.of_entry).ended is gone


@pytest.mark.parametrize(("how", "ends"), [(How.BADGE_PIN, False), (How.PASSWORD, True)])
async def test_what_was_asked_with_a_password_ends_when_it_is_taken_away(
    how: How, ends: bool
) -> None:
    office = await Office.opened()
    lin = PersonId(office.lin.id)
    password = CredentialKind.PASSWORD
    tell(office.served, CredentialSet(person_id=lin, kind=password))
    request = await office.asks(office.excuse(), replace(office.lin, how=how))
    await office.served.service.do(ResetCredential(person_id=lin, kind=password), ADMINISTRATOR)
    gone = RequestEnd.ASKER_GONE if ends else None
    assert office.request(request.of_entry).ended is gone


async def test_what_who_is_disabled_asked_for_ends_and_waits_no_more_once_they_are_enabled() -> (
    None
):
    """Hostile test 13: what was begun before an account was closed does not live again with it."""
    office = await Office.opened()
    request = await office.asks(office.excuse(), office.lin)
    lin = PersonId(office.lin.id)
    await office.served.service.do(DisablePerson(person_id=lin), ADMINISTRATOR)
    ended = office.request(request.of_entry)
    assert (ended.ended, ended.ended_by) == (RequestEnd.ASKER_GONE, AGENT.id)
    await office.served.service.do(EnablePerson(person_id=lin), ADMINISTRATOR)
    assert office.request(request.of_entry).ended is RequestEnd.ASKER_GONE
    with pytest.raises(Refusal, match="request_ended"):
        office.approval(request.of_entry)
    assert office.due.outcome is None
    assert (await office.asks(office.excuse(), office.lin)).is_waiting_request


async def test_who_may_not_decide_here_is_told_who_may() -> None:
    """Hostile test 15: who had no role on the line was told that operators might approve an excuse."""
    office = await Office.opened()
    await office.served.service.do(BENT, office.chen)
    release = await office.asks(RELEASE, office.wu)
    excuse = await office.asks(office.excuse(), office.lin)
    elsewhere = await a_person(office.served, "Sun", Role.ADMINISTRATOR, line=None)
    told = {
        excuse.of_entry: ("shift_leader", "quality_engineer"),
        release.of_entry: ("quality_engineer",),
    }
    for entry, needs in told.items():
        refuse = acts.RefuseApproval(entry=entry, reason="no")
        for act in (office.approval(entry), refuse):
            for asker in (elsewhere, office.chen):
                with pytest.raises(Refusal) as refusal:
                    await office.served.service.do(act, asker, shown=office.shown(asker))
                assert refusal.value.code == "not_permitted"
                assert refusal.value.params["needs"] == needs


async def now_an_operator(office: Office, person: Actor) -> None:
    """Take all roles from a person, and let them be an operator."""
    of_them = equals("person_id", person.id)
    for held in office.ask(lambda reader: reader.find(RoleGrantRecord, of_them)):
        taken = RevokeRole(person_id=PersonId(person.id), grant_id=held.grant_id)
        await office.served.service.do(taken, ADMINISTRATOR)
    given = GrantRole(person_id=PersonId(person.id), role=Role.OPERATOR, line=None)
    await office.served.service.do(given, ADMINISTRATOR)


async def test_who_asked_withdraws_in_another_role_too() -> None:
    office = await Office.opened()
    request = await office.asks(office.excuse(), office.lin)
    await now_an_operator(office, office.lin)
    back = acts.WithdrawRequest(entry=request.of_entry)
    assert await office.refused(back, office.chen) == "request_of_another"
    ended = await office.served.service.do(back, office.lin)
    assert (ended.ended, ended.ended_by) == (RequestEnd.WITHDRAWN, office.lin.id)


@pytest.mark.parametrize(
    ("language", "told", "next_step"),
    [
        ("en", "It takes one of these roles: shift leader, quality engineer.", "Refuse it"),
        ("zh", "需要以下角色之一：班组长、质量工程师。", "请拒绝该申请"),
    ],
)
async def test_why_it_can_not_be_carried_out_is_said_in_words(
    language: str, told: str, next_step: str
) -> None:
    office = await Office.opened()
    request = await office.asks(office.excuse(), office.lin)
    await now_an_operator(office, office.lin)
    approve = office.approval(request.of_entry)
    with pytest.raises(Refusal) as refusal:
        await office.served.service.do(approve, office.wu, shown=office.shown(office.wu))
    assert (refusal.value.code, refusal.value.params["why"]) == ("asker_may_not", "not_permitted")
    said = said_in(language, refusal.value)
    assert told in said
    assert next_step in said


@pytest.mark.parametrize(
    ("language", "told", "next_step"),
    [
        ("en", "RR-0001 is already released.", "Refuse it, or let it be asked again."),
        ("zh", "RR-0001 已处于放行状态。", "请拒绝该申请，或重新申请。"),
    ],
)
async def test_what_stands_against_it_is_said_in_words(
    language: str, told: str, next_step: str
) -> None:
    office = await Office.opened()
    await office.served.service.do(BENT, office.chen)
    request = await office.asks(RELEASE, office.wu)

    def can_not(*_: object) -> ChallengePartRecord:
        raise Refusal("part_already_released", part=PART)

    asked, shown = office.approval(request.of_entry), office.shown(office.zhao)
    plant = office.served.plant

    def approve(uow: UnitOfWork) -> None:
        signing.sign(uow, plant, asked, office.zhao, shown=shown, steady_s=shown.steady_s)
        requesting.carry_out(uow, plant, request.of_entry, can_not)

    with pytest.raises(Refusal) as refusal:
        office.served.database.write_now(approve)
    assert refusal.value.code == "request_not_possible"
    said = said_in(language, refusal.value)
    assert told in said
    assert next_step in said


def said_in(language: str, refusal: Refusal) -> str:
    return catalogue(language).render(Message(f"refusal.{refusal.code}", refusal.params))


async def test_a_restart_loses_no_request() -> None:
    office = await Office.opened()
    request = await office.asks(office.excuse(), office.lin)
    await office.served.restart()
    await office.approve(request.of_entry, office.wu)
    assert office.due.outcome == "excused"


async def test_nobody_registered_can_not_approve_so_nothing_is_done() -> None:
    served = await Served.opened(replace(a_plant(), people=PeopleRules(approval=BEFORE)))
    await served.service.do(BENT, ANNA)
    with pytest.raises(Refusal) as refusal:
        await served.service.do(RELEASE, ANNA)
    assert refusal.value.code == "nobody_to_approve"


async def test_the_page_lists_what_waits_and_what_became_of_it() -> None:
    office = await Office.opened()
    request = await office.asks(office.excuse(), office.lin)

    def page() -> tuple[list[str], list[str]]:
        now: datetime = office.served.clock.now()
        shown = office.ask(lambda reader: approvals_page(reader, now))
        return [one.state for one in shown.requests], [one.state for one in shown.ended]

    assert page() == (["due"], [])
    assert office.ask(waiting_count) == 1
    await office.approve(request.of_entry, office.wu)
    assert page() == ([], ["carried_out"])


ASKING = st.sampled_from(["ask Lin", "ask Wu"])
STEP = st.sampled_from(
    [
        *("approve Wu", "approve Zhao", "approve Lin", "approve Chen"),
        *("refuse Lin", "refuse Wu", "withdraw Lin", "withdraw Wu"),
        *("quarantine", "quarantine", "wait", "wait long", "step", "restart"),
    ]
)
STEPS = st.lists(ASKING | STEP, min_size=4, max_size=24)


@given(STEPS, st.sampled_from(["release", "excuse"]))
@settings(max_examples=150, deadline=None)
def test_nothing_has_effect_without_one_approval_by_another_over_what_stood_there(
    steps: list[str], of: str
) -> None:
    asyncio.run(_story(steps, of))


async def _story(steps: list[str], of: str) -> None:
    office = await Office.opened()
    await office.served.service.do(BENT, office.chen)
    act = RELEASE if of == "release" else office.excuse()
    people = {"Lin": office.lin, "Wu": office.wu, "Zhao": office.zhao, "Chen": office.chen}
    entry: int | None = None
    for step in steps:
        what, _, name = step.partition(" ")
        try:
            if what == "ask":
                entry = (await office.asks(act, people[name])).of_entry
            elif what == "quarantine":
                await office.served.service.do(BENT, office.chen)
            elif what == "wait":
                office.served.pass_time(86400 if name else 900)
            elif what == "step":
                office.step()
            elif what == "restart":
                await office.served.restart()
            elif entry is None:
                continue
            elif what == "approve":
                await office.approve(entry, people[name])
            elif what == "refuse":
                no = acts.RefuseApproval(entry=entry, reason="no")
                await office.served.service.do(no, people[name])
            else:
                await office.served.service.do(acts.WithdrawRequest(entry=entry), people[name])
        except Refusal:
            pass
        _look_for_effects_without_approval(office)


def _look_for_effects_without_approval(office: Office) -> None:
    """Read the ledger from its beginning: each effect has one request before it and one approval, over what stood there."""
    facts = [(entry, fact_of(entry)) for entry in office.ask(lambda reader: reader.entries())]
    requests = {e.index: (e, fact) for e, fact in facts if isinstance(fact, ApprovalRequested)}
    signed = [(e, fact) for e, fact in facts if isinstance(fact, SignatureGiven)]
    done = {
        fact.done_entry: fact.entry for _, fact in facts if isinstance(fact, ApprovalCarriedOut)
    }
    assert len(done) == len(set(done.values()))  # no request is carried out twice
    effects = {
        e.index: e
        for e, fact in facts
        if (isinstance(fact, PartStateChanged) and fact.state is PartState.RELEASED)
        or (isinstance(fact, OccurrenceDecided) and fact.reason_code is DecisionCode.PERSON)
    }
    assert effects.keys() == done.keys()
    for index, request_entry in done.items():
        asked, request = requests[request_entry]
        assert effects[index].actor.id == asked.actor.id
        ((approval, _),) = [(e, fact) for e, fact in signed if fact.entry == request_entry]
        assert approval.actor.id != asked.actor.id
        assert request_entry < approval.index < index
        changed = [
            e.index
            for e, fact in facts
            if request.stood_at < e.index < index and _is_about(fact, request.subject_id)
        ]
        assert changed == []
    for one in office.ask(lambda reader: reader.find(ApprovalRecord)):
        assert not one.is_waiting_request or office.ask(lambda r: is_as_asked(r.get, one))  # noqa: B023  read at once


def _is_about(fact: Fact | None, subject_id: str) -> bool:
    """Tell whether a fact changes what a request is about."""
    if type(fact) not in CHANGING:
        return False
    return subject_id in {getattr(fact, "part_id", None), getattr(fact, "occurrence_id", None)}
